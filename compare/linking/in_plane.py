"""Linked zoom, pan and rotation: what one view's place, scale and turn mean for another."""

from __future__ import annotations

from dataclasses import replace

from compare.linking.frame_graph import ANATOMICAL, FrameGraph, SpaceLink, space_of
from compare.linking.link_status import LinkReason, LinkStatus, unlinked
from compare.linking.scroll import focal_point_lps, map_direction
from compare.linking.stack_places import Stacks, are_alike, are_parallel, degrees_between_planes, dot
from compare.session.comparison_session import LinkedAction, Viewport
from compare.viewing.canvas import Point, picture_axes
from compare.viewing.chest_wall import at_distance_mm, chest_wall_side, distance_from_wall_mm
from compare.viewing.view_state import ViewState
from loaders.model.frame import Frame
from loaders.model.frame_plane import FramePlane, Vector3
from loaders.model.stack import Stack


def zoomed(
    before: Viewport, after: Viewport, target: Viewport, index: int, *, pans: bool, stacks: Stacks, graph: FrameGraph
) -> tuple[ViewState, LinkStatus]:
    """Return the target's view at the same mm per device pixel as ``after``.

    Where one of the two scales is not to be trusted the *change* of scale is passed on instead, with the reason
    ``scale_not_comparable``. ``pans`` says that the two are linked for pan too, so that a zoom about a point keeps the
    two views over the same anatomy.
    """
    here, there = frame_of(after, stacks), frame_of(target, stacks)
    if here is None or there is None:
        return target.view, unlinked(index, LinkedAction.ZOOM, LinkReason.EMPTY_VIEWPORT)
    is_comparable = here.spacing.is_comparable and there.spacing.is_comparable
    scale = (
        after.view.mm_per_pixel
        if is_comparable
        else target.view.mm_per_pixel * after.view.mm_per_pixel / before.view.mm_per_pixel
    )
    view = target.view
    if pans and after.view.centre_mm != before.view.centre_mm:
        view, _ = panned(before, after, target, index, stacks=stacks, graph=graph)
    view = replace(view, mm_per_pixel=scale, is_fitted=False)
    reason = None if is_comparable else LinkReason.SCALE_NOT_COMPARABLE
    return view, LinkStatus(index, LinkedAction.ZOOM, is_linked=True, reason=reason)


def panned(
    before: Viewport, after: Viewport, target: Viewport, index: int, *, stacks: Stacks, graph: FrameGraph
) -> tuple[ViewState, LinkStatus]:
    """Return the target's view over the same anatomy, or moved by as many mm where no transform is known."""
    here, there = frame_of(after, stacks), frame_of(target, stacks)
    if here is None or there is None:
        return target.view, unlinked(index, LinkedAction.PAN, LinkReason.EMPTY_VIEWPORT)
    link = _link(after, target, stacks, graph)
    if link is not None and here.plane is not None and there.plane is not None:
        return _panned_through(link, after, target, index, plane=there.plane, stacks=stacks)
    moved = _moved_like(before.view, after.view, target.view, here, there)
    if moved is None:
        return target.view, unlinked(index, LinkedAction.PAN, LinkReason.PLANES_NOT_PARALLEL)
    is_comparable = here.spacing.is_comparable and there.spacing.is_comparable
    reason = LinkReason.IN_PLANE_MM_ONLY if is_comparable else LinkReason.SCALE_NOT_COMPARABLE
    view = replace(target.view, centre_mm=moved, is_fitted=False)
    return view, LinkStatus(index, LinkedAction.PAN, is_linked=True, reason=reason)


def rotated(
    before: Viewport, after: Viewport, target: Viewport, index: int, *, stacks: Stacks
) -> tuple[ViewState, LinkStatus]:
    """Return the target's view turned and mirrored by the same change as ``before`` to ``after``."""
    if frame_of(after, stacks) is None or frame_of(target, stacks) is None:
        return target.view, unlinked(index, LinkedAction.ROTATION, LinkReason.EMPTY_VIEWPORT)
    change = _times(_matrix(after.view), _transposed(_matrix(before.view)))
    turns, flipped = _as_turns(_times(change, _matrix(target.view)))
    view = replace(target.view, quarter_turns=turns, flipped=flipped)
    return view, LinkStatus(index, LinkedAction.ROTATION, is_linked=True)


def frame_of(viewport: Viewport, stacks: Stacks) -> Frame | None:
    """Return the frame a viewport shows, or ``None`` where it is empty or its headers are not known."""
    stack = _stack_of(viewport, stacks)
    if stack is None or not 0 <= viewport.view.frame_index < len(stack.frames):
        return None
    return stack.frames[viewport.view.frame_index]


def _stack_of(viewport: Viewport, stacks: Stacks) -> Stack | None:
    return None if viewport.stack is None else stacks.get(viewport.stack)


def _link(after: Viewport, target: Viewport, stacks: Stacks, graph: FrameGraph) -> SpaceLink | None:
    here, there = _stack_of(after, stacks), _stack_of(target, stacks)
    if here is None or there is None:
        return None
    return graph.between(space_of(here, after.study_key), space_of(there, target.study_key), ANATOMICAL)


def _panned_through(
    link: SpaceLink, after: Viewport, target: Viewport, index: int, *, plane: FramePlane, stacks: Stacks
) -> tuple[ViewState, LinkStatus]:
    here = _stack_of(after, stacks)
    focal = None if here is None else focal_point_lps(after, here)
    source_plane = None if here is None else here.frames[after.view.frame_index].plane
    if focal is None or source_plane is None:
        return target.view, unlinked(index, LinkedAction.PAN, LinkReason.NO_GEOMETRY)
    point, normal = map_direction(link, focal, _normal(source_plane))
    degrees = degrees_between_planes(normal, _normal(plane))
    if not are_parallel(normal, _normal(plane)):
        status = unlinked(index, LinkedAction.PAN, LinkReason.PLANES_NOT_PARALLEL, angle_degrees=degrees)
        return target.view, status
    o = plane.origin_lps_mm
    offset = (point[0] - o[0], point[1] - o[1], point[2] - o[2])
    centre = (dot(offset, plane.column_step_lps), dot(offset, plane.row_step_lps))
    status = LinkStatus(index, LinkedAction.PAN, is_linked=True, basis=link.basis, error_mm=link.error_mm)
    return replace(target.view, centre_mm=centre, is_fitted=False), status


def _moved_like(before: ViewState, after: ViewState, target: ViewState, here: Frame, there: Frame) -> Point | None:
    """Move the target's centre by as many mm in the patient's directions; on the screen where those are not known.

    Mammograms are brought to the same distance from the chest wall.
    """
    right = after.centre_mm[0] - before.centre_mm[0]
    down = after.centre_mm[1] - before.centre_mm[1]
    if chest_wall_side(here) and chest_wall_side(there) and here.spacing.is_mm and there.spacing.is_mm:
        # From one chest wall to the other, whichever way the two breasts face.
        across = at_distance_mm(there, distance_from_wall_mm(here, after.centre_mm[0]))
        return (across, target.centre_mm[1] + down)
    if not (here.spacing.is_comparable and there.spacing.is_comparable):
        # Millimetres of one side mean nothing on the other: move by as many device pixels.
        ratio = target.mm_per_pixel / before.mm_per_pixel
        right, down = right * ratio, down * ratio
    if here.plane is not None and there.plane is not None:
        if not are_alike(_normal(here.plane), _normal(there.plane)):
            return None
        c, r = here.plane.column_step_lps, here.plane.row_step_lps
        moved = (right * c[0] + down * r[0], right * c[1] + down * r[1], right * c[2] + down * r[2])
        step = (dot(moved, there.plane.column_step_lps), dot(moved, there.plane.row_step_lps))
    else:
        (rx, ry), (dx, dy) = picture_axes(after)
        x, y = right * rx + down * dx, right * ry + down * dy
        (tx, ty), (ux, uy) = picture_axes(target)
        step = (x * tx + y * ty, x * ux + y * uy)
    return (target.centre_mm[0] + step[0], target.centre_mm[1] + step[1])


def _normal(plane: FramePlane) -> Vector3:
    c, r = plane.column_step_lps, plane.row_step_lps
    return (c[1] * r[2] - c[2] * r[1], c[2] * r[0] - c[0] * r[2], c[0] * r[1] - c[1] * r[0])


_Matrix = tuple[Point, Point]


def _matrix(view: ViewState) -> _Matrix:
    """The turn and mirror as rows of a 2 x 2 matrix from stored (right, down) to the canvas."""
    (rx, ry), (dx, dy) = picture_axes(view)
    return (rx, dx), (ry, dy)


def _transposed(m: _Matrix) -> _Matrix:
    return (m[0][0], m[1][0]), (m[0][1], m[1][1])


def _times(a: _Matrix, b: _Matrix) -> _Matrix:
    return (
        (a[0][0] * b[0][0] + a[0][1] * b[1][0], a[0][0] * b[0][1] + a[0][1] * b[1][1]),
        (a[1][0] * b[0][0] + a[1][1] * b[1][0], a[1][0] * b[0][1] + a[1][1] * b[1][1]),
    )


_TURNS_OF: dict[_Matrix, tuple[int, bool]] = {
    _matrix(ViewState(quarter_turns=turns, flipped=flipped)): (turns, flipped)
    for turns in range(4)
    for flipped in (False, True)
}


def _as_turns(matrix: _Matrix) -> tuple[int, bool]:
    return _TURNS_OF[matrix]
