"""The menu of a picture: presets by name, turns, scale, cine, links; each with its key."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from PySide6.QtCore import QCoreApplication, QObject, QPoint
from PySide6.QtWidgets import QMenu

from viewer.controllers.grey_controller import GreyController
from viewer.controllers.link_controller import LinkController
from viewer.controllers.session_controller import SessionController
from viewer.main_window.key_table import row_of, row_text
from viewer.viewport.preset_words import preset_text
from viewer.viewport.viewport_widget import ViewportWidget

translate = QCoreApplication.translate

#: Deeds of the key table, in groups, as they stand in the menu.
_GROUPS = (
    ("auto_window", "invert"),
    ("fit", "one_to_one", "rotate", "flip", "flip_vertically", "reset_view"),
    ("length", "bidirectional", "angle", "ellipse", "probe", "arrow", "delete", "key_image"),
    ("cine", "planes"),
    ("match_slices", "toggle_links"),
)


class PictureMenu(QObject):
    """``deeds`` are those of the key table; a right click makes its viewport the active one first."""

    def __init__(
        self,
        session: SessionController,
        grey: GreyController,
        links: LinkController,
        deeds: Mapping[str, Callable[[], None]],
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._session = session
        self._grey = grey
        self._links = links
        self._deeds = deeds
        self.menu: QMenu | None = None

    def add_deeds(self, deeds: Mapping[str, Callable[[], None]]) -> None:
        """Also offer what another controller can do."""
        self._deeds = {**self._deeds, **deeds}

    def connect_viewport(self, widget: ViewportWidget) -> None:
        """Listen to a viewport."""
        widget.menu_asked.connect(lambda index, at: self._open(widget, index, at))

    def _open(self, widget: ViewportWidget, index: int, at: QPoint) -> None:
        if self._session.session.viewports[index].stack is None:
            return
        menu = QMenu(widget)
        self._add_presets(menu, index)
        for group in _GROUPS:
            menu.addSeparator()
            for deed in group:
                if deed in self._deeds:
                    row = row_of(deed)
                    action = menu.addAction(f"{row_text(row)}\t{row.keys[0]}")
                    action.triggered.connect(lambda _checked=False, done=self._deeds[deed]: done())
        links = menu.addAction(translate("Links", "Links of this viewport"))
        links.triggered.connect(lambda: self._links.open_popup(index, "link", at))
        menu.aboutToHide.connect(menu.deleteLater)
        menu.destroyed.connect(self._forget)
        self.menu = menu
        menu.popup(at)

    def _add_presets(self, menu: QMenu, index: int) -> None:
        for choice in self._grey.choices(index):
            name = preset_text(choice.code, choice.explanation)
            window = choice.window
            numbers = f"  {window.width:g} / {window.center:g}" if window is not None else ""
            action = menu.addAction(f"{name}{numbers}\t{choice.key}")
            action.triggered.connect(lambda _checked=False, key=choice.key: self._grey.preset(key))

    def _forget(self) -> None:
        self.menu = None
