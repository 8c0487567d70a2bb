"""The line above the pictures: who is looked at, what the mouse does, how the window is divided."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from enum import StrEnum

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QActionGroup, QResizeEvent
from PySide6.QtWidgets import QButtonGroup, QHBoxLayout, QMenu, QToolButton, QWidget

from loaders.model.patient import Patient
from viewer.main_window.icons import Icon, dress
from viewer.panels.birth_text import birth_text
from viewer.panels.layout_picker import LayoutPicker
from viewer.panels.plain_text import ElidedLabel, PlainLabel, Retranslated, shown_text
from viewer.panels.rail_text import masked_text, patient_text, sex_text
from viewer.settings.settings import MouseProfile

HEIGHT_PX = 36
#: What stands beside the patient and the tools: five buttons and the empty space between.
_OTHER_BUTTONS_PX = 292
_ICON_AND_EDGE_PX = 34
_WIDEST_FACTS_PX = 340

#: Names of languages stand in themselves: who cannot read the present one must find his own.
LANGUAGE_NAMES = {"en": "English", "zh_HK": "繁體中文（香港）", "zh_CN": "简体中文"}


class PointerTool(StrEnum):
    """What the left mouse button does."""

    WINDOW = "window"
    SCROLL = "scroll"
    ZOOM = "zoom"
    MEASURE = "measure"


class BarCommand(StrEnum):
    """Buttons of the bar that have a key of their own, for :meth:`TopBar.set_keys`."""

    OPEN = "open"
    LAYOUT = "layout"
    HELP = "help"


_TOOL_ICONS = {
    PointerTool.WINDOW: Icon.WINDOW,
    PointerTool.SCROLL: Icon.SCROLL,
    PointerTool.ZOOM: Icon.ZOOM,
    PointerTool.MEASURE: Icon.LENGTH,
}


class TopBar(Retranslated):
    """36 px high.

    Signals: ``tool_chosen(PointerTool)``, ``layout_chosen(int rows, int columns)``, ``language_chosen(str)`` (``en``,
    ``zh_HK``, ``zh_CN``), ``help_requested()``, ``open_requested()``, ``about_requested()``,
    ``profile_chosen(MouseProfile)``, ``store_requested()``, ``lock_requested()``.
    """

    tool_chosen = Signal(object)
    layout_chosen = Signal(int, int)
    language_chosen = Signal(str)
    help_requested = Signal()
    open_requested = Signal()
    store_requested = Signal()
    lock_requested = Signal()
    about_requested = Signal()
    profile_chosen = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("topBar")
        self.setFixedHeight(HEIGHT_PX)
        self._patient: Patient | None = None
        self._on: date | None = None
        self._is_masked = False
        self._layout = (1, 1)
        self._keys: dict[str, str] = {}
        self._mark = PlainLabel("◧ Diptych", self)
        self._mark.setProperty("textSize", "heading")
        self._name = ElidedLabel(parent=self, minimum_width=60)
        self._chinese_name = PlainLabel(parent=self)
        self._facts = ElidedLabel(parent=self, minimum_width=60)
        self._facts.setProperty("quiet", True)
        self._open_button = QToolButton(self)
        self._store_button, self._lock_button = QToolButton(self), QToolButton(self)
        self._lock_button.hide()
        self._tools = {tool: QToolButton(self) for tool in PointerTool}
        self._layout_button = QToolButton(self)
        self._language_button = QToolButton(self)
        self._help_button = QToolButton(self)
        self._picker = LayoutPicker(self)
        self._build()
        self.retranslate()

    # What it is told.
    def set_patient(self, patient: Patient | None, on: date | None = None) -> None:
        """Show whose pictures these are; ``on`` is the newest study's date, for the age."""
        self._patient, self._on = patient, on
        self._tell_patient()

    def set_identifier_masked(self, is_masked: bool) -> None:  # noqa: FBT001 - a Qt slot
        """Hide most of the identifier (while the screen is shared or shown to a patient)."""
        self._is_masked = is_masked
        self._tell_patient()

    def set_signed_in(self, is_signed_in: bool) -> None:  # noqa: FBT001 - a Qt slot
        """Offer to lock while somebody is signed in."""
        self._lock_button.setVisible(is_signed_in)

    def set_tool(self, tool: PointerTool) -> None:
        """Mark the tool in use; emits nothing."""
        self._tools[tool].setChecked(True)

    def set_measure_menu(self, menu: QMenu) -> None:
        """Hang a menu of all measuring tools beside the button that takes the one used last."""
        button = self._tools[PointerTool.MEASURE]
        button.setMenu(menu)
        button.setPopupMode(QToolButton.ToolButtonPopupMode.MenuButtonPopup)

    def set_layout(self, rows: int, columns: int) -> None:
        """Tell the layout in use."""
        self._layout = (rows, columns)
        self._layout_button.setText(f"{rows}×{columns}")

    def set_language(self, language: str) -> None:
        """Mark the language in use; emits nothing."""
        for action in self._languages.actions():
            action.setChecked(action.data() == language)

    def language(self) -> str:
        """The language in use, as the reader chose it."""
        return next((str(action.data()) for action in self._languages.actions() if action.isChecked()), "en")

    def set_profile(self, profile: MouseProfile) -> None:
        """Mark what the left mouse button does; emits nothing."""
        for action in self._profiles.actions():
            action.setChecked(action.data() == profile.value)

    def set_keys(self, keys: Mapping[str, str]) -> None:
        """Give the keys to name in tooltips, by the values of ``PointerTool`` and ``BarCommand``."""
        self._keys = dict(keys)
        self.retranslate()

    # Words.
    def retranslate(self) -> None:
        """Set every text anew."""
        names = {
            PointerTool.WINDOW: (self.tr("W/L"), self.tr("Drag to change the window")),
            PointerTool.SCROLL: (self.tr("Scroll"), self.tr("Drag to scroll through the slices")),
            PointerTool.ZOOM: (self.tr("Zoom"), self.tr("Drag to zoom")),
            PointerTool.MEASURE: (self.tr("Measure"), self.tr("Measure; the arrow lists all tools")),
        }
        for tool, button in self._tools.items():
            name, sentence = names[tool]
            button.setText(name)
            dress(button, _TOOL_ICONS[tool], sentence, self._keys.get(tool, ""))
        key = self._keys.get
        dress(self._open_button, Icon.FOLDER, self.tr("Open a folder or disc"), key(BarCommand.OPEN, ""))
        dress(self._store_button, Icon.STORE, self.tr("Image store"))
        dress(self._lock_button, Icon.LOCK, self.tr("Lock"))
        dress(self._layout_button, Icon.LAYOUT, self.tr("Layout of the viewports"), key(BarCommand.LAYOUT, ""))
        dress(self._language_button, Icon.LANGUAGE, self.tr("Language and mouse"))
        dress(self._help_button, Icon.HELP, self.tr("All keys"), key(BarCommand.HELP, "?"))
        profiles = {
            MouseProfile.RADIOLOGIST: self.tr("Left drag changes the window"),
            MouseProfile.REFERRER: self.tr("Left drag scrolls"),
        }
        for action in self._profiles.actions():
            action.setText(profiles[MouseProfile(action.data())])
        self._about_action.setText(self.tr("About Diptych"))
        self._tell_patient()
        self._fit_words()

    def _tell_patient(self) -> None:
        patient = self._patient
        if patient is None:
            for label in (self._name, self._chinese_name, self._facts):
                label.setText("")
            self._fit_words()
            return
        identifier = patient.primary_identifier
        complete = shown_text(identifier.value) if identifier else ""
        number = masked_text(patient) if self._is_masked or not complete else complete
        alphabetic = shown_text(patient.name.alphabetic_text)
        self._name.setText(alphabetic or patient_text(patient))
        # The Latin name yields first: romanised names are long, and the Chinese one tells people apart.
        self._chinese_name.setText(shown_text(patient.name.ideographic_text)[:12] if alphabetic else "")
        self._facts.setText(" · ".join((number, sex_text(patient.sex), birth_text(patient.birth_date, self._on))))
        # What tells people apart keeps its place; a long Latin name yields first.
        facts_px = self._facts.fontMetrics().horizontalAdvance(self._facts.text()) + 2
        self._facts.setMinimumWidth(min(facts_px, _WIDEST_FACTS_PX))
        self._fit_words()

    # Inside.
    def _build(self) -> None:
        row = QHBoxLayout(self)
        row.setContentsMargins(10, 0, 6, 0)
        row.setSpacing(2)
        row.addWidget(self._mark)
        row.addSpacing(14)
        row.addWidget(self._name)
        row.addSpacing(4)
        row.addWidget(self._chinese_name)
        row.addSpacing(10)
        row.addWidget(self._facts)
        row.addStretch(1)
        group = QButtonGroup(self)
        for tool, button in self._tools.items():
            button.setCheckable(True)
            group.addButton(button)
            button.clicked.connect(lambda _checked, chosen=tool: self.tool_chosen.emit(chosen))
            row.addWidget(button)
        row.addSpacing(10)
        for button in (
            self._open_button,
            self._store_button,
            self._lock_button,
            self._layout_button,
            self._language_button,
            self._help_button,
        ):
            row.addWidget(button)
        for button in (*self._tools.values(), self._open_button, self._store_button, self._layout_button):
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self._layout_button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self._layout_button.clicked.connect(lambda: self._picker.open_below(self._layout_button, *self._layout))
        self._picker.layout_chosen.connect(self.layout_chosen)
        self._open_button.clicked.connect(self.open_requested)
        self._store_button.clicked.connect(self.store_requested)
        self._lock_button.clicked.connect(self.lock_requested)
        self._help_button.clicked.connect(self.help_requested)
        self._build_language_menu()
        self.set_layout(*self._layout)

    def _build_language_menu(self) -> None:
        menu = QMenu(self)
        self._languages = QActionGroup(menu)
        for language, name in LANGUAGE_NAMES.items():
            action = menu.addAction(name)
            action.setCheckable(True)
            action.setData(language)
            action.triggered.connect(lambda _checked, chosen=language: self.language_chosen.emit(chosen))
            self._languages.addAction(action)
        menu.addSeparator()
        self._profiles = QActionGroup(menu)
        for profile in MouseProfile:
            action = menu.addAction("")
            action.setCheckable(True)
            action.setData(profile.value)
            action.triggered.connect(lambda _checked, chosen=profile: self.profile_chosen.emit(chosen))
            self._profiles.addAction(action)
        menu.addSeparator()
        self._about_action = menu.addAction("")
        self._about_action.triggered.connect(self.about_requested)
        self._language_button.setMenu(menu)
        self._language_button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)

    def _fit_words(self) -> None:
        """Tools wear words where there is room, and icons alone where the patient's name needs it."""
        styles = Qt.ToolButtonStyle
        labels = (self._mark, self._name, self._chinese_name, self._facts)
        needed = sum(label.fontMetrics().horizontalAdvance(label.text()) for label in labels) + _OTHER_BUTTONS_PX
        metrics = self.fontMetrics()
        words = sum(metrics.horizontalAdvance(button.text()) + _ICON_AND_EDGE_PX for button in self._tools.values())
        has_room = self.width() >= needed + words
        style = styles.ToolButtonTextBesideIcon if has_room else styles.ToolButtonIconOnly
        for button in self._tools.values():
            button.setToolButtonStyle(style)

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802 - Qt's name
        """Words come and go with the room."""
        super().resizeEvent(event)
        self._fit_words()
