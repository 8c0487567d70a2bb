"""A list of rows of different height whose layout is one running sum.

``QListView`` asks the model and the delegate for every row again at each layout: with ten thousand rows and Python
behind them that takes longer than the window may stall.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from itertools import accumulate

from PySide6.QtCore import (
    QEvent,
    QItemSelection,
    QItemSelectionModel,
    QModelIndex,
    QPersistentModelIndex,
    QPoint,
    QRect,
    Qt,
)
from PySide6.QtGui import QMouseEvent, QPainter, QPaintEvent, QRegion, QResizeEvent
from PySide6.QtWidgets import QAbstractItemView, QFrame, QStyle, QStyleOptionViewItem, QWidget

Index = QModelIndex | QPersistentModelIndex

_WHEEL_STEP_PX = 24


class RowListView(QAbstractItemView):
    """One column, scrolled by pixels. The owner gives heights with :meth:`set_heights` after each change of rows."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._tops: list[int] = [0]
        self._hovered = -1
        self.setMouseTracking(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setAutoScroll(False)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)

    def set_heights(self, heights_px: Sequence[int]) -> None:
        """Lay out anew: the height of every row of the model, in order."""
        self._tops = [0, *accumulate(heights_px)]
        self.updateGeometries()
        self.viewport().update()

    def positions_in_sight(self) -> range:
        """Rows that are at least partly visible."""
        top = self.verticalOffset()
        first = max(bisect_right(self._tops, top) - 1, 0)
        after = first
        while after < self._row_count() and self._tops[after] < top + self.viewport().height():
            after += 1
        return range(first, after)

    def _row_count(self) -> int:
        return len(self._tops) - 1

    # What Qt asks of a view.
    def visualRect(self, index: Index) -> QRect:  # noqa: N802 - Qt's name
        """Where a row is in the viewport; empty for a row not laid out."""
        row = index.row()
        if not index.isValid() or row >= self._row_count():
            return QRect()
        top = self._tops[row] - self.verticalOffset()
        return QRect(0, top, self.viewport().width(), self._tops[row + 1] - self._tops[row])

    def indexAt(self, point: QPoint) -> QModelIndex:  # noqa: N802 - Qt's name
        """The row at a point of the viewport."""
        row = bisect_right(self._tops, point.y() + self.verticalOffset()) - 1
        if not 0 <= row < self._row_count() or not self.viewport().rect().contains(point):
            return QModelIndex()
        return self.model().index(row, 0)

    def scrollTo(  # noqa: N802 - Qt's name
        self, index: Index, hint: QAbstractItemView.ScrollHint = QAbstractItemView.ScrollHint.EnsureVisible
    ) -> None:
        """Bring a row into sight by the smallest move."""
        del hint
        area = self.visualRect(index)
        bar = self.verticalScrollBar()
        if area.top() < 0:
            bar.setValue(bar.value() + area.top())
        elif area.bottom() >= self.viewport().height():
            bar.setValue(bar.value() + min(area.bottom() + 1 - self.viewport().height(), area.top()))

    def moveCursor(  # noqa: N802 - Qt's name
        self,
        cursorAction: QAbstractItemView.CursorAction,  # noqa: N803 - Qt's name
        modifiers: Qt.KeyboardModifier,
    ) -> QModelIndex:
        """The next row that can be chosen, in the direction of a key."""
        del modifiers
        actions = QAbstractItemView.CursorAction
        count = self._row_count()
        page = max(len(self.positions_in_sight()) - 1, 1)
        steps = {
            actions.MoveUp: -1,
            actions.MoveLeft: -1,
            actions.MovePrevious: -1,
            actions.MoveDown: 1,
            actions.MoveRight: 1,
            actions.MoveNext: 1,
            actions.MovePageUp: -page,
            actions.MovePageDown: page,
            actions.MoveHome: -count,
            actions.MoveEnd: count,
        }
        step = steps[cursorAction]
        present = self.currentIndex().row()
        if count == 0:
            return QModelIndex()
        target = min(max(present + step, 0), count - 1)
        direction = 1 if step > 0 else -1
        # A heading cannot be chosen: go on in the same direction, and where nothing follows turn back.
        onward = range(target, count if direction > 0 else -1, direction)
        back = range(target, -1 if direction > 0 else count, -direction)
        for row in (*onward, *back):
            if self.model().flags(self.model().index(row, 0)) & Qt.ItemFlag.ItemIsSelectable:
                return self.model().index(row, 0)
        return QModelIndex()

    def horizontalOffset(self) -> int:  # noqa: N802 - Qt's name
        """Never scrolled sideways."""
        return 0

    def verticalOffset(self) -> int:  # noqa: N802 - Qt's name
        """Pixels above the viewport."""
        return self.verticalScrollBar().value()

    def isIndexHidden(self, index: Index) -> bool:  # noqa: ARG002, N802 - Qt's name
        """Hidden rows are not in the model."""
        return False

    def setSelection(self, rect: QRect, command: QItemSelectionModel.SelectionFlag) -> None:  # noqa: N802 - Qt's name
        """Choose the row under the mouse."""
        index = self.indexAt(rect.topLeft())
        if index.isValid():
            self.selectionModel().select(index, command)

    def visualRegionForSelection(self, selection: QItemSelection) -> QRegion:  # noqa: N802 - Qt's name
        """Where chosen rows are."""
        region = QRegion()
        for index in selection.indexes():
            region += self.visualRect(index)
        return region

    def updateGeometries(self) -> None:  # noqa: N802 - Qt's name
        """Fit the scroll bar to the rows."""
        height = self.viewport().height()
        bar = self.verticalScrollBar()
        bar.setRange(0, max(self._tops[-1] - height, 0))
        bar.setPageStep(height)
        bar.setSingleStep(_WHEEL_STEP_PX)
        super().updateGeometries()

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802 - Qt's name
        """More or fewer rows fit."""
        super().resizeEvent(event)
        self.updateGeometries()

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: ARG002, N802 - Qt's name
        """Paint what is in sight, through the delegate."""
        painter = QPainter(self.viewport())
        flags = QStyle.StateFlag
        current = self.currentIndex()
        for row in self.positions_in_sight():
            index = self.model().index(row, 0)
            option = QStyleOptionViewItem()
            self.initViewItemOption(option)
            option.rect = self.visualRect(index)
            if self.selectionModel().isSelected(index):
                option.state |= flags.State_Selected
            if row == self._hovered:
                option.state |= flags.State_MouseOver
            if self.hasFocus() and index == current:
                option.state |= flags.State_HasFocus
            else:
                option.state &= ~flags.State_HasFocus
            self.itemDelegate().paint(painter, option, index)
        painter.end()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:  # noqa: N802 - Qt's name
        """Mark the row under the mouse."""
        self._hover(self.indexAt(event.position().toPoint()).row())
        super().mouseMoveEvent(event)

    def leaveEvent(self, event: QEvent) -> None:  # noqa: N802 - Qt's name
        """No row is under the mouse."""
        self._hover(-1)
        super().leaveEvent(event)

    def _hover(self, row: int) -> None:
        if row != self._hovered:
            self._hovered = row
            self.viewport().update()
