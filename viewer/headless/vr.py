"""``vr PATH``: a picture of a volume as a whole."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from compare.reformat.even_volume import on_even_grid
from compare.reformat.sampled_volume import SampledVolume, sampled
from compare.viewing.volume_presets import VolumePreset, fitting_presets, volume_presets
from loaders.errors import WorldError
from loaders.model.display import Window
from loaders.model.volume import Volume
from viewer.headless.mpr import notes_of
from viewer.headless.opened_path import opened
from viewer.headless.output import verb_parser, write_bytes, write_json
from viewer.headless.render import png
from viewer.headless.selection import choose_stacks, largest


class PresetDoesNotFit(WorldError):
    """A preset for Hounsfield units was asked of values that are none."""

    code = "preset_does_not_fit"


def run(arguments: Sequence[str]) -> int:
    """Write the picture to a PNG. Returns the exit status 0.

    Raises ``WorldError`` for what cannot be read, found, rendered or written.
    """
    options = _parser().parse_args(arguments)
    preset = volume_presets()[options.preset]
    with opened(options.path) as source:
        volume = source.volume(largest(choose_stacks(source.catalogue, options.series, options.stack)))
        _require_unit(volume, preset)
        whole = sampled(volume)
        notes = notes_of(whole)
        whole = on_even_grid(whole)
        window = Window(*options.window) if options.window is not None else _window_of(whole)
        from viewer.rendering.volume_renderer import VolumeRenderer, VolumeView  # noqa: PLC0415 - VTK last

        renderer = VolumeRenderer()
        try:
            picture = renderer.render(
                whole,
                preset,
                VolumeView(options.azimuth, options.elevation),
                width=options.size[0],
                height=options.size[1],
                window=window,
            )
            if renderer.stride > 1:
                notes.append(f"the volume is too large to be drawn in full: every {renderer.stride}th voxel")
        finally:
            renderer.close()
    for note in notes:
        sys.stderr.write(f"note: {note}\n")
    write_bytes(png(picture), options.out)
    if options.json is not None:
        stack = volume.stack.key
        write_json(
            {
                "series": stack.series_uid,
                "stack": stack.stack_id,
                "preset": preset.code,
                "azimuth_degrees": options.azimuth,
                "elevation_degrees": options.elevation,
                "size": options.size,
                "notes": notes,
            },
            options.json,
        )
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = verb_parser("vr", "Write a picture of a volume as a whole.")
    parser.add_argument("path", metavar="PATH", type=Path, help="folder, file, DICOMDIR or ZIP archive")
    parser.add_argument("--series", metavar="UID", help="the series, where there are several")
    parser.add_argument("--stack", metavar="ID", help="the stack of the series, as the verb scan names it")
    parser.add_argument("--preset", choices=list(volume_presets()), required=True)
    parser.add_argument(
        "--azimuth", type=float, default=0.0, metavar="A", help="degrees: 0 from the front, 90 from the patient's left"
    )
    parser.add_argument("--elevation", type=float, default=0.0, metavar="E", help="degrees towards the head")
    parser.add_argument("--size", nargs=2, type=_side, default=[800, 800], metavar=("W", "H"))
    parser.add_argument("--window", metavar=("CENTRE", "WIDTH"), nargs=2, type=float, help="for the preset mip")
    parser.add_argument("--out", metavar="PNG", type=Path, required=True)
    return parser


def _side(text: str) -> int:
    side = int(text)
    if not 1 <= side <= 4096:
        raise argparse.ArgumentTypeError("1 to 4096 pixels")
    return side


def _require_unit(volume: Volume, preset: VolumePreset) -> None:
    if preset.unit in {None, volume.unit}:
        return
    fitting = ", ".join(each.code for each in fitting_presets(volume.unit))
    raise PresetDoesNotFit(
        f"the preset {preset.code} is in {preset.unit}, the series in {volume.unit}; there fits: {fitting}"
    )


def _window_of(whole: SampledVolume) -> Window:
    """Where a projection's highest values lie: from the middle of all values to all but one in two thousand.

    A file's own window is made for slices: highest values along lines of sight lie above it.
    """
    low, high = np.percentile(np.asarray(whole.array[::2, ::4, ::4], dtype=np.float64), (50.0, 99.95))
    low, high = sorted(end * whole.slope + whole.intercept for end in (low, high))
    return Window(float(low + high) / 2.0, max(float(high - low), 1e-9))
