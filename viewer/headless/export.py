"""``export PATH... --session FILE``: measurements and lesions as a structured report, a table, or a sheet."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from compare.reporting.structured_report import structured_report
from compare.reporting.tables import csv_text
from viewer.headless.measured_session import evidence_of, measure_session, opened, read_session
from viewer.headless.output import verb_parser, write_bytes, write_json


def run(arguments: Sequence[str]) -> int:
    """Write what was asked for. Returns the exit status 0; raises ``WorldError``, also for a report of nothing."""
    parser = verb_parser("export", "Write a saved session's measurements as DICOM SR or CSV.")
    parser.add_argument("paths", metavar="PATH", nargs="+", type=Path, help="folders, files or archives of the images")
    parser.add_argument("--session", metavar="FILE", type=Path, required=True, help="a session saved by the window")
    parser.add_argument("--sr", metavar="OUT", type=Path, help="a DICOM structured report (TID 1500)")
    parser.add_argument("--csv", metavar="OUT", type=Path, help="tables of measurements, lesions and response")
    options = parser.parse_args(arguments)
    if options.sr is None and options.csv is None:
        parser.error("nothing to write: give --sr or --csv")
    read = read_session(options.session)
    written: list[str] = []
    with opened(options.paths) as (catalogue, source, pool):
        measured = measure_session(read, catalogue, source, pool)
        if options.csv is not None:
            write_bytes(csv_text(measured.findings).encode(), options.csv)
            written.append(str(options.csv))
        if options.sr is not None:
            write_bytes(structured_report(measured.findings, evidence_of(measured, source)), options.sr)
            written.append(str(options.sr))
    if options.json:
        write_json({"written": written, "left_out": list(read.left_out)}, options.json)
    return 0
