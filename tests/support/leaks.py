"""What a test leaves behind: threads, child processes, windows, running timers. Looks without importing Qt itself."""

from __future__ import annotations

import gc
import os
import sys
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from PySide6.QtCore import QTimer
    from PySide6.QtWidgets import QWidget

GRACE_SECONDS = 3.0
#: multiprocessing's own process, one for the life of the interpreter.
_EXPECTED_CHILD = b"multiprocessing.resource_tracker"


@dataclass(frozen=True)
class Leaks:
    """What was there before the test."""

    threads: frozenset[int]
    children: frozenset[int]
    windows: frozenset[int]

    @classmethod
    def now(cls) -> Leaks:
        """Take stock."""
        return cls(
            frozenset(thread.ident or 0 for thread in _threads()),
            frozenset(_children()),
            frozenset(id(window) for window in _windows()),
        )

    def left_behind(self) -> list[str]:
        """Say what has come since :meth:`now` and is still there after a short grace; windows and timers are ended."""
        deadline = time.monotonic() + GRACE_SECONDS
        found = self._new()
        while found and time.monotonic() < deadline:
            gc.collect()
            _delete_what_waits_for_deletion()
            time.sleep(0.02)
            found = self._new()
        found += _stop_running_timers()
        for window in _windows():
            if id(window) not in self.windows:
                window.close()
                window.deleteLater()
        _delete_what_waits_for_deletion()
        return found

    def _new(self) -> list[str]:
        _delete_what_waits_for_deletion()
        threads = [f"thread {thread.name}" for thread in _threads() if (thread.ident or 0) not in self.threads]
        children = [f"process {pid} {name}" for pid, name in _children().items() if pid not in self.children]
        windows = [
            f"window {type(window).__name__} {window.objectName()!r}"
            for window in _windows()
            if id(window) not in self.windows
        ]
        return [*threads, *children, *windows, *_busy_pool()]


def _threads() -> list[threading.Thread]:
    # A dummy is Python's note of a thread that Qt owns; it stays in the list when that thread has ended.
    return [thread for thread in threading.enumerate() if not isinstance(thread, threading._DummyThread)]


def _children() -> dict[int, str]:
    """Direct children of this process that still run, with their command lines (Linux; elsewhere none are seen)."""
    if not sys.platform.startswith("linux"):
        return {}
    try:
        os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)  # looks, and leaves an ended child to its owner
    except ChildProcessError:
        return {}  # none at all: the usual case, without reading all of /proc
    found: dict[int, str] = {}
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            # "pid (name) state parent ...", where the name may hold anything.
            state, parent = (entry / "stat").read_text().rpartition(")")[2].split()[:2]
            command = (entry / "cmdline").read_bytes()
        except OSError:
            continue  # it ended while we looked
        if int(parent) == os.getpid() and state != "Z" and _EXPECTED_CHILD not in command:
            found[int(entry.name)] = command.replace(b"\0", b" ").decode(errors="replace")[:120]
    return found


def _windows() -> list[QWidget]:
    if "PySide6.QtWidgets" not in sys.modules:
        return []
    from PySide6.QtWidgets import QApplication

    # Combo boxes' and menus' pop-ups belong to a window that is judged itself.
    return [window for window in QApplication.topLevelWidgets() if window.parent() is None]


def _delete_what_waits_for_deletion() -> None:
    if "PySide6.QtCore" not in sys.modules:
        return
    from PySide6.QtCore import QCoreApplication, QEvent

    if QCoreApplication.instance() is not None:
        QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)


def _busy_pool() -> list[str]:
    if "PySide6.QtCore" not in sys.modules:
        return []
    from PySide6.QtCore import QThreadPool

    count = QThreadPool.globalInstance().activeThreadCount()
    return [f"{count} busy threads of Qt's pool"] if count else []


def _stop_running_timers() -> list[str]:
    if "PySide6.QtCore" not in sys.modules:
        return []
    import shiboken6
    from PySide6.QtCore import QTimer

    running: list[QTimer] = [
        thing
        for thing in gc.get_objects()
        if type(thing) is not type and isinstance(thing, QTimer) and shiboken6.isValid(thing) and thing.isActive()
    ]
    for timer in running:
        timer.stop()
    return [f"running timer of {timer.interval()} ms, parent {timer.parent()!r}" for timer in running]
