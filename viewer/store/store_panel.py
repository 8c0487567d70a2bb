"""The image store over the pictures: who is signed in, and one page at a time."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QStackedWidget, QToolButton, QVBoxLayout, QWidget

from loaders.errors import WorldError
from viewer.main_window.icons import Icon, dress
from viewer.panels.plain_text import ElidedLabel, PlainLabel, Retranslated, shown_text
from viewer.panels.problem_words import problem_words
from viewer.store.find_page import FindPage
from viewer.store.refusal_page import RefusalPage
from viewer.store.sign_in_page import SignInPage
from viewer.store.studies_page import StudiesPage

if TYPE_CHECKING:
    from loaders.auth.sign_in import Person

_WIDEST_FORM_PX = 560


class StorePage(StrEnum):
    """Pages of the panel."""

    SIGN_IN = "sign_in"
    FIND = "find"
    STUDIES = "studies"
    REFUSAL = "refusal"


class StorePanel(Retranslated):
    """Signals: ``sign_out_requested()``, ``library_requested()``, ``closed()``."""

    sign_out_requested = Signal()
    library_requested = Signal()
    closed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("storePanel")
        self._store = ""
        self._person: Person | None = None
        self._error: WorldError | None = None
        self.who = ElidedLabel(parent=self)
        self.error = PlainLabel(parent=self)
        self.sign_out, self._library = QPushButton(self), QPushButton(self)
        self._close = QToolButton(self)
        self.sign_in, self.find_page = SignInPage(self), FindPage(self)
        self.studies, self.refusal = StudiesPage(self), RefusalPage(self)
        self._pages: dict[StorePage, QWidget] = {}
        self._stack = QStackedWidget(self)
        self._build()
        self.retranslate()
        self.hide()

    @property
    def page(self) -> StorePage:
        """The page on top."""
        return next(page for page, widget in self._pages.items() if widget is self._stack.currentWidget())

    def show_page(self, page: StorePage) -> None:
        """Bring a page to the top, over the pictures."""
        self._stack.setCurrentWidget(self._pages[page])
        self.show_error(None)
        self.show()
        self.raise_()
        first = {StorePage.FIND: self.find_page.number, StorePage.STUDIES: self.studies.tree}.get(page)
        if first is not None:
            first.setFocus()

    def set_person(self, store: str, person: Person | None) -> None:
        """Say who is signed in to which store, as the store states it."""
        self._store, self._person = store, person
        self._tell()

    def show_error(self, error: WorldError | None) -> None:
        """Say what went wrong, in words by its code."""
        self._error = error
        self._tell()

    def close_panel(self) -> None:
        """Back to the pictures."""
        self.hide()
        self.closed.emit()

    def retranslate(self) -> None:
        """Set every text anew."""
        self.sign_out.setText(self.tr("Sign out"))
        self._library.setText(self.tr("Kept studies"))
        dress(self._close, Icon.CLOSE, self.tr("Close"), "Esc")
        self._tell()

    def _build(self) -> None:
        head = QHBoxLayout()
        head.addWidget(self.who, 1)
        for part in (self._library, self.sign_out, self._close):
            head.addWidget(part)
        forms = ((StorePage.SIGN_IN, self.sign_in), (StorePage.FIND, self.find_page), (StorePage.REFUSAL, self.refusal))
        for page, form in forms:
            holder = QWidget(self)
            row = QHBoxLayout(holder)
            row.addStretch(1)
            form.setMinimumWidth(_WIDEST_FORM_PX)
            form.setMaximumWidth(_WIDEST_FORM_PX)
            row.addWidget(form)
            row.addStretch(1)
            row.setContentsMargins(0, 60, 0, 0)
            self._pages[page] = holder
            self._stack.addWidget(holder)
        self._pages[StorePage.STUDIES] = self.studies
        self._stack.addWidget(self.studies)
        self.error.set_tone("warning")
        self.error.setWordWrap(True)
        self.error.setAlignment(Qt.AlignmentFlag.AlignCenter)
        column = QVBoxLayout(self)
        column.setContentsMargins(18, 10, 12, 14)
        column.addLayout(head)
        column.addWidget(self.error)
        column.addWidget(self._stack, 1)
        self.sign_out.clicked.connect(self.sign_out_requested)
        self._library.clicked.connect(self.library_requested)
        self._close.clicked.connect(self.close_panel)
        self.sign_in.cancel_requested.connect(lambda: self.show_error(None))

    def _tell(self) -> None:
        person = self._person
        self.sign_out.setVisible(person is not None)
        self.who.setText(shown_text(self._person_text(person)) if person else self.tr("Not signed in"))
        self.error.setVisible(self._error is not None)
        if self._error is not None:
            words = problem_words(self._error.code, self._error.message)
            self.error.setText(shown_text(f"{words.reason}. {words.advice}"))

    def _person_text(self, person: Person) -> str:
        unknown = self.tr("not stated")
        if person.has_two_factors:
            factors = self.tr("two factors ({factors})").format(factors=", ".join(person.factors))
        elif person.factors:
            factors = self.tr("one factor ({factors})").format(factors=", ".join(person.factors))
        else:
            factors = self.tr("factors not stated")
        parts = (
            self._store,
            person.name or person.subject,
            person.role or unknown,
            person.organisation or unknown,
            _purpose(person.purpose_of_use, self.tr("treatment"), self.tr("emergency")),
            " ".join(part for part in (factors, person.assurance) if part),
        )
        return " · ".join(parts)

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802 - Qt's name
        """Escape leads back to the pictures."""
        if event.key() == Qt.Key.Key_Escape:
            self.close_panel()
            return
        super().keyPressEvent(event)


def _purpose(code: str, treatment: str, emergency: str) -> str:
    """Words for a purpose of use (HL7 v3 PurposeOfUse); any other is shown as the store gives it."""
    return {"TREAT": treatment, "ETREAT": emergency, "BTG": emergency}.get(code, code)
