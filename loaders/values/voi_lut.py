"""From values with a unit to a fraction of the display's range: the VOI LUT (PS3.3 C.11.2)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from loaders.model.display import LookupTable, VoiFunction, Window
from loaders.values.modality_lut import look_up


def apply_window(values: NDArray[np.float64], window: Window) -> NDArray[np.float64]:
    """Return the fraction 0..1 of the display's range, by the window's function.

    LINEAR: PS3.3 C.11.2.1.2.1 (with its half and one); SIGMOID: C.11.2.1.3.1; LINEAR_EXACT: C.11.2.1.3.2. A width that
    the function does not allow (below 1, or not above 0) is taken as a threshold at the centre: that is the limit of
    the formula, and no division by zero.
    """
    if window.function is VoiFunction.SIGMOID:
        return _sigmoid(values, window)
    if window.function is VoiFunction.LINEAR_EXACT:
        centre, width = window.center, window.width
    else:
        centre, width = window.center - 0.5, window.width - 1.0
    if width <= 0.0:
        step: NDArray[np.float64] = (values > centre).astype(np.float64)
        return step
    fraction: NDArray[np.float64] = (values - centre) / width + 0.5
    return np.clip(fraction, 0.0, 1.0, out=fraction)


def _sigmoid(values: NDArray[np.float64], window: Window) -> NDArray[np.float64]:
    if window.width <= 0.0:
        step: NDArray[np.float64] = (values > window.center).astype(np.float64)
        return step
    # exp overflows beyond about 709; the result is 0 or 1 to the last bit long before.
    exponent = np.clip(-4.0 * (values - window.center) / window.width, -700.0, 700.0)
    fraction: NDArray[np.float64] = 1.0 / (1.0 + np.exp(exponent))
    return fraction


def apply_voi_table(values: NDArray[np.float64], table: LookupTable) -> NDArray[np.float64]:
    """Return the fraction 0..1 of the display's range by a VOI LUT: entry over the largest that its bits allow."""
    fraction: NDArray[np.float64] = look_up(values, table) / float((1 << table.bits) - 1)
    return np.clip(fraction, 0.0, 1.0, out=fraction)
