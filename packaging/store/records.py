"""FHIR R4 bundles about what Orthanc holds; reports and allergies are fictitious. TEST ONLY."""

from __future__ import annotations

from typing import Any

_FUSION, _ADVANCED = "fusion", "advanced"
_ADVANCED_MODALITIES = {"CT", "MR"}
_ALLERGY_TO_CONTRAST = "Iodinated contrast medium (TEST)"


def _bundle(resources: list[dict[str, Any]]) -> dict[str, Any]:
    entries = [{"resource": resource} for resource in resources]
    return {"resourceType": "Bundle", "type": "searchset", "total": len(entries), "entry": entries}


def patient_bundle(found: list[tuple[str, dict[str, str]]]) -> dict[str, Any]:
    """Patients by opaque id; the identifier is not repeated in any address."""
    return _bundle(
        [
            {
                "resourceType": "Patient",
                "id": opaque,
                "identifier": [{"value": tags.get("PatientID", "")}],
                "name": [{"text": tags.get("PatientName", "")}],
                "gender": {"M": "male", "F": "female"}.get(tags.get("PatientSex", ""), "unknown"),
                "birthDate": _day(tags.get("PatientBirthDate", "")),
            }
            for opaque, tags in found
        ]
    )


def imaging_bundle(opaque: str, studies: list[dict[str, Any]]) -> dict[str, Any]:
    """Studies newest first, with modalities, counts, category, institution."""
    ordered = sorted(studies, key=lambda study: study["MainDicomTags"].get("StudyDate", ""), reverse=True)
    return _bundle([_imaging_study(opaque, study) for study in ordered])


def _imaging_study(opaque: str, study: dict[str, Any]) -> dict[str, Any]:
    tags, series = study["MainDicomTags"], study["SeriesFound"]
    modalities = sorted({each["MainDicomTags"].get("Modality", "OT") for each in series})
    parts = sorted({part for each in series if (part := each["MainDicomTags"].get("BodyPartExamined", ""))})
    return {
        "resourceType": "ImagingStudy",
        "id": study["ID"],
        "status": "available",
        "subject": {"reference": f"Patient/{opaque}"},
        "identifier": [{"system": "urn:dicom:uid", "value": f"urn:oid:{tags['StudyInstanceUID']}"}],
        "started": _day(tags.get("StudyDate", "")),
        "description": tags.get("StudyDescription", ""),
        "modality": [{"system": "http://dicom.nema.org/resources/ontology/DCM", "code": each} for each in modalities],
        "numberOfSeries": len(series),
        "numberOfInstances": sum(len(each["Instances"]) for each in series),
        "procedureCode": [{"text": _category(modalities)}],
        "reasonCode": [{"text": part} for part in parts],
        "location": {"display": tags.get("InstitutionName", "")},
    }


def _category(modalities: list[str]) -> str:
    if "PT" in modalities and set(modalities) & _ADVANCED_MODALITIES:
        return _FUSION
    return _ADVANCED if set(modalities) & {*_ADVANCED_MODALITIES, "PT"} else "simple"


def report_bundle(opaque: str, studies: list[dict[str, Any]]) -> dict[str, Any]:
    """A final report for all but the newest study, which has none; the oldest one's was amended."""
    ordered = sorted(studies, key=lambda study: study["MainDicomTags"].get("StudyDate", ""))
    return _bundle(
        [
            {
                "resourceType": "DiagnosticReport",
                "id": study["ID"],
                "status": "amended" if number == 0 else "final",
                "subject": {"reference": f"Patient/{opaque}"},
                "code": {"text": study["MainDicomTags"].get("StudyDescription", "")},
                "issued": f"{_day(study['MainDicomTags'].get('StudyDate', ''))}T18:00:00+08:00",
                "imagingStudy": [{"identifier": {"value": f"urn:oid:{study['MainDicomTags']['StudyInstanceUID']}"}}],
                "conclusion": "TEST REPORT. No clinical meaning.",
            }
            for number, study in enumerate(ordered[:-1])
        ]
    )


def allergies_bundle(opaque: str, _studies: list[dict[str, Any]]) -> dict[str, Any]:
    """One recorded reaction."""
    return _bundle(
        [
            {
                "resourceType": "AllergyIntolerance",
                "id": f"a-{opaque}",
                "patient": {"reference": f"Patient/{opaque}"},
                "clinicalStatus": {"coding": [{"code": "active"}]},
                "code": {"text": _ALLERGY_TO_CONTRAST},
                "reaction": [{"manifestation": [{"text": "Urticaria (TEST)"}]}],
            }
        ]
    )


def _day(value: str) -> str:
    return f"{value[:4]}-{value[4:6]}-{value[6:8]}" if len(value) == 8 else ""
