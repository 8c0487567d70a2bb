"""The one table of keys: it binds them, it fills the help overlay, and it names them in tooltips.

A row names a *deed*, a stable word; whoever can do it hands a function over under that word
(:class:`viewer.main_window.key_bindings.KeyBindings`). A key that is not here does not exist.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import cast

from PySide6.QtCore import QT_TRANSLATE_NOOP, QCoreApplication


class KeyHeading(StrEnum):
    """Headings of the help overlay, in its order."""

    COMPARE = "compare"
    SLICES = "slices"
    PICTURE = "picture"
    MEASURE = "measure"
    WINDOW = "window"
    SESSION = "session"
    MOUSE = "mouse"


@dataclass(frozen=True, slots=True)
class KeyRow:
    """One deed with its keys as Qt names them (``Ctrl+Z``); ``words`` is English, for translation.

    ``is_held`` means that the deed lasts as long as the key is down. ``shown`` replaces the keys in the overlay where
    listing them all would say less (``1 - 9``).
    """

    deed: str
    heading: KeyHeading
    words: str
    keys: tuple[str, ...]
    is_held: bool = False
    shown: str = ""


def _row(deed: str, heading: KeyHeading, words: object, *keys: str, is_held: bool = False, shown: str = "") -> KeyRow:
    return KeyRow(deed, heading, cast("str", words), keys, is_held, shown)


_COMPARE, _SLICES, _PICTURE = KeyHeading.COMPARE, KeyHeading.SLICES, KeyHeading.PICTURE
_MEASURE, _WINDOW, _SESSION = KeyHeading.MEASURE, KeyHeading.WINDOW, KeyHeading.SESSION
_PRESETS = tuple(str(number) for number in range(1, 10))

KEY_TABLE: tuple[KeyRow, ...] = (
    _row(
        "flicker", _COMPARE, QT_TRANSLATE_NOOP("KeyTable", "Hold: show the prior in its place"), "Space", is_held=True
    ),
    _row("toggle_links", _COMPARE, QT_TRANSLATE_NOOP("KeyTable", "Link or free the viewports"), "L"),
    _row("match_slices", _COMPARE, QT_TRANSLATE_NOOP("KeyTable", "These two slices match"), "M"),
    _row(
        "next_level",
        _COMPARE,
        QT_TRANSLATE_NOOP("KeyTable", "Prior: own slices, rigidly aligned, deformed to fit"),
        "S",
    ),
    _row("native_prior", _COMPARE, QT_TRANSLATE_NOOP("KeyTable", "Prior: back to its own slices"), "Shift+S"),
    _row("align_again", _COMPARE, QT_TRANSLATE_NOOP("KeyTable", "Align the two examinations again"), "Shift+T"),
    _row("reject_alignment", _COMPARE, QT_TRANSLATE_NOOP("KeyTable", "Reject the alignment, or restore it"), "Ctrl+T"),
    _row("next_pair", _COMPARE, QT_TRANSLATE_NOOP("KeyTable", "Next pair of series"), "N", "PgDown"),
    _row("previous_pair", _COMPARE, QT_TRANSLATE_NOOP("KeyTable", "Previous pair of series"), "Shift+N", "PgUp"),
    _row("older_prior", _COMPARE, QT_TRANSLATE_NOOP("KeyTable", "An older study as prior"), "Ctrl+Down"),
    _row("newer_prior", _COMPARE, QT_TRANSLATE_NOOP("KeyTable", "A newer study as prior"), "Ctrl+Up"),
    _row("next_stage", _COMPARE, QT_TRANSLATE_NOOP("KeyTable", "Next stage of the hanging protocol"), "."),
    _row("previous_stage", _COMPARE, QT_TRANSLATE_NOOP("KeyTable", "Previous stage of the hanging protocol"), ","),
    _row("keep_layout", _COMPARE, QT_TRANSLATE_NOOP("KeyTable", "Use this layout for studies like this"), "Ctrl+L"),
    _row("pairing_rules", _COMPARE, QT_TRANSLATE_NOOP("KeyTable", "Remembered pairs of series"), "Ctrl+Shift+P"),
    _row("next_slice", _SLICES, QT_TRANSLATE_NOOP("KeyTable", "Next slice"), "Down"),
    _row("previous_slice", _SLICES, QT_TRANSLATE_NOOP("KeyTable", "Previous slice"), "Up"),
    _row("first_slice", _SLICES, QT_TRANSLATE_NOOP("KeyTable", "First slice"), "Home"),
    _row("last_slice", _SLICES, QT_TRANSLATE_NOOP("KeyTable", "Last slice"), "End"),
    _row("cine", _SLICES, QT_TRANSLATE_NOOP("KeyTable", "Play or stop"), "C"),
    _row("preset", _PICTURE, QT_TRANSLATE_NOOP("KeyTable", "Window presets"), *_PRESETS, shown="1 – 9"),
    _row("planes", _PICTURE, QT_TRANSLATE_NOOP("KeyTable", "Three planes through the series, and back"), "Shift+M"),
    _row("planes_slab", _PICTURE, QT_TRANSLATE_NOOP("KeyTable", "Planes: highest, lowest or mean value"), "Shift+B"),
    _row("planes_volume", _PICTURE, QT_TRANSLATE_NOOP("KeyTable", "Planes: with the volume as a whole"), "Shift+V"),
    _row("invert", _PICTURE, QT_TRANSLATE_NOOP("KeyTable", "Exchange black and white"), "I"),
    _row("auto_window", _PICTURE, QT_TRANSLATE_NOOP("KeyTable", "Automatic window"), "A"),
    _row("rotate", _PICTURE, QT_TRANSLATE_NOOP("KeyTable", "Turn by a quarter"), "R"),
    _row("flip", _PICTURE, QT_TRANSLATE_NOOP("KeyTable", "Mirror left to right"), "H"),
    _row("flip_vertically", _PICTURE, QT_TRANSLATE_NOOP("KeyTable", "Mirror top to bottom"), "V"),
    _row("fit", _PICTURE, QT_TRANSLATE_NOOP("KeyTable", "Fit the picture into its viewport"), "Ctrl+0", "="),
    _row("one_to_one", _PICTURE, QT_TRANSLATE_NOOP("KeyTable", "One stored pixel on one screen pixel"), "Ctrl+1"),
    _row("reset_view", _PICTURE, QT_TRANSLATE_NOOP("KeyTable", "Upright and fitted; closes a panel first"), "Esc"),
    _row("length", _MEASURE, QT_TRANSLATE_NOOP("KeyTable", "Measure a length"), "D"),
    _row("bidirectional", _MEASURE, QT_TRANSLATE_NOOP("KeyTable", "Measure two diameters"), "W"),
    _row("angle", _MEASURE, QT_TRANSLATE_NOOP("KeyTable", "Measure an angle"), "G"),
    _row("ellipse", _MEASURE, QT_TRANSLATE_NOOP("KeyTable", "Values in an ellipse"), "E"),
    _row("rectangle", _MEASURE, QT_TRANSLATE_NOOP("KeyTable", "Values in a rectangle"), "X"),
    _row("polygon", _MEASURE, QT_TRANSLATE_NOOP("KeyTable", "Values in a polygon; a double click closes it"), "Y"),
    _row("probe", _MEASURE, QT_TRANSLATE_NOOP("KeyTable", "Value at a point"), "Q"),
    _row("arrow", _MEASURE, QT_TRANSLATE_NOOP("KeyTable", "An arrow; a double click gives it words"), "J"),
    _row("text", _MEASURE, QT_TRANSLATE_NOOP("KeyTable", "Words on the picture"), "T"),
    _row("delete", _MEASURE, QT_TRANSLATE_NOOP("KeyTable", "Remove the chosen measurement"), "Del", "Backspace"),
    _row("key_image", _MEASURE, QT_TRANSLATE_NOOP("KeyTable", "Mark as key image, or unmark"), "K"),
    _row("make_lesion", _MEASURE, QT_TRANSLATE_NOOP("KeyTable", "Make the chosen measurement a lesion"), "Z"),
    _row(
        "confirm_carried", _MEASURE, QT_TRANSLATE_NOOP("KeyTable", "Lay down the carried lesion; again accepts it"), "U"
    ),
    _row("fold_rail", _WINDOW, QT_TRANSLATE_NOOP("KeyTable", "Studies: narrow or wide"), "B"),
    _row("toggle_panel", _WINDOW, QT_TRANSLATE_NOOP("KeyTable", "Open or close the panel"), "P"),
    _row("toggle_measurements", _WINDOW, QT_TRANSLATE_NOOP("KeyTable", "List of measurements"), "Shift+D"),
    _row("toggle_lesions", _WINDOW, QT_TRANSLATE_NOOP("KeyTable", "Lesions through time"), "Shift+L"),
    _row("toggle_changes", _WINDOW, QT_TRANSLATE_NOOP("KeyTable", "Changed places"), "Shift+G"),
    _row("toggle_objects", _WINDOW, QT_TRANSLATE_NOOP("KeyTable", "What is beside the images"), "O"),
    _row("reports", _WINDOW, QT_TRANSLATE_NOOP("KeyTable", "Reports and allergies"), "Shift+R"),
    _row("kept_studies", _WINDOW, QT_TRANSLATE_NOOP("KeyTable", "Kept studies"), "Shift+K"),
    _row("full_screen", _WINDOW, QT_TRANSLATE_NOOP("KeyTable", "Full screen"), "F", "F11"),
    _row("open_folder", _SESSION, QT_TRANSLATE_NOOP("KeyTable", "Open a folder or disc"), "Ctrl+O"),
    _row("image_store", _SESSION, QT_TRANSLATE_NOOP("KeyTable", "Image store: sign in, find a patient"), "Ctrl+I"),
    _row("lock", _SESSION, QT_TRANSLATE_NOOP("KeyTable", "Lock the workstation"), "Ctrl+Shift+L"),
    _row("save_session", _SESSION, QT_TRANSLATE_NOOP("KeyTable", "Save the session"), "Ctrl+S"),
    _row("load_session", _SESSION, QT_TRANSLATE_NOOP("KeyTable", "Open a session"), "Ctrl+Shift+O"),
    _row("export", _SESSION, QT_TRANSLATE_NOOP("KeyTable", "Write measurements, sheet or picture"), "Ctrl+E"),
    _row("undo", _SESSION, QT_TRANSLATE_NOOP("KeyTable", "Undo"), "Ctrl+Z"),
    _row("redo", _SESSION, QT_TRANSLATE_NOOP("KeyTable", "Redo"), "Ctrl+Y", "Ctrl+Shift+Z"),
    _row("help", _SESSION, QT_TRANSLATE_NOOP("KeyTable", "All keys"), "?"),
)

_HEADINGS = cast(
    "dict[KeyHeading, str]",
    {
        KeyHeading.COMPARE: QT_TRANSLATE_NOOP("KeyTable", "Compare"),
        KeyHeading.SLICES: QT_TRANSLATE_NOOP("KeyTable", "Slices"),
        KeyHeading.PICTURE: QT_TRANSLATE_NOOP("KeyTable", "Picture"),
        KeyHeading.MEASURE: QT_TRANSLATE_NOOP("KeyTable", "Measure and follow"),
        KeyHeading.WINDOW: QT_TRANSLATE_NOOP("KeyTable", "Window"),
        KeyHeading.SESSION: QT_TRANSLATE_NOOP("KeyTable", "Open, save, undo"),
        KeyHeading.MOUSE: QT_TRANSLATE_NOOP("KeyTable", "Mouse"),
    },
)


def heading_text(heading: KeyHeading) -> str:
    """Return a heading in the reader's language."""
    return QCoreApplication.translate("KeyTable", _HEADINGS[heading])


def row_text(row: KeyRow) -> str:
    """Return what a row does, in the reader's language."""
    return QCoreApplication.translate("KeyTable", row.words)


def row_of(deed: str) -> KeyRow:
    """Return the row of a deed. Raises ``KeyError`` for a deed without a key."""
    for row in KEY_TABLE:
        if row.deed == deed:
            return row
    raise KeyError(deed)
