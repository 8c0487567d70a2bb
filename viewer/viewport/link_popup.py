"""The small window of a link badge: what is linked, why something is not, and what can be done."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QCoreApplication, QPoint, Qt, Signal
from PySide6.QtWidgets import QCheckBox, QFrame, QLabel, QPushButton, QVBoxLayout, QWidget

from compare.linking.link_status import LinkStatus
from compare.session.comparison_session import LinkedAction
from viewer.viewport.link_words import action_text, status_text

translate = QCoreApplication.translate

#: In the order of the check boxes.
ACTIONS = (
    LinkedAction.SCROLL,
    LinkedAction.ZOOM,
    LinkedAction.PAN,
    LinkedAction.WINDOW,
    LinkedAction.ROTATION,
    LinkedAction.CURSOR,
)
_WIDEST_PX = 340


@dataclass(frozen=True, slots=True)
class LinkRow:
    """One action of one viewport: whether the reader left it on here, and how it fares with the other side."""

    action: LinkedAction
    is_on: bool
    status: LinkStatus | None


class LinkPopup(QFrame):
    """Opens beside a badge and closes on a click elsewhere.

    Signals: ``action_toggled(LinkedAction, bool)``, ``all_toggled(LinkedAction, bool)``, ``match_requested()``,
    ``unmatch_requested()``.
    """

    action_toggled = Signal(object, bool)
    all_toggled = Signal(object, bool)
    match_requested = Signal()
    unmatch_requested = Signal()

    def __init__(self, heading: str, why: str, parent: QWidget | None = None) -> None:
        super().__init__(parent, Qt.WindowType.Popup)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setObjectName("linkPopup")
        self.setStyleSheet("#linkPopup { background: #262A31; border: 1px solid #343A43; }")
        self.boxes: dict[LinkedAction, QCheckBox] = {}
        self.reasons: dict[LinkedAction, QLabel] = {}
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(12, 10, 12, 10)
        self._column.setSpacing(4)
        self._add_label(heading)
        if why:
            self._add_label(why, is_quiet=True)
        self.for_all = QCheckBox(translate("Links", "for all viewports"), self)
        self.match = QPushButton(translate("Links", "These two slices match (M)"), self)
        self.unmatch = QPushButton(translate("Links", "Forget that they match"), self)

    def set_rows(self, rows: Sequence[LinkRow], *, can_match: bool, can_unmatch: bool) -> None:
        """Fill in the actions, once."""
        for row in rows:
            box = QCheckBox(action_text(row.action), self)
            box.setChecked(row.is_on)
            box.toggled.connect(lambda is_on, action=row.action: self._toggled(action, is_on=is_on))
            self._column.addWidget(box)
            self.boxes[row.action] = box
            reason = status_text(row.status) if row.status is not None else ""
            if reason:
                self.reasons[row.action] = self._add_label(reason, is_quiet=True, indent=20)
        self._column.addSpacing(4)
        self._column.addWidget(self.for_all)
        for button, is_shown, signal in (
            (self.match, can_match, self.match_requested),
            (self.unmatch, can_unmatch, self.unmatch_requested),
        ):
            button.setVisible(is_shown)
            button.clicked.connect(signal)
            button.clicked.connect(self.close)
            self._column.addWidget(button)

    def open_at(self, at: QPoint) -> None:
        """Show it at a global place, within the window it belongs to."""
        self.adjustSize()
        owner = self.parentWidget()
        room = owner.window().frameGeometry() if owner is not None else self.screen().availableGeometry()
        x = max(min(at.x(), room.right() - self.width()), room.left())
        y = max(min(at.y(), room.bottom() - self.height()), room.top())
        self.move(x, y)
        self.show()

    def _toggled(self, action: LinkedAction, *, is_on: bool) -> None:
        (self.all_toggled if self.for_all.isChecked() else self.action_toggled).emit(action, is_on)

    def _add_label(self, text: str, *, is_quiet: bool = False, indent: int = 0) -> QLabel:
        label = QLabel(text, self)
        label.setTextFormat(Qt.TextFormat.PlainText)
        label.setWordWrap(True)
        label.setMaximumWidth(_WIDEST_PX)
        label.setMinimumWidth(_WIDEST_PX - 40)
        label.setIndent(indent)
        label.setProperty("quiet", is_quiet)
        self._column.addWidget(label)
        return label
