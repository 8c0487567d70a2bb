"""``report PATH --sop UID``: a structured report, an encapsulated PDF or a clinical document as plain text."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from loaders.model.study import Catalogue, NotDisplayed
from loaders.objects.overlay_source import ObjectNotFound
from loaders.objects.report_reading import Report, is_report, read_report
from viewer.headless.opened_path import opened
from viewer.headless.output import verb_parser, write_json


def run(arguments: Sequence[str]) -> int:
    """Print one report, or write it as JSON. Returns the exit status 0. Raises ``WorldError``."""
    parser = verb_parser("report", "Print a structured report, PDF or clinical document as plain text.")
    parser.add_argument("path", metavar="PATH", type=Path, help="folder, file, DICOMDIR or ZIP archive")
    parser.add_argument("--sop", metavar="UID", help="the report's SOP Instance UID, where there are several")
    options = parser.parse_args(arguments)
    with opened(options.path) as source:
        row = choose_report(source.catalogue, options.sop)
        report = read_report(row, source.objects)
    if options.json is not None:
        write_json(report_document(row, report), options.json)
    else:
        text = "\n".join((report.text, *(f"[{note}]" for note in report.notes)))
        sys.stdout.buffer.write(text.encode("utf-8", errors="backslashreplace") + b"\n")
        sys.stdout.buffer.flush()
    return 0


def choose_report(catalogue: Catalogue, sop_instance_uid: str | None) -> NotDisplayed:
    """Return the report that was named, or the only one there is. Raises ``ObjectNotFound``."""
    if sop_instance_uid is not None:
        row = catalogue.find_object(sop_instance_uid)
        if row is None:
            raise ObjectNotFound(f"no object {sop_instance_uid} here")
        if not is_report(row):
            raise ObjectNotFound(f"object {sop_instance_uid} is a {row.sop_class}: it has no text")
        return row
    reports = [row for row in catalogue.not_displayed if is_report(row)]
    if len(reports) == 1:
        return reports[0]
    named = ", ".join(row.sop_instance_uid for row in reports[:8])
    raise ObjectNotFound(f"{len(reports)} reports; name one with --sop: {named}" if reports else "no report here")


def report_document(row: NotDisplayed, report: Report) -> dict[str, object]:
    """Return the report in the form of ``resources/schemas/report.schema.json``."""
    return {
        "sop_instance_uid": row.sop_instance_uid,
        "sop_class": row.sop_class,
        "kind": report.kind,
        "title": report.title,
        "text": report.text,
        "notes": list(report.notes),
        "character_set_guessed": report.character_set_guessed,
    }
