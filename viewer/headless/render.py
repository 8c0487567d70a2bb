"""``render PATH``: one slice as it is displayed, at its stored matrix and without text; or its values."""

from __future__ import annotations

import argparse
import io
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from compare.viewing.view_state import Interpolation, Presentation, ViewState, WindowOrigin
from loaders.errors import DecodeError, WorldError
from loaders.model.display import Window
from loaders.model.frame import Frame
from loaders.model.units import PixelSpacing, SpacingBasis
from loaders.model.volume import Volume
from loaders.objects.overlay_source import OverlaySource
from loaders.values.auto_window import auto_window
from loaders.values.display_pixels import whole_range
from loaders.values.modality_lut import apply_modality_lut
from viewer.headless.opened_path import opened
from viewer.headless.output import verb_parser, write_bytes
from viewer.headless.overlay_painting import cut_and_turned, painted
from viewer.headless.render_layers import Layers, layers_of
from viewer.headless.selection import choose_frame, choose_stacks
from viewer.rendering.slice_renderer import SliceRenderer, SliceRequest

_MATRIX = PixelSpacing(1.0, 1.0, SpacingBasis.PIXELS_ONLY)


class RendererUnavailable(WorldError):
    """The renderer that was asked for cannot work on this machine."""

    code = "renderer_unavailable"


def run(arguments: Sequence[str]) -> int:
    """Render one slice to a PNG, its values to a ``.npy``, or both. Returns the exit status 0.

    Raises ``WorldError`` for what cannot be read, decoded, found or written.
    """
    options = _parser().parse_args(arguments)
    if options.out is None and options.values is None:
        _parser().error("nothing to write: give --out or --values")
    if options.presentation is not None and options.window is not None:
        _parser().error("a presentation state brings its own window: give one of --presentation and --window")
    if options.window is not None and (not np.all(np.isfinite(options.window)) or options.window[1] <= 0):
        _parser().error("a window is a finite centre and a width above 0")
    with opened(options.path) as path:
        stacks = choose_stacks(path.catalogue, options.series, options.stack)
        choice = choose_frame(stacks, options.slice, options.frame)
        volume = path.frame(choice)
        overlays = OverlaySource(path.catalogue, path.pool, path.objects, path.source)
        layers = layers_of(options, choice.frame, overlays)
    if options.values is not None:
        write_bytes(npy(values_of(volume)), options.values)
    if options.out is not None:
        window = Window(*options.window) if options.window is not None else None
        write_bytes(png(layered_pixels(volume, window, layers, options.renderer)), options.out)
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = verb_parser("render", "Write one slice as it is displayed, or its values.", with_json=False)
    parser.add_argument("path", metavar="PATH", type=Path, help="folder, file, DICOMDIR or ZIP archive")
    parser.add_argument("--series", metavar="UID", help="the series, where there are several")
    parser.add_argument("--stack", metavar="ID", help="the stack of the series, as the verb scan names it")
    which = parser.add_mutually_exclusive_group()
    which.add_argument("--slice", metavar="N", type=int, help="slice of the stack, from 1 (default 1)")
    which.add_argument("--frame", metavar="N", type=int, help="frame of a multi-frame file, from 1")
    parser.add_argument("--window", metavar=("CENTRE", "WIDTH"), nargs=2, type=float, help="instead of the file's own")
    parser.add_argument("--presentation", metavar="UID", help="as this presentation state wants it")
    parser.add_argument("--overlays", action="store_true", help="with the image's own overlay planes and shutters")
    parser.add_argument("--segmentation", metavar="UID", help="with the segments that lie in the slice")
    parser.add_argument("--contours", metavar="UID", help="with the contours of this RT structure set")
    parser.add_argument("--renderer", choices=("reference", "vtk"), default="reference")
    parser.add_argument("--out", metavar="PNG", type=Path, help="the displayed 8-bit pixels")
    parser.add_argument("--values", metavar="NPY", type=Path, help="the values after the modality LUT, as floats")
    return parser


def values_of(volume: Volume) -> NDArray[np.float64]:
    """Return stored values through the modality LUT only, (rows, columns), or colour as it is, (rows, columns, 3)."""
    stored = volume.frame_array(0)
    assert stored is not None  # noqa: S101 - the caller loaded it
    frame = volume.frame(0)
    return stored.astype(np.float64) if frame.format.is_colour else apply_modality_lut(stored, frame.values)


def layered_pixels(volume: Volume, window: Window | None, layers: Layers, renderer: str) -> NDArray[np.uint8]:
    """Return the one frame of a volume with what was asked to be laid over it, cut and turned as a state wants it."""
    state = layers.state
    if state is None:
        pixels = displayed_pixels(volume, window, renderer)
        return painted(pixels, layers.overlays) if layers.is_drawn else pixels
    frame = state.shown_as(volume.frame(0))
    shown = Volume(replace(volume.stack, frames=(frame,)), volume.validity, volume.stored)
    if state.has_grey and not (frame.display.windows or frame.display.voi_tables or frame.format.is_colour):
        # A state without a window asks for the whole range (PS3.4 N.2.1.2), not for an automatic one.
        window = whole_range(frame)
    pixels = displayed_pixels(shown, window, renderer)
    if state.palette is not None and state.superimposed is None and pixels.ndim == 2:
        pixels = state.palette.coloured(pixels)
    if layers.is_drawn:
        pixels = painted(pixels, layers.overlays)
    area = state.area_of(frame)
    box = area.box if area else (0, 0, frame.format.columns, frame.format.rows)
    return cut_and_turned(pixels, box, state.turns_clockwise, is_flipped=state.is_flipped)


def displayed_pixels(volume: Volume, window: Window | None, renderer: str = "reference") -> NDArray[np.uint8]:
    """Return the one frame of a volume as displayed, one pixel of the stored matrix for one of the picture.

    Without a window: the file's own, its VOI table, or else an automatic one. Raises ``RendererUnavailable``.
    """
    frame = volume.frame(0)
    presentation = _presentation(volume, frame, window)
    # On the matrix, a pixel is one unit in both directions whatever it measures in the patient.
    bare = replace(volume.stack, frames=(replace(frame, spacing=_MATRIX, plane=None),))
    on_matrix = Volume(bare, volume.validity, volume.stored)
    rows, columns = frame.format.rows, frame.format.columns
    view = ViewState(0, ((columns - 1) / 2, (rows - 1) / 2), 1.0, is_fitted=False)
    drawer = _renderer(renderer)
    try:
        pixels = drawer.render(SliceRequest(on_matrix, view, presentation, columns, rows))
    finally:
        drawer.close()
    if pixels is None:
        raise DecodeError("the frame is not in memory")
    return pixels


def _presentation(volume: Volume, frame: Frame, window: Window | None) -> Presentation:
    if window is not None:
        return Presentation(window, WindowOrigin.READER, interpolation=Interpolation.NEAREST)
    stored = volume.frame_array(0)
    has_own = bool(frame.display.windows or frame.display.voi_tables)
    if has_own or frame.format.is_colour or stored is None:
        return Presentation(interpolation=Interpolation.NEAREST)
    return Presentation(auto_window(stored, frame), WindowOrigin.AUTO, interpolation=Interpolation.NEAREST)


def _renderer(name: str) -> SliceRenderer:
    if name == "reference":
        from viewer.rendering.reference_renderer import ReferenceRenderer  # noqa: PLC0415

        return ReferenceRenderer()
    from viewer.rendering.gl_canvas import GlUnavailable  # noqa: PLC0415 - VTK only when asked for
    from viewer.rendering.vtk_renderer import VtkRenderer  # noqa: PLC0415

    try:
        return VtkRenderer()
    except GlUnavailable as error:
        raise RendererUnavailable(f"no OpenGL here: {error}") from error


def png(pixels: NDArray[np.uint8]) -> bytes:
    """Return grey (rows, columns) or RGB (rows, columns, 3) pixels as PNG."""
    from PIL import Image  # noqa: PLC0415

    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, format="PNG")
    return stream.getvalue()


def npy(values: NDArray[Any]) -> bytes:
    """Return an array as the bytes of a ``.npy`` file."""
    stream = io.BytesIO()
    np.save(stream, values)
    return stream.getvalue()
