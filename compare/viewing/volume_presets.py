"""How a volume is made visible as a whole: which values are opaque, in which colour. Data, by name."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from loaders.model.units import ValueUnit


@dataclass(frozen=True, slots=True)
class VolumePreset:
    """``opacity``: (value, opacity for 1 mm of way); ``colour``: (value, red, green, blue), all 0 to 1.

    ``unit`` ``None``: values are shares of the displayed window, for any series. ``is_highest``: the highest value on
    each line of sight is shown, instead of light through what is translucent.
    """

    code: str
    unit: ValueUnit | None
    opacity: tuple[tuple[float, float], ...]
    colour: tuple[tuple[float, float, float, float], ...]
    is_shaded: bool = True
    is_highest: bool = False


@cache
def volume_presets() -> dict[str, VolumePreset]:
    """Return all presets by their code, in the order of a menu."""
    rows = json.loads(files("resources").joinpath("volume_presets.json").read_text("utf-8"))
    return {
        row["code"]: VolumePreset(
            row["code"],
            ValueUnit(row["unit"]) if row["unit"] is not None else None,
            tuple((float(value), float(opacity)) for value, opacity in row["opacity"]),
            tuple((float(value), float(red), float(green), float(blue)) for value, red, green, blue in row["colour"]),
            bool(row["is_shaded"]),
            row["blend"] == "highest",
        )
        for row in rows
    }


def fitting_presets(unit: ValueUnit) -> tuple[VolumePreset, ...]:
    """Return the presets that have a meaning for values of a unit."""
    return tuple(preset for preset in volume_presets().values() if preset.unit in {None, unit})
