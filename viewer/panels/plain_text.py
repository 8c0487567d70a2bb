"""Text from files is hostile: it is shown as written, never as HTML, never reordering what stands beside it."""

from __future__ import annotations

import html
import unicodedata

from PySide6.QtCore import QEvent, QSize, Qt
from PySide6.QtGui import QFontMetrics, QPainter, QPaintEvent
from PySide6.QtWidgets import QLabel, QSizePolicy, QWidget

_LONGEST = 1024
_BREAKS = {"\n", "\r", "\t", "\v", "\f", "\u2028", "\u2029"}
_REPLACEMENT = "\ufffd"


def shown_text(text: str) -> str:
    """Return text on one line, with every control and direction character made visible as U+FFFD.

    A right-to-left override in a name (U+202E) would otherwise turn the identifier printed after it around. Longer
    than 1024 characters is cut, visibly. Private-use and unassigned code points stay: old Hong Kong character sets and
    newer Chinese extensions lie there.
    """
    cut = text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"
    return "".join(_shown_character(character) for character in cut)


def _shown_character(character: str) -> str:
    if character in _BREAKS:
        return " "
    if unicodedata.category(character) in {"Cc", "Cf", "Cs"}:
        return _REPLACEMENT
    return character


def plain_tooltip(*lines: str) -> str:
    """Return lines as a tooltip. Qt guesses HTML in tooltips, so the text is escaped and given as HTML knowingly."""
    body = "<br>".join(html.escape(shown_text(line)) for line in lines if line)
    return f"<qt>{body}</qt>" if body else ""


class PlainLabel(QLabel):
    """A label that can never take its text for HTML."""

    def __init__(self, text: str = "", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setText(text)

    def set_tone(self, tone: str) -> None:
        """Colour the words: ``warning``, ``danger``, ``fine``, ``current``, ``prior`` or empty."""
        if self.property("tone") != tone:
            self.setProperty("tone", tone)
            repolish(self)


class ElidedLabel(PlainLabel):
    """One line that gives way with an ellipsis; the whole text is then in the tooltip."""

    def __init__(self, text: str = "", parent: QWidget | None = None, *, minimum_width: int = 24) -> None:
        super().__init__(text, parent)
        self._minimum_width = minimum_width
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)

    def minimumSizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """A few characters; the rest yields."""
        return QSize(self._minimum_width, super().minimumSizeHint().height())

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: ARG002, N802 - Qt's name
        """Draw what fits."""
        painter = QPainter(self)
        metrics = QFontMetrics(self.font())
        area = self.contentsRect()
        line = metrics.elidedText(self.text(), Qt.TextElideMode.ElideRight, area.width())
        self.setToolTip(plain_tooltip(self.text()) if line != self.text() else "")
        painter.setPen(self.palette().color(self.foregroundRole()))
        painter.drawText(area, int(self.alignment() | Qt.AlignmentFlag.AlignVCenter), line)
        painter.end()


class Retranslated(QWidget):
    """A panel: paints its style sheet's background, and its words follow a change of language while it is open."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground, True)

    def retranslate(self) -> None:
        """Set every text anew from the translation now installed. A panel without words has nothing to do."""

    def changeEvent(self, event: QEvent) -> None:  # noqa: N802 - Qt's name
        """Follow the application's language."""
        if event.type() == QEvent.Type.LanguageChange:
            self.retranslate()
        super().changeEvent(event)


def repolish(widget: QWidget) -> None:
    """Let the style sheet see a changed property."""
    widget.style().unpolish(widget)
    widget.style().polish(widget)
    widget.update()
