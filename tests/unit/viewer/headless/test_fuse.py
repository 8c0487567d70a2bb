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
import SimpleITK
from PIL import Image

from compare.linking.frame_graph import RigidTransform
from compare.pet.fusion_pairs import pairs_of
from compare.reformat.stack_grid import grid_of
from compare.registration.transform_file import TransformUnreadable, write_transform
from loaders.errors import WorldError
from loaders.model.stack import Stack
from loaders.model.study import Study
from loaders.progress import CancelToken, no_progress
from loaders.stores.local_folder import LocalFolder
from tests.support.dicom_files import SeriesRecipe, dataset_bytes, uid, write_series
from tests.support.dicom_objects import rigid_registration
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


def _turned_to_overlay() -> RigidTransform:
    """From base to overlay: a quarter turn about the body's axis and a shift."""
    matrix = np.array([[0.0, -1.0, 0.0, 0.0], [1.0, 0.0, 0.0, 0.0], [0.0, 0.0, 1.0, 0.0], [0.0, 0.0, 0.0, 1.0]])
    middle = np.array((-75.0, -55.0, 44.0))
    matrix[:3, 3] = middle + np.array((2.0, -3.0, 1.0)) - matrix[:3, :3] @ middle
    return RigidTransform(matrix)


def test_a_transform_carries_the_overlay_across_frames_of_reference(tmp_path: Path) -> None:
    folder, values = tmp_path / "in", tmp_path / "suv.npy"
    write_series(folder, CT)
    write_pet(folder, replace(PetRecipe(), overrides={"FrameOfReferenceUID": "1.2.3.4"}))
    transform = _turned_to_overlay()
    write_transform(transform, tmp_path / "rigid.h5")
    written = fuse(folder, "--transform", str(tmp_path / "rigid.h5"), "--values", str(values), "--position", "44")
    assert written["registration"] == "rigid, from rigid.h5"
    shown = np.load(values)
    pet = stack_of(folder, "pet")
    grid = grid_of(pet)
    origin, right, down = (np.asarray(written[name]) for name in ("origin_lps_mm", "right_lps", "down_lps"))
    rows, columns = np.mgrid[: shown.shape[0], : shown.shape[1]]
    step = written["mm_per_pixel"]
    points = origin + step * (columns[..., None] * right + rows[..., None] * down)
    # The oracle goes the other way: it takes each pixel into the overlay's own space.
    indices = grid.indices_of(transform.map_points(points.reshape(-1, 3)))
    inside = np.all((indices >= -0.49) & (indices <= np.asarray(grid.shape_zyx[::-1]) - 0.51), axis=1)
    np.testing.assert_array_equal(np.isfinite(shown.ravel())[inside], True)
    column = np.rint(indices[:, 0])
    is_flat = inside & (np.abs(indices[:, 0] - column) < 0.4)
    band = np.asarray((0.2, 1.0, 4.0))[np.clip(column[is_flat].astype(int) // 4, 0, 2)]
    near_edge = np.isin(column[is_flat].astype(int) % 4, (0, 3))
    np.testing.assert_allclose(shown.ravel()[is_flat][~near_edge], band[~near_edge], rtol=1e-3)
    assert (~near_edge).sum() > 50


@pytest.mark.parametrize("is_forward", [True, False])
def test_a_registration_object_carries_it_too_either_way_round(tmp_path: Path, *, is_forward: bool) -> None:
    folder, expected, values = tmp_path / "in", tmp_path / "itk.npy", tmp_path / "reg.npy"
    write_series(folder, replace(CT, overrides={"FrameOfReferenceUID": uid("ours")}))
    write_pet(folder, replace(PetRecipe(), overrides={"FrameOfReferenceUID": uid("theirs")}))
    transform = _turned_to_overlay()
    write_transform(transform, tmp_path / "rigid.h5")
    matrix = transform.matrix if is_forward else transform.inverse().matrix
    names = ("ours", "theirs") if is_forward else ("theirs", "ours")
    (tmp_path / "reg").mkdir()
    (tmp_path / "reg" / "reg.dcm").write_bytes(dataset_bytes(rigid_registration(*names, matrix)))
    fuse(folder, "--transform", str(tmp_path / "rigid.h5"), "--values", str(expected))
    written = fuse(folder, "--transform", str(tmp_path / "reg"), "--values", str(values))
    assert written["registration"].startswith("rigid, from ")
    np.testing.assert_allclose(np.load(values), np.load(expected), atol=1e-4)


@pytest.mark.parametrize("kind", ["scaled", "bent", "none"])
def test_a_transform_that_is_not_rigid_is_refused(tmp_path: Path, kind: str) -> None:
    folder, file = tmp_path / "in", tmp_path / "other.tfm"
    write_series(folder, CT)
    write_pet(folder, PetRecipe())
    if kind == "scaled":
        SimpleITK.WriteTransform(SimpleITK.ScaleTransform(3, (1.1, 1.0, 1.0)), str(file))
    elif kind == "bent":
        SimpleITK.WriteTransform(
            SimpleITK.BSplineTransformInitializer(SimpleITK.Image(8, 8, 8, 1), [2, 2, 2]), str(file)
        )
    else:
        file.write_text("no transform")
    with pytest.raises(TransformUnreadable):
        fuse(folder, "--transform", str(file))


def stack_of(folder: Path, name: str) -> Stack:
    return next(one.stacks[0] for one in study_of(folder).series if one.uid == series(name))
