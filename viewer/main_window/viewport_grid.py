"""The grid of viewports: rows x columns, one pixel apart, one of them maximised when asked."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtWidgets import QGridLayout, QWidget

from compare.session.comparison_session import Layout
from viewer.viewport.viewport_widget import ViewportWidget


class ViewportGrid(QWidget):
    """Owns the viewport widgets. Widgets are kept and re-used, so that a change of layout loses no picture."""

    def __init__(self, make_viewport: Callable[[int], QWidget], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._make_viewport = make_viewport
        self._widgets: list[QWidget] = []
        self._layout: Layout | None = None
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setSpacing(1)

    @property
    def widgets(self) -> Sequence[QWidget]:
        """All viewport widgets in use, in the session's order."""
        cells = self._layout.cells if self._layout else 0
        return self._widgets[:cells]

    def viewports(self) -> list[ViewportWidget]:
        """The viewport widgets in use, in the session's order."""
        return [widget for widget in self.widgets if isinstance(widget, ViewportWidget)]

    def arrange(self, layout: Layout) -> None:
        """Bring the grid into a layout; does nothing when it already is."""
        if layout == self._layout:
            return
        self._layout = layout
        while len(self._widgets) < layout.cells:
            self._widgets.append(self._make_viewport(len(self._widgets)))
        for widget in self._widgets:
            self._grid.removeWidget(widget)
        self._reset_stretch()
        for index, widget in enumerate(self._widgets):
            is_shown = index < layout.cells and layout.maximised in (None, index)
            if is_shown:
                self._place(widget, index, layout)
            widget.setVisible(is_shown)
        # At once: the session fits its views to these sizes before the next paint.
        self._grid.activate()

    def _place(self, widget: QWidget, index: int, layout: Layout) -> None:
        row, column = (0, 0) if layout.maximised is not None else divmod(index, layout.columns)
        self._grid.addWidget(widget, row, column)
        self._grid.setRowStretch(row, 1)
        self._grid.setColumnStretch(column, 1)

    def _reset_stretch(self) -> None:
        for row in range(self._grid.rowCount()):
            self._grid.setRowStretch(row, 0)
        for column in range(self._grid.columnCount()):
            self._grid.setColumnStretch(column, 0)
