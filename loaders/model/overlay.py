"""What may be drawn over a frame: masks, lines, points and text in pixels of that frame's stored matrix.

Points are (column, row), (0, 0) at the *centre* of the first pixel; a renderer maps them as it maps the picture.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

Colour = tuple[int, int, int]

WHITE: Colour = (255, 255, 255)


@dataclass(frozen=True, slots=True, eq=False)
class MaskOverlay:
    """A region: ``opacity`` (rows, columns) float32 of 0..1, as large as the frame."""

    opacity: NDArray[np.float32]
    colour: Colour = WHITE
    label: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class PictureOverlay:
    """Another picture: ``pixels`` (rows, columns, 3) uint8, ``opacity`` (rows, columns) float32 of 0..1."""

    pixels: NDArray[np.uint8]
    opacity: NDArray[np.float32]
    label: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class LineOverlay:
    """A line through ``points``, shape (n, 2), (column, row). One point is a dot."""

    points: NDArray[np.float64]
    colour: Colour = WHITE
    label: str = ""
    is_closed: bool = False
    is_filled: bool = False


@dataclass(frozen=True, slots=True)
class TextOverlay:
    """Plain text with its upper left corner, or its anchor, at ``place`` (column, row)."""

    text: str
    place: tuple[float, float]
    colour: Colour = WHITE
    is_anchored: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class ShutterOverlay:
    """What a shutter leaves to be seen: ``is_open`` (rows, columns); elsewhere the grey or colour of the shutter."""

    is_open: NDArray[np.bool_]
    colour: Colour = (0, 0, 0)


@dataclass(frozen=True, slots=True)
class FrameOverlays:
    """Everything to draw over one frame, in order, and what belongs there but cannot be drawn, in words."""

    pictures: tuple[PictureOverlay, ...] = ()
    masks: tuple[MaskOverlay, ...] = ()
    lines: tuple[LineOverlay, ...] = ()
    texts: tuple[TextOverlay, ...] = ()
    shutter: ShutterOverlay | None = None
    not_drawn: tuple[str, ...] = field(default=())

    def __add__(self, other: FrameOverlays) -> FrameOverlays:
        """Return both, ``other`` on top; of two shutters only what both leave open."""
        shutter = self.shutter or other.shutter
        if self.shutter is not None and other.shutter is not None:
            shutter = ShutterOverlay(self.shutter.is_open & other.shutter.is_open, other.shutter.colour)
        return FrameOverlays(
            self.pictures + other.pictures,
            self.masks + other.masks,
            self.lines + other.lines,
            self.texts + other.texts,
            shutter,
            self.not_drawn + other.not_drawn,
        )
