"""Words for what a store answers: categories, report and allergy states, reasons of priors, ages of copies."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from PySide6.QtCore import QT_TRANSLATE_NOOP, QCoreApplication

if TYPE_CHECKING:
    from loaders.stores.dicomweb.patient_search import FoundStudy

translate = QCoreApplication.translate

_CATEGORIES = cast(
    "dict[str, str]",
    {
        "simple": QT_TRANSLATE_NOOP("StoreWords", "Simple"),
        "advanced": QT_TRANSLATE_NOOP("StoreWords", "Advanced"),
        "fusion": QT_TRANSLATE_NOOP("StoreWords", "Fusion"),
    },
)
_REPORTS = cast(
    "dict[str, str]",
    {
        "no_report": QT_TRANSLATE_NOOP("StoreWords", "no report"),
        "images_newer_than_report": QT_TRANSLATE_NOOP("StoreWords", "images newer than report"),
        "registered": QT_TRANSLATE_NOOP("StoreWords", "report expected"),
        "partial": QT_TRANSLATE_NOOP("StoreWords", "preliminary report"),
        "preliminary": QT_TRANSLATE_NOOP("StoreWords", "preliminary report"),
        "final": QT_TRANSLATE_NOOP("StoreWords", "final report"),
        "amended": QT_TRANSLATE_NOOP("StoreWords", "amended report"),
        "corrected": QT_TRANSLATE_NOOP("StoreWords", "corrected report"),
        "appended": QT_TRANSLATE_NOOP("StoreWords", "report with addendum"),
        "cancelled": QT_TRANSLATE_NOOP("StoreWords", "report cancelled"),
        "entered-in-error": QT_TRANSLATE_NOOP("StoreWords", "report entered in error"),
    },
)
_ALLERGIES = cast(
    "dict[str, str]",
    {
        "recorded": QT_TRANSLATE_NOOP("StoreWords", "Allergies and adverse reactions are recorded:"),
        "recorded_none": QT_TRANSLATE_NOOP("StoreWords", "Recorded: no known allergies."),
        "no_record_found": QT_TRANSLATE_NOOP("StoreWords", "No allergy record was found. That does not mean none."),
        "not_retrieved": QT_TRANSLATE_NOOP("StoreWords", "Allergies were not retrieved."),
    },
)
_REASONS = cast(
    "dict[str, str]",
    {
        "same_modality": QT_TRANSLATE_NOOP("StoreWords", "same modality"),
        "related_modality": QT_TRANSLATE_NOOP("StoreWords", "related modality"),
        "same_body_part": QT_TRANSLATE_NOOP("StoreWords", "same body part"),
        "same_region": QT_TRANSLATE_NOOP("StoreWords", "same region"),
        "body_part_unknown": QT_TRANSLATE_NOOP("StoreWords", "body part unknown"),
        "same_description": QT_TRANSLATE_NOOP("StoreWords", "same description"),
        "within_a_year": QT_TRANSLATE_NOOP("StoreWords", "within a year"),
        "older": QT_TRANSLATE_NOOP("StoreWords", "older"),
    },
)
_HOUR_S, _DAY_S = 3600, 86_400


def category_words(category: str) -> str:
    """Return the eHealth category's name."""
    return _of(_CATEGORIES, category)


def report_words(study: FoundStudy) -> str:
    """Return the report's state and, where there is a report, the day it was issued."""
    words = _of(_REPORTS, study.report_state)
    issued = study.report.issued[:10] if study.report else ""
    return f"{words} {issued}".strip()


def allergy_words(state: str) -> str:
    """Return a sentence for one of the four states."""
    return _of(_ALLERGIES, state)


def reason_words(reasons: tuple[str, ...]) -> str:
    """Return why a prior is relevant."""
    return ", ".join(_of(_REASONS, reason) for reason in reasons)


def age_words(seconds: float) -> str:
    """Return how long ago something was, or how long something will last, in minutes, hours or days."""
    if seconds < _HOUR_S:
        return translate("StoreWords", "{count} min").format(count=max(0, round(seconds / 60)))
    if seconds < 2 * _DAY_S:
        return translate("StoreWords", "{count} h").format(count=round(seconds / _HOUR_S))
    return translate("StoreWords", "{count} d").format(count=round(seconds / _DAY_S))


def _of(table: dict[str, str], word: str) -> str:
    source = table.get(word)
    return translate("StoreWords", source) if source else word
