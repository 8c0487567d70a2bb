"""What the world did to us, or what was refused, in one line: never in the way, never a dialog."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QTimer, Signal
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QToolButton, QWidget

from loaders.errors import WorldError
from viewer.main_window.icons import Icon, dress
from viewer.panels.plain_text import PlainLabel, Retranslated, plain_tooltip, shown_text
from viewer.panels.problem_words import problem_words

_PASSING_MS = 6000


class NoticeBar(Retranslated):
    """Shows the latest notice until it is closed or another takes its place. Signal: ``changed()``, its size may be."""

    changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("noticeBar")
        self._text: Callable[[], str] | None = None
        self._detail = ""
        self._action: tuple[Callable[[], str], Callable[[], None]] | None = None
        self._words = PlainLabel(parent=self)
        self._words.setWordWrap(True)
        self._words.setMinimumWidth(360)
        self.action_button = QPushButton(self)
        self.action_button.clicked.connect(self._act)
        self._close_button = QToolButton(self)
        self._close_button.clicked.connect(self.clear)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(_PASSING_MS)
        self._timer.timeout.connect(self.clear)
        row = QHBoxLayout(self)
        row.setContentsMargins(12, 4, 8, 4)
        row.addWidget(self._words, 1)
        row.addWidget(self.action_button)
        row.addWidget(self._close_button)
        self.retranslate()

    def show_error(self, error: WorldError, which: str = "") -> None:
        """Say what happened to which source or file, and what to do. It stays until it is closed."""
        self._show(lambda: self._error_text(error, which), "warning", error.message)

    def show_words(
        self,
        words: Callable[[], str],
        *,
        is_passing: bool = True,
        tone: str = "",
        action: tuple[Callable[[], str], Callable[[], None]] | None = None,
    ) -> None:
        """Say a sentence, in words that ``words`` returns in the present language; a passing one goes by itself.

        ``action`` is a button: its words, and what it does.
        """
        self._show(words, tone, "", action)
        if is_passing:
            self._timer.start()

    def withdraw(self, words: Callable[[], str]) -> None:
        """Take these words away, if they are what is said now."""
        if self._text is words:
            self.clear()

    def clear(self) -> None:
        """Nothing to say."""
        self._timer.stop()
        self._text = self._action = None
        self._tell()

    def retranslate(self) -> None:
        """Set every text anew."""
        dress(self._close_button, Icon.CLOSE, self.tr("Close"))
        self._tell()

    def _show(
        self,
        text: Callable[[], str],
        tone: str,
        detail: str,
        action: tuple[Callable[[], str], Callable[[], None]] | None = None,
    ) -> None:
        self._timer.stop()
        self._action = action
        self._text, self._detail = text, detail
        self._words.set_tone(tone)
        self._tell()

    def _error_text(self, error: WorldError, which: str) -> str:
        words = problem_words(error.code, error.message)
        sentence = self.tr("{which}: {reason}. {advice}") if which else self.tr("{reason}. {advice}")
        return sentence.format(
            which=shown_text(which), reason=shown_text(words.reason), advice=shown_text(words.advice)
        )

    def _act(self) -> None:
        if self._action is not None:
            self._action[1]()

    def _tell(self) -> None:
        self.action_button.setVisible(self._action is not None)
        self.action_button.setText(self._action[0]() if self._action is not None else "")
        self._words.setText(self._text() if self._text is not None else "")
        self._words.setToolTip(plain_tooltip(self._detail))
        self.setVisible(self._text is not None)
        self.changed.emit()
