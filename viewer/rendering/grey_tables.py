"""From codes to grey for one frame and one presentation, kept while they are in use."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from compare.viewing.view_state import Presentation
from loaders.model.display import Padding
from loaders.model.frame import Frame
from viewer.rendering.resampling import GreyTable

#: Gives the grey of every code of a frame's type, uint8, one entry per code.
TableSource = Callable[[Frame, Presentation], NDArray[np.uint8]]

_KEPT = 12


@dataclass(frozen=True, slots=True, eq=False)
class FrameGrey:
    """``table`` is for image pixels; ``padding_grey`` is what a padding pixel shows."""

    table: GreyTable
    padding_grey: int


class GreyTables:
    """Asks ``source`` once for frames that share their value mapping, display defaults and presentation."""

    def __init__(self, source: TableSource) -> None:
        self._source = source
        self._kept: list[tuple[Frame, Presentation, FrameGrey]] = []

    def of(self, frame: Frame, presentation: Presentation) -> FrameGrey:
        """Return the tables of a frame whose values are 8 or 16-bit integers."""
        for index, (known, shown, grey) in enumerate(self._kept):
            if _grey_alike(known, frame) and _shown_alike(shown, presentation):
                if index:
                    self._kept.insert(0, self._kept.pop(index))
                return grey
        entries = self._source(frame, presentation)
        grey = _frame_grey(entries, frame)
        self._kept.insert(0, (frame, presentation, grey))
        del self._kept[_KEPT:]
        return grey


def _grey_alike(one: Frame, other: Frame) -> bool:
    if one is other:
        return True
    layout_one, layout_other = one.format, other.format
    return (
        layout_one.bits_allocated == layout_other.bits_allocated
        and layout_one.bits_stored == layout_other.bits_stored
        and layout_one.is_signed == layout_other.is_signed
        and layout_one.photometric_interpretation == layout_other.photometric_interpretation
        and one.values == other.values
        and one.display == other.display
    )


def _shown_alike(one: Presentation, other: Presentation) -> bool:
    """Whether two presentations ask for the same grey: colour map and interpolation come later."""
    return (
        one.window == other.window
        and one.window_origin == other.window_origin
        and one.voi_table_index == other.voi_table_index
        and one.is_inverted == other.is_inverted
    )


def _frame_grey(entries: NDArray[np.uint8], frame: Frame) -> FrameGrey:
    padding = frame.display.padding
    if padding is None:
        return FrameGrey(GreyTable(entries), 0)
    least = -(len(entries) // 2) if np.dtype(frame.format.decoded_dtype).kind == "i" else 0
    bounds = _codes_of_padding(padding, least, len(entries) - 1)
    if bounds is None:
        return FrameGrey(GreyTable(entries), 0)
    first, last = bounds
    return FrameGrey(GreyTable(_without_notch(entries, first, last)), int(entries[first]))


def _codes_of_padding(padding: Padding, least: int, last_code: int) -> tuple[int, int] | None:
    low, high = min(padding.low, padding.high) - least, max(padding.low, padding.high) - least
    return (max(low, 0), min(high, last_code)) if low <= last_code and high >= 0 else None


def _without_notch(entries: NDArray[np.uint8], first: int, last: int) -> NDArray[np.uint8]:
    """The table with the padding's entries bridged: a mean of image values that equals a padding value is image."""
    before = int(entries[first - 1]) if first > 0 else None
    after = int(entries[last + 1]) if last + 1 < len(entries) else None
    if before is None and after is None:
        return entries
    bridged = entries.copy()
    left = after if before is None else before
    right = before if after is None else after
    bridge = np.linspace(float(left or 0), float(right or 0), last - first + 3)[1:-1]
    bridged[first : last + 1] = np.rint(bridge).astype(np.uint8)
    return bridged
