"""Messages of bytes over a connected socket: what ``multiprocessing.connection`` does, without what it imports.

Each message is its length (u64, little endian) and its bytes. One process at each end, one thread at a time.
"""

from __future__ import annotations

import select
import socket
import struct

_LENGTH = struct.Struct("<Q")
_LARGEST_PIECE = 1 << 20


class Channel:
    """One end of a socket pair. Read and write raise ``OSError``, and ``EOFError`` once the other end has gone."""

    def __init__(self, end: socket.socket) -> None:
        self._end = end

    def fileno(self) -> int:
        """The socket's descriptor, for passing others over it."""
        return self._end.fileno()

    def set_timeout(self, seconds: float) -> None:
        """Bound every single read and write, also in the middle of a message that never ends (``TimeoutError``)."""
        value = struct.pack("ll", int(seconds), int(seconds % 1 * 1_000_000))
        self._end.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, value)
        self._end.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, value)

    def poll(self, seconds: float) -> bool:
        """Whether a message, or the end, can be read within this time."""
        return bool(select.select([self._end], [], [], seconds)[0])

    def send_bytes(self, data: bytes) -> None:
        """Send one message."""
        self._end.sendall(_LENGTH.pack(len(data)) + data)

    def recv_bytes(self, most: int = 1 << 62) -> bytes:
        """Return the next message; one of more than ``most`` bytes is an ``OSError`` before it is read."""
        (length,) = _LENGTH.unpack(self._exactly(_LENGTH.size))
        if length > most:
            raise OSError("a message beyond its bound")
        return self._exactly(length)

    def _exactly(self, count: int) -> bytes:
        received = bytearray()
        while len(received) < count:
            piece = self._end.recv(min(_LARGEST_PIECE, count - len(received)))
            if not piece:
                raise EOFError
            received += piece
        return bytes(received)

    def close(self) -> None:
        """Close this end: the other one reads to its end."""
        self._end.close()
