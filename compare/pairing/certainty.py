"""Whether a pair may hang without a question: no contradiction, something positive in common, and no close rival."""

from __future__ import annotations

from collections.abc import Sequence

from compare.pairing.pair_reason import PairReason
from compare.pairing.series_features import SeriesFeatures

#: Votes that decide what a series is of: where one says no, a good total does not make up for it.
_DECIDING = frozenset(
    {
        "body_part", "region_seen", "weighting", "phase", "contrast", "b_value", "laterality", "view_position",
        "kernel", "ti",
    }
)  # fmt: skip
_CONTRADICTS_BELOW = 0.3
#: Votes that show that both are of one part of the body; matrices, kernels and planes are alike for any.
_SHOWS_REGION = ("body_part", "region_seen")
#: Two candidates this near to each other cannot be told apart by weights that are judgement.
_RIVAL_WITHIN = 0.04


def doubts_of(
    a: SeriesFeatures, b: SeriesFeatures, score: float, reasons: Sequence[PairReason], best_rival: float
) -> tuple[str, ...]:
    """Return why a pair is not certain, as stable words; empty for a certain one.

    * ``contradicts``: a vote that decides what is shown speaks against the pair;
    * ``region_unknown``: nothing shows that both are of one part of the body;
    * ``kind_unknown``: in MR, nothing shows that both are weighted alike;
    * ``rival``: another series would do as well, or nearly (``best_rival`` is its score).

    A pair that the reader's own rule joins is certain, and so is a pair of localisers: they are found, not read.
    """
    votes = {reason.code: reason.agreement for reason in reasons}
    if "rule" in votes or (a.is_localiser and b.is_localiser):
        return ()
    doubts = []
    if any(votes[code] < _CONTRADICTS_BELOW for code in _DECIDING & set(votes)):
        doubts.append("contradicts")
    is_breast = a.series.modality == b.series.modality == "MG" and {"laterality", "view_position"} <= set(votes)
    if not is_breast and not any(votes.get(code, 0.0) >= 0.5 for code in _SHOWS_REGION):
        doubts.append("region_unknown")
    if a.series.modality == "MR" and not _is_weighted_alike(votes):
        doubts.append("kind_unknown")
    if best_rival >= score - _RIVAL_WITHIN:
        doubts.append("rival")
    return tuple(doubts)


def _is_weighted_alike(votes: dict[str, float]) -> bool:
    if "weighting" in votes:
        return votes["weighting"] == 1.0
    is_timed = min(votes.get("tr", 0.0), votes.get("te", 0.0)) >= 0.7
    return is_timed or votes.get("description", 0.0) >= 0.9
