"""Locks the workstation: idle, the system's lock or suspend, or the reader's wish. The rules are a pure state machine.

What Qt tells by itself is not enough (an inactive window is no lock), so the desktop is listened to where it speaks
D-Bus, and a clock that jumps tells of a suspend everywhere. Windows' own session lock is not listened to yet: there the
idle time counts on.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QCoreApplication, QEvent, QObject, Qt, QTimer, Signal, Slot
from PySide6.QtWidgets import QApplication, QDialog, QWidget

from loaders.auth.workstation_lock import DEFAULT_IDLE_S, LockEffect, LockEvent, WorkstationLock
from viewer.store.lock_cover import LockCover
from viewer.store.store_controller import StoreController

if TYPE_CHECKING:
    from loaders.auth.sign_in import Person

_TICK_MS = 500
#: Between two ticks the calendar's clock may run so much further than the monotonic one before it was a suspend.
_SUSPEND_S = 5.0
_TYPE = QEvent.Type
_ACTIVITY = frozenset({_TYPE.KeyPress, _TYPE.MouseButtonPress, _TYPE.MouseMove, _TYPE.Wheel, _TYPE.TouchBegin})
#: What reaches nothing but the cover while it is locked.
_KEPT_OUT = frozenset({
    _TYPE.KeyPress, _TYPE.KeyRelease, _TYPE.Shortcut, _TYPE.Wheel, _TYPE.MouseButtonPress, _TYPE.MouseButtonDblClick,
    _TYPE.DragEnter, _TYPE.Drop, _TYPE.ContextMenu, _TYPE.ToolTip,
})  # fmt: skip
_SESSION_SIGNALS = (("org.freedesktop.ScreenSaver", "ActiveChanged"), ("org.gnome.ScreenSaver", "ActiveChanged"))
_LOGIN = "org.freedesktop.login1"


class LockController(QObject):
    """Signals: ``locked()`` (drop keys and tokens, pause), ``unlocked()``, ``cleared()`` (the next person begins)."""

    locked = Signal()
    unlocked = Signal()
    cleared = Signal()

    def __init__(self, window: QWidget, store: StoreController, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__(window)
        self._window, self._store, self._clock = window, store, clock
        self._machine = WorkstationLock(clock(), DEFAULT_IDLE_S)
        self._covers: list[LockCover] = []
        self._title = ""
        self.cover = LockCover(window, asks=True)
        store.add_sign_in_page(self.cover.page)
        store.may_sign_in = self._may_sign_in
        store.signed_in.connect(self._take_person)
        store.signed_out.connect(self._take_sign_out)
        store.sign_in_failed.connect(self.cover.show_error)
        self.cover.sign_out_requested.connect(self._clear)
        self._ticked = (time.monotonic(), time.time())
        self._timer = QTimer(self)
        self._timer.setInterval(_TICK_MS)
        self._timer.timeout.connect(self.tick)
        self._is_listening = False

    @property
    def is_locked(self) -> bool:
        """Whether the windows are covered."""
        return self._machine.is_locked

    def lock(self) -> None:
        """Lock now, if somebody is signed in."""
        self._after(LockEvent.ASKED_TO_LOCK)

    def stop(self) -> None:
        """The window closes."""
        self._timer.stop()
        self._watch(is_on=False)

    def tick(self) -> None:
        """Look at the clocks."""
        before, now = self._ticked, (time.monotonic(), time.time())
        self._ticked = now
        jump = (now[1] - before[1]) - (now[0] - before[0])
        self._after(LockEvent.SUSPENDED if jump > _SUSPEND_S else LockEvent.TICK)

    # ---- what the desktop tells

    @Slot(bool)
    def screen_locked(self, is_active: bool) -> None:  # noqa: FBT001 - a D-Bus signal's argument
        """The desktop's screen was locked (or is no more, which unlocks nothing here)."""
        if is_active:
            self._after(LockEvent.SYSTEM_LOCKED)

    @Slot(bool)
    def going_to_sleep(self, is_going: bool) -> None:  # noqa: FBT001 - a D-Bus signal's argument
        """The computer is about to be suspended, or woke up."""
        if is_going or self._machine.user:  # a wake-up that nothing announced locks as well
            self._after(LockEvent.SUSPENDED)

    @Slot()
    def session_locked(self) -> None:
        """The login manager locks the session."""
        self._after(LockEvent.SYSTEM_LOCKED)

    def _listen(self) -> None:
        """Listen to the desktop, once, where there is a bus."""
        if self._is_listening:
            return
        self._is_listening = True
        from PySide6.QtDBus import QDBusConnection  # noqa: PLC0415 - not wanted before somebody has signed in

        # A slot's name begins with 1 for Qt (what the macro SLOT adds).
        session, system = QDBusConnection.sessionBus(), QDBusConnection.systemBus()
        if session.isConnected():
            for interface, name in _SESSION_SIGNALS:
                session.connect("", "", interface, name, self, b"1screen_locked(bool)")
        if system.isConnected():
            system.connect(_LOGIN, "", f"{_LOGIN}.Manager", "PrepareForSleep", self, b"1going_to_sleep(bool)")
            system.connect(_LOGIN, "", f"{_LOGIN}.Session", "Lock", self, b"1session_locked()")

    # ---- people

    def _may_sign_in(self, person: Person) -> bool:
        return not self._machine.is_locked or person.subject == self._machine.user

    def _take_person(self, person: Person) -> None:
        self._after(LockEvent.SIGNED_IN, person.subject)
        self._listen()
        self._ticked = (time.monotonic(), time.time())
        self._timer.start()
        self._watch(is_on=True)

    def _take_sign_out(self) -> None:
        was_locked = self._machine.is_locked
        self._machine = WorkstationLock(self._clock(), DEFAULT_IDLE_S)
        self._timer.stop()
        self._watch(is_on=False)
        if was_locked:
            self._uncover()

    def _clear(self) -> None:
        """Nobody's work is shown to the next person."""
        self.cleared.emit()
        self._store.sign_out()

    # ---- effects

    def _after(self, event: LockEvent, user: str = "") -> None:
        self._machine, effects = self._machine.after(event, self._clock(), user)
        for effect in effects:
            if effect is LockEffect.COVER_WINDOWS:
                self._cover()
            elif effect is LockEffect.DROP_STUDY_KEYS:
                self.locked.emit()  # keys, tokens and downloads have one owner each, and all of them listen
            elif effect is LockEffect.UNCOVER_WINDOWS:
                self._uncover()
                self.unlocked.emit()

    def _cover(self) -> None:
        self._title = self._window.windowTitle()
        self._window.setWindowTitle("Diptych")
        person = self._store.person
        who = (person.name or person.subject) if person is not None else ""
        for widget in QApplication.topLevelWidgets():
            if widget is self._window or not widget.isVisible():
                continue
            if isinstance(widget, QDialog):
                widget.reject()  # a modal one would keep the reader from the cover
                continue
            if widget.windowType() in {Qt.WindowType.Popup, Qt.WindowType.ToolTip}:
                widget.close()
                continue
            cover = LockCover(widget, asks=False)
            cover.cover(self._store.store, who)
            self._covers.append(cover)
        self.cover.cover(self._store.store, who)

    def _uncover(self) -> None:
        for cover in self._covers:
            cover.hide()
            cover.deleteLater()
        self._covers.clear()
        self.cover.hide()
        self._window.setWindowTitle(self._title)

    # ---- events of the whole application, while somebody is signed in

    def _watch(self, *, is_on: bool) -> None:
        application = QCoreApplication.instance()
        if application is None:
            return
        application.removeEventFilter(self)
        if is_on:
            application.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802 - Qt's name
        """Note activity; while it is locked let nothing through but what the cover is for."""
        kind = event.type()
        if not self._machine.is_locked:
            if kind in _ACTIVITY:
                self._after(LockEvent.ACTIVITY)
            return False
        if kind not in _KEPT_OUT:
            return False
        if isinstance(watched, QWidget):
            return not (self.cover is watched or self.cover.isAncestorOf(watched))
        return kind is _TYPE.Shortcut
