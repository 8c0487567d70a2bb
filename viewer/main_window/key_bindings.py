"""Binds the table of keys to what does the deeds, and tells the overlay what is bound."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QKeyEvent, QKeySequence, QShortcut
from PySide6.QtWidgets import QApplication, QWidget

from viewer.main_window.key_table import KEY_TABLE, KeyHeading, KeyRow, heading_text, row_text
from viewer.panels.help_overlay import KeyGroup, KeyLine

#: What a key does; for the presets it is told which of the row's keys it was, counted from 1.
Deed = Callable[[], None]
NumberedDeed = Callable[[int], None]
#: Told ``True`` when the key goes down and ``False`` when it comes up, or when the window loses the keyboard.
HeldDeed = Callable[[bool], None]


class KeyBindings(QObject):
    """Every row of the table, bound within one window. Raises ``KeyError`` for a row that nobody can do."""

    def __init__(
        self,
        window: QWidget,
        deeds: Mapping[str, Deed],
        numbered: Mapping[str, NumberedDeed],
        held: Mapping[str, HeldDeed],
        table: Sequence[KeyRow] = KEY_TABLE,
    ) -> None:
        super().__init__(window)
        self._window = window
        self._table = table
        self._held: dict[int, HeldDeed] = {}
        self._down: set[int] = set()
        for row in table:
            if row.is_held:
                for key in row.keys:
                    self._held[_key_code(key)] = held[row.deed]
                    self._bind(key, partial(self._hold, _key_code(key), is_down=True), repeats=False)
            elif row.deed in numbered:
                for number, key in enumerate(row.keys, start=1):
                    self._bind(key, partial(numbered[row.deed], number))
            else:
                for key in row.keys:
                    self._bind(key, deeds[row.deed])

    def groups(self, mouse: Sequence[tuple[str, str]] = ()) -> list[KeyGroup]:
        """Return the table for the help overlay; ``mouse`` lists (words, gesture), already translated."""
        found = []
        for heading in KeyHeading:
            lines = tuple(
                KeyLine(row_text(row), (row.shown,) if row.shown else tuple(map(_shown_key, row.keys)))
                for row in self._table
                if row.heading is heading
            )
            if heading is KeyHeading.MOUSE:
                lines = tuple(KeyLine(words, (gesture,)) for words, gesture in mouse)
            if lines:
                found.append(KeyGroup(heading_text(heading), lines))
        return found

    def take(self, event: QKeyEvent, *, is_down: bool) -> bool:
        """Handle a key that came to the window itself; return whether it is a held one of ours."""
        key = int(event.key())
        if key not in self._held or event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier:
            return False
        if not event.isAutoRepeat():
            self._hold(key, is_down=is_down)
        return True

    def _bind(self, key: str, deed: Deed, *, repeats: bool = True) -> None:
        shortcut = QShortcut(QKeySequence(key), self._window)
        shortcut.setAutoRepeat(repeats)
        shortcut.activated.connect(deed)

    def _hold(self, key: int, *, is_down: bool) -> None:
        if is_down == (key in self._down):
            return
        application = QApplication.instance()
        if is_down:
            # A shortcut tells only of the press. Until the release every event is looked at, and no longer than that.
            self._down.add(key)
            if application is not None:
                application.installEventFilter(self)
        else:
            self._down.discard(key)
            if application is not None and not self._down:
                application.removeEventFilter(self)
        self._held[key](is_down)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802 - Qt's name
        """Look for the release, or for the window losing the keyboard: then the release never tells us."""
        kind = event.type()
        if kind == QEvent.Type.WindowDeactivate and watched is self._window:
            for key in tuple(self._down):
                self._hold(key, is_down=False)
        elif kind == QEvent.Type.KeyRelease and isinstance(event, QKeyEvent):
            key = int(event.key())
            if key in self._down and not event.isAutoRepeat():
                self._hold(key, is_down=False)
                return True
        return False


def _key_code(key: str) -> int:
    return int(Qt.Key[f"Key_{key}"])


def _shown_key(key: str) -> str:
    return QKeySequence(key).toString(QKeySequence.SequenceFormat.NativeText)
