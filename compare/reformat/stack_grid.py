"""From points in the patient to places in a stack, in its true geometry: sheared, anisotropic or unevenly spaced.

Even stacks are one affine map, the shear of a tilted gantry included. Uneven ones are mapped piecewise: between two
neighbouring slices a point's place is found in the slice that lies through it, whose origin is interpolated.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from loaders.errors import WorldError
from loaders.model.frame_plane import Vector3
from loaders.model.stack import Stack, StackWarningCode
from loaders.model.units import SpacingBasis

#: A step between slices this many times both its neighbours is a hole: nothing is interpolated across it.
_HOLE = 2.5
_SAME_POSITION_MM = 0.01
_SAME_DIRECTION = 1e-3
_SAME_SPACING = 1e-3


class CannotReformat(WorldError):
    """A stack that holds no volume; the message says why."""

    code = "cannot_reformat"


class GridNote(StrEnum):
    """What must be said on a picture reformatted from this stack; stable words."""

    GANTRY_TILT = "gantry_tilt"
    UNEVEN_SPACING = "uneven_spacing"
    MISSING_SLICES = "missing_slices"


@dataclass(frozen=True, slots=True, eq=False)
class StackGrid:
    """Where the voxels of a stack lie. ``index_to_lps`` maps (x, y, z) indices with a trailing 1, shape (4, 4).

    ``positions_mm`` and ``origins_lps_mm`` are set for uneven stacks only: each slice's distance along the normal, and
    the centre of its first pixel; then ``index_to_lps`` is that of an even stack between the outer slices. ``holes``
    are the slices, from 0, behind which nothing is known until the next one.
    """

    shape_zyx: tuple[int, int, int]
    spacing_mm_zyx: tuple[float, float, float]
    index_to_lps: NDArray[np.float64]
    frame_of_reference_uid: str
    normal_lps: Vector3
    positions_mm: NDArray[np.float64] | None = None
    origins_lps_mm: NDArray[np.float64] | None = None
    holes: tuple[int, ...] = ()
    notes: tuple[tuple[GridNote, float], ...] = ()

    @property
    def is_even(self) -> bool:
        """Whether one affine map says it all."""
        return self.positions_mm is None

    @property
    def lps_to_index(self) -> NDArray[np.float64]:
        """The inverse of ``index_to_lps``."""
        inverse: NDArray[np.float64] = np.linalg.inv(self.index_to_lps).astype(np.float64, copy=False)
        return inverse

    @property
    def finest_mm(self) -> float:
        """The smallest distance between neighbouring voxels."""
        return min(self.spacing_mm_zyx)

    @property
    def centre_lps_mm(self) -> Vector3:
        """The middle of the stack."""
        depth, rows, columns = self.shape_zyx
        middle = self.index_to_lps @ np.array(((columns - 1) / 2.0, (rows - 1) / 2.0, (depth - 1) / 2.0, 1.0))
        return (float(middle[0]), float(middle[1]), float(middle[2]))

    def corners_lps_mm(self) -> NDArray[np.float64]:
        """Return the eight outer corners of the voxels, shape (8, 3)."""
        depth, rows, columns = self.shape_zyx
        corners = [
            (x, y, z, 1.0) for x in (-0.5, columns - 0.5) for y in (-0.5, rows - 0.5) for z in (-0.5, depth - 0.5)
        ]
        found: NDArray[np.float64] = (np.asarray(corners) @ self.index_to_lps.T)[:, :3]
        return found

    def indices_of(self, points_lps_mm: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return (x, y, z) indices of points, shapes (..., 3); NaN in a hole, beyond the outer slices extrapolated."""
        if self.positions_mm is None or self.origins_lps_mm is None:
            matrix = self.lps_to_index
            even: NDArray[np.float64] = points_lps_mm @ matrix[:3, :3].T + matrix[:3, 3]
            return even
        along = points_lps_mm @ np.asarray(self.normal_lps)
        steps = np.diff(self.positions_mm)
        below = np.clip(np.searchsorted(self.positions_mm, along, side="right") - 1, 0, len(steps) - 1)
        share = (along - self.positions_mm[below]) / steps[below]
        origin = self.origins_lps_mm[below] + share[..., None] * np.diff(self.origins_lps_mm, axis=0)[below]
        offset = points_lps_mm - origin
        result: NDArray[np.float64] = np.empty_like(points_lps_mm, dtype=np.float64)
        _, row_mm, column_mm = self.spacing_mm_zyx
        result[..., 0] = offset @ (self.index_to_lps[:3, 0] / column_mm**2)
        result[..., 1] = offset @ (self.index_to_lps[:3, 1] / row_mm**2)
        result[..., 2] = below + share
        if self.holes:
            is_hole = np.isin(below, self.holes) & (share > 1e-9) & (share < 1.0 - 1e-9)
            result[is_hole] = np.nan
        return result


def grid_of(stack: Stack) -> StackGrid:
    """Return the grid of a stack. Raises ``CannotReformat`` with the reason."""
    _refuse(stack)
    geometry = stack.geometry
    notes = _notes(stack)
    if geometry is not None:
        affine = geometry.index_to_lps
        index_to_lps = affine[:, [2, 1, 0, 3]]
        return StackGrid(
            geometry.shape_zyx,
            geometry.spacing_mm_zyx,
            index_to_lps,
            geometry.frame_of_reference_uid,
            geometry.normal_lps,
            notes=notes,
        )
    return _uneven(stack, notes)


def _refuse(stack: Stack) -> None:
    codes = {warning.code for warning in stack.warnings}
    frame = stack.frames[0]
    reasons = (
        (frame.format.is_colour, "colour pictures are not interpolated"),
        (len(stack.frames) < 2, "one slice alone has no depth"),
        (any(each.plane is None for each in stack.frames), "slices without a position in the patient make no volume"),
        (frame.spacing.basis is not SpacingBasis.GEOMETRY, "its pixels have no size in the patient"),
        (StackWarningCode.MIXED_ORIENTATION in codes, "its slices are not parallel"),
        (StackWarningCode.DUPLICATE_POSITIONS in codes, "several slices lie at one position"),
    )
    for applies, reason in reasons:
        if applies:
            raise CannotReformat(f"stack {stack.key.stack_id} cannot be reformatted: {reason}")
    for each in stack.frames:
        is_same = (
            (each.format.rows, each.format.columns) == (frame.format.rows, frame.format.columns)
            and abs(each.spacing.row_mm - frame.spacing.row_mm) <= _SAME_SPACING * frame.spacing.row_mm
            and abs(each.spacing.column_mm - frame.spacing.column_mm) <= _SAME_SPACING * frame.spacing.column_mm
        )
        if not is_same:
            raise CannotReformat(
                f"stack {stack.key.stack_id} cannot be reformatted: its slices differ in matrix or pixel spacing"
            )


def _notes(stack: Stack) -> tuple[tuple[GridNote, float], ...]:
    known = {
        StackWarningCode.GANTRY_TILT: GridNote.GANTRY_TILT,
        StackWarningCode.UNEVEN_SPACING: GridNote.UNEVEN_SPACING,
        StackWarningCode.MISSING_SLICES: GridNote.MISSING_SLICES,
    }
    return tuple(
        (known[warning.code], float(warning.amount or 0.0)) for warning in stack.warnings if warning.code in known
    )


def _uneven(stack: Stack, notes: tuple[tuple[GridNote, float], ...]) -> StackGrid:
    planes = [frame.plane for frame in stack.frames if frame.plane is not None]
    first = planes[0]
    normal = np.asarray(first.normal_lps)
    directions = np.array([(*plane.column_step_lps, *plane.row_step_lps) for plane in planes])
    if np.abs(directions - directions[0]).max() > _SAME_DIRECTION:
        raise CannotReformat(f"stack {stack.key.stack_id} cannot be reformatted: its slices are not parallel")
    origins = np.array([plane.origin_lps_mm for plane in planes], dtype=np.float64)
    positions = origins @ normal
    steps = np.diff(positions)
    if steps.min() < _SAME_POSITION_MM:
        raise CannotReformat(f"stack {stack.key.stack_id} cannot be reformatted: several slices lie at one position")
    frame = stack.frames[0]
    index_to_lps: NDArray[np.float64] = np.eye(4, dtype=np.float64)
    index_to_lps[:3, 0] = np.asarray(first.column_step_lps) * frame.spacing.column_mm
    index_to_lps[:3, 1] = np.asarray(first.row_step_lps) * frame.spacing.row_mm
    index_to_lps[:3, 2] = (origins[-1] - origins[0]) / (len(planes) - 1)
    index_to_lps[:3, 3] = origins[0]
    return StackGrid(
        (len(planes), frame.format.rows, frame.format.columns),
        (float(steps.min()), frame.spacing.row_mm, frame.spacing.column_mm),
        index_to_lps,
        stack.frame_of_reference_uid,
        first.normal_lps,
        positions,
        origins,
        _holes(steps),
        notes or ((GridNote.UNEVEN_SPACING, float(steps.max())),),
    )


def _holes(steps: NDArray[np.float64]) -> tuple[int, ...]:
    """Steps that stand out from both neighbours: slices are missing there, not merely coarser."""
    found = []
    for index, step in enumerate(steps):
        neighbours = [steps[other] for other in (index - 1, index + 1) if 0 <= other < len(steps)]
        if neighbours and step > _HOLE * max(neighbours):
            found.append(index)
    return tuple(found)
