"""What a picture must look like, calculated from the standard's formulas with pydicom and numpy alone.

Nothing of the product is used: PS3.3 C.11.1 (modality), C.11.2 (VOI), C.11.4 and C.11.6 (presentation), C.7.6.16 (per
frame), C.7.6.3 and C.7.9 (colour), C.7.5.1.1.2 (padding, which shows black).
"""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydicom import dcmread
from pydicom.dataset import Dataset
from pydicom.pixels.processing import apply_color_lut
from pydicom.pixels.utils import pixel_array


class NoSecondOpinion(Exception):
    """pydicom cannot decode this file here, or the file names no window: there is nothing to compare with."""


def read(path: Path) -> Dataset:
    """Read a file, in whatever state it is."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return dcmread(path, force=True)


def stored_values(ds: Dataset, frame: int) -> NDArray[Any]:
    """Stored values of a frame (from 0), grey (rows, columns), or RGB (rows, columns, 3) as 8 bits."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            pixels = pixel_array(ds, index=frame)
        except Exception as error:  # any failure means no second opinion
            raise NoSecondOpinion(f"{type(error).__name__}: {error}") from error
        interpretation = ds.PhotometricInterpretation
        if interpretation == "PALETTE COLOR":
            coloured = apply_color_lut(pixels, ds)
            bits = ds.RedPaletteColorLookupTableDescriptor[2]
            is_wide = bits > 8 and coloured.max() > 255
            return np.asarray(coloured >> 8 if is_wide else coloured, dtype=np.uint8)
        if ds.get("SamplesPerPixel", 1) == 3:
            if ds.BitsStored > 8:
                pixels = pixels >> (ds.BitsStored - 8)
            return np.asarray(pixels, dtype=np.uint8)
    if pixels.dtype.kind in "iu":
        pixels = _stored_bits(pixels, ds)
    return np.asarray(pixels)


def _stored_bits(pixels: NDArray[Any], ds: Dataset) -> NDArray[Any]:
    """Keep the bits stored: what lies above them is an overlay."""
    bits, shift = int(ds.BitsStored), int(ds.HighBit) + 1 - int(ds.BitsStored)
    if ds.file_meta.TransferSyntaxUID.is_encapsulated:
        shift = 0
    whole = (pixels.astype(np.int64) >> shift) & ((1 << bits) - 1)
    if ds.get("PixelRepresentation", 0) == 1:
        whole = np.where(whole >= 1 << (bits - 1), whole - (1 << bits), whole)
    return whole


def _places(ds: Dataset, frame: int, macro: str) -> Dataset:
    """The functional group of a frame, shared or its own, or the data set itself."""
    for keyword, index in (("PerFrameFunctionalGroupsSequence", frame), ("SharedFunctionalGroupsSequence", 0)):
        groups = ds.get(keyword)
        if groups and len(groups) > index and macro in groups[index] and len(groups[index][macro].value):
            group: Dataset = groups[index][macro].value[0]
            return group
    return ds


def _first(value: Any) -> float:
    return float(
        value[0]
        if isinstance(value, (list, tuple)) or (hasattr(value, "__len__") and not isinstance(value, str))
        else value
    )


def _table(item: Dataset, *, is_signed: bool) -> tuple[NDArray[np.float64], int, int]:
    count, first, bits = (int(number) for number in item.LUTDescriptor)
    count = (count & 0xFFFF) or 65536
    first &= 0xFFFF
    if is_signed and first >= 0x8000:
        first -= 0x10000
    data = item["LUTData"].value
    entries = np.frombuffer(data, dtype="<u2") if isinstance(data, bytes) else np.asarray(data)
    if isinstance(data, bytes) and len(data) < 2 * count:
        entries = np.frombuffer(data, dtype="u1")
    return entries[:count].astype(np.float64), first, bits


def _looked_up(values: NDArray[Any], table: tuple[NDArray[np.float64], int, int]) -> NDArray[np.float64]:
    entries, first, _ = table
    found: NDArray[np.float64] = entries[np.clip(np.rint(values) - first, 0, len(entries) - 1).astype(int)]
    return found


def modality_values(ds: Dataset, stored: NDArray[Any], frame: int) -> NDArray[np.float64]:
    """Values after the modality LUT."""
    if ds.get("ModalityLUTSequence"):
        return _looked_up(stored, _table(ds.ModalityLUTSequence[0], is_signed=ds.get("PixelRepresentation", 0) == 1))
    place = _places(ds, frame, "PixelValueTransformationSequence")
    if place.get("RescaleSlope") is None or float(place.RescaleSlope) == 0:
        dose = ds.get("DoseGridScaling")
        is_gray = dose is not None and ds.get("DoseUnits", "") == "GY"
        return stored.astype(np.float64) * (float(dose) if is_gray else 1.0)
    return stored.astype(np.float64) * float(place.RescaleSlope) + float(place.get("RescaleIntercept", 0) or 0)


def window_of(ds: Dataset, frame: int) -> tuple[float, float, str] | None:
    """The first window a file names for a frame: centre, width, function."""
    place = _places(ds, frame, "FrameVOILUTSequence")
    centre, width = place.get("WindowCenter"), place.get("WindowWidth")
    if centre is None or width is None or centre == "" or width == "":
        return None
    function = str(place.get("VOILUTFunction", "") or "LINEAR").upper()
    if function not in {"LINEAR", "LINEAR_EXACT", "SIGMOID"}:
        function = "LINEAR"
    found = (_first(centre), _first(width), function)
    return found if found[1] >= (1 if function == "LINEAR" else 1e-12) else None


def fraction_of(values: NDArray[np.float64], window: tuple[float, float, str]) -> NDArray[np.float64]:
    """The share of the display's range, by the formulas of PS3.3 C.11.2.1.2 and C.11.2.1.3."""
    centre, width, function = window
    if function == "SIGMOID":
        return 1.0 / (1.0 + np.exp(np.clip(-4.0 * (values - centre) / width, -700, 700)))
    if function == "LINEAR_EXACT":
        return np.clip((values - centre) / width + 0.5, 0.0, 1.0)
    low, high = centre - 0.5 - (width - 1) / 2, centre - 0.5 + (width - 1) / 2
    inner = (values - (centre - 0.5)) / max(width - 1, 1e-300) + 0.5
    return np.where(values <= low, 0.0, np.where(values > high, 1.0, np.clip(inner, 0.0, 1.0)))


def displayed(
    ds: Dataset, frame: int, *, window: tuple[float, float, str] | None = None, stored: NDArray[Any] | None = None
) -> NDArray[np.uint8]:
    """The 8-bit picture of a frame (from 0): grey (rows, columns) or RGB. ``window`` where the file names none."""
    stored = stored_values(ds, frame) if stored is None else stored
    if stored.ndim == 3:
        return stored.astype(np.uint8)
    values = modality_values(ds, stored, frame)
    named = window_of(ds, frame)
    tables = ds.get("VOILUTSequence")
    if named is not None:
        fraction = fraction_of(values, named)
    elif tables:
        is_signed = ds.get("PixelRepresentation", 0) == 1 or float(ds.get("RescaleIntercept", 0) or 0) < 0
        table = _table(tables[0], is_signed=is_signed)
        fraction = np.clip(_looked_up(values, table) / ((1 << table[2]) - 1), 0.0, 1.0)
    elif window is not None:
        fraction = fraction_of(values, window)
    else:
        raise NoSecondOpinion("the file names no window")
    if ds.get("PresentationLUTSequence"):
        entries, _, bits = _table(ds.PresentationLUTSequence[0], is_signed=False)
        fraction = entries[np.rint(fraction * (len(entries) - 1)).astype(int)] / ((1 << bits) - 1)
    if ds.PhotometricInterpretation == "MONOCHROME1" or ds.get("PresentationLUTShape") == "INVERSE":
        fraction = 1.0 - fraction
    grey = np.floor(np.nan_to_num(fraction) * 255.0 + 0.5).astype(np.uint8)
    mask = padding_mask(ds, stored)
    if mask is not None:
        grey[mask] = 0
    return grey


def padding_mask(ds: Dataset, stored: NDArray[Any]) -> NDArray[np.bool_] | None:
    """Where padding is, by value or range, read in the sign of the pixels."""
    value = ds.get("PixelPaddingValue")
    if value is None or not isinstance(value, int):
        return None
    limit = ds.get("PixelPaddingRangeLimit", value)
    bits = min(int(ds.BitsAllocated), 16)
    ends = [int(end) & ((1 << bits) - 1) for end in (value, limit)]
    if ds.get("PixelRepresentation", 0) == 1:
        ends = [end - (1 << bits) if end >= 1 << (bits - 1) else end for end in ends]
    mask: NDArray[np.bool_] = (stored >= min(ends)) & (stored <= max(ends))
    return mask
