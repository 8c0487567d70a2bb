"""Stored values on the canvas grid, and grey from them: the arithmetic of the reference renderer.

Interpolation comes *before* the grey mapping: what lies between two pixels is a value, and the window is asked about
that value. The other order blurs what the window has already cut off.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Executor
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from viewer.rendering.sampling import AxisSampling, SamplingPlan
from viewer.rendering.slice_levels import SliceLevel

#: Canvas rows worked on at a time, so that the intermediate floats stay in a core's cache.
_BAND = 64

#: Canvases of fewer pixels are drawn by one thread: handing them out costs more than it gains.
_SHARED_FROM = 200_000

#: Receives a band's first row and its values; the array is re-used for the next band.
BandSink = Callable[[int, NDArray[Any]], None]


def resample(
    values: NDArray[Any],
    rows: AxisSampling,
    columns: AxisSampling,
    sink: BandSink,
    *,
    pool: Executor | None = None,
    workers: int = 1,
) -> None:
    """Send the values of one plane, sampled at (rows, columns), to ``sink`` band by band.

    ``values`` is (image rows, image columns). Where both axes take single pixels they arrive in their own type, bit
    for bit; else as float32, or float64 when ``values`` is float64. With a pool, large canvases are shared out and
    ``sink`` is called from several threads, for different bands.
    """
    part = _pick if columns.indices.shape[0] == 1 and rows.indices.shape[0] == 1 else _interpolate
    if pool is None or workers < 2 or rows.count * columns.count < _SHARED_FROM:
        part(values, rows, columns, sink, slice(0, rows.count))
        return
    edges = [rows.count * index // workers for index in range(workers + 1)]
    shares = [slice(start, stop) for start, stop in pairwise(edges)]
    others = [pool.submit(part, values, rows, columns, sink, share) for share in shares[1:]]
    part(values, rows, columns, sink, shares[0])
    for other in others:
        other.result()


def _interpolate(values: NDArray[Any], rows: AxisSampling, columns: AxisSampling, sink: BandSink, share: slice) -> None:
    kind = np.float64 if values.dtype == np.float64 else np.float32
    taps = rows.indices[:, share]
    first, last = int(taps.min()), int(taps.max())
    across = _weigh(values[first : last + 1], columns, kind)
    taps = taps - first
    weights = rows.weights[:, share, np.newaxis].astype(kind, copy=False)
    count = taps.shape[1]
    sums, other = (np.empty((min(_BAND, count), columns.count), dtype=kind) for _ in range(2))
    for start in range(0, count, _BAND):
        stop = min(count, start + _BAND)
        total, tap = sums[: stop - start], other[: stop - start]
        # mode="clip" lets numpy write straight into ``out``; the indices are within bounds by construction.
        across.take(taps[0, start:stop], axis=0, out=total, mode="clip")
        if len(taps) == 2:
            across.take(taps[1, start:stop], axis=0, out=tap, mode="clip")
            tap -= total
            tap *= weights[1, start:stop]
            total += tap
        else:
            total *= weights[0, start:stop]
            for index in range(1, len(taps)):
                across.take(taps[index, start:stop], axis=0, out=tap, mode="clip")
                tap *= weights[index, start:stop]
                total += tap
        sink(share.start + start, total)


def _pick(values: NDArray[Any], rows: AxisSampling, columns: AxisSampling, sink: BandSink, share: slice) -> None:
    taps = rows.indices[0, share]
    first, last = int(taps.min()), int(taps.max())
    repeats = last - first < taps.size
    if repeats:
        values, taps = values[first : last + 1].take(columns.indices[0], axis=1, mode="clip"), taps - first
    for start in range(0, taps.size, _BAND):
        band = values.take(taps[start : start + _BAND], axis=0, mode="clip")
        sink(share.start + start, band if repeats else band.take(columns.indices[0], axis=1, mode="clip"))


def _weigh(values: NDArray[Any], columns: AxisSampling, kind: type[np.float32 | np.float64]) -> NDArray[Any]:
    """The weighted sum over the column taps, shape (rows, canvas columns)."""
    taps, weights = columns.indices, columns.weights.astype(kind, copy=False)
    total: NDArray[Any] = values.take(taps[0], axis=1, mode="clip").astype(kind)
    if len(taps) == 2:
        tap = values.take(taps[1], axis=1, mode="clip").astype(kind)
        tap -= total
        tap *= weights[1]
        total += tap
        return total
    if len(taps) > 1:
        total *= weights[0]
    for index in range(1, len(taps)):
        tap = values.take(taps[index], axis=1, mode="clip").astype(kind)
        tap *= weights[index]
        total += tap
    return total


def sampled_padding(level: SliceLevel, plan: SamplingPlan) -> NDArray[np.bool_] | None:
    """Which canvas pixels lie on padding, shape (row samples, column samples), or ``None`` when none does."""
    if level.padding is None:
        return None
    mask: NDArray[np.bool_] = level.padding.take(plan.rows.nearest, axis=0).take(plan.columns.nearest, axis=1)
    return mask if mask.any() else None


class GreyTable:
    """A table from codes to grey, read at whole codes or between them.

    Codes that fall between two pixels' are rounded while neighbouring entries differ by at most one grey level, which
    is exact to half a level; in a steeper table the grey is interpolated between the two entries.
    """

    def __init__(self, entries: NDArray[np.uint8]) -> None:
        self.entries = entries
        self.last = len(entries) - 1
        steps = np.abs(np.diff(entries.astype(np.int16)))
        self.is_steep = bool(steps.size and int(steps.max()) > 1)
        if self.is_steep:
            self._start = entries.astype(np.float32)
            rise = np.append(np.diff(self._start), np.float32(0.0))
            self._rise = rise.astype(np.float32)

    def grey(self, codes: NDArray[Any], out: NDArray[np.uint8]) -> None:
        """Write the grey of integer or float codes, which lie within the table, to ``out`` of the same shape."""
        if codes.dtype.kind in "iu":
            self.entries.take(codes.astype(np.intp), out=out, mode="clip")
            return
        if not self.is_steep:
            self.entries.take((codes + np.float32(0.5)).astype(np.intp), out=out, mode="clip")
            return
        whole = codes.astype(np.intp)
        part = codes - whole.astype(codes.dtype)
        part *= self._rise.take(whole, mode="clip")
        part += self._start.take(whole, mode="clip")
        part += np.float32(0.5)
        out[...] = part
