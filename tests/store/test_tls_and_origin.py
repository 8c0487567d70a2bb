"""Bad certificates get no byte of HTTP; a token never leaves the store's origin."""

from __future__ import annotations

import datetime as dt
import importlib
import socket
import ssl
import sys
import threading
import warnings
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from loaders.progress import CancelToken
from loaders.transport.retry_policy import with_retries
from loaders.transport.store_channel import StoreChannel
from loaders.transport.store_errors import ForeignAddress, StoreError, StoreUnreachable, StoreUntrusted
from loaders.transport.store_origin import same_origin
from loaders.transport.store_profile import ProfileError, ProfileFile, StoreProfile
from loaders.transport.trusted_tls import tls_context
from tests.store.conftest import STAND_IN

_HOUR = dt.timedelta(hours=1)


@pytest.fixture(scope="module")
def certificates() -> Iterator[ModuleType]:
    sys.path.insert(0, str(STAND_IN))
    yield importlib.import_module("certificates")
    sys.path.remove(str(STAND_IN))


class _Tokens:
    def access_token(self) -> str:
        return "CANARY-TOKEN"

    def refused(self, token: str) -> None:
        pass


@dataclass
class Listener:
    """A TLS server that notes every decrypted byte it is sent."""

    context: ssl.SSLContext
    received: bytes = b""
    _socket: socket.socket = field(default_factory=socket.socket)

    def __post_init__(self) -> None:
        self._socket.bind(("127.0.0.1", 0))
        self._socket.listen(8)
        self._socket.settimeout(0.1)
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()

    @property
    def port(self) -> int:
        port: int = self._socket.getsockname()[1]
        return port

    def _serve(self) -> None:
        while not self._ended.is_set():
            try:
                plain, _ = self._socket.accept()
            except TimeoutError:
                continue
            plain.settimeout(1)
            try:
                with self.context.wrap_socket(plain, server_side=True) as secure:
                    self.received += secure.recv(4096)
                    secure.sendall(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n")
            except OSError:
                plain.close()

    def close(self) -> None:
        self._ended.set()
        self._thread.join()
        self._socket.close()


def _server_context(folder: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "server.pem", folder / "key.pem")
    return context


def _make(case: str, folder: Path, certificates: Any) -> tuple[ssl.SSLContext, str]:
    """Write an authority that the client trusts, and a server that is wrong in one way; return it and its host."""
    authority = certificates.new_authority()
    certificates.write_authority(authority, folder / "authority.pem")
    signer = certificates.new_authority("other") if case in {"unknown-authority", "self-signed"} else authority
    given: dict[str, Any] = {"for_server": case != "client-certificate"}
    if case == "expired":
        given["valid"] = (-48 * _HOUR, -24 * _HOUR)
    if case == "not-yet-valid":
        given["valid"] = (24 * _HOUR, 48 * _HOUR)
    hosts = {"wrong-name": ("store.example",), "no-name": (), "wrong-address": ("127.0.0.2",), "wildcard": ("*",)}
    if case in hosts:
        given["hosts"] = hosts[case]
    certificates.write_signed(signer, "127.0.0.1", folder / "server.pem", folder / "key.pem", **given)
    if case == "authority-as-server":
        from cryptography.hazmat.primitives import serialization

        pem = authority.key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        (folder / "key.pem").write_bytes(pem)
        (folder / "server.pem").write_bytes((folder / "authority.pem").read_bytes())
    context = _server_context(folder)
    if case == "tls-1.1":
        with warnings.catch_warnings(action="ignore", category=DeprecationWarning):
            context.minimum_version = ssl.TLSVersion.TLSv1
            context.maximum_version = ssl.TLSVersion.TLSv1_1
        context.set_ciphers("ALL:@SECLEVEL=0")
    if case == "weak-cipher":
        context.maximum_version = ssl.TLSVersion.TLSv1_2
        context.set_ciphers("ECDHE-ECDSA-NULL-SHA:@SECLEVEL=0")
    return context, "localhost" if case == "address-only" else "127.0.0.1"


@pytest.mark.parametrize(
    "case",
    [
        "expired", "not-yet-valid", "wrong-name", "no-name", "wrong-address", "wildcard", "unknown-authority",
        "client-certificate", "authority-as-server", "tls-1.1", "weak-cipher", "plain-http",
    ],
)  # fmt: skip
def test_a_bad_certificate_gets_no_byte(case: str, tmp_path: Path, certificates: Any) -> None:
    if case == "plain-http":
        with pytest.raises(ProfileError):
            StoreProfile("x", "http://127.0.0.1:80").checked()
        return
    context, host = _make(case, tmp_path, certificates)
    listener = Listener(context)
    profile = StoreProfile("x", f"https://{host}:{listener.port}", authority=str(tmp_path / "authority.pem"))
    channel = StoreChannel(profile, _Tokens())
    try:
        with pytest.raises(StoreUntrusted):
            channel.get_json("/dicom-web/studies", accept="application/json")
        with pytest.raises(StoreUntrusted):
            list(channel.parts("/dicom-web/studies/1", accept="application/dicom"))
    finally:
        channel.close()
        listener.close()
    assert listener.received == b""


def test_a_good_certificate_gets_the_token(tmp_path: Path, certificates: Any) -> None:
    """The measure of the others: the same listener does hear a client that trusts it."""
    context, _ = _make("good", tmp_path, certificates)
    listener = Listener(context)
    profile = StoreProfile("x", f"https://127.0.0.1:{listener.port}", authority=str(tmp_path / "authority.pem"))
    channel = StoreChannel(profile, _Tokens())
    try:
        with pytest.raises(StoreError):
            channel.get_json("/dicom-web/studies", accept="application/json")
    finally:
        channel.close()
        listener.close()
    assert b"CANARY-TOKEN" in listener.received


def test_the_environment_cannot_change_who_is_trusted(
    tmp_path: Path, certificates: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    context, _ = _make("unknown-authority", tmp_path, certificates)
    for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE"):
        monkeypatch.setenv(name, str(tmp_path / "server.pem"))
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:1")
    listener = Listener(context)
    profile = StoreProfile("x", f"https://127.0.0.1:{listener.port}", authority=str(tmp_path / "authority.pem"))
    channel = StoreChannel(profile, _Tokens())
    try:
        with pytest.raises(StoreUntrusted):
            channel.get_json("/", accept="application/json")
    finally:
        channel.close()
        listener.close()
    assert listener.received == b""


def test_verification_cannot_be_left_out() -> None:
    context = tls_context(StoreProfile("x", "https://127.0.0.1"))
    assert context.verify_mode is ssl.CERT_REQUIRED
    assert context.check_hostname
    assert context.minimum_version is ssl.TLSVersion.TLSv1_2


_BASE = "https://store.example:8443/"


@pytest.mark.parametrize(
    "address",
    [
        "http://store.example:8443/x", "https://evil.example/x", "https://store.example/x", "//evil.example/x",
        "https://store.example:8443@evil.example/", "https://evil.example#@store.example:8443/",
        "https://user:pw@store.example:8443/x", "https://store.example:8443.evil.example/", "file:///etc/passwd",
        "https://store.example:8444/", "https://127.0.0.1:8443/", "https://[::1]:8443/", "ftp://store.example:8443/",
        "javascript:alert(1)", "https:\\\\evil.example\\x", "\\\\evil.example\\x", "/\\evil.example/x",
        "https://evil.example\t/x", "https://store.example:8443\r\nHost: evil.example/", " https://evil.example/",
        "https://store.example:99999/", "https://store.example:abc/", "https://store%2eexample.evil:8443/",
        "/../../etc/passwd", "/dicom-web/%2e%2e/instances", "https://store.example.:80/",
        "https://xn--store-.example:8443/", "HTTPS://EVIL.EXAMPLE:8443/", "data:text/plain,x",
        "https://store.example:8443\u2028/", "gopher://store.example:8443/", "https://169.254.169.254/latest",
    ],
)  # fmt: skip
def test_an_address_outside_the_store_is_not_followed(address: str) -> None:
    with pytest.raises(ForeignAddress):
        same_origin(address, _BASE)


@pytest.mark.parametrize(
    "address", ["/dicom-web/x", "dicom-web/x", "https://store.example:8443/a?b=c", "HTTPS://STORE.example:8443/"]
)
def test_an_address_of_the_store_is(address: str) -> None:
    assert same_origin(address, _BASE).lower().startswith(_BASE)


def test_retries_end_and_are_few() -> None:
    calls: list[int] = []

    def fail() -> None:
        calls.append(1)
        raise StoreUnreachable("down")

    cancel = CancelToken()
    with pytest.raises(StoreUnreachable):
        with_retries(fail, cancel=cancel, tries=2)
    assert len(calls) == 2


def test_profiles_are_kept_without_secrets(tmp_path: Path) -> None:
    profiles = ProfileFile(tmp_path / "stores.json")
    profiles.put(StoreProfile("a", "https://one.example"))
    profiles.put(StoreProfile("a", "https://two.example"))
    profiles.put(StoreProfile("b", "https://three.example"))
    assert [(each.name, each.url) for each in profiles.all()] == [
        ("a", "https://two.example"),
        ("b", "https://three.example"),
    ]
    with pytest.raises(ProfileError, match="known: a, b"):
        profiles.get("c")
    for bad in (
        StoreProfile("../x", "https://x.example"),
        StoreProfile("x", "https://user@x.example"),
        StoreProfile("", "https://x"),
    ):
        with pytest.raises(ProfileError):
            profiles.put(bad)
