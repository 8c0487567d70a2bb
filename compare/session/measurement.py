"""What the reader drew on one frame: kind, points, words, and the lesion it belongs to."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from loaders.model.stack import StackKey

InPlanePoint = tuple[float, float]


class MeasurementKind(StrEnum):
    """The shape of a measurement; :data:`POINTS` says what its points are. Stable words: files hold them."""

    LENGTH = "length"
    BIDIRECTIONAL = "bidirectional"
    ANGLE = "angle"
    ELLIPSE = "ellipse"
    RECTANGLE = "rectangle"
    POLYGON = "polygon"
    PROBE = "probe"
    ARROW = "arrow"
    TEXT = "text"


#: How many points each kind has, least and most, in this order:
#: length: two ends; bidirectional: two ends of the long axis, two of the short one; angle: an end, the vertex, an end;
#: ellipse and rectangle: two opposite corners of the box along the stored rows and columns; polygon: its corners;
#: probe and text: the place; arrow: tip and tail.
POINTS: dict[MeasurementKind, tuple[int, int]] = {
    MeasurementKind.LENGTH: (2, 2),
    MeasurementKind.BIDIRECTIONAL: (4, 4),
    MeasurementKind.ANGLE: (3, 3),
    MeasurementKind.ELLIPSE: (2, 2),
    MeasurementKind.RECTANGLE: (2, 2),
    MeasurementKind.POLYGON: (3, 2000),
    MeasurementKind.PROBE: (1, 1),
    MeasurementKind.ARROW: (2, 2),
    MeasurementKind.TEXT: (1, 1),
}

#: Kinds that enclose an area, whose pixels have statistics.
REGIONS = frozenset({MeasurementKind.ELLIPSE, MeasurementKind.RECTANGLE, MeasurementKind.POLYGON})


@dataclass(frozen=True, slots=True)
class Measurement:
    """Drawn on one frame of one instance, and visible nowhere else.

    ``points_mm`` are in-plane mm of that frame (see :mod:`compare.viewing.canvas`), so that a measurement follows no
    zoom and no turn of the picture. ``lesion`` is the tracking UID of the lesion it measures, or empty. ``is_carried``:
    it came from another examination through a transform and the reader has not yet adjusted or accepted it. Until then
    it says nothing of the lesion here.
    """

    identifier: str
    kind: MeasurementKind
    stack: StackKey
    sop_instance_uid: str
    frame_number: int
    points_mm: tuple[InPlanePoint, ...]
    text: str = ""
    lesion: str = ""
    is_carried: bool = False

    def is_on(self, sop_instance_uid: str, frame_number: int) -> bool:
        """Whether this was drawn on that frame."""
        return (self.sop_instance_uid, self.frame_number) == (sop_instance_uid, frame_number)
