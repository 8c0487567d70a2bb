"""``percist``: the response between two dates by PERCIST, from two documents of ``pet-volume``."""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from compare.pet.percist import PercistScan, percist
from loaders.errors import WorldError
from viewer.headless.output import STANDARD_OUTPUT, verb_parser, write_json


class NoPetDocument(WorldError):
    """A file is not what ``pet-volume`` writes, or holds no SULpeak."""

    code = "no_pet_document"


def run(arguments: Sequence[str]) -> int:
    """Write the table, by default to standard output. Returns the exit status 0. Raises ``WorldError``."""
    parser = verb_parser("percist", "Say the response between two dates by PERCIST 1.0.")
    for name in ("--baseline", "--follow-up"):
        parser.add_argument(name, metavar="FILE", type=Path, required=True, help="hottest lesion, from pet-volume")
    parser.add_argument("--new-lesion", action="store_true", help="there is a new lesion at the second date")
    parser.add_argument("--resolved", action="store_true", help="no lesion stands out any more at the second date")
    options = parser.parse_args(arguments)
    baseline = _scan(options.baseline)
    follow_up = _scan(options.follow_up, options)
    table = percist(baseline, follow_up)
    document: dict[str, object] = {
        "response": table.response.value if table.response is not None else None,
        "because": table.because,
        "comparable": table.is_comparable,
        "changes": [asdict(change) for change in table.changes],
        "checks": [asdict(check) for check in table.checks],
    }
    write_json(document, options.json or STANDARD_OUTPUT)
    return 0


def _scan(path: Path, options: argparse.Namespace | None = None) -> PercistScan:
    document = _read(path)
    peak = document["sul_peak"]["highest"]
    if peak is None:
        reason = document["sul_peak"].get("reason") or "its sphere leaves the series"
        raise NoPetDocument(f"{path} holds no SULpeak: {reason}")
    # Only by lean body mass are totals and liver those of the rule; SULpeak is, whatever the type of the rest.
    is_lean = str(document["type"]).startswith("SUVlbm")
    liver = document["liver"] if is_lean else None
    return PercistScan(
        sul_peak=None if options is not None and options.resolved else float(peak),
        total=float(document["tlg"]) if is_lean else None,
        liver_mean=float(liver["mean"]) if liver else None,
        liver_deviation=float(liver["sd"]) if liver else None,
        uptake_minutes=document["uptake_minutes"],
        scanner=str(document["scanner"]),
        reconstruction=str(document["reconstruction"]),
        has_new_lesion=options is not None and bool(options.new_lesion),
    )


def _read(path: Path) -> dict[str, Any]:
    try:
        document = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise NoPetDocument(f"{path} cannot be read as JSON: {error}") from error
    wanted = ("sul_peak", "tlg", "liver", "type", "uptake_minutes", "scanner", "reconstruction")
    if not isinstance(document, dict) or any(key not in document for key in wanted):
        raise NoPetDocument(f"{path} is not what pet-volume writes")
    if not isinstance(document["sul_peak"], dict) or "highest" not in document["sul_peak"]:
        raise NoPetDocument(f"{path} is not what pet-volume writes")
    return document
