"""Report and record strip: what was reported about the studies on screen, and allergies in four states. Read-only."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from PySide6.QtGui import QTextOption
from PySide6.QtWidgets import QPlainTextEdit, QVBoxLayout, QWidget

from viewer.panels.plain_text import PlainLabel, Retranslated, shown_text
from viewer.store.record import PatientRecord
from viewer.store.store_words import allergy_words, report_words

if TYPE_CHECKING:
    from loaders.stores.dicomweb.patient_search import FoundStudy


class RecordPanel(Retranslated):
    """A panel of the drawer."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._record: PatientRecord | None = None
        self._shown: tuple[str, ...] = ()
        self.allergies = PlainLabel(parent=self)
        self.allergies.setWordWrap(True)
        self._source = PlainLabel(parent=self)
        self._source.setProperty("quiet", True)
        self._source.setWordWrap(True)
        self.text = QPlainTextEdit(self)
        self.text.setReadOnly(True)
        self.text.setWordWrapMode(QTextOption.WrapMode.WordWrap)
        column = QVBoxLayout(self)
        column.setContentsMargins(10, 4, 10, 10)
        column.addWidget(self.allergies)
        column.addWidget(self.text, 1)
        column.addWidget(self._source)
        self.retranslate()

    def set_record(self, record: PatientRecord | None) -> None:
        """Show a patient's record, or say that none was retrieved."""
        self._record = record
        self._tell()

    def set_shown(self, study_uids: Sequence[str]) -> None:
        """Show the reports of the studies on screen, in their order."""
        if tuple(study_uids) != self._shown:
            self._shown = tuple(study_uids)
            self._tell()

    def retranslate(self) -> None:
        """Set every text anew."""
        self.setWindowTitle(self.tr("Reports and allergies"))
        self._tell()

    def _tell(self) -> None:
        record = self._record
        state = record.allergies.state if record is not None else "not_retrieved"
        recorded = record.allergies.recorded if record is not None else ()
        self.allergies.setText(shown_text(" ".join((allergy_words(state), "; ".join(recorded))).strip()))
        self.allergies.set_tone("" if state == "recorded_none" else "warning")
        if record is None:
            self.text.setPlainText(self.tr("What is on screen does not come from an image store: nothing was asked."))
            self._source.setText("")
            return
        studies = [study for uid in self._shown if (study := record.study(uid)) is not None]
        self.text.setPlainText("\n\n".join(self._report(study) for study in studies or record.patient.studies))
        self._source.setText(shown_text(self.tr("As recorded in {store}").format(store=record.store)))

    def _report(self, study: FoundStudy) -> str:
        head = " · ".join(part for part in (study.date, "/".join(study.modalities), study.description) if part)
        lines = [shown_text(head), shown_text(report_words(study))]
        if study.report is not None:
            lines += [shown_text(line) for line in study.report.text.splitlines()]
            if study.report.has_pdf:
                lines.append(self.tr("The report is also there as a PDF, which is not shown here."))
        return "\n".join(lines)
