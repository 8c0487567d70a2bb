"""The directory of a DICOM disc (PS3.3 F, PS3.10 8): what it announces is compared with what is there, never believed.

All files of the medium are scanned in any case, so a missing, stale or lying DICOMDIR costs nothing but its rows.
"""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path, PurePosixPath
from typing import NamedTuple

from loaders.discovery.element_values import Elements
from loaders.discovery.header_scan import HeaderRecord

_MAX_ROWS = 20


class DirectoryFindings(NamedTuple):
    """The first referenced files that are not there, and the first references that lead out of the medium.

    ``more_missing`` counts the missing files beyond those named.
    """

    missing: tuple[str, ...]
    outside: tuple[str, ...]
    more_missing: int = 0


def referenced_files(record: HeaderRecord) -> tuple[str, ...]:
    """Return the referenced file IDs of a media directory as relative paths with slashes, as they are written."""
    found = []
    for item in Elements(record["elements"]).items("DirectoryRecordSequence"):
        parts = item.texts("ReferencedFileID")
        if parts and any(parts):
            found.append("/".join(parts))
    return tuple(dict.fromkeys(found))


def check_directory(record: HeaderRecord, present: Collection[str]) -> DirectoryFindings:
    """Compare a directory with the files of its folder, given as relative paths with slashes.

    Case is ignored: media are written in capitals and read by systems that fold them.
    """
    there = {path.casefold() for path in present}
    missing, outside = [], []
    for reference in referenced_files(record):
        if leads_outside(reference):
            outside.append(reference)
        elif reference.casefold() not in there:
            missing.append(reference)
    return DirectoryFindings(tuple(missing[:_MAX_ROWS]), tuple(outside[:_MAX_ROWS]), len(missing[_MAX_ROWS:]))


def leads_outside(name: str) -> bool:
    """Whether a relative name from a directory or archive would leave its folder: parent steps, roots, drives."""
    plain = name.replace("\\", "/")
    path = PurePosixPath(plain)
    return path.is_absolute() or ".." in path.parts or ":" in (path.parts[0] if path.parts else "") or "\0" in name


def relative_name(path: Path, folder: Path) -> str:
    """Return a path below a folder with slashes."""
    return path.relative_to(folder).as_posix()
