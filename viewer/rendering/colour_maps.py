"""Colour maps as tables of 256 RGB entries. ``grey`` is none: pictures stay one byte a pixel."""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

#: Control points (position 0 to 1, red, green, blue 0 to 1); between them the table is linear.
_POINTS: dict[str, tuple[tuple[float, float, float, float], ...]] = {
    "grey": ((0.0, 0.0, 0.0, 0.0), (1.0, 1.0, 1.0, 1.0)),
    "inverse_grey": ((0.0, 1.0, 1.0, 1.0), (1.0, 0.0, 0.0, 0.0)),
    # PS3.6 B.1.1 Hot Iron.
    "hot_iron": (
        (0.0, 0.0, 0.0, 0.0),
        (128 / 255, 256 / 255, 0.0, 0.0),
        (129 / 255, 1.0, 2 / 255, 0.0),
        (191 / 255, 1.0, 126 / 255, 0.0),
        (254 / 255, 1.0, 252 / 255, 252 / 255),
        (1.0, 1.0, 1.0, 1.0),
    ),
    # PS3.6 B.1.2 PET: turns between its colours at quarters of the range.
    "pet": (
        (0.0, 0.0, 0.0, 0.0),
        (63 / 255, 0.0, 128 / 255, 125 / 255),
        (128 / 255, 128 / 255, 0.0, 1.0),
        (192 / 255, 1.0, 128 / 255, 0.0),
        (1.0, 1.0, 1.0, 1.0),
    ),
    "rainbow": (
        (0.0, 0.0, 0.0, 0.0),
        (0.1, 0.3, 0.0, 0.5),
        (0.25, 0.0, 0.0, 1.0),
        (0.4, 0.0, 0.9, 0.9),
        (0.55, 0.0, 0.8, 0.0),
        (0.7, 1.0, 1.0, 0.0),
        (0.85, 1.0, 0.5, 0.0),
        (1.0, 1.0, 0.0, 0.0),
    ),
}

#: Names in the order of a menu.
COLOUR_MAP_NAMES = ("grey", "inverse_grey", "hot_iron", "pet", "rainbow", "even_heat")

#: Hue (degrees) and chroma along the perceptual map; its lightness is exactly linear.
_EVEN_HEAT_HUE = (300.0, 20.0, 85.0)
_EVEN_HEAT_CHROMA = 44.0


@cache
def colour_table(name: str) -> NDArray[np.uint8]:
    """Return the read-only table of a colour map, shape (256, 3).

    Raises ``ValueError`` for a name that is not in ``COLOUR_MAP_NAMES``.
    """
    if name == "even_heat":
        table = _even_heat()
    elif name in _POINTS:
        points = np.asarray(_POINTS[name])
        steps = np.linspace(0.0, 1.0, 256)
        channels = [np.interp(steps, points[:, 0], points[:, channel]) for channel in (1, 2, 3)]
        table = np.clip(np.rint(np.stack(channels, axis=1) * 255.0), 0, 255).astype(np.uint8)
    else:
        raise ValueError(f"no colour map named {name!r}")
    table.setflags(write=False)
    return table


def coloured(grey: NDArray[np.uint8], name: str) -> NDArray[np.uint8]:
    """Return a grey picture (h, w) in a colour map's colours, (h, w, 3).

    Raises ``ValueError`` for an unknown name.
    """
    pixels = _packed_table(name).take(grey.astype(np.intp), mode="clip").view(np.uint8)
    return np.ascontiguousarray(pixels.reshape(*grey.shape, 4)[:, :, :3])


@cache
def _packed_table(name: str) -> NDArray[np.uint32]:
    """The table with four bytes an entry, so that one read fetches a whole colour."""
    padded = np.zeros((256, 4), dtype=np.uint8)
    padded[:, :3] = colour_table(name)
    packed: NDArray[np.uint32] = padded.view(np.uint32)[:, 0]
    return packed


def _even_heat() -> NDArray[np.uint8]:
    """A map whose CIE lightness rises evenly from black to white, so that equal steps of value look equal.

    Built in CIE LCh(ab) under D65: lightness is linear, hue turns from violet over red to yellow, and chroma is
    lowered where sRGB could not show the colour, so that lightness is never clipped.
    """
    steps = np.linspace(0.0, 1.0, 256)
    lightness = steps * 100.0
    hue_points = np.asarray(_EVEN_HEAT_HUE)
    hue_points = np.where(hue_points > 180.0, hue_points - 360.0, hue_points)
    hue = np.radians(np.interp(steps, (0.0, 0.5, 1.0), hue_points))
    low, high = np.zeros(256), np.full(256, 2.0 * _EVEN_HEAT_CHROMA) * np.sin(np.pi * steps)
    for _ in range(24):
        middle = (low + high) / 2.0
        rgb = _linear_srgb(lightness, middle * np.cos(hue), middle * np.sin(hue))
        fits = np.all((rgb >= 0.0) & (rgb <= 1.0), axis=1)
        low, high = np.where(fits, middle, low), np.where(fits, high, middle)
    linear = np.clip(_linear_srgb(lightness, low * np.cos(hue), low * np.sin(hue)), 0.0, 1.0)
    encoded = np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1.0 / 2.4) - 0.055)
    return np.rint(encoded * 255.0).astype(np.uint8)


def _linear_srgb(lightness: NDArray[np.float64], a: NDArray[np.float64], b: NDArray[np.float64]) -> NDArray[np.float64]:
    """CIE Lab (D65) to linear sRGB, shape (n, 3), not clipped (CIE 15, IEC 61966-2-1)."""
    fy = (lightness + 16.0) / 116.0
    f = np.stack((fy + a / 500.0, fy, fy - b / 200.0), axis=1)
    xyz = np.where(f > 6.0 / 29.0, f**3, 3.0 * (6.0 / 29.0) ** 2 * (f - 4.0 / 29.0))
    xyz = xyz * np.array((0.95047, 1.0, 1.08883))
    to_rgb = np.array(
        (
            (3.2404542, -1.5371385, -0.4985314),
            (-0.9692660, 1.8760108, 0.0415560),
            (0.0556434, -0.2040259, 1.0572252),
        )
    )
    rgb: NDArray[np.float64] = xyz @ to_rgb.T
    return rgb
