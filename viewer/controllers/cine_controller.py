"""Cine: a stack plays at the rate of its data, linked as a scroll is, until the reader takes over."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from functools import partial

from PySide6.QtCore import QObject, Qt, QTimer, Signal

from compare.session import commands
from compare.session.comparison_session import ComparisonSession, LinkedAction
from compare.viewing.cine import cine_rate, next_frame
from loaders.model.frame_validity import FrameState
from loaders.model.stack import Stack, StackKey
from loaders.model.volume import Volume
from viewer.controllers.session_controller import SessionController
from viewer.viewport.viewport_model import CineNote

#: A rate counts as not reached below this share of what was asked for.
_REACHED_SHARE = 0.9
_COUNTED = 10


class CineController(QObject):
    """Plays one viewport at a time. Signal: ``changed()`` when it starts, ends, or falls behind."""

    changed = Signal()

    def __init__(
        self, session: SessionController, volumes: Callable[[Stack], Volume | None], parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._session = session
        self._volumes = volumes
        self._index: int | None = None
        self._key: StackKey | None = None
        self._is_stepping = False
        self._shown_at: list[float] = []
        self._timer = QTimer(self)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self._step)
        session.session_changed.connect(self._follow)

    def deeds(self) -> Mapping[str, Callable[[], None]]:
        """What this controller can do, by the words of the key table."""
        return {"cine": self.toggle}

    @property
    def playing(self) -> int | None:
        """The viewport that plays, or ``None``."""
        return self._index

    def note(self, index: int) -> CineNote | None:
        """What is to be said on a viewport: its rate, and the rate reached where it falls behind."""
        stack = self._stack()
        if index != self._index or stack is None:
            return None
        rate = cine_rate(stack, self._session.session.viewports[index].view.frame_index)
        wanted, reached = rate.frames_per_second, self._reached_per_second()
        is_behind = reached is not None and reached < _REACHED_SHARE * wanted
        return CineNote(wanted, rate.is_default, round(reached, 1) if is_behind and reached is not None else None)

    def toggle(self) -> None:
        """Play the active viewport, or stop."""
        if self._index is not None:
            self.stop()
            return
        session = self._session.session
        self._index, self._key = session.active, session.viewports[session.active].stack
        stack = self._stack()
        if stack is None or len(stack.frames) < 2:
            self._index = None
            return
        self._shown_at = []
        self._start_timer(stack)
        self.changed.emit()

    def stop(self) -> None:
        """Stay at the frame that is shown."""
        if self._index is not None:
            self._index = None
            self._timer.stop()
            self._session.end_gesture()
            self.changed.emit()

    def _stack(self) -> Stack | None:
        if self._index is None or self._key is None:
            return None
        return self._session.stacks.get(self._key)

    def _start_timer(self, stack: Stack) -> None:
        if self._index is not None:
            frame_index = self._session.session.viewports[self._index].view.frame_index
            self._timer.start(round(cine_rate(stack, frame_index).interval_ms))

    def _step(self) -> None:
        stack = self._stack()
        if stack is None or self._index is None:
            self.stop()
            return
        following = next_frame(self._session.session.viewports[self._index].view.frame_index, len(stack.frames))
        volume = self._volumes(stack)
        if volume is None or volume.validity[following] < FrameState.PREVIEW:
            return  # it is on its way: playing on would skip it
        command = partial(commands.scroll_to, index=self._index, frame_index=following, stacks=self._session.stacks)
        self._is_stepping = True
        try:
            actions = (LinkedAction.SCROLL,)
            self._session.apply(command, moved=self._index, actions=actions, merge_key=f"cine-{self._index}")
        finally:
            self._is_stepping = False
        self._shown_at = [*self._shown_at, time.monotonic()][-_COUNTED:]
        self._start_timer(stack)

    def _follow(self, before: ComparisonSession, after: ComparisonSession) -> None:
        """Stop when the reader scrolls, hangs something else or changes the layout; zoom and window go on."""
        if self._index is None or self._is_stepping:
            return
        index = self._index
        is_gone = index >= len(after.viewports) or after.viewports[index].stack != self._key
        if is_gone or before.viewports[index].view.frame_index != after.viewports[index].view.frame_index:
            self.stop()

    def _reached_per_second(self) -> float | None:
        if len(self._shown_at) < _COUNTED:
            return None
        return (len(self._shown_at) - 1) / max(self._shown_at[-1] - self._shown_at[0], 1e-6)
