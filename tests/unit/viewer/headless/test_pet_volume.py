"""The verbs ``pet-volume`` and ``percist``: documents, thresholds, and what they refuse."""

from __future__ import annotations

import json
from dataclasses import replace
from importlib.resources import files
from pathlib import Path
from typing import Any

import jsonschema
import numpy as np
import pydicom
import pytest

from loaders.errors import WorldError
from tests.support.pet_objects import PetRecipe, write_pet
from tests.support.shared_data import real_path
from viewer.headless import percist as percist_verb
from viewer.headless.pet_volume import run

LARGE = replace(PetRecipe(), bed_starts_s=(0.0,) * 12, spacing_mm_zyx=(4.0, 4.0, 4.0))
#: In the band of 4 SUV of the reference object, four columns of 4 mm.
HOT = ["--seed", "-62", "-58", "60"]
#: In the band of 0.2 SUV.
COLD = ["-94", "-58", "60"]


def valid(document: Path, name: str) -> dict[str, Any]:
    written: dict[str, Any] = json.loads(document.read_text("utf-8"))
    schema = json.loads(files("resources").joinpath(f"schemas/{name}.schema.json").read_text("utf-8"))
    jsonschema.validate(written, schema, cls=jsonschema.Draft202012Validator)
    return written


def measured(folder: Path, *arguments: str, name: str = "volume.json") -> dict[str, Any]:
    out = folder.parent / name
    assert run([str(folder), *arguments, "--json", str(out)]) == 0
    return valid(out, "pet-volume")


@pytest.mark.parametrize("threshold", ["41%", "2.5"])
def test_a_band_of_known_uptake(tmp_path: Path, threshold: str) -> None:
    folder = write_pet(tmp_path / "pet", LARGE)
    found = measured(folder, *HOT, "--threshold", threshold)
    assert found["type"] == "SUVbw"
    assert found["max"] == pytest.approx(4.0, rel=1e-3)
    assert found["mean"] == pytest.approx(4.0, rel=1e-3)
    assert found["voxels"] == 12 * 12 * 4
    assert found["mtv_ml"] == pytest.approx(12 * 12 * 4 * 0.064)
    assert found["tlg"] == pytest.approx(found["mtv_ml"] * 4.0, rel=1e-3)
    # A sphere of 12.4 mm fits into the band of 16 mm.
    assert found["peak"]["highest"] == pytest.approx(4.0, rel=1e-3)
    assert found["sul_peak"]["highest"] == pytest.approx(4.0 * 58.08369 / 75.0, rel=2e-3)
    assert found["uptake_minutes"] == pytest.approx(60.0)
    assert found["touches_edge"]


def test_percist_threshold_from_the_liver(tmp_path: Path) -> None:
    folder = write_pet(tmp_path / "pet", LARGE)
    found = measured(folder, *HOT, "--threshold", "percist", "--liver", *COLD)
    assert found["type"] == "SUVlbm-janmahasatian"
    mean, deviation = found["liver"]["mean"], found["liver"]["sd"]
    assert found["threshold"]["lowest"] == pytest.approx(1.5 * mean + 2.0 * deviation)


def test_shares_work_in_native_units_and_suv_thresholds_do_not(tmp_path: Path) -> None:
    folder = write_pet(tmp_path / "pet", replace(LARGE, overrides={"PatientWeight": None}))
    found = measured(folder, *HOT, "--threshold", "41%")
    assert (found["available"], found["unit"], found["type"]) == (False, "Bq/ml", None)
    assert "(0010,1030)" in found["reason"]
    assert found["sul_peak"]["highest"] is None
    with pytest.raises(WorldError, match="0010,1030"):
        measured(folder, *HOT, "--threshold", "2.5")


@pytest.mark.parametrize("threshold", ["much", "-3", "141%", "0", "percist", "nan"])
def test_thresholds_that_are_none(tmp_path: Path, threshold: str) -> None:
    with pytest.raises(SystemExit):
        run([str(tmp_path), *HOT, f"--threshold={threshold}"])


def test_response_between_two_dates(tmp_path: Path) -> None:
    first = write_pet(tmp_path / "first", LARGE)
    arguments = [*HOT, "--threshold", "41%", "--type", "SUVlbm-janmahasatian", "--liver", *COLD]
    measured(first, *arguments, name="first.json")
    # Twice the dose for the same pictures: half the uptake.
    second = write_pet(tmp_path / "second", replace(LARGE, administration={"RadionuclideTotalDose": "700000000"}))
    measured(second, *arguments, name="second.json")
    table = tmp_path / "percist.json"
    both = ["--baseline", str(tmp_path / "first.json"), "--follow-up", str(tmp_path / "second.json")]
    assert percist_verb.run([*both, "--json", str(table)]) == 0
    written = valid(table, "percist")
    assert written["response"] == "PMR"
    assert written["changes"][0]["relative"] == pytest.approx(-0.5, abs=1e-3)
    assert {check["name"]: check["is_met"] for check in written["checks"]} == {
        "liver, mean SUL": False,  # it halved, too: no two comparable scans
        "uptake time, minutes": True,
        "scanner": True,
        "reconstruction": None,
    }
    assert percist_verb.run([*both, "--new-lesion", "--json", str(table)]) == 0
    assert valid(table, "percist")["response"] == "PMD"
    assert percist_verb.run([*both, "--resolved", "--json", str(table)]) == 0
    assert valid(table, "percist")["response"] == "CMR"
    with pytest.raises(WorldError, match="pet-volume"):
        percist_verb.run(["--baseline", str(table), "--follow-up", str(table)])
    (tmp_path / "broken.json").write_text("{", encoding="utf-8")
    with pytest.raises(WorldError, match="JSON"):
        percist_verb.run(["--baseline", str(tmp_path / "broken.json"), "--follow-up", str(table)])


@pytest.mark.real
def test_a_real_lesion_by_numpy_and_pydicom(tmp_path: Path) -> None:
    folder = real_path("pet-nm/acrin-nsclc-fdg-pet-042")
    every = [pydicom.dcmread(path) for path in folder.rglob("*.dcm")]
    pet = sorted((ds for ds in every if ds.Modality == "PT"), key=lambda ds: float(ds.ImagePositionPatient[2]))
    factor = 91000 / (588802304 * 2 ** (-9527 / 6588))
    suv = np.stack([ds.pixel_array * float(ds.RescaleSlope) for ds in pet]) * factor
    out = tmp_path / "volume.json"
    arguments = [str(folder), "--series", str(pet[0].SeriesInstanceUID), "--seed", "-15", "-35", "0"]
    assert run([*arguments, "--threshold", "41%", "--json", str(out)]) == 0
    found = valid(out, "pet-volume")
    first = pet[0]
    step = float(pet[1].ImagePositionPatient[2]) - float(first.ImagePositionPatient[2])
    at = np.asarray(found["maximum_lps_mm"]) - np.asarray(first.ImagePositionPatient, dtype=float)
    spacing = np.array([float(first.PixelSpacing[1]), float(first.PixelSpacing[0]), step])
    column, row, frame = np.rint(at / spacing).astype(int)
    assert suv[frame, row, column] == pytest.approx(found["max"], rel=1e-5)
    # By another way than labelling: spread from the maximum to touching voxels until nothing is added.
    hot = suv >= 0.41 * suv[frame, row, column]
    grown = np.zeros_like(hot)
    grown[frame, row, column] = True
    while True:
        spread = grown.copy()
        for axis in range(3):
            ahead, behind = np.roll(spread, 1, axis), np.roll(spread, -1, axis)
            spread = spread | ahead | behind
        spread &= hot
        if (spread == grown).all():
            break
        grown = spread
    assert int(grown.sum()) == found["voxels"]
    assert suv[grown].mean() == pytest.approx(found["mean"], rel=1e-5)
    assert grown.sum() * np.prod(spacing) / 1000.0 == pytest.approx(found["mtv_ml"], rel=1e-4)
