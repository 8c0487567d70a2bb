"""Which coordinates of one examination are which of another: spaces, and the transforms known between them.

A *space* is a frame of reference within one study. Between two spaces there is a transform with a name and an error,
or there is none: :meth:`FrameGraph.between` answers ``None`` and never falls back to identity.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from typing import Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray

from compare.linking.stack_places import frame_of_reference_of
from loaders.model.stack import Stack

Points = NDArray[np.float64]


class LinkBasis(StrEnum):
    """What a link rests on, best first. The words are stable: they stand in JSON and are translated for the screen."""

    SAME_FRAME = "same_frame"
    SPATIAL_REGISTRATION = "spatial_registration"
    RIGID = "rigid"
    DEFORMABLE = "deformable"
    MANUAL_OFFSET = "manual_offset"
    TABLE_POSITION = "table_position"
    RELATIVE = "relative"


#: Bases that say where a point of the anatomy lies, and not merely which slice is alike.
ANATOMICAL = frozenset(
    {LinkBasis.SAME_FRAME, LinkBasis.SPATIAL_REGISTRATION, LinkBasis.RIGID, LinkBasis.DEFORMABLE},
)
#: Bases that a registration computes: a new one takes the place of what was computed before.
COMPUTED = frozenset({LinkBasis.RIGID, LinkBasis.DEFORMABLE})
_RANK = {basis: rank for rank, basis in enumerate(LinkBasis)}


class PointTransform(Protocol):
    """Maps points of one space to another."""

    def map_points(self, lps_mm: Points) -> Points:
        """Map points, shape (n, 3) in LPS mm, to the other space, same shape."""
        ...

    def inverse(self) -> PointTransform:
        """Return the transform that leads back."""
        ...


class ErrorField(Protocol):
    """An error that differs from place to place."""

    def at(self, lps_mm: Points) -> Points:
        """Stated error in mm, shape (n,), at points (n, 3) in LPS mm of the space the field lies in."""
        ...


@dataclass(frozen=True, slots=True)
class IdentityTransform:
    """The same coordinates on both sides. Exists only behind an edge that says why they are the same."""

    def map_points(self, lps_mm: Points) -> Points:
        """Return the points as they are."""
        return lps_mm

    def inverse(self) -> IdentityTransform:
        """Return itself."""
        return self


class RigidTransform:
    """A rotation and a shift, as a 4x4 matrix acting on column vectors (x, y, z, 1) in LPS mm."""

    def __init__(self, matrix: ArrayLike) -> None:
        array: Points = np.array(matrix, dtype=np.float64)
        rotation = array[:3, :3] if array.shape == (4, 4) else np.zeros((3, 3))
        is_rotation = np.allclose(rotation @ rotation.T, np.eye(3), atol=1e-4) and np.linalg.det(rotation) > 0
        if not is_rotation or not np.allclose(array[3], (0.0, 0.0, 0.0, 1.0)):
            raise ValueError("a rigid transform is a proper rotation and a shift")
        array.setflags(write=False)
        self.matrix = array

    def map_points(self, lps_mm: Points) -> Points:
        """Rotate and shift points, shape (n, 3)."""
        mapped: Points = lps_mm @ self.matrix[:3, :3].T + self.matrix[:3, 3]
        return mapped

    def inverse(self) -> RigidTransform:
        """Return the rotation and shift that lead back."""
        return RigidTransform(np.linalg.inv(self.matrix))


@dataclass(frozen=True, slots=True)
class ChainedTransform:
    """Several transforms, applied in order."""

    parts: tuple[PointTransform, ...]

    def map_points(self, lps_mm: Points) -> Points:
        """Map through all parts."""
        for part in self.parts:
            lps_mm = part.map_points(lps_mm)
        return lps_mm

    def inverse(self) -> ChainedTransform:
        """Return the parts' inverses in reverse order."""
        return ChainedTransform(tuple(part.inverse() for part in reversed(self.parts)))


@dataclass(frozen=True, slots=True)
class Space:
    """Coordinates of one examination.

    A Frame of Reference UID is taken as one space only *within* a study: equal UIDs in two studies need an edge.
    Where a stack states no UID, its own identifier stands in: it shares its space with nothing.
    """

    study: str
    frame_of_reference_uid: str
    stack: str = ""


@dataclass(frozen=True, slots=True)
class FrameEdge:
    """A known transform from one space to another; ``error_mm`` is ``None`` where nobody has estimated it.

    ``error_field``, where there is one, lies in the source's space.
    """

    source: Space
    target: Space
    basis: LinkBasis
    transform: PointTransform
    error_mm: float | None = None
    error_field: ErrorField | None = None


@dataclass(frozen=True, slots=True)
class SpaceLink:
    """The answer of :meth:`FrameGraph.between`: a chain of edges has the weakest basis and the summed error."""

    basis: LinkBasis
    transform: PointTransform
    error_mm: float | None
    #: Where the chain is one edge with an error field: the field, and whether the link runs along the edge.
    error_field: ErrorField | None = None
    is_along: bool = True

    def error_at(self, lps_mm: Points) -> float | None:
        """Stated error in mm at one point (3,) of the link's source space; the link's one error without a field."""
        if self.error_field is None:
            return self.error_mm
        point = np.asarray(lps_mm, dtype=np.float64).reshape(1, 3)
        return float(self.error_field.at(point if self.is_along else self.transform.map_points(point))[0])


_SAME_SPACE = SpaceLink(LinkBasis.SAME_FRAME, IdentityTransform(), 0.0)


@dataclass(frozen=True, eq=False)
class FrameGraph:
    """All transforms known between spaces. A value: a new edge makes a new graph."""

    edges: tuple[FrameEdge, ...] = ()

    def with_edge(self, edge: FrameEdge) -> FrameGraph:
        """Return a graph that also knows ``edge``; one of the same spaces and basis is replaced."""
        kept = (
            old
            for old in self.edges
            if old.basis is not edge.basis or {old.source, old.target} != {edge.source, edge.target}
        )
        return FrameGraph((*kept, edge))

    def without(self, bases: frozenset[LinkBasis], a: Space, b: Space) -> FrameGraph:
        """Return a graph that no longer knows the edges of these bases between two spaces."""
        ends = {a, b}
        return FrameGraph(
            tuple(edge for edge in self.edges if edge.basis not in bases or {edge.source, edge.target} != ends)
        )

    def between(self, source: Space, target: Space, allowing: frozenset[LinkBasis] = ANATOMICAL) -> SpaceLink | None:
        """Return the transform from one space to another, composed over as few edges as possible, or ``None``."""
        if source == target:
            return _SAME_SPACE
        return _shortest(self, source, target, allowing)


@lru_cache(maxsize=1024)
def _shortest(graph: FrameGraph, source: Space, target: Space, allowing: frozenset[LinkBasis]) -> SpaceLink | None:
    # Breadth first with the best basis tried first: fewest edges, and among those the best first step.
    reached: dict[Space, tuple[tuple[FrameEdge, bool], ...]] = {source: ()}
    queue = deque([source])
    edges = sorted((edge for edge in graph.edges if edge.basis in allowing), key=lambda edge: _RANK[edge.basis])
    while queue:
        here = queue.popleft()
        for edge in edges:
            for near, far, is_forward in ((edge.source, edge.target, True), (edge.target, edge.source, False)):
                if near == here and far not in reached:
                    reached[far] = (*reached[here], (edge, is_forward))
                    queue.append(far)
    path = reached.get(target)
    return None if path is None else _join(path)


def _join(path: Sequence[tuple[FrameEdge, bool]]) -> SpaceLink:
    transforms: list[PointTransform] = []
    basis = LinkBasis.SAME_FRAME
    error_mm: float | None = 0.0
    for edge, is_forward in path:
        transforms.append(edge.transform if is_forward else edge.transform.inverse())
        basis = max(basis, edge.basis, key=_RANK.__getitem__)
        error_mm = None if error_mm is None or edge.error_mm is None else error_mm + edge.error_mm
    if len(transforms) == 1:
        edge, is_forward = path[0]
        return SpaceLink(basis, transforms[0], error_mm, edge.error_field, is_forward)
    return SpaceLink(basis, ChainedTransform(tuple(transforms)), error_mm)


def space_of(stack: Stack, study_key: str = "") -> Space:
    """Return the space a stack lies in. ``study_key`` parts two patients who share one Study Instance UID."""
    study = study_key or stack.key.study_uid
    uid = frame_of_reference_of(stack)
    return Space(study, uid) if uid else Space(study, "", f"{stack.key.series_uid}/{stack.key.stack_id}")
