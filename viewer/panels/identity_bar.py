"""The line that says when two studies are not proven to be of one person."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QSizePolicy, QWidget

from compare.identity.verdict import IdentityVerdict, Verdict
from viewer.panels.identity_text import matched_tag, supporting_fields
from viewer.panels.plain_text import PlainLabel, Retranslated, repolish, shown_text


class IdentityBar(Retranslated):
    """Hidden while identifiers agree; never hidden otherwise.

    * unproven: amber, asks for one confirming click; then a narrow amber tag stays;
    * conflict: red, says that the comparison is blocked; once opened with a typed reason the red banner stays.

    Signals: ``confirmed()``, ``details_requested()`` (open an ``IdentityDialog``).
    """

    confirmed = Signal()
    details_requested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("identityBar")
        self._verdict: IdentityVerdict | None = None
        self._is_confirmed = False
        self._override_reason = ""
        self._words = PlainLabel(parent=self)
        self._words.setWordWrap(True)
        self._words.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        self._details_button = QPushButton(self)
        self._confirm_button = QPushButton(self)
        self._confirm_button.setObjectName("confirm")
        self._row = QHBoxLayout(self)
        self._row.setSpacing(8)
        self._row.addWidget(self._words, 1)
        self._row.addWidget(self._details_button)
        self._row.addWidget(self._confirm_button)
        self._details_button.clicked.connect(self.details_requested)
        self._confirm_button.clicked.connect(self.confirmed)
        self.retranslate()

    def set_state(
        self, verdict: IdentityVerdict | None, *, is_confirmed: bool = False, override_reason: str = ""
    ) -> None:
        """Tell the verdict of the studies compared, and what the reader has answered. ``None``: nothing compared."""
        self._verdict, self._is_confirmed, self._override_reason = verdict, is_confirmed, override_reason
        self._tell()

    def retranslate(self) -> None:
        """Set every text anew."""
        self._details_button.setText(self.tr("Show the fields"))
        self._confirm_button.setText(self.tr("Same patient"))
        self._tell()

    def _tell(self) -> None:
        verdict = self._verdict
        if verdict is None or verdict.verdict is Verdict.AGREE:
            self.hide()
            return
        is_conflict = verdict.verdict is Verdict.CONFLICT
        is_settled = bool(self._override_reason) if is_conflict else self._is_confirmed
        self._set_tone("danger" if is_conflict else "warning")
        self._words.setText(self._conflict_words() if is_conflict else self._unproven_words(verdict))
        self._confirm_button.setVisible(not is_conflict and not is_settled)
        margin = 2 if is_settled else 6
        if self._details_button.property("compact") != is_settled:
            self._details_button.setProperty("compact", is_settled)
            repolish(self._details_button)
        self._row.setContentsMargins(12, margin, 8, margin)
        self.show()

    def _unproven_words(self, verdict: IdentityVerdict) -> str:
        if self._is_confirmed:
            return matched_tag(verdict)
        fields = supporting_fields(verdict)
        if not fields:
            return self.tr("Nothing contradicts, but nothing proves that this is one patient. Look at the fields.")
        text = self.tr("The identifiers prove nothing; what agrees: {fields}. Is this one patient?")
        return text.format(fields=fields)

    def _conflict_words(self) -> str:
        if self._override_reason:
            text = self.tr("PATIENTS DO NOT MATCH. Opened by the reader: {reason}")
            return text.format(reason=shown_text(self._override_reason))
        return self.tr("PATIENTS DO NOT MATCH. The studies are not shown side by side.")

    def _set_tone(self, tone: str) -> None:
        self._words.set_tone(tone)
        if self.property("tone") != tone:
            self.setProperty("tone", tone)
            repolish(self)
