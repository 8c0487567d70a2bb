"""What a shown study holds beside its images: states, key images, segmentations, structures, reports; plain text."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import cast

from PySide6.QtCore import QT_TRANSLATE_NOOP, QCoreApplication, Qt, Signal
from PySide6.QtGui import QTextOption
from PySide6.QtWidgets import QPlainTextEdit, QTreeWidget, QTreeWidgetItem, QVBoxLayout, QWidget

from viewer.panels.plain_text import PlainLabel, Retranslated, plain_tooltip, shown_text


class ObjectKind(StrEnum):
    """Groups of the list, in its order."""

    STATE = "state"
    KEY_IMAGES = "key_images"
    SEGMENTATION = "segmentation"
    STRUCTURES = "structures"
    PLANES = "planes"
    REPORT = "report"


_HEADINGS = cast(
    "dict[ObjectKind, str]",
    {
        ObjectKind.STATE: QT_TRANSLATE_NOOP("ObjectsPanel", "Presentation states"),
        ObjectKind.KEY_IMAGES: QT_TRANSLATE_NOOP("ObjectsPanel", "Key images"),
        ObjectKind.SEGMENTATION: QT_TRANSLATE_NOOP("ObjectsPanel", "Segmentations"),
        ObjectKind.STRUCTURES: QT_TRANSLATE_NOOP("ObjectsPanel", "Structures"),
        ObjectKind.PLANES: QT_TRANSLATE_NOOP("ObjectsPanel", "In the images themselves"),
        ObjectKind.REPORT: QT_TRANSLATE_NOOP("ObjectsPanel", "Reports"),
    },
)
#: Kinds that are laid over the pictures; the others are opened.
SWITCHABLE = frozenset({ObjectKind.STATE, ObjectKind.SEGMENTATION, ObjectKind.STRUCTURES, ObjectKind.PLANES})
_UID = Qt.ItemDataRole.UserRole


@dataclass(frozen=True, slots=True)
class ObjectRow:
    """One object. ``note`` is a sentence, already translated by its maker, of what of it is not shown, and why."""

    uid: str
    kind: ObjectKind
    label: str
    is_on: bool = False
    note: str = ""


class ObjectsPanel(Retranslated):
    """A list with switches, and a pane for a report.

    Signals: ``switched(str uid, bool is_on)``, ``opened(str uid)`` for key images and reports.
    """

    switched = Signal(str, bool)
    opened = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._rows: tuple[ObjectRow, ...] = ()
        self._tree = QTreeWidget(self)
        self._nothing = PlainLabel(parent=self)
        self._report = QPlainTextEdit(self)
        self._build()
        self.retranslate()

    def set_rows(self, rows: Sequence[ObjectRow]) -> None:
        """Show other objects, in the order of their kinds."""
        if tuple(rows) != self._rows:
            self._rows = tuple(rows)
            self._fill()

    def show_report(self, text: str) -> None:
        """Put a report into the pane, as plain text; an empty one closes the pane."""
        self._report.setPlainText(text)
        self._report.setVisible(bool(text))

    @property
    def report_text(self) -> str:
        """What the pane shows."""
        return self._report.toPlainText()

    def retranslate(self) -> None:
        """Set every text anew."""
        self.setWindowTitle(self.tr("Beside the images"))
        self._nothing.setText(self.tr("The studies shown hold nothing beside their images."))
        self._report.setAccessibleName(self.tr("Report"))
        self._fill()

    def _build(self) -> None:
        self._tree.setHeaderHidden(True)
        self._tree.setUniformRowHeights(False)
        self._tree.setRootIsDecorated(False)
        self._tree.setWordWrap(True)
        self._tree.itemChanged.connect(self._tell_switch)
        self._tree.itemClicked.connect(self._tell_opening)
        self._tree.itemActivated.connect(self._tell_opening)
        self._nothing.setProperty("quiet", True)
        self._nothing.setWordWrap(True)
        self._nothing.setContentsMargins(10, 8, 10, 8)
        self._report.setReadOnly(True)
        self._report.setWordWrapMode(QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere)
        self._report.hide()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self._nothing)
        column.addWidget(self._tree, 2)
        column.addWidget(self._report, 3)
        column.addStretch(0)

    def _fill(self) -> None:
        self._tree.blockSignals(True)
        self._tree.clear()
        for kind in ObjectKind:
            rows = [row for row in self._rows if row.kind is kind]
            if not rows:
                continue
            heading = QTreeWidgetItem([QCoreApplication.translate("ObjectsPanel", _HEADINGS[kind])])
            heading.setFlags(Qt.ItemFlag.ItemIsEnabled)
            self._tree.addTopLevelItem(heading)
            for row in rows:
                heading.addChild(_item(row))
            heading.setExpanded(True)
        self._tree.blockSignals(False)
        self._nothing.setVisible(not self._rows)
        self._tree.setVisible(bool(self._rows))

    def _tell_switch(self, item: QTreeWidgetItem) -> None:
        uid = item.data(0, _UID)
        if uid:
            self.switched.emit(str(uid), item.checkState(0) is Qt.CheckState.Checked)

    def _tell_opening(self, item: QTreeWidgetItem) -> None:
        uid = item.data(0, _UID)
        row = next((row for row in self._rows if row.uid == uid), None)
        if row is not None and row.kind not in SWITCHABLE:
            self.opened.emit(row.uid)


def _item(row: ObjectRow) -> QTreeWidgetItem:
    label = shown_text(row.label) or shown_text(row.uid)
    item = QTreeWidgetItem([f"{label}\n{shown_text(row.note)}" if row.note else label])
    item.setToolTip(0, plain_tooltip(row.label, row.note))
    item.setData(0, _UID, row.uid)
    if row.kind in SWITCHABLE:
        item.setFlags(Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsUserCheckable | Qt.ItemFlag.ItemIsSelectable)
        item.setCheckState(0, Qt.CheckState.Checked if row.is_on else Qt.CheckState.Unchecked)
    return item
