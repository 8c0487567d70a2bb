"""Keys of the library: a root key in the system's key ring, and one key a study wrapped by it."""

from __future__ import annotations

import base64
import binascii
import secrets

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from loaders.auth.secret_keeper import SecretKeeper
from loaders.cache.sealed_file import Tampered

_NAME = "library-root-key"
_NONCE = 12


class LibraryKeys:
    """Derived keys of one root. ``is_lasting`` is false where the root key dies with the process."""

    def __init__(self, root: bytes, *, is_lasting: bool) -> None:
        self.is_lasting = is_lasting
        self.index_key = _derived(root, b"diptych/index/1")
        self.audit_key = _derived(root, b"diptych/audit/1")
        self._wrap = AESGCM(_derived(root, b"diptych/wrap/1"))

    def wrapped(self, study_key: bytes, study: str) -> bytes:
        """Return a study's key, encrypted for the index and bound to that study."""
        nonce = secrets.token_bytes(_NONCE)
        return nonce + self._wrap.encrypt(nonce, study_key, study.encode())

    def unwrapped(self, wrapped: bytes, study: str) -> bytes:
        """Return a study's key. Raises ``Tampered``."""
        try:
            return self._wrap.decrypt(wrapped[:_NONCE], wrapped[_NONCE:], study.encode())
        except (InvalidTag, ValueError) as error:
            raise Tampered("a study's key does not open") from error


def library_keys(keeper: SecretKeeper) -> LibraryKeys:
    """Return the keys of this user's root key, made at the first time. Raises ``KeyringRefused``."""
    text = keeper.get(_NAME)
    if text is not None:
        try:
            root = base64.b64decode(text, validate=True)
        except (binascii.Error, ValueError):
            root = b""
        if len(root) == 32:
            return LibraryKeys(root, is_lasting=keeper.is_lasting)
    root = secrets.token_bytes(32)
    is_kept = keeper.put(_NAME, base64.b64encode(root).decode("ascii"))
    return LibraryKeys(root, is_lasting=is_kept)


def forget_root_key(keeper: SecretKeeper) -> None:
    """Destroy the root key: everything that was kept can never be read again."""
    keeper.forget(_NAME)


def _derived(root: bytes, purpose: bytes) -> bytes:
    return HKDF(hashes.SHA256(), 32, None, purpose).derive(root)
