"""Commands on the grid of viewports."""

from __future__ import annotations

from dataclasses import replace

from compare.errors import Refused
from compare.session.change import viewport_of
from compare.session.comparison_session import ComparisonSession, Layout, Viewport

LARGEST_SIDE = 4


def set_layout(session: ComparisonSession, rows: int, columns: int) -> ComparisonSession:
    """Change the grid. What hangs keeps its order; in a smaller grid the active viewport always stays."""
    if not (1 <= rows <= LARGEST_SIDE and 1 <= columns <= LARGEST_SIDE):
        raise Refused("bad_layout")
    cells = rows * columns
    kept = list(range(len(session.viewports)))
    if len(kept) > cells:
        # Empty ones go first, then the last; the active one never.
        surplus = len(kept) - cells
        order = sorted(
            (index for index in kept if index != session.active),
            key=lambda index: (session.viewports[index].stack is not None, -index),
        )
        dropped = set(order[:surplus])
        kept = [index for index in kept if index not in dropped]
    viewports = [session.viewports[index] for index in kept]
    viewports += [Viewport() for _ in range(cells - len(viewports))]
    return replace(
        session,
        layout=Layout(rows, columns),
        viewports=tuple(viewports),
        active=kept.index(session.active) if session.active in kept else 0,
    )


def toggle_maximised(session: ComparisonSession, index: int) -> ComparisonSession:
    """Let one viewport fill the window, or bring the grid back."""
    viewport_of(session, index)
    maximised = None if session.layout.maximised == index else index
    return replace(session, layout=replace(session.layout, maximised=maximised), active=index)


def restore(session: ComparisonSession) -> ComparisonSession:
    """Bring the grid back."""
    if session.layout.maximised is None:
        return session
    return replace(session, layout=replace(session.layout, maximised=None))


def set_active(session: ComparisonSession, index: int) -> ComparisonSession:
    """Make a viewport the one that keys act on; a maximised window follows it."""
    viewport_of(session, index)
    if session.active == index:
        return session
    layout = session.layout
    if layout.maximised is not None:
        layout = replace(layout, maximised=index)
    return replace(session, active=index, layout=layout)


def swap(session: ComparisonSession, first: int, second: int) -> ComparisonSession:
    """Exchange two viewports with all they show; the roles go with the pictures."""
    a, b = viewport_of(session, first), viewport_of(session, second)
    viewports = list(session.viewports)
    viewports[first], viewports[second] = b, a
    active = {first: second, second: first}.get(session.active, session.active)
    return replace(session, viewports=tuple(viewports), active=active)
