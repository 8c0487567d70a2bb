"""Where real scanners' files lie when they are at hand: beside the repository, or where DIPTYCH_TEST_DATA points."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]
DATA = Path(os.environ.get("DIPTYCH_TEST_DATA", REPOSITORY.parent / "shared" / "data"))


def real_path(relative: str) -> Path:
    """Return the path of a real file or folder, or skip the test by name."""
    path = DATA / relative
    if not path.exists():
        pytest.skip(f"real data not at hand: {relative}")
    return path
