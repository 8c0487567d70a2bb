"""A volume's values as one array that may be interpolated, with the line that gives them their unit."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from compare.reformat.stack_grid import StackGrid, grid_of
from loaders.model.frame_validity import FrameState
from loaders.model.volume import Volume
from loaders.values.modality_lut import apply_modality_lut


@dataclass(frozen=True, slots=True, eq=False)
class SampledVolume:
    """``array`` (frames, rows, columns); a value is ``array * slope + intercept`` in the volume's unit.

    ``array`` is the volume's own memory, not a copy, where one line serves all frames; otherwise (slopes that change
    from slice to slice, tables) it holds finished values as float32. Linear interpolation commutes with a line, so
    that both give the same. ``absent`` (frames,) marks frames that are not in memory, ``None`` when all are.
    """

    grid: StackGrid
    array: NDArray[np.generic]
    slope: float = 1.0
    intercept: float = 0.0
    absent: NDArray[np.bool_] | None = None


def sampled(volume: Volume) -> SampledVolume:
    """Return the values of a volume for interpolation. Raises ``CannotReformat``."""
    grid = grid_of(volume.stack)
    states = volume.validity.snapshot()
    is_there = (states == FrameState.LOADED) | (states == FrameState.PREVIEW)
    absent = None if bool(is_there.all()) else ~is_there
    mappings = {frame.values for frame in volume.stack.frames}
    if len(mappings) == 1 and volume.stored is not None:
        mapping = mappings.pop()
        if mapping.table is None:
            return SampledVolume(grid, volume.stored, mapping.slope, mapping.intercept, absent)
    values: NDArray[np.float32] = np.zeros(grid.shape_zyx, dtype=np.float32)
    for index, frame in enumerate(volume.stack.frames):
        stored = volume.frame_array(index)
        if stored is not None:
            values[index] = apply_modality_lut(stored, frame.values)
    values.setflags(write=False)
    return SampledVolume(grid, values, absent=absent)
