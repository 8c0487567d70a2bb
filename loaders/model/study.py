"""A study: one examination of one patient, and the catalogue of everything a source holds."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, time
from pathlib import Path

from loaders.model.patient import Patient
from loaders.model.pixel_format import FileLocator
from loaders.model.series import Series
from loaders.model.stack import Stack, StackKey


@dataclass(frozen=True, slots=True)
class Study:
    """Study-level facts. ``key`` parts two patients who share one Study Instance UID: such studies are never merged."""

    uid: str
    patient: Patient
    study_date: date | None = None
    study_time: time | None = None
    description: str = ""
    institution: str = ""
    accession_number: str = ""
    series: tuple[Series, ...] = ()
    key: str = ""


@dataclass(frozen=True, slots=True)
class Problem:
    """One file that is not shown as it should be: a row in the problems panel. ``code`` is a stable word."""

    path: Path
    code: str
    message: str
    member: str = ""


@dataclass(frozen=True, slots=True)
class NotDisplayed:
    """A sound DICOM object that has no picture here: listed, never dropped."""

    path: Path
    sop_class: str
    reason: str
    member: str = ""
    study_uid: str = ""
    series_uid: str = ""
    sop_instance_uid: str = ""
    sop_class_uid: str = ""
    #: What the object calls itself: content label, document title, structure set label, or series description.
    label: str = ""

    @property
    def file(self) -> FileLocator:
        """Where it is."""
        return FileLocator(self.path, self.member)


@dataclass(frozen=True, slots=True)
class Catalogue:
    """Everything a source was found to hold, grouped and ordered."""

    studies: tuple[Study, ...] = ()
    problems: tuple[Problem, ...] = ()
    not_displayed: tuple[NotDisplayed, ...] = ()

    def find_object(self, sop_instance_uid: str) -> NotDisplayed | None:
        """Return the object beside the images of that UID, or ``None``."""
        return next((row for row in self.not_displayed if row.sop_instance_uid == sop_instance_uid), None)

    def find_stack(self, key: StackKey) -> Stack | None:
        """Return the stack of that key, or ``None``."""
        for study in self.studies:
            for series in study.series:
                for stack in series.stacks:
                    if stack.key == key:
                        return stack
        return None
