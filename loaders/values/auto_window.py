"""A window from the pixels themselves, for images whose file names none."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from loaders.model.display import VoiFunction, Window
from loaders.model.frame import Frame
from loaders.values.modality_lut import apply_modality_lut

#: Shares of the image that may be clipped to black and to white.
_LOW_PERCENT, _HIGH_PERCENT = 0.5, 99.5
#: More samples than this say nothing new about the percentiles.
_SAMPLES = 1 << 18


def auto_window(stored: NDArray[np.generic], frame: Frame) -> Window | None:
    """Return a window over all but the extreme half percents, padding left out, in the unit of the modality LUT.

    ``None`` where there is nothing to go by: no pixel besides padding, or none that is a finite number.
    """
    flat = stored.reshape(-1)
    flat = flat[:: max(1, flat.size // _SAMPLES)]
    padding = frame.display.padding
    if padding is not None:
        numbers = flat.astype(np.float64)
        low, high = min(padding.low, padding.high), max(padding.low, padding.high)
        flat = flat[(numbers < low) | (numbers > high)]
    values = apply_modality_lut(flat, frame.values)
    values = values[np.isfinite(values)]
    if not values.size:
        return None
    low_value, high_value = (float(value) for value in np.percentile(values, (_LOW_PERCENT, _HIGH_PERCENT)))
    if high_value <= low_value:
        low_value, high_value = float(values.min()), float(values.max())
    width = max(high_value - low_value, abs(high_value) * 1e-6, 1e-12)
    return Window((low_value + high_value) / 2.0, width, VoiFunction.LINEAR_EXACT)
