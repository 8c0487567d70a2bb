"""What the reader drew: values, what millimetres rest on, where; a click leads back to the slice."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from PySide6.QtCore import QItemSelectionModel, Qt, Signal
from PySide6.QtGui import QGuiApplication, QKeyEvent, QKeySequence
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHBoxLayout,
    QHeaderView,
    QTableWidget,
    QTableWidgetItem,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from compare.measuring.values import MeasuredValue
from compare.session.comparison_session import Role
from compare.session.measurement import MeasurementKind
from loaders.model.units import SpacingBasis
from viewer.main_window.icons import Icon, dress
from viewer.panels.plain_text import PlainLabel, Retranslated, plain_tooltip, shown_text
from viewer.viewport.localised_dates import date_text
from viewer.viewport.value_text import kind_text, value_lines


@dataclass(frozen=True, slots=True)
class MeasurementRow:
    """One measurement, or a key image (``kind`` ``None``).

    ``values`` ``None``: not yet computed; ``slice_number`` counts from 1 as on screen.
    ``lesion`` is the name of the lesion it measures, or empty.
    """

    identifier: str
    kind: MeasurementKind | None
    values: tuple[MeasuredValue, ...] | None
    text: str
    lesion: str
    role: Role
    study_date: date | None
    series_text: str
    slice_number: int
    is_carried: bool = False


class MeasurementsPanel(Retranslated):
    """A list.

    Signals: ``go_to_requested(str identifier)``, ``remove_requested(str identifier)``.
    """

    go_to_requested = Signal(str)
    remove_requested = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._rows: tuple[MeasurementRow, ...] = ()
        self._table = QTableWidget(0, 3, self)
        self._nothing = PlainLabel(parent=self)
        self._remove_button = QToolButton(self)
        self._copy_button = QToolButton(self)
        self._build()
        self.retranslate()

    def set_rows(self, rows: Sequence[MeasurementRow]) -> None:
        """Show other measurements; the chosen one stays chosen."""
        if tuple(rows) != self._rows:
            chosen = self._chosen()
            self._rows = tuple(rows)
            self._fill(chosen)

    def retranslate(self) -> None:
        """Set every text anew."""
        self.setWindowTitle(self.tr("Measurements"))
        self._nothing.setText(self.tr("Nothing measured yet. Choose Measure and draw on a picture."))
        self._table.setHorizontalHeaderLabels([self.tr("Value"), self.tr("Study"), self.tr("Slice")])
        dress(self._remove_button, Icon.REMOVE, self.tr("Remove the chosen measurement"), "Del")
        dress(self._copy_button, Icon.COPY, self.tr("Copy the list"), "Ctrl+C")
        self._fill(self._chosen())

    def _build(self) -> None:
        table = self._table
        table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        table.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        table.setShowGrid(False)
        table.setWordWrap(False)
        table.verticalHeader().hide()
        table.verticalHeader().setDefaultSectionSize(40)
        header = table.horizontalHeader()
        header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        for column, mode in enumerate(("ResizeToContents", "Stretch", "ResizeToContents")):
            header.setSectionResizeMode(column, QHeaderView.ResizeMode[mode])
        table.cellClicked.connect(lambda row, _column: self.go_to_requested.emit(self._rows[row].identifier))
        table.itemSelectionChanged.connect(self._tell_choice)
        self._nothing.setProperty("quiet", True)
        self._nothing.setWordWrap(True)
        self._nothing.setContentsMargins(10, 8, 10, 8)
        self._remove_button.clicked.connect(self._remove)
        self._copy_button.clicked.connect(self._copy)
        buttons = QHBoxLayout()
        buttons.setContentsMargins(6, 2, 6, 4)
        buttons.addStretch(1)
        buttons.addWidget(self._copy_button)
        buttons.addWidget(self._remove_button)
        column_layout = QVBoxLayout(self)
        column_layout.setContentsMargins(0, 0, 0, 0)
        column_layout.setSpacing(0)
        column_layout.addWidget(self._nothing)
        column_layout.addWidget(table, 1)
        column_layout.addStretch(0)
        column_layout.addLayout(buttons)

    def _fill(self, chosen: str) -> None:
        self._table.setRowCount(len(self._rows))
        for position, row in enumerate(self._rows):
            for column, text in enumerate(self._cells(row)):
                item = QTableWidgetItem(text)
                item.setToolTip(plain_tooltip(*text.split("\n")))
                self._table.setItem(position, column, item)
        self._table.resizeRowsToContents()
        self._nothing.setVisible(not self._rows)
        self._table.setVisible(bool(self._rows))
        kept = next((number for number, row in enumerate(self._rows) if row.identifier == chosen), None)
        if kept is not None:
            flags = QItemSelectionModel.SelectionFlag.ClearAndSelect | QItemSelectionModel.SelectionFlag.Rows
            self._table.selectionModel().setCurrentIndex(self._table.model().index(kept, 0), flags)
        self._tell_choice()

    def _cells(self, row: MeasurementRow) -> tuple[str, str, str]:
        if row.kind is None:
            lines = [self.tr("★ Key image")]
        elif row.is_carried:
            lines = [kind_text(row.kind), self.tr("carried over, not yet adjusted")]
        else:
            lines = [kind_text(row.kind), *value_lines(row.kind, row.values, shown_text(row.text))]
        if not row.is_carried and any(value.basis is SpacingBasis.GEOMETRY for value in row.values or ()):
            lines.append(self.tr("in the patient"))
        if row.lesion:
            lines.append(self.tr("lesion: {name}").format(name=shown_text(row.lesion)))
        roles = {
            Role.CURRENT: self.tr("CURRENT"),
            Role.PRIOR: self.tr("PRIOR"),
            Role.UNKNOWN: self.tr("order not known"),
        }
        about = f"{roles[row.role]} {date_text(row.study_date)}"
        if row.role is Role.UNKNOWN:  # the date says more, and has to fit
            about = f"{date_text(row.study_date)} · {roles[row.role]}"
        return "\n".join(lines), f"{about}\n{shown_text(row.series_text)}", str(row.slice_number)

    def _chosen(self) -> str:
        position = self._table.currentRow()
        if not self._table.selectedItems() or not 0 <= position < self._table.rowCount():
            return ""
        return self._rows[position].identifier if position < len(self._rows) else ""

    def _tell_choice(self) -> None:
        self._remove_button.setEnabled(bool(self._chosen()))
        self._copy_button.setEnabled(bool(self._rows))

    def _remove(self) -> None:
        chosen = self._chosen()
        if chosen:
            self.remove_requested.emit(chosen)

    def _copy(self) -> None:
        lines = ["\t".join(cell.replace("\n", " ") for cell in self._cells(row)) for row in self._rows]
        QGuiApplication.clipboard().setText("\n".join(lines))

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802 - Qt's name
        """Delete removes the chosen row, Ctrl+C copies the list."""
        if event.key() in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace):
            self._remove()
        elif event.matches(QKeySequence.StandardKey.Copy):
            self._copy()
        else:
            super().keyPressEvent(event)
