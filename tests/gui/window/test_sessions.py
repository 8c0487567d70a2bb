"""A comparison saved to a file comes back as it was, and says what is missing."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QFileDialog
from pytestqt.qtbot import QtBot

from tests.gui.window.conftest import MakeWindow, hung, settle, write_study
from viewer.main_window.main_window import MainWindow
from viewer.viewport.absent_picture import absence_text

pytestmark = pytest.mark.gui

_CTRL = Qt.KeyboardModifier.ControlModifier
_CTRL_SHIFT = _CTRL | Qt.KeyboardModifier.ShiftModifier


@pytest.fixture
def pair(tmp_path: Path) -> Path:
    write_study(tmp_path / "disc" / "a", "now", "20250602", issuer="HOSPITAL A")
    write_study(tmp_path / "disc" / "b", "then", "20240517", issuer="LABORATORY B")
    return tmp_path / "disc"


@pytest.fixture
def chosen_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """What the reader picks in the file dialogs."""
    path = tmp_path / "saved.diptych.json"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(path), ""))
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: (str(path), ""))
    return path


def arrange(window: MainWindow) -> None:
    """Answer, scroll both apart, match them, change a window."""
    QTest.mouseClick(window.identity._confirm_button, Qt.MouseButton.LeftButton)
    QTest.keyClick(window, Qt.Key.Key_L)
    QTest.keyClick(window, Qt.Key.Key_Down)
    QTest.keyClick(window, Qt.Key.Key_L)
    QTest.keyClick(window, Qt.Key.Key_M)
    QTest.keyClick(window, Qt.Key.Key_2)
    QTest.keyClick(window, Qt.Key.Key_I)


def test_a_session_comes_back_in_a_new_window(
    qtbot: QtBot, make_window: MakeWindow, pair: Path, chosen_file: Path
) -> None:
    window = make_window()
    window.open_paths([pair])
    settle(qtbot, window)
    arrange(window)
    kept = window.session.session
    assert kept.offsets
    assert kept.identity_confirmed
    QTest.keyClick(window, Qt.Key.Key_S, _CTRL)
    qtbot.waitUntil(chosen_file.exists)
    text = chosen_file.read_text()
    assert "CHAN" not in text
    assert "T0001" not in text
    assert str(pair) not in text
    json.loads(text)

    later = make_window()
    later.open_paths([pair])
    settle(qtbot, later)
    before = later.session.session
    QTest.keyClick(later, Qt.Key.Key_O, _CTRL_SHIFT)
    qtbot.waitUntil(lambda: later.session.session.offsets == kept.offsets)
    settle(qtbot, later)
    now = later.session.session
    assert now.identity_confirmed == kept.identity_confirmed
    assert [one.presentation for one in now.viewports] == [one.presentation for one in kept.viewports]
    assert [one.view.frame_index for one in now.viewports] == [one.view.frame_index for one in kept.viewports]
    QTest.keyClick(later, Qt.Key.Key_Z, _CTRL)
    assert later.session.session.viewports == before.viewports


def test_missing_series_are_counted_and_take_their_places_when_they_are_opened(
    qtbot: QtBot, make_window: MakeWindow, pair: Path, chosen_file: Path
) -> None:
    window = make_window()
    window.open_paths([pair])
    settle(qtbot, window)
    arrange(window)
    QTest.keyClick(window, Qt.Key.Key_S, _CTRL)
    qtbot.waitUntil(chosen_file.exists)

    later = make_window()
    later.open_paths([pair / "a"])
    settle(qtbot, later)
    QTest.keyClick(later, Qt.Key.Key_O, _CTRL_SHIFT)
    qtbot.waitUntil(lambda: len(later.session.session.viewports) == 2)
    assert hung(later) == ["2025-06-02", ""]
    qtbot.waitUntil(later.notice.isVisible)
    assert "1" in later.notice._words.text()
    assert "not open" in later.notice._words.text()
    assert absence_text(later.presenting.models[1])[0] == "This series is not open"
    later.open_paths([pair / "b"])
    settle(qtbot, later)
    assert hung(later) == ["2025-06-02", "2024-05-17"]
    assert later.session.session.offsets


@pytest.mark.parametrize("content", [b"\xff\xfe not text", b"[]", b'{"format": "other"}', b""])
def test_a_file_that_is_no_session_is_a_notice_and_changes_nothing(
    qtbot: QtBot, window: MainWindow, chosen_file: Path, content: bytes
) -> None:
    chosen_file.write_bytes(content)
    before = window.session.session
    QTest.keyClick(window, Qt.Key.Key_O, _CTRL_SHIFT)
    qtbot.waitUntil(window.notice.isVisible)
    assert window.session.session is before


def test_a_folder_that_cannot_be_written_is_a_notice(
    qtbot: QtBot, window: MainWindow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(tmp_path / "no" / "where.json"), ""))
    QTest.keyClick(window, Qt.Key.Key_S, _CTRL)
    qtbot.waitUntil(window.notice.isVisible)
    assert "where.json" in window.notice._words.text()
