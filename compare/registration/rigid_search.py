"""Where two examinations roughly lie upon each other, whatever their coordinates say: all shifts, several turns.

Masked normalised cross-correlation over every shift at once by Fourier transform (Padfield, Masked object registration
in the Fourier domain, IEEE TIP 2012), repeated for a handful of rotations.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import scipy.fft
from numpy.typing import NDArray

from compare.registration.channels import Mask
from compare.registration.registration_image import Floats
from compare.registration.work_grid import THREADS, WorkGrid

#: A shift that leaves less than this share of the smaller body in common is not believed.
_LEAST_OVERLAP = 0.25


@dataclass(frozen=True, eq=False)
class Start:
    """A candidate: ``current_to_prior`` (4, 4) in LPS mm, its correlation, and the share of the body in common."""

    current_to_prior: NDArray[np.float64]
    correlation: float
    overlap: float


def turn(axis: int, degrees: float) -> NDArray[np.float64]:
    """Rotation matrix (3, 3) about one axis (0, 1, 2)."""
    a, b = (axis + 1) % 3, (axis + 2) % 3
    angle = np.radians(degrees)
    matrix = np.eye(3)
    matrix[a, a] = matrix[b, b] = np.cos(angle)
    matrix[a, b], matrix[b, a] = -np.sin(angle), np.sin(angle)
    return matrix


class ShiftSearch:
    """Correlates one current picture with prior pictures on grids of the same spacing and axes."""

    def __init__(self, current: Floats, body: Mask, grid: WorkGrid, largest_other: tuple[int, int, int]) -> None:
        self._grid, self._body_size = grid, int(body.sum())
        self._shape = [
            scipy.fft.next_fast_len(a + b - 1, real=True) for a, b in zip(grid.shape_zyx, largest_other, strict=True)
        ]
        values = np.where(body, current, 0.0)
        self._fixed = [self._transform(part) for part in (body.astype(np.float32), values, values * values)]

    def _transform(self, values: Floats) -> NDArray[np.complex64]:
        result: NDArray[np.complex64] = scipy.fft.rfftn(values.astype(np.float32), self._shape, workers=THREADS)
        return result

    def best(self, prior: Floats, body: Mask) -> tuple[NDArray[np.float64], float, float]:
        """Return the shift in mm along the grid's axes (x, y, z) from current to prior, correlation and overlap."""
        values = np.where(body, prior, 0.0)
        moving = [self._transform(part).conj() for part in (body.astype(np.float32), values, values * values)]
        f0, f1, f2 = self._fixed
        m0, m1, m2 = moving

        def back(product: NDArray[np.complex64]) -> Floats:
            result: Floats = scipy.fft.irfftn(product, self._shape, workers=THREADS)
            return result

        common = np.maximum(back(f0 * m0), 1.0)
        fixed_sum, moving_sum = back(f1 * m0), back(f0 * m1)
        top = back(f1 * m1) - fixed_sum * moving_sum / common
        spread = np.sqrt(
            np.maximum(back(f2 * m0) - fixed_sum**2 / common, 1e-3)
            * np.maximum(back(f0 * m2) - moving_sum**2 / common, 1e-3)
        )
        overlap = common / max(1, min(self._body_size, int(body.sum())))
        score = np.where(overlap >= _LEAST_OVERLAP, top / spread, -1.0)
        # Among shifts of like correlation the one with more in common: thin overlaps correlate by chance.
        merit = score * np.minimum(1.0, overlap) ** 0.25
        place = np.unravel_index(int(np.argmax(merit)), merit.shape)
        lag = [p if p < n else p - m for p, n, m in zip(place, self._grid.shape_zyx, self._shape, strict=True)]
        # c(lag) = sum_v fixed(v + lag) moving(v): a current voxel at index v + lag is the prior voxel v.
        shift = -np.array(lag[::-1], dtype=np.float64) * self._grid.spacing_mm
        return shift, float(score[place]), float(min(1.0, overlap[place]))


def matrix_about(
    rotation: NDArray[np.float64], centre: NDArray[np.float64], to: NDArray[np.float64]
) -> NDArray[np.float64]:
    """(4, 4) that turns about ``centre`` and brings it to ``to``, LPS mm."""
    matrix = np.eye(4)
    matrix[:3, :3] = rotation
    matrix[:3, 3] = to - rotation @ centre
    return matrix


def best_starts(starts: Iterable[Start], count: int) -> list[Start]:
    """The best ones by correlation, those with next to no overlap last."""
    return sorted(starts, key=lambda start: -start.correlation * start.overlap**0.25)[:count]
