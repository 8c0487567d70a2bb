"""What is wrong with a file, and what to do about it, in the reader's language, by stable code."""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

from PySide6.QtCore import QT_TRANSLATE_NOOP, QCoreApplication


@dataclass(frozen=True, slots=True)
class ProblemWords:
    """A sentence on what is wrong and one on what to do; both in English, for translation."""

    reason: str
    advice: str


_ASK_AGAIN = QT_TRANSLATE_NOOP("ProblemWords", "Ask the sender for another copy.")
_NOTHING = QT_TRANSLATE_NOOP("ProblemWords", "Nothing needs to be done.")

_WORDS = cast(
    "dict[str, tuple[str, str]]",
    {
        "not_dicom": (QT_TRANSLATE_NOOP("ProblemWords", "Not a DICOM file"), _NOTHING),
        "duplicate": (QT_TRANSLATE_NOOP("ProblemWords", "The same image is there already"), _NOTHING),
        "conflict": (
            QT_TRANSLATE_NOOP("ProblemWords", "Another image with the same UID is there already"),
            QT_TRANSLATE_NOOP("ProblemWords", "Only the first is shown. Ask the sender which one is right."),
        ),
        "empty_file": (QT_TRANSLATE_NOOP("ProblemWords", "The file is empty"), _ASK_AGAIN),
        "truncated": (QT_TRANSLATE_NOOP("ProblemWords", "The file ends too early"), _ASK_AGAIN),
        "damaged": (QT_TRANSLATE_NOOP("ProblemWords", "The file is damaged"), _ASK_AGAIN),
        "missing_uid": (QT_TRANSLATE_NOOP("ProblemWords", "The file does not say which image it is"), _ASK_AGAIN),
        "no_permission": (
            QT_TRANSLATE_NOOP("ProblemWords", "No permission to read the file"),
            QT_TRANSLATE_NOOP("ProblemWords", "Copy it to a folder of your own, or ask IT for access."),
        ),
        "source_unreadable": (
            QT_TRANSLATE_NOOP("ProblemWords", "Cannot be read any more"),
            QT_TRANSLATE_NOOP("ProblemWords", "Check the disc or stick, put it in again and open it again."),
        ),
        "password_needed": (
            QT_TRANSLATE_NOOP("ProblemWords", "The archive needs a password"),
            QT_TRANSLATE_NOOP("ProblemWords", "Open it again and type the password that came with it."),
        ),
        "decode_failed": (QT_TRANSLATE_NOOP("ProblemWords", "The picture cannot be decoded"), _ASK_AGAIN),
        "too_large": (
            QT_TRANSLATE_NOOP("ProblemWords", "More memory would be needed than there is"),
            QT_TRANSLATE_NOOP("ProblemWords", "Close other studies or programs and open it again."),
        ),
        "unsafe_path": (
            QT_TRANSLATE_NOOP("ProblemWords", "The archive names a place outside itself"),
            QT_TRANSLATE_NOOP("ProblemWords", "It was not read. Ask the sender what it is."),
        ),
    },
)

_OTHER_ADVICE = QT_TRANSLATE_NOOP("ProblemWords", "The file is not shown. Ask the sender for another copy.")


def problem_words(code: str, message: str) -> ProblemWords:
    """Return the words for a code; a code without words of its own shows the message it came with."""
    translate = QCoreApplication.translate
    known = _WORDS.get(code)
    if known is None:
        return ProblemWords(message or code, translate("ProblemWords", cast("str", _OTHER_ADVICE)))
    return ProblemWords(translate("ProblemWords", known[0]), translate("ProblemWords", known[1]))
