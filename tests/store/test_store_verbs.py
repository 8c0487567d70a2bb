"""The verbs from sign-in to purge, in processes of their own, with a real key ring; and a search for leaked secrets."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from tests.store.conftest import BIRTH_DATE, HKID, ROOT, STAND_IN, Store, study_uid

SCHEMAS = ROOT / "resources" / "schemas"
_UNLOCK = 'eval "$(printf "\\n" | gnome-keyring-daemon --unlock --components=secrets 2>/dev/null)"; exec "$@"'

pytestmark = [
    pytest.mark.real_keyring,
    pytest.mark.skipif(
        not (shutil.which("dbus-run-session") and shutil.which("gnome-keyring-daemon")),
        reason="needs dbus-run-session and gnome-keyring",
    ),
]

#: Runs every verb in one session of the key ring; each prints a line of JSON: status, standard output.
_SCRIPT = """
import json, subprocess, sys
for arguments in json.loads(sys.stdin.read()):
    done = subprocess.run([sys.executable, "main.py", *arguments], capture_output=True, text=True)
    print(json.dumps([done.returncode, done.stdout, done.stderr]), flush=True)
"""


@pytest.fixture
def verbs(store: Store) -> Callable[..., list[tuple[int, Any, str]]]:
    """Run verbs one after the other; every document is held against its schema."""

    def run(*commands: list[str], user: str = "doctor") -> list[tuple[int, Any, str]]:
        robot = f"{sys.executable} {STAND_IN / 'robot_browser.py'} {user} {store.facts['authority']} %s"
        done = subprocess.run(
            ["dbus-run-session", "--", "bash", "-c", _UNLOCK, "_", sys.executable, "-c", _SCRIPT],
            input=json.dumps(commands), capture_output=True, text=True, check=True, cwd=ROOT,
            env={**os.environ, "BROWSER": robot},
        )  # fmt: skip
        answers = []
        for command, line in zip(commands, done.stdout.splitlines(), strict=True):
            status, output, errors = json.loads(line)
            document = json.loads(output) if output else None
            if document is not None:
                schema = json.loads((SCHEMAS / f"{command[0]}.schema.json").read_text())
                jsonschema.validate(document, schema)
            answers.append((status, document, errors))
        return answers

    return run


def add(store: Store, *more: str) -> list[str]:
    facts = store.facts
    return [
        "store", "add", "shop", "--url", facts["url"], "--issuer", facts["issuer"], "--audience", facts["audience"],
        "--authority", facts["authority"], "--certificate", facts["certificate"], "--key", facts["key"], *more,
    ]  # fmt: skip


def test_from_sign_in_to_purge(store: Store, verbs: Callable[..., Any], tmp_path: Path) -> None:
    study = study_uid("prior")
    find = ["store", "find", "shop", "--patient", HKID, "--birth-date", BIRTH_DATE, "--rank-for", study_uid("current")]
    answers = verbs(
        add(store, "--personal-workstation"),
        ["store", "login", "shop"],
        find,
        ["store", "fetch", "shop", "--study", study, "--patient", HKID, "--to", "library"],
        ["store", "fetch", "shop", "--study", study, "--to", "library"],
        ["library", "list"],
        ["library", "verify"],
        ["store", "fetch", "shop", "--study", study, "--to", str(tmp_path / "export")],
        ["audit", "verify"],
        ["library", "purge", "--all"],
        ["library", "list"],
        ["store", "logout", "shop"],
        ["store", "find", "shop", "--patient", HKID, "--birth-date", BIRTH_DATE],
    )
    statuses = [status for status, _, _ in answers]
    assert statuses == [0] * 12 + [1], answers
    assert answers[-1][2].startswith("error: not_signed_in: ")
    assert answers[1][1]["amr"] == ["pwd", "otp"]
    assert [each["study_uid"] for each in answers[2][1]["studies"]] == [study_uid("current"), study]
    assert answers[2][1]["priors"][0]["study_uid"] == study
    assert answers[3][1]["complete"] is True
    assert answers[3][1]["fetched"] == 30
    progress = [json.loads(line) for line in answers[3][2].splitlines()]
    assert progress[-1]["state"] == "done"
    assert (answers[4][1]["fetched"], answers[4][1]["present_before"]) == (0, 30)
    assert answers[5][1]["studies"][0]["complete"] is True
    assert answers[6][1]["bad"] == []
    assert len(list((tmp_path / "export").glob("*.dcm"))) == 30
    assert answers[8][1]["sound"] is True
    assert answers[8][1]["unsent"] == 0
    assert answers[10][1]["studies"] == []
    assert_no_secret_was_left(store)


def assert_no_secret_was_left(store: Store) -> None:
    """Neither identifier, name nor token stands in a file of this home, nor in any address that was asked for."""
    home = Path(os.environ["HOME"]).parent
    words = [HKID.encode(), b"CHAN^TAI", b"eyJhbGciOi", "陳^大文".encode()]
    read = 0
    for path in home.rglob("*"):
        if path.is_file() and "keyrings" not in path.parts:
            read += 1
            assert not any(word in path.read_bytes() for word in words), path
    assert read >= 2
    assert not any("A123456" in request for request in store.state()["requests"])


def test_refusals_are_one_line_and_status_1(store: Store, verbs: Callable[..., Any]) -> None:
    find = ["store", "find", "shop", "--patient", HKID, "--birth-date", BIRTH_DATE]
    answers = verbs(add(store, "--personal-workstation"), ["store", "login", "shop"], find, user="private")
    assert answers[2][0] == 1
    assert answers[2][2].splitlines()[-1].startswith("error: no_sharing_consent: ")


def test_on_a_shared_workstation_each_command_signs_in(store: Store, verbs: Callable[..., Any]) -> None:
    find = ["store", "find", "shop", "--patient", HKID, "--birth-date", BIRTH_DATE]
    answers = verbs(add(store), ["store", "login", "shop"], find, [*find, "--login"])
    assert [status for status, _, _ in answers] == [0, 0, 1, 0]
    assert answers[1][1]["stays_signed_in"] is False
