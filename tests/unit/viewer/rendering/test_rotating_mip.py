"""Projections from all around: where a hot spot stands at each angle, and the way back to it."""

from __future__ import annotations

import numpy as np
import pytest

from compare.reformat.sampled_volume import SampledVolume, sampled
from tests.support.phantom_stacks import PhantomGeometry, phantom_stack, phantom_volume
from viewer.rendering.plane_sampler import PlaneSampler
from viewer.rendering.rotating_mip import TurningProjections, hottest_on_line, mip_plane

GEOMETRY = PhantomGeometry(tuple(3.0 * n for n in range(14)), (4.0, 4.0), 18, 20, corner_lps_mm=(-40.0, -35.0, 8.0))
SPOT = (12, 5, 4)  # column, row, slice


@pytest.fixture(scope="module")
def volume() -> SampledVolume:
    stored = np.random.default_rng(3).integers(0, 50, (14, 18, 20)).astype(np.int16)
    stored[SPOT[2], SPOT[1], SPOT[0]] = 1000
    return sampled(phantom_volume(phantom_stack(GEOMETRY), stored))


@pytest.fixture(scope="module")
def spun(volume: SampledVolume) -> TurningProjections:
    made = TurningProjections(volume, step_degrees=30.0)
    while not made.is_complete:
        made.work(5.0)
    return made


def spot_lps() -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    return np.array((-40.0 + 4.0 * SPOT[0], -35.0 + 4.0 * SPOT[1], 8.0 + 3.0 * SPOT[2]))


@pytest.mark.parametrize("index", range(12))
def test_the_spot_is_where_it_is_seen_from_there(volume: SampledVolume, spun: TurningProjections, index: int) -> None:
    values, plane = spun.values[index], spun.planes[index]
    assert values is not None
    row, column = np.unravel_index(int(np.nanargmax(values)), values.shape)
    expected_column, expected_row, _ = plane.raster_of(spot_lps())
    assert (column, row) == pytest.approx((expected_column, expected_row), abs=1.01)
    assert np.nanmax(values) > 300.0
    found = hottest_on_line(volume, plane, expected_column, expected_row)
    assert found is not None
    assert np.linalg.norm(np.asarray(found) - spot_lps()) < 1.6


def test_from_the_front_it_is_the_highest_along_rows(volume: SampledVolume) -> None:
    plane = mip_plane(volume, 0.0, 4.0)
    np.testing.assert_allclose(plane.right_lps, (1.0, 0.0, 0.0), atol=1e-12)
    np.testing.assert_allclose(plane.down_lps, (0.0, 0.0, -1.0), atol=1e-12)
    left = mip_plane(volume, 90.0, 4.0)
    np.testing.assert_allclose(left.right_lps, (0.0, 1.0, 0.0), atol=1e-12)


def test_half_a_turn_is_the_mirror_image(volume: SampledVolume, spun: TurningProjections) -> None:
    mirrored = spun.values[7]
    assert mirrored is not None
    direct = PlaneSampler().sample(volume, spun.planes[7], step_mm=volume.grid.finest_mm)
    both = ~np.isnan(direct) & ~np.isnan(mirrored)
    assert both.sum() > 100
    assert np.abs(direct - mirrored)[both].max() < 1.0
    assert spun.index_of(359.0) == 0
    assert spun.index_of(-31.0) == 11


def test_beside_the_volume_there_is_nothing(volume: SampledVolume, spun: TurningProjections) -> None:
    assert spun.values[0] is not None
    assert np.isnan(spun.values[0][:, 0]).all()
    assert hottest_on_line(volume, spun.planes[0], 0.0, 2.0) is None


def test_what_is_looked_at_is_made_first(volume: SampledVolume) -> None:
    made = TurningProjections(volume, step_degrees=30.0)
    assert made.index_of(92.0) == 3
    while not made._piece(0.01):
        assert made.values[3] is None
    assert [index for index, values in enumerate(made.values) if values is not None] == [3, 9]
    made.close()
