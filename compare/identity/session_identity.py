"""The identity guard over a whole session: every two studies that hang side by side, and which must not be shown.

Pure: from the session and the catalogue to what is blocked, so that no way of hanging (drag, double click, session
file, undo) gets around it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from itertools import combinations

from compare.identity.verdict import IdentityVerdict, Verdict, compare_identity
from compare.pairing.roles import newest_first, study_key_of
from compare.session.comparison_session import ComparisonSession
from compare.session.link_commands import SHORTEST_REASON, is_confirmed, override_reason
from loaders.model.patient import Patient
from loaders.model.stack import StackKey
from loaders.model.study import Study

StudyOf = Callable[[StackKey], Study | None]
_WORST_FIRST = {Verdict.CONFLICT: 0, Verdict.UNPROVEN: 1, Verdict.AGREE: 2}


@dataclass(frozen=True, slots=True)
class StudyPair:
    """Two studies that hang side by side, the newer as ``current``, what their fields say, and what the reader said."""

    current: Study
    prior: Study
    verdict: IdentityVerdict
    is_confirmed: bool = False
    override_reason: str = ""

    @property
    def keys(self) -> tuple[str, str]:
        """Keys of the two studies."""
        return study_key_of(self.current), study_key_of(self.prior)

    @property
    def is_blocked(self) -> bool:
        """Whether the two must not be shown side by side."""
        return self.verdict.verdict is Verdict.CONFLICT and not self.override_reason

    @property
    def is_answered(self) -> bool:
        """Whether nothing is left to ask the reader."""
        match self.verdict.verdict:
            case Verdict.CONFLICT:
                return bool(self.override_reason)
            case Verdict.UNPROVEN:
                return self.is_confirmed
            case Verdict.AGREE:
                return True


@dataclass(frozen=True, slots=True)
class SessionIdentity:
    """All pairs, the worst first, and the viewports that must stay dark with the pair that says why."""

    pairs: tuple[StudyPair, ...] = ()
    blocked: tuple[tuple[int, StudyPair], ...] = ()

    @property
    def worst(self) -> StudyPair | None:
        """The pair to tell the reader of."""
        return self.pairs[0] if self.pairs else None

    def blocks(self, index: int) -> StudyPair | None:
        """Why a viewport must stay dark, or ``None``."""
        return next((pair for at, pair in self.blocked if at == index), None)

    def worst_of(self, study_key: str) -> StudyPair | None:
        """The worst pair that a study is part of."""
        return next((pair for pair in self.pairs if study_key in pair.keys), None)


def session_identity(session: ComparisonSession, study_of: StudyOf) -> SessionIdentity:
    """Hold every two studies of a session against each other. The study is the one the catalogue says a stack is of.

    Of two studies in conflict the one in the earlier viewport stays: it was there first.
    """
    hung: dict[str, Study] = {}
    places: list[tuple[int, str]] = []
    for index, viewport in enumerate(session.viewports):
        study = study_of(viewport.stack) if viewport.stack else None
        if study is not None:
            hung[study_key_of(study)] = study
            places.append((index, study_key_of(study)))
    pairs = sorted((pair_of(session, a, b) for a, b in combinations(hung.values(), 2)), key=_rank)
    against = {frozenset(pair.keys): pair for pair in pairs if pair.is_blocked}
    blocked: list[tuple[int, StudyPair]] = []
    shown: list[str] = []
    for index, key in places:
        hits = (against.get(frozenset((key, other))) for other in shown)
        pair = next((hit for hit in hits if hit is not None), None)
        if pair is not None:
            blocked.append((index, pair))
        else:
            shown.append(key)
    return SessionIdentity(tuple(pairs), tuple(blocked))


def pair_of(session: ComparisonSession, first: Study, second: Study) -> StudyPair:
    """Return two studies with what their fields and the reader say; a reason too short to be one counts as none."""
    current, prior = newest_first((first, second))
    keys = study_key_of(current), study_key_of(prior)
    reason = override_reason(session, *keys)
    return StudyPair(
        current,
        prior,
        _verdict(current.patient, current.institution, prior.patient, prior.institution),
        is_confirmed(session, *keys),
        reason if len(reason) >= SHORTEST_REASON else "",
    )


def _rank(pair: StudyPair) -> tuple[int, bool]:
    return _WORST_FIRST[pair.verdict.verdict], pair.is_answered


@lru_cache(maxsize=4096)
def _verdict(a: Patient, institution_a: str, b: Patient, institution_b: str) -> IdentityVerdict:
    """By what a verdict rests on alone: hashing two studies would walk over all their frames."""
    return compare_identity(Study("a", a, institution=institution_a), Study("b", b, institution=institution_b))
