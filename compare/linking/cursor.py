"""The linked 3-D cursor: one patient point, marked in every view that can know where it is."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from compare.linking.frame_graph import ANATOMICAL, FrameGraph, LinkBasis, SpaceLink, space_of
from compare.linking.in_plane import frame_of
from compare.linking.link_status import LinkReason
from compare.linking.stack_places import Stacks, places_of
from compare.session.comparison_session import ComparisonSession, LinkedAction, Viewport
from compare.viewing.canvas import Point


@dataclass(frozen=True, slots=True)
class CursorMark:
    """The point as viewport ``index`` sees it: in-plane mm and signed mm off its plane, or ``None`` and the reason."""

    index: int
    in_plane_mm: Point | None = None
    off_plane_mm: float | None = None
    basis: LinkBasis | None = None
    error_mm: float | None = None
    reason: LinkReason | None = None


def cursor_marks(
    session: ComparisonSession,
    source_index: int,
    lps_mm: NDArray[np.float64],
    stacks: Stacks,
    graph: FrameGraph,
) -> tuple[CursorMark, ...]:
    """Map a patient point of viewport ``source_index``, LPS mm shape (3,), to every viewport that hangs something.

    A manual offset or a table position says which slices are alike but not where a point lies in them: across those
    the cursor is not shown.
    """
    return tuple(
        _mark(session, source_index, index, lps_mm, stacks=stacks, graph=graph)
        for index, viewport in enumerate(session.viewports)
        if viewport.stack is not None
    )


def follow_cursor(
    session: ComparisonSession,
    source_index: int,
    lps_mm: NDArray[np.float64],
    stacks: Stacks,
    graph: FrameGraph,
) -> ComparisonSession:
    """Bring every other view to the slice nearest to the point, crossing planes included."""
    source = session.viewports[source_index]
    viewports = list(session.viewports)
    for index, viewport in enumerate(session.viewports):
        stack = None if viewport.stack is None else stacks.get(viewport.stack)
        link = _link(source, viewport, stacks, graph)
        if index == source_index or stack is None or link is None or _why_not(session, source, viewport):
            continue
        places = places_of(stack)
        if places is None:
            continue
        point = link.transform.map_points(np.asarray(lps_mm, dtype=np.float64).reshape(1, 3))[0]
        position_mm = float(point @ np.asarray(places.normal_lps))
        frame_index, _ = places.nearest(position_mm, viewport.view.frame_index)
        viewports[index] = replace(viewport, view=replace(viewport.view, frame_index=frame_index))
    return replace(session, viewports=tuple(viewports))


def _mark(
    session: ComparisonSession,
    source_index: int,
    index: int,
    lps_mm: NDArray[np.float64],
    *,
    stacks: Stacks,
    graph: FrameGraph,
) -> CursorMark:
    source, target = session.viewports[source_index], session.viewports[index]
    reason = None if index == source_index else _why_not(session, source, target)
    if reason is not None:
        return CursorMark(index, reason=reason)
    frame = frame_of(target, stacks)
    if frame is None:
        return CursorMark(index, reason=LinkReason.EMPTY_VIEWPORT)
    if frame.plane is None:
        return CursorMark(index, reason=LinkReason.NO_GEOMETRY)
    link = _link(source, target, stacks, graph)
    if link is None:
        return CursorMark(index, reason=LinkReason.NO_TRANSFORM)
    point = link.transform.map_points(np.asarray(lps_mm, dtype=np.float64).reshape(1, 3))[0]
    right, down, off = frame.plane.in_plane_mm(point)
    return CursorMark(index, (right, down), off, link.basis, link.error_at(lps_mm))


def _why_not(session: ComparisonSession, source: Viewport, target: Viewport) -> LinkReason | None:
    if not session.is_linked:
        return LinkReason.LINKS_OFF
    if LinkedAction.CURSOR not in source.actions:
        return LinkReason.ACTION_OFF_HERE
    if LinkedAction.CURSOR not in target.actions:
        return LinkReason.ACTION_OFF_THERE
    return None


def _link(source: Viewport, target: Viewport, stacks: Stacks, graph: FrameGraph) -> SpaceLink | None:
    here = None if source.stack is None else stacks.get(source.stack)
    there = None if target.stack is None else stacks.get(target.stack)
    if here is None or there is None:
        return None
    return graph.between(space_of(here, source.study_key), space_of(there, target.study_key), ANATOMICAL)
