"""What the number keys offer on a picture: named windows that fit its values, and how each is found."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from compare.hanging.window_presets import presets_for
from loaders.model.display import Window
from loaders.model.frame import Frame

_MOST = 9


class PresetKind(StrEnum):
    """Where a preset's window comes from."""

    FIXED = "fixed"  # a window in a known unit
    FILE_WINDOW = "file_window"  # one of the file's own
    FILE_TABLE = "file_table"  # one of the file's VOI LUTs
    AUTOMATIC = "automatic"  # over the picture's values, times ``width_factor``
    WHOLE_RANGE = "whole_range"  # everything the frame can store


@dataclass(frozen=True, slots=True)
class PresetChoice:
    """One preset. ``code`` is stable and translated by the viewer; ``explanation`` is the file's own name, if any."""

    key: int
    kind: PresetKind
    code: str
    window: Window | None = None
    table_index: int | None = None
    explanation: str = ""
    width_factor: float = 1.0


def preset_choices(modality: str, frame: Frame) -> tuple[PresetChoice, ...]:
    """Return at most nine presets, in the order of the number keys; none for colour.

    Windows with fixed numbers exist only where the values have a unit that gives the numbers a meaning (HU, SUV).
    Elsewhere (MR, radiographs, ultrasound) the file's own windows come first, then windows over the picture's values.
    """
    if frame.format.is_colour:
        return ()
    fixed = presets_for(modality, frame.values.unit)
    if fixed:
        return tuple(PresetChoice(preset.key, PresetKind.FIXED, preset.code, preset.window) for preset in fixed[:_MOST])
    values = [
        ("automatic", PresetKind.AUTOMATIC, 1.0),
        ("higher_contrast", PresetKind.AUTOMATIC, 0.6),
        ("lower_contrast", PresetKind.AUTOMATIC, 1.6),
        ("whole_range", PresetKind.WHOLE_RANGE, 1.0),
    ]
    room = _MOST - len(values)
    windows = [
        PresetChoice(0, PresetKind.FILE_WINDOW, "file", window, explanation=window.explanation)
        for window in frame.display.windows
    ]
    tables = [
        PresetChoice(0, PresetKind.FILE_TABLE, "file", table_index=index, explanation=table.explanation)
        for index, table in enumerate(frame.display.voi_tables)
    ]
    own = [*windows, *tables][:room]
    others = [PresetChoice(0, kind, code, width_factor=factor) for code, kind, factor in values]
    return tuple(_numbered(choice, number) for number, choice in enumerate([*own, *others], start=1))


def _numbered(choice: PresetChoice, number: int) -> PresetChoice:
    return PresetChoice(
        number, choice.kind, choice.code, choice.window, choice.table_index, choice.explanation, choice.width_factor
    )
