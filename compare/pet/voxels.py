"""Which voxel of a stack a point in the patient lies in."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from loaders.model.stack import Stack


def nearest_voxel(stack: Stack, point_lps_mm: NDArray[np.float64]) -> tuple[int, int, int] | None:
    """Return (frame index, row, column), counted from 0, of the voxel around a point; ``None`` outside all of them.

    The frame is the one whose plane is nearest; a point further from it than half the way to the next frame, or half
    the slice thickness where there is one frame only, lies outside. Frames without a plane hold no point.
    """
    distances = [
        abs(frame.plane.in_plane_mm(point_lps_mm)[2]) if frame.plane is not None else np.inf for frame in stack.frames
    ]
    index = int(np.argmin(distances))
    frame = stack.frames[index]
    if frame.plane is None or distances[index] > _half_thickness_mm(stack, index):
        return None
    right_mm, down_mm, _ = frame.plane.in_plane_mm(point_lps_mm)
    row, column = round(down_mm / frame.spacing.row_mm), round(right_mm / frame.spacing.column_mm)
    is_inside = 0 <= row < frame.format.rows and 0 <= column < frame.format.columns
    return (index, row, column) if is_inside else None


def _half_thickness_mm(stack: Stack, index: int) -> float:
    """Half the distance to the nearer neighbour, else half the slice thickness, with a little for rounding."""
    here = stack.frames[index].plane
    steps = []
    for neighbour in (index - 1, index + 1):
        plane = stack.frames[neighbour].plane if 0 <= neighbour < len(stack.frames) else None
        if here is not None and plane is not None:
            steps.append(abs(here.in_plane_mm(np.asarray(plane.origin_lps_mm))[2]))
    thickness = min(steps, default=0.0) or stack.frames[index].slice_thickness_mm or 0.0
    return thickness / 2.0 + 1e-3
