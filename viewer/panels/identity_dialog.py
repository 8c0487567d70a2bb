"""Field by field: what two studies say about whose they are. A conflict is opened by a typed reason only."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QDialog, QGridLayout, QHBoxLayout, QLineEdit, QPushButton, QVBoxLayout, QWidget

from compare.identity.verdict import IdentityVerdict, Verdict
from viewer.panels.identity_text import identity_lines
from viewer.panels.plain_text import PlainLabel, shown_text

#: A reason is words another person can understand later, not one key pressed to get past a dialog.
SHORTEST_REASON = 10


class IdentityDialog(QDialog):
    """Shows the table of a verdict. ``current`` and ``prior`` head the columns (date and description of the studies).

    Signals: ``confirmed()`` for an unproven match, ``overridden(str reason)`` for a conflict. Closing, Escape and the
    default button change nothing. Show it with ``open()``: it is modal to its window and blocks no thread.
    """

    confirmed = Signal()
    overridden = Signal(str)

    def __init__(self, verdict: IdentityVerdict, current: str, prior: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._verdict = verdict
        self._is_conflict = verdict.verdict is Verdict.CONFLICT
        self.setMinimumWidth(620)
        self._reason = QLineEdit(self)
        self._open_button = QPushButton(self)
        self._confirm_button = QPushButton(self)
        self._back_button = QPushButton(self)
        column = QVBoxLayout(self)
        column.setContentsMargins(20, 18, 20, 16)
        column.setSpacing(12)
        heading = PlainLabel(self._heading_text(), self)
        heading.setProperty("textSize", "heading")
        heading.setWordWrap(True)
        heading.set_tone("danger" if self._is_conflict else "warning")
        column.addWidget(heading)
        column.addLayout(self._table(current, prior))
        self._reason.setVisible(self._is_conflict)
        if self._is_conflict:
            column.addLayout(self._reason_form())
        column.addSpacing(4)
        column.addLayout(self._buttons())
        self.setWindowTitle(self.tr("Is this one patient?"))

    def _heading_text(self) -> str:
        texts = {
            Verdict.AGREE: self.tr("The fields agree."),
            Verdict.UNPROVEN: self.tr("Nothing contradicts, but nothing proves that this is one patient."),
            Verdict.CONFLICT: self.tr("Patients do not match."),
        }
        return texts[self._verdict.verdict]

    def _table(self, current: str, prior: str) -> QGridLayout:
        grid = QGridLayout()
        grid.setHorizontalSpacing(18)
        grid.setVerticalSpacing(8)
        current_word, prior_word = self.tr("CURRENT"), self.tr("PRIOR")
        heads = ("", f"{current_word}\n{shown_text(current)}", f"{prior_word}\n{shown_text(prior)}", "")
        for place, text in enumerate(heads):
            label = PlainLabel(text, self)
            label.setWordWrap(True)
            label.set_tone(("", "current", "prior", "")[place])
            grid.addWidget(label, 0, place, Qt.AlignmentFlag.AlignTop)
        for row, line in enumerate(identity_lines(self._verdict), start=1):
            for place, text in enumerate((line.field, line.current, line.prior, line.result)):
                label = PlainLabel(text, self)
                label.setWordWrap(True)
                flags = Qt.TextInteractionFlag
                label.setTextInteractionFlags(
                    flags.TextSelectableByMouse if place in (1, 2) else flags.NoTextInteraction
                )
                if place == 0:
                    label.setProperty("quiet", True)
                if place == 3:
                    label.set_tone(line.tone)
                grid.addWidget(label, row, place, Qt.AlignmentFlag.AlignTop)
        for place, stretch in enumerate((0, 3, 3, 2)):
            grid.setColumnStretch(place, stretch)
        return grid

    def _reason_form(self) -> QVBoxLayout:
        form = QVBoxLayout()
        form.setSpacing(6)
        words = PlainLabel(
            self.tr(
                "To put them side by side all the same, type why. The reason stays on every picture in red, "
                "and is saved with the session."
            ),
            self,
        )
        words.setWordWrap(True)
        self._reason.setPlaceholderText(self.tr("Reason, at least {count} characters").format(count=SHORTEST_REASON))
        self._reason.setMaxLength(200)
        self._reason.textChanged.connect(self._tell)
        form.addWidget(words)
        form.addWidget(self._reason)
        return form

    def _buttons(self) -> QHBoxLayout:
        row = QHBoxLayout()
        row.addStretch(1)
        self._back_button.setText(self.tr("Keep apart") if self._is_conflict else self.tr("Back"))
        self._back_button.setDefault(True)
        self._back_button.clicked.connect(self.reject)
        self._open_button.setText(self.tr("Open although they do not match"))
        self._open_button.setProperty("danger", True)
        self._open_button.setAutoDefault(False)
        self._open_button.setVisible(self._is_conflict)
        self._open_button.clicked.connect(self._override)
        self._confirm_button.setText(self.tr("Same patient"))
        self._confirm_button.setAutoDefault(False)
        self._confirm_button.setVisible(self._verdict.verdict is Verdict.UNPROVEN)
        self._confirm_button.clicked.connect(self._confirm)
        for button in (self._open_button, self._confirm_button, self._back_button):
            row.addWidget(button)
        self._tell()
        return row

    def _typed(self) -> str:
        return " ".join(self._reason.text().split())

    def _tell(self) -> None:
        self._open_button.setEnabled(len(self._typed()) >= SHORTEST_REASON)

    def _override(self) -> None:
        reason = self._typed()
        if self._is_conflict and len(reason) >= SHORTEST_REASON:
            self.accept()
            self.overridden.emit(reason)

    def _confirm(self) -> None:
        self.accept()
        self.confirmed.emit()
