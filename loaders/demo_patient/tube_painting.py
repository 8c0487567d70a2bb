"""Painting many tubes on one plane at once: all pixels near any of them are worked on as one list."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from loaders.demo_patient.branching import Tubes
from loaders.demo_patient.grids import Grid
from loaders.demo_patient.motion import BodyMotion
from loaders.demo_patient.profiles import REACH_SIGMAS, TABLE_BINS, Floats, tube_table

#: Radii share a table when they differ by less than this part of the blur.
_RADIUS_STEP_SIGMAS = 0.05


@dataclass(frozen=True, slots=True)
class PlacedTubes:
    """Tubes of one CT number as a grid sees them: ends and reach in (plane, row, column), and their radial tables."""

    hu: float
    tubes: Tubes
    first: NDArray[np.float64]
    last: NDArray[np.float64]
    margin: NDArray[np.float64]
    lowest: NDArray[np.float64]
    highest: NDArray[np.float64]
    table_row: NDArray[np.int64]
    bins_per_mm: Floats
    tables: Floats

    @classmethod
    def place(cls, hu: float, tubes: Tubes, grid: Grid, motion: BodyMotion, sigma_mm: float) -> PlacedTubes:
        """Move the tubes to where the examination has them and prepare their blurred profiles."""
        radius = np.maximum(tubes.start_radius, tubes.end_radius)
        bend = 0.0 if motion.breath.is_rest else 0.5
        margin = (radius + REACH_SIGMAS * sigma_mm + bend)[:, None] / np.asarray(grid.steps_mm())
        mean = 0.5 * (tubes.start_radius + tubes.end_radius) / sigma_mm
        kinds, row = np.unique(np.maximum(np.rint(mean / _RADIUS_STEP_SIGMAS), 1).astype(np.int64), return_inverse=True)
        made = [tube_table(kind * _RADIUS_STEP_SIGMAS * sigma_mm, sigma_mm) for kind in kinds.tolist()]
        first, last = (grid.locate(motion.push(ends)) for ends in (tubes.start, tubes.end))
        return cls(
            hu,
            tubes,
            first,
            last,
            margin,
            np.minimum(first[:, 0], last[:, 0]) - margin[:, 0],
            np.maximum(first[:, 0], last[:, 0]) + margin[:, 0],
            row.reshape(-1).astype(np.int64),
            np.asarray([per_mm for _, per_mm in made], dtype=np.float32)[row.reshape(-1)],
            np.stack([table for table, _ in made]),
        )

    def boxes(self, plane: int, rows: int, columns: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Tubes that reach a plane: their indices, shape (n,), and half-open boxes (row, row, column, column)."""
        index = np.flatnonzero((self.lowest <= plane) & (plane <= self.highest))
        if index.size == 0:
            return index, np.zeros((0, 4), dtype=np.int64)
        first, step, margin = self.first[index], self.last[index] - self.first[index], self.margin[index]
        # Only the stretch of the axis that lies within reach of the plane matters.
        run = np.where(np.abs(step[:, 0]) < 1e-6, 1e-6, step[:, 0])
        t = (plane - first[:, 0, None] + np.array([-1.0, 1.0]) * margin[:, :1]) / run[:, None]
        t = np.clip(np.sort(t, axis=1), 0.0, 1.0)
        ends = first[:, None, 1:] + t[:, :, None] * step[:, None, 1:]
        starts = np.clip(np.floor(ends.min(axis=1) - margin[:, 1:]), 0, (rows, columns)).astype(np.int64)
        stops = np.clip(np.ceil(ends.max(axis=1) + margin[:, 1:]) + 1, 0, (rows, columns)).astype(np.int64)
        boxes = np.stack([starts[:, 0], stops[:, 0], starts[:, 1], stops[:, 1]], axis=1)
        seen = (boxes[:, 0] < boxes[:, 1]) & (boxes[:, 2] < boxes[:, 3])
        return index[seen], boxes[seen]

    def paint(self, hu: Floats, layer: Floats, xyz: tuple[Floats, Floats, Floats], plane: int) -> None:
        """Collect the greatest coverage in ``layer``, lay it over ``hu`` once, leave ``layer`` at zero.

        ``xyz`` are the anatomy's coordinates of the plane's pixels.
        """
        rows, columns = hu.shape
        index, boxes = self.boxes(plane, rows, columns)
        if index.size == 0:
            return
        height, width = boxes[:, 1] - boxes[:, 0], boxes[:, 3] - boxes[:, 2]
        sizes = height * width
        owner = np.repeat(np.arange(len(index), dtype=np.int32), sizes)
        local = np.arange(len(owner), dtype=np.int32) - np.repeat((np.cumsum(sizes) - sizes).astype(np.int32), sizes)
        down, across = np.divmod(local, width.astype(np.int32)[owner])
        corner = (boxes[:, 0] * columns + boxes[:, 2]).astype(np.int32)
        flat = down * np.int32(columns) + across + corner[owner]
        coverage = self._coverage(index, owner, tuple(a.ravel()[flat] for a in xyz))
        np.maximum.at(layer.reshape(-1), flat, coverage)
        where = np.s_[boxes[:, 0].min() : boxes[:, 1].max(), boxes[:, 2].min() : boxes[:, 3].max()]
        hu[where] += (np.float32(self.hu) - hu[where]) * layer[where]
        layer[where] = 0.0

    def _coverage(self, index: NDArray[np.int64], owner: NDArray[np.int32], place: tuple[Floats, ...]) -> Floats:
        """Coverage of listed points by the tube that owns each."""
        tubes = self.tubes
        start = tubes.start[index]
        axis = tubes.end[index] - start
        length = np.maximum(np.linalg.norm(axis, axis=1), 1e-6)
        unit = (axis / length[:, None]).astype(np.float32)
        start32 = start.astype(np.float32)
        offsets = [p - start32[:, i][owner] for i, p in enumerate(place)]
        units = [unit[:, i][owner] for i in range(3)]
        along = offsets[0] * units[0] + offsets[1] * units[1] + offsets[2] * units[2]
        np.clip(along, np.float32(0.0), length.astype(np.float32)[owner], out=along)
        squared = np.zeros_like(along)
        for offset, u in zip(offsets, units, strict=True):
            offset -= along * u  # noqa: PLW2901 - in place: the list's arrays are ours
            squared += offset * offset
        distance = np.sqrt(squared)
        # Taper: the table is the middle's; towards the thick end the same profile lies further out.
        thinning = ((tubes.start_radius - tubes.end_radius)[index] / length).astype(np.float32)
        shift = (0.5 * (tubes.end_radius - tubes.start_radius)[index]).astype(np.float32)
        distance += along * thinning[owner] + shift[owner]
        distance *= self.bins_per_mm[index][owner]
        np.clip(distance, np.float32(0.0), np.float32(TABLE_BINS - 1), out=distance)
        row = (self.table_row[index] * TABLE_BINS).astype(np.int32)
        coverage: Floats = self.tables.reshape(-1)[distance.astype(np.int32) + row[owner]]
        return coverage
