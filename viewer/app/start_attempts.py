"""Counts starts that never came to a working window, so that the third one is a careful one."""

from __future__ import annotations

import contextlib
from pathlib import Path

#: So many starts in a row that ended before the window worked lead to safe mode.
SAFE_AFTER = 2
_FILE_NAME = "unfinished-starts"
_MOST_COUNTED = 9


class StartAttempts:
    """A number in a small file beside the settings. A folder that cannot be written counts nothing."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / _FILE_NAME

    def begin(self) -> bool:
        """Note that a start begins; return whether it should be in safe mode."""
        unfinished = self._read()
        self._write(min(unfinished + 1, _MOST_COUNTED))
        return unfinished >= SAFE_AFTER

    def succeed(self) -> None:
        """The window works: forget what was counted."""
        with contextlib.suppress(OSError):
            self._path.unlink(missing_ok=True)

    def _read(self) -> int:
        try:
            text = self._path.read_bytes()[:8].strip()
        except OSError:
            return 0
        return int(text) if text.isdigit() else 0

    def _write(self, count: int) -> None:
        with contextlib.suppress(OSError):
            self._path.parent.mkdir(parents=True, exist_ok=True)
            self._path.write_text(str(count), encoding="ascii")
