"""``suv PATH --series UID``: the factor from a PET series' values to SUV, or the reason why there is none."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from compare.pet.voxels import nearest_voxel
from loaders.model.stack import Stack
from loaders.values.body_size import CALCULATED, SuvKind
from loaders.values.modality_lut import apply_modality_lut
from loaders.values.suv import CORRECTABLE, Correction, Suv, suv_of_stacks
from viewer.headless.opened_path import OpenedPath, opened
from viewer.headless.output import STANDARD_OUTPUT, verb_parser, write_json
from viewer.headless.selection import choose_stacks, largest


def run(arguments: Sequence[str]) -> int:
    """Write the SUV document, by default to standard output. Returns the exit status 0, SUV or not.

    Raises ``WorldError`` for what cannot be read, found or written.
    """
    parser = _parser()
    options = parser.parse_args(arguments)
    corrections = _corrections(parser, options)
    kind = SuvKind(options.type) if options.type else None
    with opened(options.path) as source:
        stacks = choose_stacks(source.catalogue, options.series)
        if len({stack.key.series_uid for stack in stacks}) > 1:
            parser.error("there are several series here: name one with --series UID")
        suv = suv_of_stacks(stacks, kind, corrections)
        document = document_of(suv)
        if options.at:
            document["values"] = _values(source, stacks, suv, options.at)
    write_json(document, options.json or STANDARD_OUTPUT)
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = verb_parser("suv", "Say the factor from a PET series' values to SUV, or why there is none.")
    parser.add_argument("path", metavar="PATH", type=Path, help="folder, file, DICOMDIR or ZIP archive")
    parser.add_argument("--series", metavar="UID", help="the PET series, where there are several series")
    parser.add_argument("--type", choices=[kind.value for kind in CALCULATED], help="default: SUVbw, or the file's own")
    parser.add_argument(
        "--at", nargs=3, type=float, action="append", metavar=("X", "Y", "Z"), help="the value at an LPS point in mm"
    )
    parser.add_argument(
        "--correct",
        action="append",
        default=[],
        metavar="ELEMENT=VALUE",
        help=f"put a value in place of the file's: {', '.join(CORRECTABLE)}",
    )
    parser.add_argument("--reason", metavar="TEXT", help="why it is corrected")
    return parser


def _corrections(parser: argparse.ArgumentParser, options: argparse.Namespace) -> list[Correction]:
    if options.correct and not (options.reason or "").strip():
        parser.error("a correction needs its --reason")
    corrections = []
    for text in options.correct:
        element, is_given, value = text.partition("=")
        if not is_given or element not in CORRECTABLE:
            parser.error(f"{text!r} corrects nothing: one of {', '.join(CORRECTABLE)}, then = and the value")
        if element in {"start_datetime", "start_time"}:
            corrections.append(Correction(element, value, options.reason))
            continue
        try:
            corrections.append(Correction(element, float(value), options.reason))
        except ValueError:
            parser.error(f"{value!r} is no number")
    return corrections


def document_of(suv: Suv) -> dict[str, object]:
    """Return the JSON document of ``suv.schema.json``."""
    return {
        "available": suv.is_available,
        "type": suv.kind.value if suv.kind is not None else None,
        "factor": suv.factor,
        "factors": list(suv.factors),
        "inputs": suv.inputs,
        "reason": suv.reason,
    }


def _values(source: OpenedPath, stacks: list[Stack], suv: Suv, points: list[list[float]]) -> list[dict[str, object]]:
    """The value of the voxel that each point lies in, of the largest stack; ``null`` outside."""
    stack = largest(stacks)
    volume = source.volume(stack)
    values = []
    for point in points:
        voxel = nearest_voxel(stack, np.asarray(point))
        entry: dict[str, object] = {"lps_mm": point, "slice": None, "row": None, "column": None}
        modality_value = None
        if voxel is not None:
            index, row, column = voxel
            stored = volume.frame_array(index)
            assert stored is not None  # noqa: S101 - all frames were loaded
            modality_value = float(apply_modality_lut(stored[row, column], stack.frames[index].values))
            entry.update(slice=index + 1, row=row, column=column)
        entry["value"] = modality_value
        has_suv = modality_value is not None and suv.factor is not None
        entry["suv"] = modality_value * suv.factor if has_suv else None  # type: ignore[operator]
        values.append(entry)
    return values
