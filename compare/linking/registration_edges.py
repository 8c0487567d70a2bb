"""Registration objects as edges of the frame graph: what a planning system or a workstation has registered before."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from compare.linking.frame_graph import (
    FrameEdge,
    FrameGraph,
    LinkBasis,
    Points,
    PointTransform,
    RigidTransform,
    Space,
    space_of,
)
from compare.pairing.roles import study_key_of
from loaders.model.study import Study
from loaders.objects.spatial_registration import DeformationGrid, Registration

_ITERATIONS = 30
_SETTLED_MM = 1e-4


@dataclass(frozen=True, slots=True, eq=False)
class AffineTransform:
    """Any invertible 4x4 matrix acting on column vectors (x, y, z, 1) in LPS mm: a registration may scale."""

    matrix: Points

    def map_points(self, lps_mm: Points) -> Points:
        """Map points, shape (n, 3)."""
        mapped: Points = lps_mm @ self.matrix[:3, :3].T + self.matrix[:3, 3]
        return mapped

    def inverse(self) -> AffineTransform:
        """Return the matrix that leads back."""
        return AffineTransform(_inverse(self.matrix))


@dataclass(frozen=True, slots=True, eq=False)
class GridTransform:
    """A deformable registration, from the registered frame of reference to the source (PS3.3 C.20.3.1.1)."""

    grid: DeformationGrid
    before: Points
    after: Points

    def map_points(self, lps_mm: Points) -> Points:
        """Move points, shape (n, 3): first matrix, displacement (linear between grid points, none outside), second."""
        moved = _through(self.before, lps_mm) + self._displacements_mm(lps_mm)
        return _through(self.after, moved)

    def inverse(self) -> InverseGridTransform:
        """Return the transform that leads back, found by iteration."""
        return InverseGridTransform(self)

    def _displacements_mm(self, lps_mm: Points) -> Points:
        vectors = self.grid.vectors_mm
        shape_xyz = np.array(vectors.shape[2::-1])
        index = _through(_inverse(self.grid.index_to_lps), lps_mm)
        is_inside = np.all((index >= 0.0) & (index <= shape_xyz - 1), axis=1)
        base = np.clip(np.floor(index).astype(np.intp), 0, np.maximum(shape_xyz - 2, 0))
        share = index - base
        found: Points = np.zeros_like(lps_mm, dtype=np.float64)
        for corner in np.ndindex(2, 2, 2):
            at = np.minimum(base + corner, shape_xyz - 1)
            weight = np.prod(np.where(np.array(corner), share, 1.0 - share), axis=1)
            found += weight[:, None] * vectors[at[:, 2], at[:, 1], at[:, 0]]
        found[~is_inside] = 0.0
        return found


@dataclass(frozen=True, slots=True, eq=False)
class InverseGridTransform:
    """From the source back to the registered frame of reference, by fixed-point iteration."""

    forward: GridTransform

    def map_points(self, lps_mm: Points) -> Points:
        """Return points which the forward transform moves to the given ones, within 0.1 micrometre where it can."""
        back = _inverse(self.forward.after @ self.forward.before)
        found = _through(back, lps_mm)
        for _ in range(_ITERATIONS):
            miss = lps_mm - self.forward.map_points(found)
            if float(np.abs(miss).max(initial=0.0)) < _SETTLED_MM:
                break
            found = found + miss @ back[:3, :3].T
        return found

    def inverse(self) -> GridTransform:
        """Return the forward transform."""
        return self.forward


def _inverse(matrix: Points) -> Points:
    inverse: Points = np.linalg.inv(matrix).astype(np.float64, copy=False)
    return inverse


def _through(matrix: Points, lps_mm: Points) -> Points:
    mapped: Points = lps_mm @ matrix[:3, :3].T + matrix[:3, 3]
    return mapped


def registration_edges(registrations: Iterable[Registration], spaces: Iterable[Space]) -> tuple[FrameEdge, ...]:
    """Return edges between the spaces that registrations name. The basis is a spatial registration object.

    A frame of reference of several studies is several spaces: an edge is made for each pair, since a registration
    names frames of reference and not studies. Frames of reference that nothing shown lies in make no edge.
    """
    by_uid: dict[str, list[Space]] = {}
    for space in dict.fromkeys(spaces):
        if space.frame_of_reference_uid:
            by_uid.setdefault(space.frame_of_reference_uid, []).append(space)
    return tuple(
        FrameEdge(source, target, LinkBasis.SPATIAL_REGISTRATION, transform_of(each))
        for each in registrations
        for source in by_uid.get(each.source_uid, ())
        for target in by_uid.get(each.registered_uid, ())
    )


def with_registrations(
    graph: FrameGraph, registrations: Iterable[Registration], studies: Iterable[Study]
) -> FrameGraph:
    """Return the graph with an edge for each registration that joins spaces of these studies."""
    spaces = [
        space_of(stack, study_key_of(study)) for study in studies for series in study.series for stack in series.stacks
    ]
    for edge in registration_edges(registrations, spaces):
        graph = graph.with_edge(edge)
    return graph


def transform_of(registration: Registration) -> PointTransform:
    """Return what a registration states, from its source frame of reference to the registered one."""
    grid, before, after = registration.grid, registration.before, registration.after
    if grid is not None and before is not None and after is not None:
        return GridTransform(grid, before, after).inverse()
    try:
        return RigidTransform(registration.matrix)
    except ValueError:
        return AffineTransform(registration.matrix)
