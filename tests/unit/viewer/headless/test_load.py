"""The verb ``load``: all pixels in memory, and its document as the schema has it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.support.dicom_files import SeriesRecipe, write_series
from tests.support.schemas import check_document
from viewer.app.command_line import run


def test_all_frames_are_counted_and_timed(tmp_path: Path) -> None:
    recipe = SeriesRecipe()
    files = write_series(tmp_path / "in", recipe)
    target = tmp_path / "load.json"
    assert run(["load", str(tmp_path / "in"), "--json", str(target)]) == 0
    document = json.loads(target.read_text(encoding="utf-8"))
    check_document(document, "load")
    assert (document["frames"], document["failed"]) == (len(files), 0)
    assert document["bytes"] == len(files) * 6 * 8 * 2
    assert 0.0 < document["first_frame_s"] <= document["complete_s"]


def test_nothing_to_load_is_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "text.dcm").write_text("no picture")
    assert run(["load", str(tmp_path), "--json", "-"]) == 1
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.startswith("error: not_found:")
    assert said.err.count("\n") == 1
