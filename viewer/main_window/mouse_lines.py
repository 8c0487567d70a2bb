"""What the mouse does, for the help overlay, as the reader's profile has it."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication

from viewer.tools.drag import PROFILES

translate = QCoreApplication.translate


def mouse_lines(profile: str) -> list[tuple[str, str]]:
    """Return (what it does, the gesture) in the reader's language."""
    deeds = {
        "window": translate("MouseLines", "Change the window"),
        "scroll": translate("MouseLines", "Scroll through the slices"),
        "pan": translate("MouseLines", "Move the picture"),
        "zoom": translate("MouseLines", "Zoom"),
    }
    gestures = {
        "left": translate("MouseLines", "Left drag"),
        "middle": translate("MouseLines", "Middle drag"),
        "right": translate("MouseLines", "Right drag"),
    }
    drags = [(deeds[tool], gestures[button]) for button, tool in PROFILES[profile].items() if tool in deeds]
    return [
        *drags,
        (translate("MouseLines", "Scroll through the slices"), translate("MouseLines", "Wheel")),
        (translate("MouseLines", "Zoom where the pointer is"), translate("MouseLines", "Ctrl + wheel")),
        (translate("MouseLines", "One viewport fills the window, and back"), translate("MouseLines", "Double click")),
        (translate("MouseLines", "Show a series in a viewport"), translate("MouseLines", "Drag from the studies")),
        (translate("MouseLines", "Compare with its best prior"), translate("MouseLines", "Double click a series")),
    ]
