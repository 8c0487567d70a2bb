"""Fusion against an independent resampling and blend, and its geometry on balls in the patient."""

from __future__ import annotations

import importlib
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from compare.reformat.covering_plane import covering_plane
from compare.reformat.plane import ReformatPlane, plane_with
from compare.reformat.sampled_volume import SampledVolume, sampled
from loaders.model.display import Window
from tests.support.phantom_stacks import PhantomGeometry, phantom_stack, phantom_volume, textured
from viewer.rendering.colour_maps import COLOUR_MAP_NAMES, colour_table
from viewer.rendering.fusion import FusionLook, colour_bar, fused
from viewer.rendering.plane_picture import grey_of_values
from viewer.rendering.plane_sampler import PlaneSampler

simple_itk: Any = importlib.import_module("SimpleITK")  # it carries no types

CT = PhantomGeometry(tuple(1.5 * n for n in range(40)), (0.8, 0.8), 80, 90, corner_lps_mm=(-36.0, -32.0, 10.0))
PET = PhantomGeometry(tuple(3.0 * n for n in range(20)), (4.0, 4.0), 18, 20, corner_lps_mm=(-40.0, -35.0, 8.0))
PAIRS = {
    "different matrix": (CT, PET),
    "flipped": (
        CT,
        PhantomGeometry(PET.positions_mm, (4.0, 4.0), 18, 20, (-1.0, 0.0, 0.0), (0.0, -1.0, 0.0), (36.0, 33.0, 8.0)),
    ),
    "coronal uptake": (
        CT,
        PhantomGeometry(PET.positions_mm, (4.0, 4.0), 18, 20, (1.0, 0.0, 0.0), (0.0, 0.0, -1.0), (-38.0, -30.0, 75.0)),
    ),
    "oblique anatomy": (
        PhantomGeometry(CT.positions_mm, (0.8, 0.8), 80, 90, (0.8, 0.6, 0.0), (-0.6, 0.8, 0.0), (-10.0, -45.0, 10.0)),
        PET,
    ),
    "tilted anatomy": (
        PhantomGeometry(CT.positions_mm, (0.8, 0.8), 80, 90, corner_lps_mm=(-36.0, -40.0, 10.0), tilt_degrees=14.0),
        PET,
    ),
}
#: The middle of the balls: on no voxel's centre.
TARGET = np.array((3.3, 1.7, 36.4))


def ball(geometry: PhantomGeometry, radius_mm: float) -> SampledVolume:
    """A blurred ball about the target, by each voxel's place in the patient."""
    stack = phantom_stack(geometry)
    stored = np.zeros((len(geometry.positions_mm), geometry.rows, geometry.columns), dtype=np.int16)
    rows, columns = np.indices(stored.shape[1:])
    for index, frame in enumerate(stack.frames):
        assert frame.plane is not None
        points = (
            np.asarray(frame.plane.origin_lps_mm)
            + columns[..., None] * frame.spacing.column_mm * np.asarray(frame.plane.column_step_lps)
            + rows[..., None] * frame.spacing.row_mm * np.asarray(frame.plane.row_step_lps)
        )
        distance = np.linalg.norm(points - TARGET, axis=-1)
        stored[index] = (1000.0 * np.exp(-0.5 * (distance / radius_mm) ** 2)).astype(np.int16)
    return sampled(phantom_volume(stack, stored))


def centroid_mm(values: NDArray[np.float32], plane: ReformatPlane) -> NDArray[np.float64]:
    weights = np.nan_to_num(values).astype(np.float64)
    weights[weights < 100.0] = 0.0
    rows, columns = np.indices(values.shape)
    total = weights.sum()
    return plane.lps_of(float((columns * weights).sum() / total), float((rows * weights).sum() / total))


@pytest.mark.parametrize("pair", PAIRS)
@pytest.mark.parametrize("name", ["axial", "coronal", "sagittal"])
def test_both_show_one_place_within_half_a_pet_voxel(pair: str, name: str) -> None:
    anatomy, uptake = (ball(geometry, 5.0) for geometry in PAIRS[pair])
    position = TARGET[{"axial": 2, "coronal": 1, "sagittal": 0}[name]]
    plane = covering_plane(anatomy.grid, name, float(position))
    sampler = PlaneSampler()
    places = [centroid_mm(sampler.sample(each, plane), plane) for each in (anatomy, uptake)]
    assert np.linalg.norm(places[0] - TARGET) < 0.4
    assert np.linalg.norm(places[1] - TARGET) < 2.0  # half of 4 mm
    assert np.linalg.norm(places[0] - places[1]) < 1.0


def test_an_axial_plane_has_the_raster_of_its_slices() -> None:
    grid = sampled(phantom_volume(phantom_stack(CT), textured((40, 80, 90)))).grid
    plane = covering_plane(grid, "axial", 10.0)
    assert (plane.width, plane.height, plane.mm_per_pixel) == (90, 80, 0.8)
    np.testing.assert_allclose(plane.origin_lps_mm, CT.origin_lps_mm(0.0), atol=1e-9)
    with pytest.raises(ValueError, match="diagonal"):
        covering_plane(grid, "diagonal")


def itk_image(geometry: PhantomGeometry, stored: NDArray[np.int16]) -> Any:
    image = simple_itk.GetImageFromArray(stored.astype(np.float32))
    row_mm, column_mm = geometry.spacing_mm_yx
    image.SetOrigin(geometry.origin_lps_mm(geometry.positions_mm[0]).tolist())
    image.SetSpacing((column_mm, row_mm, geometry.positions_mm[1] - geometry.positions_mm[0]))
    axes = np.stack([geometry.column_step_lps, geometry.row_step_lps, geometry.normal_lps], axis=1)
    image.SetDirection(axes.reshape(-1).tolist())
    return image


@pytest.mark.parametrize("colour_map", COLOUR_MAP_NAMES)
@pytest.mark.parametrize("direction", [((0.0, 0.0, 1.0), (0.0, -1.0, 0.0)), ((0.3, -0.5, 0.8), (0.0, -1.0, 0.2))])
def test_pixels_are_those_of_an_independent_blend(
    colour_map: str, direction: tuple[tuple[float, float, float], tuple[float, float, float]]
) -> None:
    ct, pet = textured((40, 80, 90), 1), np.abs(textured((20, 18, 20), 2))
    volumes = [sampled(phantom_volume(phantom_stack(g), v.copy())) for g, v in ((CT, ct), (PET, pet))]
    plane = plane_with((-30.0, -25.0, 30.0), *direction, width=70, height=60, mm_per_pixel=0.9)
    look = FusionLook(20.0, 500.0, 60.0, 0.4, colour_map)
    sampler = PlaneSampler()
    anatomy, uptake = (sampler.sample(volume, plane) for volume in volumes)
    frame = phantom_stack(CT).frames[0]
    window = Window(40.0, 400.0)
    ours = fused(grey_of_values(anatomy, frame, window), uptake, look)

    target = simple_itk.Image(plane.width, plane.height, 1, simple_itk.sitkFloat32)
    target.SetOrigin(plane.origin_lps_mm)
    target.SetSpacing((0.9, 0.9, 1.0))
    axes = np.stack([plane.right_lps, plane.down_lps, plane.normal_lps], axis=1)
    target.SetDirection(axes.reshape(-1).tolist())
    layers = [
        simple_itk.GetArrayFromImage(simple_itk.Resample(itk_image(g, v), target, defaultPixelValue=float("nan")))[0]
        for g, v in ((CT, ct), (PET, pet))
    ]
    # PS3.3 C.11.2.1.2.1, written out here once more.
    grey = np.clip(((layers[0] - (40.0 - 0.5)) / (400.0 - 1.0) + 0.5) * 255.0, 0.0, 255.0)
    grey = np.where(np.isnan(layers[0]), 0.0, grey)
    table = colour_table(colour_map).astype(float)
    place = np.clip((np.nan_to_num(layers[1]) - 20.0) / 480.0, 0.0, 1.0) * 255.0
    colour = np.stack([np.interp(place, np.arange(256), table[:, channel]) for channel in range(3)], axis=-1)
    share = np.where(np.nan_to_num(layers[1], nan=-1.0) >= 60.0, 0.4, 0.0)[..., None]
    theirs = (1.0 - share) * grey[..., None] + share * colour
    # Where the uptake is at the very threshold, rounding may decide either way.
    is_clear = np.abs(np.nan_to_num(layers[1], nan=-1.0) - 60.0) > 0.5
    difference = np.abs(ours.astype(float) - theirs)[is_clear]
    assert difference.max() <= 2.0
    assert 0.2 < share.astype(bool).mean() < 0.9


def test_the_bar_is_painted_with_the_same_table() -> None:
    look = FusionLook(0.0, 5.0, 1.0, 1.0, "pet")
    bar = colour_bar(look, height=256, width=10)
    assert [value for _, value in bar.ticks] == pytest.approx([5.0, 2.5, 0.0], abs=0.02)
    np.testing.assert_array_equal(bar.pixels[0, 0], colour_table("pet")[255])
    assert not bar.pixels[-50:].any()  # below 1.0: transparent, so blank
    values = np.linspace(5.0, 0.0, 256, dtype=np.float32)[:, None]
    np.testing.assert_array_equal(bar.pixels[:, :1], fused(np.zeros((256, 1), np.uint8), values, look))


@pytest.mark.parametrize(
    "wrong", [(5.0, 5.0, 0.0, 0.5, "pet"), (0.0, 5.0, 0.0, 1.5, "pet"), (0.0, 5.0, 0.0, 0.5, "mauve")]
)
def test_looks_that_are_none(wrong: tuple[float, float, float, float, str]) -> None:
    with pytest.raises(ValueError, match=r"window|opacity|mauve"):
        FusionLook(*wrong)
