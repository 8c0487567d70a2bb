"""``measure PATH... --session FILE``: what a saved session's measurements say, computed anew from the images."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from compare.following.lesion_table import Change, LesionRow
from compare.following.recist import Evaluation
from compare.following.time_points import TimePoint
from compare.measuring.values import MeasuredValue
from compare.reporting.findings import Finding
from viewer.headless.measured_session import MeasuredSession, measure_session, read_session
from viewer.headless.opened_path import opened
from viewer.headless.output import STANDARD_OUTPUT, verb_parser, write_json


def run(arguments: Sequence[str]) -> int:
    """Write the values as JSON, by default to standard output. Returns the exit status 0; raises ``WorldError``."""
    parser = verb_parser("measure", "Compute a saved session's measurements from the images.")
    parser.add_argument("paths", metavar="PATH", nargs="+", type=Path, help="folders, files or archives of the images")
    parser.add_argument("--session", metavar="FILE", type=Path, required=True, help="a session saved by the window")
    parser.add_argument("--series", metavar="UID", help="only the measurements on this series")
    options = parser.parse_args(arguments)
    read = read_session(options.session)
    with opened(*options.paths) as images:
        document = document_of(measure_session(read, images, options.series))
    write_json(document, options.json or STANDARD_OUTPUT)
    return 0


def document_of(measured: MeasuredSession) -> dict[str, object]:
    """Return the JSON document: see resources/schemas/measure.schema.json."""
    findings = measured.findings
    return {
        "measurements": [_finding(one) for one in findings.measurements],
        "lesions": [_lesion(row, findings.points) for row in findings.rows],
        "response": [_evaluation(one) for one in findings.evaluations] if findings.rows else [],
        "left_out": list(measured.left_out),
    }


def _finding(one: Finding) -> dict[str, object]:
    drawn, place = one.measurement, one.place
    return {
        "identifier": drawn.identifier,
        "kind": drawn.kind.value,
        "study_uid": drawn.stack.study_uid,
        "series_uid": drawn.stack.series_uid,
        "sop_instance_uid": drawn.sop_instance_uid,
        "frame": drawn.frame_number,
        "slice": place.slice_number if place else None,
        "lesion": drawn.lesion or None,
        "text": drawn.text,
        "reason": "" if place else "images_not_open",
        "values": [_value(value) for value in one.values],
    }


def _value(value: MeasuredValue) -> dict[str, object]:
    return {
        "name": value.name,
        "value": value.value,
        "rounded": value.rounded,
        "unit": value.unit,
        "basis": value.basis.value if value.basis else None,
        "uncertainty": value.uncertainty,
        "reason": value.reason,
    }


def _lesion(row: LesionRow, points: tuple[TimePoint, ...]) -> dict[str, object]:
    return {
        "tracking_uid": row.lesion.tracking_uid,
        "label": row.lesion.label,
        "role": row.lesion.role.value,
        "is_lymph_node": row.lesion.is_lymph_node,
        "time_points": [
            {
                "study_uid": point.study_uid,
                "date": point.study_date.isoformat() if point.study_date else None,
                "diameter_mm": cell.counted_mm,
                "long_mm": cell.size.long_mm,
                "short_mm": cell.size.short_mm,
                "reason": cell.size.reason,
                "from_previous": _change(cell.from_previous),
                "from_first": _change(cell.from_first),
            }
            for point, cell in zip(points, row.cells, strict=True)
        ],
    }


def _change(change: Change | None) -> dict[str, object] | None:
    if change is None:
        return None
    doubling = change.doubling
    interval = doubling.interval_days if doubling else None
    is_finite = doubling is not None and abs(doubling.days) != float("inf")
    return {
        "days": change.days,
        "absolute_mm": change.absolute_mm,
        "relative_percent": change.relative_percent,
        "doubling_days": doubling.days if doubling and is_finite else None,
        "doubling_interval_days": list(interval) if interval else None,
        "rules": {verdict.rule: verdict.is_growth for verdict in change.rules},
    }


def _evaluation(one: Evaluation) -> dict[str, object]:
    return {
        "study_uid": one.point.study_uid,
        "date": one.point.study_date.isoformat() if one.point.study_date else None,
        "sum_mm": one.sum_mm,
        "from_baseline_percent": one.from_baseline_percent,
        "from_nadir_percent": one.from_nadir_percent,
        "from_nadir_mm": one.from_nadir_mm,
        "targets": one.targets.value,
        "non_targets": one.non_targets.value,
        "has_new_lesion": one.has_new_lesion,
        "overall": one.overall.value,
        "reasons": list(one.reasons),
    }
