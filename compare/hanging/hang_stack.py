"""Hang one stack in a viewport beside what hangs already: its role, its place and its scale follow from the others."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from compare.errors import Refused
from compare.hanging.hang import starting_presentation
from compare.linking.frame_graph import FrameGraph
from compare.linking.propagate import propagate
from compare.linking.stack_places import Stacks
from compare.pairing.roles import roles_of, study_key_of
from compare.session.change import Canvases, with_view
from compare.session.comparison_session import ComparisonSession, Layout, LinkedAction, Role, Viewport
from compare.session.layout_commands import set_layout
from compare.session.view_commands import refit, show_stack
from loaders.model.series import Series
from loaders.model.stack import StackKey
from loaders.model.study import Study

#: Whose study and series a stack is of, as the catalogue knows it; ``None`` for a stack that is not there.
StudyOf = Callable[[StackKey], Study | None]
SeriesOf = Callable[[StackKey], Series | None]


@dataclass(frozen=True, slots=True)
class HangingContext:
    """What the catalogue knows, and the canvas of every viewport in device pixels."""

    stacks: Stacks
    study_of: StudyOf
    series_of: SeriesOf
    graph_of: Callable[[ComparisonSession], FrameGraph]
    canvases: Canvases


def hang_stack(session: ComparisonSession, index: int, key: StackKey, context: HangingContext) -> ComparisonSession:
    """Show a stack in a viewport: its own window, CURRENT or PRIOR anew for all, at the place its neighbour shows.

    Raises ``Refused`` for a stack that is not there.
    """
    stack, study, series = context.stacks.get(key), context.study_of(key), context.series_of(key)
    if stack is None or study is None or series is None:
        raise Refused("no_such_stack")
    middle = len(stack.frames) // 2
    canvas = context.canvases[index] if index < len(context.canvases) else (512, 512)
    session = show_stack(
        session,
        index,
        stack,
        study_key=study_key_of(study),
        canvas=canvas,
        presentation=starting_presentation(series, stack, middle),
    )
    session = with_roles(session, context.study_of)
    session = _beside_its_neighbour(session, index, context)
    return refit(session, context.stacks, context.canvases)


def with_roles(session: ComparisonSession, study_of: StudyOf) -> ComparisonSession:
    """Return the session with the role of every viewport from the dates of the studies that hang now."""
    hung: dict[str, Study] = {}
    for viewport in session.viewports:
        study = study_of(viewport.stack) if viewport.stack else None
        if study is not None:
            hung[study_key_of(study)] = study
    roles: Mapping[str, Role] = roles_of(hung.values()) if len(hung) > 1 else {}
    return replace(
        session,
        viewports=tuple(
            replace(viewport, role=roles.get(viewport.study_key, Role.UNKNOWN)) for viewport in session.viewports
        ),
    )


def with_at_least(session: ComparisonSession, least: Layout) -> ComparisonSession:
    """Return the session in a grid of no fewer cells than the reader is used to; the new ones are empty."""
    return set_layout(session, least.rows, least.columns) if least.cells > session.layout.cells else session


def _beside_its_neighbour(session: ComparisonSession, index: int, context: HangingContext) -> ComparisonSession:
    """Scroll the new one to where the first linked other is; nothing else moves."""
    neighbour = next(
        (at for at, other in enumerate(session.viewports) if at != index and _shows(other, context.stacks)), None
    )
    if neighbour is None:
        return session
    graph = context.graph_of(session)
    moved, _ = propagate(session, session, neighbour, LinkedAction.SCROLL, context.stacks, graph)
    return with_view(session, index, moved.viewports[index].view)


def _shows(viewport: Viewport, stacks: Stacks) -> bool:
    return viewport.stack is not None and viewport.stack in stacks
