"""The studies of the one patient, newest first, with category, institution and report state."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QCheckBox,
    QHBoxLayout,
    QHeaderView,
    QLineEdit,
    QPushButton,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from viewer.panels.plain_text import PlainLabel, Retranslated, shown_text
from viewer.store.record import PatientRecord
from viewer.store.store_words import allergy_words, category_words, reason_words, report_words

if TYPE_CHECKING:
    from loaders.retrieval.prior_ranking import RankedPrior
    from loaders.stores.dicomweb.patient_search import FoundStudy

_UID = Qt.ItemDataRole.UserRole
CATEGORIES = ("simple", "advanced", "fusion")
_PRIOR_COLUMN = 6


class StudiesPage(Retranslated):
    """Signals: ``open_requested(str study UID)``, ``back_requested()``, ``chosen(str study UID)`` for its priors."""

    open_requested = Signal(str)
    back_requested = Signal()
    chosen = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._record: PatientRecord | None = None
        self._priors: Mapping[str, RankedPrior] = {}
        self._name, self._facts, self._allergies, self._notice = (PlainLabel(parent=self) for _ in range(4))
        self.filters = {category: QCheckBox(self) for category in CATEGORIES}
        self.words = QLineEdit(self)
        self.tree = QTreeWidget(self)
        self.open_button, self._back = QPushButton(self), QPushButton(self)
        self._build()
        self.retranslate()

    def set_record(self, record: PatientRecord | None) -> None:
        """Show a patient's studies, or nobody's."""
        self._record, self._priors = record, {}
        self._fill()

    def set_priors(self, priors: Mapping[str, RankedPrior]) -> None:
        """Say which studies are relevant priors of the chosen one, and why."""
        self._priors = priors
        for row in range(self.tree.topLevelItemCount()):
            self._tell_prior(self.tree.topLevelItem(row))

    def chosen_uid(self) -> str:
        """The chosen study's UID, empty for none."""
        item = self.tree.currentItem()
        return str(item.data(0, _UID)) if item is not None and not item.isHidden() else ""

    def choose(self, study_uid: str) -> None:
        """Choose a study of the list."""
        for row in range(self.tree.topLevelItemCount()):
            item = self.tree.topLevelItem(row)
            if item is not None and item.data(0, _UID) == study_uid:
                self.tree.setCurrentItem(item)

    def retranslate(self) -> None:
        """Set every text anew."""
        self.tree.setHeaderLabels([
            self.tr("Date"), self.tr("Study"), self.tr("Modality"), self.tr("Category"), self.tr("Institution"),
            self.tr("Report"), self.tr("As a prior of the chosen study"),
        ])  # fmt: skip
        self.words.setPlaceholderText(self.tr("Filter by words"))
        for category, box in self.filters.items():
            box.setText(category_words(category))
        self.open_button.setText(self.tr("Open with its priors"))
        self._back.setText(self.tr("Another patient"))
        self._notice.setText(self.tr("The patient will be notified that you opened the images."))
        self._fill()

    def _build(self) -> None:
        self._name.setProperty("textSize", "title")
        self._allergies.setWordWrap(True)
        self._notice.setProperty("quiet", True)
        self.tree.setRootIsDecorated(False)
        self.tree.setAlternatingRowColors(True)
        self.tree.setUniformRowHeights(True)
        self.tree.header().setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        filters = QHBoxLayout()
        for box in self.filters.values():
            box.setChecked(True)
            box.toggled.connect(self._filter)
            filters.addWidget(box)
        filters.addWidget(self.words, 1)
        buttons = QHBoxLayout()
        buttons.addWidget(self._back)
        buttons.addStretch(1)
        buttons.addWidget(self._notice)
        buttons.addWidget(self.open_button)
        column = QVBoxLayout(self)
        column.setSpacing(10)
        for part in (self._name, self._facts, self._allergies):
            column.addWidget(part)
        column.addLayout(filters)
        column.addWidget(self.tree, 1)
        column.addLayout(buttons)
        self.words.textChanged.connect(self._filter)
        self.tree.itemActivated.connect(lambda _item, _column: self._open())
        self.tree.currentItemChanged.connect(lambda _now, _before: self._choose())
        self.open_button.clicked.connect(self._open)
        self._back.clicked.connect(self.back_requested)

    def _fill(self) -> None:
        chosen = self.chosen_uid()
        self.tree.clear()
        record = self._record
        if record is None:
            for label in (self._name, self._facts, self._allergies):
                label.setText("")
            return
        patient = record.patient
        self._name.setText(shown_text(patient.name.replace("^", " ").replace("=", "  ")))
        self._facts.setText(shown_text(" · ".join(filter(None, (patient.identifier, patient.sex, patient.birth_date)))))
        recorded = "; ".join(record.allergies.recorded)
        self._allergies.setText(shown_text(f"{allergy_words(record.allergies.state)} {recorded}".strip()))
        self._allergies.set_tone("warning" if record.allergies.state != "recorded_none" else "")
        for study in patient.studies:
            self.tree.addTopLevelItem(self._item(study))
        self.choose(chosen or (patient.studies[0].study_uid if patient.studies else ""))
        self._filter()

    def _item(self, study: FoundStudy) -> QTreeWidgetItem:
        texts = (
            study.date or self.tr("no date"),
            study.description,
            "/".join(study.modalities),
            category_words(study.category),
            study.institution or self.tr("unknown"),
            report_words(study),
            "",
        )
        item = QTreeWidgetItem([shown_text(text) for text in texts])
        item.setData(0, _UID, study.study_uid)
        self._tell_prior(item)
        return item

    def _tell_prior(self, item: QTreeWidgetItem | None) -> None:
        if item is not None:
            prior = self._priors.get(str(item.data(0, _UID)))
            item.setText(_PRIOR_COLUMN, reason_words(prior.reasons) if prior else "")

    def _filter(self) -> None:
        wanted = {category for category, box in self.filters.items() if box.isChecked()}
        words = self.words.text().casefold().split()
        for row in range(self.tree.topLevelItemCount()):
            item = self.tree.topLevelItem(row)
            study = self._record.study(str(item.data(0, _UID))) if item is not None and self._record else None
            if item is None or study is None:
                continue
            text = " ".join(item.text(column) for column in range(item.columnCount())).casefold()
            item.setHidden(study.category not in wanted or not all(word in text for word in words))
        self._choose()

    def _choose(self) -> None:
        uid = self.chosen_uid()
        self.open_button.setEnabled(bool(uid))
        if uid:
            self.chosen.emit(uid)

    def _open(self) -> None:
        uid = self.chosen_uid()
        if uid:
            self.open_requested.emit(uid)
