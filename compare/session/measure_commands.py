"""Commands on lengths. A length belongs to one frame of one instance; its points are in-plane mm."""

from __future__ import annotations

import math
from dataclasses import replace

from compare.errors import Refused
from compare.linking.stack_places import Stacks
from compare.session.change import frame_in, stack_in
from compare.session.comparison_session import ComparisonSession, LengthMeasurement
from compare.viewing.canvas import Point


def add_length(
    session: ComparisonSession, index: int, start_mm: Point, end_mm: Point, stacks: Stacks, *, identifier: str
) -> ComparisonSession:
    """Add a length on the frame that a viewport shows. ``identifier`` is new and the caller's."""
    if any(old.identifier == identifier for old in session.measurements):
        raise Refused("identifier_taken")
    _check(start_mm, end_mm)
    frame = frame_in(session, index, stacks)
    key = stack_in(session, index, stacks).key
    length = LengthMeasurement(identifier, key, frame.sop_instance_uid, frame.frame_number, start_mm, end_mm)
    return replace(session, measurements=(*session.measurements, length))


def edit_length(session: ComparisonSession, identifier: str, start_mm: Point, end_mm: Point) -> ComparisonSession:
    """Move the ends of a length."""
    _check(start_mm, end_mm)
    if all(old.identifier != identifier for old in session.measurements):
        raise Refused("no_such_measurement")
    changed = tuple(
        replace(old, start_mm=start_mm, end_mm=end_mm) if old.identifier == identifier else old
        for old in session.measurements
    )
    return session if changed == session.measurements else replace(session, measurements=changed)


def delete_length(session: ComparisonSession, identifier: str) -> ComparisonSession:
    """Remove a length."""
    kept = tuple(old for old in session.measurements if old.identifier != identifier)
    if len(kept) == len(session.measurements):
        raise Refused("no_such_measurement")
    return replace(session, measurements=kept)


def _check(start_mm: Point, end_mm: Point) -> None:
    if not all(math.isfinite(value) for value in (*start_mm, *end_mm)) or start_mm == end_mm:
        raise Refused("bad_length")
