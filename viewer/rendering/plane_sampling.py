"""A volume sampled on another examination's canvas, point by point, through any transform."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import partial
from itertools import product
from typing import Any

import numpy as np
from numpy.typing import NDArray

from compare.linking.frame_graph import PointTransform
from compare.viewing.canvas import CanvasTransform
from loaders.model.volume import Volume
from viewer.rendering.colour_maps import coloured
from viewer.rendering.presentation_grey import presentation_pixels
from viewer.rendering.slice_renderer import SliceRequest

#: Canvas rows sampled at a time: bounds the memory of the points, 24 bytes each.
_BAND = 64
#: A deformation is followed on points so far apart, and at most so many pixels.
_STEP_MM = 2.0
_WIDEST_STEP = 32
#: Samples along one side of a canvas pixel at most, where it covers several voxels.
_MOST_SAMPLES = 4


@dataclass(frozen=True, slots=True, eq=False)
class CanvasPoints:
    """The current's canvas in the patient, and the way from there to the prior's voxels."""

    current: SliceRequest
    canvas: CanvasTransform
    prior: SliceRequest
    transform: PointTransform


def sample_canvas(points: CanvasPoints) -> NDArray[np.uint8] | None:
    """Return the prior's picture on the current's canvas, (height, width) or (height, width, 3).

    Values are interpolated linearly between voxels before they are mapped to grey. Black lies outside the volume;
    ``None`` when a slice that is needed is not in memory, and for colour volumes or stacks without a regular grid.
    """
    volume, geometry = points.prior.volume, points.prior.volume.stack.geometry
    if geometry is None or volume.stored is None or volume.stored.ndim != 3:
        return None
    if not _shares_mapping(volume):
        return None
    width, height = points.current.width, points.current.height
    finest_mm = min(geometry.spacing_mm_zyx[1:])
    samples = min(_MOST_SAMPLES, max(1, math.ceil(points.canvas.mm_per_pixel / finest_mm - 1e-6)))
    out = np.zeros((height, width), dtype=np.uint8)
    is_image = np.zeros((height, width), dtype=np.bool_)
    frame = points.prior.volume.frame(0)
    grid = _VoxelGrid.of(points)
    for start in range(0, height, _BAND):
        stop = min(height, start + _BAND)
        sampled = _sample_band(points, grid, (start, stop), samples)
        if sampled is None:
            return None
        values, is_image[start:stop] = sampled
        out[start:stop] = presentation_pixels(values, frame, points.prior.presentation)
    name = points.prior.presentation.colour_map
    picture = out if name == "grey" else coloured(out, name)
    picture[~is_image] = 0
    return picture


def _shares_mapping(volume: Volume) -> bool:
    """Whether a stored value means the same on every slice, so that values may be averaged across slices."""
    first = volume.stack.frames[0]
    return all(frame.values == first.values for frame in volume.stack.frames)


def _sample_band(
    points: CanvasPoints, grid: _VoxelGrid, band: tuple[int, int], samples: int
) -> tuple[NDArray[np.float64], NDArray[np.bool_]] | None:
    """Mean values, (rows, width), and where most of a pixel's samples lie in the volume."""
    start, stop = band
    width = points.current.width
    total = np.zeros((stop - start, width))
    count = np.zeros((stop - start, width), dtype=np.int64)
    steps = (np.arange(samples) + 0.5) / samples
    for dy, dx in product(steps, steps):
        index = grid.at(start + dy + np.arange(stop - start), dx + np.arange(width))
        found = _interpolate(points.prior.volume, index)
        if found is None:
            return None
        values, is_inside = found
        total += np.where(is_inside, values, np.float32(0.0)).reshape(total.shape)
        count += is_inside.reshape(total.shape)
    return total / np.maximum(count, 1), count * 2 > samples * samples


@dataclass(frozen=True, slots=True, eq=False)
class _VoxelGrid:
    """Voxel coordinates (z, y, x) of a coarse grid of canvas points, shape (rows, columns, 3), ``step`` pixels apart.

    Exact for every straight transform. A deformation is followed on points at most two millimetres apart, far below
    what it can change over: each of them may cost an iteration, so they are not asked for at every pixel.
    """

    step: int
    index_zyx: NDArray[np.float64]

    @classmethod
    def of(cls, points: CanvasPoints) -> _VoxelGrid:
        """Map the grid that covers the current's canvas."""
        canvas, plane, geometry = points.canvas, points.canvas.plane, points.prior.volume.stack.geometry
        if plane is None or geometry is None:
            raise ValueError("both examinations need a place in the patient")
        step = max(1, min(_WIDEST_STEP, int(_STEP_MM / canvas.mm_per_pixel)))
        rows = math.ceil(points.current.height / step) + 1
        columns = math.ceil(points.current.width / step) + 1
        origin = plane.lps_of(*canvas.canvas_to_in_plane_mm(0.0, 0.0))
        across = plane.lps_of(*canvas.canvas_to_in_plane_mm(float(step), 0.0)) - origin
        along = plane.lps_of(*canvas.canvas_to_in_plane_mm(0.0, float(step))) - origin
        lps = origin + np.arange(rows)[:, None, None] * along + np.arange(columns)[:, None] * across
        mapped = points.transform.map_points(lps.reshape(-1, 3))
        affine = geometry.lps_to_index
        index = mapped @ affine[:3, :3].T + affine[:3, 3]
        return cls(step, index.reshape(rows, columns, 3))

    def at(self, y: NDArray[np.float64], x: NDArray[np.float64]) -> NDArray[np.float64]:
        """Voxel coordinates of canvas points, shape (len(y) * len(x), 3)."""
        row, down = self._between(y, self.index_zyx.shape[0])
        column, right = self._between(x, self.index_zyx.shape[1])
        lines = self.index_zyx[row] * (1.0 - down)[:, None, None] + self.index_zyx[row + 1] * down[:, None, None]
        found: NDArray[np.float64] = lines[:, column] * (1.0 - right)[:, None]
        found += lines[:, column + 1] * right[:, None]
        return found.reshape(-1, 3)

    def _between(self, at: NDArray[np.float64], count: int) -> tuple[NDArray[np.intp], NDArray[np.float64]]:
        position = at / self.step
        low = np.clip(position.astype(np.intp), 0, count - 2)
        return low, position - low


def _interpolate(
    volume: Volume, index_zyx: NDArray[np.float64]
) -> tuple[NDArray[np.float32], NDArray[np.bool_]] | None:
    """Trilinear values at voxel coordinates and where these lie in image, not padding; ``None`` if slices lack."""
    stored = volume.stored
    if stored is None:
        return None
    steps = (stored.shape[1] * stored.shape[2], stored.shape[2], 1)
    is_inside = np.ones(len(index_zyx), dtype=np.bool_)
    base, own = np.zeros(len(index_zyx), dtype=np.intp), np.zeros(len(index_zyx), dtype=np.intp)
    parts: list[NDArray[np.float32]] = []
    offsets: list[int] = []
    for axis, step in enumerate(steps):
        size = stored.shape[axis]
        position = np.ascontiguousarray(index_zyx[:, axis])
        is_inside &= (position >= -0.5) & (position < size - 0.5)
        np.clip(position, 0.0, size - 1.0, out=position)
        low = np.minimum(position.astype(np.intp), max(size - 2, 0))
        part = (position - low).astype(np.float32)
        base += low * step
        own += (low + (part >= 0.5)) * step
        parts.append(part)
        offsets.append(step if size > 1 else 0)
        if axis == 0 and not _are_loaded(volume, low[is_inside], size):
            return None
    flat = stored.reshape(-1)
    here = flat.take(own, mode="clip")
    is_image = _is_image(volume, here)
    has_padding = is_image is not None and not is_image[is_inside].all()

    def corner(offset: int) -> NDArray[np.float32]:
        voxels = flat.take(base + offset, mode="clip")
        counts = _is_image(volume, voxels) if has_padding else None
        values: NDArray[np.float32] = (voxels if counts is None else np.where(counts, voxels, here)).astype(np.float32)
        return values

    def between(axis: int, offset: int) -> NDArray[np.float32]:
        """Linear along ``axis`` of what is linear along the axes after it."""
        deeper = corner if axis == 2 else partial(between, axis + 1)
        near, far = deeper(offset), deeper(offset + offsets[axis])
        far -= near
        far *= parts[axis]
        near += far
        return near

    values = between(0, 0)
    return values, is_inside & is_image if is_image is not None else is_inside


def _are_loaded(volume: Volume, low: NDArray[np.intp], size: int) -> bool:
    """Whether the slices from the lowest to the one above the highest are in memory."""
    if not low.size:
        return True
    last = min(int(low.max()) + 1, size - 1)
    return all(volume.frame_array(index) is not None for index in range(int(low.min()), last + 1))


def _is_image(volume: Volume, voxels: NDArray[Any]) -> NDArray[np.bool_] | None:
    """Which voxels are not padding, or ``None`` where the file names no padding."""
    padding = volume.frame(0).display.padding
    if padding is None:
        return None
    low, high = min(padding.low, padding.high), max(padding.low, padding.high)
    is_image: NDArray[np.bool_] = (voxels < low) | (voxels > high)
    return is_image
