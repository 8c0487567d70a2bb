"""From a header to patient, study and series facts. What is missing or unreadable stays missing."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date, time

from loaders.discovery.element_values import Elements, ElementValues
from loaders.model.identifiers import PatientIdentifier
from loaders.model.patient import Patient, PersonName
from loaders.model.series import Equipment, Series
from loaders.model.study import Study

_TIME = re.compile(r"^(\d{2})(\d{2})?(\d{2})?(?:\.(\d{1,6}))?$")
_TECHNIQUE = (
    ("kernel", "ConvolutionKernel"), ("kVp", "KVP"), ("mA", "XRayTubeCurrent"), ("mAs", "Exposure"),
    ("TR", "RepetitionTime"), ("TE", "EchoTime"), ("TI", "InversionTime"), ("flip_angle", "FlipAngle"),
    ("field_T", "MagneticFieldStrength"), ("sequence", "ScanningSequence"), ("variant", "SequenceVariant"),
    ("contrast", "ContrastBolusAgent"), ("slice_thickness_mm", "SliceThickness"),
)  # fmt: skip

#: The elements that each function here reads, for whoever wants to know whether its answer would change.
PATIENT_KEYWORDS = (
    "PatientName", "PatientID", "IssuerOfPatientID", "TypeOfPatientID", "OtherPatientIDsSequence", "OtherPatientIDs",
    "PatientBirthDate", "PatientSex",
)  # fmt: skip
STUDY_KEYWORDS = (
    "StudyInstanceUID", "StudyDate", "StudyTime", "StudyDescription", "InstitutionName", "AccessionNumber",
)  # fmt: skip
SERIES_KEYWORDS = (
    "SeriesInstanceUID", "Modality", "SeriesDescription", "SeriesNumber", "BodyPartExamined", "Laterality",
    "ImageLaterality", "ViewPosition", "ProtocolName", "AcquisitionDate", "AcquisitionTime", "AcquisitionDateTime",
    "SeriesDate", "SeriesTime", "Manufacturer", "ManufacturerModelName", "StationName", "InstitutionName",
    "NumberOfSeriesRelatedInstances", "ImagesInAcquisition", "AcquisitionNumber", "InConcatenationTotalNumber",
    "InstanceNumber", *(keyword for _, keyword in _TECHNIQUE),
)  # fmt: skip


def date_of(text: str) -> date | None:
    """Return a DA value (also the retired form with dots), or ``None`` where it is no day of the calendar."""
    digits = text.replace(".", "")[:8]
    if len(digits) != 8 or not (digits.isascii() and digits.isdigit()):
        return None
    try:
        return date(int(digits[:4]), int(digits[4:6]), int(digits[6:]))
    except ValueError:
        return None


def time_of(text: str) -> time | None:
    """Return a TM value (also the retired form with colons), or ``None`` where it is no time of day."""
    match = _TIME.match(text.replace(":", ""))
    if match is None:
        return None
    hour, minute, second = (int(part or 0) for part in match.groups()[:3])
    try:
        return time(hour, minute, min(second, 59), int((match[4] or "0").ljust(6, "0")))
    except ValueError:
        return None


def patient_of(top: Elements, *, character_set_guessed: bool) -> Patient:
    """Return the patient as this file states it."""
    groups = [group.strip() for group in top.text("PatientName").split("=")[:3]]
    alphabetic, ideographic, phonetic = groups + [""] * (3 - len(groups))
    if alphabetic and not ideographic and any(_is_han(letter) for letter in alphabetic):
        alphabetic, ideographic = "", alphabetic
    name = PersonName(alphabetic, ideographic, phonetic, character_set_guessed)
    sex = top.text("PatientSex").upper()
    return Patient(
        name, _identifiers(top), date_of(top.text("PatientBirthDate")), sex if sex in {"M", "F", "O"} else ""
    )


def _is_han(letter: str) -> bool:
    return 0x3400 <= ord(letter) <= 0x9FFF or 0xF900 <= ord(letter) <= 0xFAFF or ord(letter) >= 0x20000


def _identifiers(top: Elements) -> tuple[PatientIdentifier, ...]:
    """Patient ID first, then Other Patient IDs (Sequence); none where there is no Patient ID to come first."""
    found = []
    for place in (top, *top.items("OtherPatientIDsSequence")):
        value = place.text("PatientID")
        if value:
            found.append(PatientIdentifier(value, place.text("IssuerOfPatientID"), place.text("TypeOfPatientID")))
    found += [PatientIdentifier(value) for value in top.texts("OtherPatientIDs") if value]
    return tuple(dict.fromkeys(found))


def study_of(top: Elements, patient: Patient) -> Study:
    """Return the study facts of a file, without series."""
    return Study(
        uid=top.text("StudyInstanceUID"),
        patient=patient,
        study_date=date_of(top.text("StudyDate")),
        study_time=time_of(top.text("StudyTime")),
        description=top.text("StudyDescription"),
        institution=top.text("InstitutionName"),
        accession_number=top.text("AccessionNumber"),
    )


def series_of(top: Elements, *, character_set_guessed: bool) -> Series:
    """Return the series facts of a file, without stacks."""
    moment = top.text("AcquisitionDateTime")
    acquired = date_of(top.text("AcquisitionDate")) or date_of(moment) or date_of(top.text("SeriesDate"))
    at = time_of(top.text("AcquisitionTime")) or time_of(moment[8:14]) or time_of(top.text("SeriesTime"))
    technique = tuple(
        (name, text) for name, keyword in _TECHNIQUE if (text := "\\".join(filter(None, top.texts(keyword))))
    )
    return Series(
        uid=top.text("SeriesInstanceUID"),
        modality=top.text("Modality"),
        description=top.text("SeriesDescription"),
        number=top.integer("SeriesNumber"),
        body_part=top.text("BodyPartExamined"),
        laterality=top.text("Laterality") or top.text("ImageLaterality"),
        view_position=top.text("ViewPosition"),
        protocol=top.text("ProtocolName"),
        acquisition_date=acquired,
        acquisition_time=at,
        equipment=Equipment(
            top.text("Manufacturer"),
            top.text("ManufacturerModelName"),
            top.text("StationName"),
            top.text("InstitutionName"),
        ),
        technique=technique,
        expected_instances=top.integer("NumberOfSeriesRelatedInstances"),
        character_set_guessed=character_set_guessed,
    )


def expected_instances(files: Sequence[ElementValues]) -> int | None:
    """Return how many instances the files of a series say there are, or ``None`` where that is not to be had.

    By the concatenation they are parts of (PS3.3 C.7.6.16.2.2.4), or by Images in Acquisition where it can be believed:
    all files are of one acquisition and name one number, which no instance number exceeds.
    """
    if not files:
        return None
    for keyword in ("InConcatenationTotalNumber", "ImagesInAcquisition"):
        told = {Elements(values).integer(keyword) for values in files}
        if len(told) != 1:
            continue
        (total,) = told
        if not total or total < len(files):
            continue
        if keyword == "InConcatenationTotalNumber":
            return total
        acquisitions = {Elements(values).integer("AcquisitionNumber") for values in files}
        numbers = [Elements(values).integer("InstanceNumber") for values in files]
        if (
            len(acquisitions) == 1
            and None not in acquisitions
            and all(n is not None and 1 <= n <= total for n in numbers)
        ):
            return total
    return None
