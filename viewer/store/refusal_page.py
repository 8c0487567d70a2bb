"""A refusal of the store, each with its own words and its own way on (reason and code, emergency, or none)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

from PySide6.QtCore import QT_TRANSLATE_NOOP, QCoreApplication, Signal
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QPushButton, QVBoxLayout, QWidget

from loaders.errors import WorldError
from viewer.panels.plain_text import PlainLabel, Retranslated, shown_text
from viewer.panels.problem_words import problem_words


@dataclass(frozen=True, slots=True)
class _Screen:
    title: str
    advice: str
    asks_reason: bool = False
    asks_code: bool = False
    offers_emergency: bool = False


def _screen(title: object, advice: object, **asks: bool) -> _Screen:
    return _Screen(cast("str", title), cast("str", advice), **asks)


#: Table of decisions: what each stable code of a refusal means to the reader, and what can be done here.
_SCREENS = {
    "restricted": _screen(
        QT_TRANSLATE_NOOP("RefusalPage", "This record is restricted"),
        QT_TRANSLATE_NOOP(
            "RefusalPage", "Give your reason and the code that the patient received. Both are on record."
        ),
        asks_reason=True,
        asks_code=True,
    ),
    "wrong_code": _screen(
        QT_TRANSLATE_NOOP("RefusalPage", "The code was not right"),
        QT_TRANSLATE_NOOP("RefusalPage", "Ask the patient for the latest code and try again."),
        asks_reason=True,
        asks_code=True,
    ),
    "no_sharing_consent": _screen(
        QT_TRANSLATE_NOOP("RefusalPage", "There is no sharing consent"),
        QT_TRANSLATE_NOOP(
            "RefusalPage",
            "The patient can give consent in the eHealth app, or at your registration desk. Then try again.",
        ),
        offers_emergency=True,
        asks_reason=True,
    ),
    "consent_revoked": _screen(
        QT_TRANSLATE_NOOP("RefusalPage", "The sharing consent was taken back"),
        QT_TRANSLATE_NOOP("RefusalPage", "Copies that were kept here have been removed."),
    ),
    "role": _screen(
        QT_TRANSLATE_NOOP("RefusalPage", "Your role may not see images"),
        QT_TRANSLATE_NOOP("RefusalPage", "Ask the user administrator of your institution."),
    ),
    "location_mismatch": _screen(
        QT_TRANSLATE_NOOP("RefusalPage", "You are signed in for another place"),
        QT_TRANSLATE_NOOP("RefusalPage", "Sign out, then sign in with an account of this place."),
    ),
}


class RefusalPage(Retranslated):
    """Signals: ``access_requested(str reason, str code, bool is_emergency)``, ``back_requested()``."""

    access_requested = Signal(str, str, bool)
    back_requested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._error: WorldError | None = None
        self.title, self._advice, self._warning = (PlainLabel(parent=self) for _ in range(3))
        self.reason, self.code = QLineEdit(self), QLineEdit(self)
        self.ask_button, self.emergency_button, self._back = (QPushButton(self) for _ in range(3))
        self._build()
        self.retranslate()

    def show_refusal(self, error: WorldError) -> None:
        """Show what was refused; what was typed before is forgotten, but for the reason."""
        self._error = error
        self.code.clear()
        self._tell()

    def clear(self) -> None:
        """Forget what was typed."""
        self._error = None
        self.reason.clear()
        self.code.clear()

    def retranslate(self) -> None:
        """Set every text anew."""
        self.reason.setPlaceholderText(self.tr("Reason for the access"))
        self.code.setPlaceholderText(self.tr("The patient's code"))
        self.ask_button.setText(self.tr("Ask for access"))
        self.emergency_button.setText(self.tr("Emergency access"))
        self._back.setText(self.tr("Back"))
        self._warning.setText(
            self.tr("Emergency access is for danger to life. It is on record, the patient is told, and it is reviewed.")
        )
        self._tell()

    def _build(self) -> None:
        self.title.setProperty("textSize", "title")
        self._warning.set_tone("warning")
        for label in (self.title, self._advice, self._warning):
            label.setWordWrap(True)
        self.emergency_button.setProperty("danger", True)
        self.reason.setMaxLength(200)
        self.code.setMaxLength(32)
        self.code.setEchoMode(QLineEdit.EchoMode.Password)
        buttons = QHBoxLayout()
        for button in (self._back, self.ask_button, self.emergency_button):
            buttons.addWidget(button)
        buttons.addStretch(1)
        column = QVBoxLayout(self)
        column.setSpacing(14)
        for part in (self.title, self._advice, self.reason, self.code, self._warning):
            column.addWidget(part)
        column.addLayout(buttons)
        column.addStretch(1)
        for field in (self.reason, self.code):
            field.textChanged.connect(self._tell)
        self._back.clicked.connect(self.back_requested)
        self.ask_button.clicked.connect(lambda: self._ask(is_emergency=False))
        self.emergency_button.clicked.connect(lambda: self._ask(is_emergency=True))

    def _ask(self, *, is_emergency: bool) -> None:
        self.access_requested.emit(self.reason.text().strip(), self.code.text().strip(), is_emergency)
        self.code.clear()

    def _tell(self) -> None:
        error = self._error
        screen = _SCREENS.get(error.code) if error is not None else None
        if error is not None and screen is None:
            words = problem_words(error.code, error.message)
            screen = _Screen(words.reason, words.advice)
        elif screen is not None:
            translate = QCoreApplication.translate
            screen = _Screen(
                translate("RefusalPage", screen.title),
                translate("RefusalPage", screen.advice),
                screen.asks_reason,
                screen.asks_code,
                screen.offers_emergency,
            )
        self.title.setText(shown_text(screen.title) if screen else "")
        self._advice.setText(shown_text(screen.advice) if screen else "")
        self.reason.setVisible(bool(screen and screen.asks_reason))
        self.code.setVisible(bool(screen and screen.asks_code))
        self.ask_button.setVisible(bool(screen and screen.asks_code))
        for part in (self.emergency_button, self._warning):
            part.setVisible(bool(screen and screen.offers_emergency))
        has_reason = bool(self.reason.text().strip())
        self.ask_button.setEnabled(has_reason and bool(self.code.text().strip()))
        self.emergency_button.setEnabled(has_reason)
