"""``export PATH... --session FILE``: measurements and lesions as a structured report, a table, or a sheet."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from compare.reporting.presentation_state import presentation_states
from compare.reporting.structured_report import structured_report
from compare.reporting.tables import csv_text
from viewer.headless.measured_session import evidence_of, measure_session, read_session
from viewer.headless.opened_path import opened
from viewer.headless.output import OutputError, verb_parser, write_bytes, write_json
from viewer.headless.sheet import sheet_pdf


def run(arguments: Sequence[str]) -> int:
    """Write what was asked for. Returns the exit status 0; raises ``WorldError``, also for a report of nothing."""
    parser = verb_parser("export", "Write a saved session's measurements as DICOM SR or GSPS, CSV or PDF.")
    parser.add_argument("paths", metavar="PATH", nargs="+", type=Path, help="folders, files or archives of the images")
    parser.add_argument("--session", metavar="FILE", type=Path, required=True, help="a session saved by the window")
    parser.add_argument("--sr", metavar="OUT", type=Path, help="a DICOM structured report (TID 1500)")
    parser.add_argument("--gsps", metavar="DIR", type=Path, help="presentation states, one file a study, in a folder")
    parser.add_argument("--csv", metavar="OUT", type=Path, help="tables of measurements, lesions and response")
    parser.add_argument("--pdf", metavar="OUT", type=Path, help="a one-page comparison sheet")
    parser.add_argument("--language", choices=("en", "zh_HK", "zh_CN"), default="en", help="of the sheet")
    options = parser.parse_args(arguments)
    if all(target is None for target in (options.sr, options.gsps, options.csv, options.pdf)):
        parser.error("nothing to write: give --sr, --gsps, --csv or --pdf")
    read = read_session(options.session)
    written: list[str] = []
    with opened(*options.paths) as images:
        measured = measure_session(read, images)
        if options.csv is not None:
            write_bytes(csv_text(measured.findings).encode(), options.csv)
            written.append(str(options.csv))
        if options.sr is not None:
            write_bytes(structured_report(measured.findings, evidence_of(measured, images)), options.sr)
            written.append(str(options.sr))
        if options.gsps is not None:
            written += _write_states(
                presentation_states(measured.findings, evidence_of(measured, images)), options.gsps
            )
        if options.pdf is not None:
            write_bytes(sheet_pdf(measured, images, options.language), options.pdf)
            written.append(str(options.pdf))
    if options.json:
        write_json({"written": written, "left_out": list(read.left_out)}, options.json)
    return 0


def _write_states(states: tuple[bytes, ...], folder: Path) -> list[str]:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(f"cannot write {folder}: {error.strerror or error}") from error
    paths = [folder / f"presentation-{number}.dcm" for number in range(1, len(states) + 1)]
    for path, state in zip(paths, states, strict=True):
        write_bytes(state, path)
    return [str(path) for path in paths]
