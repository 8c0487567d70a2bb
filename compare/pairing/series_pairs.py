"""Which series of the current study belongs beside which of the prior, one to one, and why.

Every feature that both sides state votes between 0 and 1 with a weight; what is not stated does not vote. Some
differences exclude a pair outright. The assignment maximises the total over the whole study; pairs below a threshold
stay unpaired: no pair is better than a wrong one.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from compare.pairing.assignment import best_assignment
from compare.pairing.body_region import shares_in_common
from compare.pairing.certainty import doubts_of
from compare.pairing.pair_reason import PairReason
from compare.pairing.pairing_rule import NOTHING_KNOWN, PairingKnowledge
from compare.pairing.series_features import SeriesFeatures, features_of
from loaders.model.series import Series
from loaders.model.stack import StackKind
from loaders.model.study import Study

#: Two radiographs made with a cassette and with a detector are one kind of picture.
_MODALITY_FAMILY = {"CR": "XR", "DX": "XR", "RG": "XR", "DR": "XR"}
_FRONTAL = frozenset({"AP", "PA"})
PAIR_FROM_SCORE = 0.55
_EXCLUDED = -1e6
_Vote = tuple[float, tuple[PairReason, ...]]


@dataclass(frozen=True, slots=True)
class SeriesPair:
    """Two series that belong side by side; ``score`` from 0 to 1.

    ``doubts`` are stable words for why they may not: with any, the reader is asked (:mod:`compare.pairing.certainty`).
    """

    current: Series
    prior: Series
    score: float
    reasons: tuple[PairReason, ...]
    doubts: tuple[str, ...] = ()

    @property
    def is_certain(self) -> bool:
        """Whether the pair may hang without a question."""
        return not self.doubts


@dataclass(frozen=True, slots=True)
class Pairing:
    """All pairs, best first, and what stayed alone."""

    pairs: tuple[SeriesPair, ...]
    unpaired_current: tuple[Series, ...]
    unpaired_prior: tuple[Series, ...]


def pair_series(current: Study, prior: Study, known: PairingKnowledge = NOTHING_KNOWN) -> Pairing:
    """Pair two studies' series. The order in which series came does not matter.

    ``known`` is what the headers do not tell: the reader's own rules, and what the pictures show.
    """
    ours, theirs = _ordered(current.series), _ordered(prior.series)
    votes = [[explain_pair(a, b, known) for b in theirs] for a in ours]
    scores = [[_EXCLUDED if vote is None or vote[0] < PAIR_FROM_SCORE else vote[0] for vote in row] for row in votes]
    _leave_ruled_to_each_other(scores, votes)
    pairs = []
    for row, column in best_assignment(scores):
        vote = votes[row][column]
        if vote is not None and scores[row][column] > _EXCLUDED:
            rivals = [
                *(score for at, score in enumerate(scores[row]) if at != column),
                *(line[column] for at, line in enumerate(scores) if at != row),
            ]
            doubts = doubts_of(ours[row], theirs[column], *vote, max(rivals, default=_EXCLUDED))
            pairs.append(SeriesPair(ours[row].series, theirs[column].series, *vote, doubts))
    pairs.sort(key=lambda pair: (_reading_order(pair), -pair.score, pair.current.number or 0, pair.current.uid))
    paired = {(pair.current.uid, 0) for pair in pairs} | {(pair.prior.uid, 1) for pair in pairs}
    return Pairing(
        tuple(pairs),
        tuple(series for series in current.series if (series.uid, 0) not in paired),
        tuple(series for series in prior.series if (series.uid, 1) not in paired),
    )


def _leave_ruled_to_each_other(scores: list[list[float]], votes: Sequence[Sequence[_Vote | None]]) -> None:
    """Take everything else from the rows and columns of pairs that the reader's rules join."""
    ruled = [
        (row, column)
        for row, line in enumerate(votes)
        for column, vote in enumerate(line)
        if vote is not None and vote[1][0].code == "rule"
    ]
    rows, columns = {row for row, _ in ruled}, {column for _, column in ruled}
    for row, line in enumerate(scores):
        for column in range(len(line)):
            if (row in rows or column in columns) and (row, column) not in ruled:
                line[column] = _EXCLUDED


def explain_pair(a: SeriesFeatures, b: SeriesFeatures, known: PairingKnowledge = NOTHING_KNOWN) -> _Vote | None:
    """Return the score and the votes, or ``None`` where the two must not hang as a pair.

    A reader's rule outvotes everything.
    """
    rule = known.verdict(a, b)
    if rule is False or (rule is None and _is_excluded(a, b)):
        return None
    reasons = tuple(_votes(a, b, known))
    if rule:
        return 1.0, (PairReason("rule", 1.0, 10.0), *reasons)
    weight = sum(reason.weight for reason in reasons)
    return round(sum(reason.weight * reason.agreement for reason in reasons) / weight, 4), reasons


def _ordered(series: Sequence[Series]) -> list[SeriesFeatures]:
    known = [features for one in series if (features := features_of(one)) is not None]
    return sorted(known, key=lambda features: (features.series.number or 0, features.series.uid))


def _reading_order(pair: SeriesPair) -> tuple[int, int]:
    """Volumes before stacks before single pictures, localisers last; of each kind the axial ones first."""
    features = features_of(pair.current)
    if features is None or features.is_localiser:
        return (3, 0)
    kind = {StackKind.VOLUME: 0, StackKind.STACK: 1, StackKind.SINGLE: 2}[features.stack.kind]
    return (kind, 0 if features.plane == "axial" else 1)


def _is_excluded(a: SeriesFeatures, b: SeriesFeatures) -> bool:
    first, second = a.series, b.series
    sides = {first.laterality.upper(), second.laterality.upper()}
    views = {first.view_position.upper(), second.view_position.upper()}
    differences = (
        _family(first.modality) != _family(second.modality),
        a.is_localiser != b.is_localiser,
        sides == {"L", "R"},
        "" not in views and len(views) == 2 and not all(_is_frontal(view) for view in views),
        "unknown" not in (a.plane, b.plane) and a.plane != b.plane,
        (len(a.stack.frames) == 1) != (len(b.stack.frames) == 1) and _family(first.modality) in ("CT", "MR", "PT"),
    )
    return any(differences)


def _is_frontal(view: str) -> bool:
    """Detectors write more than the code: "AP (ERECT)"."""
    return not _FRONTAL.isdisjoint(view.split())


def _votes(a: SeriesFeatures, b: SeriesFeatures, known: PairingKnowledge) -> Iterator[PairReason]:
    first, second = a.series, b.series
    yield PairReason(
        "modality", 1.0 if first.modality == second.modality else 0.8, 2.0, first.modality, second.modality
    )
    if "unknown" not in (a.plane, b.plane):
        yield PairReason("plane", 1.0, 2.0, a.plane, b.plane)
    yield from _text_votes(a, b)
    yield from _region_votes(a, b, known)
    coverage = _coverage_vote(a, b)
    if coverage is not None:
        yield coverage
    if a.thickness_mm and b.thickness_mm:
        ratio = min(a.thickness_mm, b.thickness_mm) / max(a.thickness_mm, b.thickness_mm)
        yield PairReason("thickness", ratio, 1.0, f"{a.thickness_mm:g} mm", f"{b.thickness_mm:g} mm")
    if a.kernel_sharpness is not None and b.kernel_sharpness is not None:
        agreement = 1.0 - min(1.0, 2.0 * abs(a.kernel_sharpness - b.kernel_sharpness))
        yield PairReason("kernel", agreement, 1.5, _technique(a, "kernel"), _technique(b, "kernel"))
    if a.has_contrast is not None and b.has_contrast is not None:
        agreement = 1.0 if a.has_contrast is b.has_contrast else 0.0
        yield PairReason("contrast", agreement, 1.5, _yes(a.has_contrast), _yes(b.has_contrast))
    if a.phase and b.phase:
        yield PairReason("phase", 1.0 if a.phase == b.phase else 0.0, 1.5, a.phase, b.phase)
    yield from _weighting_votes(a, b)
    kinds = (a.stack.kind, b.stack.kind)
    yield PairReason("kind", 1.0 if kinds[0] is kinds[1] else 0.5, 0.5, *kinds)


def _text_votes(a: SeriesFeatures, b: SeriesFeatures) -> Iterator[PairReason]:
    first, second = a.series, b.series
    for code, ours, theirs, weight in (
        ("laterality", first.laterality, second.laterality, 1.5),
        ("view_position", first.view_position, second.view_position, 1.5),
    ):
        if ours and theirs:
            stated = {ours.upper(), theirs.upper()}
            agreement = 1.0 if len(stated) == 1 else 0.5 if all(_is_frontal(view) for view in stated) else 0.0
            yield PairReason(code, agreement, weight, ours, theirs)
    if a.tokens and b.tokens:
        shared = len(a.tokens & b.tokens) / len(a.tokens | b.tokens)
        # Half of the words in common is a good match already between two departments.
        yield PairReason("description", min(1.0, 2.0 * shared), 1.5, first.description, second.description)


def _region_votes(a: SeriesFeatures, b: SeriesFeatures, known: PairingKnowledge) -> Iterator[PairReason]:
    if a.regions and b.regions:
        agreement = len(a.regions & b.regions) / min(len(a.regions), len(b.regions))
        yield PairReason("body_part", agreement, 2.0, _listed(a.regions), _listed(b.regions))
    elif a.series.body_part and b.series.body_part:
        same = a.series.body_part.upper() == b.series.body_part.upper()
        yield PairReason("body_part", float(same), 2.0, a.series.body_part, b.series.body_part)
    seen = [known.regions.get(one.series.uid, ()) for one in (a, b)]
    if all(seen):
        said = [", ".join(f"{region} {share:.0%}" for region, share in shares) for shares in seen]
        yield PairReason("region_seen", min(1.0, shares_in_common(*seen)), 3.0, *said)


def _listed(words: frozenset[str]) -> str:
    return " ".join(sorted(words))


def _coverage_vote(a: SeriesFeatures, b: SeriesFeatures) -> PairReason | None:
    if a.coverage is None or b.coverage is None or a.coverage[0] != b.coverage[0]:
        return None
    # Positions of two examinations have no common origin: lengths are compared, not places.
    ours, theirs = a.coverage[2] - a.coverage[1], b.coverage[2] - b.coverage[1]
    if min(ours, theirs) <= 0.0:
        return None
    return PairReason("coverage", min(ours, theirs) / max(ours, theirs), 1.0, f"{ours:.0f} mm", f"{theirs:.0f} mm")


def _weighting_votes(a: SeriesFeatures, b: SeriesFeatures) -> Iterator[PairReason]:
    """MR contrast: repetition, echo and inversion time agree in ratio; b-values nearly exactly."""
    if a.series.modality != "MR":
        return
    if a.weighting and b.weighting:
        yield PairReason("weighting", 1.0 if a.weighting == b.weighting else 0.0, 3.0, a.weighting, b.weighting)
    for name, weight in (("TR", 1.0), ("TE", 1.5)):
        ours, theirs = a.number(name), b.number(name)
        if ours and theirs:
            agreement = max(0.0, 1.0 - abs(math.log2(ours / theirs)))
            yield PairReason(name.lower(), agreement, weight, f"{ours:g} ms", f"{theirs:g} ms")
    ours, theirs = a.number("TI"), b.number("TI")
    # Where one side states no times at all, a missing inversion time says nothing.
    if (ours and theirs) or ((ours or theirs) and a.number("TR") and b.number("TR")):
        agreement = max(0.0, 1.0 - abs(math.log2(ours / theirs))) if ours and theirs else 0.0
        yield PairReason("ti", agreement, 1.5, f"{ours or 0:g} ms", f"{theirs or 0:g} ms")
    ours, theirs = a.number("b_value"), b.number("b_value")
    if ours is not None and theirs is not None:
        yield PairReason("b_value", 1.0 if abs(ours - theirs) <= 100 else 0.0, 1.5, f"{ours:g}", f"{theirs:g}")


def _family(modality: str) -> str:
    return _MODALITY_FAMILY.get(modality, modality)


def _technique(features: SeriesFeatures, name: str) -> str:
    return next((value for key, value in features.technique if key.lower() == name), "")


def _yes(value: bool) -> str:  # noqa: FBT001 - a word for a fact
    return "yes" if value else "no"
