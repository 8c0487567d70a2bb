"""List the files below folders: regular files only, nothing outside, in a stable order."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from loaders.model.pixel_format import FileLocator
from loaders.progress import CancelToken

_MAX_DEPTH = 64


@dataclass(slots=True)
class Listing:
    """Files to scan, and rows for what was found but must not or cannot be read: (file, code, message)."""

    files: list[FileLocator] = field(default_factory=list)
    rows: list[tuple[FileLocator, str, str]] = field(default_factory=list)


def list_folder(root: Path, listing: Listing, cancel: CancelToken) -> Iterator[int]:
    """Append what lies below ``root`` to the listing; yield the number of files so far, folder by folder.

    Links to folders are not followed, links to files only where they stay below ``root``. Raises ``OSError`` when the
    root itself cannot be read, ``Cancelled`` when cancelled.
    """
    real_root = root.resolve()
    pending = [(root, 0)]
    while pending:
        cancel.raise_if_cancelled()
        folder, depth = pending.pop()
        try:
            entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
        except OSError as error:
            if folder == root:
                raise
            code = "no_permission" if isinstance(error, PermissionError) else "unreadable"
            listing.rows.append((FileLocator(folder), code, "the folder cannot be read"))
            continue
        subfolders: list[Path] = []
        for entry in entries:
            _take(entry, real_root, depth, listing, subfolders)
        pending += [(path, depth + 1) for path in reversed(subfolders)]
        yield len(listing.files)


def _take(entry: os.DirEntry[str], real_root: Path, depth: int, listing: Listing, subfolders: list[Path]) -> None:
    file = FileLocator(Path(entry.path))
    try:
        if entry.is_dir(follow_symlinks=False):
            if depth < _MAX_DEPTH:
                subfolders.append(file.path)
            else:
                listing.rows.append((file, "too_deep", "folders nested too deeply"))
        elif entry.is_symlink():
            _take_link(file, real_root, listing)
        elif entry.is_file(follow_symlinks=False):
            listing.files.append(file)
        else:
            listing.rows.append((file, "not_dicom", "not a regular file"))
    except OSError:
        listing.rows.append((file, "unreadable", "the file cannot be looked at"))


def _take_link(file: FileLocator, real_root: Path, listing: Listing) -> None:
    target = file.path.resolve()
    if target.is_relative_to(real_root) and target.is_file():
        listing.files.append(file)
    else:
        listing.rows.append((file, "outside_source", "a link that leads out of the folder is not followed"))
