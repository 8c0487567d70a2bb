"""Where sealed files lie: a folder, each written whole or not at all under a random name, or memory."""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
from pathlib import Path
from typing import Protocol

from loaders.cache.library_errors import LibraryFull, LibraryUnreadable

_PART = ".part"


class Shelf(Protocol):
    """Keeps sealed files by the names it gives them."""

    def put(self, sealed: bytearray) -> str:
        """Keep a file; return its name. Raises ``LibraryFull``."""
        ...

    def read(self, name: str, room: memoryview | None = None) -> memoryview:
        """Return a file, in ``room`` where it fits: fresh memory for every file costs more than reading it.

        Raises ``LibraryUnreadable``.
        """
        ...

    def remove(self, name: str) -> None:
        """Remove a file; nothing happens where there is none."""
        ...

    def names(self) -> set[str]:
        """Return the names of all whole files."""
        ...

    def settle(self, names: list[str]) -> None:
        """Make files that were put durable and whole: only then may an index name them. Raises ``LibraryFull``."""
        ...

    def has_room(self, size: int) -> bool:
        """Whether so many bytes more may be kept."""
        ...


class FolderShelf:
    """A folder of this user alone. Names are 128 random bits in hex; nothing of a patient is in them.

    ``keep_free`` bytes of the disk, or a twentieth of it if that is more, stay free; 0 for no reserve.
    """

    def __init__(self, folder: Path, *, keep_free: int = 2 << 30) -> None:
        self._folder, self._keep_free = folder, keep_free
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)

    def sweep(self) -> None:
        """Remove what a crash left half-written."""
        for path in self._folder.glob(f"*{_PART}"):
            path.unlink(missing_ok=True)

    def put(self, sealed: bytearray) -> str:
        """Write a file that is not there yet: :meth:`settle` gives it its name. Raises ``LibraryFull``."""
        name = secrets.token_hex(16)
        part = self._folder / f"{name}{_PART}"
        try:
            descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o600)
            try:
                view = memoryview(sealed)
                while view:
                    view = view[os.write(descriptor, view) :]
            finally:
                os.close(descriptor)
        except OSError as error:
            with contextlib.suppress(OSError):
                part.unlink(missing_ok=True)
            raise LibraryFull(f"the library's disk does not take more: {error.strerror}") from error
        return name

    def settle(self, names: list[str]) -> None:
        """Sync each file, rename it, sync the folder (a rename alone is not durable on ext4 and XFS)."""
        try:
            for name in names:
                part = self._folder / f"{name}{_PART}"
                descriptor = os.open(part, os.O_RDWR | getattr(os, "O_BINARY", 0))
                try:
                    getattr(os, "fdatasync", os.fsync)(descriptor)
                finally:
                    os.close(descriptor)
                part.replace(self._folder / name)
            if os.name != "nt":  # Windows has no sync of a folder; not verified there
                descriptor = os.open(self._folder, os.O_RDONLY)
                try:
                    os.fsync(descriptor)
                finally:
                    os.close(descriptor)
        except OSError as error:
            raise LibraryFull(f"the library's disk does not take more: {error.strerror}") from error

    def read(self, name: str, room: memoryview | None = None) -> memoryview:
        """Return a file's bytes. Raises ``LibraryUnreadable``."""
        try:
            with (self._folder / name).open("rb", buffering=0) as stream:
                size = os.fstat(stream.fileno()).st_size
                into = room[:size] if room is not None and len(room) >= size else memoryview(bytearray(size))
                done = 0
                while done < size and (count := stream.readinto(into[done:])):
                    done += count
                return into[:done]
        except OSError as error:
            raise LibraryUnreadable("a kept file is no longer there") from error

    def remove(self, name: str) -> None:
        """Remove a file. What it held is gone with its key, whatever the disk keeps."""
        for path in (self._folder / name, self._folder / f"{name}{_PART}"):
            with contextlib.suppress(OSError):
                path.unlink(missing_ok=True)

    def names(self) -> set[str]:
        """Return the names of all whole files."""
        return {path.name for path in self._folder.iterdir() if len(path.name) == 32 and "." not in path.name}

    def has_room(self, size: int) -> bool:
        """Whether so many bytes more leave the reserve free."""
        usage = shutil.disk_usage(self._folder)
        reserve = max(self._keep_free, usage.total // 20) if self._keep_free else 0
        return usage.free - size > reserve


class MemoryShelf:
    """For workstations without a real key ring: nothing survives the process."""

    def __init__(self, most_bytes: int = 4 << 30) -> None:
        self._files: dict[str, bytes] = {}
        self._most = most_bytes

    def put(self, sealed: bytearray) -> str:
        """Keep a file. Raises ``LibraryFull``."""
        if not self.has_room(len(sealed)):
            raise LibraryFull("no more memory for kept studies; without a key ring nothing is kept on the disk")
        name = secrets.token_hex(16)
        self._files[name] = bytes(sealed)
        return name

    def settle(self, names: list[str]) -> None:
        """Nothing is for good here."""

    def read(self, name: str, room: memoryview | None = None) -> memoryview:  # noqa: ARG002 - it is in memory
        """Return a file. Raises ``LibraryUnreadable``."""
        if name not in self._files:
            raise LibraryUnreadable("a kept file is no longer there")
        return memoryview(self._files[name])

    def remove(self, name: str) -> None:
        """Remove a file."""
        self._files.pop(name, None)

    def names(self) -> set[str]:
        """Return the names of all files."""
        return set(self._files)

    def has_room(self, size: int) -> bool:
        """Whether so many bytes more may be kept."""
        return sum(map(len, self._files.values())) + size <= self._most
