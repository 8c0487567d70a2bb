"""The scan verb: its document against the schema, its exit status, and what it says of real scanners' files."""

from __future__ import annotations

import importlib
import importlib.resources
import json
from collections import Counter
from pathlib import Path
from typing import Any

import jsonschema
import numpy as np
import pytest

from loaders.progress import CancelToken, no_progress
from loaders.stores.local_folder import LocalFolder
from tests.support.dicom_files import SeriesRecipe, enhanced_mr, write_series
from tests.support.dicom_files import dataset_bytes as as_file
from tests.support.shared_data import real_path
from viewer.headless.scan import run

_FOLDERS = ("ct", "malformed", "mr", "objects", "pairs", "pet-nm", "syntaxes", "xray-us-other")


def _schema() -> dict[str, Any]:
    text = importlib.resources.files("resources").joinpath("schemas/scan.schema.json").read_text(encoding="utf-8")
    schema: dict[str, Any] = json.loads(text)
    return schema


def _scan(tmp_path: Path, *paths: Path) -> dict[str, Any]:
    target = tmp_path / "scan.json"
    assert run([*map(str, paths), "--json", str(target)]) == 0
    document: dict[str, Any] = json.loads(target.read_text(encoding="utf-8"))
    jsonschema.validate(document, _schema(), cls=jsonschema.Draft202012Validator)
    return document


def _series(document: dict[str, Any]) -> list[dict[str, Any]]:
    return [series for study in document["studies"] for series in study["series"]]


def _shown(document: dict[str, Any]) -> int:
    return sum(series["instances"] for series in _series(document))


def test_the_schema_is_a_schema() -> None:
    jsonschema.Draft202012Validator.check_schema(_schema())


def test_a_series_is_told_as_it_is(tmp_path: Path) -> None:
    write_series(tmp_path / "in", SeriesRecipe(tilt_degrees=12.0))
    (series,) = _series(_scan(tmp_path, tmp_path / "in"))
    assert (series["modality"], series["instances"], series["frames"], series["rows"], series["columns"]) == (
        "CT", 5, 5, 6, 8,
    )  # fmt: skip
    (stack,) = series["stacks"]
    assert stack["spacing_mm"] == pytest.approx([2.5, 0.7, 0.8])
    assert (stack["orientation"], stack["slices"], stack["kind"]) == ("axial", 5, "volume")
    assert stack["warnings"] == ["gantry_tilt"]


def test_classic_and_enhanced_objects_of_one_series_are_not_mixed(tmp_path: Path) -> None:
    recipe = SeriesRecipe(modality="MR")
    folder = tmp_path / "in"
    write_series(folder, recipe)
    (folder / "enhanced.dcm").write_bytes(as_file(enhanced_mr(recipe, [(z, {"b_value": 0.0}) for z in range(5)])))
    (series,) = _series(_scan(tmp_path, folder))
    assert series["instances"] == 6
    assert [(stack["slices"], stack["kind"]) for stack in series["stacks"]] == [(5, "volume"), (5, "volume")]


def test_names_with_their_groups_and_missing_facts(tmp_path: Path) -> None:
    recipe = SeriesRecipe(
        character_set="ISO_IR 192",
        patient_name="CHAN^TAI MAN=陳^大文",
        overrides={"PatientBirthDate": "19991399", "PatientID": None, "StudyDate": ""},
    )
    write_series(tmp_path / "in", recipe)
    (study,) = _scan(tmp_path, tmp_path / "in")["studies"]
    assert study["patient"] == {"name": "CHAN^TAI MAN=陳^大文", "id": "", "birth_date": None, "sex": "F"}
    assert study["date"] is None


def test_a_path_that_is_not_there_ends_in_1_with_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run([str(tmp_path / "gone"), "--json", "-"]) == 1
    captured = capsys.readouterr()
    assert captured.err.startswith("error: source_unreadable: ")
    assert captured.err.count("\n") == 1
    assert captured.out == ""


def test_wrong_arguments_end_in_2() -> None:
    with pytest.raises(SystemExit) as ended:
        run([])
    assert ended.value.code == 2


@pytest.mark.real
@pytest.mark.parametrize("folder", _FOLDERS)
def test_every_real_file_is_shown_or_a_row(folder: str, tmp_path: Path) -> None:
    """Files are counted once, as shown or as a row; rows about shown files or absent ones name themselves."""
    root = real_path(folder)
    document = _scan(tmp_path, root)
    rows = {row["path"] for row in document["problems"] + document["not_displayed"]}
    files = {str(path) for path in root.rglob("*") if path.is_file()}
    assert _shown(document) + len(rows & files) >= len(files)
    shown_and_rows = {row["path"] for row in document["problems"] if "another patient" in row["message"]}
    partly_shown = {row["path"] for row in document["problems"] if row["code"] in {"truncated", "outside_source"}}
    assert _shown(document) + len(rows & files) <= len(files) + len(shown_and_rows) + len(partly_shown)


@pytest.mark.real
def test_real_irregular_cts_are_said(tmp_path: Path) -> None:
    found = {}
    for name in ("ct/d2n-gantry-tilt", "ct/d2n-irregular-spacing", "ct/nlst-lss-toshiba-143", "ct/slicer-cthead-93"):
        for series in _series(_scan(tmp_path, real_path(name))):
            for stack in series["stacks"]:
                found[name, stack["slices"], round(stack["spacing_mm"][0], 2)] = (stack["kind"], set(stack["warnings"]))
    tilt = found["ct/d2n-gantry-tilt", 4, 4.85]
    assert tilt[0] == "volume"
    assert "gantry_tilt" in tilt[1]
    for spacing in (5.0, 0.75):
        kind, warnings = found["ct/d2n-irregular-spacing", 4, spacing]
        assert kind == "stack"
        assert {"uneven_spacing", "missing_slices"} <= warnings
    assert found["ct/nlst-lss-toshiba-143", 90, 2.0] == ("volume", set())
    assert found["ct/slicer-cthead-93", 93, 1.5] == ("volume", {"missing_frame_of_reference"})


@pytest.mark.real
@pytest.mark.parametrize(
    ("folder", "stacks"),
    [
        ("mr/nih-epi-timeseries-ge-siemens/20180918GE", {(15, "volume"): 10}),
        ("mr/mister-mr-ge-sella-3series-sr", {
            (9, "volume"): 2, (8, "stack"): 1, (13, "volume"): 1, (20, "volume"): 1,
        }),
        ("mr/flair-wmh-36-missing-slices", {(36, "stack"): 1}),
        ("mr/philips-elition-enhanced", {(40, "volume"): 6}),
        ("mr/siemens-vida-original", {(25, "volume"): 4}),
        ("pairs/ct-known-change-1/prior", {(114, "volume"): 1}),
    ],
)  # fmt: skip
def test_real_series_are_parted_as_they_were_taken(
    folder: str, stacks: dict[tuple[int, str], int], tmp_path: Path
) -> None:
    series = _series(_scan(tmp_path, real_path(folder)))
    assert Counter((stack["slices"], stack["kind"]) for each in series for stack in each["stacks"]) == stacks


@pytest.mark.real
def test_classic_and_enhanced_of_one_real_series_stay_apart(tmp_path: Path) -> None:
    document = _scan(tmp_path, real_path("mr/philips-elition-classic"), real_path("mr/philips-elition-enhanced"))
    for series in _series(document):
        for stack in series["stacks"]:
            assert "duplicate_positions" not in stack["warnings"]


@pytest.mark.real
def test_a_real_mosaic_claims_no_place(tmp_path: Path) -> None:
    for series in _series(_scan(tmp_path, real_path("mr/nih-epi-timeseries-ge-siemens/20180918Si"))):
        for stack in series["stacks"]:
            assert (stack["orientation"], stack["warnings"]) == ("unknown", ["missing_geometry"])


@pytest.mark.real
@pytest.mark.parametrize("folder", ["pairs/ct-known-change-1/current", "pairs/ms-longitudinal-01/prior"])
def test_geometry_agrees_with_simpleitk(folder: str) -> None:
    root = real_path(folder)
    source = LocalFolder([root])
    catalogue = source.catalogue(on_found=lambda _catalogue: None, progress=no_progress, cancel=CancelToken())
    (stack,) = catalogue.studies[0].series[0].stacks
    assert stack.geometry is not None
    simple_itk: Any = importlib.import_module("SimpleITK")  # it carries no types
    reader = simple_itk.ImageSeriesReader()
    reader.SetFileNames([str(frame.location.file.path) for frame in stack.frames])
    image = reader.Execute()
    assert tuple(reversed(image.GetSize())) == stack.geometry.shape_zyx
    for index in ((0, 0, 0), (3, 7, 11), tuple(size - 1 for size in image.GetSize())):
        ours = stack.geometry.index_to_lps @ [index[2], index[1], index[0], 1]
        np.testing.assert_allclose(ours[:3], image.TransformIndexToPhysicalPoint(index), atol=0.01)
