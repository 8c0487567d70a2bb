"""From a fraction of the display's range to grey levels: presentation LUT and polarity (PS3.3 C.11.4, C.11.6)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from loaders.model.display import LookupTable


def to_grey(fraction: NDArray[np.float64], *, is_inverted: bool, table: LookupTable | None = None) -> NDArray[np.uint8]:
    """Return grey levels 0..255 of fractions 0..1, rounded to the nearest level.

    A presentation LUT table spreads its entries over the whole input range; inversion comes last.
    """
    if table is not None:
        entries = np.asarray(table.values, dtype=np.float64) / float((1 << table.bits) - 1)
        fraction = entries[np.rint(fraction * (len(entries) - 1)).astype(np.intp)]
    if is_inverted:
        fraction = 1.0 - fraction
    return np.floor(np.clip(fraction, 0.0, 1.0) * 255.0 + 0.5).astype(np.uint8)
