"""``mpr PATH``: values and picture of a plane or slab anywhere in a volume."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from compare.reformat.plane import ReformatPlane, SlabMode, plane_with
from compare.reformat.sampled_volume import SampledVolume, sampled
from compare.reformat.stack_grid import GridNote
from loaders.model.display import Window
from loaders.model.volume import Volume
from viewer.headless.opened_path import opened
from viewer.headless.output import verb_parser, write_bytes, write_json
from viewer.headless.render import npy, png
from viewer.headless.selection import choose_stacks, largest

_LARGEST_SIDE = 8192
_NOTES = {
    GridNote.GANTRY_TILT: "the gantry was tilted by {:.1f} degrees: reformatted in the true, sheared geometry",
    GridNote.UNEVEN_SPACING: "slices are unevenly spaced, up to {:.2f} mm: reformatted at their true positions",
    GridNote.MISSING_SLICES: "slices are missing, a step of {:.2f} mm: a hole stays empty, one alone is interpolated",
}


def run(arguments: Sequence[str]) -> int:
    """Write a plane's values to a ``.npy``, its picture to a PNG, or both. Returns the exit status 0.

    Raises ``WorldError`` for what cannot be read, found, reformatted or written.
    """
    parser = _parser()
    options = parser.parse_args(arguments)
    if options.out is None and options.values is None:
        parser.error("nothing to write: give --out or --values")
    plane = _plane(parser, options)
    with opened(options.path) as source:
        stack = largest(choose_stacks(source.catalogue, options.series, options.stack))
        volume = source.volume(stack)
        whole = sampled(volume)
        notes = notes_of(whole)
        for note in notes:
            sys.stderr.write(f"note: {note}\n")
        _write(options, volume, whole, plane)
    if options.json is not None:
        write_json(_document(volume, plane, notes), options.json)
    return 0


def _write(options: argparse.Namespace, volume: Volume, whole: SampledVolume, plane: ReformatPlane) -> None:
    from viewer.rendering.plane_picture import grey_of_values  # noqa: PLC0415 - VTK only after all else is right
    from viewer.rendering.plane_sampler import PlaneSampler  # noqa: PLC0415

    sampler = PlaneSampler()
    try:
        values = sampler.sample(whole, plane)
    finally:
        sampler.close()
    if options.values is not None:
        write_bytes(npy(values), options.values)
    if options.out is not None:
        window = Window(*options.window) if options.window is not None else None
        frame = volume.frame(len(volume.stack.frames) // 2)
        write_bytes(png(grey_of_values(values, frame, window)), options.out)


def _parser() -> argparse.ArgumentParser:
    parser = verb_parser("mpr", "Write the values and the picture of a plane or slab anywhere in a volume.")
    parser.add_argument("path", metavar="PATH", type=Path, help="folder, file, DICOMDIR or ZIP archive")
    parser.add_argument("--series", metavar="UID", help="the series, where there are several")
    parser.add_argument("--stack", metavar="ID", help="the stack of the series, as the verb scan names it")
    for name, words in (
        ("--origin", "centre of the first pixel, LPS mm"),
        ("--normal", "direction the plane is seen along, LPS"),
        ("--up", "direction that is up in the picture, LPS"),
    ):
        parser.add_argument(name, nargs=3, type=float, metavar=("X", "Y", "Z"), required=True, help=words)
    parser.add_argument("--size", nargs=2, type=int, metavar=("W", "H"), required=True, help="columns and rows")
    parser.add_argument("--mm-per-pixel", type=float, metavar="S", required=True)
    parser.add_argument("--slab", type=float, metavar="MM", default=0.0, help="thickness about the plane")
    parser.add_argument("--mode", choices=[mode.value for mode in SlabMode], default="mip")
    parser.add_argument("--window", metavar=("CENTRE", "WIDTH"), nargs=2, type=float, help="instead of the file's own")
    parser.add_argument("--values", metavar="NPY", type=Path, help="values after the modality LUT, NaN outside")
    parser.add_argument("--out", metavar="PNG", type=Path, help="the displayed 8-bit pixels")
    return parser


def _plane(parser: argparse.ArgumentParser, options: argparse.Namespace) -> ReformatPlane:
    width, height = options.size
    if max(width, height) > _LARGEST_SIDE:
        parser.error(f"a picture of more than {_LARGEST_SIDE} pixels a side is not made")
    if not (np.isfinite(options.slab) and options.slab >= 0.0):
        parser.error("a slab is 0 mm thick or more")
    if options.window is not None and (not np.all(np.isfinite(options.window)) or options.window[1] <= 0):
        parser.error("a window is a finite centre and a width above 0")
    try:
        plane = plane_with(
            tuple(options.origin),
            tuple(options.normal),
            tuple(options.up),
            width=width,
            height=height,
            mm_per_pixel=options.mm_per_pixel,
        )
    except ValueError as error:
        parser.error(str(error))
    return replace(plane, slab_mm=options.slab, mode=SlabMode(options.mode))


def notes_of(whole: SampledVolume) -> list[str]:
    """Return what must be said of a picture from this volume, as sentences."""
    return [_NOTES[note].format(amount) for note, amount in whole.grid.notes]


def _document(volume: Volume, plane: ReformatPlane, notes: list[str]) -> dict[str, object]:
    return {
        "series": volume.stack.key.series_uid,
        "stack": volume.stack.key.stack_id,
        "unit": volume.unit.value,
        "origin_lps_mm": list(plane.origin_lps_mm),
        "right_lps": list(plane.right_lps),
        "down_lps": list(plane.down_lps),
        "normal_lps": list(plane.normal_lps),
        "size": [plane.width, plane.height],
        "mm_per_pixel": plane.mm_per_pixel,
        "slab_mm": plane.slab_mm,
        "mode": plane.mode.value if plane.slab_mm > 0.0 else None,
        "notes": notes,
    }
