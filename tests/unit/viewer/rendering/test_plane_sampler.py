"""Planes and slabs against SimpleITK and scipy on the same grid, in every geometry a scanner makes."""

from __future__ import annotations

import importlib
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.interpolate import RegularGridInterpolator

from compare.reformat.plane import ReformatPlane, SlabMode, plane_with
from compare.reformat.sampled_volume import SampledVolume, sampled
from compare.reformat.sampling import sample_plane
from compare.reformat.stack_grid import CannotReformat, GridNote, grid_of
from loaders.model.display import ValueMapping
from loaders.model.frame_validity import FrameState
from loaders.model.units import ValueUnit
from loaders.model.volume import Volume
from tests.support.phantom_stacks import (
    GEOMETRIES,
    UNEVEN,
    PhantomGeometry,
    phantom_stack,
    phantom_volume,
    textured,
)
from viewer.rendering.plane_sampler import PlaneSampler

simple_itk: Any = importlib.import_module("SimpleITK")  # it carries no types

DIRECTIONS = [
    ((0.0, 0.0, 1.0), (0.0, -1.0, 0.0)),
    ((0.0, 1.0, 0.0), (0.0, 0.0, 1.0)),
    ((1.0, 0.0, 0.0), (0.0, 0.0, 1.0)),
    ((0.4, -0.5, 0.77), (0.2, -1.0, 0.1)),
]


def made(geometry: PhantomGeometry) -> tuple[Volume, NDArray[np.int16]]:
    stored = textured((len(geometry.positions_mm), geometry.rows, geometry.columns))
    return phantom_volume(phantom_stack(geometry), stored), stored


def plane_through(whole: SampledVolume, direction: int, shift_mm: float = 0.37) -> ReformatPlane:
    normal, up = DIRECTIONS[direction]
    plane = plane_with((0.0, 0.0, 0.0), normal, up, width=70, height=60, mm_per_pixel=0.55)
    corner = np.asarray(whole.grid.centre_lps_mm) - np.asarray(plane.centre_lps_mm) + shift_mm
    return replace(plane, origin_lps_mm=(float(corner[0]), float(corner[1]), float(corner[2])))


def by_simpleitk(geometry: PhantomGeometry, stored: NDArray[Any], plane: ReformatPlane) -> NDArray[np.float32]:
    """The plane by SimpleITK's linear interpolation; a sheared stack through an affine transform, as ITK needs it."""
    image = simple_itk.GetImageFromArray(stored)
    step = geometry.origin_lps_mm(geometry.positions_mm[1]) - geometry.origin_lps_mm(geometry.positions_mm[0])
    row_mm, column_mm = geometry.spacing_mm_yx
    columns = np.stack(
        [np.asarray(geometry.column_step_lps) * column_mm, np.asarray(geometry.row_step_lps) * row_mm, step], axis=1
    )
    origin = geometry.origin_lps_mm(geometry.positions_mm[0])
    target = simple_itk.Image(plane.width, plane.height, 1, simple_itk.sitkFloat32)
    target.SetOrigin(plane.origin_lps_mm)
    target.SetSpacing((plane.mm_per_pixel, plane.mm_per_pixel, 1.0))
    axes = np.stack([plane.right_lps, plane.down_lps, plane.normal_lps], axis=1)
    target.SetDirection(axes.reshape(-1).tolist())
    lengths = np.linalg.norm(columns, axis=0)
    transform = simple_itk.AffineTransform(3)
    if geometry.tilt_degrees:
        inverse = np.linalg.inv(columns)
        transform.SetMatrix(inverse.reshape(-1).tolist())
        transform.SetTranslation((-inverse @ origin).tolist())
    else:
        image.SetOrigin(origin.tolist())
        image.SetSpacing(lengths.tolist())
        image.SetDirection((columns / lengths).reshape(-1).tolist())
    found = simple_itk.Resample(image, target, transform, simple_itk.sitkLinear, float("nan"), simple_itk.sitkFloat32)
    return np.asarray(simple_itk.GetArrayFromImage(found)[0], dtype=np.float32)


def agree(ours: NDArray[np.float32], theirs: NDArray[np.float32], value_range: float, least: int = 300) -> None:
    both = ~np.isnan(ours) & ~np.isnan(theirs)
    assert both.sum() > least
    # A pixel on the very face of the outermost voxels may be in for one and out for the other.
    assert (np.isnan(ours) != np.isnan(theirs)).sum() <= 0.01 * ours.size
    difference = np.abs(ours[both] - theirs[both])
    assert difference.mean() < 0.1
    assert np.percentile(difference, 99) < 0.001 * value_range


@pytest.mark.parametrize("name", GEOMETRIES)
@pytest.mark.parametrize("direction", range(len(DIRECTIONS)))
def test_planes_are_those_of_simpleitk(name: str, direction: int) -> None:
    geometry = GEOMETRIES[name]
    volume, stored = made(geometry)
    whole = sampled(volume)
    assert np.shares_memory(whole.array, stored)
    plane = plane_through(whole, direction)
    theirs = by_simpleitk(geometry, stored, plane)
    sampler = PlaneSampler()
    agree(sampler.sample(whole, plane), theirs, float(np.ptp(stored)))
    agree(sample_plane(whole, plane), theirs, float(np.ptp(stored)))


@pytest.mark.parametrize("mode", SlabMode)
@pytest.mark.parametrize("name", ["axial", "tilted"])
def test_slabs_are_those_of_stacked_planes(name: str, mode: SlabMode) -> None:
    geometry = GEOMETRIES[name]
    volume, stored = made(geometry)
    whole = sampled(volume)
    plane = replace(plane_through(whole, 3), slab_mm=6.0, mode=mode)
    offsets = np.linspace(-3.0, 3.0, int(np.ceil(6.0 / (whole.grid.finest_mm / 2.0))) + 1)
    layers = np.stack([by_simpleitk(geometry, stored, plane.moved(float(offset))) for offset in offsets])
    is_whole = ~np.isnan(layers).any(axis=0)
    theirs = {
        SlabMode.MIP: layers.max(axis=0),
        SlabMode.MINIP: layers.min(axis=0),
        SlabMode.MEAN: np.trapezoid(layers, offsets, axis=0) / 6.0,
    }[mode]
    for ours in (PlaneSampler().sample(whole, plane), sample_plane(whole, plane)):
        assert is_whole.sum() > 1000
        np.testing.assert_allclose(ours[is_whole], theirs[is_whole], atol=0.25)


@pytest.mark.parametrize("direction", range(len(DIRECTIONS)))
def test_uneven_stacks_are_sampled_where_their_slices_are(direction: int) -> None:
    volume, stored = made(UNEVEN)
    whole = sampled(volume)
    assert not whole.grid.is_even
    assert [note for note, _ in whole.grid.notes] == [GridNote.UNEVEN_SPACING]
    plane = plane_through(whole, direction)
    axes = (
        np.asarray(UNEVEN.positions_mm) + 30.0,
        np.arange(UNEVEN.rows) * 0.7 - 15.0,
        np.arange(UNEVEN.columns) * 0.8 - 20.0,
    )
    field = RegularGridInterpolator(axes, stored.astype(float), bounds_error=False, fill_value=np.nan)
    points = np.array([[plane.lps_of(x, y)[::-1] for x in range(plane.width)] for y in range(plane.height)])
    theirs = field(points)
    ours = PlaneSampler().sample(whole, plane)
    both = ~np.isnan(theirs)
    assert both.sum() > 500
    np.testing.assert_allclose(ours[both], theirs[both], atol=0.01)


def test_nothing_is_invented_in_a_hole_and_a_coarser_part_is_none() -> None:
    hole = PhantomGeometry((0.0, 2.0, 4.0, 6.0, 18.0, 20.0, 22.0))
    volume, _ = made(hole)
    whole = sampled(volume)
    assert whole.grid.holes == (3,)
    values = PlaneSampler().sample(whole, plane_through(whole, 1))
    down_mm = np.array([plane_through(whole, 1).lps_of(0, row)[2] - 30.0 for row in range(60)])
    in_hole, beside = (down_mm > 6.01) & (down_mm < 17.99), (down_mm > 18.01) & (down_mm < 22.0)
    assert np.isnan(values[in_hole]).all()
    assert not np.isnan(values[beside][:, 10:-10]).all()
    assert grid_of(phantom_stack(PhantomGeometry((0.0, 1.0, 2.0, 3.0, 8.0, 13.0, 18.0)))).holes == ()


def test_slopes_that_change_from_slice_to_slice_count_before_interpolation() -> None:
    geometry = GEOMETRIES["axial"]
    volume, stored = made(geometry)
    slopes = 1.0 + 0.3 * np.arange(len(stored))
    frames = tuple(
        replace(frame, values=ValueMapping(float(slope), 5.0, ValueUnit.BECQUEREL_PER_ML))
        for frame, slope in zip(volume.stack.frames, slopes, strict=True)
    )
    scaled = Volume(replace(volume.stack, frames=frames), volume.validity, stored)
    whole = sampled(scaled)
    plane = plane_through(whole, 3)
    finished = (stored * slopes[:, None, None] + 5.0).astype(np.float32)
    theirs = by_simpleitk(geometry, finished, plane)
    ours = PlaneSampler().sample(whole, plane)
    both = ~np.isnan(theirs)
    np.testing.assert_allclose(ours[both], theirs[both], atol=0.5)


def test_a_falling_line_keeps_the_highest_highest() -> None:
    volume, stored = made(GEOMETRIES["axial"])
    frames = tuple(replace(frame, values=ValueMapping(-2.0, 100.0)) for frame in volume.stack.frames)
    whole = sampled(Volume(replace(volume.stack, frames=frames), volume.validity, stored))
    plane = replace(plane_through(whole, 0), slab_mm=8.0, mode=SlabMode.MIP)
    thin = PlaneSampler().sample(whole, replace(plane, slab_mm=0.0))
    thick = PlaneSampler().sample(whole, plane)
    both = ~np.isnan(thin)
    assert np.all(thick[both] >= thin[both] - 0.1)
    np.testing.assert_allclose(sample_plane(whole, plane)[both], thick[both], atol=0.2)


@pytest.mark.parametrize("slab_mm", [0.0, 9.0])
def test_what_is_not_loaded_is_nothing_and_not_air(slab_mm: float) -> None:
    geometry = GEOMETRIES["axial"]
    volume, _ = made(geometry)
    volume.validity.mark(10, FrameState.FAILED)
    whole = sampled(volume)
    plane = replace(plane_through(whole, 1), slab_mm=slab_mm)
    down_mm = np.array([plane.lps_of(0, row)[2] - 30.0 for row in range(plane.height)])
    for values in (PlaneSampler().sample(whole, plane), sample_plane(whole, plane)):
        assert np.isnan(values[(down_mm > 18.01) & (down_mm < 21.99)]).all()
        assert not np.isnan(values[(down_mm > 24.0) & (down_mm < 34.0)][:, 20:40]).any()


def test_a_coarse_picture_is_of_the_same_place() -> None:
    volume, _ = made(GEOMETRIES["tilted"])
    whole = sampled(volume)
    sampler = PlaneSampler()
    for slab_mm in (0.0, 6.0):
        plane = replace(plane_through(whole, 3), slab_mm=slab_mm, mode=SlabMode.MEAN)
        fine, coarse = sampler.sample(whole, plane), sampler.sample(whole, plane, is_coarse=True)
        assert coarse.shape == fine.shape
        both = ~np.isnan(fine) & ~np.isnan(coarse)
        assert np.corrcoef(fine[both], coarse[both])[0, 1] > 0.9
    sampler.close()


def test_refusals_say_why() -> None:
    stack = phantom_stack(GEOMETRIES["axial"])
    single = replace(stack, frames=stack.frames[:1], geometry=None)
    no_place = replace(stack, frames=tuple(replace(frame, plane=None) for frame in stack.frames), geometry=None)
    twice = phantom_stack(PhantomGeometry((0.0, 2.0, 2.0, 4.0)))
    for refused, reason in ((single, "one slice"), (no_place, "position"), (twice, "one position")):
        with pytest.raises(CannotReformat, match=reason):
            grid_of(refused)
