"""How large each lesion was at each examination, as the session's measurements say."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date

from compare.following.lesion import Lesion
from compare.measuring.length import Length, length_between
from compare.session.comparison_session import ComparisonSession
from compare.session.measurement import Measurement, MeasurementKind
from loaders.model.frame import Frame

#: Finds the frame that a measurement was drawn on, ``None`` where its images are not open.
FindFrame = Callable[[Measurement], Frame | None]

_SIZED = (MeasurementKind.BIDIRECTIONAL, MeasurementKind.LENGTH)


@dataclass(frozen=True, slots=True)
class TimePoint:
    """One examination, in order of date. ``study_key`` names it as in the catalogue."""

    study_key: str
    study_uid: str
    study_date: date | None


@dataclass(frozen=True, slots=True)
class LesionSize:
    """A lesion at one examination, in mm of the patient. ``short_mm`` is ``None`` where only one axis was drawn.

    ``reason`` is a stable word for why there is no size: ``not_measured``, ``frame_not_open``, ``no_millimetres``
    (spacing that is not of the patient cannot be compared), ``not_confirmed`` (carried over, and neither adjusted nor
    accepted), ``withheld``.
    """

    long_mm: float | None = None
    short_mm: float | None = None
    slice_thickness_mm: float | None = None
    #: Steps of the grid it was measured on: across, down, along the normal; ``None`` without a slice thickness.
    grid_mm: tuple[float, float, float] | None = None
    measurement: str = ""
    reason: str = ""

    @property
    def mean_mm(self) -> float | None:
        """Mean of both axes (the diameter of Fleischner and Lung-RADS), ``None`` without both."""
        return None if self.long_mm is None or self.short_mm is None else (self.long_mm + self.short_mm) / 2.0


Sizes = Mapping[tuple[str, str], LesionSize]


def sizes_of(session: ComparisonSession, points: tuple[TimePoint, ...], find_frame: FindFrame) -> Sizes:
    """Return the size of every lesion at every time point, by (tracking UID, study key)."""
    return {
        (lesion.tracking_uid, point.study_key): _size(session, lesion, point, find_frame)
        for lesion in session.lesions
        for point in points
    }


def _size(session: ComparisonSession, lesion: Lesion, point: TimePoint, find_frame: FindFrame) -> LesionSize:
    drawn = [
        one
        for one in session.measurements
        if one.lesion == lesion.tracking_uid and one.kind in _SIZED and one.stack.study_uid == point.study_uid
    ]
    if not drawn:
        return LesionSize(reason="not_measured")
    drawn = [one for one in drawn if not one.is_carried]
    if not drawn:
        return LesionSize(reason="not_confirmed")
    sizes = [_measured(one, find_frame(one)) for one in drawn]
    known = [size for size in sizes if size.long_mm is not None]
    # Two axes say more than one; of several slices the one where the lesion is largest counts.
    return max(known, key=lambda size: (size.short_mm is not None, size.long_mm)) if known else sizes[0]


def _measured(one: Measurement, frame: Frame | None) -> LesionSize:
    if frame is None:
        return LesionSize(measurement=one.identifier, reason="frame_not_open")
    if not frame.spacing.is_comparable:
        return LesionSize(measurement=one.identifier, reason="no_millimetres")
    pairs = zip(one.points_mm[::2], one.points_mm[1::2], strict=True)
    lengths: list[Length] = [length_between(start, end, frame) for start, end in pairs]
    values = sorted((length.value for length in lengths if length.value is not None), reverse=True)
    if len(values) != len(lengths):
        return LesionSize(measurement=one.identifier, reason="withheld")
    thickness, spacing = frame.slice_thickness_mm, frame.spacing
    return LesionSize(
        long_mm=values[0],
        short_mm=values[1] if len(values) > 1 else None,
        slice_thickness_mm=thickness,
        grid_mm=(spacing.column_mm, spacing.row_mm, thickness) if thickness else None,
        measurement=one.identifier,
    )
