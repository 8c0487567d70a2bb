"""Commands on measurements. One belongs to one frame of one instance; its points are in-plane mm."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

from compare.errors import Refused
from compare.linking.stack_places import Stacks
from compare.session.change import frame_in, stack_in
from compare.session.comparison_session import ComparisonSession
from compare.session.measurement import POINTS, InPlanePoint, Measurement, MeasurementKind

_LONGEST_TEXT = 1000


def add_measurement(
    session: ComparisonSession,
    index: int,
    kind: MeasurementKind,
    points_mm: Sequence[InPlanePoint],
    stacks: Stacks,
    *,
    identifier: str,
    text: str = "",
) -> ComparisonSession:
    """Add a measurement on the frame that viewport ``index`` shows. ``identifier`` is new and the caller's.

    Refuses (``Refused``) ``identifier_taken``, ``bad_measurement`` and what :func:`frame_in` refuses.
    """
    if any(old.identifier == identifier for old in session.measurements):
        raise Refused("identifier_taken")
    points = _checked(kind, points_mm)
    if kind is MeasurementKind.TEXT and not text.strip():
        raise Refused("bad_measurement")
    frame = frame_in(session, index, stacks)
    key = stack_in(session, index, stacks).key
    drawn = Measurement(
        identifier, kind, key, frame.sop_instance_uid, frame.frame_number, points, text=text[:_LONGEST_TEXT]
    )
    return replace(session, measurements=(*session.measurements, drawn))


def edit_measurement(
    session: ComparisonSession, identifier: str, points_mm: Sequence[InPlanePoint], text: str | None = None
) -> ComparisonSession:
    """Move the points of a measurement, and change its words unless ``text`` is ``None``.

    A carried one becomes the reader's own.
    """
    old = measurement_of(session, identifier)
    words = old.text if text is None else text[:_LONGEST_TEXT]
    points = _checked(old.kind, points_mm)
    is_carried = old.is_carried and points == old.points_mm
    return _with(session, replace(old, points_mm=points, text=words, is_carried=is_carried))


def add_carried(session: ComparisonSession, carried: Measurement) -> ComparisonSession:
    """Add a measurement that was carried over from another examination, to be adjusted or accepted by the reader.

    Refuses ``identifier_taken``, ``bad_measurement`` and ``no_such_lesion``.
    """
    if any(old.identifier == carried.identifier for old in session.measurements):
        raise Refused("identifier_taken")
    if all(lesion.tracking_uid != carried.lesion for lesion in session.lesions):
        raise Refused("no_such_lesion")
    drawn = replace(carried, points_mm=_checked(carried.kind, carried.points_mm), is_carried=True)
    return replace(session, measurements=(*session.measurements, drawn))


def accept_measurement(session: ComparisonSession, identifier: str) -> ComparisonSession:
    """Say that a carried measurement lies right as it is. Refuses ``no_such_measurement``."""
    return _with(session, replace(measurement_of(session, identifier), is_carried=False))


def delete_measurement(session: ComparisonSession, identifier: str) -> ComparisonSession:
    """Remove a measurement."""
    measurement_of(session, identifier)
    kept = tuple(old for old in session.measurements if old.identifier != identifier)
    return replace(session, measurements=kept)


def assign_lesion(session: ComparisonSession, identifier: str, tracking_uid: str) -> ComparisonSession:
    """Say which lesion a measurement measures; an empty ``tracking_uid`` takes it from its lesion."""
    if tracking_uid and all(lesion.tracking_uid != tracking_uid for lesion in session.lesions):
        raise Refused("no_such_lesion")
    return _with(session, replace(measurement_of(session, identifier), lesion=tracking_uid))


def measurement_of(session: ComparisonSession, identifier: str) -> Measurement:
    """Return a measurement; ``Refused('no_such_measurement')`` where there is none."""
    found = next((one for one in session.measurements if one.identifier == identifier), None)
    if found is None:
        raise Refused("no_such_measurement")
    return found


def is_sound(kind: MeasurementKind, points_mm: Sequence[InPlanePoint]) -> bool:
    """Whether points make a measurement of that kind: enough of them, finite, and not all at one place."""
    least, most = POINTS[kind]
    if not least <= len(points_mm) <= most:
        return False
    if not all(math.isfinite(value) for point in points_mm for value in point):
        return False
    return least == 1 or any(tuple(point) != tuple(points_mm[0]) for point in points_mm[1:])


def _checked(kind: MeasurementKind, points_mm: Sequence[InPlanePoint]) -> tuple[InPlanePoint, ...]:
    if not is_sound(kind, points_mm):
        raise Refused("bad_measurement")
    return tuple((float(right), float(down)) for right, down in points_mm)


def _with(session: ComparisonSession, changed: Measurement) -> ComparisonSession:
    measurements = tuple(changed if old.identifier == changed.identifier else old for old in session.measurements)
    return session if measurements == session.measurements else replace(session, measurements=measurements)
