"""Verbs by table, statuses 0, 1 and 2, and no Qt or VTK for whoever does not open a window."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType

import pytest

from loaders.errors import Cancelled, SourceError
from viewer.app import command_line
from viewer.app.command_line import VERBS, run

_ROOT = Path(__file__).resolve().parents[4]
#: Verbs whose work is done without Qt or VTK; `render` takes a renderer only when asked for one.
_QT_FREE = ("scan", "load", "demo")


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, tuple[str, ...]]]:
    """Stand-ins for all verbs and the window, which note what they were called with."""
    noted: list[tuple[str, tuple[str, ...]]] = []

    def stand_in(module: str, name: str) -> None:
        def work(arguments: Sequence[str]) -> int:
            noted.append((module, tuple(arguments)))
            return 0

        fake = ModuleType(module)
        setattr(fake, name, work)
        monkeypatch.setitem(sys.modules, module, fake)

    for module, _ in VERBS.values():
        stand_in(module, "run")
    stand_in("viewer.app.window_app", "run_window")
    return noted


@pytest.mark.parametrize("verb", VERBS)
def test_a_verb_gets_its_arguments(verb: str, calls: list[tuple[str, tuple[str, ...]]]) -> None:
    assert run([verb, "a", "--json", "-"]) == 0
    assert calls == [(VERBS[verb][0], ("a", "--json", "-"))]


def test_without_a_verb_with_open_and_with_a_path_the_window_opens(
    calls: list[tuple[str, tuple[str, ...]]], tmp_path: Path
) -> None:
    for arguments in ([], ["open", "x"], [str(tmp_path), "y"], ["--language", "zh_HK"]):
        assert run(arguments) == 0
    assert [given for _, given in calls] == [(), ("x",), (str(tmp_path), "y"), ("--language", "zh_HK")]
    assert {module for module, _ in calls} == {"viewer.app.window_app"}


def test_what_is_neither_a_verb_nor_there_is_wrong_usage(
    calls: list[tuple[str, tuple[str, ...]]], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["scna"]) == 2
    assert calls == []
    error = capsys.readouterr().err
    assert error.startswith("error: unknown_verb: 'scna'")
    assert error.count("\n") == 1


@pytest.mark.parametrize(
    ("raised", "status", "line"),
    [
        (SourceError("no such folder: disc"), 1, "error: source_unreadable: no such folder: disc\n"),
        (Cancelled(), 1, "error: cancelled\n"),
        (SystemExit(2), 2, ""),
        (SystemExit(0), 0, ""),
        (KeyboardInterrupt(), 130, ""),
    ],
)
def test_the_worlds_faults_are_one_line(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    raised: BaseException,
    status: int,
    line: str,
) -> None:
    def work(_arguments: Sequence[str]) -> int:
        raise raised

    monkeypatch.setattr(command_line, "_run_of", lambda _module: work)
    assert run(["scan"]) == status
    assert capsys.readouterr().err == line


def test_our_own_fault_keeps_its_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    def work(_arguments: Sequence[str]) -> int:
        raise KeyError("ours")

    monkeypatch.setattr(command_line, "_run_of", lambda _module: work)
    with pytest.raises(KeyError):
        run(["scan"])


def test_help_names_every_verb(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["--help"]) == 0
    text = capsys.readouterr().out
    for verb in (*VERBS, "open"):
        assert f"\n  {verb} " in text


def test_the_version_is_that_of_the_project(capsys: pytest.CaptureFixture[str]) -> None:
    import tomllib

    assert run(["--version"]) == 0
    project = tomllib.loads((_ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert capsys.readouterr().out == f"Diptych {project['version']}\n"


@pytest.mark.parametrize("verb", ["--help", "--version", *(verb for verb in _QT_FREE if find_spec(VERBS[verb][0]))])
def test_neither_qt_nor_vtk_is_loaded_without_a_window(verb: str) -> None:
    """A fresh interpreter runs `VERB --help` and tells which heavy modules it has loaded by then."""
    program = (
        "import json, sys\n"
        "from viewer.app.command_line import run\n"
        f"status = run([{verb!r}] if {verb!r}.startswith('-') else [{verb!r}, '--help'])\n"
        "heavy = sorted({name.split('.')[0] for name in sys.modules} & "
        "{'PySide6', 'shiboken6', 'vtkmodules', 'vtk', 'SimpleITK', 'qtpy', 'qtawesome', 'matplotlib'})\n"
        "sys.stderr.write(json.dumps([status, heavy]))\n"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=_ROOT, capture_output=True, text=True, check=True)
    assert json.loads(done.stderr.splitlines()[-1]) == [0, []]
