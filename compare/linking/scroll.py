"""Linked scroll: which slice of another stack belongs to the one shown here.

In this order: the reader's own offset, a transform between the two frames of reference, the table position on one
scanner, the relative place along the stack. Always along the target's own normal, never by slice index or by the
corners of the images.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from compare.linking.frame_graph import ANATOMICAL, FrameGraph, LinkBasis, SpaceLink, space_of
from compare.linking.link_status import LinkReason, LinkStatus, unlinked
from compare.linking.offsets import offset_position_mm
from compare.linking.stack_places import (
    StackPlaces,
    Stacks,
    are_alike,
    are_parallel,
    degrees_between_planes,
    dot,
    places_of,
)
from compare.session.comparison_session import LinkedAction, ManualOffset, Viewport
from loaders.model.frame_plane import FramePlane, Vector3
from loaders.model.stack import Stack

_TABLE = frozenset({LinkBasis.TABLE_POSITION})


def scrolled_index(
    source: Viewport,
    target: Viewport,
    target_index: int,
    *,
    offsets: Sequence[ManualOffset],
    stacks: Stacks,
    graph: FrameGraph,
) -> tuple[int, LinkStatus]:
    """Return the frame index that ``target`` shall show for what ``source`` shows, and how that was found.

    ``target_index`` is the target's viewport number, for the status. Where nothing links the two the frame index is
    the target's present one.
    """
    here, there = _stack(source, stacks), _stack(target, stacks)
    stay = target.view.frame_index
    if here is None or there is None:
        return stay, unlinked(target_index, LinkedAction.SCROLL, LinkReason.EMPTY_VIEWPORT)
    source_places, target_places = places_of(here), places_of(there)
    if source_places is None or target_places is None:
        return _relative_by_index(source, target, target_index, here, there)
    by_hand = offset_position_mm(
        here, float(source_places.positions_mm[source.view.frame_index]), there, offsets, stacks
    )
    if by_hand is not None:
        wanted_mm, offset_mm = by_hand
        return _nearest(target_index, target_places, wanted_mm, stay, LinkBasis.MANUAL_OFFSET, offset_mm=offset_mm)
    link = graph.between(space_of(here, source.study_key), space_of(there, target.study_key), ANATOMICAL)
    if link is None:
        link = graph.between(space_of(here, source.study_key), space_of(there, target.study_key), _TABLE)
        if link is not None and not coverage_meets(link, source_places, target_places):
            link = None
    if link is None:
        return _relative_by_position(source, target, target_index, source_places, target_places)
    focal, normal = _mapped_focal(source, here, link)
    at = focal_point_lps(source, here)
    error_mm = link.error_mm if at is None else link.error_at(np.array(at))
    degrees = degrees_between_planes(normal, target_places.normal_lps)
    if not are_parallel(normal, target_places.normal_lps):
        status = unlinked(target_index, LinkedAction.SCROLL, LinkReason.PLANES_NOT_PARALLEL, angle_degrees=degrees)
        return stay, status
    wanted_mm = dot(focal, target_places.normal_lps)
    return _nearest(target_index, target_places, wanted_mm, stay, link.basis, error_mm=error_mm, angle_degrees=degrees)


def focal_point_lps(viewport: Viewport, stack: Stack) -> Vector3 | None:
    """Return the patient point at the middle of a viewport, on the plane it shows."""
    plane = stack.frames[viewport.view.frame_index].plane
    if plane is None:
        return None
    right, down = viewport.view.centre_mm
    o, c, r = plane.origin_lps_mm, plane.column_step_lps, plane.row_step_lps
    return (
        o[0] + right * c[0] + down * r[0],
        o[1] + right * c[1] + down * r[1],
        o[2] + right * c[2] + down * r[2],
    )


def map_direction(link: SpaceLink, at: Vector3, direction: Vector3) -> tuple[Vector3, Vector3]:
    """Map a point and a unit direction at that point; the direction is followed over 1 mm and made unit again."""
    tip = (at[0] + direction[0], at[1] + direction[1], at[2] + direction[2])
    mapped = link.transform.map_points(np.array([at, tip], dtype=np.float64))
    (x0, y0, z0), (x1, y1, z1) = mapped.tolist()
    dx, dy, dz = x1 - x0, y1 - y0, z1 - z0
    length = (dx * dx + dy * dy + dz * dz) ** 0.5 or 1.0
    return (x0, y0, z0), (dx / length, dy / length, dz / length)


def _mapped_focal(source: Viewport, here: Stack, link: SpaceLink) -> tuple[Vector3, Vector3]:
    focal = focal_point_lps(source, here)
    plane = here.frames[source.view.frame_index].plane
    # Both are there: the stack has a table of positions.
    normal = _normal(plane) if plane is not None else (0.0, 0.0, 1.0)
    if focal is None:
        raise ValueError("a stack with positions has a plane for every frame")
    return map_direction(link, focal, normal)


def _normal(plane: FramePlane) -> Vector3:
    c, r = plane.column_step_lps, plane.row_step_lps
    return (c[1] * r[2] - c[2] * r[1], c[2] * r[0] - c[0] * r[2], c[0] * r[1] - c[1] * r[0])


def _nearest(
    target_index: int,
    places: StackPlaces,
    wanted_mm: float,
    stay: int,
    basis: LinkBasis,
    *,
    error_mm: float | None = None,
    offset_mm: float | None = None,
    angle_degrees: float | None = None,
) -> tuple[int, LinkStatus]:
    index, distance_mm = places.nearest(wanted_mm, stay)
    reach_mm = places.reach_mm
    is_outside = wanted_mm < places.low_mm - reach_mm or wanted_mm > places.high_mm + reach_mm
    status = LinkStatus(
        target_index,
        LinkedAction.SCROLL,
        is_linked=True,
        basis=basis,
        error_mm=error_mm,
        reason=LinkReason.OUTSIDE_COVERAGE if is_outside else None,
        distance_mm=distance_mm,
        offset_mm=offset_mm,
        angle_degrees=angle_degrees,
    )
    return index, status


def _relative_by_position(
    source: Viewport, target: Viewport, target_index: int, here: StackPlaces, there: StackPlaces
) -> tuple[int, LinkStatus]:
    stay = target.view.frame_index
    degrees = degrees_between_planes(here.normal_lps, there.normal_lps)
    if not are_alike(here.normal_lps, there.normal_lps):
        status = unlinked(target_index, LinkedAction.SCROLL, LinkReason.PLANES_NOT_PARALLEL, angle_degrees=degrees)
        return stay, status
    if here.high_mm <= here.low_mm or there.high_mm <= there.low_mm:
        return stay, unlinked(target_index, LinkedAction.SCROLL, LinkReason.SINGLE_SLICE)
    position_mm = float(here.positions_mm[source.view.frame_index])
    fraction = (position_mm - here.low_mm) / (here.high_mm - here.low_mm)
    if dot(here.normal_lps, there.normal_lps) < 0:
        fraction = 1.0 - fraction
    index, _ = there.nearest(there.low_mm + fraction * (there.high_mm - there.low_mm), stay)
    # No distance: there is no plane it could be a distance from.
    status = LinkStatus(
        target_index, LinkedAction.SCROLL, is_linked=True, basis=LinkBasis.RELATIVE, angle_degrees=degrees
    )
    return index, status


def _relative_by_index(
    source: Viewport, target: Viewport, target_index: int, here: Stack, there: Stack
) -> tuple[int, LinkStatus]:
    last_here, last_there = len(here.frames) - 1, len(there.frames) - 1
    if last_here < 1 or last_there < 1:
        return target.view.frame_index, unlinked(target_index, LinkedAction.SCROLL, LinkReason.SINGLE_SLICE)
    exact = source.view.frame_index / last_here * last_there
    index = int(exact + 0.5)
    status = LinkStatus(
        target_index, LinkedAction.SCROLL, is_linked=True, basis=LinkBasis.RELATIVE, reason=LinkReason.NO_GEOMETRY
    )
    return index, status


def coverage_meets(link: SpaceLink, here: StackPlaces, there: StackPlaces) -> bool:
    """Whether two stacks meet along the normal: table positions of another counting are of no use."""
    ends = np.array([np.multiply(here.normal_lps, here.low_mm), np.multiply(here.normal_lps, here.high_mm)])
    mapped = link.transform.map_points(ends) @ np.asarray(there.normal_lps)
    return bool(mapped.min() <= there.high_mm and mapped.max() >= there.low_mm)


def _stack(viewport: Viewport, stacks: Stacks) -> Stack | None:
    stack = None if viewport.stack is None else stacks.get(viewport.stack)
    return stack if stack is not None and 0 <= viewport.view.frame_index < len(stack.frames) else None
