"""Where a viewport looks, and how it paints. Values only: no pixels, no widgets."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from loaders.model.display import Window


class Interpolation(StrEnum):
    """How stored pixels become screen pixels."""

    LINEAR = "linear"
    NEAREST = "nearest"


class WindowOrigin(StrEnum):
    """Who chose the window: the file, a preset, an automatic range, the reader, or a link to another viewport."""

    FILE = "file"
    PRESET = "preset"
    AUTO = "auto"
    READER = "reader"
    LINK = "link"


@dataclass(frozen=True, slots=True)
class ViewState:
    """Geometry of what a viewport shows, free of its size.

    ``frame_index`` counts from 0 within the stack (the screen shows it from 1). ``centre_mm`` is the in-plane point
    (right, down) in mm from the centre of pixel (0, 0) that lies at the middle of the canvas; ``mm_per_pixel`` is the
    size of one *device* pixel. For images without millimetres the spacing is 1 and "mm" reads "image pixels".
    ``quarter_turns`` rotates the picture clockwise, after ``flipped`` has mirrored it left to right.
    ``is_fitted`` says that the scale follows the viewport's size until the reader chooses one.
    """

    frame_index: int = 0
    centre_mm: tuple[float, float] = (0.0, 0.0)
    mm_per_pixel: float = 1.0
    quarter_turns: int = 0
    flipped: bool = False
    is_fitted: bool = True


@dataclass(frozen=True, slots=True)
class Presentation:
    """Grey of what a viewport shows. ``window`` ``None`` asks for the file's own, or an automatic one."""

    window: Window | None = None
    window_origin: WindowOrigin = WindowOrigin.FILE
    voi_table_index: int | None = None
    is_inverted: bool = False
    colour_map: str = "grey"
    interpolation: Interpolation = Interpolation.LINEAR
