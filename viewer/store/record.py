"""What a store answered about one patient, for the panels that show it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from loaders.stores.dicomweb.patient_search import FoundPatient, FoundStudy


@dataclass(frozen=True, slots=True)
class Allergies:
    """``state``: recorded, recorded_none, no_record_found or not_retrieved; never one taken for another."""

    state: str
    recorded: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PatientRecord:
    """One identified patient at one store, with the list of studies, newest first."""

    store: str
    patient: FoundPatient
    allergies: Allergies

    def study(self, study_uid: str) -> FoundStudy | None:
        """Return a study of the list."""
        return next((study for study in self.patient.studies if study.study_uid == study_uid), None)
