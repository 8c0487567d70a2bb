"""``audit verify``: whether the chain of recorded accesses is whole."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from loaders.audit.audit_queue import AuditQueue
from loaders.auth.secret_keeper import system_keeper
from viewer.headless.output import STANDARD_OUTPUT, write_json


def run(arguments: Sequence[str]) -> int:
    """Verify. Returns 0 for a sound chain, 1 for a broken one."""
    parser = argparse.ArgumentParser(prog="diptych audit", description="The record of accesses.", allow_abbrev=False)
    verbs = parser.add_subparsers(required=True, metavar="VERB")
    verify = verbs.add_parser("verify", help="check the chain of recorded accesses", allow_abbrev=False)
    verify.add_argument("--json", metavar="FILE")
    options = parser.parse_args(arguments)
    verdict = AuditQueue(system_keeper()).verify()
    document = {
        "lasting": verdict.is_lasting,
        "events": verdict.events,
        "unsent": verdict.unsent,
        "sound": verdict.broken_at is None,
        "broken_at": verdict.broken_at,
        "reason": verdict.reason,
    }
    write_json(document, options.json or STANDARD_OUTPUT)
    return 0 if verdict.broken_at is None else 1
