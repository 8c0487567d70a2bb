"""Files that are not shown as they should be, and sound objects that have no picture here: every one a row."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt, Signal
from PySide6.QtGui import QGuiApplication, QKeyEvent, QKeySequence
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTableView, QToolButton, QVBoxLayout, QWidget

from loaders.model.study import Catalogue, NotDisplayed, Problem
from viewer.panels.plain_text import PlainLabel, Retranslated, plain_tooltip, shown_text
from viewer.panels.problem_words import not_displayed_words, problem_words

Index = QModelIndex | QPersistentModelIndex


@dataclass(frozen=True, slots=True)
class FileRow:
    """Cells of one row, left to right, and the full place of the file for the tooltip and the clipboard."""

    cells: tuple[str, ...]
    place: str


def _place(path: Path, member: str) -> str:
    return f"{path} : {member}" if member else str(path)


def _file_name(path: Path, member: str) -> str:
    return member.rsplit("/", 1)[-1] if member else path.name


def problem_row(problem: Problem) -> FileRow:
    """File; reason and what to do."""
    words = problem_words(problem.code, problem.message)
    cells = (_file_name(problem.path, problem.member), f"{words.reason}\n{words.advice}")
    return FileRow(cells, _place(problem.path, problem.member))


def not_displayed_row(item: NotDisplayed) -> FileRow:
    """File; kind of object and reason."""
    cells = (_file_name(item.path, item.member), f"{item.sop_class}\n{not_displayed_words(item.reason)}")
    return FileRow(cells, _place(item.path, item.member))


class _RowsModel(QAbstractTableModel):
    """Rows turned into words only when they come into sight, so that thousands cost nothing."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._items: Sequence[Problem | NotDisplayed] = ()
        self.headings: tuple[str, ...] = ("", "")

    def set_items(self, items: Sequence[Problem | NotDisplayed]) -> None:
        """Show other items; items added at the end leave the ones in sight where they are."""
        old, new = len(self._items), len(items)
        if new > old and self._items == items[:old]:
            self.beginInsertRows(QModelIndex(), old, new - 1)
            self._items = items
            self.endInsertRows()
        elif self._items != items:
            self.beginResetModel()
            self._items = items
            self.endResetModel()

    def retranslate(self, headings: tuple[str, ...]) -> None:
        """Take other headings, and let the rows be asked for their words again."""
        self.headings = headings
        self.headerDataChanged.emit(Qt.Orientation.Horizontal, 0, len(headings) - 1)
        if self._items:
            self.dataChanged.emit(self.index(0, 0), self.index(len(self._items) - 1, len(headings) - 1))

    def file_row(self, position: int) -> FileRow:
        """The words of a row."""
        item = self._items[position]
        return problem_row(item) if isinstance(item, Problem) else not_displayed_row(item)

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008, N802 - Qt's name and default
        """Number of items."""
        return 0 if parent.isValid() else len(self._items)

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008, N802 - Qt's name and default
        """Two."""
        return 0 if parent.isValid() else len(self.headings)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        """Plain words; the whole row with the file's place as tooltip."""
        if not index.isValid():
            return None
        if role == Qt.ItemDataRole.DisplayRole:
            lines = self.file_row(index.row()).cells[index.column()].split("\n")
            return "\n".join(shown_text(line) for line in lines[:2])
        if role == Qt.ItemDataRole.ToolTipRole:
            row = self.file_row(index.row())
            return plain_tooltip(row.place, *row.cells[1].split("\n"))
        return None

    def headerData(  # noqa: N802 - Qt's name
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> object:
        """Column headings."""
        if orientation == Qt.Orientation.Horizontal and role == Qt.ItemDataRole.DisplayRole:
            return self.headings[section]
        return None


class _Table(QTableView):
    """A table whose chosen rows can be copied."""

    def __init__(self, model: _RowsModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._rows = model
        self.setModel(model)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setAlternatingRowColors(True)
        self.setShowGrid(False)
        self.setWordWrap(True)
        self.setTextElideMode(Qt.TextElideMode.ElideRight)
        self.verticalHeader().hide()
        self.verticalHeader().setDefaultSectionSize(66)
        self.verticalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        self.horizontalHeader().setStretchLastSection(True)
        self.horizontalHeader().resizeSection(0, 112)
        self.horizontalHeader().setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        self.setTabKeyNavigation(False)

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802 - Qt's name
        """Ctrl+C copies place and words of the chosen rows."""
        if event.matches(QKeySequence.StandardKey.Copy):
            chosen = sorted({index.row() for index in self.selectedIndexes()})
            rows = [self._rows.file_row(position) for position in chosen]
            QGuiApplication.clipboard().setText(
                "\n".join("\t".join((row.place, *row.cells[1].split("\n"))) for row in rows)
            )
            return
        super().keyPressEvent(event)


class ProblemsPanel(Retranslated):
    """Two lists that fold: problems, and not displayed. Signal: ``counts_changed(int problems, int not_displayed)``."""

    counts_changed = Signal(int, int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._problems: tuple[Problem, ...] = ()
        self._not_displayed: tuple[NotDisplayed, ...] = ()
        self._problem_model = _RowsModel(self)
        self._not_displayed_model = _RowsModel(self)
        self._problem_table = _Table(self._problem_model, self)
        self._not_displayed_table = _Table(self._not_displayed_model, self)
        self._problem_heading = self._heading(self._problem_table)
        self._not_displayed_heading = self._heading(self._not_displayed_table)
        self._nothing = PlainLabel(parent=self)
        self._nothing.setProperty("quiet", True)
        self._nothing.setWordWrap(True)
        self._nothing.setContentsMargins(10, 8, 10, 8)
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(0)
        self._column.addWidget(self._nothing)
        self._column.addWidget(self._problem_heading)
        self._column.addWidget(self._problem_table, 3)
        self._column.addWidget(self._not_displayed_heading)
        self._column.addWidget(self._not_displayed_table, 2)
        self._column.addStretch(0)
        self.retranslate()

    def set_catalogue(self, catalogue: Catalogue) -> None:
        """Show the problems found so far."""
        before = (len(self._problems), len(self._not_displayed))
        self._problems, self._not_displayed = catalogue.problems, catalogue.not_displayed
        self._problem_model.set_items(self._problems)
        self._not_displayed_model.set_items(self._not_displayed)
        self._tell()
        after = (len(self._problems), len(self._not_displayed))
        if after != before:
            self.counts_changed.emit(*after)

    def retranslate(self) -> None:
        """Set every text anew."""
        self.setWindowTitle(self.tr("Problems"))
        self._problem_model.retranslate((self.tr("File"), self.tr("What is wrong, what to do")))
        self._not_displayed_model.retranslate((self.tr("File"), self.tr("Kind, why not")))
        self._nothing.setText(self.tr("Every file found is shown."))
        self._tell()

    def _heading(self, table: QTableView) -> QToolButton:
        button = QToolButton(self)
        button.setProperty("fold", True)
        button.setCheckable(True)
        button.setChecked(True)
        button.setArrowType(Qt.ArrowType.DownArrow)
        button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        button.toggled.connect(self._fold(button, table))
        return button

    def _fold(self, button: QToolButton, table: QTableView) -> Callable[[bool], None]:
        def fold(is_open: bool) -> None:  # noqa: FBT001 - a Qt slot
            button.setArrowType(Qt.ArrowType.DownArrow if is_open else Qt.ArrowType.RightArrow)
            table.setVisible(is_open)

        return fold

    def _tell(self) -> None:
        problems, hidden = len(self._problems), len(self._not_displayed)
        self._problem_heading.setText(self.tr("Problems: {count}").format(count=problems))
        self._not_displayed_heading.setText(self.tr("Not displayed: {count}").format(count=hidden))
        self._nothing.setVisible(not problems and not hidden)
        for count, heading, table in (
            (problems, self._problem_heading, self._problem_table),
            (hidden, self._not_displayed_heading, self._not_displayed_table),
        ):
            heading.setVisible(bool(count))
            table.setVisible(bool(count) and heading.isChecked())
