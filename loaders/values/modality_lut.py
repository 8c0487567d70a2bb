"""From stored values to values with a unit: the modality LUT (PS3.3 C.11.1)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from loaders.model.display import LookupTable, ValueMapping


def apply_modality_lut(stored: NDArray[np.generic], mapping: ValueMapping) -> NDArray[np.float64]:
    """Return values in ``mapping.unit``, float64, of any shape; a table, where there is one, replaces the line."""
    if mapping.table is not None:
        return look_up(stored, mapping.table)
    values: NDArray[np.float64] = stored.astype(np.float64)
    if mapping.slope != 1.0:
        values *= mapping.slope
    if mapping.intercept != 0.0:
        values += mapping.intercept
    return values


def look_up(inputs: NDArray[np.generic], table: LookupTable) -> NDArray[np.float64]:
    """Return table entries as float64: inputs below the first mapped value take the first entry, above the last one.

    PS3.3 C.11.1.1.1. Inputs that are not whole numbers are rounded to the nearest entry.
    """
    entries = np.asarray(table.values, dtype=np.float64)
    positions = np.rint(inputs.astype(np.float64)) - table.first_mapped
    result: NDArray[np.float64] = entries[np.clip(positions, 0, len(entries) - 1).astype(np.intp)]
    return result
