"""Build the catalogue record by record; a snapshot regroups only the series that have changed since the last one."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

from loaders.discovery.element_values import Elements, ElementValues
from loaders.discovery.frame_building import FrameBuilder, UnusablePixels, frame_count
from loaders.discovery.header_facts import (
    PATIENT_KEYWORDS,
    SERIES_KEYWORDS,
    STUDY_KEYWORDS,
    expected_instances,
    patient_of,
    series_of,
    study_of,
)
from loaders.discovery.header_scan import HeaderRecord, locator_of
from loaders.discovery.last_seen import LastSeen
from loaders.discovery.object_classes import object_label, object_name, reason_not_displayed
from loaders.discovery.patient_parting import PatientMark, mark_of, parted
from loaders.discovery.series_grouping import group_series
from loaders.model.frame import Frame
from loaders.model.patient import Patient
from loaders.model.pixel_format import FileLocator
from loaders.model.series import Series
from loaders.model.stack import Stack, StackWarning, StackWarningCode
from loaders.model.study import Catalogue, NotDisplayed, Problem, Study

#: Returns a digest of a file's bytes, or ``None`` where it cannot be read. Asked only for files that share a SOP UID.
FileDigest = Callable[[FileLocator], str | None]
_SeriesName = tuple[str, PatientMark, str]
_Place = tuple[str, str]


@dataclass(slots=True)
class _Instance:
    """One image file: where it is, its frames, and how many of them are wholly in the file."""

    file: FileLocator
    frames: tuple[Frame, ...]
    whole: int
    study: Study
    facts: ElementValues
    guessed: bool
    name: _SeriesName

    @property
    def order(self) -> tuple[bool, str, str]:
        """Which of several files with one SOP Instance UID is kept: a whole one, then the first by path."""
        return (self.whole < len(self.frames), *_place(self.file))


@dataclass(slots=True)
class _SeriesEntry:
    instances: dict[_Place, _Instance] = field(default_factory=dict)


class CatalogueBuilder:
    """Takes header records in any order and gives the same catalogue for the same files."""

    def __init__(self, digest: FileDigest) -> None:
        self._digest = digest
        self._frames = FrameBuilder()
        self._patients: LastSeen[tuple[Patient, PatientMark]] = LastSeen(PATIENT_KEYWORDS)
        self._studies_seen: LastSeen[Study] = LastSeen(STUDY_KEYWORDS)
        self._entries: dict[_SeriesName, _SeriesEntry] = defaultdict(_SeriesEntry)
        self._kept: dict[str, _Instance] = {}
        self._rivals: dict[str, list[tuple[_Instance, str | None]]] = {}
        self._problems: list[Problem] = []
        self._not_displayed: list[NotDisplayed] = []
        self._grouped: dict[tuple[str, int, str], tuple[tuple[_Place, ...], tuple[Stack, ...]]] = {}
        self._changed: set[tuple[str, str]] = set()

    def add(self, record: HeaderRecord) -> None:
        """Take one record: an image becomes frames, everything else a row."""
        file = locator_of(record)
        status = record["status"]
        if status == "not_dicom":
            self.add_problem(file, "not_dicom", "not a DICOM file")
        elif status == "problem":
            self.add_problem(file, record["code"], record["message"])
        elif status == "directory":
            self._not_displayed.append(
                NotDisplayed(file.path, "Media Storage Directory Storage", "media_directory", file.member)
            )
        else:
            self._add_object(record, file)

    def add_problem(self, file: FileLocator, code: str, message: str) -> None:
        """Add a row to the problems."""
        self._problems.append(Problem(file.path, code, message, file.member))

    def _add_object(self, record: HeaderRecord, file: FileLocator) -> None:
        top = Elements(record["elements"])
        has_pixels = record["status"] == "image"
        reason = reason_not_displayed(top, record["syntax"], has_pixels=has_pixels)
        class_name = object_name(top.text("SOPClassUID"))
        if reason == "no_pixels" and class_name.endswith("Image Storage"):
            self.add_problem(file, "no_pixels", "an image without pixel data")
        elif reason:
            uids = (top.text("StudyInstanceUID"), top.text("SeriesInstanceUID"), top.text("SOPInstanceUID"))
            row = NotDisplayed(
                file.path, class_name, reason, file.member, *uids, top.text("SOPClassUID"), object_label(top)
            )
            self._not_displayed.append(row)
        else:
            self._add_image(record, top, file)

    def _add_image(self, record: HeaderRecord, top: Elements, file: FileLocator) -> None:
        missing = [
            keyword for keyword in ("StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID") if not top.text(keyword)
        ]
        if missing:
            self.add_problem(file, "missing_uid", f"{', '.join(missing)} missing: the image belongs to no known series")
            return
        try:
            frames = self._frames.frames_of(record)
        except UnusablePixels as error:
            self.add_problem(file, "unusable_pixels", f"{error}")
            return
        whole = record["pixels"]["frames_whole"]
        whole = len(frames) if whole is None else min(whole, len(frames))
        if whole < frame_count(top):
            self._say_damaged(record, file, whole, len(frames))
        values, guessed = record["elements"], record["guessed"]

        def make_patient() -> tuple[Patient, PatientMark]:
            patient = patient_of(top, character_set_guessed=guessed)
            return patient, mark_of(patient)

        patient, mark = self._patients.get(values, guessed, make_patient)
        study = self._studies_seen.get(values, patient, lambda: study_of(top, patient))
        facts = {keyword: values[keyword] for keyword in SERIES_KEYWORDS if keyword in values}
        name = (study.uid, mark, top.text("SeriesInstanceUID"))
        self._keep(_Instance(file, frames, whole, study, facts, guessed, name))

    def _say_damaged(self, record: HeaderRecord, file: FileLocator, whole: int, count: int) -> None:
        if record["pixels"]["length"] == 0:
            self.add_problem(file, "no_pixels", "the pixel data are empty")
            return
        what = "the pixel data end early" if count == 1 else f"only {whole} of {count} frames are whole"
        self.add_problem(file, "truncated", f"{what}: copy the file again from where it came")

    def _keep(self, instance: _Instance) -> None:
        """Keep the instance, or the better of it and another with the same SOP Instance UID."""
        uid = instance.frames[0].sop_instance_uid
        kept = self._kept.get(uid)
        if kept is None:
            self._put(uid, instance)
            return
        rivals = self._rivals.setdefault(uid, [(kept, self._digest(kept.file))])
        rivals.append((instance, self._digest(instance.file)))
        if instance.order < kept.order:
            del self._entries[kept.name].instances[_place(kept.file)]
            self._note_change(kept.name)
            self._put(uid, instance)

    def _put(self, uid: str, instance: _Instance) -> None:
        self._kept[uid] = instance
        self._entries[instance.name].instances[_place(instance.file)] = instance
        self._note_change(instance.name)

    def _note_change(self, name: _SeriesName) -> None:
        self._changed.add((name[0], name[2]))

    def snapshot(self) -> Catalogue:
        """Return everything known so far."""
        by_study: dict[str, dict[PatientMark, dict[str, _SeriesEntry]]] = defaultdict(lambda: defaultdict(dict))
        for (study_uid, mark, series_uid), entry in self._entries.items():
            if entry.instances:
                by_study[study_uid][mark][series_uid] = entry
        conflicts: list[Problem] = []
        studies: list[Study] = []
        for study_uid, marks in by_study.items():
            studies += self._studies(study_uid, marks, conflicts)
        self._changed.clear()
        studies.sort(
            key=lambda study: (study.study_date is None, study.study_date, study.study_time is None, study.key)
        )
        problems = self._problems + conflicts + self._rival_rows()
        return Catalogue(
            tuple(studies),
            tuple(sorted(problems, key=lambda row: (str(row.path), row.member, row.code))),
            tuple(sorted(self._not_displayed, key=lambda row: (str(row.path), row.member))),
        )

    def _studies(
        self,
        study_uid: str,
        marks: dict[PatientMark, dict[str, _SeriesEntry]],
        conflicts: list[Problem],
    ) -> list[Study]:
        numbers = parted(marks.keys())
        persons: dict[int, dict[str, list[_Instance]]] = defaultdict(lambda: defaultdict(list))
        for mark, entries in marks.items():
            for series_uid, entry in entries.items():
                persons[numbers[mark]][series_uid] += entry.instances.values()
        studies = []
        for number, by_series in sorted(persons.items()):
            series = [found for uid, them in by_series.items() if (found := self._series(study_uid, number, uid, them))]
            if not series:
                continue
            first = min((each for them in by_series.values() for each in them), key=_fullness)
            key = study_uid if number == 0 else f"{study_uid}#{number + 1}"
            series.sort(key=lambda each: (each.number is None, each.number, each.uid))
            studies.append(replace(first.study, series=tuple(series), key=key))
            if number:
                message = "this file names another patient than others of the same study: kept apart"
                row = min((each for them in by_series.values() for each in them), key=lambda each: _place(each.file))
                conflicts.append(Problem(row.file.path, "conflict", message, row.file.member))
        return studies

    def _series(self, study_uid: str, number: int, series_uid: str, instances: list[_Instance]) -> Series | None:
        """Group one series, unless it is the same as at the last snapshot."""
        instances.sort(key=lambda each: _place(each.file))
        name = (study_uid, number, series_uid)
        places = tuple(_place(each.file) for each in instances)
        cached = self._grouped.get(name)
        if cached is None or (study_uid, series_uid) in self._changed or cached[0] != places:
            stacks = _stacks(instances, study_uid, series_uid, salt=str(number) if number else "")
            self._grouped[name] = cached = (places, stacks)
        if not cached[1]:
            return None
        first = min(instances, key=lambda each: frame_order(each.frames[0]))
        guessed = any(each.guessed for each in instances)
        series = series_of(Elements(first.facts), character_set_guessed=guessed)
        return replace(
            series,
            expected_instances=series.expected_instances or expected_instances([each.facts for each in instances]),
            stacks=cached[1],
            instances=sum(each.whole > 0 for each in instances),
        )

    def _rival_rows(self) -> list[Problem]:
        """Say of every file that shares a SOP Instance UID with the one kept whether it is the same or another."""
        rows = []
        for uid, rivals in self._rivals.items():
            kept = self._kept[uid]
            digest = next(digest for instance, digest in rivals if instance is kept)
            for instance, other in rivals:
                if instance is kept:
                    continue
                is_same = digest is not None and digest == other
                file = instance.file
                said = f"{kept.file.path.name}{' : ' + kept.file.member if kept.file.member else ''}"
                message = (
                    f"the same file as {said}: shown once"
                    if is_same
                    else f"the same SOP Instance UID as {said} but other contents: only that one is shown"
                )
                rows.append(Problem(file.path, "duplicate" if is_same else "conflict", message, file.member))
        return rows


def _stacks(instances: list[_Instance], study_uid: str, series_uid: str, salt: str) -> tuple[Stack, ...]:
    """Group all frames; damaged ones keep their place beside sound ones, but make no stack of their own."""
    damaged = {
        (frame.sop_instance_uid, frame.frame_number)
        for each in instances
        if each.whole < len(each.frames)
        for frame in each.frames[each.whole :]
    }
    stacks = group_series((frame for each in instances for frame in each.frames), study_uid, series_uid, salt)
    if not damaged:
        return stacks
    told = []
    for stack in stacks:
        bad = tuple(
            index + 1
            for index, frame in enumerate(stack.frames)
            if (frame.sop_instance_uid, frame.frame_number) in damaged
        )
        if len(bad) < len(stack.frames):
            warning = (StackWarning(StackWarningCode.INCOMPLETE, bad),) if bad else ()
            told.append(replace(stack, warnings=stack.warnings + warning))
    return tuple(told)


def _place(file: FileLocator) -> _Place:
    return str(file.path), file.member


def _fullness(instance: _Instance) -> tuple[int, int, _Place]:
    """Which file speaks for the study: the one that states most of the patient, then the first by path."""
    mark = instance.name[1]
    return -sum(map(bool, mark)), -len(instance.study.patient.identifiers), _place(instance.file)


def frame_order(frame: Frame) -> tuple[int, str]:
    """Which frame speaks for the series: the lowest instance number."""
    return (1 << 62 if frame.instance_number is None else frame.instance_number), frame.sop_instance_uid


def empty_folder_problem(path: Path) -> Problem:
    """Return the row of a folder in which there is no file at all."""
    return Problem(path, "empty_folder", "the folder holds no files")
