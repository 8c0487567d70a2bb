"""The offline library in the drawer: what is kept, how old it is, when it expires."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QHeaderView, QPushButton, QTreeWidget, QTreeWidgetItem, QVBoxLayout, QWidget

from viewer.panels.plain_text import PlainLabel, Retranslated, plain_tooltip, shown_text
from viewer.store.store_words import age_words

if TYPE_CHECKING:
    from loaders.cache.library_index import KeptStudy

_ID = Qt.ItemDataRole.UserRole


class LibraryPanel(Retranslated):
    """Signals: ``open_requested(str id)``, ``remove_requested(str id)``, ``keep_requested()``."""

    open_requested = Signal(str)
    remove_requested = Signal(str)
    keep_requested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._studies: tuple[KeptStudy, ...] = ()
        self._is_lasting: bool | None = None
        self._can_keep = False
        self._state = PlainLabel(parent=self)
        self._state.setWordWrap(True)
        self.tree = QTreeWidget(self)
        self.open_button, self.remove_button, self.keep_button = (QPushButton(self) for _ in range(3))
        self._build()
        self.retranslate()

    def set_studies(self, studies: Sequence[KeptStudy], *, is_lasting: bool) -> None:
        """Show what is kept, newest study first; ``is_lasting`` is false where there is no real key ring."""
        self._studies, self._is_lasting = tuple(studies), is_lasting
        self._fill()

    def set_can_keep(self, can_keep: bool) -> None:  # noqa: FBT001 - a Qt slot
        """Whether a disc or folder is open that could be kept."""
        self._can_keep = can_keep
        self._tell_buttons()

    def retranslate(self) -> None:
        """Set every text anew."""
        self.setWindowTitle(self.tr("Kept studies"))
        self.tree.setHeaderLabels([self.tr("Study"), self.tr("Age"), self.tr("Expires in")])
        self.open_button.setText(self.tr("Open"))
        self.remove_button.setText(self.tr("Remove"))
        self.keep_button.setText(self.tr("Keep this disc"))
        self._fill()

    def _build(self) -> None:
        self.tree.setRootIsDecorated(False)
        self.tree.setAlternatingRowColors(True)
        header = self.tree.header()
        header.setStretchLastSection(False)
        header.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        buttons = QHBoxLayout()
        for button in (self.open_button, self.remove_button):
            buttons.addWidget(button)
        buttons.addStretch(1)
        buttons.addWidget(self.keep_button)
        column = QVBoxLayout(self)
        column.setContentsMargins(10, 4, 10, 10)
        column.addWidget(self._state)
        column.addWidget(self.tree, 1)
        column.addLayout(buttons)
        self.tree.currentItemChanged.connect(lambda _now, _before: self._tell_buttons())
        self.tree.itemActivated.connect(lambda item, _column: self.open_requested.emit(str(item.data(0, _ID))))
        self.open_button.clicked.connect(lambda: self.open_requested.emit(self._chosen()))
        self.remove_button.clicked.connect(lambda: self.remove_requested.emit(self._chosen()))
        self.keep_button.clicked.connect(self.keep_requested)

    def _chosen(self) -> str:
        item = self.tree.currentItem()
        return str(item.data(0, _ID)) if item is not None else ""

    def _fill(self) -> None:
        chosen, now = self._chosen(), time.time()
        self.tree.clear()
        for study in self._studies:
            facts = study.facts
            name = facts.patient_name.replace("^", " ")
            line = " ".join(part for part in (facts.study_date, facts.modalities, facts.description) if part)
            if not study.is_complete:
                line = self.tr("{study} (incomplete: {count} of {total} images)").format(
                    study=line, count=study.committed, total=study.expected
                )
            item = QTreeWidgetItem([
                "\n".join(shown_text(part) for part in (name, line) if part),
                age_words(now - study.kept_at),
                age_words(study.expires_at - now),
            ])  # fmt: skip
            item.setToolTip(0, plain_tooltip(name, line, facts.institution, study.profile))
            item.setData(0, _ID, study.id)
            self.tree.addTopLevelItem(item)
            if study.id == chosen:
                self.tree.setCurrentItem(item)
        if self._is_lasting is None:
            words = ""
        elif self._is_lasting:
            words = self.tr("Kept encrypted on this computer. Each study is destroyed when it expires.")
        else:
            words = self.tr("This computer has no key ring: images stay in memory only and end with the application.")
        self._state.setText(words)
        self._state.set_tone("warning" if self._is_lasting is False else "")
        self._tell_buttons()

    def _tell_buttons(self) -> None:
        for button in (self.open_button, self.remove_button):
            button.setEnabled(bool(self._chosen()))
        self.keep_button.setEnabled(self._can_keep and self._is_lasting is not False)
