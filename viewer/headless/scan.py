"""``scan PATH...``: what folders, discs and archives hold, as grouped and ordered for display."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from loaders.discovery.geometry_checks import check_geometry
from loaders.errors import SourceError, WorldError
from loaders.model.series import Series
from loaders.model.stack import Stack
from loaders.model.study import Catalogue, NotDisplayed, Problem, Study
from viewer.headless.opened_path import opened
from viewer.headless.output import STANDARD_OUTPUT, say_error, verb_parser, write_json


def run(arguments: Sequence[str]) -> int:
    """Scan and write the catalogue as JSON, by default to standard output. Returns the exit status 0 or 1."""
    parser = verb_parser("scan", "List the studies, series and stacks in folders, discs and archives.")
    parser.add_argument("paths", metavar="PATH", nargs="+", type=Path, help="folder, file, DICOMDIR or ZIP archive")
    parser.add_argument("--password-file", metavar="FILE", help="a file whose first line opens encrypted archives")
    options = parser.parse_args(arguments)
    try:
        with opened(*options.paths, password=_password(options.password_file), warm_up=()) as path:
            write_json(catalogue_document(path.catalogue), options.json or STANDARD_OUTPUT)
    except WorldError as error:
        say_error(error)
        return 1
    return 0


def _password(file: str | None) -> str | None:
    """The first line of a file, ``-`` for standard input: an argument would be seen in the list of processes."""
    if file is None:
        return None
    try:
        text = sys.stdin.readline() if file == "-" else Path(file).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise SourceError(f"the password file cannot be read: {file}") from error
    return text.splitlines()[0] if text else None


def catalogue_document(catalogue: Catalogue) -> dict[str, object]:
    """Return the catalogue in the form of ``resources/schemas/scan.schema.json``."""
    return {
        "studies": [_study(study) for study in catalogue.studies],
        "problems": [_problem(row) for row in catalogue.problems],
        "not_displayed": [_not_displayed(row) for row in catalogue.not_displayed],
    }


def _study(study: Study) -> dict[str, object]:
    patient = study.patient
    primary = patient.primary_identifier
    groups = [patient.name.alphabetic, patient.name.ideographic, patient.name.phonetic]
    return {
        "study_uid": study.uid,
        "date": study.study_date.isoformat() if study.study_date else None,
        "patient": {
            "name": "=".join(groups).rstrip("="),
            "id": primary.value if primary else "",
            "birth_date": patient.birth_date.isoformat() if patient.birth_date else None,
            "sex": patient.sex,
        },
        "series": [_series(series) for series in study.series],
    }


def _series(series: Series) -> dict[str, object]:
    formats = [frame.format for stack in series.stacks for frame in stack.frames]
    return {
        "series_uid": series.uid,
        "modality": series.modality,
        "description": series.description,
        "instances": series.instances,
        "frames": series.frames,
        "rows": formats[0].rows,
        "columns": formats[0].columns,
        "transfer_syntaxes": sorted({layout.transfer_syntax_uid for layout in formats}),
        "stacks": [_stack(stack) for stack in series.stacks],
    }


def _stack(stack: Stack) -> dict[str, object]:
    spacing = stack.frames[0].spacing
    step_mm = check_geometry(stack.frames).step_mm if stack.orientation != "unknown" else None
    return {
        "id": stack.key.stack_id,
        "orientation": stack.orientation,
        "slices": len(stack.frames),
        # Distance of the slices along their normal; null where there is none, or where pixels are not millimetres.
        "spacing_mm": [
            None if step_mm is None else round(step_mm, 6),
            spacing.row_mm if spacing.is_mm else None,
            spacing.column_mm if spacing.is_mm else None,
        ],
        "frame_of_reference_uid": stack.frame_of_reference_uid,
        "kind": stack.kind.value,
        "warnings": list(dict.fromkeys(warning.code.value for warning in stack.warnings)),
    }


def _path(path: Path, member: str) -> str:
    return f"{path}!{member}" if member else str(path)


def _problem(row: Problem) -> dict[str, object]:
    return {"path": _path(row.path, row.member), "code": row.code, "message": row.message}


def _not_displayed(row: NotDisplayed) -> dict[str, object]:
    return {"path": _path(row.path, row.member), "sop_class": row.sop_class, "reason": row.reason}
