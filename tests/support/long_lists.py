"""Long lists of cases: a fixed sample of them in ``make test``, all of them in ``make soak``."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import TypeVar

Case = TypeVar("Case")

#: Set by ``make soak``.
IS_SOAK = os.environ.get("DIPTYCH_SOAK") == "1"


def fixed_sample(cases: Sequence[Case], count: int) -> list[Case]:
    """Return ``count`` of the cases, evenly spread and always the same, the first and the last among them.

    All of them under ``make soak``, or where there are no more than that.
    """
    if IS_SOAK or len(cases) <= count:
        return list(cases)
    if count == 1:
        return [cases[0]]
    return [cases[round(index * (len(cases) - 1) / (count - 1))] for index in range(count)]


def how_many(in_test: int, in_soak: int) -> int:
    """Return how many random cases to make: inputs of a fuzzer, points of a grid."""
    return in_soak if IS_SOAK else in_test
