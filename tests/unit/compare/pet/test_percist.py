"""PERCIST 1.0 as a table: the published limits, met and missed."""

from __future__ import annotations

from dataclasses import replace

import pytest

from compare.pet.percist import PercistScan, Response, measurable_from, percist

FIRST = PercistScan(
    10.0, total=100.0, liver_mean=1.5, liver_deviation=0.2, uptake_minutes=60.0, scanner="A 1", reconstruction="OSEM"
)


@pytest.mark.parametrize(
    ("first", "second", "response"),
    [
        (10.0, 7.0, Response.PARTIAL),
        (10.0, 7.1, Response.STABLE),
        (10.0, 13.0, Response.PROGRESSIVE),
        (10.0, 12.9, Response.STABLE),
        (10.0, None, Response.COMPLETE),
        # 35 % of less than 0.8 SUL is no response, and 0.8 SUL of less than 30 % neither.
        (2.8, 2.1, Response.STABLE),
        (2.8, 1.8, Response.PARTIAL),
        (2.8, 3.5, Response.STABLE),
        (2.8, 3.65, Response.PROGRESSIVE),
        (10.0, 9.0, Response.STABLE),
        (2.6, 1.0, None),  # below 1.5 x liver + 2 SD = 2.65 at first: not measurable
        (None, 4.0, None),
    ],
)
def test_limits_of_sul_peak(first: float | None, second: float | None, response: Response | None) -> None:
    table = percist(replace(FIRST, sul_peak=first), replace(FIRST, sul_peak=second))
    assert table.response is response
    assert table.because


def test_new_lesions_and_totals_progress() -> None:
    assert percist(FIRST, replace(FIRST, sul_peak=5.0, has_new_lesion=True)).response is Response.PROGRESSIVE
    assert percist(FIRST, replace(FIRST, total=176.0)).response is Response.PROGRESSIVE
    assert percist(FIRST, replace(FIRST, total=175.0)).response is Response.STABLE


@pytest.mark.parametrize(
    ("changes", "failing"),
    [
        ({}, None),
        ({"uptake_minutes": 75.0}, None),
        ({"uptake_minutes": 76.0}, "uptake time, minutes"),
        ({"liver_mean": 1.79}, None),
        ({"liver_mean": 1.81}, "liver, mean SUL"),
        ({"scanner": "B 2"}, "scanner"),
        ({"reconstruction": "TOF"}, "reconstruction"),
    ],
)
def test_comparability(changes: dict[str, float | str], failing: str | None) -> None:
    table = percist(FIRST, replace(FIRST, **changes))  # type: ignore[arg-type]
    assert [check.name for check in table.checks if check.is_met is False] == ([failing] if failing else [])
    assert table.is_comparable is (failing is None)


def test_a_liver_that_differs_by_both_limits() -> None:
    low = replace(FIRST, liver_mean=0.9, liver_deviation=0.1)
    assert percist(low, replace(low, liver_mean=1.15)).is_comparable is False  # 28 %, though only 0.25
    high = replace(FIRST, liver_mean=2.5, liver_deviation=0.1)
    assert percist(high, replace(high, liver_mean=2.85)).is_comparable is False  # 0.35, though only 14 %


def test_what_is_not_known_is_not_comparable_either() -> None:
    table = percist(FIRST, replace(FIRST, uptake_minutes=None, liver_mean=None))
    assert table.is_comparable is None
    assert {check.name for check in table.checks if check.is_met is None} == {"uptake time, minutes", "liver, mean SUL"}


def test_changes_are_absolute_and_relative() -> None:
    peak = percist(FIRST, replace(FIRST, sul_peak=6.0)).changes[0]
    assert peak.absolute == -4.0
    assert peak.relative == pytest.approx(-0.4)


def test_reference_regions() -> None:
    assert measurable_from(2.0, 0.3) == pytest.approx(3.6)
    assert measurable_from(1.4, 0.1, is_blood_pool=True) == pytest.approx(3.0)
