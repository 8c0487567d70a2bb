"""An uneven stack brought to even slices, for what needs a grid: rays, and fast planes."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from compare.reformat.sampled_volume import SampledVolume
from compare.reformat.stack_grid import StackGrid

#: More slices than this are not made of a stack whose smallest step is tiny.
_MOST_SLICES = 2048


def on_even_grid(sampled: SampledVolume) -> SampledVolume:
    """Return the volume itself where it is even, else a copy with slices at its smallest step, linearly between.

    Finished values, float32. Slices in a hole repeat the last one before it: a picture made of the whole says that
    slices are missing, it cannot leave them out.
    """
    grid = sampled.grid
    if grid.is_even or grid.positions_mm is None or grid.origins_lps_mm is None:
        return sampled
    first, last = grid.positions_mm[0], grid.positions_mm[-1]
    steps = float(np.diff(grid.positions_mm).min())
    count = min(round(float(last - first) / steps) + 1, _MOST_SLICES)
    places = np.linspace(first, last, count)
    below = np.clip(np.searchsorted(grid.positions_mm, places, side="right") - 1, 0, len(grid.positions_mm) - 2)
    share = (places - grid.positions_mm[below]) / np.diff(grid.positions_mm)[below]
    values: NDArray[np.float32] = np.empty((count, *grid.shape_zyx[1:]), dtype=np.float32)
    for index in range(count):
        low, part = int(below[index]), float(share[index])
        if low in grid.holes:
            part = 0.0 if part < 1.0 else 1.0
        values[index] = (1.0 - part) * sampled.array[low].astype(np.float32) + part * sampled.array[low + 1]
    values *= sampled.slope
    values += sampled.intercept
    affine = grid.index_to_lps.copy()
    affine[:3, 2] = (grid.origins_lps_mm[-1] - grid.origins_lps_mm[0]) / (count - 1)
    _, row_mm, column_mm = grid.spacing_mm_zyx
    even = StackGrid(
        (count, *grid.shape_zyx[1:]),
        (float(np.linalg.norm(affine[:3, 2])), row_mm, column_mm),
        affine,
        grid.frame_of_reference_uid,
        grid.normal_lps,
        notes=grid.notes,
    )
    return replace(sampled, grid=even, array=values, slope=1.0, intercept=0.0)


def thinned(sampled: SampledVolume, most_voxels: int) -> tuple[SampledVolume, int]:
    """Return the volume with at most so many voxels, and the stride: 1, the volume itself; 2, every second voxel ...

    The grid must be even. What is left out is left out, not averaged: no value is made that is not in the series.
    """
    stride = 1
    while -(-sampled.array.size // stride**3) > most_voxels:
        stride *= 2
    if stride == 1:
        return sampled, 1
    array = sampled.array[::stride, ::stride, ::stride]
    grid = sampled.grid
    affine = grid.index_to_lps.copy()
    affine[:3, :3] *= stride
    depth_mm, row_mm, column_mm = grid.spacing_mm_zyx
    shape = (int(array.shape[0]), int(array.shape[1]), int(array.shape[2]))
    sparse = replace(
        grid,
        shape_zyx=shape,
        spacing_mm_zyx=(depth_mm * stride, row_mm * stride, column_mm * stride),
        index_to_lps=affine,
    )
    return replace(sampled, grid=sparse, array=np.ascontiguousarray(array)), stride
