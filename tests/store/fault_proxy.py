"""A TCP proxy before the stand-in's nginx: delay, bandwidth, cut and reset, below TLS where no server can do it."""

from __future__ import annotations

import contextlib
import socket
import struct
import threading
import time
from dataclasses import dataclass, field


@dataclass
class FaultProxy:
    """Pipes connections to ``target``. Settings may change while it runs; 0 switches a fault off.

    ``cut_after`` ends each connection after so many bytes from the server, with a reset when ``resets``; ``cuts``
    counts down how often. ``bytes_per_second`` and ``delay_s`` shape what the server sends, as one link for all
    connections.
    """

    target: int
    delay_s: float = 0.0
    bytes_per_second: float = 0.0
    cut_after: int = 0
    cuts: int = 0
    resets: bool = False
    refuses: bool = False
    _threads: list[threading.Thread] = field(default_factory=list)
    _sockets: list[socket.socket] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._listener.settimeout(0.1)
        self._ended = threading.Event()
        self._link = threading.Lock()
        self._link_free_at = 0.0
        self._start(self._accept)

    @property
    def port(self) -> int:
        """Where to connect to."""
        port: int = self._listener.getsockname()[1]
        return port

    def _start(self, work: object, *arguments: object) -> None:
        thread = threading.Thread(target=work, args=arguments)  # type: ignore[arg-type]
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        while not self._ended.is_set():
            try:
                client, _ = self._listener.accept()
            except TimeoutError:
                continue
            if self.refuses:
                client.close()
                continue
            server = socket.create_connection(("127.0.0.1", self.target))
            self._sockets += [client, server]
            self._start(self._up, client, server)
            self._start(self._down, server, client)

    def _up(self, client: socket.socket, server: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := client.recv(65536):
                time.sleep(self.delay_s)
                server.sendall(data)
        _end(server, client)

    def _down(self, server: socket.socket, client: socket.socket) -> None:
        passed = 0
        with contextlib.suppress(OSError):
            while data := server.recv(16384):
                passed += len(data)
                if self.cut_after and self.cuts > 0 and passed > self.cut_after:
                    self.cuts -= 1
                    if self.resets:  # a linger of zero seconds closes with RST
                        client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                        client.shutdown(socket.SHUT_RD)  # wakes the other thread, which still holds it
                        client.close()
                    break
                self._shape(len(data))
                client.sendall(data)
        _end(server, client)

    def _shape(self, count: int) -> None:
        if self.bytes_per_second:
            with self._link:
                self._link_free_at = max(self._link_free_at, time.monotonic()) + count / self.bytes_per_second
                wait = self._link_free_at - time.monotonic()
            time.sleep(max(0.0, wait))

    def close(self) -> None:
        """End all connections and threads."""
        self._ended.set()
        for each in self._sockets:
            _end(each)
        for thread in self._threads:
            thread.join()
        for each in self._sockets:
            each.close()
        self._listener.close()


def _end(*sockets: socket.socket) -> None:
    for each in sockets:
        with contextlib.suppress(OSError):
            each.shutdown(socket.SHUT_RDWR)
