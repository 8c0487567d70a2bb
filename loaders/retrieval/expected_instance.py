"""What the store announced, and whether what came is that."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from loaders.discovery.header_scan import HeaderRecord
from loaders.transport.store_errors import StoreAnswerUnusable, WrongAnswer


@dataclass(frozen=True, slots=True)
class ExpectedInstance:
    """One instance of the manifest, with the identity the store's metadata state for it."""

    study_uid: str
    series_uid: str
    sop_uid: str
    sop_class_uid: str
    patient_id: str
    birth_date: str

    @classmethod
    def of(cls, record: HeaderRecord) -> ExpectedInstance:
        """Return what a metadata record announces."""
        return cls(*(_first(record["elements"], keyword) for keyword in _ORDER))

    def check(self, record: HeaderRecord) -> None:
        """Compare a received instance's header. Raises ``WrongAnswer``, ``StoreAnswerUnusable`` for no DICOM at all."""
        if "elements" not in record:
            raise StoreAnswerUnusable("the store sent something that is no DICOM instance")
        found = ExpectedInstance.of(record)
        if found != self:
            differing = [keyword for keyword, a, b in zip(_ORDER, _fields(self), _fields(found), strict=True) if a != b]
            raise WrongAnswer(f"the store sent another object than was asked for: {', '.join(differing)} differ")


#: Attributes that must say the same in an instance as in the store's own metadata of it, in the order of the fields.
_ORDER = ("StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID", "SOPClassUID", "PatientID", "PatientBirthDate")


def _fields(expected: ExpectedInstance) -> tuple[str, ...]:
    return (
        expected.study_uid, expected.series_uid, expected.sop_uid, expected.sop_class_uid, expected.patient_id,
        expected.birth_date,
    )  # fmt: skip


def _first(elements: dict[str, Any], keyword: str) -> str:
    values = elements.get(keyword)
    return str(values[0]).strip() if isinstance(values, list) and values else ""
