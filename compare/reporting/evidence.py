"""The images that a report rests on, and the identities that join its parts."""

from __future__ import annotations

import uuid

from pydicom.dataset import Dataset

from compare.session.measurement import Measurement

#: Type 2 elements that a report takes over from its images.
_TAKEN_OVER = (
    "AccessionNumber", "PatientBirthDate", "PatientID", "PatientName", "PatientSex", "ReferringPhysicianName",
    "StudyDate", "StudyID", "StudyTime",
)  # fmt: skip


def completed(header: Dataset) -> Dataset:
    """Return a copy of an image's header with every type 2 element that a report takes over; missing ones are empty."""
    copy = Dataset(header)
    copy.file_meta = header.file_meta
    for keyword in _TAKEN_OVER:
        if keyword not in copy:
            setattr(copy, keyword, None)
    return copy


def tracking_uid_of(one: Measurement) -> str:
    """Return the UID that joins a measurement over time: its lesion's, or one that is always the same for itself."""
    if one.lesion:
        return one.lesion
    name = f"diptych/{one.sop_instance_uid}/{one.frame_number}/{one.identifier}"
    return f"2.25.{uuid.uuid5(uuid.NAMESPACE_OID, name).int}"  # PS3.5 B.2
