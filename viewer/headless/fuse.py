"""``fuse PATH``: PET or NM in colour over CT or MR, on a plane through both."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from compare.hanging.window_presets import presets_for
from compare.pet.carried_volume import carried
from compare.pet.fusion_pairs import is_attenuation_corrected, pairs_of, require_modalities, require_one_space
from compare.reformat.covering_plane import covering_plane
from compare.reformat.plane import ANATOMICAL, ReformatPlane
from compare.reformat.sampled_volume import SampledVolume, sampled
from compare.reformat.stack_grid import grid_of
from loaders.model.display import Window
from loaders.model.frame import Frame
from loaders.model.series import Series
from loaders.model.study import Catalogue
from loaders.model.units import ValueUnit
from loaders.values.suv import suv_of_stacks
from viewer.headless.fuse_transform import base_to_overlay
from viewer.headless.mpr import notes_of
from viewer.headless.opened_path import OpenedPath, opened
from viewer.headless.output import verb_parser, write_bytes, write_json
from viewer.headless.render import npy, png
from viewer.headless.selection import NothingSelected, largest
from viewer.rendering.colour_maps import COLOUR_MAP_NAMES
from viewer.rendering.fusion import FusionLook, fused
from viewer.rendering.plane_picture import automatic_window, grey_of_values
from viewer.rendering.plane_sampler import PlaneSampler

#: Without a word from the reader: a tenth of the window is transparent.
_TRANSPARENT_SHARE = 0.1


@dataclass(frozen=True, slots=True)
class _Sides:
    """The two volumes, and what turns the overlay's values into what is painted."""

    series_uids: tuple[str, str]
    base: SampledVolume
    base_frame: Frame
    overlay: SampledVolume
    factor: float
    unit: str
    is_suv: bool
    notes: tuple[str, ...]
    registration: str


def run(arguments: Sequence[str]) -> int:
    """Write the fused picture. Returns the exit status 0. Raises ``WorldError``; ``CannotFuse`` says why not."""
    parser = _parser()
    options = parser.parse_args(arguments)
    with opened(options.path) as source:
        sides = _sides(source, options)
        plane = covering_plane(sides.base.grid, options.plane, options.position)
        sampler = PlaneSampler()
        try:
            anatomy = sampler.sample(sides.base, plane)
            uptake = sampler.sample(sides.overlay, plane) * np.float32(sides.factor)
        finally:
            sampler.close()
        look = _look(parser, options, sides)
    for note in sides.notes:
        sys.stderr.write(f"note: {note}\n")
    window = _base_window(options, sides.base_frame, anatomy)
    picture = fused(grey_of_values(anatomy, sides.base_frame, window), uptake, look)
    if options.values is not None:
        write_bytes(npy(uptake), options.values)
    write_bytes(png(picture), options.out)
    if options.json is not None:
        write_json(_document(options, sides, plane, look, window), options.json)
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = verb_parser("fuse", "Lay PET or NM in colour over CT or MR.")
    parser.add_argument("path", metavar="PATH", type=Path, help="folder, file, DICOMDIR or ZIP archive")
    parser.add_argument("--base", metavar="UID", help="the series of the CT or MR (default: the best pair)")
    parser.add_argument("--overlay", metavar="UID", help="the series of the PET or NM (default: the best pair)")
    parser.add_argument(
        "--transform", metavar="FILE", type=Path, help="rigid: ITK's, base to overlay, or a DICOM registration"
    )
    parser.add_argument("--plane", choices=list(ANATOMICAL), required=True)
    parser.add_argument("--position", metavar="MM", type=float, help="LPS z, y or x of the plane (default: middle)")
    parser.add_argument("--window", metavar=("CENTRE", "WIDTH"), nargs=2, type=float, help="of the base")
    parser.add_argument(
        "--overlay-window", metavar=("LOW", "HIGH"), nargs=2, type=float, help="in SUV where it is known"
    )
    parser.add_argument("--threshold", metavar="VALUE", type=float, help="below it the overlay is transparent")
    parser.add_argument("--opacity", metavar="SHARE", type=float, default=0.5)
    parser.add_argument("--map", choices=COLOUR_MAP_NAMES, default="hot_iron")
    parser.add_argument("--values", metavar="NPY", type=Path, help="the overlay's values on the plane")
    parser.add_argument("--out", metavar="PNG", type=Path, required=True)
    return parser


def _series(catalogue: Catalogue, uid: str) -> Series:
    for study in catalogue.studies:
        for series in study.series:
            if series.uid == uid and series.stacks:
                return series
    raise NothingSelected(f"no series {uid} here")


def _choose(catalogue: Catalogue, options: argparse.Namespace) -> tuple[Series, Series]:
    """The series that were named; for one that was not, the best pair of a study that fits the other."""
    if options.base is not None and options.overlay is not None:
        return _series(catalogue, options.base), _series(catalogue, options.overlay)
    for study in catalogue.studies:
        for pair in pairs_of(study):
            base, overlay = pair.anatomy.key.series_uid, pair.uptake.key.series_uid
            if options.base in {None, base} and options.overlay in {None, overlay}:
                return _series(catalogue, base), _series(catalogue, overlay)
    raise NothingSelected("no PET or NM here shares a frame of reference, and its place, with a CT or MR")


def _sides(source: OpenedPath, options: argparse.Namespace) -> _Sides:
    base, overlay = _choose(source.catalogue, options)
    require_modalities(base, overlay)
    base_stack, overlay_stack = largest(list(base.stacks)), largest(list(overlay.stacks))
    transform = None
    if options.transform is None:
        require_one_space(base_stack, overlay_stack)
    else:
        transform = base_to_overlay(options.transform, base_stack, overlay_stack)
    # What cannot be cut is refused before any pixel is loaded.
    grid_of(base_stack)
    grid_of(overlay_stack)
    base_values, overlay_volume = sampled(source.volume(base_stack)), source.volume(overlay_stack)
    overlay_values = sampled(overlay_volume)
    if transform is not None:
        overlay_values = carried(overlay_values, transform.inverse())
    notes = [f"base: {note}" for note in notes_of(base_values)]
    notes += [f"overlay: {note}" for note in notes_of(overlay_values)]
    if not is_attenuation_corrected(overlay_stack):
        notes.append("the overlay does not list attenuation among its corrections")
    suv = suv_of_stacks(overlay.stacks)
    if not suv.is_available:
        notes.append(f"no SUV: {suv.reason}")
    return _Sides(
        (base.uid, overlay.uid),
        base_values,
        base_stack.frames[len(base_stack.frames) // 2],
        overlay_values,
        suv.factor or 1.0,
        suv.kind.value if suv.kind is not None else overlay_volume.unit.value,
        suv.is_available,
        tuple(notes),
        "same frame of reference" if options.transform is None else f"rigid, from {options.transform.name}",
    )


def _base_window(options: argparse.Namespace, frame: Frame, values: NDArray[np.float32]) -> Window | None:
    """The window of the base: the reader's, the file's, or an automatic one; ``None`` where a VOI table shows it."""
    if options.window is not None:
        return Window(*options.window)
    if frame.display.windows:
        return frame.display.windows[0]
    return None if frame.display.voi_tables else automatic_window(values)


def _look(parser: argparse.ArgumentParser, options: argparse.Namespace, sides: _Sides) -> FusionLook:
    """The reader's look; without one the first preset of SUV, or the native values but for one in a thousand."""
    if options.overlay_window is not None:
        low, high = options.overlay_window
    elif sides.is_suv:
        preset = presets_for("PT", ValueUnit.SUV_BODY_WEIGHT)[0].window
        low, high = preset.center - preset.width / 2.0, preset.center + preset.width / 2.0
    else:
        values = np.asarray(sides.overlay.array, dtype=np.float32) * sides.overlay.slope + sides.overlay.intercept
        low, high = 0.0, float(max(np.percentile(values, 99.9), 1e-9))
    threshold = options.threshold if options.threshold is not None else low + _TRANSPARENT_SHARE * (high - low)
    try:
        return FusionLook(low, high, threshold, options.opacity, options.map)
    except ValueError as error:
        parser.error(str(error))


def _document(
    options: argparse.Namespace, sides: _Sides, plane: ReformatPlane, look: FusionLook, window: Window | None
) -> dict[str, object]:
    voi = (
        None if window is None else {"center": window.center, "width": window.width, "function": window.function.value}
    )
    return {
        "base": sides.series_uids[0],
        "overlay": sides.series_uids[1],
        "frame_of_reference_uid": sides.base.grid.frame_of_reference_uid,
        "registration": sides.registration,
        "plane": options.plane,
        "origin_lps_mm": list(plane.origin_lps_mm),
        "right_lps": list(plane.right_lps),
        "down_lps": list(plane.down_lps),
        "size": [plane.width, plane.height],
        "mm_per_pixel": plane.mm_per_pixel,
        "base_window": voi,
        "unit": sides.unit,
        "overlay_window": [look.low, look.high],
        "threshold": look.threshold,
        "opacity": look.opacity,
        "colour_map": look.colour_map,
        "notes": list(sides.notes),
    }
