"""From values on a plane to grey levels: the part of the grey pipeline that comes after the modality LUT."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from loaders.model.display import VoiFunction, Window
from loaders.model.frame import Frame
from loaders.values.presentation_lut import to_grey
from loaders.values.voi_lut import apply_voi_table, apply_window

#: Shares of a picture that may be clipped to black and to white by an automatic window.
_LOW_PERCENT, _HIGH_PERCENT = 0.5, 99.5


def grey_of_values(
    values: NDArray[np.float32], frame: Frame, window: Window | None = None, *, is_inverted: bool = False
) -> NDArray[np.uint8]:
    """Return the grey, (height, width), of values in the unit of ``frame``'s modality LUT; NaN is black.

    Without a window: the frame's own, its VOI table, else one over the values. Where nothing is, it is black whatever
    the polarity, as padding is.
    """
    if window is None and frame.display.windows:
        window = frame.display.windows[0]
    inverted = frame.display.is_inverted != is_inverted
    table = frame.display.presentation_table
    if window is None and frame.display.voi_tables:
        fraction = apply_voi_table(np.nan_to_num(values).astype(np.float64), frame.display.voi_tables[0])
    else:
        window = window or automatic_window(values)
        if window.function is not VoiFunction.SIGMOID and table is None and window.width > 1.0:
            return _linear(values, window, is_inverted=inverted)
        fraction = apply_window(np.nan_to_num(values).astype(np.float64), window)
    grey = to_grey(fraction, is_inverted=inverted, table=table)
    grey[np.isnan(values)] = 0
    return grey


def _linear(values: NDArray[np.float32], window: Window, *, is_inverted: bool) -> NDArray[np.uint8]:
    """The straight windows in single precision and few passes: a reader drags the plane while this is computed."""
    centre, width = window.center, window.width
    if window.function is VoiFunction.LINEAR:
        centre, width = centre - 0.5, width - 1.0
    scale = 255.0 / width
    offset = 0.5 * 255.0 - centre * scale
    if is_inverted:
        scale, offset = -scale, 255.0 - offset
    grey = values * np.float32(scale)
    grey += np.float32(offset + 0.5)
    # These two take the number where the other is none: NaN becomes 0, which is black.
    np.fmax(grey, np.float32(0.0), out=grey)
    np.fmin(grey, np.float32(255.0), out=grey)
    return grey.astype(np.uint8)


def automatic_window(values: NDArray[np.floating]) -> Window:
    """Return a window over all but the extreme half percents of the values that are there."""
    known = values[np.isfinite(values)]
    low, high = (
        (float(end) for end in np.percentile(known, (_LOW_PERCENT, _HIGH_PERCENT))) if known.size else (0.0, 1.0)
    )
    width = max(high - low, abs(high) * 1e-6, 1e-12)
    return Window((low + high) / 2.0, width, VoiFunction.LINEAR_EXACT)
