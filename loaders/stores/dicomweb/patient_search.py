"""From one identified patient to the list of studies: by FHIR (nothing personal in an address) or by QIDO alone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from loaders.model.identifiers import normal_identifier
from loaders.stores.dicomweb.dicom_json import text_of, texts_of
from loaders.stores.dicomweb.dicomweb_client import DicomwebClient
from loaders.transport.store_errors import NotFound, StoreAnswerUnusable

_FHIR = "application/fhir+json"
_ADVANCED = frozenset({"CT", "MR", "PT"})


@dataclass(frozen=True, slots=True)
class FoundReport:
    """A report. ``status`` is FHIR's word (preliminary, final, amended, ...), ``issued`` an ISO time or empty."""

    status: str
    issued: str
    text: str = ""
    has_pdf: bool = False


@dataclass(frozen=True, slots=True)
class FoundStudy:
    """One study as the store lists it. ``category`` is simple, advanced or fusion; empty texts are unknown."""

    study_uid: str
    date: str
    description: str
    modalities: tuple[str, ...]
    institution: str
    category: str
    series: int | None
    instances: int | None
    body_parts: tuple[str, ...] = ()
    report: FoundReport | None = None

    @property
    def report_state(self) -> str:
        """``no_report``, ``images_newer_than_report``, or the report's status."""
        if self.report is None:
            return "no_report"
        if self.date and self.report.issued and self.report.issued[:10] < self.date:
            return "images_newer_than_report"
        return self.report.status


@dataclass(frozen=True, slots=True)
class FoundPatient:
    """The patient as the store states it, studies newest first. ``key`` is the store's own, never an identifier."""

    key: str
    identifier: str
    name: str
    birth_date: str
    sex: str
    studies: tuple[FoundStudy, ...]


def find_patient(client: DicomwebClient, identifier: str, birth_date: str, *, system: str = "") -> FoundPatient:
    """Find exactly one patient by identifier and birth date (``YYYY-MM-DD``) and list the studies.

    What the store gives is compared with what was asked: another identifier or birth date is not that patient. Raises
    ``NotFound`` for none, ``StoreAnswerUnusable`` for several, ``StoreError`` and its kinds.
    """
    if client.channel.profile.patient_search == "qido":
        return _by_qido(client, identifier, birth_date)
    root = client.channel.profile.fhir_root.rstrip("/")
    form = {"identifier": f"{system}|{identifier}" if system else identifier, "birthdate": birth_date}
    bundle = client.channel.post_form(f"{root}/Patient/_search", form, accept=_FHIR)
    matching = [each for each in _resources(bundle, "Patient") if _is_asked(each, identifier, birth_date)]
    if not matching:
        raise NotFound("the store knows no patient of this identifier and birth date")
    if len(matching) > 1:
        raise StoreAnswerUnusable("the store knows several patients of this identifier and birth date")
    patient = matching[0]
    key = str(patient.get("id", ""))
    query = {"patient": f"Patient/{key}"}
    rows = _resources(client.channel.get_json(f"{root}/ImagingStudy", query, accept=_FHIR), "ImagingStudy")
    reports = _reports(client.channel.get_json(f"{root}/DiagnosticReport", query, accept=_FHIR))
    studies = [study for row in rows if (study := _study(row, reports)) is not None]
    studies.sort(key=lambda study: (study.date, study.study_uid), reverse=True)
    name = next((str(each.get("text", "")) for each in _list(patient, "name")), "")
    sex = {"male": "M", "female": "F", "other": "O"}.get(str(patient.get("gender", "")), "")
    return FoundPatient(key, _identifier(patient), name, str(patient.get("birthDate", "")), sex, tuple(studies))


def allergies_of(client: DicomwebClient, patient_key: str) -> tuple[str, tuple[str, ...]]:
    """Return ``recorded``, ``recorded_none``, ``no_record_found`` or ``not_retrieved``, and what is recorded."""
    root = client.channel.profile.fhir_root.rstrip("/")
    try:
        bundle = client.channel.get_json(
            f"{root}/AllergyIntolerance", {"patient": f"Patient/{patient_key}"}, accept=_FHIR
        )
    except StoreAnswerUnusable:
        return "not_retrieved", ()
    rows = _resources(bundle, "AllergyIntolerance")
    if not rows:
        return "no_record_found", ()
    none_known = [each for each in rows if _codes(each) & {"716186003", "409137002"}]  # SNOMED CT: no known allergy
    texts = tuple(_text(each.get("code")) for each in rows if each not in none_known)
    return ("recorded", texts) if texts else ("recorded_none", ())


def _by_qido(client: DicomwebClient, identifier: str, birth_date: str) -> FoundPatient:
    compact = birth_date.replace("-", "")
    rows = client.studies({"PatientID": identifier})
    mine = [
        row
        for row in rows
        if normal_identifier(text_of(row, "00100020")) == normal_identifier(identifier)
        and text_of(row, "00100030") == compact
    ]
    if not mine:
        raise NotFound("the store knows no patient of this identifier and birth date")
    studies = [_qido_study(row) for row in mine]
    studies.sort(key=lambda study: (study.date, study.study_uid), reverse=True)
    first = mine[0]
    return FoundPatient(
        "",
        text_of(first, "00100020"),
        text_of(first, "00100010"),
        birth_date,
        text_of(first, "00100040"),
        tuple(studies),
    )


def _qido_study(row: dict[str, Any]) -> FoundStudy:
    day = text_of(row, "00080020")
    modalities = tuple(sorted(texts_of(row, "00080061")))
    return FoundStudy(
        text_of(row, "0020000D"),
        f"{day[:4]}-{day[4:6]}-{day[6:8]}" if len(day) == 8 else "",
        text_of(row, "00081030"),
        modalities,
        text_of(row, "00080080"),
        category_of(modalities),
        _count(text_of(row, "00201206")),
        _count(text_of(row, "00201208")),
    )


def category_of(modalities: tuple[str, ...]) -> str:
    """Return the eHealth category: simple, advanced (CT, MR) or fusion (PET with CT or MR)."""
    if "PT" in modalities and set(modalities) & {"CT", "MR"}:
        return "fusion"
    return "advanced" if set(modalities) & _ADVANCED else "simple"


def _resources(bundle: object, kind: str) -> list[dict[str, Any]]:
    if not isinstance(bundle, dict) or bundle.get("resourceType") != "Bundle":
        raise StoreAnswerUnusable("the store's answer is no FHIR bundle")
    found = [entry.get("resource") for entry in _list(bundle, "entry")]
    return [each for each in found if isinstance(each, dict) and each.get("resourceType") == kind]


def _list(resource: dict[str, Any], name: str) -> list[dict[str, Any]]:
    values = resource.get(name)
    return [each for each in values if isinstance(each, dict)] if isinstance(values, list) else []


def _is_asked(patient: dict[str, Any], identifier: str, birth_date: str) -> bool:
    values = {normal_identifier(str(each.get("value", ""))) for each in _list(patient, "identifier")}
    return normal_identifier(identifier) in values and patient.get("birthDate") == birth_date


def _identifier(patient: dict[str, Any]) -> str:
    return next((str(each["value"]) for each in _list(patient, "identifier") if each.get("value")), "")


def _study_uid(resources: list[dict[str, Any]]) -> str:
    for each in resources:
        value = str(each.get("value", ""))
        if value.startswith("urn:oid:"):
            return value.removeprefix("urn:oid:")
    return ""


def _study(row: dict[str, Any], reports: dict[str, FoundReport]) -> FoundStudy | None:
    uid = _study_uid(_list(row, "identifier"))
    if not uid:
        return None
    modalities = tuple(sorted(str(each.get("code", "")) for each in _list(row, "modality")))
    category = next((_text(each) for each in _list(row, "procedureCode")), "")
    location = row.get("location")
    return FoundStudy(
        uid,
        str(row.get("started", ""))[:10],
        str(row.get("description", "")),
        modalities,
        str(location.get("display", "")) if isinstance(location, dict) else "",
        category if category in {"simple", "advanced", "fusion"} else category_of(modalities),
        _count(row.get("numberOfSeries")),
        _count(row.get("numberOfInstances")),
        tuple(_text(each) for each in _list(row, "reasonCode")),
        reports.get(uid),
    )


def _reports(bundle: object) -> dict[str, FoundReport]:
    """Newest report of each study; one that is cancelled or entered in error counts only where there is no other."""
    found: dict[str, FoundReport] = {}
    for row in _resources(bundle, "DiagnosticReport"):
        report = FoundReport(
            str(row.get("status", "unknown")),
            str(row.get("issued", "")),
            str(row.get("conclusion", "")),
            any(each.get("contentType") == "application/pdf" for each in _list(row, "presentedForm")),
        )
        for reference in _list(row, "imagingStudy"):
            identifier = reference.get("identifier")
            uid = _study_uid([identifier] if isinstance(identifier, dict) else [])
            if uid and (uid not in found or _rank(report) > _rank(found[uid])):
                found[uid] = report
    return found


def _rank(report: FoundReport) -> tuple[bool, str]:
    return report.status not in {"cancelled", "entered-in-error"}, report.issued


def _text(concept: object) -> str:
    if not isinstance(concept, dict):
        return ""
    return str(concept.get("text") or next((each.get("display", "") for each in _list(concept, "coding")), ""))


def _codes(resource: dict[str, Any]) -> set[str]:
    concept = resource.get("code")
    return {str(each.get("code")) for each in _list(concept, "coding")} if isinstance(concept, dict) else set()


def _count(value: object) -> int | None:
    text = str(value) if value is not None else ""
    return int(text) if text.isascii() and text.isdigit() else None
