"""The words of the identity guard: fields, what either side says, and what follows from it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import cast

from PySide6.QtCore import QT_TRANSLATE_NOOP, QCoreApplication

from compare.identity.verdict import FieldComparison, FieldResult, IdentityVerdict
from viewer.panels.plain_text import shown_text
from viewer.panels.rail_text import sex_text
from viewer.viewport.localised_dates import date_text

_FIELDS = cast(
    "dict[str, str]",
    {
        "identifier": QT_TRANSLATE_NOOP("IdentityText", "identifier"),
        "name": QT_TRANSLATE_NOOP("IdentityText", "name"),
        "birth_date": QT_TRANSLATE_NOOP("IdentityText", "birth date"),
        "sex": QT_TRANSLATE_NOOP("IdentityText", "sex"),
    },
)

_RESULTS = cast(
    "dict[FieldResult, str]",
    {
        FieldResult.AGREE: QT_TRANSLATE_NOOP("IdentityText", "same"),
        FieldResult.SIMILAR: QT_TRANSLATE_NOOP("IdentityText", "alike"),
        FieldResult.DIFFERENT: QT_TRANSLATE_NOOP("IdentityText", "written differently"),
        FieldResult.MISSING: QT_TRANSLATE_NOOP("IdentityText", "not provided"),
        FieldResult.UNPROVEN: QT_TRANSLATE_NOOP("IdentityText", "proves nothing"),
        FieldResult.CONFLICT: QT_TRANSLATE_NOOP("IdentityText", "CONFLICT"),
    },
)

_REASONS = cast(
    "dict[str, str]",
    {
        "other_issuer": QT_TRANSLATE_NOOP("IdentityText", "given out by different institutions"),
        "issuer_unknown": QT_TRANSLATE_NOOP("IdentityText", "who gave it out is not stated"),
        "not_of_one_kind": QT_TRANSLATE_NOOP("IdentityText", "not of one kind"),
        "other_script": QT_TRANSLATE_NOOP("IdentityText", "one Chinese, one romanised"),
        "traditional_simplified": QT_TRANSLATE_NOOP("IdentityText", "traditional and simplified characters"),
        "hyphens": QT_TRANSLATE_NOOP("IdentityText", "other hyphens or spaces"),
        "order": QT_TRANSLATE_NOOP("IdentityText", "other order"),
        "romanisation": QT_TRANSLATE_NOOP("IdentityText", "other romanisation"),
        "part_left_out": QT_TRANSLATE_NOOP("IdentityText", "a part is left out"),
        "other": QT_TRANSLATE_NOOP("IdentityText", "other or not asked"),
    },
)

_TONES = {
    FieldResult.AGREE: "fine",
    FieldResult.SIMILAR: "fine",
    FieldResult.CONFLICT: "danger",
}


@dataclass(frozen=True, slots=True)
class IdentityLine:
    """One row of the table in words; ``tone`` is a colour that the word in ``result`` says as well."""

    field: str
    current: str
    prior: str
    result: str
    tone: str


def field_text(code: str) -> str:
    """Name of a field."""
    source = _FIELDS.get(code)
    return QCoreApplication.translate("IdentityText", source) if source else shown_text(code)


def identity_lines(verdict: IdentityVerdict) -> list[IdentityLine]:
    """Return the table of a verdict, with identifiers complete: the reader must be able to compare them."""
    return [
        IdentityLine(
            field_text(row.field),
            _value(row.field, row.current),
            _value(row.field, row.prior),
            _result(row),
            _TONES.get(row.result, "warning"),
        )
        for row in verdict.fields
    ]


def supporting_fields(verdict: IdentityVerdict) -> str:
    """Return what speaks for one patient, as a list of words: ``name, birth date, sex``, or empty.

    An identifier is never named here: had it proved anything, the verdict would not be unproven.
    """
    codes = [code for code in ("name", "birth_date", "sex") if code in verdict.matched_by]
    comma = QCoreApplication.translate("IdentityText", ", ", "between the fields of a list")
    return comma.join(field_text(code) for code in codes)


def matched_tag(verdict: IdentityVerdict) -> str:
    """Return the lasting tag of a confirmed, unproven match: ``matched by name, birth date, sex``."""
    fields = supporting_fields(verdict)
    if not fields:
        return QCoreApplication.translate("IdentityText", "matched by the reader alone")
    return QCoreApplication.translate("IdentityText", "matched by {fields}").format(fields=fields)


def _result(row: FieldComparison) -> str:
    result = QCoreApplication.translate("IdentityText", _RESULTS[row.result])
    reason = _REASONS.get(row.reason)
    if not reason:
        return result
    pattern = QCoreApplication.translate("IdentityText", "{result}: {reason}")
    return pattern.format(result=result, reason=QCoreApplication.translate("IdentityText", reason))


def _value(code: str, value: str) -> str:
    if not value:
        return QCoreApplication.translate("IdentityText", "not provided")
    if code == "sex":
        return sex_text(value)
    if code == "birth_date":
        try:
            return date_text(date.fromisoformat(value))
        except ValueError:
            return shown_text(value)
    return shown_text(value)
