"""What hangs beside the newest study by itself."""

from __future__ import annotations

from datetime import date
from itertools import permutations

import pytest

from compare.pairing.prior_choice import priors_by_worth
from loaders.model.study import Study
from tests.support.examinations import make_series, make_study
from tests.support.pictures import make_stack

TODAY, LAST_YEAR, YEARS_AGO = date(2026, 3, 16), date(2025, 3, 14), date(2020, 1, 2)


def ct(uid: str, day: date | None) -> Study:
    return make_study(uid, make_series(f"{uid}.1", modality="CT", stack=make_stack(slices=30)), day=day)


def radiograph(uid: str, day: date | None) -> Study:
    series = make_series(f"{uid}.1", modality="DX", view_position="PA", stack=make_stack(slices=1))
    return make_study(uid, series, day=day)


CURRENT = ct("current", TODAY)


@pytest.mark.parametrize(
    ("others", "best"),
    [
        ([radiograph("visit", TODAY), ct("prior", LAST_YEAR), radiograph("old film", LAST_YEAR)], "prior"),
        ([ct("old", YEARS_AGO), ct("prior", LAST_YEAR)], "prior"),
        ([radiograph("film", LAST_YEAR), ct("old", YEARS_AGO)], "old"),
        ([ct("again today", TODAY), ct("prior", LAST_YEAR)], "prior"),
        ([radiograph("visit", TODAY), radiograph("film", LAST_YEAR)], "film"),
        ([ct("undated", None), ct("prior", LAST_YEAR)], "prior"),
    ],
    ids=["same kind", "newest of a kind", "kind before date", "not of today", "no kind: older day", "dated first"],
)
def test_the_best_prior_comes_first(others: list[Study], best: str) -> None:
    for order in permutations(others):
        assert priors_by_worth(CURRENT, order)[0].uid == best


def test_the_study_itself_is_no_prior_of_its_own() -> None:
    assert priors_by_worth(CURRENT, [CURRENT]) == ()
