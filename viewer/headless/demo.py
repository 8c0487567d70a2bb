"""``demo --out DIR``: write the demo patient, a fictitious person made by code, as DICOM files with their truth."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from loaders.demo_patient import DemoSize, DemoTruth, generate, layout
from loaders.errors import WorldError
from loaders.progress import Progress, ProgressCallback, no_progress
from viewer.headless.output import say_error, verb_parser, write_json


def run(arguments: Sequence[str]) -> int:
    """Write the files, and the list of them as JSON where asked. Returns the exit status 0 or 1."""
    parser = verb_parser("demo", "Write a fictitious patient: a CT pair and a chest X-ray pair, one year apart.")
    parser.add_argument("--out", metavar="DIR", type=Path, required=True, help="a new or an empty folder")
    parser.add_argument(
        "--size",
        choices=[str(size) for size in DemoSize],
        default=str(DemoSize.MEDIUM),
        help="small: for tests; medium: to look at (the default); large: 1000 slices of 512 x 512",
    )
    options = parser.parse_args(arguments)
    size = DemoSize(options.size)
    try:
        truth = generate(options.out, size, _counter())
        if options.json:
            write_json(demo_document(options.out, size, truth), options.json)
    except WorldError as error:
        say_error(error)
        return 1
    return 0


def _counter() -> ProgressCallback:
    """Count files on a terminal's last line; say nothing where standard error is a file or a pipe."""
    if not sys.stderr.isatty():
        return no_progress

    def count(progress: Progress) -> None:
        end = "\n" if progress.done == progress.total else ""
        print(f"\r{progress.done} of {progress.total} files", end=end, file=sys.stderr, flush=True)

    return count


def demo_document(out_dir: Path, size: DemoSize, truth: DemoTruth) -> dict[str, object]:
    """Return what was written in the form of ``resources/schemas/demo.schema.json``."""
    series = layout(size)
    return {
        "out": str(out_dir),
        "size": str(size),
        "generator_version": truth.document["generator_version"],
        "truth": "truth.json",
        "files": sum(len(one.files) for one in series),
        "series": [
            {
                "folder": one.folder,
                "role": one.role,
                "modality": one.modality,
                "date": f"{one.date[:4]}-{one.date[4:6]}-{one.date[6:]}",
                "institution": one.institution,
                "patient_id": one.patient_id,
                "study_uid": one.study_uid,
                "series_uid": one.series_uid,
                "instances": len(one.files),
            }
            for one in series
        ],
        "lesions": truth.lesions,
    }
