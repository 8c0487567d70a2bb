"""Overlays onto displayed pixels of the stored matrix, with numpy and Pillow: one pixel for one pixel."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from loaders.model.overlay import FrameOverlays, LineOverlay, TextOverlay

_DOT = 3
_SMALLEST_TEXT = 12


def painted(pixels: NDArray[np.uint8], overlays: FrameOverlays) -> NDArray[np.uint8]:
    """Return RGB (rows, columns, 3) of grey or RGB pixels with everything drawn, pictures first and text last."""
    colour = np.repeat(pixels[..., None], 3, axis=-1) if pixels.ndim == 2 else pixels.copy()
    for picture in overlays.pictures:
        colour = _blended(colour, picture.pixels, picture.opacity)
    for mask in overlays.masks:
        colour = _blended(colour, np.asarray(mask.colour, dtype=np.float32), mask.opacity)
    if overlays.shutter is not None:
        colour[~overlays.shutter.is_open] = overlays.shutter.colour
    if not overlays.lines and not overlays.texts:
        return colour
    image = Image.fromarray(colour)
    draw = ImageDraw.Draw(image)
    for line in overlays.lines:
        _draw_line(draw, line)
    font = ImageFont.load_default(max(_SMALLEST_TEXT, min(colour.shape[:2]) // 40))
    for text in overlays.texts:
        _draw_text(draw, text, font)
    return np.array(image)


def _blended(under: NDArray[np.uint8], over: NDArray[np.generic], opacity: NDArray[np.float32]) -> NDArray[np.uint8]:
    share = opacity[..., None]
    mixed = under * (1.0 - share) + over.astype(np.float32) * share
    blended: NDArray[np.uint8] = np.floor(mixed + 0.5).astype(np.uint8)
    return blended


def _draw_line(draw: ImageDraw.ImageDraw, line: LineOverlay) -> None:
    points = [(float(column), float(row)) for column, row in line.points]
    if len(points) == 1:
        column, row = points[0]
        draw.line([(column - _DOT, row), (column + _DOT, row)], fill=line.colour)
        draw.line([(column, row - _DOT), (column, row + _DOT)], fill=line.colour)
        return
    if line.is_filled and len(points) > 2:
        draw.polygon(points, fill=line.colour)
    draw.line([*points, points[0]] if line.is_closed else points, fill=line.colour)


def _draw_text(
    draw: ImageDraw.ImageDraw, text: TextOverlay, font: ImageFont.FreeTypeFont | ImageFont.ImageFont
) -> None:
    draw.multiline_text(text.place, text.text, fill=text.colour, font=font)


def undrawable_texts(overlays: FrameOverlays) -> tuple[str, ...]:
    """Return texts with letters that the built-in font does not have."""
    return tuple(text.text for text in overlays.texts if any(ord(letter) > 0x24F for letter in text.text))


def cut_and_turned(
    pixels: NDArray[np.uint8], box: tuple[int, int, int, int], turns_clockwise: int, *, is_flipped: bool
) -> NDArray[np.uint8]:
    """Return the part of a picture within a box, turned clockwise and then mirrored left to right (PS3.3 C.10.6)."""
    rows, columns = pixels.shape[:2]
    left, top, right, bottom = box
    part = pixels[max(0, top) : min(rows, bottom), max(0, left) : min(columns, right)]
    if not part.size:
        part = pixels
    turned = np.rot90(part, -turns_clockwise)
    return np.ascontiguousarray(turned[:, ::-1] if is_flipped else turned)
