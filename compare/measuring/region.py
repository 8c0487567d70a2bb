"""Which pixels of a frame lie in a drawn region: by a formula for every pixel, and again row by row.

A pixel belongs to a region when its centre does, the border included. The two computations share no code: what is
counted by one is checked by the other (:mod:`compare.measuring.statistics`).
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from compare.session.measurement import REGIONS, InPlanePoint, Measurement, MeasurementKind
from loaders.model.frame import Frame

#: Pixel centres nearer to a border than this (in mm) lie on it: rounding must not decide.
_ON_BORDER_MM = 1e-9


@dataclass(frozen=True, slots=True)
class Region:
    """A region on one frame, in in-plane mm; ``kind`` is one of :data:`REGIONS`."""

    kind: MeasurementKind
    points_mm: tuple[InPlanePoint, ...]

    @classmethod
    def of(cls, measurement: Measurement) -> Region:
        """Return the region a measurement encloses. Raises ``ValueError`` for kinds that enclose nothing."""
        if measurement.kind not in REGIONS:
            raise ValueError(f"a {measurement.kind} encloses no area")
        return cls(measurement.kind, measurement.points_mm)

    @property
    def box_mm(self) -> tuple[float, float, float, float]:
        """Left, top, right and bottom, in in-plane mm."""
        rights, downs = zip(*self.points_mm, strict=True)
        return min(rights), min(downs), max(rights), max(downs)

    @property
    def area_mm2(self) -> float:
        """The area of the drawn shape itself: not that of the pixels whose centres it holds."""
        left, top, right, bottom = self.box_mm
        if self.kind is MeasurementKind.RECTANGLE:
            return (right - left) * (bottom - top)
        if self.kind is MeasurementKind.ELLIPSE:
            return math.pi / 4.0 * (right - left) * (bottom - top)
        return (
            abs(
                sum(
                    x0 * y1 - x1 * y0
                    for (x0, y0), (x1, y1) in zip(self.points_mm, _shifted(self.points_mm), strict=True)
                )
            )
            / 2.0
        )


def mask_of(region: Region, frame: Frame) -> tuple[NDArray[np.bool_], int, int]:
    """Return a mask of the pixels in a region, shape (rows, columns) of its bounding box, and the box's first pixel.

    The mask covers the part of the box within the image; it is empty where the region lies outside.
    """
    rows, columns = _within(region, frame)
    right = columns[np.newaxis, :] * frame.spacing.column_mm
    down = rows[:, np.newaxis] * frame.spacing.row_mm
    first = (int(rows[0]), int(columns[0])) if rows.size and columns.size else (0, 0)
    return _inside(region, right, down), *first


def spans_of(region: Region, frame: Frame) -> Iterator[tuple[int, int, int]]:
    """Yield (row, first column, one past the last column) of the pixels in a region, row by row."""
    _, top, _, bottom = region.box_mm
    first = max(0, math.ceil((top - _ON_BORDER_MM) / frame.spacing.row_mm))
    last = min(frame.format.rows - 1, math.floor((bottom + _ON_BORDER_MM) / frame.spacing.row_mm))
    for row in range(first, last + 1):
        for left_mm, right_mm in _stretches(region, row * frame.spacing.row_mm):
            begin = max(0, math.ceil((left_mm - _ON_BORDER_MM) / frame.spacing.column_mm))
            end = min(frame.format.columns, math.floor((right_mm + _ON_BORDER_MM) / frame.spacing.column_mm) + 1)
            if begin < end:
                yield row, begin, end


def _within(region: Region, frame: Frame) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    left, top, right, bottom = region.box_mm
    ranges = []
    for low, high, step, count in (
        (top, bottom, frame.spacing.row_mm, frame.format.rows),
        (left, right, frame.spacing.column_mm, frame.format.columns),
    ):
        begin = max(0, math.floor(low / step) - 1)
        end = min(count, math.ceil(high / step) + 2)
        ranges.append(np.arange(begin, max(begin, end), dtype=np.float64))
    return ranges[0], ranges[1]


def _inside(region: Region, right: NDArray[np.float64], down: NDArray[np.float64]) -> NDArray[np.bool_]:
    x0, y0, x1, y1 = region.box_mm
    inside: NDArray[np.bool_]
    if region.kind is MeasurementKind.POLYGON:
        return _inside_polygon(region.points_mm, right, down)
    if region.kind is MeasurementKind.RECTANGLE:
        inside = (
            (right >= x0 - _ON_BORDER_MM)
            & (right <= x1 + _ON_BORDER_MM)
            & (down >= y0 - _ON_BORDER_MM)
            & (down <= y1 + _ON_BORDER_MM)
        )
        return inside
    half_across, half_along = (x1 - x0) / 2.0 + _ON_BORDER_MM, (y1 - y0) / 2.0 + _ON_BORDER_MM
    inside = ((right - (x0 + x1) / 2.0) / half_across) ** 2 + ((down - (y0 + y1) / 2.0) / half_along) ** 2 <= 1.0
    return inside


def _inside_polygon(
    points: Sequence[InPlanePoint], right: NDArray[np.float64], down: NDArray[np.float64]
) -> NDArray[np.bool_]:
    """Even-odd rule, and whatever lies on an edge."""
    inside = np.zeros(np.broadcast_shapes(right.shape, down.shape), dtype=bool)
    on_edge = np.zeros_like(inside)
    for (x0, y0), (x1, y1) in zip(points, _shifted(points), strict=True):
        if y0 != y1:
            crosses = (down >= min(y0, y1)) & (down < max(y0, y1))
            at = x0 + (down - y0) * ((x1 - x0) / (y1 - y0))
            inside ^= crosses & (right < at)
        length = math.hypot(x1 - x0, y1 - y0)
        on_edge |= (np.abs(right - x0) <= _ON_BORDER_MM) & (np.abs(down - y0) <= _ON_BORDER_MM)
        if length > 0.0:
            along = ((right - x0) * (x1 - x0) + (down - y0) * (y1 - y0)) / length
            across = ((right - x0) * (y1 - y0) - (down - y0) * (x1 - x0)) / length
            on_edge |= (np.abs(across) <= _ON_BORDER_MM) & (along >= -_ON_BORDER_MM) & (along <= length + _ON_BORDER_MM)
    return inside | on_edge


def _stretches(region: Region, down_mm: float) -> list[tuple[float, float]]:
    """Where a horizontal line at ``down_mm`` lies in the region: pairs of in-plane mm, without overlap, in order."""
    left, top, right, bottom = region.box_mm
    if region.kind is MeasurementKind.RECTANGLE:
        return [(left, right)]
    if region.kind is MeasurementKind.ELLIPSE:
        half_across, half_along = (right - left) / 2.0 + _ON_BORDER_MM, (bottom - top) / 2.0 + _ON_BORDER_MM
        height = (down_mm - (top + bottom) / 2.0) / half_along
        reach = half_across * math.sqrt(max(0.0, 1.0 - height * height)) - _ON_BORDER_MM
        middle = (left + right) / 2.0
        return [(middle - reach, middle + reach)] if abs(height) <= 1.0 else []
    return _merged([*_crossings(region.points_mm, down_mm), *_touching(region.points_mm, down_mm)])


def _crossings(points: Sequence[InPlanePoint], down_mm: float) -> list[tuple[float, float]]:
    at = sorted(
        x0 + (down_mm - y0) / (y1 - y0) * (x1 - x0)
        for (x0, y0), (x1, y1) in zip(points, _shifted(points), strict=True)
        if (y0 <= down_mm < y1) or (y1 <= down_mm < y0)
    )
    return list(zip(at[::2], at[1::2], strict=True))


def _touching(points: Sequence[InPlanePoint], down_mm: float) -> list[tuple[float, float]]:
    """Edges that lie on the line, and corners that touch it: single points of the border count too."""
    found: list[tuple[float, float]] = []
    for (x0, y0), (x1, y1) in zip(points, _shifted(points), strict=True):
        if abs(y0 - down_mm) <= _ON_BORDER_MM:
            found.append((x0, x0))
            if abs(y1 - down_mm) <= _ON_BORDER_MM:
                found.append((min(x0, x1), max(x0, x1)))
    # An edge that crosses the line belongs to the border where it does, also where even-odd leaves it outside.
    found += [
        (at, at)
        for (x0, y0), (x1, y1) in zip(points, _shifted(points), strict=True)
        if min(y0, y1) < down_mm < max(y0, y1)
        for at in (x0 + (down_mm - y0) / (y1 - y0) * (x1 - x0),)
    ]
    return found


def _merged(stretches: list[tuple[float, float]]) -> list[tuple[float, float]]:
    merged: list[tuple[float, float]] = []
    for begin, end in sorted(stretches):
        if merged and begin <= merged[-1][1] + 2 * _ON_BORDER_MM:
            merged[-1] = (merged[-1][0], max(merged[-1][1], end))
        else:
            merged.append((begin, end))
    return merged


def _shifted(points: Sequence[InPlanePoint]) -> list[InPlanePoint]:
    return [*points[1:], points[0]]
