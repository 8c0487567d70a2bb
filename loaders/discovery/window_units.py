"""Windows in the unit they were written for.

PS3.3 C.11.2.1.2 puts a window behind the modality LUT. Some writers state it in stored values: where the slope is far
from 1 such a window shows one grey, and is recognised by that.
"""

from __future__ import annotations

from dataclasses import replace

from loaders.model.display import ValueMapping, Window

#: A window is doubted when all values the frame can hold take less than this share of it, or none of it.
_USED = 0.02
WRITTEN_IN_STORED_VALUES = "written in stored values"


def in_output_unit(
    windows: tuple[Window, ...], mapping: ValueMapping, stored_range: tuple[int, int]
) -> tuple[Window, ...]:
    """Return windows in the modality LUT's unit; one that makes sense only for stored values is converted, and says so.

    ``stored_range`` is the least and largest value the frame can store.
    """
    if mapping.table is not None or (mapping.slope, mapping.intercept) == (1.0, 0.0):
        return windows
    return tuple(_converted(window, mapping, stored_range) for window in windows)


def _converted(window: Window, mapping: ValueMapping, stored_range: tuple[int, int]) -> Window:
    low, high = sorted(end * mapping.slope + mapping.intercept for end in stored_range)
    if _share_used(window, low, high) >= _USED or _share_used(window, *stored_range) < 0.5:
        return window
    words = ", ".join(part for part in (window.explanation, WRITTEN_IN_STORED_VALUES) if part)
    return replace(
        window,
        center=window.center * mapping.slope + mapping.intercept,
        width=window.width * abs(mapping.slope),
        explanation=words,
    )


def _share_used(window: Window, low: float, high: float) -> float:
    """The share of a window that values between two ends take."""
    first, last = window.center - window.width / 2.0, window.center + window.width / 2.0
    return max(0.0, min(last, high) - max(first, low)) / window.width
