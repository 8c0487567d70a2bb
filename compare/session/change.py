"""Small steps that all commands are made of: one viewport replaced, one view moved."""

from __future__ import annotations

from dataclasses import replace

from compare.errors import Refused
from compare.linking.stack_places import Stacks
from compare.session.comparison_session import ComparisonSession, Viewport
from compare.viewing.view_state import Presentation, ViewState
from loaders.model.frame import Frame
from loaders.model.stack import Stack

#: Device pixels of every viewport's canvas, by viewport number: (width, height).
Canvases = tuple[tuple[int, int], ...]


def viewport_of(session: ComparisonSession, index: int) -> Viewport:
    """Return a viewport; ``Refused('no_such_viewport')`` where there is none."""
    if not 0 <= index < len(session.viewports):
        raise Refused("no_such_viewport")
    return session.viewports[index]


def with_viewport(session: ComparisonSession, index: int, viewport: Viewport) -> ComparisonSession:
    """Return the session with one viewport replaced; the very same session where nothing differs."""
    if viewport == viewport_of(session, index):
        return session
    viewports = (*session.viewports[:index], viewport, *session.viewports[index + 1 :])
    return replace(session, viewports=viewports)


def with_view(session: ComparisonSession, index: int, view: ViewState) -> ComparisonSession:
    """Return the session with one viewport's view replaced."""
    return with_viewport(session, index, replace(viewport_of(session, index), view=view))


def with_presentation(session: ComparisonSession, index: int, presentation: Presentation) -> ComparisonSession:
    """Return the session with one viewport's presentation replaced."""
    return with_viewport(session, index, replace(viewport_of(session, index), presentation=presentation))


def stack_in(session: ComparisonSession, index: int, stacks: Stacks) -> Stack:
    """Return the stack that hangs in a viewport; ``Refused('empty_viewport')`` where there is none."""
    key = viewport_of(session, index).stack
    stack = None if key is None else stacks.get(key)
    if stack is None:
        raise Refused("empty_viewport")
    return stack


def frame_in(session: ComparisonSession, index: int, stacks: Stacks) -> Frame:
    """Return the frame that a viewport shows."""
    stack = stack_in(session, index, stacks)
    frame_index = session.viewports[index].view.frame_index
    return stack.frames[min(max(frame_index, 0), len(stack.frames) - 1)]
