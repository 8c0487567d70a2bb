"""The head of the time rail: find by words, by kind of examination, and fold the rail."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QMenu, QToolButton, QVBoxLayout, QWidget

from viewer.main_window.icons import Icon, dress, icon
from viewer.main_window.theme import COLOURS
from viewer.panels.plain_text import PlainLabel, Retranslated
from viewer.panels.rail_rows import RailFilter
from viewer.panels.study_category import StudyCategory


class RailFilterBar(Retranslated):
    """Signals: ``filter_changed(RailFilter)``, ``fold_clicked()``."""

    filter_changed = Signal(object)
    fold_clicked = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._filter = RailFilter()
        self._is_folded = False
        self._counts = (0, 0)
        self._search = QLineEdit(self)
        self._category_button = QToolButton(self)
        self._fold_button = QToolButton(self)
        self._note = PlainLabel(parent=self)
        self._actions: dict[StudyCategory, QAction] = {}
        self._build()
        self.retranslate()

    def _build(self) -> None:
        menu = QMenu(self)
        for category in (StudyCategory.SIMPLE, StudyCategory.ADVANCED, StudyCategory.FUSION):
            action = menu.addAction("")
            action.setCheckable(True)
            action.toggled.connect(self._read)
            self._actions[category] = action
        self._category_button.setMenu(menu)
        self._category_button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self._search.setMinimumWidth(30)
        self._search.setClearButtonEnabled(False)
        self._search.textChanged.connect(self._read)
        self._fold_button.clicked.connect(self.fold_clicked)
        self._note.setProperty("textSize", "small")
        self._note.setWordWrap(True)
        self._note.setContentsMargins(6, 0, 4, 4)
        self._note.set_tone("warning")
        self._row = QHBoxLayout()
        self._row.setContentsMargins(4, 4, 0, 4)
        self._row.setSpacing(0)
        self._row.addWidget(self._search, 1)
        self._row.addWidget(self._category_button)
        self._row.addWidget(self._fold_button)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(self._row)
        column.addWidget(self._note)

    def retranslate(self) -> None:
        """Set every text anew."""
        self._search.setPlaceholderText(self.tr("Find"))
        self._search.setAccessibleName(self.tr("Find studies and series"))
        dress(self._category_button, Icon.FILTER, self.tr("Show only some kinds of examination"))
        if self._is_folded:
            dress(self._fold_button, Icon.EXPAND, self.tr("Widen the time rail"), "B")
        else:
            dress(self._fold_button, Icon.COLLAPSE, self.tr("Narrow the time rail"), "B")
        words = {
            StudyCategory.SIMPLE: self.tr("Simple: X-ray, fluoroscopy, ultrasound, mammography, nuclear medicine"),
            StudyCategory.ADVANCED: self.tr("Advanced: CT, MRI"),
            StudyCategory.FUSION: self.tr("Fusion: PET-CT, PET-MR"),
        }
        for category, action in self._actions.items():
            action.setText(words[category])
        self._tell()

    def set_folded(self, is_folded: bool) -> None:  # noqa: FBT001 - a Qt slot
        """Only the buttons fit into the folded rail; an active filter keeps its colour there."""
        self._is_folded = is_folded
        self._search.setVisible(not is_folded)
        self._row.setContentsMargins(0 if is_folded else 4, 4, 0, 4)
        self.retranslate()

    def set_counts(self, shown: int, available: int) -> None:
        """Say how many studies the filter left."""
        self._counts = (shown, available)
        self._tell()

    def _read(self) -> None:
        chosen = frozenset(category for category, action in self._actions.items() if action.isChecked())
        self._filter = RailFilter(chosen, self._search.text())
        self.filter_changed.emit(self._filter)
        self._tell()

    def _tell(self) -> None:
        shown, available = self._counts
        self._note.setVisible(self._filter.is_active)
        text = f"{shown}/{available}" if self._is_folded else self.tr("{shown} of {all} studies shown")
        self._note.setText(text.format(shown=shown, all=available))
        self._category_button.setIcon(icon(Icon.FILTER, COLOURS.warning if self._filter.is_active else COLOURS.text))
