"""The grid of viewports: rows x columns, one pixel apart, one of them maximised when asked."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QGridLayout, QWidget

from compare.session.comparison_session import Layout
from viewer.main_window.viewport_cell import ViewportCell
from viewer.viewport.viewport_model import IdentityMark, ViewportModel
from viewer.viewport.viewport_widget import ViewportWidget


class ViewportGrid(QWidget):
    """Owns the viewport widgets. Widgets are kept and re-used, so that a change of layout loses no picture.

    Signal: ``stack_dropped(int index, StackKey)``.
    """

    stack_dropped = Signal(int, object)

    def __init__(self, make_viewport: Callable[[int], QWidget], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._make_viewport = make_viewport
        self._cells: list[ViewportCell] = []
        self._layout: Layout | None = None
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setSpacing(1)

    @property
    def widgets(self) -> Sequence[QWidget]:
        """All viewport widgets in use, in the session's order."""
        return [cell.viewport for cell in self.cells]

    @property
    def cells(self) -> Sequence[ViewportCell]:
        """All cells in use, in the session's order."""
        return self._cells[: self._layout.cells if self._layout else 0]

    def viewports(self) -> list[ViewportWidget]:
        """The viewport widgets in use, in the session's order."""
        return [widget for widget in self.widgets if isinstance(widget, ViewportWidget)]

    def show_models(self, models: Sequence[ViewportModel]) -> None:
        """Hand every viewport what it shows, and its cell the banner of an overridden conflict."""
        for cell, widget, model in zip(self.cells, self.viewports(), models, strict=False):
            is_overridden = model.identity is IdentityMark.CONFLICT_OVERRIDDEN
            cell.set_conflict(model.identity_words if is_overridden else "")
            widget.show_model(model)

    def arrange(self, layout: Layout) -> None:
        """Bring the grid into a layout; does nothing when it already is."""
        if layout == self._layout:
            return
        self._layout = layout
        while len(self._cells) < layout.cells:
            self._cells.append(self._make_cell(len(self._cells)))
        for cell in self._cells:
            self._grid.removeWidget(cell)
        self._reset_stretch()
        for index, cell in enumerate(self._cells):
            is_shown = index < layout.cells and layout.maximised in (None, index)
            if is_shown:
                self._place(cell, index, layout)
            cell.setVisible(is_shown)
        # At once: the session fits its views to these sizes before the next paint.
        self._grid.activate()

    def _make_cell(self, index: int) -> ViewportCell:
        cell = ViewportCell(self._make_viewport(index), self)
        cell.stack_dropped.connect(lambda key: self.stack_dropped.emit(index, key))
        return cell

    def _place(self, cell: ViewportCell, index: int, layout: Layout) -> None:
        row, column = (0, 0) if layout.maximised is not None else divmod(index, layout.columns)
        self._grid.addWidget(cell, row, column)
        self._grid.setRowStretch(row, 1)
        self._grid.setColumnStretch(column, 1)

    def _reset_stretch(self) -> None:
        for row in range(self._grid.rowCount()):
            self._grid.setRowStretch(row, 0)
        for column in range(self._grid.columnCount()):
            self._grid.setColumnStretch(column, 0)
