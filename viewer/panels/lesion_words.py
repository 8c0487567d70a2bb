"""Lesions in words: roles, judgements, responses, reasons, growth rules."""

from __future__ import annotations

from typing import cast

from PySide6.QtCore import QT_TRANSLATE_NOOP, QCoreApplication

from compare.following.lesion import LesionRole, NonTargetState
from compare.following.lesion_table import Change, LesionCell

translate = QCoreApplication.translate

_ROLES = cast(
    "dict[LesionRole, str]",
    {
        LesionRole.TARGET: QT_TRANSLATE_NOOP("Lesions", "target"),
        LesionRole.NON_TARGET: QT_TRANSLATE_NOOP("Lesions", "non-target"),
        LesionRole.NEW: QT_TRANSLATE_NOOP("Lesions", "new"),
        LesionRole.UNCLASSIFIED: QT_TRANSLATE_NOOP("Lesions", "followed, no criterion"),
    },
)
_STATES = cast(
    "dict[NonTargetState, str]",
    {
        NonTargetState.PRESENT: QT_TRANSLATE_NOOP("Lesions", "present"),
        NonTargetState.ABSENT: QT_TRANSLATE_NOOP("Lesions", "absent"),
        NonTargetState.UNEQUIVOCAL_PROGRESSION: QT_TRANSLATE_NOOP("Lesions", "unequivocal progression"),
        NonTargetState.NOT_EVALUATED: QT_TRANSLATE_NOOP("Lesions", "not evaluated"),
    },
)
_REASONS = cast(
    "dict[str, str]",
    {
        "not_measured": QT_TRANSLATE_NOOP("Lesions", "not measured"),
        "not_confirmed": QT_TRANSLATE_NOOP("Lesions", "carried over, not yet adjusted"),
        "frame_not_open": QT_TRANSLATE_NOOP("Lesions", "images not open"),
        "no_millimetres": QT_TRANSLATE_NOOP("Lesions", "no comparable millimetres"),
        "withheld": QT_TRANSLATE_NOOP("Lesions", "withheld"),
        "no_short_axis": QT_TRANSLATE_NOOP("Lesions", "no short axis measured"),
        "node_too_small": QT_TRANSLATE_NOOP("Lesions", "lymph node below 15 mm short axis"),
        "too_small": QT_TRANSLATE_NOOP("Lesions", "below 10 mm or twice the thickness of a slice"),
        "too_many_targets": QT_TRANSLATE_NOOP("Lesions", "more than five targets"),
        "too_many_in_organ": QT_TRANSLATE_NOOP("Lesions", "more than two targets in one organ"),
        "new_lesion": QT_TRANSLATE_NOOP("Lesions", "new lesion"),
    },
)
#: Proper names of the rules; they are not translated.
_RULES = {"fleischner": "Fleischner 2017", "lung_rads": "Lung-RADS v2022"}


def role_text(role: LesionRole) -> str:
    """Return what a role is called."""
    return translate("Lesions", _ROLES[role])


def state_text(state: NonTargetState) -> str:
    """Return what a judgement is called."""
    return translate("Lesions", _STATES[state])


def reason_text(reason: str) -> str:
    """Return a reason of the criteria (``code`` or ``code:label``) in words."""
    code, _, label = reason.partition(":")
    words = translate("Lesions", _REASONS[code]) if code in _REASONS else code
    return f"{label}: {words}" if label else words


def rule_lines(change: Change) -> list[str]:
    """Return what each growth rule says of a change, each under its own name."""
    said = {
        True: translate("Lesions", "growth"),
        False: translate("Lesions", "no growth"),
        None: translate("Lesions", "says nothing of this case"),
    }
    return [f"{_RULES.get(verdict.rule, verdict.rule)}: {said[verdict.is_growth]}" for verdict in change.rules]


def interval_line(cell: LesionCell) -> str:
    """Return how many days lie between a measurement and the one before it, or nothing."""
    change = cell.from_previous
    if change is None or change.days is None:
        return ""
    return translate("Lesions", "days between: {count}").format(count=change.days)
