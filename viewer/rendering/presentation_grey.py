"""What a presentation asks the values for: the reader's window, else the file's wish, else an automatic window."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from compare.viewing.view_state import Presentation
from loaders.model.display import Window
from loaders.model.frame import Frame
from loaders.model.volume import Volume
from loaders.values.auto_window import auto_window
from loaders.values.display_pixels import GreyChoice, choice_of_file, display_pixels, display_table
from viewer.rendering.slice_renderer import SliceRequest


def grey_choice(frame: Frame, presentation: Presentation) -> GreyChoice:
    """Return the window or VOI table to use; a table index the frame does not have falls back to the file's first."""
    tables = frame.display.voi_tables
    if presentation.window is not None:
        return GreyChoice(window=presentation.window, is_inverted=presentation.is_inverted)
    index = presentation.voi_table_index
    if index is not None and 0 <= index < len(tables):
        return GreyChoice(voi_table=tables[index], is_inverted=presentation.is_inverted)
    wish = choice_of_file(frame)
    return GreyChoice(wish.window, wish.voi_table, is_inverted=presentation.is_inverted)


def presentation_table(frame: Frame, presentation: Presentation) -> NDArray[np.uint8]:
    """Return the grey of every code of an 8 or 16-bit frame. Raises ``ValueError`` for other types."""
    return display_table(frame, grey_choice(frame, presentation))


def presentation_pixels(values: NDArray[np.float64], frame: Frame, presentation: Presentation) -> NDArray[np.uint8]:
    """Return the grey of stored values given as floats, same shape."""
    return display_pixels(values, frame, grey_choice(frame, presentation))


class AutomaticWindows:
    """Windows for volumes whose files name none: found once, so that the grey does not jump from slice to slice."""

    def __init__(self) -> None:
        self._kept: dict[int, tuple[Volume, Window | None]] = {}

    def complete(self, request: SliceRequest, stored: NDArray[Any]) -> SliceRequest:
        """Return the request with a window, where neither it nor the file has one; the first slice drawn decides."""
        presentation = request.presentation
        frame = request.volume.frame(request.view.frame_index)
        if presentation.window is not None or stored.ndim == 3 or frame.display.windows or frame.display.voi_tables:
            return request
        key = id(request.volume)
        if key not in self._kept:
            self._kept[key] = (request.volume, auto_window(stored, frame))
        return replace(request, presentation=replace(presentation, window=self._kept[key][1]))

    def release(self, volume: Volume) -> None:
        """Forget a volume's window."""
        self._kept.pop(id(volume), None)

    def clear(self) -> None:
        """Forget all."""
        self._kept.clear()
