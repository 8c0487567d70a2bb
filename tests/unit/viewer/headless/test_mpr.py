"""The verb ``mpr``: values, picture and document of planes, on made and on real series."""

from __future__ import annotations

import importlib
import json
from importlib.resources import files
from pathlib import Path
from typing import Any

import jsonschema
import numpy as np
import pydicom
import pytest
from PIL import Image

from loaders.errors import WorldError
from tests.support.dicom_files import SeriesRecipe, write_series
from tests.support.shared_data import real_path
from viewer.headless.mpr import run

simple_itk: Any = importlib.import_module("SimpleITK")  # it carries no types
AXIAL = ["--normal", "0", "0", "1", "--up", "0", "-1", "0"]


def schema() -> dict[str, Any]:
    stored: dict[str, Any] = json.loads(files("resources").joinpath("schemas/mpr.schema.json").read_text("utf-8"))
    return stored


def test_an_axial_plane_through_a_slice_is_that_slice(tmp_path: Path) -> None:
    recipe = SeriesRecipe(spacing_mm_zyx=(2.0, 1.0, 1.0))
    paths = write_series(tmp_path / "ct", recipe)
    origin = [str(value) for value in recipe.position_lps_mm(2)]
    values, picture, document = tmp_path / "values.npy", tmp_path / "picture.png", tmp_path / "mpr.json"
    arguments = ["--origin", *origin, *AXIAL, "--size", "10", "6", "--mm-per-pixel", "1"]
    outputs = ["--values", str(values), "--out", str(picture), "--json", str(document)]
    assert run([str(tmp_path / "ct"), *arguments, *outputs]) == 0
    found = np.load(values)
    assert found.shape == (6, 10)
    dataset = pydicom.dcmread(paths[2])
    np.testing.assert_allclose(found[:, :8], dataset.pixel_array + dataset.RescaleIntercept, atol=0.02)
    assert np.isnan(found[:, 8:]).all()
    grey = np.asarray(Image.open(picture))
    assert grey.shape == (6, 10)
    assert not grey[:, 8:].any()
    written = json.loads(document.read_text("utf-8"))
    jsonschema.validate(written, schema(), cls=jsonschema.Draft202012Validator)
    assert written["unit"] == "HU"
    assert written["notes"] == []


def test_a_tilted_series_says_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_series(tmp_path / "ct", SeriesRecipe(tilt_degrees=15.0))
    arguments = ["--origin", "-100", "-80", "42", *AXIAL, "--size", "5", "5", "--mm-per-pixel", "1"]
    assert run([str(tmp_path / "ct"), *arguments, "--values", str(tmp_path / "v.npy")]) == 0
    assert "gantry was tilted by 15.0 degrees" in capsys.readouterr().err


def test_what_cannot_be_reformatted_is_refused(tmp_path: Path) -> None:
    write_series(tmp_path / "ct", SeriesRecipe(overrides={"ImagePositionPatient": None}))
    arguments = ["--origin", "0", "0", "0", *AXIAL, "--size", "5", "5", "--mm-per-pixel", "1"]
    with pytest.raises(WorldError, match="cannot be reformatted"):
        run([str(tmp_path / "ct"), *arguments, "--values", str(tmp_path / "v.npy")])


@pytest.mark.parametrize(
    "wrong",
    [
        ["--normal", "0", "0", "1", "--up", "0", "0", "1", "--size", "5", "5", "--mm-per-pixel", "1"],
        [*AXIAL, "--size", "0", "5", "--mm-per-pixel", "1"],
        [*AXIAL, "--size", "5", "99999", "--mm-per-pixel", "1"],
        [*AXIAL, "--size", "5", "5", "--mm-per-pixel", "0"],
        [*AXIAL, "--size", "5", "5", "--mm-per-pixel", "1", "--slab", "-3"],
    ],
)
def test_planes_that_are_none(tmp_path: Path, wrong: list[str]) -> None:
    with pytest.raises(SystemExit):
        run([str(tmp_path), "--origin", "0", "0", "0", *wrong, "--values", str(tmp_path / "v.npy")])


@pytest.mark.real
def test_a_real_chest_is_cut_as_simpleitk_cuts_it(tmp_path: Path) -> None:
    folder = real_path("ct/nlst-lss-toshiba-143")
    every = [pydicom.dcmread(path) for path in folder.rglob("*.dcm")]
    datasets = [ds for ds in every if ds.get("Modality") == "CT"]
    datasets.sort(key=lambda ds: float(ds.ImagePositionPatient[2]))
    image = simple_itk.GetImageFromArray(np.stack([ds.pixel_array for ds in datasets]).astype(np.float32))
    first, last = datasets[0], datasets[-1]
    step = (last.ImagePositionPatient[2] - first.ImagePositionPatient[2]) / (len(datasets) - 1)
    image.SetOrigin([float(value) for value in first.ImagePositionPatient])
    image.SetSpacing((float(first.PixelSpacing[1]), float(first.PixelSpacing[0]), float(step)))
    target = simple_itk.Image(300, 200, 1, simple_itk.sitkFloat32)
    centre = image.TransformContinuousIndexToPhysicalPoint((256.0, 256.0, 45.0))
    normal, down = np.array((0.36, 0.48, 0.8)), np.array((-0.8, 0.6, 0.0))
    right = np.cross(down, normal)
    origin = np.asarray(centre) - 150 * 0.8 * right - 100 * 0.8 * down
    target.SetOrigin(origin.tolist())
    target.SetSpacing((0.8, 0.8, 1.0))
    target.SetDirection(np.stack([right, down, normal], axis=1).reshape(-1).tolist())
    theirs = simple_itk.GetArrayFromImage(simple_itk.Resample(image, target, defaultPixelValue=float("nan")))[0]
    theirs = theirs * float(first.RescaleSlope) + float(first.RescaleIntercept)
    numbers = [*("--origin", *map(str, origin)), *("--normal", *map(str, normal)), *("--up", *map(str, -down))]
    sizes = ["--size", "300", "200", "--mm-per-pixel", "0.8", "--values", str(tmp_path / "v.npy")]
    assert run([str(folder), *numbers, *sizes, "--out", str(tmp_path / "p.png")]) == 0
    ours = np.load(tmp_path / "v.npy")
    both = ~np.isnan(ours) & ~np.isnan(theirs)
    assert both.sum() > 30_000
    assert np.abs(ours - theirs)[both].mean() < 0.1
    assert np.abs(ours - theirs)[both].max() < 1.0
