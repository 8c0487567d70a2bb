"""The bench's rows: what counts as met, what stays open, and the document. The measuring itself is ``make bench``."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.benchmarks import peers
from tests.benchmarks.row import absolute, at_least, beside, not_measured, row_of
from tests.benchmarks.run import PARTS
from tests.benchmarks.table import table
from tests.support.schemas import check_document
from viewer.app.command_line import run

ROWS = [
    absolute("start", 2.5, "s", 2.0),
    absolute("first image", 1.0, "s", 1.0),
    beside("open", 1.2, "s", "dicomsdl", 1.0, at_most=1.2),
    beside("open", 1.3, "s", "dicomsdl", 1.0, at_most=1.2),
    beside("open", 1.3, "s", "floor", 0.5),
    at_least("decode", 89.0, "slices/s", "imagecodecs", 100.0, 0.9),
    at_least("decode", 90.0, "slices/s", "imagecodecs", 100.0, 0.9),
    not_measured("scroll on a GPU", "ms", "<= 16.7 ms", "no GPU here"),
]


def test_goals_are_judged() -> None:
    assert [row.met for row in ROWS] == [False, True, True, False, None, False, True, None]
    assert [row.ratio for row in ROWS[2:7]] == [1.2, 1.3, 2.6, 0.89, 0.9]


def test_the_document_is_as_the_schema_says() -> None:
    check_document({"machine": "a machine", "rows": [row.document() for row in ROWS]}, "bench")


def test_a_row_survives_its_json_form() -> None:
    for row in ROWS:
        assert row_of(json.loads(json.dumps(row.document() | {"note": row.note}))) == row


def test_the_table_names_what_is_open_and_why() -> None:
    lines = table(ROWS).splitlines()
    assert len(lines) == len(ROWS) + 2
    assert len({len(line) for line in lines}) == 1
    assert "no GPU here" in lines[-1]
    assert "**no**" in lines[2]


def test_a_slow_peer_runs_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    runs = tmp_path / "runs"
    (tmp_path / "slow.py").write_text(
        f"import json, sys\nopen({str(runs)!r}, 'a').write('x')\nprint('a word')\nprint(json.dumps({{'s': 31}}))\n"
    )
    monkeypatch.setattr(peers, "_PYTHON", Path(sys.executable))
    monkeypatch.setattr(peers, "_PROGRAMS", tmp_path)
    monkeypatch.setattr(peers, "_KEPT", tmp_path / "kept.json")
    monkeypatch.setattr(peers, "_SLOW_S", 0.0)
    assert peers.run_peer("slow", "a") == peers.run_peer("slow", "a") == {"s": 31}
    assert peers.run_peer("slow", "b") == {"s": 31}
    assert runs.read_text() == "xx"
    monkeypatch.setattr(peers, "_locked", lambda: b"other versions")
    peers.run_peer("slow", "a")
    assert runs.read_text() == "xxx"


def test_a_peer_that_fails_or_is_missing_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(peers, "_PROGRAMS", tmp_path)
    monkeypatch.setattr(peers, "_KEPT", tmp_path / "kept.json")
    monkeypatch.setattr(peers, "_PYTHON", tmp_path / "nothing")
    with pytest.raises(peers.PeerMissing, match="make bench"):
        peers.run_peer("failing")
    (tmp_path / "failing.py").write_text("raise SystemExit('no such codec')")
    monkeypatch.setattr(peers, "_PYTHON", Path(sys.executable))
    with pytest.raises(peers.PeerMissing, match="no such codec"):
        peers.run_peer("failing")


def test_the_verb_passes_the_document_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    document = {"machine": "a machine", "rows": [row.document() for row in ROWS]}

    def pretend(command: list[str], **_settings: object) -> subprocess.CompletedProcess[str]:
        assert command[1:4] == ["-m", "tests.benchmarks.run", "load"]
        Path(command[-1]).parent.mkdir(parents=True, exist_ok=True)
        Path(command[-1]).write_text(json.dumps(document))
        return subprocess.CompletedProcess(command, 0)

    (tmp_path / "tests" / "benchmarks").mkdir(parents=True)
    (tmp_path / "tests" / "benchmarks" / "run.py").touch()
    monkeypatch.setattr("viewer.headless.bench._ROOT", tmp_path)
    monkeypatch.setattr(subprocess, "run", pretend)
    assert run(["bench", "load", "--json", str(tmp_path / "out.json")]) == 0
    assert json.loads((tmp_path / "out.json").read_text()) == document


def test_the_verb_refuses_what_it_cannot_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["bench", "nonsense"]) == 2
    monkeypatch.setattr("viewer.headless.bench._ROOT", tmp_path)
    assert run(["bench", "load"]) == 1
    assert "error: no_source_tree:" in capsys.readouterr().err


def test_the_verb_and_the_frame_know_the_same_parts() -> None:
    from viewer.headless import bench

    assert bench._PARTS == PARTS
