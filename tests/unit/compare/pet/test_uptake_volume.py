"""Volumes of uptake on analytic phantoms: balls, steps and slopes whose volumes and means are known."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from compare.pet.uptake_volume import (
    PEAK_RADIUS_MM,
    NoUptakeVolume,
    Threshold,
    grow,
    peak_weights,
    sphere,
    values_of,
)
from compare.reformat.sampled_volume import SampledVolume
from compare.reformat.stack_grid import StackGrid, grid_of
from tests.support.phantom_stacks import UNEVEN, PhantomGeometry, phantom_stack, phantom_volume


def grid(spacing_mm_zyx: tuple[float, float, float] = (3.0, 2.0, 2.0), shear: float = 0.0) -> StackGrid:
    affine = np.diag([*spacing_mm_zyx[::-1], 1.0])
    affine[1, 2] = shear * spacing_mm_zyx[0]
    affine[:3, 3] = (-50.0, -40.0, 7.0)
    return StackGrid((40, 60, 60), spacing_mm_zyx, affine, "1.2.3", (0.0, 0.0, 1.0))


def places(of: StackGrid) -> NDArray[np.float64]:
    """Patient points of all voxels, (frames, rows, columns, 3)."""
    z, y, x = np.indices(of.shape_zyx)
    return np.stack([x, y, z], axis=-1) @ of.index_to_lps[:3, :3].T + of.index_to_lps[:3, 3]


CENTRE = (9.3, 19.1, 66.2)


@pytest.mark.parametrize("shear", [0.0, 0.3])
def test_a_hot_ball_has_its_volume_and_its_uptake(shear: float) -> None:
    where = grid(shear=shear)
    distance = np.linalg.norm(places(where) - np.asarray(CENTRE), axis=-1)
    values = np.where(distance < 20.0, 5.0, 1.0).astype(np.float32)
    found = grow(values, where, CENTRE, Threshold(share=0.41))
    assert found.voxels == int((distance < 20.0).sum())
    assert found.volume_ml == pytest.approx(4.0 / 3.0 * np.pi * 8.0, rel=0.01)
    assert (found.maximum, found.mean, found.deviation) == (5.0, 5.0, 0.0)
    assert found.total == pytest.approx(5.0 * found.volume_ml)
    assert found.lowest == pytest.approx(2.05)
    assert found.highest_peak.mean == pytest.approx(5.0)
    assert not found.touches_edge


def test_the_way_leads_uphill_and_to_the_volumes_own_maximum() -> None:
    where = grid()
    distance = np.linalg.norm(places(where) - np.asarray(CENTRE), axis=-1)
    values = (1.0 + 9.0 * np.exp(-0.5 * (distance / 9.0) ** 2)).astype(np.float32)
    aside = (CENTRE[0] + 14.0, CENTRE[1], CENTRE[2])
    found = grow(values, where, aside, Threshold(share=0.5))
    assert np.linalg.norm(np.asarray(found.maximum_lps_mm) - CENTRE) < 2.1
    np.testing.assert_array_equal(found.mask, values >= 0.5 * values.max())
    fixed = grow(values, where, aside, Threshold(value=4.0))
    np.testing.assert_array_equal(fixed.mask, values >= 4.0)


def test_two_lesions_are_two_and_a_sphere_keeps_them_apart() -> None:
    where = grid()
    other = (CENTRE[0] - 24.0, CENTRE[1], CENTRE[2])
    near, far = (np.linalg.norm(places(where) - np.asarray(point), axis=-1) for point in (CENTRE, other))
    values = np.ones(where.shape_zyx, dtype=np.float32)
    values[near < 9.0], values[far < 9.0] = 4.0, 20.0
    assert grow(values, where, CENTRE, Threshold(share=0.41)).maximum == 4.0
    bridged = values.copy()
    bridged[(near + far < 26.0) & (values < 2.0)] = 3.5
    assert grow(bridged, where, CENTRE, Threshold(share=0.41)).maximum == 20.0
    kept = grow(bridged, where, CENTRE, Threshold(share=0.41), reach_mm=12.0)
    assert kept.maximum == 4.0
    assert not (kept.mask & (near > 12.0)).any()


@settings(max_examples=25, deadline=None)
@given(
    st.tuples(st.floats(1.0, 6.0), st.floats(1.0, 5.0), st.floats(1.0, 5.0)),
    st.floats(-0.4, 0.4),
)
def test_peak_weights_are_a_sphere_of_one_millilitre(spacing: tuple[float, float, float], shear: float) -> None:
    where = grid(spacing, shear)
    weights = peak_weights(where)
    assert weights.sum() == pytest.approx(1.0)
    np.testing.assert_allclose(weights, weights[::-1, ::-1, ::-1])
    # The middle voxel's share of the sphere, where it lies wholly inside, is its volume in ml.
    if np.linalg.norm(np.abs(where.index_to_lps[:3, :3]).sum(axis=1)) / 2.0 < PEAK_RADIUS_MM:
        middle = tuple(side // 2 for side in weights.shape)
        assert weights[middle] == pytest.approx(np.prod(spacing) / 1000.0, rel=0.03)
    # Second moment of a ball about its middle: 3/5 r2, and of the voxels it is counted in.
    offsets = np.indices(weights.shape).reshape(3, -1).T - np.asarray(weights.shape) // 2
    distances = offsets[:, ::-1] @ where.index_to_lps[:3, :3].T
    second = float((weights.reshape(-1) * (distances**2).sum(axis=1)).sum())
    voxel = float((np.asarray(where.index_to_lps[:3, :3]) ** 2).sum()) / 12.0
    assert second == pytest.approx(0.6 * PEAK_RADIUS_MM**2, abs=2.5 * voxel + 0.1)


def test_peaks_of_a_slope_and_of_a_spike() -> None:
    where = grid()
    points = places(where)
    slope = (50.0 + points @ np.array((0.2, -0.1, 0.05))).astype(np.float32)
    found = grow(slope, where, CENTRE, Threshold(value=1.0), reach_mm=16.0)
    # About any voxel the mean of a symmetric sphere over a slope is the voxel's own value.
    assert found.peak_at_maximum.mean == pytest.approx(found.maximum, rel=1e-5)
    assert found.highest_peak.mean == pytest.approx(found.maximum, rel=1e-5)
    spike = np.ones(where.shape_zyx, dtype=np.float32)
    distance = np.linalg.norm(points - np.asarray(CENTRE), axis=-1)
    spike[distance < 12.0] = 5.0
    shifted = np.linalg.norm(points - np.add(CENTRE, (9.0, 0.0, 0.0)), axis=-1)
    at = np.unravel_index(int(np.argmin(shifted)), spike.shape)
    spike[at] = 6.0
    both = grow(spike, where, CENTRE, Threshold(share=0.5))
    assert both.maximum == 6.0
    assert both.peak_at_maximum.mean is not None
    assert both.highest_peak.mean is not None
    assert both.highest_peak.mean > both.peak_at_maximum.mean  # at the rim the sphere leaves the ball
    assert both.highest_peak.mean == pytest.approx(5.0 + 0.012, abs=0.02)


def test_a_peak_that_leaves_the_series_is_none() -> None:
    where = grid()
    values = np.ones(where.shape_zyx, dtype=np.float32)
    values[0, 30, 30] = 9.0
    found = grow(values, where, (10.0, 20.0, 7.0), Threshold(share=0.9))
    assert found.voxels == 1
    assert found.peak_at_maximum.mean is None
    assert found.highest_peak.mean is None
    assert found.touches_edge


def test_a_reference_sphere() -> None:
    where = grid()
    generator = np.random.default_rng(1)
    values = generator.normal(2.0, 0.2, where.shape_zyx).astype(np.float32)
    mean, deviation = sphere(values, where, CENTRE, 15.0)
    inside = values[np.linalg.norm(places(where) - np.asarray(CENTRE), axis=-1) <= 15.0]
    assert inside.size * 0.012 == pytest.approx(4.0 / 3.0 * np.pi * 1.5**3, rel=0.03)
    assert (mean, deviation) == pytest.approx((float(inside.mean()), float(inside.std(ddof=1))), rel=1e-5)


def test_refusals() -> None:
    where = grid()
    values = np.ones(where.shape_zyx, dtype=np.float32)
    with pytest.raises(NoUptakeVolume, match="outside"):
        grow(values, where, (900.0, 0.0, 0.0), Threshold(share=0.4))
    with pytest.raises(NoUptakeVolume, match="does not reach"):
        grow(values, where, CENTRE, Threshold(value=2.5))
    with pytest.raises(NoUptakeVolume, match="outside"):
        sphere(values, where, (900.0, 0.0, 0.0), 15.0)


def test_uneven_slices_have_no_voxel_volume() -> None:
    stack = phantom_stack(UNEVEN)
    stored = np.ones((len(UNEVEN.positions_mm), UNEVEN.rows, UNEVEN.columns), dtype=np.int16)
    with pytest.raises(NoUptakeVolume, match="unevenly"):
        values_of(SampledVolume(grid_of(stack), phantom_volume(stack, stored).stored))  # type: ignore[arg-type]
    even = phantom_stack(PhantomGeometry((0.0, 2.0, 4.0)))
    scaled = values_of(SampledVolume(grid_of(even), np.ones((3, 40, 48), np.int16), 3.0, 1.0), 2.0)
    np.testing.assert_allclose(scaled, 8.0)
