"""Files that never replace others: a name that is taken gets a number."""

from __future__ import annotations

import re
from pathlib import Path

from loaders.errors import WorldError

_MOST = 999


class FolderUnwritable(WorldError):
    """A file cannot be written where the reader wants it."""

    code = "target_unusable"


def base_name(masked_identifier: str, moment: str) -> str:
    """Return the beginning of file names: ``Diptych A12xxxx 20260110-0915``; masks become letters that may stand."""
    masked = re.sub(r"[^A-Za-z0-9-]", "x", masked_identifier)[:24]
    return " ".join(filter(None, ("Diptych", masked, moment)))


def write_new(folder: Path, base: str, ending: str, data: bytes) -> Path:
    """Write a file that was not there before; raises ``FolderUnwritable``."""
    for number in range(1, _MOST + 1):
        path = folder / (f"{base}.{ending}" if number == 1 else f"{base} ({number}).{ending}")
        try:
            stream = path.open("xb")
        except FileExistsError:
            continue
        except OSError as error:
            raise FolderUnwritable(f"{path.name} cannot be written: {error.strerror or error}") from error
        try:
            with stream:
                stream.write(data)
        except OSError as error:
            path.unlink(missing_ok=True)  # half a report is none
            raise FolderUnwritable(f"{path.name} cannot be written: {error.strerror or error}") from error
        return path
    raise FolderUnwritable(f"{base} exists {_MOST} times already")
