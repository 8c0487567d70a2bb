"""Choose a grid of viewports, 1x1 to 3x3, by pointing at its far corner."""

from __future__ import annotations

from PySide6.QtCore import QPoint, QRect, QSize, Qt, Signal
from PySide6.QtGui import QColor, QKeyEvent, QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QVBoxLayout, QWidget

from viewer.main_window.theme import COLOURS
from viewer.panels.plain_text import PlainLabel, Retranslated

_CELL_PX = 34
_GAP_PX = 4


class _Grid(QWidget):
    """The cells. Mouse or arrow keys and Enter."""

    pointed_at = Signal(int, int)
    chosen = Signal(int, int)

    def __init__(self, largest: int, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._largest = largest
        self.rows = 1
        self.columns = 1
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setFixedSize(self.sizeHint())

    def sizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """All cells."""
        side = self._largest * (_CELL_PX + _GAP_PX) - _GAP_PX
        return QSize(side, side)

    def point_at(self, rows: int, columns: int) -> None:
        """Mark a layout without choosing it."""
        self.rows = min(max(rows, 1), self._largest)
        self.columns = min(max(columns, 1), self._largest)
        self.pointed_at.emit(self.rows, self.columns)
        self.update()

    def cell_centre(self, rows: int, columns: int) -> QPoint:
        """Where the far corner's cell of a layout lies."""
        step = _CELL_PX + _GAP_PX
        return QPoint((columns - 1) * step + _CELL_PX // 2, (rows - 1) * step + _CELL_PX // 2)

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: ARG002, N802 - Qt's name
        """Cells inside the layout are bright."""
        painter = QPainter(self)
        step = _CELL_PX + _GAP_PX
        for row in range(self._largest):
            for column in range(self._largest):
                is_inside = row < self.rows and column < self.columns
                area = QRect(column * step, row * step, _CELL_PX - 1, _CELL_PX - 1)
                painter.setPen(QColor(COLOURS.text if is_inside else COLOURS.line))
                painter.setBrush(QColor(COLOURS.line if is_inside else COLOURS.raised))
                painter.drawRect(area)
        painter.end()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:  # noqa: N802 - Qt's name
        """Mark what is under the mouse."""
        step = _CELL_PX + _GAP_PX
        where = event.position().toPoint()
        self.point_at(where.y() // step + 1, where.x() // step + 1)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:  # noqa: N802 - Qt's name
        """Choose what is under the mouse, unless it was dragged off the grid."""
        if self.rect().contains(event.position().toPoint()):
            self.mouseMoveEvent(event)
            self.chosen.emit(self.rows, self.columns)

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802 - Qt's name
        """Arrows mark, Enter chooses."""
        step = {
            Qt.Key.Key_Left: (0, -1),
            Qt.Key.Key_Right: (0, 1),
            Qt.Key.Key_Up: (-1, 0),
            Qt.Key.Key_Down: (1, 0),
        }.get(Qt.Key(event.key()))
        if step is not None:
            self.point_at(self.rows + step[0], self.columns + step[1])
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space):
            self.chosen.emit(self.rows, self.columns)
        else:
            super().keyPressEvent(event)


class LayoutPicker(Retranslated):
    """A popup below its button. Signal: ``layout_chosen(int rows, int columns)``."""

    layout_chosen = Signal(int, int)

    def __init__(self, parent: QWidget | None = None, *, largest: int = 3) -> None:
        super().__init__(parent)
        self.setWindowFlags(Qt.WindowType.Popup)
        self.setObjectName("helpCard")
        self.grid = _Grid(largest, self)
        self._words = PlainLabel(parent=self)
        self._words.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        column = QVBoxLayout(self)
        column.setContentsMargins(10, 10, 10, 8)
        column.addWidget(self.grid)
        column.addWidget(self._words)
        self.grid.pointed_at.connect(self._tell)
        self.grid.chosen.connect(self._choose)
        self.retranslate()

    def open_below(self, anchor: QWidget, rows: int, columns: int) -> None:
        """Show the picker with the present layout marked, inside the screen."""
        self.grid.point_at(rows, columns)
        self.adjustSize()
        corner = anchor.mapToGlobal(QPoint(anchor.width() - self.width(), anchor.height() + 2))
        screen = anchor.screen().availableGeometry()
        corner.setX(max(screen.left(), min(corner.x(), screen.right() - self.width())))
        self.move(corner)
        self.show()
        self.grid.setFocus()

    def retranslate(self) -> None:
        """Set every text anew."""
        self.grid.setAccessibleName(self.tr("Layout of the viewports"))
        self._tell(self.grid.rows, self.grid.columns)

    def _tell(self, rows: int, columns: int) -> None:
        self._words.setText(self.tr("{rows} rows x {columns} columns").format(rows=rows, columns=columns))

    def _choose(self, rows: int, columns: int) -> None:
        self.close()
        self.layout_chosen.emit(rows, columns)
