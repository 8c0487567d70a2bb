"""What stands around the pictures: how much of it is shown, title, overlay of keys, hints, what is remembered.

The title names the patient by a masked identifier only: window lists and screen shares show it to anyone.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import QCoreApplication, QObject, Qt

from compare.session.comparison_session import Layout
from loaders.model.study import Study
from viewer.controllers.settings_controller import SettingsController
from viewer.main_window.key_bindings import KeyBindings
from viewer.main_window.key_table import row_of
from viewer.main_window.mouse_lines import mouse_lines
from viewer.panels.about_dialog import AboutDialog
from viewer.panels.help_overlay import HelpOverlay
from viewer.panels.plain_text import shown_text
from viewer.panels.rail_text import masked_text
from viewer.panels.top_bar import BarCommand
from viewer.settings.settings import Settings

if TYPE_CHECKING:
    from viewer.main_window.main_window import MainWindow

translate = QCoreApplication.translate


class Chrome(QObject):
    """Applies the settings to the window's parts and keeps them up to date with what the reader does."""

    def __init__(self, window: MainWindow, settings: SettingsController) -> None:
        super().__init__(window)
        self._window = window
        self._settings = settings
        self._keys: KeyBindings | None = None
        self.is_bare = False
        self._told: tuple[object, ...] = (None,)
        self._was_maximised = False
        self.help = HelpOverlay(window)
        window.rail.set_open_width(settings.settings.rail_width_px)
        window.rail.set_collapsed(settings.settings.rail_is_collapsed)
        window.rail.width_chosen.connect(lambda width: settings.change(rail_width_px=width))
        window.rail.collapsed_changed.connect(lambda is_collapsed: settings.change(rail_is_collapsed=is_collapsed))
        window.bar.help_requested.connect(self.open_help)
        window.bar.about_requested.connect(self._open_about)
        window.bar.profile_chosen.connect(lambda profile: settings.change(profile=profile))
        window.hint.dismissed.connect(settings.mark_hint_seen)
        settings.changed.connect(self._apply)
        self._apply(settings.settings)

    def deeds(self) -> Mapping[str, Callable[[], None]]:
        """What can be done here, by the words of the key table."""
        rail = self._window.rail
        return {
            "fold_rail": lambda: rail.set_collapsed(not rail.is_collapsed),
            "full_screen": self.toggle_full_screen,
            "help": self.open_help,
        }

    def use_keys(self, keys: KeyBindings) -> None:
        """Name the bound keys in tooltips and in the overlay."""
        self._keys = keys
        self._window.bar.set_keys(
            {BarCommand.OPEN: row_of("open_folder").keys[0], BarCommand.HELP: row_of("help").keys[0]}
        )

    def open_help(self) -> None:
        """Show all keys over the window."""
        if self._keys is not None:
            self.help.set_keys(self._keys.groups(mouse_lines(self._settings.settings.profile.value)))
            self.help.open_over()

    def toggle_full_screen(self) -> None:
        """Pictures alone on the whole screen, and back; what must be said of identity and purpose stays."""
        window = self._window
        self.is_bare = not self.is_bare
        if self.is_bare:
            self._was_maximised = window.isMaximized()
            window.showFullScreen()
        elif self._was_maximised:
            window.showMaximized()
        else:
            window.showNormal()
        window.bar.setVisible(not self.is_bare)
        window.rail.setVisible(not self.is_bare and bool(window.session.index.catalogue.studies))
        if self.is_bare:
            window.drawer.close_panel()

    def tell_shown(self) -> None:
        """Bring bar, rail and title up to date; not with every slice that is scrolled past."""
        window, models = self._window, self._window.presenting.models
        studies = [model.study for model in models if model.study is not None]
        layout, index = window.session.session.layout, window.session.index
        shown, first = window.presenting.shown, next((model.stack for model in models if model.stack), None)
        if shown != self._told[0]:
            window.rail.set_on_screen(shown)
            if first is not None:
                window.rail.reveal(first.key)
        if (told := (shown, layout, index)) != self._told:
            self._told = told
            window.bar.set_layout(layout.rows, layout.columns)
            newest = max((study.study_date for study in studies if study.study_date), default=None)
            window.bar.set_patient(studies[0].patient if studies else None, newest)
            self._tell_title(studies)
        is_empty = not index.catalogue.studies and not window.session.can_undo
        if not is_empty and not window.empty.isHidden():
            window.viewports()[0].setFocus()  # else the keyboard would go to whichever button is next
        window.empty.setVisible(is_empty)
        window.rail.setVisible(not is_empty and not self.is_bare)
        if len(studies) > 1 and not window.session.identity.blocked:
            self._hint_once("flicker")

    def _tell_title(self, studies: Sequence[Study]) -> None:
        """Name the patient in the window's title, masked."""
        if not studies:
            self._window.setWindowTitle("Diptych")
            return
        self._window.setWindowTitle(f"{shown_text(masked_text(studies[0].patient))} – Diptych")

    def _hint_once(self, name: str) -> None:
        """Show a hint the first time it helps."""
        hint = self._window.hint
        if name in self._settings.settings.hints_seen or hint.isVisible():
            return
        words = {"flicker": translate("Chrome", "Hold Space to flicker between the two")}
        hint.show_hint(name, words[name])

    def _open_about(self) -> None:
        from viewer.app.command_line import version  # noqa: PLC0415 - reads a file; wanted once in a while

        dialog = AboutDialog(version(), parent=self._window)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.open()

    def _apply(self, settings: Settings) -> None:
        self._window.hanging.least_layout = Layout(*settings.layout)
        self._window.bar.set_profile(settings.profile)
        for widget in self._window.viewports():
            widget.profile = settings.profile.value
