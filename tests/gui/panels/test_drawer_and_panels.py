"""The drawer, the lists in it, and what floats above the pictures."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from PySide6.QtCore import QAbstractItemModel, QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDropEvent, QGuiApplication
from PySide6.QtTest import QAbstractItemModelTester, QTest
from PySide6.QtWidgets import QApplication, QPushButton, QTableView, QWidget
from pytestqt.qtbot import QtBot

from compare.measuring.values import MeasuredValue
from compare.session.comparison_session import Role
from compare.session.measurement import MeasurementKind
from loaders.model.study import Catalogue, NotDisplayed, Problem
from loaders.model.units import SpacingBasis
from tests.gui.panels.study_samples import HOSTILE
from viewer.panels.drawer import Drawer
from viewer.panels.empty_state import EmptyState
from viewer.panels.help_overlay import HelpOverlay, KeyGroup, KeyLine
from viewer.panels.hint import Hint
from viewer.panels.measurements_panel import MeasurementRow, MeasurementsPanel
from viewer.panels.problems_panel import ProblemsPanel

pytestmark = pytest.mark.gui

DUPLICATE = Problem(Path("/media/disc/A/IMG1"), "duplicate", "the same bytes")
UNKNOWN = Problem(Path("/media/disc/A/IMG2"), "new_code", f"Words of its own {HOSTILE}")
IN_ZIP = Problem(Path("/media/disc/a.zip"), "empty_file", "short", member="x/y/IMG3")
REPORT = NotDisplayed(Path("/media/disc/SR"), "Comprehensive SR Storage", "structured_report")


def cells(model: QAbstractItemModel) -> list[list[str]]:
    return [
        [str(model.index(row, column).data()) for column in range(model.columnCount())]
        for row in range(model.rowCount())
    ]


@pytest.fixture
def problems(qtbot: QtBot) -> ProblemsPanel:
    panel = ProblemsPanel()
    qtbot.addWidget(panel)
    panel.resize(360, 600)
    panel.show()
    return panel


def test_every_problem_says_what_is_wrong_and_what_to_do(problems: ProblemsPanel) -> None:
    problems.set_catalogue(Catalogue((), (DUPLICATE, UNKNOWN, IN_ZIP), (REPORT,)))
    assert cells(problems._problem_model) == [
        ["IMG1", "The same image is there already\nNothing needs to be done."],
        ["IMG2", f"Words of its own {HOSTILE}\nThe file is not shown. Ask the sender for another copy."],
        ["IMG3", "The file is empty\nAsk the sender for another copy."],
    ]
    assert cells(problems._not_displayed_model) == [["SR", "Comprehensive SR Storage\na report, no picture"]]
    tooltip = str(problems._problem_model.index(2, 0).data(int(Qt.ItemDataRole.ToolTipRole)))
    assert "/media/disc/a.zip : x/y/IMG3" in tooltip
    hostile = str(problems._problem_model.index(1, 0).data(int(Qt.ItemDataRole.ToolTipRole)))
    assert "<img" not in hostile


def test_nothing_wrong_is_said_too(problems: ProblemsPanel) -> None:
    assert problems._nothing.isVisible()
    assert not problems._problem_table.isVisible()
    problems.set_catalogue(Catalogue((), (), (REPORT,)))
    assert not problems._nothing.isVisible()
    assert not problems._problem_heading.isVisible()
    assert problems._not_displayed_table.isVisible()


def test_problems_that_arrive_leave_the_chosen_row_chosen(problems: ProblemsPanel, qtbot: QtBot) -> None:
    tester = QAbstractItemModelTester(
        problems._problem_model, QAbstractItemModelTester.FailureReportingMode.Fatal, problems
    )
    problems.set_catalogue(Catalogue((), (DUPLICATE, UNKNOWN)))
    problems._problem_table.selectRow(1)
    with qtbot.waitSignal(problems.counts_changed) as caught:
        problems.set_catalogue(Catalogue((), (DUPLICATE, UNKNOWN, IN_ZIP)))
    assert caught.args == [3, 0]
    assert {index.row() for index in problems._problem_table.selectedIndexes()} == {1}
    assert tester.failureReportingMode() == QAbstractItemModelTester.FailureReportingMode.Fatal


def test_rows_can_be_copied(problems: ProblemsPanel) -> None:
    problems.set_catalogue(Catalogue((), (DUPLICATE, UNKNOWN)))
    problems._problem_table.selectRow(0)
    QTest.keyClick(problems._problem_table, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    copied = QGuiApplication.clipboard().text()
    assert copied.split("\t") == [str(DUPLICATE.path), "The same image is there already", "Nothing needs to be done."]


def test_a_list_folds(problems: ProblemsPanel) -> None:
    problems.set_catalogue(Catalogue((), (DUPLICATE,), (REPORT,)))
    QTest.mouseClick(problems._problem_heading, Qt.MouseButton.LeftButton)
    assert not problems._problem_table.isVisible()
    problems.set_catalogue(Catalogue((), (DUPLICATE, UNKNOWN), (REPORT,)))
    assert not problems._problem_table.isVisible()


def test_the_drawer_shows_one_panel_at_a_time(qtbot: QtBot) -> None:
    drawer = Drawer()
    qtbot.addWidget(drawer)
    problems, measurements = ProblemsPanel(), MeasurementsPanel()
    drawer.add_panel("problems", problems)
    drawer.add_panel("measurements", measurements)
    assert not drawer.isVisible()
    seen: list[str] = []
    drawer.panel_changed.connect(seen.append)
    drawer.toggle_panel("problems")
    assert problems.isVisible()
    assert drawer._title.text() == "Problems"
    drawer.toggle_panel("measurements")
    assert measurements.isVisible()
    assert not problems.isVisible()
    assert drawer._title.text() == "Measurements"
    drawer.toggle_panel("measurements")
    assert not drawer.isVisible()
    drawer.open_panel("problems")
    QTest.keyClick(drawer, Qt.Key.Key_Escape)
    assert seen == ["problems", "measurements", "", "problems", ""]


def length(identifier: str, value: float | None = 12.34) -> MeasurementRow:
    reason = "" if value is not None else "pixels_not_square"
    length_ = MeasuredValue("length", value, "mm", basis=SpacingBasis.AT_DETECTOR, reason=reason)
    kind = MeasurementKind.LENGTH
    return MeasurementRow(identifier, kind, (length_,), "", "", Role.PRIOR, date(2024, 5, 17), HOSTILE, 57)


@pytest.fixture
def measured(qtbot: QtBot) -> MeasurementsPanel:
    panel = MeasurementsPanel()
    qtbot.addWidget(panel)
    panel.resize(360, 400)
    panel.show()
    panel.set_rows([length("a"), length("b", None), length("c")])
    return panel


def click_row(table: QTableView, row: int) -> None:
    where = table.visualRect(table.model().index(row, 0)).center()
    QTest.mouseClick(table.viewport(), Qt.MouseButton.LeftButton, pos=where)


def test_a_length_names_its_basis_and_place(measured: MeasurementsPanel) -> None:
    assert cells(measured._table.model())[0] == [
        "Length\n12.3\u00a0mm · at detector",
        f"PRIOR 17 May 2024\n{HOSTILE}",
        "57",
    ]
    assert cells(measured._table.model())[1][0] == "Length\nwithheld: pixels not square, no scale"


def test_a_click_leads_to_the_slice_and_delete_removes(measured: MeasurementsPanel, qtbot: QtBot) -> None:
    assert not measured._remove_button.isEnabled()
    with qtbot.waitSignal(measured.go_to_requested) as caught:
        click_row(measured._table, 1)
    assert caught.args == ["b"]
    with qtbot.waitSignal(measured.remove_requested) as removed:
        QTest.mouseClick(measured._remove_button, Qt.MouseButton.LeftButton)
    assert removed.args == ["b"]


def test_the_chosen_length_stays_chosen_when_another_goes(measured: MeasurementsPanel, qtbot: QtBot) -> None:
    click_row(measured._table, 2)
    measured.set_rows([length("b"), length("c")])
    with qtbot.waitSignal(measured.remove_requested) as removed:
        QTest.keyClick(measured, Qt.Key.Key_Delete)
    assert removed.args == ["c"]
    measured.set_rows([])
    assert measured._nothing.isVisible()
    with qtbot.assertNotEmitted(measured.remove_requested):
        QTest.keyClick(measured, Qt.Key.Key_Delete)


def test_the_list_can_be_copied(measured: MeasurementsPanel) -> None:
    QTest.mouseClick(measured._copy_button, Qt.MouseButton.LeftButton)
    assert (
        QGuiApplication.clipboard()
        .text()
        .splitlines()[0]
        .startswith("Length 12.3\u00a0mm · at detector\tPRIOR 17 May 2024 <img")
    )


def drop(widget: QWidget, urls: list[QUrl]) -> None:
    data = QMimeData()
    data.setUrls(urls)
    event = QDropEvent(
        QPointF(5, 5), Qt.DropAction.CopyAction, data, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    )
    widget.dropEvent(event)


def test_what_is_dropped_on_the_empty_window_is_opened(qtbot: QtBot, tmp_path: Path) -> None:
    empty = EmptyState()
    qtbot.addWidget(empty)
    assert empty.acceptDrops()
    dropped: list[tuple[Path, ...]] = []
    empty.paths_dropped.connect(dropped.append)
    drop(empty, [QUrl.fromLocalFile(str(tmp_path)), QUrl("https://example.org/a.dcm")])
    drop(empty, [QUrl("https://example.org/a.dcm")])
    assert dropped == [(tmp_path,)]


def test_each_button_of_the_empty_window_does_something(qtbot: QtBot) -> None:
    empty = EmptyState()
    qtbot.addWidget(empty)
    said: list[str] = []
    empty.open_folder_requested.connect(lambda: said.append("folder"))
    empty.open_files_requested.connect(lambda: said.append("files"))
    empty.demo_requested.connect(lambda: said.append("demo"))
    empty.store_requested.connect(lambda: said.append("store"))
    buttons = [button for button in empty.findChildren(QPushButton) if button.isVisibleTo(empty)]
    for button in buttons:
        QTest.mouseClick(button, Qt.MouseButton.LeftButton)
    assert sorted(said) == ["demo", "files", "folder", "store"]
    assert len(buttons) == 4


GROUPS = [KeyGroup("Move", tuple(KeyLine(f"Do thing {n}", ("Ctrl+A", str(n))) for n in range(30))) for _ in range(4)]


@pytest.mark.parametrize("size", [(640, 400), (1280, 800), (2560, 1440)])
def test_the_help_fits_its_window(qtbot: QtBot, size: tuple[int, int]) -> None:
    host = QWidget()
    qtbot.addWidget(host)
    host.resize(*size)
    host.show()
    overlay = HelpOverlay(host)
    overlay.set_keys(GROUPS)
    overlay.open_over()
    assert overlay.geometry() == host.rect()
    assert overlay.rect().contains(overlay._card.geometry())
    host.resize(size[0] - 100, size[1] - 60)
    QApplication.processEvents()
    assert overlay.geometry() == host.rect()
    assert overlay.rect().contains(overlay._card.geometry())


def test_any_key_or_a_click_beside_closes_the_help(qtbot: QtBot) -> None:
    host = QWidget()
    qtbot.addWidget(host)
    host.resize(900, 500)
    host.show()
    overlay = HelpOverlay(host)
    overlay.set_keys(GROUPS)
    overlay.open_over()
    QTest.keyClick(overlay, Qt.Key.Key_Down)
    QTest.keyClick(overlay, Qt.Key.Key_Shift)
    assert overlay.isVisible()
    with qtbot.waitSignal(overlay.closed):
        QTest.keyClick(overlay, Qt.Key.Key_Question)
    overlay.open_over()
    QTest.mouseClick(overlay, Qt.MouseButton.LeftButton, pos=overlay._card.geometry().center())
    assert overlay.isVisible()
    QTest.mouseClick(overlay, Qt.MouseButton.LeftButton, pos=QPoint(3, 3))
    assert not overlay.isVisible()


def test_a_hint_floats_and_is_dismissed_once(qtbot: QtBot) -> None:
    host = QWidget()
    qtbot.addWidget(host)
    host.resize(800, 600)
    host.show()
    hint = Hint(host)
    gone: list[str] = []
    hint.dismissed.connect(gone.append)
    hint.show_hint("flicker", "Hold Space to flicker")
    assert host.rect().contains(hint.geometry())
    host.resize(500, 300)
    QApplication.processEvents()
    assert host.rect().contains(hint.geometry())
    QTest.mouseClick(hint._close_button, Qt.MouseButton.LeftButton)
    hint.dismiss()
    assert gone == ["flicker"]
    assert not hint.isVisible()


def test_a_hint_goes_by_itself(qtbot: QtBot) -> None:
    host = QWidget()
    qtbot.addWidget(host)
    host.show()
    hint = Hint(host)
    hint._timer.setInterval(30)
    with qtbot.waitSignal(hint.dismissed, timeout=3000):
        hint.show_hint("flicker", "Hold Space to flicker")
