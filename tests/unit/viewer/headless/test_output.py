"""The frame of every verb: JSON whole or not at all, errors as one line."""

from __future__ import annotations

import io
import json
import os
import sys
from pathlib import Path

import pytest

from loaders.errors import SourceError
from viewer.headless.output import OutputError, error_line, say_error, verb_parser, write_json


def test_a_document_comes_back_as_it_was(tmp_path: Path) -> None:
    target = tmp_path / "out.json"
    document = {"name": "陳大文", "spacing_mm": [2.0, 0.7, None]}
    write_json(document, str(target))
    assert json.loads(target.read_text(encoding="utf-8")) == document
    assert "陳大文" in target.read_text(encoding="utf-8")
    assert [path.name for path in tmp_path.iterdir()] == ["out.json"]


def test_minus_is_standard_output(capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    write_json({"name": "陳"}, "-")
    assert json.loads(capfdbinary.readouterr().out.decode("utf-8")) == {"name": "陳"}


def test_a_path_that_is_no_utf8_is_written_escaped(tmp_path: Path) -> None:
    target = tmp_path / "out.json"
    write_json({"path": os.fsdecode(b"IMG\xff")}, target)
    assert json.loads(target.read_bytes().decode("utf-8"))["path"] == "IMG\udcff"


def test_a_number_json_does_not_know_is_our_fault_and_leaves_the_old_file(tmp_path: Path) -> None:
    target = tmp_path / "out.json"
    target.write_text("old")
    with pytest.raises(ValueError, match="JSON"):
        write_json({"value": float("nan")}, target)
    assert target.read_text() == "old"


def test_a_folder_that_is_not_there_is_the_worlds_fault(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="cannot write"):
        write_json({}, tmp_path / "missing" / "out.json")


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no named pipes in the file system")
def test_a_pipe_is_written_to_and_not_replaced(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    try:
        write_json({"a": 1}, pipe)
        assert json.loads(os.read(reader, 1000)) == {"a": 1}
        assert pipe.is_fifo()
    finally:
        os.close(reader)


def test_an_error_is_one_line_whatever_the_message_holds() -> None:
    line = error_line(SourceError("cannot read\n/media/\x1b[31mdisc"))
    assert line == "error: source_unreadable: cannot read /media/?[31mdisc"


def test_an_error_can_be_said_on_a_terminal_without_unicode(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    monkeypatch.setattr(sys, "stderr", terminal)
    say_error(SourceError("no folder 陳"))
    terminal.flush()
    written = terminal.buffer.getvalue()
    assert written == b"error: source_unreadable: no folder \\u9673\n"


def test_wrong_arguments_of_a_verb_end_with_2(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stop:
        verb_parser("scan", "List studies.").parse_args(["--nothing"])
    assert stop.value.code == 2
    assert "diptych scan" in capsys.readouterr().err
