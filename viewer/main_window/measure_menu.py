"""The menu of everything that measures, marks and follows, with its keys."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from PySide6.QtWidgets import QMenu, QWidget

from viewer.main_window.key_table import row_of, row_text

#: Deeds of the key table, in groups.
_GROUPS = (
    ("length", "bidirectional", "angle"),
    ("ellipse", "rectangle", "polygon", "probe"),
    ("arrow", "text", "key_image"),
    ("delete",),
    ("make_lesion", "confirm_carried"),
    ("toggle_measurements", "toggle_lesions"),
    ("export",),
)


class MeasureMenu(QMenu):
    """Made anew whenever it opens, in the language of that moment."""

    def __init__(self, deeds: Mapping[str, Callable[[], None]], parent: QWidget) -> None:
        super().__init__(parent)
        self._deeds = deeds
        self.aboutToShow.connect(self.fill)

    def fill(self) -> None:
        """Put in every deed that there is."""
        self.clear()
        for group in _GROUPS:
            self.addSeparator()
            for deed in group:
                row = row_of(deed)
                action = self.addAction(f"{row_text(row)}\t{row.keys[0]}")
                action.triggered.connect(lambda _checked=False, done=self._deeds[deed]: done())
