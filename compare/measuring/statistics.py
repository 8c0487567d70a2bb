"""Statistics of the stored values in a region, computed twice, and withheld where the two computations differ.

They come from the source slice's stored values through its own modality LUT: never from screen pixels, a resampled
slice, or a preview. Padding and values that are no finite number are left out and counted.
"""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from compare.measuring.region import Region, mask_of, spans_of
from compare.measuring.ultrasound_scale import region_scale, scaled_mm
from loaders.model.display import ValueMapping
from loaders.model.frame import Frame
from loaders.model.frame_validity import FrameState
from loaders.model.units import ValueUnit
from loaders.model.volume import Volume
from loaders.values.modality_lut import apply_modality_lut

_HISTOGRAM_BINS = 64
_ROWS_AT_ONCE = 256
#: The two computations may differ by the rounding of double precision, in proportion to the values' size.
_AGREE_WITHIN = 1e-9


@dataclass(frozen=True, slots=True)
class Histogram:
    """How many pixels lie in each of the bins between ``low`` and ``high``, in the statistics' unit."""

    low: float
    high: float
    counts: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class RegionStatistics:
    """Statistics in ``unit``. Numbers are ``None`` where they are withheld, and ``reason`` says why.

    ``standard_deviation`` is that of the pixels themselves (divided by their number, not one less).
    ``area_mm2`` is the drawn shape's; ``None`` where the image has no millimetres. ``left_out`` pixels lie in the
    region but are padding or no number.
    """

    unit: ValueUnit
    pixels: int = 0
    left_out: int = 0
    mean: float | None = None
    standard_deviation: float | None = None
    minimum: float | None = None
    maximum: float | None = None
    area_mm2: float | None = None
    histogram: Histogram | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class _Moments:
    pixels: int
    left_out: int
    mean: float
    standard_deviation: float
    minimum: float
    maximum: float


def statistics_of(region: Region, volume: Volume, frame_index: int) -> RegionStatistics:
    """Return the statistics of a region on one frame of a volume.

    ``reason`` is one of ``not_loaded``, ``preview``, ``colour``, ``empty``, ``no_values``, ``computations_disagree``.
    """
    frame = volume.frame(frame_index)
    area = _area_mm2(region, frame)
    unit = frame.values.unit
    reason = _why_not(volume, frame_index, frame)
    stored = None if reason else volume.frame_array(frame_index)
    if stored is None:
        return RegionStatistics(unit, area_mm2=area, reason=reason or "not_loaded")
    values, left_out = _values_in(region, stored, frame)
    if values.size == 0:
        return RegionStatistics(unit, left_out=left_out, area_mm2=area, reason="no_values" if left_out else "empty")
    first, second = _moments(values, left_out), _moments_again(region, stored, frame)
    if second is None or not _agree(first, second):
        return RegionStatistics(unit, area_mm2=area, reason="computations_disagree")
    return RegionStatistics(
        unit=unit,
        pixels=first.pixels,
        left_out=first.left_out,
        mean=first.mean,
        standard_deviation=first.standard_deviation,
        minimum=first.minimum,
        maximum=first.maximum,
        area_mm2=area,
        histogram=_histogram(values),
    )


def value_at(point_mm: tuple[float, float], volume: Volume, frame_index: int) -> tuple[float | None, str]:
    """Return the value of the pixel under an in-plane point, and why there is none (see :func:`statistics_of`)."""
    frame = volume.frame(frame_index)
    reason = _why_not(volume, frame_index, frame)
    stored = None if reason else volume.frame_array(frame_index)
    if stored is None:
        return None, reason or "not_loaded"
    column = math.floor(point_mm[0] / frame.spacing.column_mm + 0.5)
    row = math.floor(point_mm[1] / frame.spacing.row_mm + 0.5)
    if not (0 <= row < frame.format.rows and 0 <= column < frame.format.columns):
        return None, "empty"
    pixel = np.asarray(stored[row, column])[np.newaxis]
    if _is_padding(pixel, frame)[0]:
        return None, "no_values"
    value = float(apply_modality_lut(pixel, frame.values)[0])
    again = _mapped_exactly(pixel[0].item(), frame.values)
    if again is None or not math.isclose(value, again, rel_tol=_AGREE_WITHIN, abs_tol=_AGREE_WITHIN):
        return None, "no_values" if not math.isfinite(value) else "computations_disagree"
    return value, ""


def _area_mm2(region: Region, frame: Frame) -> float | None:
    left, top, right, bottom = region.box_mm
    scale = region_scale(((left, top), (right, bottom)), frame)
    if scale is None:
        return region.area_mm2 if frame.spacing.is_mm else None
    if scale.region is None or not scale.region.is_length:
        return None
    return Region(region.kind, tuple(scaled_mm(region.points_mm, frame, scale.region))).area_mm2


def _why_not(volume: Volume, frame_index: int, frame: Frame) -> str:
    state = volume.validity[frame_index]
    if state is FrameState.PREVIEW:
        return "preview"
    if state is not FrameState.LOADED:
        return "not_loaded"
    return "colour" if frame.format.is_colour else ""


# ---- the first computation: a mask, numpy


def _values_in(region: Region, stored: NDArray[np.generic], frame: Frame) -> tuple[NDArray[np.float64], int]:
    mask, row, column = mask_of(region, frame)
    chosen = stored[row : row + mask.shape[0], column : column + mask.shape[1]][mask]
    values = apply_modality_lut(chosen, frame.values)
    counted = ~_is_padding(chosen, frame) & np.isfinite(values)
    return values[counted], int(chosen.size - np.count_nonzero(counted))


def _is_padding(stored: NDArray[np.generic], frame: Frame) -> NDArray[np.bool_]:
    padding = frame.display.padding
    if padding is None:
        return np.zeros(stored.shape, dtype=bool)
    low, high = min(padding.low, padding.high), max(padding.low, padding.high)
    numbers = stored.astype(np.float64)
    mask: NDArray[np.bool_] = (numbers >= low) & (numbers <= high)
    return mask


def _moments(values: NDArray[np.float64], left_out: int) -> _Moments:
    return _Moments(
        int(values.size),
        left_out,
        float(values.mean()),
        float(values.std()),
        float(values.min()),
        float(values.max()),
    )


def _histogram(values: NDArray[np.float64]) -> Histogram:
    low, high = float(values.min()), float(values.max())
    counts, _ = np.histogram(values, bins=_HISTOGRAM_BINS, range=(low, high if high > low else low + 1.0))
    return Histogram(low, high, tuple(int(count) for count in counts))


# ---- the second computation: row by row, how often each stored value occurs, exact sums


def _moments_again(region: Region, stored: NDArray[np.generic], frame: Frame) -> _Moments | None:
    occurrences = _occurrences(region, stored, frame)
    padding = frame.display.padding
    left_out, total, squares, pixels = 0, Fraction(0), Fraction(0), 0
    ends: list[float] = []
    for code, count in occurrences.items():
        is_padding = padding is not None and min(padding.low, padding.high) <= code <= max(padding.low, padding.high)
        value = None if is_padding else _mapped_exactly(code, frame.values)
        if value is None:
            left_out += count
            continue
        exact = Fraction(value)
        total, squares, pixels = total + count * exact, squares + count * exact * exact, pixels + count
        ends = [min(*ends, value), max(*ends, value)] if ends else [value, value]
    if not pixels:
        return None
    mean = total / pixels
    return _Moments(pixels, left_out, float(mean), math.sqrt(squares / pixels - mean * mean), ends[0], ends[1])


def _occurrences(region: Region, stored: NDArray[np.generic], frame: Frame) -> Counter[float]:
    """How often each stored value occurs in a region; rows are counted some at a time, since each count sorts."""
    occurrences: Counter[float] = Counter()
    waiting: list[NDArray[np.generic]] = []
    for row, begin, end in spans_of(region, frame):
        waiting.append(stored[row, begin:end])
        if len(waiting) == _ROWS_AT_ONCE:
            occurrences.update(_counted(waiting))
            waiting = []
    occurrences.update(_counted(waiting))
    return occurrences


def _counted(rows: list[NDArray[np.generic]]) -> dict[float, int]:
    if not rows:
        return {}
    codes, counts = np.unique(np.concatenate(rows), return_counts=True)
    return dict(zip(codes.tolist(), counts.tolist(), strict=True))


def _mapped_exactly(code: float, mapping: ValueMapping) -> float | None:
    """Map one stored value by the formula of PS3.3 C.11.1.1 alone; ``None`` where the result is no finite number."""
    if not math.isfinite(code):
        return None
    if mapping.table is not None:
        entries = mapping.table.values
        return float(entries[min(max(round(code) - int(mapping.table.first_mapped), 0), len(entries) - 1)])
    value = code * mapping.slope + mapping.intercept
    return value if math.isfinite(value) else None


def _agree(first: _Moments, second: _Moments) -> bool:
    if (first.pixels, first.left_out) != (second.pixels, second.left_out):
        return False
    size = max(abs(first.minimum), abs(first.maximum), 1e-300)
    # A deviation is a root: half the digits are left where it is small beside the values themselves.
    tolerance = _AGREE_WITHIN * size
    return (
        abs(first.mean - second.mean) <= tolerance
        and abs(first.minimum - second.minimum) <= tolerance
        and abs(first.maximum - second.maximum) <= tolerance
        and abs(first.standard_deviation - second.standard_deviation) <= 1e-6 * size
    )
