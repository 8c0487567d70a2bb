"""Values on a plane or through a slab by linear interpolation: the reference, exact for every geometry."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from compare.reformat.plane import ReformatPlane, SlabMode
from compare.reformat.sampled_volume import SampledVolume
from compare.reformat.stack_grid import StackGrid

#: A point this near to a voxel's outer face, in voxels, lies on it: rounding must not open a seam.
_ON_FACE = 1e-6


def sample_plane(sampled: SampledVolume, plane: ReformatPlane, *, step_mm: float | None = None) -> NDArray[np.float32]:
    """Return the values on a plane, (height, width) float32 in the volume's unit, NaN where there is no voxel.

    Voxels reach half a voxel beyond their centres; there the outer value goes on. Slabs are sampled at most
    ``step_mm`` apart (half the finest voxel distance if not given), from one face to the other; a mean weighs the two
    faces half. Where a slab leaves the volume, what lies inside counts. Frames that are not in memory give NaN.
    """
    offsets = plane.slab_offsets_mm(step_mm if step_mm is not None else sampled.grid.finest_mm / 2.0)
    mode = highest_is_highest(plane.mode, sampled.slope)
    total: NDArray[np.float64] | None = None
    weight: NDArray[np.float64] | None = None
    for number, offset in enumerate(offsets):
        layer = _layer(sampled, plane.moved(float(offset)))
        share = 0.5 if len(offsets) > 1 and number in {0, len(offsets) - 1} else 1.0
        if total is None or weight is None:
            total = layer * share if mode is SlabMode.MEAN else layer
            weight = np.where(np.isnan(layer), 0.0, share)
            continue
        if mode is SlabMode.MEAN:
            total = np.where(np.isnan(layer), total, np.nan_to_num(total) + share * np.nan_to_num(layer))
            weight += np.where(np.isnan(layer), 0.0, share)
        else:
            total = (np.fmax if mode is SlabMode.MIP else np.fmin)(total, layer)
    assert total is not None  # noqa: S101 - a slab has at least one layer
    if mode is SlabMode.MEAN and weight is not None:
        total = total / np.where(weight > 0.0, weight, np.nan)
    values: NDArray[np.float32] = (total * sampled.slope + sampled.intercept).astype(np.float32)
    return values


def highest_is_highest(mode: SlabMode, slope: float) -> SlabMode:
    """Return the mode on stored values that is ``mode`` on values: a falling line swaps highest and lowest."""
    if slope >= 0.0 or mode is SlabMode.MEAN:
        return mode
    return SlabMode.MINIP if mode is SlabMode.MIP else SlabMode.MIP


def _layer(sampled: SampledVolume, plane: ReformatPlane) -> NDArray[np.float64]:
    from scipy import ndimage  # noqa: PLC0415 - a sixth of a second that the window does not wait for

    indices = plane_indices(sampled.grid, plane)
    is_inside = inside(sampled.grid, indices)
    if sampled.absent is not None:
        is_inside = is_inside & present(sampled.absent, indices[..., 2])
    places = np.moveaxis(np.where(is_inside[..., None], indices, 0.0)[..., ::-1], -1, 0)
    values = ndimage.map_coordinates(sampled.array, places, output=np.float64, order=1, mode="nearest", prefilter=False)
    result: NDArray[np.float64] = np.where(is_inside, values, np.nan)
    return result


def plane_indices(grid: StackGrid, plane: ReformatPlane) -> NDArray[np.float64]:
    """Return the (x, y, z) indices of a plane's pixels, shape (height, width, 3)."""
    across = np.arange(plane.width, dtype=np.float64)[None, :, None] * plane.mm_per_pixel
    down = np.arange(plane.height, dtype=np.float64)[:, None, None] * plane.mm_per_pixel
    points = np.asarray(plane.origin_lps_mm) + across * np.asarray(plane.right_lps) + down * np.asarray(plane.down_lps)
    return grid.indices_of(points)


def inside(grid: StackGrid, indices: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Return which (x, y, z) indices lie within a voxel of the grid; NaN does not."""
    sizes = np.asarray(grid.shape_zyx[::-1], dtype=np.float64)
    with np.errstate(invalid="ignore"):
        within = (indices >= -0.5 - _ON_FACE) & (indices <= sizes - 0.5 + _ON_FACE)
    return np.asarray(within.all(axis=-1), dtype=np.bool_)


def present(absent: NDArray[np.bool_], z_indices: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Return where both slices that a value is interpolated from are in memory."""
    last = len(absent) - 1
    places = np.nan_to_num(z_indices)
    below = np.clip(np.floor(places + _ON_FACE), 0, last).astype(np.intp)
    above = np.clip(np.ceil(places - _ON_FACE), 0, last).astype(np.intp)
    result: NDArray[np.bool_] = ~(absent[below] | absent[above])
    return result
