"""The verbs measure and export, on files written for the purpose and read back by pydicom and the csv module."""

from __future__ import annotations

import csv
import io
import json
import shutil
import subprocess
from importlib.resources import files
from pathlib import Path
from typing import Any

import jsonschema
import numpy as np
import pytest
from pydicom import dcmread

from compare.following.lesion import Lesion, LesionRole
from compare.session.comparison_session import ComparisonSession
from compare.session.measurement import Measurement, MeasurementKind
from compare.session.session_file import session_to_json
from loaders.model.stack import StackKey
from tests.support.dicom_files import SeriesRecipe, write_series
from tests.support.schemas import check_document
from viewer.app.command_line import run

_LESION = "2.25.4711"


@pytest.fixture
def two_studies(tmp_path: Path) -> Path:
    """Two examinations a quarter apart, and a session with a lesion on both, a region, and one on nothing at hand."""
    drawn: list[Measurement] = []
    for number, (date, long_mm) in enumerate((("20240102", 12.0), ("20240402", 16.0))):
        recipe = SeriesRecipe(
            name=f"series{number}", study=f"study{number}", study_date=date, rows=64, columns=64, slices=3,
            spacing_mm_zyx=(2.0, 0.5, 0.5), overrides={"SliceThickness": "2.0"},
        )  # fmt: skip
        paths = write_series(tmp_path / f"images{number}", recipe)
        header = dcmread(paths[1])
        key = StackKey(header.StudyInstanceUID, header.SeriesInstanceUID, "whatever")
        axes = ((2.0, 8.0), (2.0 + long_mm, 8.0), (8.0, 4.0), (8.0, 12.0))
        uid = str(header.SOPInstanceUID)
        drawn.append(Measurement(f"L{number}", MeasurementKind.BIDIRECTIONAL, key, uid, 1, axes, lesion=_LESION))
        drawn.append(Measurement(f"R{number}", MeasurementKind.RECTANGLE, key, uid, 1, ((1.0, 1.0), (2.0, 3.0))))
    drawn.append(Measurement("gone", MeasurementKind.LENGTH, StackKey("9", "9", "9"), "9.9", 1, ((0, 0), (1, 1))))
    lesion = Lesion(_LESION, "S6 right", LesionRole.TARGET, organ="lung")
    session = ComparisonSession(measurements=tuple(drawn), lesions=(lesion,))
    (tmp_path / "session.json").write_text(session_to_json(session), "utf-8")
    return tmp_path


def measured(folder: Path, *more: str) -> dict[str, Any]:
    out = folder / "out.json"
    assert run(["measure", str(folder), "--session", str(folder / "session.json"), "--json", str(out), *more]) == 0
    document: dict[str, Any] = json.loads(out.read_text("utf-8"))
    schema = json.loads(files("resources").joinpath("schemas/measure.schema.json").read_text("utf-8"))
    jsonschema.validate(document, schema)
    return document


def test_values_lesions_and_response(two_studies: Path) -> None:
    document = measured(two_studies)
    by_name = {one["identifier"]: one for one in document["measurements"]}
    assert [value["rounded"] for value in by_name["L1"]["values"]] == [16.0, 8.0]
    assert by_name["gone"]["reason"] == "images_not_open"
    slice_of = {dcmread(path).SOPInstanceUID: dcmread(path) for path in (two_studies / "images0").iterdir()}
    image = slice_of[by_name["R0"]["sop_instance_uid"]]
    inside = image.pixel_array[2:7, 2:5] * float(image.RescaleSlope) + float(image.RescaleIntercept)
    values = {value["name"]: value["value"] for value in by_name["R0"]["values"]}
    assert values["mean"] == pytest.approx(np.mean(inside))
    assert values["standard_deviation"] == pytest.approx(np.std(inside))
    assert values["area"] == pytest.approx(2.0)
    (lesion,) = document["lesions"]
    assert [cell["diameter_mm"] for cell in lesion["time_points"]] == [12.0, 16.0]
    change = lesion["time_points"][1]["from_previous"]
    assert (change["days"], change["absolute_mm"]) == (91, 4.0)
    assert change["rules"] == {"fleischner": True, "lung_rads": True}
    assert [one["overall"] for one in document["response"]] == ["baseline", "SD"]


def test_one_series_only(two_studies: Path) -> None:
    whole = measured(two_studies)["measurements"]
    uid = whole[0]["series_uid"]
    assert {one["identifier"] for one in measured(two_studies, "--series", uid)["measurements"]} == {"L0", "R0"}


def test_a_structured_report_says_every_value(two_studies: Path) -> None:
    out = two_studies / "report.dcm"
    session = two_studies / "session.json"
    assert run(["export", str(two_studies), "--session", str(session), "--sr", str(out)]) == 0
    report = dcmread(out)
    assert report.Modality == "SR"
    assert report.StudyDate == "20240402"  # filed with the newest study
    numbers: list[float] = []
    tracking: set[str] = set()

    def walk(item: Any, in_group: bool = False) -> None:
        in_group = in_group or item.ConceptNameCodeSequence[0].CodeValue == "125007"
        if item.get("ValueType") == "NUM" and in_group:
            numbers.append(float(item.MeasuredValueSequence[0].NumericValue))
        if item.get("ValueType") == "UIDREF" and item.ConceptNameCodeSequence[0].CodeValue == "112040":
            tracking.add(str(item.UID))
        for child in item.get("ContentSequence", []):
            if "ConceptNameCodeSequence" in child:
                walk(child, in_group)

    walk(report)
    assert {12.0, 16.0, 8.0} <= set(numbers)
    assert len(numbers) == 2 * (2 + 6)
    assert _LESION in tracking
    assert len(tracking) == 3
    validator = shutil.which("dciodvfy")
    if validator:
        said = subprocess.run([validator, str(out)], capture_output=True, text=True, check=False)
        errors = [line for line in said.stderr.splitlines() if line.startswith("Error")]
        assert errors == []


def test_presentation_states_hold_what_was_drawn_one_for_each_study(two_studies: Path) -> None:
    folder = two_studies / "states"
    assert run(["export", str(two_studies), "--session", str(two_studies / "session.json"), "--gsps", str(folder)]) == 0
    states = [dcmread(path) for path in sorted(folder.iterdir())]
    assert [state.StudyDate for state in states] == ["20240402", "20240102"]
    for state, long_mm in zip(states, (16.0, 12.0), strict=True):
        drawn = {
            tuple(float(value) for value in graphic.GraphicData)
            for annotation in state.GraphicAnnotationSequence
            for graphic in annotation.GraphicObjectSequence
        }
        # Millimetres over a spacing of 0.5 mm, from the corner of the first pixel.
        assert (4.5, 16.5, (2.0 + long_mm) / 0.5 + 0.5, 16.5) in drawn
        texts = [str(one.TextObjectSequence[0].UnformattedTextValue) for one in state.GraphicAnnotationSequence]
        assert f"{long_mm:.1f} mm x 8.0 mm" in texts
    validator = shutil.which("dciodvfy")
    for path in folder.iterdir() if validator else ():
        said = subprocess.run([str(validator), str(path)], capture_output=True, text=True, check=False)
        assert [line for line in said.stderr.splitlines() if line.startswith("Error")] == []


def test_csv_holds_three_tables_and_no_formula(two_studies: Path) -> None:
    session = json.loads((two_studies / "session.json").read_text("utf-8"))
    session["lesions"][0]["label"] = "=1+1"
    (two_studies / "session.json").write_text(json.dumps(session), "utf-8")
    out = two_studies / "table.csv"
    assert run(["export", str(two_studies), "--session", str(two_studies / "session.json"), "--csv", str(out)]) == 0
    text = out.read_text("utf-8-sig")
    assert text.count("\nstudy_date,sum_mm,") == 1
    rows = list(csv.reader(io.StringIO(text)))
    assert ["'=1+1", "target", "no", "2024-04-02", "16.0", "16.0", "8.0", "4.0", "33", "91"] in [
        row[:10] for row in rows
    ]


def test_export_says_what_it_wrote(two_studies: Path) -> None:
    out, said = two_studies / "table.csv", two_studies / "said.json"
    arguments = [str(two_studies), "--session", str(two_studies / "session.json"), "--csv", str(out)]
    assert run(["export", *arguments, "--json", str(said)]) == 0
    document = json.loads(said.read_text("utf-8"))
    check_document(document, "export")
    assert document["written"] == [str(out)]


def test_wrong_use(two_studies: Path, capsys: pytest.CaptureFixture[str]) -> None:
    session = str(two_studies / "session.json")
    assert run(["export", str(two_studies), "--session", session]) == 2
    assert run(["measure", str(two_studies), "--session", str(two_studies / "none.json")]) == 1
    assert "cannot read the session file" in capsys.readouterr().err
    empty = two_studies / "empty.json"
    empty.write_text(session_to_json(ComparisonSession()), "utf-8")
    assert run(["export", str(two_studies), "--session", str(empty), "--sr", str(two_studies / "x.dcm")]) == 1
    assert not (two_studies / "x.dcm").exists()
