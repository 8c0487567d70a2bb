"""The stand-in's own part: who may see what, FHIR records, thumbnails, audit events, injected faults. TEST ONLY."""

from __future__ import annotations

import http.client
import json
import secrets
import threading
import time
import urllib.parse
import urllib.request
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from faults import Answer, PlannedFault, apply, phase_of
from records import allergies_bundle, imaging_bundle, patient_bundle, report_bundle
from tokens import BadToken, TokenReader

_MAY_SEE = {"doctor", "radiologist", "nurse"}
_GRANT_S = 900
_NEEDS_NO_CASE = ("/fhir/AuditEvent", "/access/", "/fhir/Patient/_search")


@dataclass(slots=True)
class Doorman:
    """Decides on every request: token, location, role, the person's case, and grants for a while."""

    people: dict[str, dict[str, str]]
    tokens: TokenReader
    grants: dict[str, tuple[str, float]] = field(default_factory=dict)

    def decide(self, authorization: str, uri: str, subject: str) -> tuple[int, str]:
        """Return 204, or 401 or 403 with the stable code of the problem."""
        try:
            claims = self.tokens.claims(authorization)
        except BadToken:
            return 401, "token"
        if f"CN={claims.get('hsl_id')}" != subject:
            return 403, "location-mismatch"
        if any(uri.removeprefix("/faulty").startswith(prefix) for prefix in _NEEDS_NO_CASE):
            return 204, ""
        if claims.get("role") not in _MAY_SEE:
            return 403, "role"
        user = str(claims["sub"])
        case = self.people.get(user, {}).get("case", "role")
        kind, until = self.grants.get(user, ("", 0.0))
        if case == "allowed" or (until > time.time() and kind == case):
            return 204, ""
        return 403, "no-sharing-consent" if case == "emergency" else case

    def grant(self, user: str, request: dict[str, str]) -> tuple[int, str]:
        """Answer a reason, a patient's code, or an emergency."""
        case = self.people.get(user, {}).get("case", "")
        if not request.get("reason", "").strip():
            return 400, "reason-missing"
        if case == "restricted" and request.get("code") != "123456":
            return 403, "wrong-code"
        if case == "emergency" and request.get("purpose") != "BTG":
            return 403, "no-sharing-consent"
        self.grants[user] = (case, time.time() + _GRANT_S)
        return 200, ""


class Facade(ThreadingHTTPServer):
    """State and threads; one for the whole stand-in."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, port: int, orthanc: int, doorman: Doorman, state: Path) -> None:
        super().__init__(("127.0.0.1", port), _Handler)
        self.orthanc, self.doorman, self.state = orthanc, doorman, state
        self.faults: list[PlannedFault] = []
        self.patients: dict[str, str] = {}
        self.audit: list[dict[str, Any]] = []
        self.lock = threading.Lock()
        self.requests: list[str] = []

    def ask_orthanc(
        self, path: str, body: bytes | None = None, accept: str = "*/*"
    ) -> tuple[int, dict[str, str], bytes]:
        """Ask Orthanc; return status, headers, body."""
        connection = http.client.HTTPConnection("127.0.0.1", self.orthanc, timeout=120)
        try:
            connection.request("POST" if body is not None else "GET", path, body, {"Accept": accept})
            answer = connection.getresponse()
            return answer.status, dict(answer.getheaders()), answer.read()
        finally:
            connection.close()

    def find(self, level: str, **query: str) -> list[dict[str, Any]]:
        """Return Orthanc's own resources."""
        body = json.dumps({"Level": level, "Expand": True, "Query": query}).encode()
        found: list[dict[str, Any]] = json.loads(self.ask_orthanc("/tools/find", body)[2])
        return found

    def planned(self, phase: str) -> PlannedFault | None:
        """Return the next fault of a phase and count it."""
        with self.lock:
            for fault in self.faults:
                if fault.phase != phase or fault.count <= 0:
                    continue
                if fault.skip > 0:
                    fault.skip -= 1
                    return None
                fault.count -= 1
                return fault
        return None


class _Handler(BaseHTTPRequestHandler):
    server: Facade
    protocol_version = "HTTP/1.1"

    def log_message(self, *_: object) -> None:
        pass

    def do_GET(self) -> None:
        url = urllib.parse.urlsplit(self.path)
        query = dict(urllib.parse.parse_qsl(url.query))
        if url.path == "/policy":
            self._policy()
        elif url.path.startswith("/faulty/"):
            self._faulty()
        elif url.path.endswith("/thumbnail"):
            self._thumbnail(url.path)
        elif url.path == "/control/state":
            self._json(200, {"audit": self.server.audit, "requests": self.server.requests})
        else:
            self._fhir(url.path, query)

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        path = urllib.parse.urlsplit(self.path).path
        if path == "/fhir/Patient/_search":
            self._find_patient(dict(urllib.parse.parse_qsl(body.decode())))
        elif path == "/fhir/AuditEvent":
            with self.server.lock:
                self.server.audit.append(json.loads(body))
            self._json(201, {})
        elif path == "/access/purpose":
            user = str(self.server.doorman.tokens.claims(self.headers.get("Authorization", ""))["sub"])
            status, code = self.server.doorman.grant(user, json.loads(body))
            self._json(status, {"code": code} if code else {"granted_s": _GRANT_S})
        elif path.startswith("/control/"):
            self._control(path, json.loads(body or b"{}"))
        else:
            self._json(404, {})

    def _control(self, path: str, request: dict[str, Any]) -> None:
        """For tests only; nginx does not lead here."""
        server = self.server
        with server.lock:
            if path == "/control/faults":
                server.faults = [PlannedFault(**each) for each in request["faults"]]
            elif path == "/control/person":
                server.doorman.people[request["user"]]["case"] = request["case"]
                server.doorman.grants.pop(request["user"], None)
            elif path == "/control/forget":
                server.audit.clear()
                server.requests.clear()
        self._json(200, {})

    def _policy(self) -> None:
        uri = self.headers.get("X-Original-URI", "")
        self.server.requests.append(f"{self.headers.get('X-Original-Method', '')} {uri}")
        status, code = self.server.doorman.decide(
            self.headers.get("Authorization", ""), uri, self.headers.get("X-Client-Subject", "")
        )
        self._send(Answer(status, {"X-Problem": code}, b""))

    def _faulty(self) -> None:
        path = self.path.removeprefix("/faulty")
        status, headers, body = self.server.ask_orthanc(path, accept=self.headers.get("Accept", "*/*"))
        kept = {name: value for name, value in headers.items() if name.lower() == "content-type"}
        answer = Answer(status, kept, body)
        fault = self.server.planned(phase_of(urllib.parse.urlsplit(path).path))
        self._send(apply(fault, answer) if fault else answer)

    def _thumbnail(self, path: str) -> None:
        rendered = path.removesuffix("/thumbnail") + "/rendered?viewport=128,128"
        status, headers, body = self.server.ask_orthanc(rendered, accept="image/jpeg")
        kind = headers.get("Content-Type", "image/jpeg")
        self._send(Answer(status, {"Content-Type": kind}, body if status == 200 else b""))

    def _find_patient(self, form: dict[str, str]) -> None:
        _system, _, value = form.get("identifier", "").rpartition("|")
        birth = form.get("birthdate", "").replace("-", "")
        found = self.server.find("Patient", PatientID=value) if value and birth else []
        tags = [each["MainDicomTags"] for each in found]
        matching = [each for each in tags if each.get("PatientID") == value and each.get("PatientBirthDate") == birth]
        for each in matching:
            self.server.patients.setdefault(each["PatientID"], secrets.token_hex(8))
        self._json(200, patient_bundle([(self.server.patients[each["PatientID"]], each) for each in matching]))

    def _fhir(self, path: str, query: dict[str, str]) -> None:
        opaque = query.get("patient", "").removeprefix("Patient/")
        patient_id = next((each for each, given in self.server.patients.items() if given == opaque), None)
        builders = {
            "/fhir/ImagingStudy": imaging_bundle,
            "/fhir/DiagnosticReport": report_bundle,
            "/fhir/AllergyIntolerance": allergies_bundle,
        }
        if path not in builders or patient_id is None:
            self._json(404, {"code": "not-found"})
            return
        studies = self.server.find("Study", PatientID=patient_id)
        exact = [each for each in studies if each["PatientMainDicomTags"].get("PatientID") == patient_id]
        for study in exact:
            study["SeriesFound"] = self.server.find(
                "Series", StudyInstanceUID=study["MainDicomTags"]["StudyInstanceUID"]
            )
        self._json(200, builders[path](opaque, exact))

    def _json(self, status: int, document: object) -> None:
        self._send(Answer(status, {"Content-Type": "application/fhir+json"}, json.dumps(document).encode()))

    def _send(self, answer: Answer) -> None:
        self.send_response(answer.status)
        for name, value in answer.headers.items():
            self.send_header(name, value)
        length = len(answer.body) if answer.declared is None else answer.declared
        if answer.status != 204:
            self.send_header("Content-Length", str(length))
        self.end_headers()
        try:
            for chunk in answer.pace(answer.body) if answer.pace else (answer.body,):
                self.wfile.write(chunk)
                self.wfile.flush()
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True
        if answer.aborts:
            self.close_connection = True
