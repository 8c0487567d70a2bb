"""Exact pictures of planes, made in pieces so short that the window stays alive between them."""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from compare.reformat.plane import ReformatPlane
from compare.reformat.sampled_volume import SampledVolume
from viewer.rendering.plane_sampler import PlaneSampler

_FIRST_ROWS = 32


@dataclass(slots=True)
class ExactPicture:
    """One picture on its way, row by row. ``values`` are (height, width), one array a layer, in the layers' units."""

    row: int
    pane: int
    plane: ReformatPlane
    layers: tuple[SampledVolume, ...]
    values: tuple[NDArray[np.float32], ...]
    next_row: int = 0


class ExactPictures:
    """The queue of exact pictures. A piece takes about ``piece_ms``, whatever the volume and the slab."""

    def __init__(self, sampler: PlaneSampler, piece_ms: float) -> None:
        self._sampler, self._piece_ms = sampler, piece_ms
        self._queue: list[ExactPicture] = []
        self._rows_a_piece = _FIRST_ROWS

    def __bool__(self) -> bool:
        return bool(self._queue)

    def clear(self) -> None:
        """Forget what was asked for."""
        self._queue.clear()

    def begin(self, wanted: Iterable[tuple[int, int, ReformatPlane, tuple[SampledVolume, ...]]]) -> None:
        """Ask for pictures: (row, pane, plane, layers) each."""
        self._queue = [
            ExactPicture(
                row,
                pane,
                plane,
                layers,
                tuple(np.empty((plane.height, plane.width), dtype=np.float32) for _ in layers),
            )
            for row, pane, plane, layers in wanted
        ]

    def work(self) -> ExactPicture | None:
        """Sample some rows of the first picture; return it when it is whole."""
        if not self._queue:
            return None
        work = self._queue[0]
        last = min(work.next_row + self._rows_a_piece, work.plane.height)
        x, y, z = work.plane.lps_of(0.0, float(work.next_row))
        band = replace(work.plane, origin_lps_mm=(float(x), float(y), float(z)), height=last - work.next_row)
        started = time.perf_counter()
        for values, layer in zip(work.values, work.layers, strict=True):
            values[work.next_row : last] = self._sampler.sample(layer, band, step_mm=layer.grid.finest_mm)
        taken_ms = max((time.perf_counter() - started) * 1e3, 0.1)
        self._rows_a_piece = int(np.clip(self._rows_a_piece * self._piece_ms / taken_ms, 4, 4096))
        work.next_row = last
        return self._queue.pop(0) if last == work.plane.height else None
