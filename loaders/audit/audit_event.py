"""One access as a FHIR R4 AuditEvent (IHE BALP shapes; codes of DICOM PS3.16 CID 400 to 405)."""

from __future__ import annotations

import datetime as dt
import enum
from dataclasses import dataclass
from typing import Any

_DCM = "http://dicom.nema.org/resources/ontology/DCM"
_PURPOSE = "http://terminology.hl7.org/CodeSystem/v3-ActReason"


class Deed(enum.StrEnum):
    """What was done."""

    SIGN_IN = "sign_in"
    SIGN_OUT = "sign_out"
    QUERY = "query"
    OPEN = "open"
    KEEP = "keep"
    EXPORT = "export"
    IMPORT = "import"
    PURGE = "purge"
    REFUSAL = "refusal"
    EMERGENCY = "emergency"


#: Event type, subtype (or nothing), FHIR action.
_CODES: dict[Deed, tuple[tuple[str, str], tuple[str, str] | None, str]] = {
    Deed.SIGN_IN: (("110114", "User Authentication"), ("110122", "Login"), "E"),
    Deed.SIGN_OUT: (("110114", "User Authentication"), ("110123", "Logout"), "E"),
    Deed.QUERY: (("110112", "Query"), None, "E"),
    Deed.OPEN: (("110103", "DICOM Instances Accessed"), None, "R"),
    Deed.KEEP: (("110104", "DICOM Instances Transferred"), None, "C"),
    Deed.EXPORT: (("110106", "Export"), None, "R"),
    Deed.IMPORT: (("110107", "Import"), None, "C"),
    Deed.PURGE: (("110105", "DICOM Study Deleted"), None, "D"),
    Deed.REFUSAL: (("110113", "Security Alert"), ("110126", "Node Authentication"), "E"),
    Deed.EMERGENCY: (("110113", "Security Alert"), ("110127", "Emergency Override Started"), "E"),
}


@dataclass(frozen=True, slots=True)
class AuditFacts:
    """What an event is about; empty where it does not apply. ``outcome`` 0 done, 4 refused, 8 failed (FHIR)."""

    store: str = ""
    user: str = ""
    role: str = ""
    organisation: str = ""
    purpose: str = ""
    patient_id: str = ""
    study_uid: str = ""
    outcome: int = 0
    detail: str = ""


def audit_event(deed: Deed, facts: AuditFacts, at: dt.datetime) -> dict[str, Any]:
    """Return the AuditEvent resource. ``at`` has a time zone."""
    kind, subtype, action = _CODES[deed]
    event: dict[str, Any] = {
        "resourceType": "AuditEvent",
        "type": _coding(kind),
        "action": action,
        "recorded": at.isoformat(timespec="milliseconds"),
        "outcome": str(facts.outcome),
        "agent": [_agent(facts)],
        "source": {"observer": {"display": "Diptych"}, "site": facts.store},
    }
    if subtype:
        event["subtype"] = [_coding(subtype)]
    if facts.detail:
        event["outcomeDesc"] = facts.detail[:200]
    if facts.purpose:
        event["purposeOfEvent"] = [{"coding": [{"system": _PURPOSE, "code": facts.purpose}]}]
    entities = []
    if facts.patient_id:
        entities.append(
            {"what": {"identifier": {"value": facts.patient_id}}, "role": {"code": "1", "display": "Patient"}}
        )
    if facts.study_uid:
        study = {"system": "urn:dicom:uid", "value": f"urn:oid:{facts.study_uid}"}
        entities.append({"what": {"identifier": study}, "role": {"code": "3", "display": "Report"}})
    if entities:
        event["entity"] = entities
    return event


def _coding(code: tuple[str, str]) -> dict[str, str]:
    return {"system": _DCM, "code": code[0], "display": code[1]}


def _agent(facts: AuditFacts) -> dict[str, Any]:
    agent: dict[str, Any] = {"who": {"identifier": {"value": facts.user or "nobody signed in"}}, "requestor": True}
    if facts.role:
        agent["role"] = [{"text": facts.role}]
    if facts.organisation:
        agent["location"] = {"display": facts.organisation}
    return agent
