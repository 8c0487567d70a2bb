"""All keys, over the running window."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtGui import QColor, QKeyEvent, QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QFrame, QGridLayout, QHBoxLayout, QScrollArea, QVBoxLayout, QWidget

from viewer.panels.plain_text import PlainLabel, Retranslated

_COLUMN_PX = 380
_WIDEST_COLUMNS = 3


@dataclass(frozen=True, slots=True)
class KeyLine:
    """What happens, and the keys or mouse gestures that do it; both in the reader's language."""

    words: str
    keys: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class KeyGroup:
    """Lines under one heading."""

    title: str
    lines: tuple[KeyLine, ...]


class HelpOverlay(Retranslated):
    """Covers its parent. Any key, or a click beside the card, closes it. Signal: ``closed()``."""

    closed = Signal()

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground, False)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self._host = parent
        self._groups: tuple[KeyGroup, ...] = ()
        self._column_count = 0
        self._card = QFrame(self)
        self._card.setObjectName("helpCard")
        self._title = PlainLabel(parent=self._card)
        self._title.setProperty("textSize", "heading")
        self._footer = PlainLabel(parent=self._card)
        self._footer.setProperty("quiet", True)
        self._footer.setWordWrap(True)
        self._area = QScrollArea(self._card)
        self._area.setWidgetResizable(True)
        self._area.setFrameShape(QFrame.Shape.NoFrame)
        self._area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._area.viewport().setAutoFillBackground(False)
        column = QVBoxLayout(self._card)
        column.setContentsMargins(20, 16, 12, 14)
        column.setSpacing(10)
        column.addWidget(self._title)
        column.addWidget(self._area, 1)
        column.addWidget(self._footer)
        parent.installEventFilter(self)
        self.retranslate()
        self.hide()

    def set_keys(self, groups: Sequence[KeyGroup]) -> None:
        """Take the table of keys as they are bound now."""
        self._groups = tuple(groups)
        self._column_count = 0
        if self.isVisible():
            self._fit()

    def open_over(self) -> None:
        """Show all keys over the parent."""
        self._fit()
        self.show()
        self.raise_()
        self.setFocus()

    def close_overlay(self) -> None:
        """Go away."""
        if self.isVisible():
            self.hide()
            self.closed.emit()

    def retranslate(self) -> None:
        """Set every text anew; the table comes translated with :meth:`set_keys`."""
        self._title.setText(self.tr("Keys and mouse"))
        self._footer.setText(self.tr("Any key or a click beside the card closes this."))

    def _fit(self) -> None:
        self.setGeometry(self._host.rect())
        room = self.rect().adjusted(24, 24, -24, -24)
        columns = max(1, min(_WIDEST_COLUMNS, (room.width() - 32) // _COLUMN_PX, max(len(self._groups), 1)))
        if columns != self._column_count:
            self._column_count = columns
            self._fill(columns)
        width = min(room.width(), columns * _COLUMN_PX + 32)
        content = self._area.widget()
        content_height = content.heightForWidth(width - 52) if content else 0
        height = min(room.height(), content_height + 110)
        self._card.setGeometry(
            self.rect().center().x() - width // 2, self.rect().center().y() - height // 2, width, height
        )

    def _fill(self, column_count: int) -> None:
        """Groups go, in order, into whichever column is the shortest so far."""
        content = QWidget()
        row = QHBoxLayout(content)
        row.setContentsMargins(0, 0, 8, 0)
        row.setSpacing(24)
        columns = [QVBoxLayout() for _ in range(column_count)]
        lengths = [0] * column_count
        for group in self._groups:
            shortest = lengths.index(min(lengths))
            columns[shortest].addWidget(self._group(group, content))
            lengths[shortest] += len(group.lines) + 2
        for column in columns:
            column.setSpacing(14)
            column.addStretch(1)
            row.addLayout(column, 1)
        content.setAutoFillBackground(False)
        self._area.setWidget(content)

    @staticmethod
    def _group(group: KeyGroup, parent: QWidget) -> QWidget:
        block = QWidget(parent)
        grid = QGridLayout(block)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(12)
        grid.setVerticalSpacing(5)
        grid.setColumnStretch(0, 1)
        title = PlainLabel(group.title, block)
        title.setProperty("quiet", True)
        grid.addWidget(title, 0, 0, 1, 2)
        for number, line in enumerate(group.lines, start=1):
            words = PlainLabel(line.words, block)
            words.setWordWrap(True)
            grid.addWidget(words, number, 0)
            keys = QHBoxLayout()
            keys.setSpacing(4)
            for key in line.keys:
                cap = PlainLabel(key, block)
                cap.setProperty("keycap", True)
                keys.addWidget(cap)
            grid.addLayout(keys, number, 1, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignTop)
        return block

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: ARG002, N802 - Qt's name
        """Dim the window behind: it stays in sight, so that the keys can be tried on what is seen."""
        painter = QPainter(self)
        painter.fillRect(self.rect(), QColor(0, 0, 0, 170))
        painter.end()

    def event(self, event: QEvent) -> bool:
        """Keep every key from the shortcuts of the window behind: what is pressed here closes this, and no more."""
        if event.type() == QEvent.Type.ShortcutOverride:
            event.accept()
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802 - Qt's name
        """Scroll with the arrows and page keys where the card is too short, else close."""
        bar = self._area.verticalScrollBar()
        steps = {
            Qt.Key.Key_Down: bar.singleStep(),
            Qt.Key.Key_Up: -bar.singleStep(),
            Qt.Key.Key_PageDown: bar.pageStep(),
            Qt.Key.Key_PageUp: -bar.pageStep(),
        }
        step = steps.get(Qt.Key(event.key()))
        if step is not None and bar.maximum() > 0:
            bar.setValue(bar.value() + step)
        elif event.key() not in (Qt.Key.Key_Shift, Qt.Key.Key_Control, Qt.Key.Key_Alt, Qt.Key.Key_Meta):
            self.close_overlay()

    def mousePressEvent(self, event: QMouseEvent) -> None:  # noqa: N802 - Qt's name
        """A click beside the card closes it."""
        if not self._card.geometry().contains(event.position().toPoint()):
            self.close_overlay()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802 - Qt's name
        """Follow the parent's size while shown."""
        if event.type() == QEvent.Type.Resize and watched is self._host and self.isVisible():
            self._fit()
        return False
