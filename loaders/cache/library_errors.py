"""What can go wrong with what is kept."""

from __future__ import annotations

from loaders.errors import SourceError, WorldError


class LibraryError(WorldError):
    """The library cannot be used."""

    code = "library_error"


class LibraryFull(LibraryError):
    """No room: downloads pause until there is."""

    code = "library_full"


class LibraryBusy(LibraryError):
    """Another run of the application writes to this library."""

    code = "library_busy"


class LibraryUnreadable(SourceError):
    """A kept file or the index cannot be read."""

    code = "library_unreadable"


class NotKept(SourceError):
    """The library holds no such study (any more)."""

    code = "not_kept"


class NoLastingKeyring(LibraryError):
    """There is no real key ring: nothing can be kept beyond this run."""

    code = "key_ring_missing"
