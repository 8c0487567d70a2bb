"""What was dropped onto the window: files and folders of this machine, nothing else."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QMimeData

#: One gesture; more than this is a mistake, and opening the folder does the same.
_MOST_PATHS = 10_000


def dropped_paths(data: QMimeData) -> tuple[Path, ...]:
    """Return the local files and folders of a drop; addresses of web pages and of other machines are left out."""
    urls = data.urls()[:_MOST_PATHS] if data.hasUrls() else []
    return tuple(Path(url.toLocalFile()) for url in urls if url.isLocalFile() and url.toLocalFile())
