"""How far a registration may be off, place by place, in millimetres, from the pictures alone.

Witnesses: whether an independent registration the other way leads back (forward-backward distance), whether the
surroundings would match better elsewhere (displacement found by block matching), and how alike the surroundings are
(1 - local correlation). Their weights are fitted once on known and deliberately broken registrations
(tests/benchmarks/registration_calibration.py, decision 0152) so that the sum is an error in mm. The spread of the
block match is measured too; the fit gave it no weight beside the others.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product

import numpy as np
import scipy.ndimage as ndi
from numpy.typing import NDArray

from compare.registration.registration_image import Floats, Points
from compare.registration.rigid_refine import Prepared
from compare.registration.work_grid import WorkGrid, in_slabs, look_up

#: Block matching looks this many grid steps to either side.
_REACH_STEPS = 3
_BLOCK_VOXELS = 3
_TEMPERATURE = 0.06
#: Away from everything that was compared the stated error grows by so much per mm.
_GROWTH_PER_MM = 0.1
#: Where half or more of a block was outside the body or either image nothing was compared.
_LEAST_EVIDENCE = 0.3


@dataclass(frozen=True, slots=True)
class ErrorWeights:
    """mm of stated error per unit of each witness."""

    constant: float
    backward: float
    matched: float
    unlike: float


@dataclass(frozen=True, eq=False)
class Witnesses:
    """The witnesses on blocks of the comparison grid, all of shape (bz, by, bx); NaN where nothing was compared."""

    grid: WorkGrid
    backward_mm: Floats
    matched_mm: Floats
    spread_mm: Floats
    unlike: Floats


@dataclass(frozen=True, eq=False)
class ErrorMap:
    """Stated error in mm in the current's space on a coarse grid, finite everywhere."""

    grid: WorkGrid
    error_mm: Floats

    def at(self, lps_mm: Points) -> NDArray[np.float64]:
        """Stated error in mm at points of the current, shape (n,); beyond the map it grows with the distance."""
        index = self.grid.to_index(np.atleast_2d(np.asarray(lps_mm, dtype=np.float64)))
        inside = np.clip(index, 0.0, np.array(self.error_mm.shape) - 1.0)
        away = np.linalg.norm(index - inside, axis=1) * self.grid.spacing_mm
        found = ndi.map_coordinates(self.error_mm, inside.T, order=1, mode="nearest")
        result: NDArray[np.float64] = found.astype(np.float64) + _GROWTH_PER_MM * away
        return result


def witnesses(current: Prepared, prior: Prepared, displacement: Floats, backward_mm: Floats | None) -> Witnesses:
    """Gather the witnesses for a displacement (3, z, y, x) in mm along the grid's axes x, y, z.

    ``prior`` is sampled on the current's grid (after the rigid transform). ``backward_mm`` (z, y, x) is the distance by
    which the way there and back misses, or ``None`` where no second registration was made.
    """
    step = current.grid.spacing_mm
    index = displacement[::-1] / np.float32(step)
    for axis, size in enumerate(current.grid.shape_zyx):
        shape = [1, 1, 1]
        shape[axis] = size
        index[axis] += np.arange(size, dtype=np.float32).reshape(shape)
    warped = [look_up(picture, index) for picture in prior.channels.pictures]
    weight = current.channels.weight * look_up(prior.channels.weight, index) * current.body
    mass = _blocks(weight)
    block_costs, shifts = _block_costs(current, warped, weight)
    total = np.maximum(_spread_out(mass), 1e-3)
    costs = np.asarray(np.stack([_spread_out(cost) for cost in block_costs]) / total, dtype=np.float32)
    matched, spread = _localised(costs, shifts * step)
    energy = sum(
        _spread_out(_blocks(weight * ours * ours)) + _spread_out(_blocks(weight * theirs * theirs))
        for ours, theirs in zip(current.channels.pictures, warped, strict=True)
    )
    unlike = costs[len(costs) // 2] * total / np.maximum(energy, 1e-3)
    grid = _block_grid(current.grid)
    if backward_mm is None:
        backward = np.zeros_like(matched)
    else:
        backward = np.asarray(_blocks(weight * backward_mm) / np.maximum(mass, 1e-3), dtype=np.float32)
    known = mass / _BLOCK_VOXELS**3 >= _LEAST_EVIDENCE
    parts = [np.where(known, part, np.nan).astype(np.float32) for part in (backward, matched, spread, unlike)]
    return Witnesses(grid, *parts)


def error_map(found: Witnesses, weights: ErrorWeights) -> ErrorMap:
    """Turn witnesses into millimetres; where nothing was compared the nearest known error plus growth with distance."""
    error = (
        weights.constant
        + weights.backward * found.backward_mm
        + weights.matched * found.matched_mm
        + weights.unlike * found.unlike
    )
    unknown = ~np.isfinite(error)
    if unknown.all():
        return ErrorMap(found.grid, np.full(error.shape, 99.0, dtype=np.float32))
    distance, nearest = ndi.distance_transform_edt(unknown, return_indices=True)
    filled = error[tuple(nearest)] + _GROWTH_PER_MM * distance * found.grid.spacing_mm
    return ErrorMap(found.grid, filled.astype(np.float32))


def _block_costs(current: Prepared, warped: list[Floats], weight: Floats) -> tuple[list[Floats], NDArray[np.float64]]:
    """Mean squared difference per block for every shift of the warped prior, and the shifts (n, 3) as z, y, x steps."""
    reach = _REACH_STEPS
    shifts = np.array(list(product(range(-reach, reach + 1), repeat=3)), dtype=np.float64)
    costs: list[Floats] = [np.empty(0, dtype=np.float32)] * len(shifts)
    padded = [np.pad(picture, reach, mode="edge") for picture in warped]
    z, y, x = current.grid.shape_zyx

    def work(first: int, last: int) -> None:
        for number in range(first, last):
            a, b, c = (int(part) + reach for part in shifts[number])
            total = np.zeros((z, y, x), dtype=np.float32)
            for ours, theirs in zip(current.channels.pictures, padded, strict=True):
                difference = ours - theirs[a : a + z, b : b + y, c : c + x]
                total += np.minimum(difference * difference, 4.0)
            costs[number] = _blocks(weight * total)

    in_slabs(len(shifts), work)
    return costs, shifts


def _localised(costs: Floats, shifts_mm: NDArray[np.float64]) -> tuple[Floats, Floats]:
    """Length of the expected better shift and its spread under a soft minimum over all shifts, mm."""
    best = costs.min(axis=0, keepdims=True)
    likelihood = np.exp(-(costs - best) / (_TEMPERATURE * np.maximum(best, 0.15)))
    likelihood /= likelihood.sum(axis=0, keepdims=True)
    mean = np.tensordot(shifts_mm.T.astype(np.float32), likelihood, (1, 0))
    square = np.tensordot((shifts_mm**2).sum(axis=1).astype(np.float32), likelihood, (0, 0))
    length = np.sqrt((mean**2).sum(axis=0))
    spread = np.sqrt(np.maximum(square - length**2, 0.0))
    return length.astype(np.float32), spread.astype(np.float32)


def _blocks(values: Floats) -> Floats:
    """Sums over whole blocks; the last, incomplete ones are padded with nothing."""
    n = _BLOCK_VOXELS
    padded = np.pad(values, [(0, -size % n) for size in values.shape])
    z, y, x = (size // n for size in padded.shape)
    result: Floats = padded.reshape(z, n, y, n, x, n).sum(axis=(1, 3, 5), dtype=np.float32)
    return result


def _spread_out(values: Floats) -> Floats:
    result: Floats = ndi.uniform_filter(values, 3, mode="constant")
    return result


def _block_grid(grid: WorkGrid) -> WorkGrid:
    n = _BLOCK_VOXELS
    shape = tuple(-(-size // n) for size in grid.shape_zyx)
    origin = grid.origin_lps_mm + grid.axes_lps.sum(axis=1) * grid.spacing_mm * (n - 1) / 2.0
    return WorkGrid(origin, grid.axes_lps, grid.spacing_mm * n, (shape[0], shape[1], shape[2]))
