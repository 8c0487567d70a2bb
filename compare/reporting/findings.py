"""What is reported: every measurement with its values, the lesions through time, and the response they mean."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from compare.following.criteria import growth_rules, recist
from compare.following.lesion_table import LesionRow, lesion_rows
from compare.following.recist import Evaluation, evaluate
from compare.following.time_points import TimePoint, sizes_of
from compare.measuring.values import MeasuredValue
from compare.pairing.roles import newest_first, study_key_of
from compare.session.comparison_session import ComparisonSession
from compare.session.measurement import Measurement
from loaders.model.frame import Frame
from loaders.model.study import Study


@dataclass(frozen=True, slots=True)
class MeasuredFrame:
    """Where a measurement lies: its frame, ``slice_number`` in its stack (from 1), and the date of its study."""

    frame: Frame
    slice_number: int
    study_key: str
    study_date: date | None


@dataclass(frozen=True, slots=True)
class Finding:
    """One measurement with its values. ``place`` is ``None`` where its images are not open: then it has no values."""

    measurement: Measurement
    values: tuple[MeasuredValue, ...]
    place: MeasuredFrame | None


@dataclass(frozen=True, slots=True)
class Findings:
    """Everything a report says. ``points`` are the examinations in order of date, oldest first."""

    points: tuple[TimePoint, ...]
    measurements: tuple[Finding, ...]
    rows: tuple[LesionRow, ...]
    evaluations: tuple[Evaluation, ...]


def findings_of(
    session: ComparisonSession,
    studies: tuple[Study, ...],
    places: Mapping[str, MeasuredFrame],
    values: Mapping[str, tuple[MeasuredValue, ...]],
) -> Findings:
    """Return what a session says of these studies.

    ``places`` and ``values`` are those of each measurement by its identifier, as far as its images are open. Only
    studies that hold a measurement or a judgement are time points.
    """
    # What was carried over and nobody has looked at is no measurement of this examination.
    drawn = tuple(one for one in session.measurements if not one.is_carried)
    judged = {study_key for lesion in session.lesions for study_key, _ in lesion.states}
    measured = {place.study_key for place in places.values()}
    points = tuple(
        TimePoint(study_key_of(study), study.uid, study.study_date)
        for study in reversed(newest_first(studies))
        if study_key_of(study) in measured | judged
    )

    def find_frame(measurement: Measurement) -> Frame | None:
        place = places.get(measurement.identifier)
        return None if place is None else place.frame

    sizes = sizes_of(session, points, find_frame)
    return Findings(
        points=points,
        measurements=tuple(Finding(one, values.get(one.identifier, ()), places.get(one.identifier)) for one in drawn),
        rows=lesion_rows(session.lesions, points, sizes, growth_rules()),
        evaluations=evaluate(session.lesions, points, sizes, recist()),
    )
