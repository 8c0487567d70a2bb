"""The slice renderer that needs nothing but numpy: oracle of the tests, and in use where there is no real GPU."""

from __future__ import annotations

import os
from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from compare.viewing.view_state import Presentation
from loaders.model.frame import Frame
from loaders.model.volume import Volume
from viewer.rendering.colour_maps import coloured
from viewer.rendering.grey_tables import FrameGrey, GreyTables, TableSource
from viewer.rendering.presentation_grey import AutomaticWindows, presentation_pixels, presentation_table
from viewer.rendering.resampling import resample, sampled_padding
from viewer.rendering.sampling import SamplingPlan, plan_request
from viewer.rendering.slice_levels import SliceLevel, SliceLevels, is_tabled
from viewer.rendering.slice_renderer import SliceRequest

#: Gives the grey of values that no table can hold: stored values as float64 -> uint8, same shape.
ValueSource = Callable[[NDArray[np.float64], Frame, Presentation], NDArray[np.uint8]]

#: Threads that share a large canvas; numpy lets go of the interpreter's lock while it computes.
_WORKERS = min(4, os.cpu_count() or 1)

#: Canvases whose stored values are kept, so that a window drag asks the table only.
_KEPT_CANVASES = 6


@dataclass(frozen=True, slots=True, eq=False)
class _Canvas:
    """A canvas that was drawn: (row samples, column samples) of values, once asked for again, and its padding.

    Volume and plan are held so that their ids stay theirs while the entry lives.
    """

    volume: Volume
    plan: SamplingPlan
    values: NDArray[Any] | None
    padding: NDArray[np.bool_] | None


@dataclass(frozen=True, slots=True)
class _CanvasKey:
    volume_id: int
    frame_index: int
    state: int
    plan_id: int


class ReferenceRenderer:
    """Draws slices with numpy alone. Not for use from two threads at once; two renderers may run side by side."""

    name = "reference"

    def __init__(
        self, table_source: TableSource = presentation_table, value_source: ValueSource = presentation_pixels
    ) -> None:
        self._tables = GreyTables(table_source)
        self._value_source = value_source
        self._levels = SliceLevels()
        self._windows = AutomaticWindows()
        self._pool = ThreadPoolExecutor(max(1, _WORKERS - 1), thread_name_prefix="slice")
        self._canvases: OrderedDict[_CanvasKey, _Canvas] = OrderedDict()

    def render(self, request: SliceRequest) -> NDArray[np.uint8] | None:
        """Return (height, width) grey or (height, width, 3) RGB, or ``None`` when the frame is not in memory.

        Raises ``ValueError`` for a scale that is not a positive number or an unknown colour map.
        """
        stored = request.volume.frame_array(request.view.frame_index)
        if stored is None:
            return None
        request = self._windows.complete(request, stored)
        frame = request.volume.frame(request.view.frame_index)
        plan = plan_request(request, frame, stored)
        if plan.is_empty:
            return _empty(request, is_colour=stored.ndim == 3)
        if stored.ndim == 3:
            inner = self._colour(request, plan)
        elif is_tabled(stored.dtype):
            inner = self._grey(request, frame, plan)
        else:
            inner = self._grey_of_values(request, frame, plan)
        return None if inner is None else _onto_canvas(inner, request, plan)

    def _grey(self, request: SliceRequest, frame: Frame, plan: SamplingPlan) -> NDArray[np.uint8] | None:
        grey = self._tables.of(frame, request.presentation)
        key = _key(request, plan)
        kept = self._canvases.get(key)
        if kept is not None and kept.values is not None:
            self._canvases.move_to_end(key)
            out = np.empty(kept.values.shape, dtype=np.uint8)
            grey.table.grey(kept.values, out)
            padding = kept.padding
        else:
            level = self._levels.level(request.volume, request.view.frame_index, plan.level)
            if level is None:
                return None
            # A canvas is worth keeping when it is asked for again: while scrolling or panning none ever is.
            values, out = self._resample_grey(level, plan, grey, keeps_values=kept is not None)
            padding = sampled_padding(level, plan)
            self._keep(key, _Canvas(request.volume, plan, values, padding))
        if padding is not None:
            out[padding] = grey.padding_grey
        return out

    def _resample_grey(
        self, level: SliceLevel, plan: SamplingPlan, grey: FrameGrey, *, keeps_values: bool
    ) -> tuple[NDArray[Any] | None, NDArray[np.uint8]]:
        """Sample and map in one pass: each band is turned to grey while it is still in the core's cache."""
        shape = (plan.rows.count, plan.columns.count)
        is_single = plan.rows.indices.shape[0] == 1 and plan.columns.indices.shape[0] == 1
        kind = level.values.dtype if is_single else np.dtype(np.float32)
        values = np.empty(shape, dtype=kind) if keeps_values else None
        out = np.empty(shape, dtype=np.uint8)

        def receive(start: int, band: NDArray[Any]) -> None:
            if values is not None:
                _store(values, start, band)
            grey.table.grey(band, out[start : start + len(band)])

        resample(level.values, plan.rows, plan.columns, receive, pool=self._pool, workers=_WORKERS)
        return values, out

    def _grey_of_values(self, request: SliceRequest, frame: Frame, plan: SamplingPlan) -> NDArray[np.uint8] | None:
        level = self._levels.level(request.volume, request.view.frame_index, plan.level)
        if level is None:
            return None
        values = np.empty((plan.rows.count, plan.columns.count), dtype=np.float64)
        resample(level.values, plan.rows, plan.columns, partial(_store, values), pool=self._pool, workers=_WORKERS)
        out = self._value_source(values, frame, request.presentation)
        padding = sampled_padding(level, plan)
        if padding is not None:
            out[padding] = 0
        return out

    def _colour(self, request: SliceRequest, plan: SamplingPlan) -> NDArray[np.uint8] | None:
        level = self._levels.level(request.volume, request.view.frame_index, plan.level)
        if level is None:
            return None
        out = np.empty((plan.rows.count, plan.columns.count, 3), dtype=np.uint8)
        for channel in range(3):
            plane = np.ascontiguousarray(level.values[:, :, channel])
            resample(
                plane,
                plan.rows,
                plan.columns,
                partial(_store_rounded, out[:, :, channel]),
                pool=self._pool,
                workers=_WORKERS,
            )
        return np.bitwise_not(out) if request.presentation.is_inverted else out

    def _keep(self, key: _CanvasKey, canvas: _Canvas) -> None:
        self._canvases[key] = canvas
        self._canvases.move_to_end(key)
        while len(self._canvases) > _KEPT_CANVASES:
            self._canvases.popitem(last=False)

    def release(self, volume: Volume) -> None:
        """Forget everything kept for a volume."""
        self._levels.release(volume)
        self._windows.release(volume)
        for key in [key for key, canvas in self._canvases.items() if canvas.volume is volume]:
            del self._canvases[key]

    def close(self) -> None:
        """Forget everything and end the threads."""
        self._pool.shutdown()
        self._levels = SliceLevels()
        self._windows.clear()
        self._canvases.clear()


def _key(request: SliceRequest, plan: SamplingPlan) -> _CanvasKey:
    index = request.view.frame_index
    # Plans are kept by their geometry, and the entry keeps its plan: the same plan object is the same geometry.
    return _CanvasKey(id(request.volume), index, int(request.volume.validity[index]), id(plan))


def _store(values: NDArray[Any], start: int, band: NDArray[Any]) -> None:
    values[start : start + len(band)] = band


def _store_rounded(values: NDArray[np.uint8], start: int, band: NDArray[Any]) -> None:
    is_whole = band.dtype.kind == "u"
    values[start : start + len(band)] = band if is_whole else band + np.float32(0.5)


def _empty(request: SliceRequest, *, is_colour: bool) -> NDArray[np.uint8]:
    shape: tuple[int, ...] = (request.height, request.width)
    if is_colour or request.presentation.colour_map != "grey":
        shape = (*shape, 3)
    return np.zeros(shape, dtype=np.uint8)


def _onto_canvas(inner: NDArray[np.uint8], request: SliceRequest, plan: SamplingPlan) -> NDArray[np.uint8]:
    """Turn the picture as the view asks, colour it, and lay it on a black canvas."""
    if plan.is_turned:
        inner = inner.swapaxes(0, 1)
    if inner.ndim == 2 and request.presentation.colour_map != "grey":
        inner = coloured(inner, request.presentation.colour_map)
    if inner.shape[:2] == (request.height, request.width):
        return np.ascontiguousarray(inner)
    canvas = np.zeros((request.height, request.width, *inner.shape[2:]), dtype=np.uint8)
    canvas[plan.canvas_box] = inner
    return canvas
