"""Why two examinations could not be aligned, in the reader's language, by stable code."""

from __future__ import annotations

from typing import cast

from PySide6.QtCore import QT_TRANSLATE_NOOP, QCoreApplication

_WORDS = cast(
    "dict[str, str]",
    {
        "no_body": QT_TRANSLATE_NOOP("Alignment", "One of the two shows too little of a body."),
        "modality_differs": QT_TRANSLATE_NOOP("Alignment", "The two are of different modalities."),
        "no_overlap": QT_TRANSLATE_NOOP("Alignment", "The two hardly show the same part of the body."),
        "not_alike": QT_TRANSLATE_NOOP("Alignment", "The two do not look like the same body in the same region."),
        "mirrored": QT_TRANSLATE_NOOP("Alignment", "One of the two seems to be mirrored: check left and right."),
        "error_too_large": QT_TRANSLATE_NOOP("Alignment", "The estimated error is above the limit in most places."),
        "folded": QT_TRANSLATE_NOOP("Alignment", "The deformation would fold tissue over; the rigid one is used."),
        "too_few_slices": QT_TRANSLATE_NOOP("Alignment", "One of the two has too few slices."),
        "no_values": QT_TRANSLATE_NOOP("Alignment", "Too few slices of one of the two could be read."),
        "no_geometry": QT_TRANSLATE_NOOP("Alignment", "One of the two has no place in the patient."),
        "mixed_geometry": QT_TRANSLATE_NOOP("Alignment", "The slices of one of the two do not share one grid."),
        "colour": QT_TRANSLATE_NOOP("Alignment", "Colour pictures are not aligned."),
        "no_memory": QT_TRANSLATE_NOOP("Alignment", "There is not enough memory to align the two."),
        "rejected": QT_TRANSLATE_NOOP("Alignment", "The alignment was rejected by the reader."),
        "cancelled": QT_TRANSLATE_NOOP("Alignment", "The alignment was stopped before its end."),
        "stopped": QT_TRANSLATE_NOOP("Alignment", "The alignment ended without an answer. Try again."),
    },
)


def alignment_words(code: str) -> str:
    """Return a sentence, empty without a code; a code without words of its own is named."""
    if not code:
        return ""
    source = _WORDS.get(code)
    if source is not None:
        return QCoreApplication.translate("Alignment", source)
    return QCoreApplication.translate("Alignment", "No alignment ({code}).").format(code=code)
