"""Measurements as DICOM graphics: kind of graphic, and points in columns and rows of the image.

(0, 0) is the outer corner of the first pixel, in presentation states (PS3.3 C.10.5.1.2, PIXEL) as in structured reports
(C.18.6.1.1).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from pydicom.uid import UID

from compare.session.measurement import InPlanePoint, Measurement, MeasurementKind
from loaders.model.frame import Frame

_TYPES: dict[MeasurementKind, str] = {
    MeasurementKind.LENGTH: "POLYLINE",
    MeasurementKind.ANGLE: "POLYLINE",
    MeasurementKind.POLYGON: "POLYLINE",
    MeasurementKind.RECTANGLE: "POLYLINE",
    MeasurementKind.ARROW: "POLYLINE",
    MeasurementKind.ELLIPSE: "ELLIPSE",
    MeasurementKind.PROBE: "POINT",
    MeasurementKind.TEXT: "POINT",
}


@dataclass(frozen=True, slots=True)
class Graphic:
    """One graphic. ``name`` is ``long_axis`` or ``short_axis`` for the two of a bidirectional measurement, else empty.

    ``points`` have shape (n, 2): column and row, float64.
    """

    graphic_type: str
    points: NDArray[np.float64]
    name: str = ""


def graphics_of(measurement: Measurement, frame: Frame) -> tuple[Graphic, ...]:
    """Return the graphics of a measurement on its frame."""
    points = measurement.points_mm
    if measurement.kind is MeasurementKind.BIDIRECTIONAL:
        axes = sorted((points[:2], points[2:]), key=lambda axis: -math.dist(*axis))
        names = ("long_axis", "short_axis")
        return tuple(Graphic("POLYLINE", _in_pixels(axis, frame), name) for axis, name in zip(axes, names, strict=True))
    return (Graphic(_TYPES[measurement.kind], _in_pixels(_outline(measurement), frame)),)


def is_multi_frame(sop_class_uid: str) -> bool:
    """Whether references to instances of a class name the frame."""
    name = UID(sop_class_uid).name
    return "Multi-frame" in name or "Enhanced" in name


def _outline(measurement: Measurement) -> Sequence[InPlanePoint]:
    points = measurement.points_mm
    if measurement.kind is MeasurementKind.RECTANGLE:
        (x0, y0), (x1, y1) = points
        return ((x0, y0), (x1, y0), (x1, y1), (x0, y1), (x0, y0))
    if measurement.kind is MeasurementKind.POLYGON:
        return (*points, points[0])
    if measurement.kind is MeasurementKind.ELLIPSE:
        return _ellipse_axes(points)
    return points


def _ellipse_axes(corners: Sequence[InPlanePoint]) -> tuple[InPlanePoint, ...]:
    """The ends of the major, then of the minor axis (PS3.3 C.10.5.1.2)."""
    (x0, y0), (x1, y1) = corners
    middle = ((x0 + x1) / 2.0, (y0 + y1) / 2.0)
    across = ((x0, middle[1]), (x1, middle[1]))
    along = ((middle[0], y0), (middle[0], y1))
    return (*across, *along) if abs(x1 - x0) >= abs(y1 - y0) else (*along, *across)


def _in_pixels(points_mm: Sequence[InPlanePoint], frame: Frame) -> NDArray[np.float64]:
    spacing = frame.spacing
    return np.array([(x / spacing.column_mm + 0.5, y / spacing.row_mm + 0.5) for x, y in points_mm], dtype=np.float64)
