"""TLS towards a store: version 1.2 at least, always verified, with the workstation's certificate where there is one."""

from __future__ import annotations

import ssl

from loaders.transport.store_errors import StoreUntrusted
from loaders.transport.store_profile import StoreProfile


def tls_context(profile: StoreProfile) -> ssl.SSLContext:
    """Return a context for the profile; there is no way to leave verification out. Raises ``StoreUntrusted``.

    A named authority replaces the system's: environment variables never do (``REQUESTS_CA_BUNDLE`` and its kind).
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    try:
        if profile.authority:
            context.load_verify_locations(cafile=profile.authority)
        else:
            context.load_default_certs(ssl.Purpose.SERVER_AUTH)
        if profile.certificate:
            context.load_cert_chain(profile.certificate, profile.key or None, password=_no_password)
    except (OSError, ssl.SSLError) as error:
        raise StoreUntrusted(f"the certificates named for store {profile.name} cannot be read") from error
    return context


def _no_password() -> str:
    """Instead of a question on the terminal for a key that has a password."""
    raise ssl.SSLError("the key has a password")


def tls_reason(error: BaseException) -> str | None:
    """Return why TLS failed in a few words, ``None`` when the error has nothing to do with TLS."""
    seen: BaseException | None = error
    while seen is not None:
        if isinstance(seen, ssl.SSLCertVerificationError):
            return seen.verify_message
        if isinstance(seen, ssl.SSLError) and not isinstance(seen, ssl.SSLEOFError | ssl.SSLZeroReturnError):
            return seen.reason or "TLS failed"
        seen = seen.__cause__ or seen.__context__
    return None
