"""What the time rail lists: patients, their studies newest first, the displayable stacks of each. Values only."""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, time
from enum import StrEnum

from compare.identity.verdict import Verdict, compare_identity
from compare.pairing.roles import study_key_of
from loaders.model.patient import Patient
from loaders.model.series import Series
from loaders.model.stack import Stack, StackKey, StackWarningCode
from loaders.model.study import Study
from viewer.panels.study_category import StudyCategory, study_category

SamePerson = Callable[[Study, Study], bool]
RowKey = tuple[str, ...]

_LARGEST_GAP_PX = 36


class Presence(StrEnum):
    """Where a study's images are."""

    ON_DISK = "on_disk"
    IN_STORE = "in_store"
    LOADING = "loading"


@dataclass(frozen=True, slots=True)
class StudyState:
    """Presence of a study; ``fraction`` (0 to 1) of its images is there while loading, ``None`` when not known."""

    presence: Presence = Presence.ON_DISK
    fraction: float | None = None


@dataclass(frozen=True, slots=True)
class RailFilter:
    """What the reader asked to see. No category means all of them; every word of ``text`` must be found."""

    categories: frozenset[StudyCategory] = frozenset()
    text: str = ""

    @property
    def is_active(self) -> bool:
        """Whether anything may be hidden."""
        return bool(self.categories or self.text.strip())


@dataclass(frozen=True, slots=True)
class PatientRow:
    """Heads the studies of one patient."""

    patient: Patient

    @property
    def key(self) -> RowKey:
        """Stable while the patient's data are."""
        identifier = self.patient.primary_identifier
        return ("patient", identifier.normal if identifier else "", _folded_name(self.patient), str(self.patient))


@dataclass(frozen=True, slots=True)
class StudyRow:
    """Heads the stacks of one study. ``gap_px`` is the empty height above it that hints at the interval."""

    study: Study
    newest: date | None
    gap_px: int

    @property
    def key(self) -> RowKey:
        """Stable through a scan."""
        return ("study", study_key_of(self.study))


@dataclass(frozen=True, slots=True)
class SeriesRow:
    """One displayable stack; a series that fell into several stacks has several rows."""

    study: Study
    series: Series
    stack: Stack

    @property
    def key(self) -> RowKey:
        """Stable through a scan."""
        return ("stack", study_key_of(self.study), self.series.uid, self.stack.key.stack_id)

    @property
    def count_text(self) -> str:
        """Frames in the stack, or found/expected files where the source announces more than were found."""
        expected = self.series.expected_instances
        if expected is not None and expected > self.series.instances:
            return f"{self.series.instances}/{expected}"
        return str(len(self.stack.frames))


Row = PatientRow | StudyRow | SeriesRow


@dataclass(frozen=True, slots=True)
class RailRows:
    """Rows in display order, and how many studies the filter hid."""

    rows: tuple[Row, ...]
    shown_studies: int
    all_studies: int


def may_be_one_person(first: Study, second: Study) -> bool:
    """Whether two studies stand under one heading: anything but a conflict of identity. It groups a list, no more."""
    return compare_identity(first, second).verdict is not Verdict.CONFLICT


def _folded_name(patient: Patient) -> str:
    text = patient.name.alphabetic_text or patient.name.ideographic_text
    return " ".join(unicodedata.normalize("NFKC", text).upper().split())


def rail_rows(
    studies: Sequence[Study],
    wanted: RailFilter = RailFilter(),
    same_person: SamePerson = may_be_one_person,
) -> RailRows:
    """Return the rows for studies, newest on top within each patient, undated ones last."""
    rows: list[Row] = []
    shown = 0
    for group in _by_person(studies, same_person):
        ordered = sorted(group, key=_newest_first)
        newest = next((study.study_date for study in ordered if study.study_date), None)
        listed: list[Row] = []
        above: date | None = None
        for study in ordered:
            series_rows = _series_rows(study, wanted)
            if series_rows is None:
                continue
            shown += 1
            listed.append(StudyRow(study, newest, _gap_px(above, study.study_date) if listed else 0))
            listed.extend(series_rows)
            above = study.study_date or above
        if listed:
            rows.append(PatientRow(ordered[0].patient))
            rows.extend(listed)
    return RailRows(tuple(rows), shown, len(studies))


def _by_person(studies: Iterable[Study], same_person: SamePerson) -> list[list[Study]]:
    """Groups in order of first appearance, so that a scan only ever adds at the end of the list of patients.

    Only studies that share an identifier, or a name and a birth date, are held against each other: thousands of
    patients on one disc must not be compared each with each, and two without a name are never one by that.
    """
    groups: list[list[Study]] = []
    group_of: dict[tuple[Patient, str], list[Study]] = {}
    candidates: dict[tuple[str, ...], list[list[Study]]] = {}
    for study in studies:
        person = (study.patient, study.institution)
        group = group_of.get(person)
        if group is None:
            traits = _traits(study.patient)
            known = (group for trait in traits for group in candidates.get(trait, ()))
            group = next((group for group in known if same_person(group[0], study)), None)
            if group is None:
                group = []
                groups.append(group)
            group_of[person] = group
            for trait in traits:
                sharing = candidates.setdefault(trait, [])
                if not any(other is group for other in sharing):
                    sharing.append(group)
        group.append(study)
    return groups


def _traits(patient: Patient) -> list[tuple[str, ...]]:
    traits = [("identifier", identifier.normal) for identifier in patient.identifiers if identifier.normal]
    name = _folded_name(patient)
    if name and patient.birth_date:
        return [*traits, ("name", name, patient.birth_date.isoformat())]
    return list(traits)


def _newest_first(study: Study) -> tuple[int, int, str]:
    if study.study_date is None:
        return (1, 0, study_key_of(study))
    clock = study.study_time or time(0)
    seconds = study.study_date.toordinal() * 86_400 + clock.hour * 3600 + clock.minute * 60 + clock.second
    return (0, -seconds, study_key_of(study))


def _gap_px(above: date | None, own: date | None) -> int:
    if above is None or own is None:
        return 6
    months = max((above - own).days, 0) / 30
    return min(_LARGEST_GAP_PX, 6 + round(6 * math.log2(1 + months)))


def _series_rows(study: Study, wanted: RailFilter) -> list[SeriesRow] | None:
    """Rows of a study, or ``None`` when the filter hides it. One that matches as a whole shows all of its stacks."""
    if wanted.categories and study_category(study) not in wanted.categories:
        return None
    rows = [
        SeriesRow(study, series, stack) for series in sorted(study.series, key=_series_order) for stack in series.stacks
    ]
    words = wanted.text.casefold().split()
    if not words:
        return rows
    about_study = _study_words(study)
    if all(word in about_study for word in words):
        return rows
    found = [row for row in rows if all(word in about_study + _series_words(row.series) for word in words)]
    return found or None


def _series_order(series: Series) -> tuple[int, int, str]:
    return (0, series.number, series.uid) if series.number is not None else (1, 0, series.uid)


def _study_words(study: Study) -> str:
    day = study.study_date.isoformat() if study.study_date else ""
    return f"{study.description} {study.institution} {study.accession_number} {day} ".casefold()


def _series_words(series: Series) -> str:
    words = (series.modality, series.description, series.body_part, series.protocol, series.equipment.institution)
    return " ".join(words).casefold()


#: The worst first: a row has room for one word.
WARNING_ORDER = (
    StackWarningCode.INCOMPLETE,
    StackWarningCode.MISSING_SLICES,
    StackWarningCode.MISSING_GEOMETRY,
    StackWarningCode.MIXED_ORIENTATION,
    StackWarningCode.MIXED_MATRIX,
    StackWarningCode.DUPLICATE_POSITIONS,
    StackWarningCode.OVERLAPPING_SLICES,
    StackWarningCode.UNEVEN_SPACING,
    StackWarningCode.GANTRY_TILT,
    StackWarningCode.MISSING_FRAME_OF_REFERENCE,
)


def warning_codes(row: SeriesRow) -> list[StackWarningCode]:
    """Return the distinct irregularities of a stack, the worst first."""
    present = {warning.code for warning in row.stack.warnings}
    expected = row.series.expected_instances
    if expected is not None and expected > row.series.instances:
        present.add(StackWarningCode.INCOMPLETE)
    return [code for code in WARNING_ORDER if code in present]


def is_lossy(row: SeriesRow) -> bool:
    """Whether any frame of the stack has gone through lossy compression."""
    return any(frame.badges.is_lossy for frame in row.stack.frames)


def stack_key_of(row: Row) -> StackKey | None:
    """Return the stack a row stands for, or ``None`` for a heading."""
    return row.stack.key if isinstance(row, SeriesRow) else None
