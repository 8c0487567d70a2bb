"""A patient's name and number are left nowhere: not in temporary files, settings, logs, arguments or titles."""

from __future__ import annotations

import os
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import pytest

from tests.support.dicom_files import SeriesRecipe, write_series

ROOT = Path(__file__).resolve().parents[2]
NAME, NUMBER = "CANARY^WONG", "CANARY-4711"
CANARIES = [b"CANARY", "CANARY".encode("utf-16-le")]


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    """A ZIP with five slices of a patient whose name and number are easy to find again."""
    overrides = {"PatientName": NAME, "PatientID": NUMBER}
    files = write_series(tmp_path / "made", SeriesRecipe(overrides=overrides))
    target = tmp_path / "disc.zip"
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as packed:
        for file in files:
            packed.write(file, file.name)
            file.unlink()
    return target


def _holding(*folders: Path) -> set[str]:
    """Files below the folders that hold a canary or are named after one."""
    found = set()
    for folder in folders:
        for file in folder.rglob("*"):
            try:
                content = file.read_bytes() if file.is_file() else b""
            except OSError:
                continue  # gone while we looked
            if any(canary in content or canary in os.fsencode(file) for canary in CANARIES):
                found.add(str(file))
    return found


@pytest.mark.parametrize(
    "arguments",
    [["scan", "ARCHIVE", "--json", "/dev/null"], ["load", "ARCHIVE", "--json", "/dev/null"]],
    ids=lambda arguments: arguments[0],
)
def test_a_verb_leaves_no_trace(archive: Path, tmp_path: Path, arguments: list[str]) -> None:
    _run_and_watch(archive, tmp_path, arguments)


@pytest.mark.gui
def test_the_window_leaves_no_trace(archive: Path, tmp_path: Path) -> None:
    picture = tmp_path / "window.png"
    _run_and_watch(archive, tmp_path, ["open", "ARCHIVE", "--screenshot", str(picture)])
    assert picture.stat().st_size > 0


def _run_and_watch(archive: Path, tmp_path: Path, arguments: list[str]) -> None:
    """Run the program with temporary and home folders of its own, and look into them again and again meanwhile."""
    places = {"TMPDIR": tmp_path / "temporary", "HOME": tmp_path / "home", "DIPTYCH_CONFIG_DIR": tmp_path / "config"}
    for place in places.values():
        place.mkdir()
    command = [sys.executable, "main.py", *(str(archive) if word == "ARCHIVE" else word for word in arguments)]
    environment = os.environ | {name: str(place) for name, place in places.items()}
    for variable in ("XDG_CONFIG_HOME", "XDG_CACHE_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME"):
        environment[variable] = str(places["HOME"])
    child = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    traces: set[str] = set()
    deadline = time.monotonic() + 120
    while child.poll() is None and time.monotonic() < deadline:
        traces |= _holding(*places.values())
        time.sleep(0.02)
    said, complained = child.communicate(timeout=10)
    assert child.returncode == 0, complained.decode()
    assert traces | _holding(*places.values()) == set()
    assert not any(canary in said + complained for canary in CANARIES)


def test_the_watch_does_see(tmp_path: Path) -> None:
    (tmp_path / "left.dcm").write_bytes(b"..CANARY^WONG..")
    (tmp_path / "CANARY.txt").write_bytes(b"")
    assert len(_holding(tmp_path)) == 2
