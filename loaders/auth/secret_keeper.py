"""The operating system's key ring, or memory where there is no real one: secrets never lie in a plain file."""

from __future__ import annotations

from typing import Protocol

import keyring
from keyring.backend import KeyringBackend
from keyring.errors import KeyringError

from loaders.errors import WorldError

_SERVICE = "diptych"
#: The Windows Credential Manager holds 2,560 bytes of UTF-16; what is longer stays in memory.
LONGEST_SECRET = 1200
#: Backends that keep secrets where another account, or a thief of the disk, cannot read them.
_REAL_BACKENDS = (
    "keyring.backends.Windows",
    "keyring.backends.macOS",
    "keyring.backends.SecretService",
    "keyring.backends.libsecret",
    "keyring.backends.kwallet",
)
_CHAINER = "keyring.backends.chainer"


class KeyringRefused(WorldError):
    """The key ring is there but does not open or does not keep."""

    code = "keyring_refused"


class SecretKeeper(Protocol):
    """Keeps short secrets by name."""

    @property
    def is_lasting(self) -> bool:
        """Whether what is kept is still there after a restart."""
        ...

    def get(self, name: str) -> str | None:
        """Return a secret, ``None`` where there is none."""
        ...

    def put(self, name: str, secret: str) -> bool:
        """Keep a secret; return whether it will survive a restart."""
        ...

    def forget(self, name: str) -> None:
        """Drop a secret; nothing happens where there is none."""
        ...


class MemoryKeeper:
    """Forgets with the process."""

    is_lasting = False

    def __init__(self) -> None:
        self._secrets: dict[str, str] = {}

    def get(self, name: str) -> str | None:
        """Return a secret, ``None`` where there is none."""
        return self._secrets.get(name)

    def put(self, name: str, secret: str) -> bool:
        """Keep a secret until the process ends."""
        self._secrets[name] = secret
        return False

    def forget(self, name: str) -> None:
        """Drop a secret."""
        self._secrets.pop(name, None)


class KeyringKeeper:
    """The system's key ring; secrets that are too long for it stay in memory."""

    is_lasting = True

    def __init__(self, backend: KeyringBackend) -> None:
        self._backend = backend
        self._memory = MemoryKeeper()

    def get(self, name: str) -> str | None:
        """Return a secret. Raises ``KeyringRefused``."""
        held = self._memory.get(name)
        if held is not None:
            return held
        try:
            return self._backend.get_password(_SERVICE, name)
        except (KeyringError, OSError) as error:
            raise KeyringRefused(f"the key ring cannot be read: {type(error).__name__}") from error

    def put(self, name: str, secret: str) -> bool:
        """Keep a secret; return whether the key ring took it."""
        self.forget(name)
        if len(secret) > LONGEST_SECRET:
            self._memory.put(name, secret)
            return False
        try:
            self._backend.set_password(_SERVICE, name, secret)
        except (KeyringError, OSError):
            self._memory.put(name, secret)
            return False
        return True

    def forget(self, name: str) -> None:
        """Drop a secret from the key ring and from memory."""
        self._memory.forget(name)
        try:
            if self._backend.get_password(_SERVICE, name) is not None:
                self._backend.delete_password(_SERVICE, name)
        except (KeyringError, OSError) as error:
            raise KeyringRefused(f"the key ring does not forget: {type(error).__name__}") from error


def system_keeper() -> SecretKeeper:
    """Return the system's key ring where it is a real one, else memory."""
    backend = keyring.get_keyring()
    if type(backend).__module__ == _CHAINER:
        real = [each for each in getattr(backend, "backends", ()) if _is_real(each)]
        return KeyringKeeper(real[0]) if real else MemoryKeeper()
    return KeyringKeeper(backend) if _is_real(backend) else MemoryKeeper()


def _is_real(backend: KeyringBackend) -> bool:
    return type(backend).__module__.startswith(_REAL_BACKENDS)
