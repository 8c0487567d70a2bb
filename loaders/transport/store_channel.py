"""Requests to one store: bearer token, one origin, no redirects, bounded answers, and whole-object streams.

Small answers (queries, metadata, FHIR) go through httpx2. Pixel streams go through the standard library's HTTP
connection over the same TLS context, because it reads straight into the caller's memory (decision 0130).
"""

from __future__ import annotations

import contextlib
import http.client
import queue
import socket
import ssl
from collections.abc import Callable, Iterator, Mapping
from typing import Protocol, TypeVar
from urllib.parse import quote, urlsplit

import httpx2

from loaders.transport.bounded_json import bounded_body, parsed
from loaders.transport.http_answers import raise_for_status
from loaders.transport.multipart_reader import Allocate, MultipartReader, Part, boundary_of
from loaders.transport.rate_limit import RateLimit
from loaders.transport.store_errors import (
    NotSignedIn,
    StoreAnswerUnusable,
    StoreError,
    StoreUnreachable,
    StoreUntrusted,
)
from loaders.transport.store_origin import same_origin
from loaders.transport.store_profile import StoreProfile
from loaders.transport.trusted_tls import tls_context, tls_reason

_T = TypeVar("_T")
#: Characters that RFC 3986 3.4 lets a query's value hold as they are.
_SUB_DELIMITERS = "!$'()*,;:@/"
_CONNECT_S, _READ_S = 10.0, 30.0


class TokenSource(Protocol):
    """Who knows the access token."""

    def access_token(self) -> str:
        """Return a token that is valid now, refreshed silently if need be. Raises ``NotSignedIn``."""
        ...

    def refused(self, token: str) -> None:
        """The store did not accept this token: the next one must be another. Raises ``NotSignedIn``."""
        ...


class _Body:
    """An answer's body as a stream that keeps to the bandwidth cap and turns socket errors into ours."""

    def __init__(self, answer: http.client.HTTPResponse, limit: RateLimit) -> None:
        self._answer, self._limit = answer, limit

    def readinto(self, buffer: memoryview, /) -> int:
        if self._limit.is_on:
            buffer = buffer[: self._limit.piece_bytes]
        try:
            count = self._answer.readinto(buffer)
        except (OSError, http.client.HTTPException) as error:
            raise unreachable(error) from error
        if self._limit.is_on:
            self._limit.spend(count)
        return count


class StoreChannel:
    """One store as a place to send requests to. Thread-safe; ``close`` ends its connections."""

    def __init__(self, profile: StoreProfile, tokens: TokenSource, *, limit: RateLimit | None = None) -> None:
        self.profile = profile
        self.limit = limit or RateLimit()
        self._tokens = tokens
        self._tls = tls_context(profile)
        self._client = httpx2.Client(
            verify=self._tls,
            trust_env=False,
            follow_redirects=False,
            proxy=profile.proxy or None,
            timeout=httpx2.Timeout(_READ_S, connect=_CONNECT_S),
            limits=httpx2.Limits(max_connections=profile.connections),
        )
        self._idle: queue.SimpleQueue[http.client.HTTPSConnection] = queue.SimpleQueue()

    def close(self) -> None:
        """Close every connection."""
        self._client.close()
        with contextlib.suppress(queue.Empty):
            while True:
                self._idle.get_nowait().close()

    def url(self, path: str) -> str:
        """Return the address of a path below the store, or of an address the store named. Raises ``ForeignAddress``."""
        return same_origin(path, self.profile.url.rstrip("/") + "/")

    def get_json(self, path: str, query: Mapping[str, str] | None = None, *, accept: str) -> object:
        """GET a JSON document; ``None`` for 204. Raises ``StoreError`` and its kinds."""
        return self._json("GET", path, accept, query=query)

    def post_form(self, path: str, form: Mapping[str, str], *, accept: str) -> object:
        """POST a form, so that what it says stands in no address. Raises ``StoreError``."""
        return self._json("POST", path, accept, form=form)

    def post_json(self, path: str, document: object, *, accept: str = "application/json") -> object:
        """POST a JSON document. Raises ``StoreError``."""
        return self._json("POST", path, accept, document=document)

    def _json(
        self,
        method: str,
        path: str,
        accept: str,
        *,
        query: Mapping[str, str] | None = None,
        form: Mapping[str, str] | None = None,
        document: object = None,
    ) -> object:
        url = self.url(path)
        if query:
            # Only what must be escaped is: old servers do not unescape parentheses, commas and stars (Orthanc 1.10).
            pairs = (f"{quote(name)}={quote(value, safe=_SUB_DELIMITERS)}" for name, value in query.items())
            url = f"{url}?{'&'.join(pairs)}"

        def ask(token: str) -> object:
            headers = {"Authorization": f"Bearer {token}", "Accept": accept, "Accept-Encoding": "gzip"}
            try:
                request = self._client.build_request(method, url, data=form, json=document, headers=headers)
                with contextlib.closing(self._client.send(request, stream=True)) as answer:
                    body = bounded_body(answer.iter_raw(), answer.headers.get("content-encoding", ""))
            except httpx2.HTTPError as error:
                raise unreachable(error) from error
            raise_for_status(answer.status_code, _lower(answer.headers.multi_items()), body)
            if answer.status_code == 204 or not body:
                return None
            if "json" not in answer.headers.get("content-type", "json").lower():
                raise StoreAnswerUnusable("the store answers with something else than JSON: a proxy's sign-in page?")
            return parsed(body)

        return self._with_token(ask)

    def parts(self, path: str, *, accept: str, allocate: Allocate | None = None) -> Iterator[Part]:
        """GET a multipart (or single-part) answer and yield its parts as they arrive; nothing for 204.

        The connection goes back to the pool only after the last part. Raises ``StoreError`` and its kinds.
        """
        url = self.url(path)
        connection, answer = self._with_token(lambda token: self._open(url, token, accept))
        try:
            boundary = boundary_of(answer.getheader("Content-Type", ""))
            self._check_type(answer, boundary)
            yield from MultipartReader(_Body(answer, self.limit), boundary, allocate=allocate)
            self._check_whole(answer)
            if answer.read(1):  # an epilogue: the connection is not used again
                connection.close()
        except BaseException:
            connection.close()
            answer.close()
            raise
        if connection.sock is not None:
            self._idle.put(connection)

    @staticmethod
    def _check_whole(answer: http.client.HTTPResponse) -> None:
        if answer.status == 206:
            raise StoreAnswerUnusable("the store gave only a part of what was asked for (HTTP 206)")

    @staticmethod
    def _check_type(answer: http.client.HTTPResponse, boundary: bytes | None) -> None:
        kind = answer.getheader("Content-Type", "").split(";")[0].strip().lower()
        encoding = answer.getheader("Content-Encoding", "identity").strip().lower()
        if encoding not in {"", "identity"}:
            raise StoreAnswerUnusable("the store compressed its answer though it was asked not to")
        if answer.status != 204 and boundary is None and (kind.startswith("text/") or "json" in kind or "xml" in kind):
            raise StoreAnswerUnusable(f"the store answers with {kind[:40]} instead of objects: a proxy's sign-in page?")

    def _open(self, url: str, token: str, accept: str) -> tuple[http.client.HTTPSConnection, http.client.HTTPResponse]:
        headers = {"Authorization": f"Bearer {token}", "Accept": accept, "Accept-Encoding": "identity"}
        parts = urlsplit(url)
        target = parts.path + (f"?{parts.query}" if parts.query else "")
        connection, was_idle = self._connection()
        try:
            try:
                connection.request("GET", target, headers=headers)
                answer = connection.getresponse()
            except (http.client.RemoteDisconnected, BrokenPipeError, ConnectionResetError):
                if not was_idle:  # the server may close an idle connection; a fresh one it may not
                    raise
                connection.close()
                connection = self._fresh()
                connection.request("GET", target, headers=headers)
                answer = connection.getresponse()
            if answer.status not in {200, 204, 206}:
                body = answer.read(16 << 10)
                connection.close()
                raise_for_status(answer.status, _lower(answer.getheaders()), body)
        except (OSError, http.client.HTTPException) as error:
            connection.close()
            raise unreachable(error) from error
        return connection, answer

    def _connection(self) -> tuple[http.client.HTTPSConnection, bool]:
        try:
            return self._idle.get_nowait(), True
        except queue.Empty:
            return self._fresh(), False

    def _fresh(self) -> http.client.HTTPSConnection:
        target = urlsplit(self.profile.proxy or self.profile.url)
        connection = http.client.HTTPSConnection(
            target.hostname or "", target.port or 443, context=self._tls, timeout=_READ_S
        )
        if self.profile.proxy:
            store = urlsplit(self.profile.url)
            connection.set_tunnel(store.hostname or "", store.port or 443)
        return connection

    def _with_token(self, ask: Callable[[str], _T]) -> _T:
        """Ask with the present token, and once more with a fresh one when the store does not take it."""
        token = self._tokens.access_token()
        try:
            return ask(token)
        except NotSignedIn:
            self._tokens.refused(token)
            return ask(self._tokens.access_token())


def unreachable(error: BaseException) -> StoreError:
    """Turn a transport's error into ours: TLS failures are never retried, everything else may be."""
    reason = tls_reason(error)
    if reason is not None:
        return StoreUntrusted(f"the store did not prove its identity: {reason}")
    if isinstance(error, socket.gaierror):
        return StoreUnreachable("the store's name is not known here: is the network there?")
    if isinstance(error, TimeoutError | httpx2.TimeoutException):
        return StoreUnreachable("the store does not answer in time")
    if isinstance(error, ssl.SSLError):
        return StoreUnreachable("the secure connection was cut")
    return StoreUnreachable("the connection to the store failed or was cut")


def _lower(headers: list[tuple[str, str]]) -> dict[str, str]:
    return {name.lower(): value for name, value in headers}
