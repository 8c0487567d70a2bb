"""Changed places as a ranked list: a help for the eye that says so, never a finding."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

Mask = NDArray[np.bool_]


class ChangeKind(StrEnum):
    """What seems to have happened. Stable words for JSON."""

    NEW = "new"
    GROWN = "grown"
    SHRUNK = "shrunk"
    GONE = "gone"


@dataclass(frozen=True, slots=True)
class ChangeCandidate:
    """A changed place: centre in the current (LPS mm), volume of the change, mean contrast, and a score from 0 to 1."""

    kind: ChangeKind
    centre_lps_mm: tuple[float, float, float]
    volume_mm3: float
    contrast: float
    score: float


@dataclass(frozen=True, eq=False)
class Changes:
    """Candidates, best first, and their voxels: label n in ``labels`` (z, y, x) is candidate n - 1."""

    candidates: tuple[ChangeCandidate, ...]
    labels: NDArray[np.int32]
    #: The lowest difference that counts, in the images' unit (CT: HU; MR: standard deviations).
    threshold: float


def ranked(found: list[tuple[ChangeCandidate, NDArray[np.intp]]], shape: tuple[int, ...], threshold: float) -> Changes:
    """Sort candidates by score and label their voxels; ``found`` has flat voxel indices."""
    found = sorted(found, key=lambda pair: -pair[0].score)
    labels = np.zeros(shape, dtype=np.int32)
    for number, (_, voxels) in enumerate(found, start=1):
        labels.ravel()[voxels] = number
    return Changes(tuple(candidate for candidate, _ in found), labels, threshold)
