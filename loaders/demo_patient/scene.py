"""The anatomy as one examination sees it: placed by its motion, blurred by its scanner, painted plane by plane."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import product

import numpy as np
from numpy.typing import NDArray

from loaders.demo_patient.grids import Grid
from loaders.demo_patient.lesions import LESIONS, NODULE_HU, Lesion
from loaders.demo_patient.motion import BodyMotion
from loaders.demo_patient.profiles import REACH_SIGMAS, Floats, ball_table, edge
from loaders.demo_patient.solids import Solid, organs
from loaders.demo_patient.trunk import AIR_HU, paint_trunk
from loaders.demo_patient.tube_painting import PlacedTubes
from loaders.demo_patient.vasculature import tube_groups

#: Pixels worked on at once, so that the arrays stay in the processor's cache.
_PIXELS_AT_ONCE = 32768
#: How much a breath may bend a box's sides between its corners.
_BEND_MM = 3.0
_COUCH_HALF_WIDTH_MM, _COUCH_RISE_MM = 212.0, 52.0
#: Tubes thinner than this part of a pixel are left out: they are below the noise of the picture.
_THINNEST_PIXELS = 0.22
Boxes = NDArray[np.int64]


def _clip_boxes(low: NDArray[np.float64], high: NDArray[np.float64], shape: tuple[int, int, int]) -> Boxes:
    """Integer half-open boxes, shape (n, 3, 2), cut to a grid."""
    starts = np.clip(np.floor(low), 0, shape).astype(np.int64)
    stops = np.clip(np.ceil(high) + 1, 0, shape).astype(np.int64)
    return np.stack([starts, stops], axis=2)


@dataclass(slots=True)
class Scene:
    """Anatomy, motion, blur and grid of one examination; ``table_top_mm`` is the LPS y of the couch, if any."""

    grid: Grid
    motion: BodyMotion
    sigma_mm: float
    is_current: bool
    table_top_mm: float | None = None
    _solids: tuple[Solid, ...] = field(init=False, default=())
    _solid_boxes: Boxes = field(init=False, default_factory=lambda: np.zeros((0, 3, 2), dtype=np.int64))
    _tubes: list[PlacedTubes] = field(init=False, default_factory=list)
    _lesions: list[tuple[Lesion, NDArray[np.float64]]] = field(init=False, default_factory=list)

    def __post_init__(self) -> None:
        self._solids = organs()
        corners = np.asarray([list(product(*zip(*solid.box_mm, strict=True))) for solid in self._solids])
        self._solid_boxes = self._place(corners, np.full(len(corners), 1.0))
        self._lesions = [(lesion, self.motion.push(np.asarray([lesion.centre_mm]))) for lesion in LESIONS]
        thinnest = _THINNEST_PIXELS * self.grid.steps_mm()[2]
        for group in tube_groups():
            tubes = group.tubes.keep(np.minimum(group.tubes.start_radius, group.tubes.end_radius) > thinnest)
            if len(tubes):
                self._tubes.append(PlacedTubes.place(group.hu, tubes, self.grid, self.motion, self.sigma_mm))

    def _place(self, corners: NDArray[np.float64], radius_mm: NDArray[np.float64]) -> Boxes:
        """Boxes on the grid around groups of anatomy points, shape (n, k, 3), widened by radius and blur."""
        count, per = corners.shape[:2]
        bend = 0.0 if self.motion.breath.is_rest else _BEND_MM
        placed = self.grid.locate(self.motion.push(corners.reshape(-1, 3))).reshape(count, per, 3)
        margin = (radius_mm + REACH_SIGMAS * self.sigma_mm + bend)[:, None] / np.asarray(self.grid.steps_mm())
        return _clip_boxes(placed.min(axis=1) - margin, placed.max(axis=1) + margin, self.grid.shape)

    def paint_plane(self, plane: int) -> Floats:
        """Hounsfield units of one plane, without noise, shape (rows, columns)."""
        _, rows, columns = self.grid.shape
        hu = np.full((rows, columns), AIR_HU, dtype=np.float32)
        lps = self.grid.points(plane)
        if self.table_top_mm is not None:
            below = lps[1] - np.float32(self.table_top_mm)
            first = int(np.searchsorted(below[:, 0], -_COUCH_RISE_MM - 6.0 * self.sigma_mm))
            _paint_couch(hu[first:], lps[0][first:], below[first:], self.sigma_mm)
        xyz = self.motion.pull(*lps)
        step = max(_PIXELS_AT_ONCE // columns, 1)
        for first in range(0, rows, step):
            part = slice(first, first + step)
            paint_trunk(hu[part], xyz[0][part], xyz[1][part], xyz[2][part], self.sigma_mm)
        for index in np.flatnonzero((self._solid_boxes[:, 0, 0] <= plane) & (plane < self._solid_boxes[:, 0, 1])):
            (r0, r1), (c0, c1) = self._solid_boxes[index, 1], self._solid_boxes[index, 2]
            if r0 < r1 and c0 < c1:
                where = np.s_[r0:r1, c0:c1]
                self._solids[index].paint(hu[where], xyz[0][where], xyz[1][where], xyz[2][where], self.sigma_mm)
        layer = np.zeros((rows, columns), dtype=np.float32)
        for group in self._tubes:
            group.paint(hu, layer, xyz, plane)
        self._paint_lesions(hu, lps, plane)
        return hu

    def _paint_lesions(self, hu: Floats, lps: tuple[Floats, Floats, Floats], plane: int) -> None:
        """Balls in the image's own millimetres: a breath moves a nodule, it does not change its size."""
        for lesion, centre in self._lesions:
            diameter = lesion.diameter_mm(is_current=self.is_current)
            if diameter is None:
                continue
            reach = 0.5 * diameter + REACH_SIGMAS * self.sigma_mm
            margin = reach / np.asarray(self.grid.steps_mm())
            place = self.grid.locate(centre)
            box = _clip_boxes(place - margin, place + margin, self.grid.shape)[0]
            if not box[0, 0] <= plane < box[0, 1]:
                continue
            where = np.s_[box[1, 0] : box[1, 1], box[2, 0] : box[2, 1]]
            offsets = (a[where] - np.float32(c) for a, c in zip(lps, centre[0], strict=True))
            distance = np.sqrt(sum(o * o for o in offsets))
            table, per_mm = ball_table(0.5 * diameter, self.sigma_mm)
            coverage = table[np.minimum(distance * per_mm, len(table) - 1).astype(np.intp)]
            hu[where] += (np.float32(NODULE_HU) - hu[where]) * coverage


def _paint_couch(hu: Floats, x: Floats, below: Floats, sigma_mm: float) -> None:
    """A pad on a curved carbon shell filled with foam; ``below`` is mm under the couch's middle."""
    bowl = below + np.float32(_COUCH_RISE_MM / _COUCH_HALF_WIDTH_MM**2) * x * x  # the surface rises to both sides
    sides = np.float32(_COUCH_HALF_WIDTH_MM) - np.abs(x)

    def between(top: float, bottom: float) -> Floats:
        layer = np.minimum(np.minimum(bowl - np.float32(top), np.float32(bottom) - bowl), sides)
        return edge(layer, sigma_mm)

    for top, bottom, value in ((0.0, 12.0, -905.0), (12.0, 58.0, -120.0), (14.0, 56.0, -965.0)):
        hu += (np.float32(value) - hu) * between(top, bottom)
