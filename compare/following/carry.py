"""A lesion marked in one examination, carried to where it should lie in another: a place to look at, with its error.

Only transforms that say where a point of the anatomy lies carry a lesion; without one nothing is shown.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from compare.following.lesion import Lesion
from compare.linking.frame_graph import FrameGraph, LinkBasis, SpaceLink, space_of
from compare.linking.stack_places import Stacks, places_of
from compare.session.comparison_session import ComparisonSession, Viewport
from compare.session.measurement import InPlanePoint, Measurement, MeasurementKind
from loaders.model.frame import Frame
from loaders.model.stack import Stack, StackKey

#: The catalogue's key of the study that a stack belongs to.
StudyKeyOf = Callable[[StackKey], str]

_CARRIED = frozenset({MeasurementKind.BIDIRECTIONAL, MeasurementKind.LENGTH})
#: A slice without a stated thickness still shows what lies this near to it.
_LEAST_HALF_SLICE_MM = 0.5


@dataclass(frozen=True, slots=True)
class CarriedLesion:
    """A lesion of another examination in the space of this one.

    ``points_lps_mm`` are the source measurement's own, mapped, shape (n, 3). ``radius_mm`` is how far they lie from
    their middle; ``error_mm`` is the link's at that place, ``None`` where nobody has estimated it.
    """

    lesion: Lesion
    source: Measurement
    points_lps_mm: NDArray[np.float64]
    radius_mm: float
    error_mm: float | None
    basis: LinkBasis

    @property
    def centre_lps_mm(self) -> NDArray[np.float64]:
        """The middle of the points, shape (3,)."""
        middle: NDArray[np.float64] = self.points_lps_mm.mean(axis=0)
        return middle

    def ring_on(self, frame: Frame) -> tuple[InPlanePoint, float] | None:
        """Return middle (in-plane mm) and radius in mm of the sphere's cut with a frame, ``None`` where it has none.

        The sphere holds the lesion with the link's error as its margin.
        """
        if frame.plane is None:
            return None
        right, down, off = frame.plane.in_plane_mm(self.centre_lps_mm)
        reach = self.radius_mm + (self.error_mm or 0.0)
        half = max((frame.slice_thickness_mm or 0.0) / 2.0, _LEAST_HALF_SLICE_MM)
        if abs(off) <= half:
            return (right, down), reach
        return ((right, down), math.sqrt(reach**2 - off**2)) if abs(off) < reach else None

    def points_on(self, frame: Frame) -> tuple[InPlanePoint, ...]:
        """Return the measurement's points as they fall on a frame, in in-plane mm."""
        if frame.plane is None:
            return ()
        return tuple(frame.plane.in_plane_mm(point)[:2] for point in self.points_lps_mm)

    def nearest_frame(self, stack: Stack) -> int:
        """Return the index of the slice nearest to the middle. The stack has places: it was carried to it."""
        places = places_of(stack)
        assert places is not None  # noqa: S101 - see above
        return places.nearest(float(self.centre_lps_mm @ np.asarray(places.normal_lps)), 0)[0]


def carried_lesions(
    session: ComparisonSession, target: Viewport, stacks: Stacks, graph: FrameGraph, study_key_of: StudyKeyOf
) -> tuple[CarriedLesion, ...]:
    """Return the lesions that are measured elsewhere, not at the target's examination, and can be carried there."""
    stack = stacks.get(target.stack) if target.stack is not None else None
    places = places_of(stack) if stack is not None else None
    if stack is None or places is None:
        return ()
    normal = np.asarray(places.normal_lps)
    low_mm, high_mm = places.low_mm - places.reach_mm, places.high_mm + places.reach_mm
    found = (
        _carried(session, lesion, (stack, target.study_key), stacks, graph=graph, study_key_of=study_key_of)
        for lesion in session.lesions
        if not is_measured_at(session, lesion, target.study_key, study_key_of)
    )
    # What lies beyond the outer slices has no slice of its own here.
    return tuple(one for one in found if one is not None and low_mm <= float(one.centre_lps_mm @ normal) <= high_mm)


def is_measured_at(session: ComparisonSession, lesion: Lesion, study_key: str, study_key_of: StudyKeyOf) -> bool:
    """Whether a lesion has a measurement, carried or drawn, at an examination."""
    return any(
        one.lesion == lesion.tracking_uid and study_key_of(one.stack) == study_key for one in session.measurements
    )


def _carried(
    session: ComparisonSession,
    lesion: Lesion,
    target: tuple[Stack, str],
    stacks: Stacks,
    *,
    graph: FrameGraph,
    study_key_of: StudyKeyOf,
) -> CarriedLesion | None:
    best: CarriedLesion | None = None
    for one in session.measurements:
        stack = stacks.get(one.stack)
        is_source = one.lesion == lesion.tracking_uid and one.kind in _CARRIED and not one.is_carried
        if stack is None or not is_source:
            continue
        link = graph.between(space_of(stack, study_key_of(one.stack)), space_of(*target))
        points = None if link is None else _points_lps_mm(one, stack)
        if link is None or points is None:
            continue
        carried = _mapped(lesion, one, points, link)
        if best is None or _is_better(carried, best):
            best = carried
    return best


def _points_lps_mm(one: Measurement, stack: Stack) -> NDArray[np.float64] | None:
    frame = next((frame for frame in stack.frames if one.is_on(frame.sop_instance_uid, frame.frame_number)), None)
    if frame is None or frame.plane is None:
        return None
    return np.array([frame.plane.lps_of(*point) for point in one.points_mm], dtype=np.float64)


def _mapped(lesion: Lesion, one: Measurement, points: NDArray[np.float64], link: SpaceLink) -> CarriedLesion:
    mapped = link.transform.map_points(points)
    radius = float(np.linalg.norm(mapped - mapped.mean(axis=0), axis=1).max())
    return CarriedLesion(lesion, one, mapped, radius, link.error_at(points.mean(axis=0)), link.basis)


def _is_better(one: CarriedLesion, other: CarriedLesion) -> bool:
    """The smaller stated error, then the larger cut through the lesion."""
    errors = [math.inf if lesion.error_mm is None else lesion.error_mm for lesion in (one, other)]
    return (errors[0], -one.radius_mm) < (errors[1], -other.radius_mm)
