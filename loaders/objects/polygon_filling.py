"""The pixels whose centres lie within a polygon, by the even-odd rule."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def inside_polygon(points: NDArray[np.float64], rows: int, columns: int) -> NDArray[np.bool_]:
    """Return a mask (rows, columns) of a closed polygon, ``points`` (n, 2) as (column, row) in pixels.

    For each row of pixel centres the crossings of all edges are found and the pixels between each pair are inside.
    """
    mask: NDArray[np.bool_] = np.zeros((rows, columns), dtype=np.bool_)
    if len(points) < 3 or not np.all(np.isfinite(points)):
        return mask
    x0, y0 = points[:, 0], points[:, 1]
    x1, y1 = np.roll(x0, -1), np.roll(y0, -1)
    first = max(0, int(np.ceil(np.clip(y0.min(), -1, rows))))
    last = min(rows - 1, int(np.floor(np.clip(y0.max(), -1, rows))))
    for row in range(first, last + 1):
        crosses = (y0 <= row) != (y1 <= row)
        at = np.sort(x0[crosses] + (row - y0[crosses]) / (y1[crosses] - y0[crosses]) * (x1[crosses] - x0[crosses]))
        for left, right in zip(at[0::2], at[1::2], strict=True):
            start, stop = (int(np.clip(np.ceil(edge), 0, columns)) for edge in (left, right))
            mask[row, start:stop] = True
    return mask
