"""Recommended display colours: PCS-encoded CIELab (PS3.3 C.10.7.1.1) to 8-bit sRGB."""

from __future__ import annotations

from loaders.discovery.element_values import Elements
from loaders.model.overlay import Colour

#: CIE D50 white, in which the profile connection space is written, and Bradford-adapted sRGB primaries (ICC).
_WHITE = (0.9642, 1.0, 0.8249)
_TO_LINEAR = (
    (3.1338561, -1.6168667, -0.4906146),
    (-0.9787684, 1.9161415, 0.0334540),
    (0.0719453, -0.2289914, 1.4052427),
)


def colour_of(item: Elements, keyword: str) -> Colour | None:
    """Return the colour an element names, or ``None`` where it names none."""
    encoded = item.numbers(keyword, 3)
    return None if encoded is None else srgb(encoded[0], encoded[1], encoded[2])


def grey_of(p_value: float | None) -> Colour | None:
    """Return the grey of a 16-bit P-Value."""
    if p_value is None:
        return None
    level = round(max(0.0, min(65535.0, p_value)) / 65535.0 * 255.0)
    return (level, level, level)


def srgb(l_code: float, a_code: float, b_code: float) -> Colour:
    """Return sRGB of L*, a* and b* as 16-bit codes: 0..65535 are 0..100 and -128..127."""
    lightness = l_code / 65535.0 * 100.0
    a, b = a_code / 65535.0 * 255.0 - 128.0, b_code / 65535.0 * 255.0 - 128.0
    y = (lightness + 16.0) / 116.0
    xyz = [white * _decoded(t) for white, t in zip(_WHITE, (y + a / 500.0, y, y - b / 200.0), strict=True)]
    linear = [sum(factor * value for factor, value in zip(row, xyz, strict=True)) for row in _TO_LINEAR]
    red, green, blue = (_companded(value) for value in linear)
    return (red, green, blue)


def _decoded(t: float) -> float:
    return t**3 if t > 6.0 / 29.0 else 3.0 * (6.0 / 29.0) ** 2 * (t - 4.0 / 29.0)


def _companded(linear: float) -> int:
    linear = max(0.0, min(1.0, linear))
    value = 12.92 * linear if linear <= 0.0031308 else 1.055 * linear ** (1.0 / 2.4) - 0.055
    return round(255.0 * value)
