"""The one-shot listener that the system browser returns to (RFC 8252 7.3): 127.0.0.1, any free port, one answer."""

from __future__ import annotations

import socket
import time
from types import TracebackType
from typing import Self
from urllib.parse import parse_qsl, urlsplit

from loaders.auth.sign_in_errors import SignInForged, SignInTimedOut
from loaders.progress import CancelToken

LONGEST_WAIT_S = 120.0
_PATH = "/signed-in"
_LARGEST_REQUEST = 16 << 10
_READ_S = 2.0
_PAGE = (
    "<!doctype html><meta charset=utf-8><title>Diptych</title>"
    "<p>You may close this page and return to the application.<p>您可以關閉此頁並返回應用程式。"
).encode()


class LoopbackRedirect:
    """Listens from its creation until :meth:`wait` has one answer; then the port is closed for good."""

    def __init__(self) -> None:
        self._listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        self._listener.bind(("127.0.0.1", 0))
        self._listener.listen(4)
        self._listener.settimeout(0.2)

    @property
    def uri(self) -> str:
        """The redirect address to register with the request."""
        return f"http://127.0.0.1:{self._listener.getsockname()[1]}{_PATH}"

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._listener.close()

    def wait(self, cancel: CancelToken, timeout_s: float = LONGEST_WAIT_S) -> dict[str, str]:
        """Return the parameters of the first request for the redirect's own path.

        Other requests (a browser asks for its icon) get 404 and are not an answer. Raises ``SignInTimedOut``,
        ``SignInForged`` for a parameter given twice, ``Cancelled``.
        """
        deadline = time.monotonic() + min(timeout_s, LONGEST_WAIT_S)
        while time.monotonic() < deadline:
            cancel.raise_if_cancelled()
            try:
                connection, _ = self._listener.accept()
            except TimeoutError:
                continue
            with connection:
                parameters = self._answer(connection)
            if parameters is not None:
                self._listener.close()
                return parameters
        raise SignInTimedOut("nobody signed in within two minutes")

    @staticmethod
    def _answer(connection: socket.socket) -> dict[str, str] | None:
        connection.settimeout(_READ_S)
        data = b""
        try:
            while b"\r\n\r\n" not in data and len(data) < _LARGEST_REQUEST:
                more = connection.recv(4096)
                if not more:
                    break
                data += more
            words = data.split(b"\r\n", 1)[0].decode("ascii", "replace").split(" ")
            target = urlsplit(words[1]) if len(words) == 3 and words[0] == "GET" else None
            if target is None or target.path != _PATH:
                connection.sendall(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
                return None
            head = (
                "HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\nCache-Control: no-store\r\n"
                f"Referrer-Policy: no-referrer\r\nContent-Length: {len(_PAGE)}\r\nConnection: close\r\n\r\n"
            )
            connection.sendall(head.encode() + _PAGE)
        except (OSError, ValueError):
            return None
        pairs = parse_qsl(target.query, keep_blank_values=True)
        if len({name for name, _ in pairs}) != len(pairs):
            raise SignInForged("the sign-in answer says something twice")
        return dict(pairs)
