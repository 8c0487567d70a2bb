"""Signing in: which store, by the system browser or by a code on another device. No token ever comes here."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from viewer.panels.plain_text import PlainLabel, Retranslated, shown_text


class SignInPage(Retranslated):
    """Signals: ``sign_in_requested(str store, bool by_device)``, ``cancel_requested()``."""

    sign_in_requested = Signal(str, bool)
    cancel_requested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._is_waiting, self._preferred = False, ""
        self._device: tuple[str, str] | None = None
        self.stores = QComboBox(self)
        self.browser_button = QPushButton(self)
        self.device_button = QPushButton(self)
        self._cancel = QPushButton(self)
        self._title, self._store_label, self._note = (PlainLabel(parent=self) for _ in range(3))
        self.state = PlainLabel(parent=self)
        self.code, self._address = PlainLabel(parent=self), PlainLabel(parent=self)
        self._build()
        self.retranslate()

    def set_stores(self, names: Sequence[str]) -> None:
        """Offer these stores; the chosen one stays chosen."""
        chosen = self._preferred or self.stores.currentData() or ""
        self.stores.clear()
        for name in names:
            self.stores.addItem(shown_text(name), name)
        self.stores.setCurrentIndex(max(0, self.stores.findData(chosen)))
        self._tell()

    def prefer(self, name: str) -> None:
        """Choose this store once the list is there."""
        self._preferred = name
        self.stores.setCurrentIndex(max(0, self.stores.findData(name)))

    def set_waiting(self, is_waiting: bool) -> None:  # noqa: FBT001 - a Qt slot
        """Say that the sign-in is on its way."""
        self._is_waiting = is_waiting
        if not is_waiting:
            self._device = None
        self._tell()

    def show_code(self, code: str, address: str) -> None:
        """Show a code to be typed on another device, and where."""
        self._device = (code, address)
        self._tell()

    def retranslate(self) -> None:
        """Set every text anew."""
        self._title.setText(self.tr("Sign in to the image store"))
        self._store_label.setText(self.tr("Store"))
        self.browser_button.setText(self.tr("Sign in with the browser"))
        self.device_button.setText(self.tr("Use a code on another device"))
        self._cancel.setText(self.tr("Cancel"))
        self._note.setText(self.tr("Every sign-in, query and opened study is on record."))
        self._tell()

    def _build(self) -> None:
        self._title.setProperty("textSize", "title")
        self._note.setProperty("quiet", True)
        self.code.setProperty("textSize", "code")
        self.code.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        for label in (self.state, self._address, self._note):
            label.setWordWrap(True)
        self.stores.setMinimumWidth(220)
        row = QHBoxLayout()
        row.addWidget(self._store_label)
        row.addWidget(self.stores, 1)
        buttons = QHBoxLayout()
        for button in (self.browser_button, self.device_button, self._cancel):
            button.setAutoDefault(False)
            buttons.addWidget(button)
        buttons.addStretch(1)
        self.browser_button.setDefault(True)
        column = QVBoxLayout(self)
        column.setSpacing(14)
        column.addWidget(self._title)
        column.addLayout(row)
        column.addLayout(buttons)
        for label in (self.state, self.code, self._address, self._note):
            column.addWidget(label)
        column.addStretch(1)
        self.browser_button.clicked.connect(lambda: self._ask(by_device=False))
        self.device_button.clicked.connect(lambda: self._ask(by_device=True))
        self._cancel.clicked.connect(self.cancel_requested)

    def _ask(self, *, by_device: bool) -> None:
        self.sign_in_requested.emit(self.stores.currentData(), by_device)

    def _tell(self) -> None:
        has_stores = self.stores.count() > 0
        for part in (self._store_label, self.stores):
            part.setVisible(has_stores)
        for button in (self.browser_button, self.device_button):
            button.setVisible(has_stores and not self._is_waiting)
        self.stores.setEnabled(not self._is_waiting)
        self._cancel.setVisible(self._is_waiting)
        for label in (self.code, self._address):
            label.setVisible(self._device is not None)
        if not has_stores:
            words = self.tr("No image store is set up on this computer. Ask IT, or see the verb 'store add'.")
        elif self._device is not None:
            words = self.tr("Open this address on any device and type the code there:")
        elif self._is_waiting:
            words = self.tr("Go on in the browser. This window follows by itself.")
        else:
            words = ""
        self.state.setText(words)
        self.state.setVisible(bool(words))
        if self._device is not None:
            self.code.setText(shown_text(self._device[0]))
            self._address.setText(shown_text(self._device[1]))
