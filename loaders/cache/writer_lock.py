"""One writer a library: a lock of the operating system on a file, which ends with the process whatever ends it."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from loaders.cache.library_errors import LibraryBusy


class WriterLock:
    """Held from its creation to :meth:`release`. Raises ``LibraryBusy`` where another process holds it."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            _lock(self._descriptor)
        except OSError as error:
            os.close(self._descriptor)
            raise LibraryBusy("another run of the application writes to the library") from error

    def release(self) -> None:
        """Let the next one in."""
        os.close(self._descriptor)


if sys.platform == "win32":  # not verified
    import msvcrt

    def _lock(descriptor: int) -> None:
        msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)

else:
    import fcntl

    def _lock(descriptor: int) -> None:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
