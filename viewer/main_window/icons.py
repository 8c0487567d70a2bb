"""One line-style icon set (Phosphor, through QtAwesome), named by what an icon means here."""

from __future__ import annotations

from enum import StrEnum

import qtawesome
from PySide6.QtGui import QIcon
from PySide6.QtWidgets import QAbstractButton

from viewer.main_window.theme import COLOURS


class Icon(StrEnum):
    """Meaning to glyph."""

    CLOSE = "ph.x"
    COLLAPSE = "ph.caret-double-left"
    COPY = "ph.copy"
    DEMO = "ph.play"
    DISC = "ph.disc"
    EXPAND = "ph.caret-double-right"
    FILTER = "ph.funnel"
    FOLDER = "ph.folder-open"
    FULL_SCREEN = "ph.corners-out"
    HELP = "ph.question"
    INFO = "ph.info"
    LANGUAGE = "ph.translate"
    LAYOUT = "ph.squares-four"
    LENGTH = "ph.ruler"
    LOCK = "ph.lock-key"
    PAUSE = "ph.pause"
    PROBLEMS = "ph.warning-circle"
    REMOVE = "ph.trash"
    SCROLL = "ph.stack"
    STORE = "ph.cloud-arrow-down"
    WARNING = "ph.warning"
    WINDOW = "ph.circle-half"
    ZOOM = "ph.magnifying-glass-plus"


def icon(name: Icon, colour: str = COLOURS.text) -> QIcon:
    """Return a vector icon that stays crisp at every scale. Needs a running application."""
    return qtawesome.icon(str(name), color=colour, color_disabled=COLOURS.line)


def tooltip_with_key(text: str, key: str) -> str:
    """Return a tooltip that names its key: ``Help (?)``; without a key the text alone."""
    return f"{text} ({key})" if key else text


def dress(button: QAbstractButton, name: Icon, text: str, key: str = "") -> None:
    """Give a button its icon, its tooltip with the key, and the same words for screen readers."""
    button.setIcon(icon(name))
    button.setToolTip(tooltip_with_key(text, key))
    button.setAccessibleName(text)
