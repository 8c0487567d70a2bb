"""The words of the time rail."""

from __future__ import annotations

from typing import cast

from PySide6.QtCore import QT_TRANSLATE_NOOP, QCoreApplication

from loaders.model.patient import Patient
from loaders.model.stack import StackWarning, StackWarningCode
from viewer.panels.birth_text import birth_text
from viewer.panels.plain_text import plain_tooltip, shown_text
from viewer.panels.rail_rows import PatientRow, Row, SeriesRow, StudyRow, is_lossy, warning_codes
from viewer.viewport.localised_dates import date_text, interval_text
from viewer.viewport.stack_warnings import warning_text

_WARNING_WORDS = cast(
    "dict[StackWarningCode, str]",
    {
        StackWarningCode.INCOMPLETE: QT_TRANSLATE_NOOP("RailText", "incomplete"),
        StackWarningCode.MISSING_SLICES: QT_TRANSLATE_NOOP("RailText", "gaps"),
        StackWarningCode.MISSING_GEOMETRY: QT_TRANSLATE_NOOP("RailText", "unplaced"),
        StackWarningCode.MIXED_ORIENTATION: QT_TRANSLATE_NOOP("RailText", "mixed"),
        StackWarningCode.MIXED_MATRIX: QT_TRANSLATE_NOOP("RailText", "sizes"),
        StackWarningCode.DUPLICATE_POSITIONS: QT_TRANSLATE_NOOP("RailText", "duplicates"),
        StackWarningCode.OVERLAPPING_SLICES: QT_TRANSLATE_NOOP("RailText", "overlapping"),
        StackWarningCode.UNEVEN_SPACING: QT_TRANSLATE_NOOP("RailText", "uneven"),
        StackWarningCode.GANTRY_TILT: QT_TRANSLATE_NOOP("RailText", "tilted"),
        StackWarningCode.MISSING_FRAME_OF_REFERENCE: QT_TRANSLATE_NOOP("RailText", "unframed"),
    },
)


def patient_text(patient: Patient) -> str:
    """Both names, the alphabetic first; what is missing is said."""
    names = [name for name in (patient.name.alphabetic_text, patient.name.ideographic_text) if name]
    return shown_text(" ".join(names)) or QCoreApplication.translate("RailText", "name not provided")


def masked_text(patient: Patient) -> str:
    """The identifier as lists show it: ``A12****(*)``."""
    identifier = patient.primary_identifier
    masked = shown_text(identifier.masked) if identifier else ""
    return masked or QCoreApplication.translate("RailText", "identifier not provided")


def when_text(row: StudyRow) -> str:
    """Interval to the patient's newest examination, or ``newest``."""
    own = row.study.study_date
    if own is None or row.newest is None:
        return QCoreApplication.translate("RailText", "order not known")
    if own == row.newest:
        return QCoreApplication.translate("RailText", "newest")
    return interval_text(own, row.newest)


def series_text(row: SeriesRow) -> str:
    """Description, and what sets this stack apart from its siblings."""
    description = row.series.description or row.series.protocol or row.series.body_part
    parts = [description or QCoreApplication.translate("RailText", "no description")]
    if len(row.series.stacks) > 1:
        parts += [f"{name} {value}" for name, value in row.stack.split_by]
    return shown_text(" · ".join(parts))


def warning_word(row: SeriesRow) -> str:
    """One word for the worst thing to know about a stack, or empty."""
    codes = warning_codes(row)
    if codes:
        return QCoreApplication.translate("RailText", _WARNING_WORDS[codes[0]])
    return QCoreApplication.translate("RailText", "lossy") if is_lossy(row) else ""


def row_summary(row: Row) -> str:
    """One line for screen readers and for finding a row by typing."""
    if isinstance(row, PatientRow):
        return f"{patient_text(row.patient)} {masked_text(row.patient)}"
    if isinstance(row, StudyRow):
        study = row.study
        return shown_text(f"{date_text(study.study_date)} {study.description} {study.institution}, {when_text(row)}")
    return shown_text(f"{row.series.modality} {series_text(row)}, {row.count_text} {warning_word(row)}").strip()


def row_tooltip(row: Row) -> str:
    """All that a row knows, escaped."""
    if isinstance(row, PatientRow):
        patient = row.patient
        birth = birth_text(patient.birth_date, None)
        return plain_tooltip(patient_text(patient), masked_text(patient), f"{sex_text(patient.sex)} · {birth}")
    if isinstance(row, StudyRow):
        study = row.study
        clock = study.study_time.strftime(" %H:%M") if study.study_time else ""
        return plain_tooltip(
            f"{date_text(study.study_date)}{clock} · {when_text(row)}", study.description, study.institution
        )
    return plain_tooltip(*_series_tooltip(row))


def _series_tooltip(row: SeriesRow) -> list[str]:
    translate = QCoreApplication.translate
    number = (
        "" if row.series.number is None else translate("RailText", "series {number}").format(number=row.series.number)
    )
    lines = [
        " · ".join(part for part in (row.series.modality, number, series_text(row)) if part),
        row.series.equipment.institution or row.study.institution,
        translate("RailText", "images: {count}").format(count=row.count_text),
    ]
    said = {warning.code: warning for warning in row.stack.warnings}
    lines += [warning_text(said.get(code, StackWarning(code))) for code in warning_codes(row)]
    if is_lossy(row):
        lines.append(translate("RailText", "Lossy compressed"))
    if row.series.character_set_guessed:
        lines.append(translate("RailText", "Character set guessed"))
    return lines


def sex_text(sex: str) -> str:
    """``M``, ``F`` or ``O`` in the reader's language; what is missing is said."""
    words = {
        "M": QCoreApplication.translate("RailText", "M", "sex"),
        "F": QCoreApplication.translate("RailText", "F", "sex"),
        "O": QCoreApplication.translate("RailText", "other sex"),
    }
    return words.get(sex, QCoreApplication.translate("RailText", "sex not provided"))
