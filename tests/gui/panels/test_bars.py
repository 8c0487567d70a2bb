"""The lines above and below the pictures."""

from __future__ import annotations

from datetime import date

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QToolButton
from pytestqt.qtbot import QtBot

from loaders.errors import SourceError
from tests.gui.panels.study_samples import CHAN, HOSTILE, WONG
from viewer.panels.bottom_strip import BottomStrip, JobLine
from viewer.panels.layout_picker import LayoutPicker
from viewer.panels.notice_bar import NoticeBar
from viewer.panels.scan_progress import ScanProgress, ScanState
from viewer.panels.top_bar import PointerTool, TopBar

pytestmark = pytest.mark.gui


@pytest.fixture
def bar(qtbot: QtBot) -> TopBar:
    widget = TopBar()
    qtbot.addWidget(widget)
    widget.resize(1280, 36)
    widget.show()
    return widget


def test_the_whole_patient_is_said_at_1280_pixels_however_long_the_name(bar: TopBar) -> None:
    bar.set_patient(WONG, date(2025, 6, 2))
    QApplication.processEvents()
    for label in (bar._name, bar._chinese_name, bar._facts):
        assert label.fontMetrics().horizontalAdvance(label.text()) <= label.width()
    assert bar._facts.text() == "G123456(A) · F · 1 Dec 1971 (53 y)"
    assert bar._chinese_name.text() == "歐陽嘉穎美玲"


def test_words_on_the_tools_come_back_with_the_room(bar: TopBar) -> None:
    bar.set_patient(WONG, date(2025, 6, 2))
    assert bar._tools[PointerTool.ZOOM].toolButtonStyle() == Qt.ToolButtonStyle.ToolButtonIconOnly
    bar.set_patient(CHAN, date(2025, 6, 2))
    assert bar._tools[PointerTool.ZOOM].toolButtonStyle() == Qt.ToolButtonStyle.ToolButtonTextBesideIcon


def test_the_identifier_can_be_masked(bar: TopBar) -> None:
    bar.set_patient(CHAN)
    bar.set_identifier_masked(True)
    assert bar._facts.text().startswith("A12****(*)")
    assert "A123456" not in bar._facts.text()


def test_what_is_missing_is_said(bar: TopBar) -> None:
    from loaders.model.patient import Patient, PersonName

    bar.set_patient(Patient(PersonName()))
    assert bar._name.text() == "name not provided"
    assert bar._facts.text() == "identifier not provided · sex not provided · birth date not provided"


@pytest.mark.parametrize("tool", list(PointerTool))
def test_a_click_chooses_a_tool_and_marks_one_only(bar: TopBar, qtbot: QtBot, tool: PointerTool) -> None:
    with qtbot.waitSignal(bar.tool_chosen) as caught:
        QTest.mouseClick(bar._tools[tool], Qt.MouseButton.LeftButton)
    assert caught.args == [tool]
    assert [name for name, button in bar._tools.items() if button.isChecked()] == [tool]


def test_being_told_a_tool_emits_nothing(bar: TopBar, qtbot: QtBot) -> None:
    with qtbot.assertNotEmitted(bar.tool_chosen), qtbot.assertNotEmitted(bar.language_chosen):
        bar.set_tool(PointerTool.MEASURE)
        bar.set_language("zh_HK")
    assert bar._tools[PointerTool.MEASURE].isChecked()


def test_every_button_says_what_it_does_and_names_its_key(bar: TopBar) -> None:
    bar.set_keys({"window": "W", "open": "Ctrl+O", "help": "?"})
    for button in bar.findChildren(QToolButton):
        assert button.toolTip()
        assert button.accessibleName()
    assert bar._tools[PointerTool.WINDOW].toolTip() == "Drag to change the window (W)"


def test_a_language_is_chosen_by_its_own_name(bar: TopBar, qtbot: QtBot) -> None:
    action = next(item for item in bar._languages.actions() if item.text() == "繁體中文（香港）")
    with qtbot.waitSignal(bar.language_chosen) as caught:
        action.trigger()
    assert caught.args == ["zh_HK"]


def test_a_layout_is_chosen_by_pointing(bar: TopBar, qtbot: QtBot) -> None:
    bar.set_layout(1, 2)
    QTest.mouseClick(bar._layout_button, Qt.MouseButton.LeftButton)
    picker = bar._picker
    assert picker.isVisible()
    assert (picker.grid.rows, picker.grid.columns) == (1, 2)
    QTest.mouseMove(picker.grid, picker.grid.cell_centre(2, 3))
    with qtbot.waitSignal(bar.layout_chosen) as caught:
        QTest.mouseClick(picker.grid, Qt.MouseButton.LeftButton, pos=picker.grid.cell_centre(2, 3))
    assert caught.args == [2, 3]
    assert not picker.isVisible()


def test_a_layout_is_chosen_by_keys_and_stays_within_nine(qtbot: QtBot) -> None:
    picker = LayoutPicker()
    qtbot.addWidget(picker)
    picker.grid.point_at(3, 3)
    QTest.keyClick(picker.grid, Qt.Key.Key_Right)
    QTest.keyClick(picker.grid, Qt.Key.Key_Up)
    with qtbot.waitSignal(picker.layout_chosen) as caught:
        QTest.keyClick(picker.grid, Qt.Key.Key_Return)
    assert caught.args == [2, 3]


def test_letting_go_beside_the_picker_chooses_nothing(qtbot: QtBot) -> None:
    picker = LayoutPicker()
    qtbot.addWidget(picker)
    with qtbot.assertNotEmitted(picker.layout_chosen):
        QTest.mouseRelease(picker.grid, Qt.MouseButton.LeftButton, pos=QPoint(-5, 10))


@pytest.fixture
def strip(qtbot: QtBot) -> BottomStrip:
    widget = BottomStrip()
    qtbot.addWidget(widget)
    widget.resize(1000, 24)
    widget.show()
    return widget


@pytest.mark.parametrize("width", [500, 640, 1000, 1920])
def test_the_safety_sentence_is_always_whole(strip: BottomStrip, width: int) -> None:
    strip.set_source("a very long name of a folder " * 10)
    strip.set_jobs((JobLine(1, "a very long title of a job " * 5, 0.5),))
    strip.resize(width, 24)
    label = strip._safety
    assert label.text() == "Not for primary diagnosis 不作初級診斷用途"
    assert label.isVisible()
    assert label.width() >= label.fontMetrics().horizontalAdvance(label.text())
    assert label.geometry().right() < strip._source_label.geometry().left()


def test_one_job_is_cancelled_by_one_click(strip: BottomStrip, qtbot: QtBot) -> None:
    strip.set_jobs((JobLine(7, "Reading", 0.62),))
    assert strip._job_label.text() == "Reading 62%"
    with qtbot.waitSignal(strip.cancel_requested) as caught:
        QTest.mouseClick(strip._cancel_button, Qt.MouseButton.LeftButton)
    assert caught.args == [7]


def test_of_several_jobs_the_reader_chooses(strip: BottomStrip, qtbot: QtBot) -> None:
    strip.set_jobs((JobLine(1, "Reading A & B", 0.2), JobLine(2, "Reading C", 0.6)))
    assert strip._job_label.text() == "2 jobs 40%"
    QTest.mouseClick(strip._cancel_button, Qt.MouseButton.LeftButton)
    texts = [action.text() for action in strip._job_menu.actions()]
    assert texts == ["Cancel: Reading A && B", "Cancel: Reading C"]
    with qtbot.waitSignal(strip.cancel_requested) as caught:
        strip._job_menu.actions()[1].trigger()
    assert caught.args == [2]
    strip.set_jobs(())
    assert not strip._job_menu.isVisible()
    assert not strip._cancel_button.isVisible()


def test_a_job_of_unknown_length_shows_no_number(strip: BottomStrip) -> None:
    strip.set_jobs((JobLine(1, "Reading", None),))
    assert strip._job_label.text() == "Reading"
    assert strip._bar.maximum() == 0


def test_nearly_full_memory_is_marked(strip: BottomStrip) -> None:
    gigabyte = 1024**3
    strip.set_memory(int(1.3 * gigabyte), 8 * gigabyte)
    assert strip._memory_label.text() == "memory 1.3 / 8.0 GB"
    assert not strip._memory_label.property("tone")
    strip.set_memory(int(7.5 * gigabyte), 8 * gigabyte)
    assert strip._memory_label.property("tone") == "warning"


def test_problems_are_one_click_away(strip: BottomStrip, qtbot: QtBot) -> None:
    assert not strip._problem_button.isVisible()
    strip.set_problem_count(12, 3)
    assert strip._problem_button.text() == "Problems: 12 · Not displayed: 3"
    with qtbot.waitSignal(strip.problems_requested):
        QTest.mouseClick(strip._problem_button, Qt.MouseButton.LeftButton)


def test_a_scan_is_counted_and_stopped_once(qtbot: QtBot) -> None:
    line = ScanProgress()
    qtbot.addWidget(line)
    assert not line.isVisible()
    line.set_state(ScanState(HOSTILE, 10))
    assert line._counts.text() == "files: 10 · studies: 0 · series: 0"
    assert line._bar.maximum() == 0
    line.set_state(ScanState("disc", 500, 1000, 2, 9, 4))
    assert line._counts.text() == "files: 500 of 1000 · studies: 2 · series: 9 · problems: 4"
    assert line._bar.value() == 500
    stopped: list[int] = []
    line.cancel_requested.connect(lambda: stopped.append(1))
    QTest.mouseClick(line._cancel_button, Qt.MouseButton.LeftButton)
    QTest.mouseClick(line._cancel_button, Qt.MouseButton.LeftButton)
    assert stopped == [1]
    line.set_state(None)
    line.set_state(ScanState("disc", 0))
    assert line._cancel_button.isEnabled()


def test_a_stick_pulled_out_is_a_sentence_that_can_be_closed(qtbot: QtBot) -> None:
    notice = NoticeBar()
    qtbot.addWidget(notice)
    notice.show_error(SourceError("[Errno 5] Input/output error"), "STICK <b>")
    assert notice._words.text() == (
        "STICK <b>: Cannot be read. Check the disc or stick, put it in again and open it again."
    )
    assert notice._words.textFormat() == Qt.TextFormat.PlainText
    QTest.mouseClick(notice._close_button, Qt.MouseButton.LeftButton)
    assert not notice.isVisible()
