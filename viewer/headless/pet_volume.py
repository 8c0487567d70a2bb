"""``pet-volume PATH``: a volume of uptake about a point, and its statistics from native voxels."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from compare.pet.percist import LIVER_RADIUS_MM, measurable_from
from compare.pet.uptake_volume import (
    PEAK_RADIUS_MM,
    NoUptakeVolume,
    Threshold,
    UptakeVolume,
    grow,
    sphere,
    values_of,
    voxel_at,
)
from compare.reformat.sampled_volume import SampledVolume, sampled
from loaders.model.frame_plane import Vector3
from loaders.model.series import Series
from loaders.model.stack import Stack
from loaders.values.body_size import CALCULATED, SuvKind
from loaders.values.suv import Suv, suv_of_stacks
from viewer.headless.opened_path import opened
from viewer.headless.output import STANDARD_OUTPUT, verb_parser, write_json
from viewer.headless.selection import choose_stacks, largest

PERCIST = "percist"


@dataclass(frozen=True, slots=True)
class _Measured:
    """What the document is written from. ``sul`` is the lean body mass SUV of the same series."""

    values: NDArray[np.float32]
    whole: SampledVolume
    suv: Suv
    sul: Suv
    found: UptakeVolume
    liver: tuple[float, float] | None


def run(arguments: Sequence[str]) -> int:
    """Write the document, by default to standard output. Returns the exit status 0.

    Raises ``WorldError`` for what cannot be read, found, grown or written.
    """
    parser = _parser()
    options = parser.parse_args(arguments)
    threshold = _threshold(parser, options)
    with opened(options.path) as source:
        stacks = choose_stacks(source.catalogue, options.series)
        if len({stack.key.series_uid for stack in stacks}) > 1:
            parser.error("there are several series here: name one with --series UID")
        series = next(
            each for study in source.catalogue.studies for each in study.series if each.uid == stacks[0].key.series_uid
        )
        kind = SuvKind(options.type) if options.type else None
        if options.threshold == PERCIST and kind is None:
            kind = SuvKind.LEAN_BODY_JANMAHASATIAN
        stack = largest(stacks)
        measured = _measure(options, stacks, sampled(source.volume(stack)), kind, threshold)
    write_json(_document(options, series, stack, measured), options.json or STANDARD_OUTPUT)
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = verb_parser("pet-volume", "Grow a volume of uptake from a point and measure it.")
    parser.add_argument("path", metavar="PATH", type=Path, help="folder, file, DICOMDIR or ZIP archive")
    parser.add_argument("--series", metavar="UID", help="the PET series, where there are several series")
    parser.add_argument("--seed", nargs=3, type=float, metavar=("X", "Y", "Z"), required=True, help="LPS point in mm")
    parser.add_argument(
        "--threshold", metavar="T", required=True, help="41%% of the maximum, 2.5 in SUV, or percist with --liver"
    )
    parser.add_argument("--type", choices=[kind.value for kind in CALCULATED], help="default: SUVbw, or the file's own")
    parser.add_argument("--within", type=float, metavar="MM", help="only within so many mm of the seed")
    parser.add_argument(
        "--liver", nargs=3, type=float, metavar=("X", "Y", "Z"), help="middle of a 3 cm sphere in liver"
    )
    return parser


def _threshold(parser: argparse.ArgumentParser, options: argparse.Namespace) -> Threshold | None:
    """The threshold as asked for; ``None`` where it is PERCIST's, which the liver gives."""
    text = options.threshold.strip()
    if options.within is not None and not options.within > 0.0:
        parser.error("--within is a distance above 0 mm")
    if text == PERCIST:
        if options.liver is None:
            parser.error("the threshold of PERCIST needs a place in the liver: --liver X Y Z")
        return None
    try:
        number = float(text.removesuffix("%"))
    except ValueError:
        parser.error(f"{text!r} is no threshold: 41%, a value in SUV, or {PERCIST}")
    if not (np.isfinite(number) and number > 0.0) or (text.endswith("%") and number > 100.0):
        parser.error(f"{text!r} is no threshold: 41%, a value in SUV, or {PERCIST}")
    return Threshold(share=number / 100.0) if text.endswith("%") else Threshold(value=number)


def _measure(
    options: argparse.Namespace,
    stacks: list[Stack],
    whole: SampledVolume,
    kind: SuvKind | None,
    threshold: Threshold | None,
) -> _Measured:
    suv = suv_of_stacks(stacks, kind)
    if not suv.is_available and (threshold is None or threshold.share is None):
        raise NoUptakeVolume(f"a threshold in SUV needs SUV: {suv.reason}")
    values = values_of(whole, suv.factor or 1.0)
    liver = sphere(values, whole.grid, _point(options.liver), LIVER_RADIUS_MM) if options.liver is not None else None
    if threshold is None:
        assert liver is not None  # noqa: S101 - the parser saw to it
        threshold = Threshold(value=measurable_from(*liver))
    found = grow(values, whole.grid, _point(options.seed), threshold, reach_mm=options.within)
    return _Measured(values, whole, suv, suv_of_stacks(stacks, SuvKind.LEAN_BODY_JANMAHASATIAN), found, liver)


def _point(numbers: Sequence[float]) -> Vector3:
    return (float(numbers[0]), float(numbers[1]), float(numbers[2]))


def _document(options: argparse.Namespace, series: Series, stack: Stack, measured: _Measured) -> dict[str, object]:
    found, suv = measured.found, measured.suv
    seed = voxel_at(measured.whole.grid, _point(options.seed))
    unit = stack.frames[0].values.unit.value
    seconds = suv.inputs.get("decay_time_s") if suv.inputs.get("reference") else None
    facts = stack.frames[0].pet
    return {
        "series": series.uid,
        "available": suv.is_available,
        "type": suv.kind.value if suv.kind is not None else None,
        "unit": suv.kind.value if suv.kind is not None else unit,
        "reason": suv.reason,
        "threshold": {"asked": options.threshold, "lowest": found.lowest},
        "max": found.maximum,
        "mean": found.mean,
        "sd": found.deviation,
        "peak": {
            "at_maximum": found.peak_at_maximum.mean,
            "highest": found.highest_peak.mean,
            "highest_lps_mm": list(found.highest_peak.centre_lps_mm),
            "radius_mm": PEAK_RADIUS_MM,
        },
        "sul_peak": _sul_peak(measured),
        "mtv_ml": found.volume_ml,
        "tlg": found.total,
        "voxels": found.voxels,
        "maximum_lps_mm": list(found.maximum_lps_mm),
        "seed_is_inside": bool(found.mask[seed]),
        "touches_edge": found.touches_edge,
        "liver": {"mean": measured.liver[0], "sd": measured.liver[1]} if measured.liver is not None else None,
        "uptake_minutes": float(str(seconds)) / 60.0 if seconds is not None else None,
        "scanner": " ".join(filter(None, (series.equipment.manufacturer, series.equipment.model))),
        "reconstruction": facts.reconstruction if facts is not None else "",
    }


def _sul_peak(measured: _Measured) -> dict[str, object]:
    """The peaks by lean body mass, after Janmahasatian, whatever the type of the rest."""
    sul, suv, found = measured.sul, measured.suv, measured.found
    if sul.factor is None or sul.kind is None or not suv.factor:
        return {"type": None, "at_maximum": None, "highest": None, "reason": sul.reason or suv.reason}
    ratio = sul.factor / suv.factor
    at_maximum, highest = (
        peak.mean * ratio if peak.mean is not None else None for peak in (found.peak_at_maximum, found.highest_peak)
    )
    return {"type": sul.kind.value, "at_maximum": at_maximum, "highest": highest, "reason": ""}
