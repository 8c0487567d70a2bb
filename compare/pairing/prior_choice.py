"""Which of a patient's other studies to hang beside one: the newest that shows the same thing."""

from __future__ import annotations

from collections.abc import Iterable

from compare.pairing.pairing_rule import NOTHING_KNOWN, PairingKnowledge
from compare.pairing.roles import newest_first
from compare.pairing.series_pairs import pair_series
from loaders.model.study import Study


def priors_by_worth(
    current: Study, others: Iterable[Study], known: PairingKnowledge = NOTHING_KNOWN
) -> tuple[Study, ...]:
    """Return the other studies, the one to compare with first.

    Studies with a series that pairs with one of the current's (a CT with a CT, a frontal with a frontal radiograph)
    come before those with none, older days before the current's own day (a CT and a radiograph of one visit are no
    prior and current), and newer ones before older ones.
    """
    by_date = newest_first(study for study in others if study is not current)
    return tuple(
        sorted(by_date, key=lambda study: (not pair_series(current, study, known).pairs, _is_same_day(current, study)))
    )


def _is_same_day(current: Study, other: Study) -> bool:
    return current.study_date is not None and current.study_date == other.study_date
