"""Which hanging protocol fits the studies at hand, and why: the match explains itself."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from compare.hanging.hang import best_series
from compare.hanging.protocol import Conditions, HangingProtocol
from compare.pairing.series_features import SeriesFeatures, features_of
from loaders.model.study import Study


@dataclass(frozen=True, slots=True)
class ConditionResult:
    """One condition: a stable code, what was asked, what the studies say, and whether it holds."""

    code: str
    asked: str
    found: str
    holds: bool


@dataclass(frozen=True, slots=True)
class ProtocolMatch:
    """How a protocol fits: it does when no stated condition fails. ``score`` tells which of several is meant most."""

    protocol: HangingProtocol
    results: tuple[ConditionResult, ...]

    @property
    def fits(self) -> bool:
        """Whether every stated condition holds."""
        return all(result.holds for result in self.results)

    @property
    def score(self) -> int:
        """How specific the protocol is: the conditions it states, and each prior it asks for."""
        return len(self.results) + self.protocol.conditions.priors


def match_protocol(protocol: HangingProtocol, studies: Sequence[Study]) -> ProtocolMatch:
    """Hold a protocol against studies of one patient, newest first."""
    return ProtocolMatch(protocol, tuple(_results(protocol.conditions, studies)))


def choose_protocol(protocols: Sequence[HangingProtocol], studies: Sequence[Study]) -> ProtocolMatch | None:
    """Return the fitting protocol with the most conditions; of equals the reader's own, then the first by code."""
    fitting = [match for protocol in protocols if (match := match_protocol(protocol, studies)).fits]
    return min(fitting, key=lambda match: (-match.score, not match.protocol.is_own, match.protocol.code), default=None)


def _results(conditions: Conditions, studies: Sequence[Study]) -> list[ConditionResult]:
    main = best_series(studies[0]) if studies else None
    features = None if main is None else features_of(main)
    priors = max(len(studies) - 1, 0)
    results = []
    if conditions.modality:
        found = "" if main is None else main.modality
        results.append(ConditionResult("modality", conditions.modality, found, found == conditions.modality))
    if conditions.body_part:
        found = _body_part(features)
        asked = conditions.body_part.upper()
        results.append(ConditionResult("body_part", asked, found, asked in found.split()))
    if conditions.words:
        words = _study_words(studies, features)
        shared = sorted(set(conditions.words) & words)
        results.append(ConditionResult("words", " ".join(conditions.words), " ".join(shared), bool(shared)))
    if conditions.priors:
        results.append(ConditionResult("priors", str(conditions.priors), str(priors), priors >= conditions.priors))
    if conditions.most_priors is not None:
        most = conditions.most_priors
        results.append(ConditionResult("most_priors", str(most), str(priors), priors <= most))
    return results


def _body_part(features: SeriesFeatures | None) -> str:
    if features is None:
        return ""
    return " ".join(sorted({features.series.body_part.upper(), *features.tokens} - {""}))


def _study_words(studies: Sequence[Study], features: SeriesFeatures | None) -> set[str]:
    description = studies[0].description.upper().split() if studies else []
    return {*description, *(features.tokens if features is not None else ())}
