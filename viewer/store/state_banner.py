"""A lasting line below the bar: old copies are shown, or emergency access is in use. It cannot be closed."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtWidgets import QVBoxLayout, QWidget

from viewer.panels.plain_text import PlainLabel, Retranslated, shown_text


class StateBanner(Retranslated):
    """Lines by name; each is asked for its words anew when the language changes or time goes by."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("stateBanner")
        self._lines: dict[str, Callable[[], str]] = {}
        self.words = PlainLabel(parent=self)
        self.words.setWordWrap(True)
        column = QVBoxLayout(self)
        column.setContentsMargins(12, 4, 12, 4)
        column.addWidget(self.words)
        self.retranslate()

    def set_line(self, name: str, words: Callable[[], str] | None) -> None:
        """Show a line, or take it away."""
        if words is None:
            self._lines.pop(name, None)
        else:
            self._lines[name] = words
        self.retranslate()

    def retranslate(self) -> None:
        """Set every text anew."""
        self.words.setText("\n".join(shown_text(words()) for words in self._lines.values()))
        self.setVisible(bool(self._lines))
