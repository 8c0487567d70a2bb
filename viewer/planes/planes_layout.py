"""Where the panes of the planes stand: rows of three, the volumes beside them, one alone, or two by two."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

from PySide6.QtWidgets import QGridLayout, QWidget

_SIDE = 2


def place_panes(
    grid: QGridLayout,
    planes: Sequence[Sequence[QWidget]],
    *,
    turning: QWidget | None,
    volumes: Sequence[QWidget],
    maximised: tuple[int, int] | None,
) -> None:
    """Put every pane in its place and hide those that have none. ``maximised`` is the (row, pane) that stands alone.

    One examination with its volume stands two by two: four in a row would be narrow strips.
    """
    is_square = len(planes) == 1 and len(volumes) == 1 and turning is None
    for row, panes in enumerate(planes):
        for pane, widget in enumerate(panes):
            place = divmod(pane, _SIDE) if is_square else (row, pane)
            grid.addWidget(widget, *place)
            widget.setVisible(maximised in (None, (row, pane)))
    columns = max((len(panes) for panes in planes), default=0)
    if turning is not None:
        grid.addWidget(turning, 0, columns, max(len(planes), 1), 1)
        turning.setVisible(maximised is None)
        columns += 1
    for row, widget in enumerate(volumes):
        grid.addWidget(widget, *((_SIDE - 1, _SIDE - 1) if is_square else (row, columns)))
        widget.setVisible(maximised is None)
    _stretch(grid)


def _stretch(grid: QGridLayout) -> None:
    """Room for the rows and columns that something is seen in, none for others."""
    rows: set[int] = set()
    columns: set[int] = set()
    for index in range(grid.count()):
        item = grid.itemAt(index)
        widget = item.widget() if item is not None else None
        if widget is not None and not widget.isHidden():
            # PySide types the answer as an object; it is (row, column, row span, column span).
            place = cast("tuple[int, int, int, int]", grid.getItemPosition(index))
            row, column, row_span, column_span = place
            rows |= set(range(row, row + row_span))
            columns |= set(range(column, column + column_span))
    for row in range(grid.rowCount()):
        grid.setRowStretch(row, int(row in rows))
    for column in range(grid.columnCount()):
        grid.setColumnStretch(column, int(column in columns))
