"""Three planes through one point: where the crosshair stands, how the planes lie, how thick they are. Values only."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from compare.linking.frame_graph import PointTransform
from compare.reformat.plane import ANATOMICAL, ReformatPlane, SlabMode, plane_with, rotation
from loaders.model.frame_plane import Vector3

#: The panes, in the order of a row.
PANES = ("axial", "coronal", "sagittal")
THICKEST_MM = 100.0
_THINNEST_MM = 0.25
_FINEST_MM, _COARSEST_MM = 0.02, 20.0
#: How far apart points are mapped to carry a direction into another space.
_LEVER_MM = 50.0
_ROUNDING = 1e-6


@dataclass(frozen=True, slots=True)
class PaneFrame:
    """How one pane lies: the direction it is seen along, and what is up in it."""

    normal_lps: Vector3
    up_lps: Vector3


@dataclass(frozen=True, slots=True)
class MprState:
    """All three planes hold ``crosshair_lps_mm``; their rasters lie about ``middle_lps_mm``, brought into each plane.

    ``frames`` follow :data:`PANES`. A slab of ``slab_mm`` (0: the plane alone) holds in all panes, as does the scale.
    """

    crosshair_lps_mm: Vector3
    middle_lps_mm: Vector3
    mm_per_pixel: float
    frames: tuple[PaneFrame, ...] = tuple(PaneFrame(*ANATOMICAL[name]) for name in PANES)
    slab_mm: float = 0.0
    mode: SlabMode = SlabMode.MIP

    def plane(self, pane: int, width: int, height: int) -> ReformatPlane:
        """Return the plane of a pane on a canvas of so many pixels."""
        frame = self.frames[pane]
        probe = plane_with(
            (0.0, 0.0, 0.0), frame.normal_lps, frame.up_lps, width=width, height=height, mm_per_pixel=self.mm_per_pixel
        )
        normal = np.asarray(probe.normal_lps)
        middle = np.asarray(self.middle_lps_mm)
        middle = middle + ((np.asarray(self.crosshair_lps_mm) - middle) @ normal) * normal
        origin = _vector(middle - np.asarray(probe.centre_lps_mm))
        return replace(probe, origin_lps_mm=origin, slab_mm=self.slab_mm, mode=self.mode)

    def at(self, point_lps_mm: Vector3) -> MprState:
        """Move the crosshair."""
        return replace(self, crosshair_lps_mm=point_lps_mm)

    def stepped(self, pane: int, along_mm: float) -> MprState:
        """Move the crosshair along a pane's direction of view, as scrolling does."""
        normal = np.asarray(self.frames[pane].normal_lps)
        return self.at(_vector(np.asarray(self.crosshair_lps_mm) + along_mm * normal / np.linalg.norm(normal)))

    def turned(self, pane: int, degrees: float) -> MprState:
        """Turn the crosshair in a pane: the two other planes turn about its direction of view, it stays itself."""
        matrix = rotation(self.frames[pane].normal_lps, degrees)
        frames = tuple(
            frame
            if index == pane
            else PaneFrame(_vector(matrix @ np.asarray(frame.normal_lps)), _vector(matrix @ np.asarray(frame.up_lps)))
            for index, frame in enumerate(self.frames)
        )
        return replace(self, frames=frames)

    def thickened(self, by_mm: float) -> MprState:
        """Make the slab thicker or thinner; next to nothing is the plane alone."""
        thickness = min(max(self.slab_mm + by_mm, 0.0), THICKEST_MM)
        return replace(self, slab_mm=thickness if thickness >= _THINNEST_MM else 0.0)

    def zoomed(self, factor: float) -> MprState:
        """Enlarge about the crosshair by a factor."""
        scale = min(max(self.mm_per_pixel / factor, _FINEST_MM), _COARSEST_MM)
        share = scale / self.mm_per_pixel
        crosshair, middle = np.asarray(self.crosshair_lps_mm), np.asarray(self.middle_lps_mm)
        return replace(self, mm_per_pixel=scale, middle_lps_mm=_vector(crosshair + share * (middle - crosshair)))

    def mapped(self, transform: PointTransform) -> MprState:
        """Return the same planes in another space: the same place, directions carried along, the same scale."""
        points = [np.asarray(self.crosshair_lps_mm), np.asarray(self.middle_lps_mm)]
        for frame in self.frames:
            points += [points[0] + _LEVER_MM * np.asarray(direction) for direction in (frame.normal_lps, frame.up_lps)]
        found = transform.map_points(np.stack(points))
        frames = tuple(
            PaneFrame(_unit(found[2 + 2 * index] - found[0]), _unit(found[3 + 2 * index] - found[0]))
            for index in range(len(self.frames))
        )
        return replace(self, crosshair_lps_mm=_vector(found[0]), middle_lps_mm=_vector(found[1]), frames=frames)


def crosshair_lines(state: MprState, pane: int, plane: ReformatPlane) -> dict[int, tuple[float, float]]:
    """Return the direction, in (columns, rows) of the raster, in which each other plane cuts a pane's.

    A plane that lies parallel cuts it nowhere and is absent.
    """
    normal = np.asarray(plane.normal_lps)
    lines = {}
    for other, frame in enumerate(state.frames):
        along = np.cross(normal, frame.normal_lps)
        length = float(np.linalg.norm(along))
        if other != pane and length > _ROUNDING:
            along = along / length
            lines[other] = (float(along @ np.asarray(plane.right_lps)), float(along @ np.asarray(plane.down_lps)))
    return lines


def edge_letters(plane: ReformatPlane) -> tuple[str, str, str, str]:
    """Return which way the patient lies at the left, top, right and bottom edge (PS3.3 C.7.6.1.1.1)."""
    right, down = np.asarray(plane.right_lps), np.asarray(plane.down_lps)
    return _letters(-right), _letters(-down), _letters(right), _letters(down)


def _letters(direction: NDArray[np.float64]) -> str:
    """Letters of an LPS direction, the nearest axis first, others from 15 degrees off it."""
    order = np.argsort(-np.abs(direction))
    names = (("L", "R"), ("P", "A"), ("H", "F"))
    limit = float(np.sin(np.radians(15.0)))
    return "".join(
        names[axis][0 if direction[axis] > 0.0 else 1]
        for place, axis in enumerate(order)
        if place == 0 or abs(direction[axis]) >= limit
    )


def _unit(values: NDArray[np.float64]) -> Vector3:
    return _vector(values / np.linalg.norm(values))


def _vector(values: NDArray[np.float64]) -> Vector3:
    return (float(values[0]), float(values[1]), float(values[2]))
