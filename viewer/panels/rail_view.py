"""The time rail's list: drags pictures, and keeps its place while rows arrive."""

from __future__ import annotations

from PySide6.QtCore import QItemSelectionModel, QModelIndex, QPoint, Qt, Signal
from PySide6.QtGui import QDrag, QKeyEvent, QMouseEvent
from PySide6.QtWidgets import QAbstractItemView, QWidget

from loaders.model.stack import StackKey
from viewer.panels.rail_delegate import THUMBNAIL_PX, RailDelegate, RailForm, row_height_px
from viewer.panels.rail_model import RailModel
from viewer.panels.rail_rows import Row, RowKey, SeriesRow
from viewer.panels.row_list_view import RowListView

Anchor = tuple[RowKey, int]


class RailView(RowListView):
    """Patient, study and series rows, painted by the delegate in the rail's present form."""

    entered_by_key = Signal(QModelIndex)

    def __init__(self, model: RailModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._model = model
        self._delegate = RailDelegate(model, self)
        self.setModel(model)
        self.setItemDelegate(self._delegate)
        self.setDragEnabled(True)
        self.setDragDropMode(QAbstractItemView.DragDropMode.DragOnly)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)

    def set_form(self, form: RailForm) -> None:
        """Lay the rows out anew when there is room for more or less, keeping the place."""
        bars = Qt.ScrollBarPolicy
        self.setVerticalScrollBarPolicy(bars.ScrollBarAlwaysOff if form is RailForm.COMPACT else bars.ScrollBarAsNeeded)
        if form is not self._delegate.form:
            anchors = self._anchors()
            self._delegate.form = form
            self._lay_out()
            self._restore(anchors)

    def show_rows(self, rows: tuple[Row, ...]) -> None:
        """Show other rows; scroll position, selection and the row under the mouse stay where they are."""
        anchors = self._anchors()
        chosen = self._model.row(self.currentIndex())
        self._model.set_rows(rows)
        self._lay_out()
        if chosen is not None and not self.currentIndex().isValid():
            self._choose(chosen.key)
        self._restore(anchors)

    def reveal(self, stack: StackKey) -> None:
        """Bring the row of a stack into sight, with its study's head where there is room."""
        rows = self._model.rows
        place = next((at for at, row in enumerate(rows) if isinstance(row, SeriesRow) and row.stack.key == stack), None)
        if place is None:
            return
        head = next((at for at in range(place, -1, -1) if not isinstance(rows[at], SeriesRow)), place)
        for at in (place, max(head - 1, 0)):
            self.scrollTo(self._model.index(at), QAbstractItemView.ScrollHint.EnsureVisible)

    def _lay_out(self) -> None:
        self.set_heights([row_height_px(row, self._delegate.form) for row in self._model.rows])

    def _choose(self, key: RowKey) -> None:
        position = self._model.positions_of({key}).get(key)
        if position is not None:
            flags = QItemSelectionModel.SelectionFlag.ClearAndSelect
            self.selectionModel().setCurrentIndex(self._model.index(position), flags)

    def _anchors(self) -> list[Anchor]:
        """Rows whose place on the screen should not change, the most important first.

        The one under the mouse, the chosen one, then those in sight from the top: some of them may leave. A rail
        that stands at its top, untouched, follows the newest study instead.
        """
        under_mouse = self.underMouse()
        chosen = self.currentIndex()
        if self.verticalScrollBar().value() == 0 and not under_mouse and not chosen.isValid():
            return []
        in_sight = self.positions_in_sight()
        first = self.indexAt(self.viewport().mapFromGlobal(self.cursor().pos())).row() if under_mouse else -1
        order = [position for position in (first, chosen.row()) if position in in_sight]
        order += in_sight
        return [
            (self._model.row_at(position).key, self.visualRect(self._model.index(position)).top()) for position in order
        ]

    def _restore(self, anchors: list[Anchor]) -> None:
        positions = self._model.positions_of({key for key, _top in anchors})
        for key, top in anchors:
            position = positions.get(key)
            if position is not None:
                moved = self.visualRect(self._model.index(position)).top() - top
                self.verticalScrollBar().setValue(self.verticalScrollBar().value() + moved)
                return

    def stacks_in_sight(self) -> list[StackKey]:
        """Stacks whose rows are at least partly visible."""
        rows = (self._model.row_at(position) for position in self.positions_in_sight())
        return [row.stack.key for row in rows if isinstance(row, SeriesRow)]

    def startDrag(self, supportedActions: Qt.DropAction) -> None:  # noqa: N802, N803 - Qt's names
        """Carry the stack's key under its thumbnail."""
        del supportedActions
        index = self.currentIndex()
        row = self._model.row(index)
        if not isinstance(row, SeriesRow):
            return
        drag = QDrag(self)
        drag.setMimeData(self._model.mimeData([index]))
        picture = self._model.thumbnail(row.stack.key)
        if picture is not None:
            drag.setPixmap(picture)
            drag.setHotSpot(QPoint(THUMBNAIL_PX // 2, THUMBNAIL_PX // 2))
        drag.exec(Qt.DropAction.CopyAction)

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802 - Qt's name
        """Enter does what a double click does."""
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.entered_by_key.emit(self.currentIndex())
            return
        super().keyPressEvent(event)


class RailGrip(QWidget):
    """The rail's right edge: drag to change its width."""

    dragged_to = Signal(int)
    released = Signal()

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setFixedWidth(4)
        self.setCursor(Qt.CursorShape.SplitHCursor)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:  # noqa: N802 - Qt's name
        """Follow the mouse, in the rail's coordinates."""
        self.dragged_to.emit(self.mapToParent(event.position().toPoint()).x())

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:  # noqa: ARG002, N802 - Qt's name
        """Done."""
        self.released.emit()
