"""``store add|login|logout|find|fetch``: an image store without the window."""

from __future__ import annotations

import argparse
import json
import sys
import webbrowser
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from loaders.audit.audit_event import Deed
from loaders.audit.audit_queue import AuditQueue
from loaders.auth.secret_keeper import SecretKeeper, system_keeper
from loaders.auth.sign_in import DeviceCode, Person
from loaders.cache.library import DEFAULT_KEEP_S, Library
from loaders.cache.library_errors import NoLastingKeyring
from loaders.progress import CancelToken
from loaders.retrieval.prior_ranking import rank_priors
from loaders.retrieval.retrieval_status import RetrievalStatus
from loaders.retrieval.study_fetch import FetchOrder, FetchReport, fetch_study
from loaders.stores.dicomweb.patient_search import FoundPatient, FoundStudy, allergies_of
from loaders.stores.dicomweb.store_session import StoreSession
from loaders.transport.store_errors import NotSignedIn, StoreError
from loaders.transport.store_profile import ProfileFile, StoreProfile
from viewer.headless.output import STANDARD_OUTPUT, write_json

_TO_LIBRARY = "library"


def run(arguments: Sequence[str]) -> int:
    """Run one of the sub-verbs. Returns the exit status 0, or 1 for a fetch that is not complete."""
    options = _parser().parse_args(arguments)
    status: int = options.work(options)
    return status


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="diptych store", description="Use an image store.", allow_abbrev=False)
    verbs = parser.add_subparsers(required=True, metavar="VERB")
    add = verbs.add_parser("add", help="add a store, or change one", allow_abbrev=False)
    add.add_argument("name", metavar="NAME")
    add.add_argument("--url", required=True, help="https address of the store")
    add.add_argument("--issuer", required=True, help="https address of its sign-in service")
    add.add_argument("--client-id", default="diptych")
    add.add_argument("--audience", default="", help="the store's name in tokens (RFC 8707 resource)")
    add.add_argument("--authority", default="", help="PEM file of the authority to trust instead of the system's")
    add.add_argument("--certificate", default="", help="PEM file of this workstation's certificate")
    add.add_argument("--key", default="", help="PEM file of its key")
    add.add_argument("--proxy", default="")
    add.add_argument("--patient-search", choices=("fhir", "qido"), default="fhir")
    add.add_argument("--personal-workstation", action="store_true", help="stay signed in after the application ends")
    add.add_argument("--json", metavar="FILE")
    add.set_defaults(work=_add)
    login = verbs.add_parser("login", help="sign in", allow_abbrev=False)
    login.add_argument("name", metavar="NAME")
    login.add_argument("--device", action="store_true", help="by a code on another device, without a browser here")
    login.add_argument("--json", metavar="FILE")
    login.set_defaults(work=_login)
    logout = verbs.add_parser("logout", help="sign out and forget what was kept of this store", allow_abbrev=False)
    logout.add_argument("name", metavar="NAME")
    logout.add_argument("--json", metavar="FILE")
    logout.set_defaults(work=_logout)
    _add_find(verbs.add_parser("find", help="list one patient's studies", allow_abbrev=False))
    _add_fetch(verbs.add_parser("fetch", help="bring a study into the library or a folder", allow_abbrev=False))
    return parser


def _add_find(find: argparse.ArgumentParser) -> None:
    find.add_argument("name", metavar="NAME")
    find.add_argument("--patient", required=True, metavar="ID")
    find.add_argument("--birth-date", required=True, metavar="YYYY-MM-DD")
    find.add_argument("--identifier-system", default="", metavar="URI", help="what kind of identifier it is")
    find.add_argument("--rank-for", metavar="UID", help="rank the other studies as priors of this one")
    find.add_argument("--json", metavar="FILE")
    _add_access(find)
    find.set_defaults(work=_find)


def _add_fetch(fetch: argparse.ArgumentParser) -> None:
    fetch.add_argument("name", metavar="NAME")
    fetch.add_argument("--study", required=True, metavar="UID")
    fetch.add_argument("--patient", metavar="ID", help="refuse metadata of anybody else")
    fetch.add_argument("--to", required=True, metavar="library|DIR")
    fetch.add_argument("--keep-hours", type=float, default=DEFAULT_KEEP_S / 3600, help="in the library, at most 168")
    fetch.add_argument("--limit-mbit", type=float, default=0.0, help="bandwidth cap in megabits a second")
    fetch.add_argument("--json", metavar="FILE")
    _add_access(fetch)
    fetch.set_defaults(work=_fetch)


def _add_access(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--login", action="store_true", help="sign in first, for a shared workstation")
    parser.add_argument("--reason", default="", help="why a restricted record is opened")
    parser.add_argument("--code", default="", help="the patient's code for a restricted record")
    parser.add_argument("--emergency", action="store_true", help="emergency access: is notified and reviewed")


def _add(options: argparse.Namespace) -> int:
    def absolute(path: str) -> str:
        return str(Path(path).absolute()) if path else ""

    profile = StoreProfile(
        options.name,
        options.url,
        options.issuer,
        options.client_id,
        options.audience,
        authority=absolute(options.authority),
        certificate=absolute(options.certificate),
        key=absolute(options.key),
        proxy=options.proxy,
        patient_search=options.patient_search,
        is_shared_workstation=not options.personal_workstation,
    )
    ProfileFile().put(profile)
    write_json({"store": asdict(profile)}, options.json or STANDARD_OUTPUT)
    return 0


def _session(name: str, keeper: SecretKeeper) -> StoreSession:
    return StoreSession(ProfileFile().get(name), keeper, AuditQueue(keeper))


def _sign_in(session: StoreSession, *, by_device: bool) -> Person:
    if by_device:
        return session.sign_in_by_device(_show_code, cancel=CancelToken())
    return session.sign_in(webbrowser.open, cancel=CancelToken())


def _show_code(code: DeviceCode) -> None:
    sys.stderr.write(f"open {code.address} on any device and type {code.user_code}\n")
    sys.stderr.flush()


def _login(options: argparse.Namespace) -> int:
    keeper = system_keeper()
    with _session(options.name, keeper) as session:
        person = _sign_in(session, by_device=options.device)
        stays = keeper.is_lasting and not session.profile.is_shared_workstation
        _send_audit(session)
    document = {"store": options.name, **_person(person), "stays_signed_in": stays}
    write_json(document, options.json or STANDARD_OUTPUT)
    return 0


def _person(person: Person) -> dict[str, object]:
    return {
        "user": person.subject,
        "name": person.name,
        "role": person.role,
        "organisation": person.organisation,
        "location": person.location,
        "purpose_of_use": person.purpose_of_use,
        "acr": person.assurance,
        "amr": list(person.factors),
    }


def _logout(options: argparse.Namespace) -> int:
    keeper = system_keeper()
    with _session(options.name, keeper) as session:
        session.sign_out()
    purged = 0
    if keeper.is_lasting and session.profile.is_shared_workstation:
        with Library(keeper) as library:
            purged = len(library.purge(profile=options.name))
    write_json({"store": options.name, "purged": purged}, options.json or STANDARD_OUTPUT)
    return 0


def _prepare(session: StoreSession, options: argparse.Namespace) -> None:
    """Sign in where asked to, and give the reason that a restricted record needs."""
    if options.login:
        _sign_in(session, by_device=False)
    elif not session.tokens.is_signed_in:
        raise NotSignedIn(f"sign in first: store login {options.name} (on a shared workstation: --login)")
    if options.reason or options.emergency:
        session.ask_for_access(options.reason, code=options.code, is_emergency=options.emergency)


def _find(options: argparse.Namespace) -> int:
    with _session(options.name, system_keeper()) as session:
        _prepare(session, options)
        patient = session.find(options.patient, options.birth_date, system=options.identifier_system)
        allergies = allergies_of(session.client, patient.key) if patient.key else ("not_retrieved", ())
        _send_audit(session)
    document = _find_document(options.name, patient, allergies, options.rank_for)
    write_json(document, options.json or STANDARD_OUTPUT)
    return 0


def _find_document(
    store: str, patient: FoundPatient, allergies: tuple[str, tuple[str, ...]], rank_for: str | None
) -> dict[str, object]:
    document: dict[str, object] = {
        "store": store,
        "patient": {
            "id": patient.identifier,
            "name": patient.name,
            "birth_date": patient.birth_date,
            "sex": patient.sex,
        },
        "allergies": {"state": allergies[0], "recorded": list(allergies[1])},
        "studies": [_study(study) for study in patient.studies],
    }
    if rank_for:
        current = next((study for study in patient.studies if study.study_uid == rank_for), None)
        ranked = rank_priors(current, patient.studies) if current else ()
        document["priors"] = [
            {"study_uid": each.study.study_uid, "score": each.score, "reasons": list(each.reasons)} for each in ranked
        ]
    return document


def _study(study: FoundStudy) -> dict[str, object]:
    return {
        "study_uid": study.study_uid,
        "date": study.date,
        "description": study.description,
        "modalities": list(study.modalities),
        "institution": study.institution,
        "category": study.category,
        "series": study.series,
        "instances": study.instances,
        "report": {"state": study.report_state, "issued": study.report.issued if study.report else None},
    }


def _fetch(options: argparse.Namespace) -> int:
    keeper = system_keeper()
    to_library = options.to == _TO_LIBRARY
    if to_library and not keeper.is_lasting:
        raise NoLastingKeyring("there is no real key ring here: the library would end with this command")
    order = FetchOrder(options.study, options.patient, options.keep_hours * 3600)
    with _session(options.name, keeper) as session:
        _prepare(session, options)
        session.limit.set(options.limit_mbit * 1e6 / 8)
        session.opened(Deed.KEEP if to_library else Deed.EXPORT, options.patient or "", options.study)
        report = _fetched(session, keeper, order, None if to_library else Path(options.to))
        _send_audit(session)
    write_json(_fetch_document(options.name, options.to, report), options.json or STANDARD_OUTPUT)
    return 0 if report.is_complete else 1


def _fetched(session: StoreSession, keeper: SecretKeeper, order: FetchOrder, folder: Path | None) -> FetchReport:
    if folder is not None:
        return fetch_study(session.client, order, folder, on_status=_say_status, cancel=CancelToken())
    with Library(keeper) as library:
        library.purge_expired()
        return fetch_study(session.client, order, library, on_status=_say_status, cancel=CancelToken())


def _say_status(status: RetrievalStatus) -> None:
    """One JSON line on standard error: for a program that shows progress."""
    line = {
        "state": status.state.value,
        "received": status.received,
        "failed": status.failed,
        "total": status.total,
        "bytes": status.received_bytes,
        "bytes_per_second": round(status.bytes_per_second),
        "remaining_s": None if status.remaining_s is None else round(status.remaining_s, 1),
    }
    sys.stderr.write(json.dumps(line) + "\n")


def _fetch_document(store: str, target: str, report: FetchReport) -> dict[str, object]:
    return {
        "store": store,
        "study_uid": report.study_uid,
        "to": target,
        "expected": report.expected,
        "present_before": report.present_before,
        "fetched": report.fetched,
        "bytes": report.received_bytes,
        "complete": report.is_complete,
        "failures": [{"sop_uid": uid, "code": code} for uid, code in report.failures],
    }


def _send_audit(session: StoreSession) -> None:
    """Send what waits; the queue keeps what cannot be sent now, and says so."""
    try:
        session.send_audit()
    except StoreError as error:
        sys.stderr.write(f"note: audit events wait to be sent ({error.code})\n")
