"""Why something was not done, or not in the usual way, in the reader's language, by stable code."""

from __future__ import annotations

from typing import cast

from PySide6.QtCore import QT_TRANSLATE_NOOP, QCoreApplication

_WORDS = cast(
    "dict[str, str]",
    {
        "empty_viewport": QT_TRANSLATE_NOOP("RefusalWords", "There is no picture in this viewport."),
        "no_such_viewport": QT_TRANSLATE_NOOP("RefusalWords", "There is no such viewport in this layout."),
        "empty_stack": QT_TRANSLATE_NOOP("RefusalWords", "This series holds no picture."),
        "no_such_stack": QT_TRANSLATE_NOOP("RefusalWords", "This series is not open any more."),
        "nothing_to_show": QT_TRANSLATE_NOOP("RefusalWords", "This study holds no picture."),
        "planes_not_parallel": QT_TRANSLATE_NOOP(
            "RefusalWords",
            "These slices cannot be matched: they are not parallel, or have no place in the patient.",
        ),
        "same_stack": QT_TRANSLATE_NOOP("RefusalWords", "Both viewports show the same series: it matches itself."),
        "nothing_to_pair": QT_TRANSLATE_NOOP("RefusalWords", "Two studies must be on screen to step through pairs."),
        "no_pair": QT_TRANSLATE_NOOP("RefusalWords", "These two studies have no series that belong together."),
        "no_other_prior": QT_TRANSLATE_NOOP("RefusalWords", "There is no further prior of this patient."),
        "reason_missing": QT_TRANSLATE_NOOP("RefusalWords", "A reason must be typed."),
        "safe_mode": QT_TRANSLATE_NOOP(
            "RefusalWords",
            "Safe mode: the last starts failed. Nothing remembered is used and the graphics card is not.",
        ),
        "bad_measurement": QT_TRANSLATE_NOOP("RefusalWords", "This measurement cannot be kept."),
        "no_such_measurement": QT_TRANSLATE_NOOP("RefusalWords", "This measurement is not there any more."),
        "no_measurement_chosen": QT_TRANSLATE_NOOP("RefusalWords", "Choose a measurement first: click on it."),
        "no_such_lesion": QT_TRANSLATE_NOOP("RefusalWords", "This lesion is not followed any more."),
        "nothing_carried": QT_TRANSLATE_NOOP(
            "RefusalWords", "No lesion of another examination is carried to this picture."
        ),
        "no_protocol": QT_TRANSLATE_NOOP("RefusalWords", "No hanging protocol fits what is on screen."),
        "nothing_to_align": QT_TRANSLATE_NOOP(
            "RefusalWords", "Two whole CT or MR series of one patient must be on screen to be aligned."
        ),
        "no_level": QT_TRANSLATE_NOOP("RefusalWords", "The prior is not aligned yet: there are its own slices only."),
        "nothing_to_reject": QT_TRANSLATE_NOOP("RefusalWords", "There is no finished alignment on screen."),
        "nothing_to_keep": QT_TRANSLATE_NOOP("RefusalWords", "There is no layout here that could be kept."),
    },
)


def refusal_words(code: str) -> str:
    """Return a sentence; a code without one of its own gets a general one that names it."""
    source = _WORDS.get(code)
    if source is not None:
        return QCoreApplication.translate("RefusalWords", source)
    return QCoreApplication.translate("RefusalWords", "This cannot be done here ({code}).").format(code=code)
