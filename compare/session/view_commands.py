"""Commands that move one viewport's view: scroll, zoom, pan, turn, fit. Session to session, without side effects.

They change only the viewport they name; :func:`compare.linking.propagate.propagate` carries the change to the others.
A command that changes nothing returns the very same session, so that it leaves no entry in the history.
"""

from __future__ import annotations

import math
from dataclasses import replace

from compare.errors import Refused
from compare.linking.stack_places import Stacks
from compare.session.change import Canvases, frame_in, stack_in, viewport_of, with_view
from compare.session.comparison_session import ComparisonSession, LinkedAction, Role, Viewport
from compare.viewing.canvas import Point, fit_scale, frame_centre_mm, one_to_one_scale
from compare.viewing.chest_wall import at_the_wall
from compare.viewing.view_state import Presentation, ViewState
from loaders.model.stack import Stack

#: A scale outside this range of device pixels per stored pixel shows nothing one could read.
_SMALLEST_MAGNIFICATION = 1.0 / 64.0
_LARGEST_MAGNIFICATION = 64.0


def show_stack(
    session: ComparisonSession,
    index: int,
    stack: Stack,
    *,
    study_key: str = "",
    role: Role = Role.UNKNOWN,
    canvas: tuple[int, int] = (512, 512),
    frame_index: int | None = None,
    presentation: Presentation = Presentation(),
) -> ComparisonSession:
    """Hang a stack in a viewport: fitted, at its middle slice unless told, keeping which actions are linked there."""
    if not stack.frames:
        raise Refused("empty_stack")
    start = len(stack.frames) // 2 if frame_index is None else min(max(frame_index, 0), len(stack.frames) - 1)
    viewport = Viewport(
        stack=stack.key,
        study_key=study_key or stack.key.study_uid,
        role=role,
        view=fitted_view(ViewState(frame_index=start), stack, canvas),
        presentation=presentation,
        actions=viewport_of(session, index).actions,
    )
    viewports = (*session.viewports[:index], viewport, *session.viewports[index + 1 :])
    return replace(session, viewports=viewports, active=index)


def clear_viewport(session: ComparisonSession, index: int) -> ComparisonSession:
    """Take down what hangs in a viewport."""
    viewport = viewport_of(session, index)
    viewports = (*session.viewports[:index], Viewport(actions=viewport.actions), *session.viewports[index + 1 :])
    return replace(session, viewports=viewports)


def scroll_to(session: ComparisonSession, index: int, frame_index: int, stacks: Stacks) -> ComparisonSession:
    """Show a frame, counted from 0; beyond an end the end is shown."""
    last = len(stack_in(session, index, stacks).frames) - 1
    view = session.viewports[index].view
    return with_view(session, index, replace(view, frame_index=min(max(frame_index, 0), last)))


def scroll_by(session: ComparisonSession, index: int, steps: int, stacks: Stacks) -> ComparisonSession:
    """Move so many frames forwards (or backwards)."""
    return scroll_to(session, index, viewport_of(session, index).view.frame_index + steps, stacks)


def zoom_at(session: ComparisonSession, index: int, factor: float, at_mm: Point, stacks: Stacks) -> ComparisonSession:
    """Magnify by ``factor`` (above 1 enlarges) so that the in-plane point ``at_mm`` stays where it is on the canvas."""
    if not (math.isfinite(factor) and factor > 0.0):
        raise Refused("bad_zoom")
    view = viewport_of(session, index).view
    scale = _bounded(view.mm_per_pixel / factor, session, index, stacks)
    share = scale / view.mm_per_pixel
    centre = (
        at_mm[0] + (view.centre_mm[0] - at_mm[0]) * share,
        at_mm[1] + (view.centre_mm[1] - at_mm[1]) * share,
    )
    if share == 1.0:
        return session
    return with_view(session, index, replace(view, mm_per_pixel=scale, centre_mm=centre, is_fitted=False))


def set_scale(session: ComparisonSession, index: int, mm_per_pixel: float, stacks: Stacks) -> ComparisonSession:
    """Set the size of one device pixel about the middle of the canvas."""
    if not (math.isfinite(mm_per_pixel) and mm_per_pixel > 0.0):
        raise Refused("bad_zoom")
    view = viewport_of(session, index).view
    scale = _bounded(mm_per_pixel, session, index, stacks)
    return with_view(session, index, replace(view, mm_per_pixel=scale, is_fitted=False))


def pan_by(session: ComparisonSession, index: int, right_mm: float, down_mm: float) -> ComparisonSession:
    """Move the *view* over the image by so many in-plane mm (a drag of the picture is the opposite)."""
    view = viewport_of(session, index).view
    if not (math.isfinite(right_mm) and math.isfinite(down_mm)):
        raise Refused("bad_pan")
    if right_mm == 0.0 and down_mm == 0.0:
        return session
    centre = (view.centre_mm[0] + right_mm, view.centre_mm[1] + down_mm)
    return with_view(session, index, replace(view, centre_mm=centre, is_fitted=False))


def rotate(session: ComparisonSession, index: int, quarter_turns: int = 1) -> ComparisonSession:
    """Turn the picture clockwise on the screen."""
    view = viewport_of(session, index).view
    return with_view(session, index, replace(view, quarter_turns=(view.quarter_turns + quarter_turns) % 4))


def flip(session: ComparisonSession, index: int, *, vertically: bool = False) -> ComparisonSession:
    """Mirror the picture as it is on the *screen*: left to right, or top to bottom."""
    view = viewport_of(session, index).view
    # A mirror after q turns is the mirror before them with -q turns; top to bottom is left to right and a half turn.
    turns = (-view.quarter_turns + (2 if vertically else 0)) % 4
    return with_view(session, index, replace(view, quarter_turns=turns, flipped=not view.flipped))


def fit(session: ComparisonSession, index: int, stacks: Stacks, canvas: tuple[int, int]) -> ComparisonSession:
    """Show the whole image as large as the canvas allows."""
    stack = stack_in(session, index, stacks)
    return with_view(session, index, fitted_view(session.viewports[index].view, stack, canvas))


def one_to_one(session: ComparisonSession, index: int, stacks: Stacks) -> ComparisonSession:
    """One stored pixel on one device pixel."""
    frame = frame_in(session, index, stacks)
    view = session.viewports[index].view
    return with_view(session, index, replace(view, mm_per_pixel=one_to_one_scale(frame), is_fitted=False))


def reset_view(session: ComparisonSession, index: int, stacks: Stacks, canvas: tuple[int, int]) -> ComparisonSession:
    """Upright, unmirrored and fitted; the slice stays."""
    upright = ViewState(frame_index=viewport_of(session, index).view.frame_index)
    return with_view(session, index, fitted_view(upright, stack_in(session, index, stacks), canvas))


def refit(session: ComparisonSession, stacks: Stacks, canvases: Canvases) -> ComparisonSession:
    """Fit again, after a change of size, every view that the reader has not scaled.

    Fitted views that may be compared in millimetres get one common scale: the largest that any of them needs. Fitted
    mammograms stand with their chest wall at the edge, so that two breasts meet back to back.
    """
    scales: dict[int, tuple[float, bool]] = {}
    for index, viewport in enumerate(session.viewports):
        stack = None if viewport.stack is None else stacks.get(viewport.stack)
        if stack is not None and viewport.view.is_fitted and index < len(canvases) and min(canvases[index]) > 0:
            frame = frame_in(session, index, stacks)
            scale = fit_scale(frame, *canvases[index], viewport.view.quarter_turns)
            is_common = session.is_linked and LinkedAction.ZOOM in viewport.actions
            scales[index] = (scale, frame.spacing.is_comparable and is_common)
    common = max((scale for scale, is_common in scales.values() if is_common), default=1.0)
    for index, (scale, is_common) in scales.items():
        view = replace(session.viewports[index].view, mm_per_pixel=common if is_common else scale)
        view = at_the_wall(view, frame_in(session, index, stacks), canvases[index][0])
        session = with_view(session, index, view)
    return session


def same_images_shown(session: ComparisonSession, before: Stacks, after: Stacks) -> ComparisonSession:
    """Return the session in which every view shows the image it showed, after its stack has gained or lost frames.

    An image that is no longer there leaves the view at the frame of the same number, within the stack.
    """
    for index, viewport in enumerate(session.viewports):
        old = before.get(viewport.stack) if viewport.stack else None
        new = after.get(viewport.stack) if viewport.stack else None
        if old is None or new is None or old is new:
            continue
        shown = old.frames[viewport.view.frame_index]
        identity = (shown.sop_instance_uid, shown.frame_number)
        found = next(
            (at for at, frame in enumerate(new.frames) if (frame.sop_instance_uid, frame.frame_number) == identity),
            min(viewport.view.frame_index, len(new.frames) - 1),
        )
        session = with_view(session, index, replace(viewport.view, frame_index=found))
    return session


def fitted_view(view: ViewState, stack: Stack, canvas: tuple[int, int]) -> ViewState:
    """Return a view of the whole of the frame it names, following the canvas from now on."""
    frame = stack.frames[min(max(view.frame_index, 0), len(stack.frames) - 1)]
    scale = fit_scale(frame, max(canvas[0], 1), max(canvas[1], 1), view.quarter_turns)
    view = replace(view, mm_per_pixel=scale, centre_mm=frame_centre_mm(frame), is_fitted=True)
    return at_the_wall(view, frame, canvas[0])


def _bounded(mm_per_pixel: float, session: ComparisonSession, index: int, stacks: Stacks) -> float:
    stored_mm = one_to_one_scale(frame_in(session, index, stacks))
    return min(max(mm_per_pixel, stored_mm / _LARGEST_MAGNIFICATION), stored_mm / _SMALLEST_MAGNIFICATION)
