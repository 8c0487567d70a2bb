"""The lesion table and the list of measurements as CSV and as text for the clipboard.

Numbers have the precision they deserve and a full stop; dates are ISO; no patient's name, no identifier.
"""

from __future__ import annotations

import csv
import io

from compare.following.lesion_table import Change, LesionCell
from compare.following.recist import Evaluation
from compare.measuring.values import MeasuredValue
from compare.reporting.findings import Finding, Findings

_MEASUREMENT_COLUMNS = (
    "lesion", "kind", "study_date", "series_uid", "slice", "name", "value", "unit", "basis", "uncertainty", "reason",
    "text",
)  # fmt: skip
_LESION_COLUMNS = (
    "lesion", "role", "lymph_node", "study_date", "diameter_mm", "long_mm", "short_mm", "change_mm", "change_percent",
    "days", "doubling_days", "doubling_low_days", "doubling_high_days", "reason",
)  # fmt: skip
_RESPONSE_COLUMNS = (
    "study_date", "sum_mm", "from_baseline_percent", "from_nadir_percent", "targets", "non_targets", "new_lesion",
    "overall", "reasons",
)  # fmt: skip


def csv_text(findings: Findings) -> str:
    """Return three tables, one below the other with an empty line between: measurements, lesions, response.

    RFC 4180 with a byte order mark, which spreadsheets need to see the words as UTF-8.
    """
    stream = io.StringIO()
    writer = csv.writer(stream)
    for columns, rows in _tables(findings):
        writer.writerow(columns)
        writer.writerows([_harmless(cell) for cell in row] for row in rows)
        writer.writerow([])
    return "\ufeff" + stream.getvalue()


def clipboard_text(findings: Findings) -> str:
    """Return the lesion and response tables as lines of tab-separated cells."""
    lines: list[str] = []
    for columns, rows in _tables(findings)[1:]:
        if rows:
            lines += ["\t".join(columns), *("\t".join(" ".join(cell.split()) for cell in row) for row in rows), ""]
    return "\n".join(lines)


def _tables(findings: Findings) -> list[tuple[tuple[str, ...], list[list[str]]]]:
    labels = {row.lesion.tracking_uid: row.lesion.label for row in findings.rows}
    measurements = [
        _measurement_row(finding, value, labels) for finding in findings.measurements for value in _values(finding)
    ]
    lesions = [
        _lesion_row(row.lesion.label, row.lesion.role.value, row.lesion.is_lymph_node, point.study_date, cell)
        for row in findings.rows
        for point, cell in zip(findings.points, row.cells, strict=True)
    ]
    responses = [_response_row(one) for one in findings.evaluations]
    return [(_MEASUREMENT_COLUMNS, measurements), (_LESION_COLUMNS, lesions), (_RESPONSE_COLUMNS, responses)]


def _values(finding: Finding) -> tuple[MeasuredValue, ...]:
    if finding.values:
        return finding.values
    return (MeasuredValue("", None, "", reason="" if finding.place else "images_not_open"),)


def _measurement_row(finding: Finding, value: MeasuredValue, labels: dict[str, str]) -> list[str]:
    one, place = finding.measurement, finding.place
    return [
        labels.get(one.lesion, ""),
        one.kind.value,
        place.study_date.isoformat() if place and place.study_date else "",
        one.stack.series_uid,
        str(place.slice_number) if place else "",
        value.name,
        _number(value.value, value.decimals),
        value.unit,
        value.basis.value if value.basis else "",
        _number(value.uncertainty, 2),
        value.reason,
        one.text,
    ]


def _lesion_row(label: str, role: str, is_node: bool, study_date: object, cell: LesionCell) -> list[str]:  # noqa: FBT001
    change, size = cell.from_previous, cell.size
    doubling = change.doubling if change else None
    interval = doubling.interval_days if doubling else None
    return [
        label,
        role,
        "yes" if is_node else "no",
        str(study_date or ""),
        _number(cell.counted_mm, 1),
        _number(size.long_mm, 1),
        _number(size.short_mm, 1),
        _number(change.absolute_mm if change else None, 1),
        _number(change.relative_percent if change else None, 0),
        _days(change),
        _number(doubling.days if doubling else None, 0),
        _number(interval[0] if interval else None, 0),
        _number(interval[1] if interval else None, 0),
        size.reason or ("direction not certain" if doubling and not interval else ""),
    ]


def _days(change: Change | None) -> str:
    return "" if change is None or change.days is None else str(change.days)


def _response_row(one: Evaluation) -> list[str]:
    return [
        one.point.study_date.isoformat() if one.point.study_date else "",
        _number(one.sum_mm, 1),
        _number(one.from_baseline_percent, 0),
        _number(one.from_nadir_percent, 0),
        one.targets.value,
        one.non_targets.value,
        "yes" if one.has_new_lesion else "no",
        one.overall.value,
        "; ".join(one.reasons),
    ]


def _number(value: float | None, decimals: int) -> str:
    if value is None or value in {float("inf"), float("-inf")}:
        return ""
    text = f"{value:.{decimals}f}"
    return text.removeprefix("-") if float(text) == 0.0 else text


def _harmless(cell: str) -> str:
    """A cell that a spreadsheet would run as a formula is shown as text instead (OWASP, CSV injection)."""
    is_number = cell.removeprefix("-").replace(".", "", 1).isdigit()
    return f"'{cell}" if cell[:1] in "=+-@\t\r" and cell and not is_number else cell
