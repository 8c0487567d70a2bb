"""The grey pipeline as one: stored values to 8-bit grey (PS3.4 N.2).

Modality LUT, then padding, VOI (window or table), presentation LUT, polarity.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from loaders.model.display import LookupTable, VoiFunction, Window
from loaders.model.frame import Frame
from loaders.values.modality_lut import apply_modality_lut
from loaders.values.presentation_lut import to_grey
from loaders.values.voi_lut import apply_voi_table, apply_window


@dataclass(frozen=True, slots=True)
class GreyChoice:
    """What the reader, or the file, chose: a window, or else a VOI table, or else the whole stored range."""

    window: Window | None = None
    voi_table: LookupTable | None = None
    is_inverted: bool = False


def choice_of_file(frame: Frame) -> GreyChoice:
    """Return what the file itself asks for: its first window, else its first VOI table."""
    if frame.display.windows:
        return GreyChoice(window=frame.display.windows[0])
    if frame.display.voi_tables:
        return GreyChoice(voi_table=frame.display.voi_tables[0])
    return GreyChoice()


def display_pixels(stored: NDArray[np.generic], frame: Frame, choice: GreyChoice) -> NDArray[np.uint8]:
    """Return grey levels of stored values, same shape; colour, shape (..., 3), passes through but for inversion.

    Padding shows black, whatever window and polarity (PS3.3 C.7.5.1.1.2: it is no part of the image): never a grey that
    the window would have given it. Pixels that are no finite number show black.
    """
    if frame.format.is_colour:
        colour = np.asarray(stored, dtype=np.uint8)
        return np.bitwise_not(colour) if choice.is_inverted else colour
    table = _table_if_small(stored, frame, choice)
    if table is not None:
        return table
    grey = _grey_of(stored, frame, choice)
    padding = _padding_mask(stored, frame)
    if padding is not None:
        grey[padding] = 0
    return grey


def display_table(frame: Frame, choice: GreyChoice) -> NDArray[np.uint8]:
    """Return the grey of every value an 8 or 16-bit frame can store, in order of value from the least one.

    Entry ``i`` belongs to the stored value ``i`` of an unsigned, ``i - 128`` or ``i - 32768`` of a signed frame.
    Raises ``ValueError`` for frames of other types.
    """
    codes = all_codes(frame)
    grey = _grey_of(codes, frame, choice)
    padding = _padding_mask(codes, frame)
    if padding is not None:
        grey[padding] = 0
    return grey


def all_codes(frame: Frame) -> NDArray[np.generic]:
    """Return every value the frame's type can hold, ascending, in that type. Raises ``ValueError`` beyond 16 bits."""
    dtype = np.dtype(frame.format.decoded_dtype)
    if dtype.kind not in "iu" or dtype.itemsize > 2:
        raise ValueError(f"no table for values of type {dtype}")
    bounds = np.iinfo(dtype)
    return np.arange(bounds.min, bounds.max + 1, dtype=np.int32).astype(dtype)


def _table_if_small(stored: NDArray[np.generic], frame: Frame, choice: GreyChoice) -> NDArray[np.uint8] | None:
    if stored.dtype != np.dtype(frame.format.decoded_dtype) or stored.dtype.kind not in "iu":
        return None
    if stored.dtype.itemsize > 2 or stored.size < 4096:
        return None
    least = -(1 << (8 * stored.dtype.itemsize - 1)) if stored.dtype.kind == "i" else 0
    return display_table(frame, choice)[stored.astype(np.int32) - least]


def _grey_of(stored: NDArray[np.generic], frame: Frame, choice: GreyChoice) -> NDArray[np.uint8]:
    values = apply_modality_lut(stored, frame.values)
    if choice.window is not None:
        fraction = apply_window(values, choice.window)
    elif choice.voi_table is not None:
        fraction = apply_voi_table(values, choice.voi_table)
    else:
        fraction = apply_window(values, whole_range(frame))
    fraction = np.nan_to_num(fraction, nan=0.0)
    is_inverted = frame.display.is_inverted != choice.is_inverted
    return to_grey(fraction, is_inverted=is_inverted, table=frame.display.presentation_table)


def whole_range(frame: Frame) -> Window:
    """Return the window that shows everything the frame can store, as PS3.4 N.2.1.2 asks where there is no VOI LUT."""
    table = frame.values.table
    if table is not None:
        low, high = 0.0, float((1 << table.bits) - 1)
    elif frame.format.number_kind != "int":
        low, high = 0.0, 1.0
    else:
        bits = frame.format.bits_stored
        least = -(1 << (bits - 1)) if frame.format.is_signed else 0
        ends = [value * frame.values.slope + frame.values.intercept for value in (least, least + (1 << bits) - 1)]
        low, high = min(ends), max(ends)
    return Window((low + high) / 2.0, max(high - low, 1e-12), VoiFunction.LINEAR_EXACT)


def _padding_mask(stored: NDArray[np.generic], frame: Frame) -> NDArray[np.bool_] | None:
    padding = frame.display.padding
    if padding is None:
        return None
    low, high = min(padding.low, padding.high), max(padding.low, padding.high)
    numbers = stored.astype(np.float64)
    mask: NDArray[np.bool_] = (numbers >= low) & (numbers <= high)
    return mask
