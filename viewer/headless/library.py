"""``library list|verify|purge|keep``: what is kept, whether it is what was written, its deletion, and more of it."""

from __future__ import annotations

import argparse
import datetime as dt
from collections.abc import Sequence
from pathlib import Path

from loaders.audit.audit_event import AuditFacts, Deed
from loaders.audit.audit_queue import AuditQueue
from loaders.auth.secret_keeper import system_keeper
from loaders.cache.library import DEFAULT_KEEP_S, Library
from loaders.cache.library_errors import NoLastingKeyring
from loaders.cache.library_index import KeptStudy
from loaders.progress import CancelToken
from loaders.retrieval.keep_folder import keep_folder
from viewer.headless.output import STANDARD_OUTPUT, write_json


def run(arguments: Sequence[str]) -> int:
    """Run one of the sub-verbs. Returns 0, or 1 where ``verify`` found something wrong."""
    parser = argparse.ArgumentParser(prog="diptych library", description="The kept studies.", allow_abbrev=False)
    verbs = parser.add_subparsers(required=True, metavar="VERB")
    for name, work, words in (
        ("list", _list, "list the kept studies"),
        ("verify", _verify, "decrypt everything and compare it with what was written"),
        ("purge", _purge, "delete what has expired, or more"),
        ("keep", _keep, "keep the studies of a disc or folder"),
    ):
        verb = verbs.add_parser(name, help=words, allow_abbrev=False)
        verb.add_argument("--json", metavar="FILE")
        if name == "purge":
            verb.add_argument("--all", action="store_true", help="everything")
            verb.add_argument("--store", metavar="NAME", help="everything of a store")
            verb.add_argument("--patient", metavar="ID", help="everything of a patient")
        if name == "keep":
            verb.add_argument("paths", metavar="PATH", nargs="+", type=Path)
            verb.add_argument("--keep-hours", type=float, default=DEFAULT_KEEP_S / 3600, help="at most 168")
        verb.set_defaults(work=work)
    options = parser.parse_args(arguments)
    status: int = options.work(options)
    return status


def _list(options: argparse.Namespace) -> int:
    with Library(system_keeper(), for_writing=False) as library:
        document = {"lasting": library.is_lasting, "studies": [_study(study) for study in library.studies()]}
    write_json(document, options.json or STANDARD_OUTPUT)
    return 0


def _study(study: KeptStudy) -> dict[str, object]:
    return {
        "store": study.profile,
        "study_uid": study.study_uid,
        "patient": {
            "id": study.facts.patient_id,
            "name": study.facts.patient_name,
            "birth_date": study.facts.birth_date,
        },
        "date": study.facts.study_date,
        "description": study.facts.description,
        "modalities": study.facts.modalities,
        "institution": study.facts.institution,
        "complete": study.is_complete,
        "instances": study.committed,
        "expected": study.expected,
        "quarantined": study.quarantined,
        "bytes": study.bytes,
        "kept_at": _time(study.kept_at),
        "expires_at": _time(study.expires_at),
    }


def _time(seconds: float) -> str:
    return dt.datetime.fromtimestamp(seconds, dt.UTC).isoformat(timespec="seconds")


def _verify(options: argparse.Namespace) -> int:
    with Library(system_keeper(), for_writing=False) as library:
        found = [(study, library.verify(study)) for study in library.studies()]
        is_lasting = library.is_lasting
    document = {
        "lasting": is_lasting,
        "studies": len(found),
        "instances": sum(study.committed for study, _ in found),
        "bad": [
            {"study_uid": study.study_uid, "sop_uid": uid, "code": code} for study, bad in found for uid, code in bad
        ],
    }
    write_json(document, options.json or STANDARD_OUTPUT)
    return 1 if document["bad"] else 0


def _keep(options: argparse.Namespace) -> int:
    keeper = system_keeper()
    audit = AuditQueue(keeper)
    with Library(keeper) as library:
        if not library.is_lasting:
            raise NoLastingKeyring("there is no real key ring here: the library would end with this command")
        kept = keep_folder(library, options.paths, keep_s=options.keep_hours * 3600, cancel=CancelToken())
    for study in kept.studies:
        audit.record(Deed.IMPORT, AuditFacts(patient_id=study.facts.patient_id, study_uid=study.study_uid))
    document = {
        "kept": [
            {"study_uid": study.study_uid, "instances": study.committed, "complete": study.is_complete}
            for study in kept.studies
        ],
        "failures": [{"uid": uid, "code": code} for uid, code in kept.failures],
    }
    write_json(document, options.json or STANDARD_OUTPUT)
    return 1 if kept.failures else 0


def _purge(options: argparse.Namespace) -> int:
    keeper = system_keeper()
    with Library(keeper) as library:
        gone = library.purge_expired()
        if options.all or options.store or options.patient:
            gone += library.purge(profile=options.store, patient_id=options.patient)
    audit = AuditQueue(keeper)
    for study in gone:
        facts = AuditFacts(study.profile, patient_id=study.facts.patient_id, study_uid=study.study_uid)
        audit.record(Deed.PURGE, facts)
    document = {"purged": [{"store": study.profile, "study_uid": study.study_uid} for study in gone]}
    write_json(document, options.json or STANDARD_OUTPUT)
    return 0
