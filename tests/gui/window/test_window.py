"""The window itself: keys, layouts, full screen, what is remembered, titles, languages, the demo patient."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel, QPushButton
from pytestqt.qtbot import QtBot

from compare.session.comparison_session import Layout
from loaders.errors import SourceError
from tests.gui.window.conftest import MakeWindow, hung, settle, write_study
from viewer.app.crash_window import CrashWindow
from viewer.main_window.key_table import KEY_TABLE, row_text
from viewer.main_window.main_window import MainWindow
from viewer.panels.error_dialog import ErrorDialog
from viewer.panels.top_bar import LANGUAGE_NAMES
from viewer.settings.settings import MouseProfile, Settings, read_settings
from viewer.translation.languages import Languages

pytestmark = pytest.mark.gui


@pytest.fixture
def pair(qtbot: QtBot, window: MainWindow, tmp_path: Path) -> MainWindow:
    write_study(tmp_path / "a", "now", "20250602", name="CHAN^TAI MAN", patient_id="A123456(3)")
    write_study(tmp_path / "b", "then", "20240517", name="CHAN^TAI MAN", patient_id="A123456(3)")
    window.open_paths([tmp_path])
    settle(qtbot, window)
    return window


def test_every_key_of_the_table_is_bound_once_and_stands_in_the_overlay(window: MainWindow) -> None:
    bound = [shortcut.key().toString() for shortcut in window.findChildren(QShortcut)]
    keys = [QKeySequence(key).toString() for row in KEY_TABLE for key in row.keys]
    assert sorted(bound) == sorted(keys)
    assert len(set(bound)) == len(bound)
    QTest.keyClick(window, Qt.Key.Key_Question)
    assert window.chrome.help.isVisible()
    words = {label.text() for label in window.chrome.help.findChildren(QLabel)}
    assert {row_text(row) for row in KEY_TABLE} <= words
    assert {"Left drag", "Wheel", "Double click"} <= words
    QTest.keyClick(window.chrome.help, Qt.Key.Key_X)
    assert not window.chrome.help.isVisible()


def test_the_overlay_keeps_keys_from_the_pictures_behind_it(pair: MainWindow) -> None:
    before = pair.session.session
    QTest.keyClick(pair, Qt.Key.Key_Question)
    QTest.keyClick(pair.chrome.help, Qt.Key.Key_I)
    assert pair.session.session is before
    assert not pair.chrome.help.isVisible()


def test_layouts_maximise_and_back(qtbot: QtBot, pair: MainWindow) -> None:
    for rows in (1, 2, 3):
        for columns in (1, 2, 3):
            pair.bar.layout_chosen.emit(rows, columns)
            assert len(pair.viewports()) == rows * columns
    qtbot.wait(30)
    left = pair.viewports()[0]
    small = left.size()
    QTest.mouseDClick(left, Qt.MouseButton.LeftButton, pos=QPoint(60, 100))
    qtbot.waitUntil(lambda: left.width() > 2 * small.width())
    assert pair.session.session.layout.maximised == 0
    QTest.mouseDClick(left, Qt.MouseButton.LeftButton, pos=QPoint(60, 100))
    qtbot.waitUntil(lambda: left.size() == small)
    QTest.keyClick(pair, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert pair.session.session.layout.maximised == 0, "a change of layout is a step like any other"


@pytest.mark.parametrize("key", [Qt.Key.Key_F, Qt.Key.Key_F11])
def test_full_screen_leaves_pictures_identity_and_safety(qtbot: QtBot, pair: MainWindow, key: Qt.Key) -> None:
    QTest.keyClick(pair, key)
    qtbot.waitUntil(pair.isFullScreen)
    assert pair.bar.isHidden()
    assert pair.rail.isHidden()
    assert pair.strip.isVisible()
    QTest.keyClick(pair, Qt.Key.Key_Down)
    assert pair.rail.isHidden(), "scrolling brings nothing back"
    QTest.keyClick(pair, key)
    qtbot.waitUntil(lambda: not pair.isFullScreen())
    assert pair.bar.isVisible()
    assert pair.rail.isVisible()


def test_rail_and_panel_fold_by_key(pair: MainWindow) -> None:
    QTest.keyClick(pair, Qt.Key.Key_B)
    assert pair.rail.width() == 56
    QTest.keyClick(pair, Qt.Key.Key_P)
    assert pair.drawer.isVisible()
    QTest.keyClick(pair, Qt.Key.Key_Escape)
    assert not pair.drawer.isVisible()


def test_what_the_reader_chose_is_there_at_the_next_start(
    qtbot: QtBot, make_window: MakeWindow, tmp_path: Path
) -> None:
    file = tmp_path / "config" / "settings.json"
    first = make_window(settings_file=file)
    first.bar.layout_chosen.emit(2, 2)
    first.rail.set_collapsed(True)
    first.bar.profile_chosen.emit(MouseProfile.REFERRER)
    first.close()
    settings = read_settings(file)
    assert settings.layout == (2, 2)
    assert settings.window_places
    later = make_window(settings=settings)
    later.open_paths([write_study(tmp_path / "a", "now", "20250602")])
    settle(qtbot, later)
    assert later.session.session.layout == Layout(2, 2)
    assert later.rail.is_collapsed
    assert {widget.profile for widget in later.viewports()} == {"referrer"}


def test_a_left_drag_scrolls_for_a_referrer(qtbot: QtBot, pair: MainWindow) -> None:
    pair.bar.profile_chosen.emit(MouseProfile.REFERRER)
    viewport = pair.viewports()[0]
    before = pair.session.session.viewports[0]
    middle = viewport.rect().center()
    QTest.mousePress(viewport, Qt.MouseButton.LeftButton, pos=middle)
    QTest.mouseMove(viewport, middle + QPoint(0, 30))
    QTest.mouseMove(viewport, middle + QPoint(0, 90))
    QTest.mouseRelease(viewport, Qt.MouseButton.LeftButton, pos=middle + QPoint(0, 90))
    after = pair.session.session.viewports[0]
    assert after.view.frame_index != before.view.frame_index
    assert after.presentation == before.presentation
    QTest.keyClick(pair, Qt.Key.Key_Question)
    lines = [label.text() for label in pair.chrome.help.findChildren(QLabel)]
    assert lines.index("Left drag") > lines.index("Scroll through the slices")
    qtbot.wait(1)


def test_titles_mask_the_identifier_and_the_bar_shows_it_whole(pair: MainWindow) -> None:
    assert "A12****(*)" in pair.windowTitle()
    assert "123456" not in pair.windowTitle()
    assert "A123456(3)" in pair.bar._facts.text()
    assert "29 Feb 1960 (65 y)" in pair.bar._facts.text()
    assert pair.bar._name.text() == "CHAN TAI MAN"


def test_the_language_changes_while_the_window_runs(qapp: QApplication, qtbot: QtBot, pair: MainWindow) -> None:
    languages = Languages(qapp, pair)
    pair.bar.language_chosen.connect(languages.use)
    for row in ("zh_HK", "zh_CN"):
        action = next(action for action in pair.bar._languages.actions() if action.text() == LANGUAGE_NAMES[row])
        action.trigger()
        qapp.processEvents()
        assert pair.bar._help_button.accessibleName() != "All keys"
        QTest.keyClick(pair, Qt.Key.Key_Question)
        assert "Keys and mouse" not in {label.text() for label in pair.chrome.help.findChildren(QLabel)}
        QTest.keyClick(pair.chrome.help, Qt.Key.Key_X)
    languages.use("en")
    qapp.processEvents()
    assert pair.bar._help_button.accessibleName() == "All keys"
    qtbot.wait(1)


def test_the_demo_patient_opens_from_the_empty_window(
    qtbot: QtBot, window: MainWindow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    window.demo.folder = tmp_path / "demo-patient"
    button = next(one for one in window.empty.findChildren(QPushButton) if "demo" in one.text())
    QTest.mouseClick(button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(window.strip._job_label.isVisible)
    qtbot.waitUntil(lambda: len([date for date in hung(window) if date]) == 2, timeout=60_000)
    settle(qtbot, window)
    assert window.presenting.models[0].role != window.presenting.models[1].role
    assert "IDENTITY NOT CONFIRMED" not in window.bar._name.text()
    assert window.identity.isVisible(), "its two institutions prove nothing: the usual case"


def test_memory_and_the_safety_sentence_are_always_there(pair: MainWindow) -> None:
    assert "Not for primary diagnosis" in pair.strip._safety.text()
    pair.job_strip._tell_memory()
    assert "GB" in pair.strip._memory_label.text()


def test_a_refusal_is_a_passing_notice(window: MainWindow) -> None:
    QTest.keyClick(window, Qt.Key.Key_N)
    assert window.notice.isVisible()
    assert "Two studies" in window.notice._words.text()


def test_our_own_faults_become_one_report(qtbot: QtBot, window: MainWindow, caplog: pytest.LogCaptureFixture) -> None:
    import sys

    calls = CrashWindow(window, window._jobs.call_on_window_thread)
    try:
        for fault in (ValueError("CHAN TAI MAN"), KeyError("T0001")):
            sys.excepthook(type(fault), fault, None)
        qtbot.waitUntil(lambda: bool(window.findChildren(ErrorDialog)))
        dialogs = window.findChildren(ErrorDialog)
        assert len(dialogs) == 1
        text = dialogs[0]._text.toPlainText()
        assert "ValueError" in text
        assert "KeyError" in text
        assert "CHAN" not in text
        dialogs[0].accept()
        error = SourceError("the disc is gone")
        sys.excepthook(type(error), error, None)
        qtbot.waitUntil(window.notice.isVisible)
    finally:
        calls.close()


def test_settings_survive_a_window_without_a_file(make_window: MakeWindow) -> None:
    window = make_window(settings=Settings(layout=(1, 2)))
    window.settings.change(layout=(3, 3))
    assert window.settings.settings.layout == (3, 3)
