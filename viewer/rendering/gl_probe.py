"""Asks OpenGL for a picture whose every pixel is known, in a process that may crash without harm.

Runs in the child process that :mod:`viewer.rendering.choose_renderer` starts; the answer is a small JSON object.
"""

from __future__ import annotations

import json
import os
from multiprocessing.connection import Connection
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from compare.viewing.view_state import Presentation, ViewState
from loaders.model.frame import Frame
from loaders.model.frame_validity import FrameState, FrameValidity
from loaders.model.pixel_format import FileLocator, PixelFormat, PixelLocation
from loaders.model.stack import Stack, StackKey, StackKind
from loaders.model.units import PixelSpacing, SpacingBasis
from loaders.model.volume import Volume
from viewer.rendering.slice_renderer import SliceRequest

_SIDE = 256


def answer(connection: Connection) -> None:
    """Send what OpenGL is and whether it drew the ramp rightly, then end. The child process starts here."""
    # What a driver prints while it fails is no message to the reader; the answer is.
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)
    connection.send_bytes(json.dumps(_probe()).encode())
    connection.close()


def _probe() -> dict[str, str | int | bool]:
    # Imported here: without VTK's libraries even the import fails, and that is an answer too.
    try:
        from viewer.rendering.gl_canvas import GlUnavailable  # noqa: PLC0415
        from viewer.rendering.vtk_renderer import VtkRenderer  # noqa: PLC0415
    except ImportError as error:
        return {"renderer": "", "is_right": False, "reason": str(error), "texture_limit": 0}
    try:
        renderer = VtkRenderer(table_source=_known_table)
    except GlUnavailable as error:
        return {"renderer": "", "is_right": False, "reason": str(error), "texture_limit": 0}
    picture = renderer.render(ramp_request())
    is_right = picture is not None and not renderer.has_failed and np.array_equal(picture, known_picture())
    return {
        "renderer": renderer.device_name,
        "is_right": bool(is_right),
        "reason": "" if is_right else "the picture read back is not the one that was drawn",
        "texture_limit": renderer.texture_limit,
    }


def ramp_request() -> SliceRequest:
    """A request for every 16-bit value once, 256 x 256, at one pixel to a pixel."""
    layout = PixelFormat(_SIDE, _SIDE, 1, "MONOCHROME2", 16, 16, 15, is_signed=False, transfer_syntax_uid="")
    frame = Frame(
        "", "", 1, 1, layout, PixelLocation(FileLocator(Path())), PixelSpacing(1.0, 1.0, SpacingBasis.PIXELS_ONLY)
    )
    validity = FrameValidity(1)
    validity.mark(0, FrameState.LOADED)
    stored = np.arange(_SIDE * _SIDE, dtype=np.uint16).reshape(1, _SIDE, _SIDE)
    volume = Volume(Stack(StackKey("", "", ""), StackKind.SINGLE, (frame,)), validity, stored=stored)
    middle = (_SIDE - 1) / 2.0
    return SliceRequest(volume, ViewState(centre_mm=(middle, middle)), Presentation(), _SIDE, _SIDE)


def known_picture() -> NDArray[np.uint8]:
    """The picture of :func:`ramp_request`: neighbours differ, so that a lost bit or a shifted row shows."""
    codes = np.arange(_SIDE * _SIDE, dtype=np.uint32)
    return ((codes * 157 + (codes >> 8) * 31) & 255).astype(np.uint8).reshape(_SIDE, _SIDE)


def _known_table(_frame: Frame, _presentation: Presentation) -> NDArray[np.uint8]:
    return known_picture().ravel()
