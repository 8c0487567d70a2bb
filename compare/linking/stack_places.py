"""Where the slices of a stack lie along its normal, worked out once per stack."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from loaders.model.frame_plane import FramePlane, Vector3
from loaders.model.stack import Stack, StackKey

#: What is known of the stacks on screen; a stack whose headers are not there (any more) is simply absent.
Stacks = Mapping[StackKey, Stack]

#: Two planes this close to parallel are scrolled together; beyond it they get reference lines only.
PARALLEL_WITHIN_DEGREES = 5.0
_PARALLEL_COSINE = float(np.cos(np.radians(PARALLEL_WITHIN_DEGREES)))
#: Across examinations without a transform the angle between planes also holds how the patient lay: a head tilted by
#: ten degrees is the usual case. Up to here two stacks count as the same kind of plane; the angle is reported.
ALIKE_WITHIN_DEGREES = 25.0
_ALIKE_COSINE = float(np.cos(np.radians(ALIKE_WITHIN_DEGREES)))
#: The slices of one stack must agree in direction better than that: within what scanners round to.
_ONE_DIRECTION_COSINE = float(np.cos(np.radians(0.5)))
#: Slices nearer to each other than this are at one place (echoes, phases, duplicates).
_SAME_PLACE_MM = 1e-3


@dataclass(frozen=True, slots=True, eq=False)
class StackPlaces:
    """Positions, shape (slices,), in mm along ``normal_lps`` from the frame of reference's origin."""

    normal_lps: Vector3
    positions_mm: NDArray[np.float64]
    low_mm: float
    high_mm: float
    #: How far beyond the outer slices the stack still shows the anatomy: half the usual step, at least 1 mm.
    reach_mm: float

    def nearest(self, position_mm: float, staying_at: int) -> tuple[int, float]:
        """Return the index of the nearest slice and its signed distance in mm (slice minus wanted).

        Of several slices equally near, the one with the index closest to ``staying_at``.
        """
        distances = np.abs(self.positions_mm - position_mm)
        candidates = np.flatnonzero(distances <= distances.min() + _SAME_PLACE_MM)
        index = int(candidates[np.argmin(np.abs(candidates - staying_at))])
        return index, float(self.positions_mm[index]) - position_mm


class _ByIdentity:
    """A dictionary key that is the very object: comparing two stacks by value would walk over a thousand frames."""

    __slots__ = ("stack",)

    def __init__(self, stack: Stack) -> None:
        self.stack = stack

    def __hash__(self) -> int:
        return id(self.stack)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _ByIdentity) and other.stack is self.stack


def places_of(stack: Stack) -> StackPlaces | None:
    """Return the table of positions, or ``None`` where slices lack a place or do not share one direction."""
    return _places(_ByIdentity(stack))


@lru_cache(maxsize=256)
def _places(key: _ByIdentity) -> StackPlaces | None:
    planes = [frame.plane for frame in key.stack.frames]
    if not planes or any(plane is None for plane in planes):
        return None
    known: list[FramePlane] = [plane for plane in planes if plane is not None]
    columns = np.array([plane.column_step_lps for plane in known])
    rows = np.array([plane.row_step_lps for plane in known])
    normals = np.cross(columns, rows)
    normals /= np.linalg.norm(normals, axis=1, keepdims=True)
    normal = normals[0]
    if not np.all(normals @ normal >= _ONE_DIRECTION_COSINE):
        return None
    positions: NDArray[np.float64] = np.array([plane.origin_lps_mm for plane in known]) @ normal
    positions.setflags(write=False)
    steps = np.diff(np.unique(np.round(positions, 3)))
    return StackPlaces(
        normal_lps=(float(normal[0]), float(normal[1]), float(normal[2])),
        positions_mm=positions,
        low_mm=float(positions.min()),
        high_mm=float(positions.max()),
        reach_mm=max(1.0, float(np.median(steps)) / 2.0) if steps.size else _single_reach_mm(key.stack),
    )


def _single_reach_mm(stack: Stack) -> float:
    return max(1.0, (stack.frames[0].slice_thickness_mm or 0.0) / 2.0)


@lru_cache(maxsize=256)
def _frame_of_reference(key: _ByIdentity) -> str:
    return key.stack.frame_of_reference_uid


def frame_of_reference_of(stack: Stack) -> str:
    """Return the stack's frame of reference without walking over its frames again."""
    return _frame_of_reference(_ByIdentity(stack))


def dot(a: Vector3, b: Vector3) -> float:
    """Scalar product: numpy's overhead on three numbers is what a linked scroll would mostly spend."""
    return a[0] * b[0] + a[1] * b[1] + a[2] * b[2]


def degrees_between_planes(normal_a: Vector3, normal_b: Vector3) -> float:
    """Return the angle between two planes in degrees, 0 to 90: which side a normal points to does not matter."""
    return float(np.degrees(np.arccos(min(1.0, abs(dot(normal_a, normal_b))))))


def are_parallel(normal_a: Vector3, normal_b: Vector3) -> bool:
    """Whether two planes are close enough to parallel to be scrolled together."""
    return abs(dot(normal_a, normal_b)) >= _PARALLEL_COSINE


def are_alike(normal_a: Vector3, normal_b: Vector3) -> bool:
    """Whether planes of two examinations, with no transform between them, are of one kind (axial with axial)."""
    return abs(dot(normal_a, normal_b)) >= _ALIKE_COSINE
