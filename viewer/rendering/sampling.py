"""Where each canvas pixel takes its value from, for a plane that lies square on the canvas.

A slice is shown mirrored, turned by quarters, shifted and scaled, never sheared; so every canvas row reads one band of
image rows (or columns) and the two axes are planned apart. Enlarging interpolates linearly or takes the nearest pixel.
Reducing averages over the area that a canvas pixel covers; at scale one both are the same formula, so nothing jumps
while zooming. Very large reductions read a halved copy of the slice (:mod:`viewer.rendering.slice_levels`).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from compare.viewing.canvas import CanvasTransform
from compare.viewing.view_state import Interpolation
from loaders.model.frame import Frame
from viewer.rendering.slice_renderer import SliceRequest

#: A sample nearer to a pixel's centre than this, in pixels, is that pixel: rounding noise must not blur a 1:1 picture.
_ON_CENTRE = 1e-6


@dataclass(frozen=True, slots=True, eq=False)
class AxisSampling:
    """How one image axis is read: ``indices`` (taps, n) intp and ``weights`` (taps, n) float32 summing to 1.

    ``first`` is the first canvas pixel, on the canvas axis concerned, whose centre lies on the image; ``n`` follow it.
    ``nearest`` (n,) is the index of the pixel under each sample. ``scale`` and ``offset`` give the sample's position
    on the level, ``scale * (canvas index + 0.5) + offset``, 0 at the centre of the level's first pixel.
    """

    first: int
    indices: NDArray[np.intp]
    weights: NDArray[np.float32]
    nearest: NDArray[np.intp]
    scale: float
    offset: float

    @property
    def count(self) -> int:
        """Number of canvas pixels on the image."""
        return int(self.nearest.shape[0])

    @property
    def reach(self) -> int:
        """How many pixels away from the one under the sample a tap may lie."""
        if self.count == 0:
            return 0
        return int(np.max(np.abs(self.indices - self.nearest)))


@dataclass(frozen=True, slots=True, eq=False)
class SamplingPlan:
    """How a slice is laid on a canvas. ``is_turned``: image columns run along canvas y (an odd number of turns)."""

    level: int
    columns: AxisSampling
    rows: AxisSampling
    is_turned: bool

    @property
    def canvas_box(self) -> tuple[slice, slice]:
        """The (rows, columns) of the canvas that the image covers."""
        across, down = (self.rows, self.columns) if self.is_turned else (self.columns, self.rows)
        return slice(down.first, down.first + down.count), slice(across.first, across.first + across.count)

    @property
    def is_empty(self) -> bool:
        """Whether no canvas pixel lies on the image."""
        return self.columns.count == 0 or self.rows.count == 0


@dataclass(frozen=True, slots=True)
class _Axis:
    """A canvas axis read along an image axis: position = scale * canvas + offset, image pixels, centre = 0."""

    scale: float
    offset: float


def plan_request(request: SliceRequest, frame: Frame, stored: NDArray[Any]) -> SamplingPlan:
    """Plan the sampling of a request's frame, whose decoded array is ``stored``."""
    # The place in the patient changes with every slice, the sampling does not: without it the plan is found again.
    transform = replace(CanvasTransform.of(request.view, frame, request.width, request.height), plane=None)
    return plan_sampling(
        transform,
        image_rows=stored.shape[0],
        image_columns=stored.shape[1],
        width=request.width,
        height=request.height,
        interpolation=request.presentation.interpolation,
    )


@lru_cache(maxsize=32)
def plan_sampling(
    transform: CanvasTransform,
    *,
    image_rows: int,
    image_columns: int,
    width: int,
    height: int,
    interpolation: Interpolation,
) -> SamplingPlan:
    """Plan the sampling of an image of the given matrix on a canvas of ``width`` x ``height`` device pixels."""
    matrix = transform.matrix_canvas_to_image
    is_turned = abs(float(matrix[0, 1])) > abs(float(matrix[0, 0]))
    along_x, along_y = (1, 0) if is_turned else (0, 1)
    column = _Axis(float(matrix[0, along_x]), float(matrix[0, 2]))
    row = _Axis(float(matrix[1, along_y]), float(matrix[1, 2]))
    level = reduction_level(min(abs(column.scale), abs(row.scale)), min(image_rows, image_columns))
    column_canvas, row_canvas = (height, width) if is_turned else (width, height)
    return SamplingPlan(
        level=level,
        columns=_plan_axis(column, level, image_columns, column_canvas, interpolation),
        rows=_plan_axis(row, level, image_rows, row_canvas, interpolation),
        is_turned=is_turned,
    )


def reduction_level(pixels_per_canvas_pixel: float, shorter_side: int) -> int:
    """How often the slice is halved before sampling: so that between one and two pixels remain for a canvas pixel."""
    level = 0
    while pixels_per_canvas_pixel >= 2.0 and (shorter_side >> level) >= 2:
        pixels_per_canvas_pixel /= 2.0
        level += 1
    return level


def _plan_axis(axis: _Axis, level: int, size: int, canvas: int, interpolation: Interpolation) -> AxisSampling:
    centres = np.arange(canvas, dtype=np.float64) + 0.5
    on_image = centres * axis.scale + axis.offset
    inside = np.flatnonzero((on_image >= -0.5) & (on_image < size - 0.5))
    if not inside.size and size:
        # An image thinner than a canvas pixel falls between the centres: the pixel it lies in shows it.
        middle = ((size - 1) / 2.0 - axis.offset) / axis.scale
        inside = np.array([int(middle)] if 0.0 <= middle < canvas else [], dtype=np.intp)
    first = int(inside[0]) if inside.size else 0
    # A pixel of level L covers 2**L pixels of the image, from corner to corner.
    factor = float(1 << level)
    scale, offset = axis.scale / factor, (axis.offset + 0.5) / factor - 0.5
    position = centres[inside] * scale + offset
    whole = np.rint(position)
    position = np.where(np.abs(position - whole) < _ON_CENTRE, whole, position)
    last = ((size - 1) >> level) if size else 0
    nearest = np.clip(np.floor(position + 0.5).astype(np.intp), 0, last)
    span = abs(scale)
    if interpolation is Interpolation.NEAREST and span <= 1.0:
        indices, weights = nearest[np.newaxis], np.ones((1, nearest.size), dtype=np.float32)
    else:
        indices, weights = _area_taps(position, max(span, 1.0), last)
    for array in (indices, weights, nearest):
        array.setflags(write=False)
    return AxisSampling(first, indices, weights, nearest, scale, offset)


def _area_taps(position: NDArray[np.float64], span: float, last: int) -> tuple[NDArray[np.intp], NDArray[np.float32]]:
    """Taps and weights of the mean over ``span`` pixels about each position; with a span of 1 it is linear."""
    low, high = position - span / 2.0, position + span / 2.0
    first = np.floor(low + 0.5).astype(np.intp)
    taps = int(np.max(np.ceil(high - 0.5).astype(np.intp) - first, initial=0)) + 1
    indices = first[np.newaxis] + np.arange(taps, dtype=np.intp)[:, np.newaxis]
    overlap = np.minimum(high, indices + 0.5) - np.maximum(low, indices - 0.5)
    weights = np.clip(overlap, 0.0, None)
    # The image ends at its outer pixels: beyond them their own value goes on.
    weights = weights / np.maximum(weights.sum(axis=0, keepdims=True), np.finfo(np.float64).tiny)
    used = np.flatnonzero(weights.max(axis=1, initial=0.0) > _ON_CENTRE)
    if used.size:
        indices, weights = indices[used], weights[used]
    return np.ascontiguousarray(np.clip(indices, 0, last)), np.ascontiguousarray(weights, dtype=np.float32)
