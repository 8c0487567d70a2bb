"""Current and prior by dates alone, and the time between in numbers."""

from __future__ import annotations

from datetime import date, time, timedelta
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from compare.pairing.interval import Interval, interval_between
from compare.pairing.roles import newest_first, roles_of
from compare.session.comparison_session import Role
from loaders.model.study import Study
from tests.support.examinations import make_series, make_study


def test_all_720_orders_of_arrival_give_the_same() -> None:
    studies = [make_study(str(number), day=date(2020 + number, 1, 1)) for number in range(4)]
    studies += [make_study("a", day=date(2024, 3, 3), at=time(9)), make_study("b", day=date(2024, 3, 3), at=time(14))]
    orders = list(permutations(studies))
    assert len(orders) == 720
    for order in orders:
        roles = roles_of(order)
        assert roles["b"] is Role.CURRENT
        assert all(role is Role.PRIOR for key, role in roles.items() if key != "b")
        assert [study.uid for study in newest_first(order)] == ["b", "a", "3", "2", "1", "0"]


@pytest.mark.parametrize(
    ("studies", "roles"),
    [
        ([make_study("a", day=date(2024, 1, 1)), make_study("b", day=date(2024, 1, 1))], "??"),
        (
            [make_study("a", day=date(2024, 1, 1), at=time(9)), make_study("b", day=date(2024, 1, 1), at=time(9))],
            "??",
        ),
        ([make_study("a", day=date(2024, 1, 1), at=time(9)), make_study("b", day=date(2024, 1, 1))], "??"),
        ([make_study("a", day=date(2024, 1, 1)), make_study("b", day=None)], "??"),
        (
            [
                make_study("a", day=date(2024, 1, 1)),
                make_study("b", day=date(2024, 1, 1)),
                make_study("c", day=date(2023, 1, 1)),
            ],
            "??P",
        ),
        ([make_study("a", day=date(2024, 1, 1))], "C"),
        (
            # Dated 2024 but acquired in 2019, before the study dated 2023 was acquired: the dates are not believed.
            [
                make_study("a", make_series("s", acquisition_date=date(2019, 1, 1)), day=date(2024, 1, 1)),
                make_study("b", make_series("t", acquisition_date=date(2023, 1, 1)), day=date(2023, 1, 1)),
            ],
            "??",
        ),
    ],
    ids=["same day", "same time", "one time missing", "no date", "older one beside", "alone", "contradiction"],
)
def test_an_order_that_is_not_known_is_not_made_up(studies: list[Study], roles: str) -> None:
    letters = {Role.CURRENT: "C", Role.PRIOR: "P", Role.UNKNOWN: "?"}
    for order in permutations(studies):
        found = roles_of(order)
        assert "".join(letters[found[study.uid]] for study in studies) == roles


@pytest.mark.parametrize(
    ("earlier", "later", "interval"),
    [
        (date(2024, 5, 17), date(2025, 6, 2), Interval(1, 0, 16, 381)),
        (date(2023, 1, 10), date(2026, 1, 10), Interval(3, 0, 0, 1096)),
        (date(2024, 1, 31), date(2024, 2, 29), Interval(0, 1, 0, 29)),
        (date(2024, 2, 29), date(2025, 2, 28), Interval(1, 0, 0, 365)),
        (date(2024, 5, 17), date(2024, 5, 17), Interval(0, 0, 0, 0)),
        (date(2025, 6, 2), date(2024, 5, 17), Interval(-1, 0, -16, -381)),
    ],
)
def test_intervals(earlier: date, later: date, interval: Interval) -> None:
    assert interval_between(earlier, later) == interval


@given(st.dates(date(1900, 1, 1), date(2100, 1, 1)), st.integers(0, 40000))
def test_an_interval_counts_whole_months(start: date, days: int) -> None:
    end = start + timedelta(days=days)
    interval = interval_between(start, end)
    assert interval.total_days == days
    assert 0 <= interval.months < 12
    assert 0 <= interval.days < 31
