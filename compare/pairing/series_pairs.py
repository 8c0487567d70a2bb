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
from compare.pairing.series_features import SeriesFeatures, features_of
from loaders.model.series import Series
from loaders.model.stack import StackKind
from loaders.model.study import Study

#: Two radiographs made with a cassette and with a detector are one kind of picture.
_MODALITY_FAMILY = {"CR": "XR", "DX": "XR", "RG": "XR", "DR": "XR"}
_FRONTAL = frozenset({"AP", "PA"})
PAIR_FROM_SCORE = 0.55
_EXCLUDED = -1e6


@dataclass(frozen=True, slots=True)
class PairReason:
    """One vote: a stable code, how far the two agree (0 to 1), its weight, and what either side says."""

    code: str
    agreement: float
    weight: float
    current: str = ""
    prior: str = ""


@dataclass(frozen=True, slots=True)
class SeriesPair:
    """Two series that belong side by side; ``score`` from 0 to 1."""

    current: Series
    prior: Series
    score: float
    reasons: tuple[PairReason, ...]


@dataclass(frozen=True, slots=True)
class Pairing:
    """All pairs, best first, and what stayed alone."""

    pairs: tuple[SeriesPair, ...]
    unpaired_current: tuple[Series, ...]
    unpaired_prior: tuple[Series, ...]


def pair_series(current: Study, prior: Study) -> Pairing:
    """Pair two studies' series. The order in which series came does not matter."""
    ours, theirs = _ordered(current.series), _ordered(prior.series)
    votes = [[explain_pair(a, b) for b in theirs] for a in ours]
    scores = [[_EXCLUDED if vote is None or vote[0] < PAIR_FROM_SCORE else vote[0] for vote in row] for row in votes]
    pairs = []
    for row, column in best_assignment(scores):
        vote = votes[row][column]
        if vote is not None and scores[row][column] > _EXCLUDED:
            pairs.append(SeriesPair(ours[row].series, theirs[column].series, *vote))
    pairs.sort(key=lambda pair: (_reading_order(pair), -pair.score, pair.current.number or 0, pair.current.uid))
    paired = {(pair.current.uid, 0) for pair in pairs} | {(pair.prior.uid, 1) for pair in pairs}
    return Pairing(
        tuple(pairs),
        tuple(series for series in current.series if (series.uid, 0) not in paired),
        tuple(series for series in prior.series if (series.uid, 1) not in paired),
    )


def explain_pair(a: SeriesFeatures, b: SeriesFeatures) -> tuple[float, tuple[PairReason, ...]] | None:
    """Return the score and the votes, or ``None`` where the two must not hang as a pair."""
    if _is_excluded(a, b):
        return None
    reasons = tuple(_votes(a, b))
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


def _votes(a: SeriesFeatures, b: SeriesFeatures) -> Iterator[PairReason]:
    first, second = a.series, b.series
    yield PairReason(
        "modality", 1.0 if first.modality == second.modality else 0.8, 2.0, first.modality, second.modality
    )
    if "unknown" not in (a.plane, b.plane):
        yield PairReason("plane", 1.0, 2.0, a.plane, b.plane)
    yield from _text_votes(a, b)
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
    yield from _weighting_votes(a, b)
    kinds = (a.stack.kind, b.stack.kind)
    yield PairReason("kind", 1.0 if kinds[0] is kinds[1] else 0.5, 0.5, *kinds)


def _text_votes(a: SeriesFeatures, b: SeriesFeatures) -> Iterator[PairReason]:
    first, second = a.series, b.series
    for code, ours, theirs, weight in (
        ("laterality", first.laterality, second.laterality, 1.5),
        ("view_position", first.view_position, second.view_position, 1.5),
        ("body_part", first.body_part, second.body_part, 2.0),
    ):
        if ours and theirs:
            stated = {ours.upper(), theirs.upper()}
            agreement = 1.0 if len(stated) == 1 else 0.5 if all(_is_frontal(view) for view in stated) else 0.0
            yield PairReason(code, agreement, weight, ours, theirs)
    if a.tokens and b.tokens:
        shared = len(a.tokens & b.tokens) / len(a.tokens | b.tokens)
        # Half of the words in common is a good match already between two departments.
        yield PairReason("description", min(1.0, 2.0 * shared), 1.5, first.description, second.description)


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
    for name, weight in (("TR", 1.0), ("TE", 1.5)):
        ours, theirs = a.number(name), b.number(name)
        if ours and theirs:
            agreement = max(0.0, 1.0 - abs(math.log2(ours / theirs)))
            yield PairReason(name.lower(), agreement, weight, f"{ours:g} ms", f"{theirs:g} ms")
    ours, theirs = a.number("TI"), b.number("TI")
    if ours or theirs:
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
