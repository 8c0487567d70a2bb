"""What the world did to us, in one line: a stick pulled out, a folder that cannot be read. Never in the way."""

from __future__ import annotations

from PySide6.QtWidgets import QHBoxLayout, QToolButton, QWidget

from loaders.errors import WorldError
from viewer.main_window.icons import Icon, dress
from viewer.panels.plain_text import PlainLabel, Retranslated, plain_tooltip, shown_text
from viewer.panels.problem_words import problem_words


class NoticeBar(Retranslated):
    """Shows the latest error until it is closed or another takes its place."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._code = ""
        self._message = ""
        self._which = ""
        self._words = PlainLabel(parent=self)
        self._words.setWordWrap(True)
        self._words.set_tone("warning")
        self._close_button = QToolButton(self)
        self._close_button.clicked.connect(self.clear)
        row = QHBoxLayout(self)
        row.setContentsMargins(12, 4, 8, 4)
        row.addWidget(self._words, 1)
        row.addWidget(self._close_button)
        self.retranslate()

    def show_error(self, error: WorldError, which: str = "") -> None:
        """Say what happened to which source or file, and what to do."""
        self._code, self._message, self._which = error.code, error.message, which
        self._tell()

    def clear(self) -> None:
        """Nothing to say."""
        self._code = ""
        self._tell()

    def retranslate(self) -> None:
        """Set every text anew."""
        dress(self._close_button, Icon.CLOSE, self.tr("Close"))
        self._tell()

    def _tell(self) -> None:
        self.setVisible(bool(self._code))
        self._words.setToolTip(plain_tooltip(self._message))
        if self._code:
            words = problem_words(self._code, self._message)
            sentence = self.tr("{reason}. {advice}")
            if self._which:
                sentence = self.tr("{which}: {reason}. {advice}")
            self._words.setText(
                sentence.format(
                    which=shown_text(self._which), reason=shown_text(words.reason), advice=shown_text(words.advice)
                )
            )
