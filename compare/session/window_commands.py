"""Commands that change how one viewport paints: window, inversion, interpolation."""

from __future__ import annotations

import math
from dataclasses import replace

from compare.errors import Refused
from compare.session.change import viewport_of, with_presentation
from compare.session.comparison_session import ComparisonSession
from compare.viewing.view_state import Interpolation, Presentation, WindowOrigin
from loaders.model.display import VoiFunction, Window

_SMALLEST_WIDTH = {VoiFunction.LINEAR: 1.0}


def set_window(
    session: ComparisonSession, index: int, window: Window, origin: WindowOrigin = WindowOrigin.READER
) -> ComparisonSession:
    """Set a window in the unit of the modality LUT's output; a width that the function cannot take is refused.

    PS3.3 C.11.2.1.2: LINEAR wants a width of at least 1, the others above 0.
    """
    is_sound = math.isfinite(window.center) and math.isfinite(window.width) and window.width > 0.0
    if not is_sound or window.width < _SMALLEST_WIDTH.get(window.function, 0.0):
        raise Refused("bad_window")
    presentation = viewport_of(session, index).presentation
    changed = replace(presentation, window=window, window_origin=origin, voi_table_index=None)
    return with_presentation(session, index, changed)


def drag_window(
    session: ComparisonSession, index: int, shown: Window, center_by: float, width_by: float
) -> ComparisonSession:
    """Move a window by a drag. ``shown`` is the window on the screen now, wherever it came from."""
    smallest = _SMALLEST_WIDTH.get(shown.function, 1e-6)
    window = Window(shown.center + center_by, max(shown.width + width_by, smallest), shown.function)
    return set_window(session, index, window)


def reset_window(session: ComparisonSession, index: int) -> ComparisonSession:
    """Back to the file's own window, polarity included."""
    presentation = viewport_of(session, index).presentation
    return with_presentation(
        session,
        index,
        Presentation(colour_map=presentation.colour_map, interpolation=presentation.interpolation),
    )


def auto_window(session: ComparisonSession, index: int, low: float, high: float) -> ComparisonSession:
    """Set a window over a range of values that the caller measured, in the modality LUT's unit."""
    if not (math.isfinite(low) and math.isfinite(high)) or high < low:
        raise Refused("bad_window")
    # LINEAR_EXACT maps low and high to the two ends themselves (PS3.3 C.11.2.1.3.2); one value only needs some width.
    width = max(high - low, 1e-6)
    window = Window((low + high) / 2.0, width, VoiFunction.LINEAR_EXACT)
    return set_window(session, index, window, WindowOrigin.AUTO)


def choose_file_window(session: ComparisonSession, index: int, window: Window) -> ComparisonSession:
    """Choose one of the windows that the file offers."""
    return set_window(session, index, window, WindowOrigin.FILE)


def choose_voi_table(session: ComparisonSession, index: int, table_index: int | None) -> ComparisonSession:
    """Choose one of the file's VOI LUTs, or none."""
    presentation = viewport_of(session, index).presentation
    changed = replace(presentation, window=None, window_origin=WindowOrigin.FILE, voi_table_index=table_index)
    return with_presentation(session, index, changed)


def invert(session: ComparisonSession, index: int) -> ComparisonSession:
    """Exchange black and white."""
    presentation = viewport_of(session, index).presentation
    return with_presentation(session, index, replace(presentation, is_inverted=not presentation.is_inverted))


def set_interpolation(session: ComparisonSession, index: int, interpolation: Interpolation) -> ComparisonSession:
    """Choose how stored pixels become screen pixels."""
    presentation = viewport_of(session, index).presentation
    return with_presentation(session, index, replace(presentation, interpolation=interpolation))
