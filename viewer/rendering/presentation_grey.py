"""What a presentation asks the values for: the reader's window, else the file's wish, else the whole stored range."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from compare.viewing.view_state import Presentation
from loaders.model.frame import Frame
from loaders.values.display_pixels import GreyChoice, choice_of_file, display_pixels, display_table


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
