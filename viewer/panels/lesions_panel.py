"""Lesions through time: each at each examination, its change, the sum of the targets, and what the criteria say."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from PySide6.QtCore import QCoreApplication, Qt, Signal
from PySide6.QtGui import QGuiApplication, QKeyEvent, QKeySequence
from PySide6.QtWidgets import (
    QAbstractItemView,
    QGridLayout,
    QMenu,
    QPushButton,
    QTableWidget,
    QTableWidgetItem,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from compare.following.lesion import Lesion, NonTargetState
from compare.following.lesion_table import LesionCell, LesionRow
from compare.following.recist import Evaluation, Response
from compare.reporting.findings import Findings
from compare.reporting.tables import clipboard_text
from viewer.main_window.icons import Icon, dress
from viewer.panels.lesion_words import interval_line, reason_text, role_text, rule_lines, state_text
from viewer.panels.plain_text import PlainLabel, Retranslated, plain_tooltip, shown_text
from viewer.reporting.change_words import change_text, doubling_text, mm_text
from viewer.viewport.localised_dates import date_text

_NONE = Findings((), (), (), ())


class LesionsPanel(Retranslated):
    """A table, what is said of the chosen lesion, and the deeds on it.

    Signals: ``go_to_requested(str tracking UID)``, ``make_requested()``, ``assign_requested(str)``,
    ``edit_requested(str)``, ``remove_requested(str)``, ``judged(str tracking UID, str study key, NonTargetState)``.
    """

    go_to_requested = Signal(str)
    make_requested = Signal()
    assign_requested = Signal(str)
    edit_requested = Signal(str)
    remove_requested = Signal(str)
    judged = Signal(str, str, object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._findings = _NONE
        self._notes: tuple[str, ...] = ()
        self._judgeable: tuple[tuple[str, date | None], ...] = ()
        self._has_measurement = False
        self._table = QTableWidget(0, 1, self)
        self._nothing, self._details = PlainLabel(parent=self), PlainLabel(parent=self)
        self._make, self._assign, self._edit, self._judge = (QPushButton(self) for _ in range(4))
        self._copy, self._remove = QToolButton(self), QToolButton(self)
        self._build()
        self.retranslate()

    def set_findings(
        self, findings: Findings, notes: Sequence[str] = (), judgeable: Sequence[tuple[str, date | None]] = ()
    ) -> None:
        """Show other lesions; ``notes`` say, in the reader's language, which are not carried where, and why.

        ``judgeable`` are the study keys and dates of the examinations at which a lesion can be judged.
        """
        self._judgeable = tuple(judgeable)
        if (findings, tuple(notes)) != (self._findings, self._notes):
            self._findings, self._notes = findings, tuple(notes)
            self._fill()

    def set_chosen_measurement(self, *, has_one: bool) -> None:
        """Tell whether a measurement is chosen, of which a lesion could be made."""
        self._has_measurement = has_one
        self._tell_choice()

    @property
    def chosen(self) -> str:
        """The tracking UID of the chosen lesion, or empty."""
        row = self._table.currentRow()
        rows = self._findings.rows
        return rows[row].lesion.tracking_uid if self._table.selectedItems() and 0 <= row < len(rows) else ""

    def retranslate(self) -> None:
        """Set every text anew."""
        self.setWindowTitle(self.tr("Lesions"))
        self._nothing.setText(
            self.tr("No lesion is followed. Measure one (two diameters say most), and make it a lesion.")
        )
        self._make.setText(self.tr("New lesion …"))
        self._make.setToolTip(self.tr("Make the chosen measurement a lesion"))
        self._assign.setText(self.tr("Assign"))
        self._assign.setToolTip(self.tr("The chosen measurement measures the chosen lesion"))
        self._edit.setText(self.tr("Change …"))
        self._edit.setToolTip(self.tr("Name, role and organ of the chosen lesion"))
        self._judge.setText(self.tr("Judge"))
        self._judge.setToolTip(self.tr("Your judgement of the chosen lesion at an examination"))
        dress(self._copy, Icon.COPY, self.tr("Copy the table"), "Ctrl+C")
        dress(self._remove, Icon.REMOVE, self.tr("Follow this lesion no more; its measurements stay"))
        self._fill()

    # ---- building

    def _build(self) -> None:
        table = self._table
        table.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        table.setWordWrap(False)
        table.verticalHeader().hide()
        table.horizontalHeader().setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        table.cellClicked.connect(self._go_to)
        table.itemSelectionChanged.connect(self._tell_choice)
        for label in (self._nothing, self._details):
            label.setProperty("quiet", True)
            label.setWordWrap(True)
            label.setContentsMargins(10, 8, 10, 8)
        self._judge.setMenu(QMenu(self._judge))
        self._judge.menu().aboutToShow.connect(self._fill_judgements)
        self._make.clicked.connect(self.make_requested)
        self._assign.clicked.connect(lambda: self.assign_requested.emit(self.chosen))
        self._edit.clicked.connect(lambda: self.edit_requested.emit(self.chosen))
        self._remove.clicked.connect(lambda: self.remove_requested.emit(self.chosen))
        self._copy.clicked.connect(self.copy)
        buttons = QGridLayout()
        buttons.setContentsMargins(8, 4, 8, 6)
        for place, button in enumerate((self._make, self._assign, self._edit, self._judge)):
            buttons.addWidget(button, place // 2, place % 2)
        buttons.addWidget(self._copy, 0, 2)
        buttons.addWidget(self._remove, 1, 2)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self._nothing)
        column.addWidget(table, 1)
        column.addWidget(self._details)
        column.addStretch(0)
        column.addLayout(buttons)

    # ---- filling

    def _fill(self) -> None:
        chosen, column = self.chosen, self._table.currentColumn()
        findings, table = self._findings, self._table
        summed = self._response_rows()
        table.setColumnCount(1 + len(findings.points))
        table.setHorizontalHeaderLabels(
            [self.tr("Lesion"), *(date_text(point.study_date) for point in findings.points)]
        )
        table.setRowCount(len(findings.rows) + len(summed))
        for number, row in enumerate(findings.rows):
            cells = [self._cell_text(row, cell, at) for at, cell in enumerate(row.cells)]
            self._put(number, [_head_text(row.lesion), *cells])
        for number, cells in enumerate(summed, start=len(findings.rows)):
            self._put(number, cells)
        table.resizeColumnsToContents()
        table.resizeRowsToContents()
        self._nothing.setVisible(not findings.rows)
        table.setVisible(bool(findings.rows))
        kept = next((at for at, row in enumerate(findings.rows) if row.lesion.tracking_uid == chosen), None)
        if kept is not None:
            table.setCurrentCell(kept, max(column, 0))
        self._tell_choice()

    def _put(self, row: int, texts: Sequence[str]) -> None:
        for column, text in enumerate(texts):
            item = QTableWidgetItem(text)
            item.setToolTip(plain_tooltip(*text.split("\n")))
            self._table.setItem(row, column, item)

    def _cell_text(self, row: LesionRow, cell: LesionCell, at: int) -> str:
        state = row.lesion.state_at(self._findings.points[at].study_key)
        if cell.counted_mm is None:
            lines = [reason_text(cell.size.reason or "no_short_axis")]
        else:
            lines = [mm_text(f"{cell.counted_mm:.1f}")]
        if cell.from_previous is not None:
            lines.append(change_text(cell.from_previous))
            if cell.from_previous.doubling is not None:
                lines.append(doubling_text(cell.from_previous))
        if state is not None:
            lines.append(state_text(state))
        return "\n".join(lines)

    def _response_rows(self) -> list[list[str]]:
        found = self._findings.evaluations
        if not self._findings.rows or not found or found[-1].overall is Response.NO_TARGETS:
            return []
        sums = ["–" if one.sum_mm is None else mm_text(f"{one.sum_mm:.1f}") for one in found]
        heads = self.tr("Sum of targets"), self.tr("RECIST 1.1")
        return [[heads[0], *sums], [heads[1], *(_response_text(one) for one in found)]]

    def _tell_choice(self) -> None:
        chosen = self.chosen
        self._make.setEnabled(self._has_measurement)
        self._assign.setEnabled(self._has_measurement and bool(chosen))
        for button in (self._edit, self._remove):
            button.setEnabled(bool(chosen))
        self._judge.setEnabled(bool(chosen))
        self._copy.setEnabled(bool(self._findings.rows))
        lines = [*self._details_of(chosen), *self._notes]
        self._details.setText("\n".join(lines))
        self._details.setVisible(bool(lines))

    def _details_of(self, chosen: str) -> list[str]:
        row = next((row for row in self._findings.rows if row.lesion.tracking_uid == chosen), None)
        lines: list[str] = []
        if row is not None:
            last = next((cell for cell in reversed(row.cells) if cell.from_previous is not None), None)
            if last is not None and last.from_previous is not None:
                lines = [interval_line(last), *rule_lines(last.from_previous)]
        reasons = [reason for one in self._findings.evaluations for reason in one.reasons]
        return [line for line in (*lines, *(shown_text(reason_text(one)) for one in dict.fromkeys(reasons))) if line]

    def _fill_judgements(self) -> None:
        menu = self._judge.menu()
        menu.clear()
        for examination in menu.findChildren(QMenu):
            examination.deleteLater()  # clearing a menu leaves its submenus alive
        for study_key, study_date in self._judgeable if self.chosen else ():
            examination = menu.addMenu(date_text(study_date))
            for state in NonTargetState:
                action = examination.addAction(state_text(state))
                judged = (self.chosen, study_key, state)
                action.triggered.connect(lambda _checked=False, said=judged: self.judged.emit(*said))

    # ---- deeds

    def copy(self) -> None:
        """Put the table on the clipboard as lines of tab-separated cells."""
        QGuiApplication.clipboard().setText(clipboard_text(self._findings))

    def _go_to(self, row: int, _column: int) -> None:
        if row < len(self._findings.rows):
            self.go_to_requested.emit(self._findings.rows[row].lesion.tracking_uid)

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802 - Qt's name
        """Ctrl+C copies the table."""
        if event.matches(QKeySequence.StandardKey.Copy):
            self.copy()
        else:
            super().keyPressEvent(event)


def _head_text(lesion: Lesion) -> str:
    organ = f" · {shown_text(lesion.organ)}" if lesion.organ else ""
    return f"{shown_text(lesion.label)}{organ}\n{role_text(lesion.role)}"


def _response_text(one: Evaluation) -> str:
    is_baseline = one.overall is Response.BASELINE
    parts = [QCoreApplication.translate("Lesions", "baseline") if is_baseline else one.overall.value]
    if one.from_baseline_percent is not None:
        parts.append(f"{one.from_baseline_percent:+.0f} %")
    return "\n".join(parts)
