"""``changes --current A --prior B --json F``: the places that differ, ranked. A help, never a finding."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from compare.change.list_changes import PRESETS, ListedChanges, list_changes
from viewer.headless.nifti import nifti_bytes
from viewer.headless.output import STANDARD_OUTPUT, verb_parser, write_bytes, write_json
from viewer.headless.register import CHANGE_DETAIL_MM, add_pair_arguments, register_pair
from viewer.headless.registration_document import registration_document
from viewer.headless.registration_input import no_alignment


def run(arguments: Sequence[str]) -> int:
    """Register, list the changed places, write the document, by default to standard output. Returns exit status 0.

    Raises :class:`NoReliableAlignment` where the two cannot be aligned: then nothing is written.
    """
    parser = verb_parser("changes", "List the places that differ between two aligned examinations.")
    add_pair_arguments(parser)
    parser.add_argument(
        "--preset", choices=sorted(PRESETS), help="CT: where to look (default: lung where there is lung)"
    )
    parser.add_argument("--mask", metavar="FILE.nii.gz", type=Path, help="the places' voxels as labels, in the current")
    options = parser.parse_args(arguments)
    pair, outcome, seconds = register_pair(options, detail_mm=CHANGE_DETAIL_MM)
    if outcome.best is None:
        raise no_alignment(outcome.refusal.value if outcome.refusal else "error_too_large")
    is_head = pair.current.image.modality == "MR"
    aligned = outcome.rigid if is_head and outcome.rigid is not None else outcome.best
    listed = list_changes(pair.current.image, pair.prior.image, aligned, options.preset)
    document: dict[str, object] = {
        "candidates": candidate_rows(listed),
        "threshold": {"value": round(listed.changes.threshold, 2), "unit": listed.unit},
        "registration": registration_document(pair, outcome, seconds),
    }
    if options.mask is not None:
        write_bytes(nifti_bytes(listed.changes.labels, listed.index_to_lps), options.mask)
    write_json(document, options.json or STANDARD_OUTPUT)
    return 0


def candidate_rows(listed: ListedChanges) -> list[dict[str, object]]:
    """One row per candidate, best first; ``label`` is its value in the mask."""
    return [
        {
            "kind": candidate.kind.value,
            "centre_lps_mm": list(candidate.centre_lps_mm),
            "volume_mm3": candidate.volume_mm3,
            "score": candidate.score,
            "contrast": candidate.contrast,
            "label": number,
        }
        for number, candidate in enumerate(listed.changes.candidates, start=1)
    ]
