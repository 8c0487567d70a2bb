"""The new state of all viewports after one of them moved: one pure function, no events, so no loops.

An action reaches another viewport only when links are on at all and both sides have left that action linked. Every
viewport that was not reached says why.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from compare.linking.frame_graph import FrameGraph
from compare.linking.in_plane import frame_of, panned, rotated, zoomed
from compare.linking.link_status import LinkReason, LinkStatus, unlinked
from compare.linking.scroll import scrolled_index
from compare.linking.stack_places import Stacks
from compare.session.comparison_session import ComparisonSession, LinkedAction, Viewport
from compare.viewing.view_state import WindowOrigin
from loaders.model.units import ValueUnit

#: Units that are numbers without a common meaning: one scanner's 400 is not another's.
_UNKNOWN_UNITS = frozenset({ValueUnit.STORED, ValueUnit.OTHER, ValueUnit.COLOUR})


def propagate(  # noqa: PLR0917 - the six are the contract between session and viewports
    before: ComparisonSession,
    after: ComparisonSession,
    moved_index: int,
    action: LinkedAction,
    stacks: Stacks,
    graph: FrameGraph,
) -> tuple[ComparisonSession, tuple[LinkStatus, ...]]:
    """Carry what changed in viewport ``moved_index`` from ``before`` to ``after`` over to the others.

    ``before`` and ``after`` differ in that viewport only; nothing but ``action`` is passed on. Returns the session
    with all viewports in their new state and one status for every other viewport that hangs something.
    """
    if not 0 <= moved_index < len(after.viewports):
        raise IndexError(f"no viewport {moved_index}")
    source_before = _at(before, moved_index, after.viewports[moved_index])
    source = after.viewports[moved_index]
    viewports = list(after.viewports)
    statuses: list[LinkStatus] = []
    for index, target in _others(after, moved_index):
        reason = _why_not(after, source, target, action)
        if reason is not None:
            statuses.append(unlinked(index, action, reason))
            continue
        viewports[index], status = _carried(
            source_before, source, target, index, action, session=after, stacks=stacks, graph=graph
        )
        statuses.append(status)
    return replace(after, viewports=tuple(viewports)), tuple(statuses)


def link_statuses(
    session: ComparisonSession, source_index: int, action: LinkedAction, stacks: Stacks, graph: FrameGraph
) -> tuple[LinkStatus, ...]:
    """Say how an action of one viewport would reach the others now, without moving anything: for the badges."""
    return propagate(session, session, source_index, action, stacks, graph)[1]


def _others(session: ComparisonSession, moved_index: int) -> Iterator[tuple[int, Viewport]]:
    for index, viewport in enumerate(session.viewports):
        if index != moved_index and viewport.stack is not None:
            yield index, viewport


def _at(before: ComparisonSession, index: int, otherwise: Viewport) -> Viewport:
    return before.viewports[index] if index < len(before.viewports) else otherwise


def _why_not(session: ComparisonSession, source: Viewport, target: Viewport, action: LinkedAction) -> LinkReason | None:
    if not session.is_linked:
        return LinkReason.LINKS_OFF
    if source.stack is None or target.stack is None:
        return LinkReason.EMPTY_VIEWPORT
    if action not in source.actions:
        return LinkReason.ACTION_OFF_HERE
    if action not in target.actions:
        return LinkReason.ACTION_OFF_THERE
    return None


def _carried(
    source_before: Viewport,
    source: Viewport,
    target: Viewport,
    index: int,
    action: LinkedAction,
    *,
    session: ComparisonSession,
    stacks: Stacks,
    graph: FrameGraph,
) -> tuple[Viewport, LinkStatus]:
    if action is LinkedAction.SCROLL:
        frame_index, status = scrolled_index(source, target, index, offsets=session.offsets, stacks=stacks, graph=graph)
        return replace(target, view=replace(target.view, frame_index=frame_index)), status
    if action is LinkedAction.ZOOM:
        pans = LinkedAction.PAN in source.actions & target.actions
        view, status = zoomed(source_before, source, target, index, pans=pans, stacks=stacks, graph=graph)
        return replace(target, view=view), status
    if action is LinkedAction.PAN:
        view, status = panned(source_before, source, target, index, stacks=stacks, graph=graph)
        return replace(target, view=view), status
    if action is LinkedAction.ROTATION:
        view, status = rotated(source_before, source, target, index, stacks=stacks)
        return replace(target, view=view), status
    if action is LinkedAction.WINDOW:
        return _windowed(source, target, index, stacks)
    # The cursor is drawn, not stored: compare.linking.cursor maps it.
    return target, LinkStatus(index, action, is_linked=True)


def _windowed(source: Viewport, target: Viewport, index: int, stacks: Stacks) -> tuple[Viewport, LinkStatus]:
    here, there = frame_of(source, stacks), frame_of(target, stacks)
    if here is None or there is None:
        return target, unlinked(index, LinkedAction.WINDOW, LinkReason.EMPTY_VIEWPORT)
    if here.values.unit is not there.values.unit:
        return target, unlinked(index, LinkedAction.WINDOW, LinkReason.UNIT_DIFFERS)
    is_one_series = (
        source.stack is not None
        and target.stack is not None
        and ((source.stack.study_uid, source.stack.series_uid) == (target.stack.study_uid, target.stack.series_uid))
    )
    if here.values.unit in _UNKNOWN_UNITS and not is_one_series:
        return target, unlinked(index, LinkedAction.WINDOW, LinkReason.UNIT_UNKNOWN)
    presentation = replace(
        target.presentation,
        window=source.presentation.window,
        window_origin=WindowOrigin.LINK,
        voi_table_index=None,
    )
    # A window that is not there asks for the file's own: that is not the source's to give.
    if source.presentation.window is None:
        presentation = replace(target.presentation, window=None, window_origin=source.presentation.window_origin)
    return replace(target, presentation=presentation), LinkStatus(index, LinkedAction.WINDOW, is_linked=True)
