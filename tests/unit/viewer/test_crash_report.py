"""A crash report says where, and never who."""

from __future__ import annotations

import sys

import pytest

from loaders.errors import SourceError, WorldError
from viewer.app.crash_report import install, report_of


def _fail(patient_name: str) -> None:
    raise ValueError(f"cannot show {patient_name}")


def test_report_names_the_line_and_not_the_patient() -> None:
    try:
        _fail("CHAN TAI MAN")
    except ValueError as error:
        report = report_of(error)
    assert "_fail" in report
    assert "ValueError" in report
    assert "CHAN" not in report


def test_an_error_of_the_world_is_a_sentence_and_not_a_crash(caplog: pytest.LogCaptureFixture) -> None:
    crashes: list[str] = []
    sentences: list[WorldError] = []
    undo = install(crashes.append, sentences.append)
    try:
        sys.excepthook(SourceError, SourceError("the stick is gone"), None)
        sys.excepthook(ValueError, ValueError("ours"), None)
    finally:
        undo()
    assert [error.message for error in sentences] == ["the stick is gone"]
    assert len(crashes) == 1
    assert "the stick" not in caplog.text
