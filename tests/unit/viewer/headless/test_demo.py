"""The verb ``demo``: its document fits the schema and names the files that are there."""

from __future__ import annotations

import json
from importlib.resources import files
from pathlib import Path
from typing import Any

import jsonschema
import pydicom
import pytest

from viewer.headless.demo import run


def schema() -> dict[str, Any]:
    stored: dict[str, Any] = json.loads(files("resources").joinpath("schemas/demo.schema.json").read_text("utf-8"))
    return stored


def test_the_document_fits_its_schema_and_the_disc(tmp_path: Path) -> None:
    out, target = tmp_path / "disc", tmp_path / "demo.json"
    assert run(["--out", str(out), "--size", "small", "--json", str(target)]) == 0
    document = json.loads(target.read_text("utf-8"))
    jsonschema.Draft202012Validator.check_schema(schema())
    jsonschema.validate(document, schema())
    assert (out / document["truth"]).is_file()
    written = 0
    for series in document["series"]:
        instances = sorted((out / series["folder"]).iterdir())
        assert len(instances) == series["instances"]
        header = pydicom.dcmread(instances[0], stop_before_pixels=True)
        assert (header.SeriesInstanceUID, header.PatientID) == (series["series_uid"], series["patient_id"])
        assert header.StudyDate == series["date"].replace("-", "")
        written += len(instances)
    assert written == document["files"]


def test_a_folder_in_use_is_one_line_and_status_one(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "letter.txt").write_text("keep")
    assert run(["--out", str(tmp_path), "--size", "small"]) == 1
    said = capsys.readouterr().err
    assert said.startswith("error: target_unusable: ")
    assert said.count("\n") == 1
    assert "letter.txt" in said


@pytest.mark.parametrize("arguments", [[], ["--out", "x", "--size", "huge"]])
def test_wrong_usage_is_status_two(arguments: list[str]) -> None:
    with pytest.raises(SystemExit) as stop:
        run(arguments)
    assert stop.value.code == 2
