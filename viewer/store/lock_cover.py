"""Covers a locked window: nothing of the pictures, no name of a patient; only signing in leads back."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from loaders.errors import WorldError
from viewer.main_window.icons import Icon, icon
from viewer.panels.plain_text import PlainLabel, Retranslated, shown_text
from viewer.panels.problem_words import problem_words
from viewer.store.sign_in_page import SignInPage

_FORM_PX = 520
_SIGN_PX = 48


class LockCover(Retranslated):
    """Fills the window it is over. Signal: ``sign_out_requested()``: clear everything, for the next person."""

    sign_out_requested = Signal()

    def __init__(self, window: QWidget, *, asks: bool) -> None:
        super().__init__(window)
        self.setObjectName("lockCover")
        self._window = window
        self._who = ""
        self._error: WorldError | None = None
        self.page = SignInPage(self)
        self.page.setContentsMargins(-9, 0, 0, 0)
        self._sign, self._title, self._words = (PlainLabel(parent=self) for _ in range(3))
        self._sign_out = QPushButton(self)
        self._build(asks=asks)
        self.retranslate()
        window.installEventFilter(self)
        self.hide()

    def cover(self, store: str, who: str) -> None:
        """Cover the window; ``who`` may unlock, at ``store``."""
        self._who, self._error = who, None
        self.page.set_stores([store])
        self.setGeometry(self._window.rect())
        self._tell()
        self.show()
        self.raise_()
        self.page.browser_button.setFocus()

    def show_error(self, error: WorldError) -> None:
        """Say why it is still locked."""
        self._error = error
        self._tell()

    def retranslate(self) -> None:
        """Set every text anew."""
        self._title.setText(self.tr("Locked"))
        self._sign_out.setText(self.tr("Sign out and close everything"))
        self._tell()

    def _build(self, *, asks: bool) -> None:
        self._sign.setPixmap(icon(Icon.LOCK).pixmap(_SIGN_PX, _SIGN_PX))
        self._title.setProperty("textSize", "title")
        self._words.setWordWrap(True)
        form = QWidget(self)
        form.setFixedWidth(_FORM_PX)
        column = QVBoxLayout(form)
        column.setSpacing(12)
        for part in (self._sign, self._title, self._words):
            column.addWidget(part)
        column.addWidget(self.page)
        row = QHBoxLayout()
        row.addWidget(self._sign_out)
        row.addStretch(1)
        column.addLayout(row)
        outer = QVBoxLayout(self)
        outer.addStretch(1)
        outer.addWidget(form, 0, Qt.AlignmentFlag.AlignHCenter)
        outer.addStretch(2)
        form.setVisible(asks)
        self._sign_out.clicked.connect(self.sign_out_requested)

    def _tell(self) -> None:
        if self._error is not None:
            words = problem_words(self._error.code, self._error.message)
            text = f"{words.reason}. {words.advice}"
        else:
            text = self.tr("{who} is signed in here. Sign in again to go on; nothing is lost.").format(who=self._who)
        self._words.setText(shown_text(text))
        self._words.set_tone("warning" if self._error is not None else "")

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802 - Qt's name
        """Stay as large as the window, and on top of whatever is new in it."""
        if event.type() == QEvent.Type.Resize and watched is self._window:
            self.setGeometry(self._window.rect())
        elif event.type() == QEvent.Type.ChildAdded and self.isVisible():
            self.raise_()
        return super().eventFilter(watched, event)
