"""Rules of the source tree that no linter knows."""

from __future__ import annotations

import re
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from viewer.app.command_line import VERBS

ROOT = Path(__file__).resolve().parents[2]
SOURCES = sorted(path for folder in ("viewer", "compare", "loaders") for path in (ROOT / folder).rglob("*.py"))


def test_packaging_is_no_package() -> None:
    assert not (ROOT / "packaging" / "__init__.py").exists()


def test_no_module_has_a_name_that_says_nothing() -> None:
    empty = {"util", "utils", "helper", "helpers", "manager", "common", "misc"}
    assert [path for path in SOURCES if set(path.stem.split("_")) & empty] == []


def test_no_class_has_a_name_that_says_nothing() -> None:
    empty = re.compile(r"^class (\w*(Utils?|Helpers?|Manager|Misc)|Common\w*)\b", re.MULTILINE)
    assert {
        str(path): empty.findall(path.read_text("utf-8")) for path in SOURCES if empty.search(path.read_text("utf-8"))
    } == {}


def test_documents_name_files_that_exist() -> None:
    pages = [ROOT / "README.md", *(ROOT / "docs").rglob("*.md")]
    named = [(page, to) for page in pages for to in re.findall(r"\]\(([^)#:]+)\)", page.read_text("utf-8"))]
    assert len(named) > 5
    assert [(page.name, to) for page, to in named if not (page.parent / to).exists()] == []


def test_no_index_address_and_the_same_versions_in_both_locks() -> None:
    locks = [(ROOT / name).read_text() for name in ("requirements.lock", "requirements-dev.lock")]
    runtime, development = (set(re.findall(r"^([\w.-]+==\S+)", text, re.MULTILINE)) for text in locks)
    assert len(runtime) > 10
    assert runtime <= development
    assert not any(re.search(r"https?://|^-", text, re.MULTILINE) for text in locks)


@pytest.mark.parametrize("verb", [verb for verb in VERBS if find_spec(VERBS[verb][0])])
def test_every_verb_that_exists_stands_in_the_documentation(verb: str) -> None:
    assert f"\n## {verb}\n" in (ROOT / "docs" / "cli.md").read_text(encoding="utf-8")


def test_import_contracts_hold() -> None:
    program = Path(sys.executable).with_name("lint-imports")
    done = subprocess.run([program, "--no-logo"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


@pytest.mark.skipif(sys.version_info >= (3, 12), reason="True is immortal from 3.12 on")
def test_a_signal_does_not_lose_references_to_true(qtbot: Any) -> None:
    from PySide6.QtCore import QObject, Signal

    class Sender(QObject):
        sent = Signal()

    sender = Sender()
    before = sys.getrefcount(True)
    for _ in range(100):
        sender.sent.emit()
    assert abs(sys.getrefcount(True) - before) < 50
