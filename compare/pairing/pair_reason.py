"""One vote of a pairing."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class PairReason:
    """One vote: a stable code, how far the two agree (0 to 1), its weight, and what either side says."""

    code: str
    agreement: float
    weight: float
    current: str = ""
    prior: str = ""
