"""Doubling times, growth rules and the table, against numbers worked out by hand and by simulation."""

from __future__ import annotations

import math
from datetime import date

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from compare.following.criteria import growth_rules
from compare.following.doubling_time import VolumeEstimate, doubling_time, relative_volume_error
from compare.following.lesion import Lesion
from compare.following.lesion_table import lesion_rows
from compare.following.time_points import LesionSize, TimePoint


@given(st.floats(10, 1e5), st.floats(20, 2000), st.integers(1, 2000))
def test_a_volume_that_doubles_every_so_many_days(volume: float, doubling_days: float, days: int) -> None:
    later = volume * 2.0 ** (days / doubling_days)
    found = doubling_time(VolumeEstimate(volume, 0.0), VolumeEstimate(later, 0.0), days)
    assert found is not None
    assert found.days == pytest.approx(doubling_days, rel=1e-6)
    assert found.interval_days == pytest.approx((doubling_days, doubling_days), rel=1e-6)


def test_no_doubling_time_where_there_is_none() -> None:
    one = VolumeEstimate(100.0, 0.1)
    assert doubling_time(one, one, 0) is None
    assert doubling_time(one, VolumeEstimate(0.0, 0.1), 90) is None
    same = doubling_time(one, one, 90)
    assert same is not None
    assert same.days == math.inf
    assert (same.is_certain, same.interval_days) == (False, None)
    shrunk = doubling_time(one, VolumeEstimate(20.0, 0.1), 90)
    assert shrunk is not None
    assert shrunk.days < 0
    assert shrunk.is_certain


def test_the_stated_error_is_that_of_boxes_counted_on_a_grid() -> None:
    """Boxes of about one size at random places: what counting their grid cells gets wrong, over their true volumes."""
    draw, grid, about = np.random.default_rng(4), np.array([0.7, 0.7, 1.25]), np.array([14.0, 12.0, 12.0])
    sizes = about + draw.uniform(-1.0, 1.0, (20000, 3)) * grid
    starts = draw.uniform(0.0, 1.0, (20000, 3)) * grid
    counted = np.floor((starts + sizes) / grid) - np.ceil(starts / grid) + 1
    errors = np.prod(counted * grid, axis=1) / np.prod(sizes, axis=1) - 1.0
    assert errors.std() == pytest.approx(relative_volume_error((14.0, 12.0, 12.0), (0.7, 0.7, 1.25)), rel=0.05)


@pytest.mark.parametrize(
    ("change", "days", "fleischner", "lung_rads"),
    [(2.0, 100, True, True), (1.6, 100, False, True), (1.5, 100, False, False), (3.0, 400, True, None)],
)
def test_each_rule_under_its_own_name(change: float, days: int, fleischner: bool, lung_rads: bool | None) -> None:
    by_name = {rule.code: rule.is_growth(change, days) for rule in growth_rules()}
    assert by_name == {"fleischner": fleischner, "lung_rads": lung_rads}
    assert all(rule.source and rule.applies_to for rule in growth_rules())


def test_the_table_gives_changes_from_the_previous_and_the_first_measured() -> None:
    lesion = Lesion("2.25.1", "S6")
    points = tuple(TimePoint(f"s{n}", f"1.{n}", date(2024, 1, 1 + 30 * (n == 1) + 14 * (n == 2))) for n in range(3))
    grid = (0.7, 0.7, 1.0)
    sizes = {
        ("2.25.1", "s0"): LesionSize(6.0, 4.0, 1.0, grid),
        ("2.25.1", "s1"): LesionSize(reason="not_measured"),
        ("2.25.1", "s2"): LesionSize(9.0, 5.0, 1.0, grid),
    }
    (row,) = lesion_rows((lesion,), points, sizes, growth_rules())
    assert [cell.counted_mm for cell in row.cells] == [6.0, None, 9.0]
    assert row.cells[0].from_previous is None
    change = row.cells[2].from_previous
    assert change is not None
    assert change == row.cells[2].from_first
    assert (change.days, change.absolute_mm, change.relative_percent) == (14, 3.0, 50.0)
    assert {one.rule: one.is_growth for one in change.rules} == {"fleischner": True, "lung_rads": True}
    assert change.doubling is not None
    volumes = (6 * 16, 9 * 25)  # both times pi / 6
    assert change.doubling.days == pytest.approx(14 * math.log(2) / math.log(volumes[1] / volumes[0]))
