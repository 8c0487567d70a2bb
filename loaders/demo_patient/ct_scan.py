"""CT slices of the anatomy, one at a time: planes painted, averaged over the slice's thickness, noise added."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from loaders.demo_patient.examinations import CtPlan, Examination
from loaders.demo_patient.grids import AxialGrid
from loaders.demo_patient.noise import NoiseField
from loaders.demo_patient.profiles import Floats
from loaders.demo_patient.scene import Scene

_COUCH_BELOW_MM = 119.0
_LOWEST_HU, _HIGHEST_HU = -1024, 3071


def slice_weights(plan: CtPlan) -> NDArray[np.float64]:
    """Weights of the finer planes around a slice, odd in number and 1 in sum: a box of the slice's thickness."""
    step = plan.slice_step_mm / plan.finer_planes
    half = plan.thickness_mm / 2.0
    reach = int(np.ceil(half / step - 0.5))
    centres = np.arange(-reach, reach + 1) * step
    overlap = np.minimum(centres + step / 2, half) - np.maximum(centres - step / 2, -half)
    overlap = np.maximum(overlap, 0.0)
    weights: NDArray[np.float64] = overlap / overlap.sum()
    return weights


def slice_sigma_mm(plan: CtPlan) -> float:
    """Standard deviation of the whole blur across slices: the Gaussian's and the slice profile's."""
    weights = slice_weights(plan)
    reach = len(weights) // 2
    step = plan.slice_step_mm / plan.finer_planes
    spread = float((weights * (np.arange(-reach, reach + 1) * step) ** 2).sum())
    return float(np.sqrt(plan.sigma_mm**2 + spread))


def slice_grid(examination: Examination) -> AxialGrid:
    """Grid of the slices as they are stored: slice 0 is the lowest, its first pixel's centre the origin."""
    plan = _ct_plan(examination)
    edge = -0.5 * (plan.matrix - 1) * plan.pixel_mm
    x, y, _ = examination.motion.shift_lps_mm
    origin = (round(x + edge, 3), round(y - 2.0 + edge, 3), examination.origin_z_mm)
    return AxialGrid(origin, plan.slice_step_mm, plan.pixel_mm, (plan.slices, plan.matrix, plan.matrix))


def _ct_plan(examination: Examination) -> CtPlan:
    if not isinstance(examination.plan, CtPlan):
        raise TypeError(f"{examination.name} is not a CT")
    return examination.plan


class CtScan:
    """One CT of the demo patient. ``slice_hu(n)`` needs memory for a few planes, whatever the number of slices."""

    def __init__(self, examination: Examination) -> None:
        self.plan = _ct_plan(examination)
        self.grid = slice_grid(examination)
        self._weights = slice_weights(self.plan)
        reach = len(self._weights) // 2
        fine_mm = self.plan.slice_step_mm / self.plan.finer_planes
        x, y, z = self.grid.origin
        planes = (self.plan.slices - 1) * self.plan.finer_planes + 2 * reach + 1
        fine = AxialGrid((x, y, z - reach * fine_mm), fine_mm, self.plan.pixel_mm, (planes, *self.grid.shape[1:]))
        self._scene = Scene(
            fine,
            examination.motion,
            self.plan.sigma_mm,
            is_current=examination.is_current,
            table_top_mm=examination.motion.shift_lps_mm[1] + _COUCH_BELOW_MM,
        )
        shape = self.grid.shape[1:]
        self._noise = NoiseField(self.plan.noise.gain(shape, self.plan.pixel_mm), shape, examination.seed)
        self._painted: dict[int, Floats] = {}

    def clean_slice_hu(self, number: int) -> Floats:
        """Hounsfield units without noise, shape (rows, columns). Slices asked in order share their planes."""
        first = number * self.plan.finer_planes
        wanted = range(first, first + len(self._weights))
        self._painted = {plane: hu for plane, hu in self._painted.items() if plane in wanted}
        total = np.zeros(self.grid.shape[1:], dtype=np.float32)
        for plane, weight in zip(wanted, self._weights, strict=True):
            if plane not in self._painted:
                self._painted[plane] = self._scene.paint_plane(plane)
            total += np.float32(weight) * self._painted[plane]
        return total

    def slice_hu(self, number: int) -> NDArray[np.int16]:
        """Hounsfield units with noise, rounded and clipped to what twelve bits hold, shape (rows, columns)."""
        hu = self.clean_slice_hu(number) + self._noise.plane(number)
        result: NDArray[np.int16] = np.clip(np.rint(hu), _LOWEST_HU, _HIGHEST_HU).astype(np.int16)
        return result

    def slices(self, first: int = 0, stop: int | None = None) -> Iterator[tuple[int, NDArray[np.int16]]]:
        """Slice numbers from 0 (the lowest) and their values, one after the other."""
        for number in range(first, self.plan.slices if stop is None else stop):
            yield number, self.slice_hu(number)
