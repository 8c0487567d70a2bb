"""Values of one frame at the pixels of another in the same frame of reference: nearest neighbour, nothing invented."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from loaders.model.frame import Frame

_PARALLEL = 1e-3
_UNKNOWN_HALF_MM = 0.5


def off_plane_mm(mine: Frame, shown: Frame) -> float | None:
    """Return how far a picture's plane lies from a frame's, along the normal; ``None`` where they do not compare."""
    ours, theirs = mine.plane, shown.plane
    if ours is None or theirs is None or ours.frame_of_reference_uid != theirs.frame_of_reference_uid:
        return None
    if abs(float(np.dot(ours.normal_lps, theirs.normal_lps))) < 1.0 - _PARALLEL:
        return None
    return ours.in_plane_mm(np.asarray(theirs.origin_lps_mm))[2]


def lies_in(mine: Frame, shown: Frame) -> bool:
    """Whether a frame's slice holds the plane of a picture; a plane midway between two slices is in one of them."""
    distance_mm = off_plane_mm(mine, shown)
    if distance_mm is None:
        return False
    thickness = mine.slice_thickness_mm or shown.slice_thickness_mm
    half_mm = thickness / 2.0 if thickness else _UNKNOWN_HALF_MM
    return -half_mm < distance_mm <= half_mm


def placed(
    values: NDArray[np.generic], mine: Frame, shown: Frame, outside: float = 0.0
) -> tuple[NDArray[np.float64], NDArray[np.bool_]] | None:
    """Return values (rows, columns, ...) at the pixels of a picture, and where there are any.

    Without planes the matrices must be equal; ``None`` where neither helps.
    """
    rows, columns = shown.format.rows, shown.format.columns
    numbers: NDArray[np.float64] = values.astype(np.float64)
    if mine.plane is None or shown.plane is None:
        if values.shape[:2] != (rows, columns):
            return None
        return numbers, np.ones((rows, columns), dtype=np.bool_)
    row, column = np.mgrid[0:rows, 0:columns]
    points = (
        np.asarray(shown.plane.origin_lps_mm)
        + column[..., None] * (np.asarray(shown.plane.column_step_lps) * shown.spacing.column_mm)
        + row[..., None] * (np.asarray(shown.plane.row_step_lps) * shown.spacing.row_mm)
    )
    offsets = points - np.asarray(mine.plane.origin_lps_mm)
    at_column = np.rint(offsets @ np.asarray(mine.plane.column_step_lps) / mine.spacing.column_mm).astype(np.intp)
    at_row = np.rint(offsets @ np.asarray(mine.plane.row_step_lps) / mine.spacing.row_mm).astype(np.intp)
    is_inside: NDArray[np.bool_] = (
        (at_row >= 0) & (at_row < values.shape[0]) & (at_column >= 0) & (at_column < values.shape[1])
    )
    found: NDArray[np.float64] = np.full((rows, columns, *values.shape[2:]), outside, dtype=np.float64)
    found[is_inside] = numbers[at_row[is_inside], at_column[is_inside]]
    return found, is_inside
