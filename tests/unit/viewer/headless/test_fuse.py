"""The verb ``fuse``: what it lays over what, and what it refuses."""

from __future__ import annotations

import json
from dataclasses import replace
from importlib.resources import files
from pathlib import Path
from typing import Any

import jsonschema
import numpy as np
import pytest
from PIL import Image

from compare.pet.fusion_pairs import pairs_of
from loaders.errors import WorldError
from loaders.model.study import Study
from loaders.progress import CancelToken, no_progress
from loaders.stores.local_folder import LocalFolder
from tests.support.dicom_files import SeriesRecipe, uid, write_series
from tests.support.pet_objects import PetRecipe, write_pet
from tests.support.shared_data import real_path
from viewer.headless.fuse import run
from viewer.rendering.colour_maps import colour_table

CT = SeriesRecipe(name="ct", slices=8, rows=50, columns=60, spacing_mm_zyx=(2.0, 1.0, 1.0))


def series(name: str) -> str:
    return uid(f"study/{name}")


def fuse(folder: Path, *arguments: str, base: str = "ct", overlay: str = "pet", plane: str = "axial") -> dict[str, Any]:
    out, document = folder.parent / "fused.png", folder.parent / "fused.json"
    named = ["--base", series(base), "--overlay", series(overlay), "--plane", plane]
    assert run([str(folder), *named, *arguments, "--out", str(out), "--json", str(document)]) == 0
    written: dict[str, Any] = json.loads(document.read_text("utf-8"))
    schema = json.loads(files("resources").joinpath("schemas/fuse.schema.json").read_text("utf-8"))
    jsonschema.validate(written, schema, cls=jsonschema.Draft202012Validator)
    return written


def test_pet_in_suv_over_ct(tmp_path: Path) -> None:
    folder = tmp_path / "in"
    write_series(folder, CT)
    write_pet(folder, PetRecipe())
    values = tmp_path / "suv.npy"
    arguments = ["--position", "44", "--window", "0", "100000", "--threshold", "0.5", "--values", str(values)]
    written = fuse(folder, *arguments, "--opacity", "1", "--map", "pet")
    assert written["unit"] == "SUVbw"
    assert written["size"] == [60, 50]
    suv = np.load(values)
    # The bands of the reference object: 0.2, 1 and 4 SUV, each four columns of 4 mm, from the same corner as the CT.
    assert suv[20, 2] == pytest.approx(0.2, rel=1e-3)
    assert suv[20, 22] == pytest.approx(1.0, rel=1e-3)
    assert suv[20, 40] == pytest.approx(4.0, rel=1e-3)
    picture = np.asarray(Image.open(tmp_path / "fused.png"))
    assert len(set(picture[20, 2].tolist())) == 1  # grey below the threshold
    np.testing.assert_array_equal(picture[20, 40], colour_table("pet")[204])  # 4 of 5 SUV, fully opaque


def test_without_suv_the_native_unit_is_named(tmp_path: Path) -> None:
    folder = tmp_path / "in"
    write_series(folder, CT)
    write_pet(folder, replace(PetRecipe(), overrides={"PatientWeight": None}))
    written = fuse(folder, plane="coronal")
    assert written["unit"] == "Bq/ml"
    assert any("(0010,1030)" in note for note in written["notes"])


@pytest.mark.parametrize(
    ("pet", "ct", "reason"),
    [
        ({"FrameOfReferenceUID": "1.2.3.4"}, {}, "different frames of reference"),
        ({"FrameOfReferenceUID": None}, {}, "no frame of reference"),
        ({}, {"FrameOfReferenceUID": None}, "no frame of reference"),
    ],
)
def test_never_across_frames_of_reference(tmp_path: Path, pet: dict[str, Any], ct: dict[str, Any], reason: str) -> None:
    folder = tmp_path / "in"
    write_series(folder, replace(CT, overrides=ct))
    write_pet(folder, replace(PetRecipe(), overrides=pet))
    with pytest.raises(WorldError, match=reason):
        fuse(folder)


def test_only_uptake_on_anatomy(tmp_path: Path) -> None:
    folder = tmp_path / "in"
    write_series(folder, CT)
    write_pet(folder, PetRecipe())
    with pytest.raises(WorldError, match="CT on PT"):
        fuse(folder, base="pet", overlay="ct")
    with pytest.raises(WorldError, match="no series"):
        fuse(folder, overlay="other")


def test_without_names_the_best_pair_is_taken(tmp_path: Path) -> None:
    folder = tmp_path / "in"
    write_series(folder / "ct", CT)
    write_series(folder / "other", replace(CT, name="other", frame_of_reference="elsewhere"))
    out, document = tmp_path / "fused.png", tmp_path / "fused.json"
    common = ["--plane", "axial", "--out", str(out), "--json", str(document)]
    with pytest.raises(WorldError, match="no PET or NM"):
        run([str(folder), *common])
    write_pet(folder / "pet", PetRecipe())
    assert run([str(folder), *common]) == 0
    written = json.loads(document.read_text("utf-8"))
    assert (written["base"], written["overlay"]) == (series("ct"), series("pet"))
    with pytest.raises(WorldError, match="no PET or NM"):
        run([str(folder), *common, "--base", series("other")])


def study_of(folder: Path) -> Study:
    source = LocalFolder([folder])
    try:
        catalogue = source.catalogue(on_found=lambda _found: None, progress=no_progress, cancel=CancelToken())
    finally:
        source.close()
    return catalogue.studies[0]


def test_the_corrected_series_is_proposed_first(tmp_path: Path) -> None:
    write_series(tmp_path / "ct", CT)
    write_series(tmp_path / "far", replace(CT, name="far", origin_lps_mm=(500.0, 0.0, 900.0)))
    write_series(tmp_path / "other", replace(CT, name="other", frame_of_reference="elsewhere"))
    write_pet(tmp_path / "ac", PetRecipe())
    uncorrected = {"SeriesInstanceUID": "1.2.9", "CorrectedImage": ["NORM", "DECY"]}
    slices = {index: {"SOPInstanceUID": f"1.2.9.{index + 1}"} for index in range(len(PetRecipe().bed_starts_s))}
    write_pet(tmp_path / "nac", replace(PetRecipe(), overrides=uncorrected, of_slice=slices))
    pairs = pairs_of(study_of(tmp_path))
    assert [(pair.anatomy.key.series_uid, pair.is_attenuation_corrected) for pair in pairs] == [
        (series("ct"), True),
        (series("ct"), False),
    ]
    assert pairs[0].uptake.key.series_uid == series("pet")
    assert pairs[0].overlap > 0.9


@pytest.mark.real
def test_a_real_pet_ct_makes_one_pair() -> None:
    pairs = pairs_of(study_of(real_path("pet-nm/acrin-nsclc-fdg-pet-042")))
    assert [(len(pair.anatomy.frames), len(pair.uptake.frames)) for pair in pairs] == [(47, 47)]
    assert pairs[0].is_attenuation_corrected
    assert pairs[0].overlap > 0.5
