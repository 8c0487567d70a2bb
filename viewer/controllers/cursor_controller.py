"""The linked 3-D cursor: while Shift is held the point under the pointer is marked in every view that can know it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject

from compare.linking.cursor import cursor_marks, follow_cursor
from compare.linking.in_plane import frame_of
from compare.linking.stack_places import places_of
from compare.session.comparison_session import ComparisonSession
from compare.session.view_commands import scroll_to
from viewer.controllers.session_controller import SessionController
from viewer.viewport.viewport_widget import ViewportWidget


class CursorController(QObject):
    """``viewports`` gives the widgets in the session's order."""

    def __init__(
        self,
        session: SessionController,
        viewports: Callable[[], Sequence[ViewportWidget]],
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._session = session
        self._viewports = viewports

    def connect_viewport(self, widget: ViewportWidget) -> None:
        """Listen to a viewport."""
        widget.pointed.connect(self._point)

    def _point(self, index: int, in_plane_mm: tuple[float, float] | None) -> None:
        stacks, graph = self._session.stacks, self._session.graph
        session = self._session.session
        frame = frame_of(session.viewports[index], stacks) if index < len(session.viewports) else None
        if in_plane_mm is None or frame is None or frame.plane is None or not session.is_linked:
            self._clear()
            self._session.end_gesture()
            return
        lps_mm = np.asarray(frame.plane.lps_of(*in_plane_mm), dtype=np.float64)

        def follow(before: ComparisonSession) -> ComparisonSession:
            return follow_cursor(before, index, lps_mm, stacks, graph)

        self._session.apply(partial(follow), merge_key="cursor")
        self._mark(index, lps_mm, is_own_marked=False)

    def go_to(self, index: int, lps_mm: NDArray[np.float64]) -> None:
        """Bring a viewport to its slice nearest to a point (3,) in LPS mm, the others to theirs, and mark the point."""
        stacks, graph = self._session.stacks, self._session.graph
        viewport = self._session.session.viewports[index]
        stack = stacks.get(viewport.stack) if viewport.stack is not None else None
        places = places_of(stack) if stack is not None else None
        if places is None:
            return
        nearest, _ = places.nearest(float(lps_mm @ np.asarray(places.normal_lps)), viewport.view.frame_index)

        def go(before: ComparisonSession) -> ComparisonSession:
            there = scroll_to(before, index, nearest, stacks)
            return follow_cursor(there, index, lps_mm, stacks, graph) if there.is_linked else there

        self._session.apply(go)
        self._mark(index, lps_mm, is_own_marked=True)

    def _mark(self, index: int, lps_mm: NDArray[np.float64], *, is_own_marked: bool) -> None:
        session, stacks, graph = self._session.session, self._session.stacks, self._session.graph
        marks = {mark.index: mark for mark in cursor_marks(session, index, lps_mm, stacks, graph)}
        is_shared = sum(mark.in_plane_mm is not None for mark in marks.values()) > 1
        for number, widget in enumerate(self._viewports()):
            widget.show_cursor(marks.get(number) if is_own_marked or (is_shared and number != index) else None)

    def _clear(self) -> None:
        for widget in self._viewports():
            widget.show_cursor(None)
