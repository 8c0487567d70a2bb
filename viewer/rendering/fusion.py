"""Uptake in colour over anatomy in grey: one blend at the end, and the colour bar from the very same table."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from viewer.rendering.colour_maps import colour_table


@dataclass(frozen=True, slots=True)
class FusionLook:
    """How uptake is painted. ``low``, ``high`` and ``threshold`` are in the uptake's own unit.

    Values below ``threshold`` are transparent; above it ``opacity`` (0 to 1) is the same for all.
    """

    low: float
    high: float
    threshold: float
    opacity: float = 0.5
    colour_map: str = "hot_iron"

    def __post_init__(self) -> None:
        if not (np.isfinite(self.low) and np.isfinite(self.high) and self.high > self.low):
            raise ValueError("the window of the uptake must rise from one finite value to another")
        if not 0.0 <= self.opacity <= 1.0:
            raise ValueError("opacity is a share from 0 to 1")
        colour_table(self.colour_map)


def painted(uptake: NDArray[np.floating], look: FusionLook) -> NDArray[np.uint8]:
    """Return the colours of uptake values, (..., 3), whether or not they are seen through; NaN takes the lowest."""
    share = (np.nan_to_num(uptake, nan=look.low) - look.low) / (look.high - look.low)
    entries = np.floor(np.clip(share, 0.0, 1.0) * 255.0 + 0.5).astype(np.intp)
    colours: NDArray[np.uint8] = colour_table(look.colour_map)[entries]
    return colours


def opacity_of(uptake: NDArray[np.floating], look: FusionLook) -> NDArray[np.float32]:
    """Return how much of the uptake's colour a pixel gets, 0 to 1: nothing where there is none or too little."""
    with np.errstate(invalid="ignore"):
        is_shown = uptake >= look.threshold
    return np.where(is_shown, np.float32(look.opacity), np.float32(0.0)).astype(np.float32)


def fused(grey: NDArray[np.uint8], uptake: NDArray[np.floating], look: FusionLook) -> NDArray[np.uint8]:
    """Return the fused picture, (height, width, 3): ``(1 - opacity) grey + opacity colour``, rounded once at the end.

    ``grey`` is the displayed anatomy and ``uptake`` the values on the same raster, NaN where there are none.
    """
    share = opacity_of(uptake, look)[..., None]
    blend = (1.0 - share) * grey[..., None].astype(np.float32) + share * painted(uptake, look)
    return np.floor(blend + 0.5).astype(np.uint8)


@dataclass(frozen=True, slots=True)
class ColourBar:
    """A bar for a window: ``pixels`` (height, width, 3), highest value at the top; ``ticks`` as (row, value)."""

    pixels: NDArray[np.uint8]
    ticks: tuple[tuple[int, float], ...]


def colour_bar(look: FusionLook, *, height: int, width: int, backdrop: int = 0) -> ColourBar:
    """Return the bar as it is painted over a grey backdrop: blank where values are transparent."""
    values = np.linspace(look.high, look.low, height)
    column = fused(np.full((height, 1), backdrop, dtype=np.uint8), values[:, None], look)
    rows = (0, (height - 1) // 2, height - 1)
    ticks = tuple((row, float(values[row])) for row in rows)
    return ColourBar(np.repeat(column, width, axis=1), ticks)
