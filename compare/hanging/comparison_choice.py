"""Which two studies, and which two of their series, belong side by side when the reader points at one of them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from compare.identity.verdict import Verdict, compare_identity
from compare.pairing.pairing_rule import NOTHING_KNOWN, PairingKnowledge
from compare.pairing.prior_choice import priors_by_worth
from compare.pairing.roles import newest_first, study_key_of
from compare.pairing.series_pairs import SeriesPair, pair_series
from loaders.model.series import Series
from loaders.model.study import Study


@dataclass(frozen=True, slots=True)
class ComparisonChoice:
    """A current study and its prior, ``None`` where it has none; ``pair`` is ``None`` where no two series match."""

    current: Study
    prior: Study | None = None
    pair: SeriesPair | None = None


def comparable_studies(study: Study, studies: Iterable[Study]) -> tuple[Study, ...]:
    """Return the study and all those no field contradicts, newest first. An unproven match is among them."""
    own = study_key_of(study)
    return newest_first(
        other
        for other in studies
        if study_key_of(other) == own or compare_identity(study, other).verdict is not Verdict.CONFLICT
    )


def choose_comparison(
    study: Study, series: Series | None, studies: Sequence[Study], known: PairingKnowledge = NOTHING_KNOWN
) -> ComparisonChoice:
    """Return what to hang for a study, or for one of its series, that the reader pointed at.

    A newest study is compared with its best prior, an older one with the newest. The best prior is the one of most
    worth (:func:`priors_by_worth`) that has a partner for the series, where one was named, else that of most worth.
    """
    person = comparable_studies(study, studies)
    newest = person[0]
    if study_key_of(newest) != study_key_of(study):
        return _choice(newest, study, None, series, known)
    best: ComparisonChoice | None = None
    for prior in priors_by_worth(study, person[1:], known):
        choice = _choice(study, prior, series, None, known)
        if choice.pair is not None:
            return choice
        best = best or choice
    return best or ComparisonChoice(study)


def neighbouring_study(current: Study, shown: Study, studies: Sequence[Study], step: int) -> Study | None:
    """Return the next older prior of ``current`` after the one shown (``step`` -1: the next newer), else ``None``."""
    priors = [one for one in comparable_studies(current, studies) if study_key_of(one) != study_key_of(current)]
    at = next((i for i, one in enumerate(priors) if study_key_of(one) == study_key_of(shown)), None)
    if at is None or not 0 <= at + step < len(priors):
        return None
    return priors[at + step]


def _choice(
    current: Study, prior: Study, of_current: Series | None, of_prior: Series | None, known: PairingKnowledge
) -> ComparisonChoice:
    pairs = pair_series(current, prior, known).pairs
    if of_current is not None:
        pair = next((one for one in pairs if one.current.uid == of_current.uid), None)
    elif of_prior is not None:
        pair = next((one for one in pairs if one.prior.uid == of_prior.uid), None)
    else:
        pair = pairs[0] if pairs else None
    return ComparisonChoice(current, prior, pair)
