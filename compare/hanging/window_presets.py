"""Window presets by modality. A preset holds in one unit only and is never offered in another."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from loaders.model.display import VoiFunction, Window
from loaders.model.units import ValueUnit


@dataclass(frozen=True, slots=True)
class WindowPreset:
    """A window with a stable code (translated by the viewer) and the number key that chooses it."""

    code: str
    window: Window
    unit: ValueUnit
    key: int


@cache
def _table() -> dict[str, tuple[WindowPreset, ...]]:
    stored = json.loads(files("resources").joinpath("window_presets.json").read_text("utf-8"))
    return {
        modality: tuple(
            WindowPreset(
                row["code"],
                Window(float(row["center"]), float(row["width"]), VoiFunction.LINEAR, row["code"]),
                ValueUnit(row.get("unit", ValueUnit.HOUNSFIELD)),
                int(row["key"]),
            )
            for row in rows
        )
        for modality, rows in stored.items()
    }


def presets_for(modality: str, unit: ValueUnit) -> tuple[WindowPreset, ...]:
    """Return the presets that fit values of this modality and unit, in key order; none where none fits."""
    return tuple(preset for preset in _table().get(modality, ()) if preset.unit is unit)


def default_window(modality: str, unit: ValueUnit, description: str, kernel_sharpness: float | None) -> Window | None:
    """Return a window to start with where the file has none, or ``None`` to ask for an automatic one."""
    presets = {preset.code: preset for preset in presets_for(modality, unit)}
    if not presets:
        return None
    text = description.upper()
    for code, words in (("lung", ("LUNG", "PULM")), ("bone", ("BONE",)), ("brain", ("BRAIN", "HEAD"))):
        if code in presets and any(word in text for word in words):
            return presets[code].window
    if "lung" in presets and kernel_sharpness is not None and kernel_sharpness >= 0.7 and "CHEST" in text:
        return presets["lung"].window
    return presets["soft_tissue"].window if "soft_tissue" in presets else next(iter(presets.values())).window
