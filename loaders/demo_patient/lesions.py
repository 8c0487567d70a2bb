"""The nodules: one that grew, one new, one gone, one unchanged; solid balls with a sharp surface before the blur."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

Points = NDArray[np.float64]
NODULE_HU = 45.0
_CLEARING_MM = 9.0


class Change(StrEnum):
    """What became of a nodule from the prior to the current examination."""

    GROWN = "grown"
    NEW = "new"
    VANISHED = "vanished"
    UNCHANGED = "unchanged"


@dataclass(frozen=True, slots=True)
class Lesion:
    """A nodule: its place in the anatomy (LPS mm) and its diameters in mm; ``None`` where it is not there."""

    name: str
    change: Change
    centre_mm: tuple[float, float, float]
    prior_diameter_mm: float | None
    current_diameter_mm: float | None

    def diameter_mm(self, *, is_current: bool) -> float | None:
        """Diameter in one of the two examinations."""
        return self.current_diameter_mm if is_current else self.prior_diameter_mm


LESIONS = (
    Lesion("right upper lobe", Change.GROWN, (-66.0, -18.0, 214.0), 5.0, 11.0),
    Lesion("left lower lobe", Change.NEW, (78.0, 46.0, 118.0), None, 8.0),
    Lesion("left upper lobe", Change.VANISHED, (64.0, -22.0, 206.0), 7.0, None),
    Lesion("right lower lobe", Change.UNCHANGED, (-88.0, 34.0, 128.0), 4.0, 4.0),
)


def clearings() -> tuple[tuple[Points, float], ...]:
    """Centre and radius in mm of the surroundings that are kept free of vessels in both examinations."""
    return tuple(
        (
            np.asarray(lesion.centre_mm),
            0.5 * max(lesion.prior_diameter_mm or 0.0, lesion.current_diameter_mm or 0.0) + _CLEARING_MM,
        )
        for lesion in LESIONS
    )
