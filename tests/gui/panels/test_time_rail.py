"""The time rail as a reader uses it: look, find, scroll while a scan runs, drag, double-click."""

from __future__ import annotations

import json
import time
from datetime import date, timedelta

import pytest
from PySide6.QtCore import QAbstractItemModel, QMimeData, QModelIndex, QPoint, Qt
from PySide6.QtGui import QColor, QImage
from PySide6.QtTest import QAbstractItemModelTester, QTest
from PySide6.QtWidgets import QMenu
from pytestqt.qtbot import QtBot

from loaders.model.stack import StackKey
from loaders.model.study import Catalogue, Study
from tests.gui.panels.study_samples import CATALOGUE, CURRENT, HOSTILE, OLD, OTHER_PATIENT, PRIOR, series, study
from viewer.panels.rail_rows import Presence, StudyState
from viewer.panels.stack_mime import STACK_MIME_TYPE, stack_from_mime
from viewer.panels.study_category import StudyCategory
from viewer.panels.time_rail import COLLAPSED_WIDTH_PX, RailTarget, TimeRail

pytestmark = pytest.mark.gui


@pytest.fixture
def rail(qtbot: QtBot) -> TimeRail:
    widget = TimeRail()
    qtbot.addWidget(widget)
    widget.resize(128, 500)
    widget.show()
    widget.set_catalogue(CATALOGUE)
    return widget


def texts(rail: TimeRail) -> list[str]:
    model = rail._view.model()
    return [str(model.index(row, 0).data()) for row in range(model.rowCount())]


def index_of(rail: TimeRail, part: str) -> QModelIndex:
    model: QAbstractItemModel = rail._view.model()
    return next(model.index(row, 0) for row in range(model.rowCount()) if part in str(model.index(row, 0).data()))


def y_of(rail: TimeRail, part: str) -> int:
    return rail._view.visualRect(index_of(rail, part)).top()


def centre_of(rail: TimeRail, part: str) -> QPoint:
    index = index_of(rail, part)
    rail._view.scrollTo(index)
    return rail._view.visualRect(index).center()


def test_newest_is_on_top_with_intervals_below(rail: TimeRail) -> None:
    listed = texts(rail)
    headings = [text for text in listed if "earlier" in text or "newest" in text]
    assert [heading.split(" ", 3)[:3] for heading in headings] == [
        ["2", "Jun", "2025"],
        ["17", "May", "2024"],
        ["20", "May", "2019"],
        ["9", "Jan", "2023"],
    ]
    assert "1 y 0 m earlier" in headings[1]
    assert "6 y 0 m earlier" in headings[2]


def test_one_person_from_two_institutions_stands_under_one_heading(rail: TimeRail) -> None:
    assert [text for text in texts(rail) if "****" in text] == ["CHAN TAI MAN 陳大文 A12****(*)", texts(rail)[-4]]


def test_identifiers_are_masked_everywhere_in_the_rail(rail: TimeRail) -> None:
    model = rail._view.model()
    said = [
        str(model.index(row, 0).data(int(role)))
        for row in range(model.rowCount())
        for role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.ToolTipRole, Qt.ItemDataRole.AccessibleTextRole)
    ]
    assert not [text for text in said if "A123456(3)" in text or "G123456(A)" in text]


def test_double_click_on_a_series_asks_to_compare_it(rail: TimeRail, qtbot: QtBot) -> None:
    where = centre_of(rail, "mediastinum")
    QTest.mouseClick(rail._view.viewport(), Qt.MouseButton.LeftButton, pos=where)
    with qtbot.waitSignal(rail.stack_activated) as caught:
        QTest.mouseDClick(rail._view.viewport(), Qt.MouseButton.LeftButton, pos=where)
    assert caught.args == [CURRENT.series[2].stacks[0].key]


def test_enter_on_a_study_asks_to_compare_it(rail: TimeRail, qtbot: QtBot) -> None:
    QTest.mouseClick(rail._view.viewport(), Qt.MouseButton.LeftButton, pos=centre_of(rail, "17 May 2024"))
    with qtbot.waitSignal(rail.study_activated) as caught:
        QTest.keyClick(rail._view, Qt.Key.Key_Return)
    assert caught.args == [PRIOR.uid]


def test_a_patients_heading_does_nothing(rail: TimeRail, qtbot: QtBot) -> None:
    with qtbot.assertNotEmitted(rail.study_activated), qtbot.assertNotEmitted(rail.stack_activated):
        QTest.mouseDClick(rail._view.viewport(), Qt.MouseButton.LeftButton, pos=centre_of(rail, "CHAN TAI MAN"))


def test_a_dragged_row_carries_its_key(rail: TimeRail) -> None:
    data = rail._view.model().mimeData([index_of(rail, "B30f")])
    assert stack_from_mime(data) == PRIOR.series[1].stacks[0].key
    assert set(json.loads(bytes(data.data(STACK_MIME_TYPE).data()))) == {"study_uid", "series_uid", "stack_id"}


@pytest.mark.parametrize("raw", [b"", b"{", b"[]", b'{"study_uid": 1}', b"[" * 100_000, b'{"study_uid": "a"}'])
def test_a_foreign_drop_is_no_stack(raw: bytes) -> None:
    data = QMimeData()
    data.setData(STACK_MIME_TYPE, raw)
    assert stack_from_mime(data) is None


def test_the_menu_names_its_target_and_can_be_extended(rail: TimeRail, qtbot: QtBot) -> None:
    seen: list[tuple[list[str], RailTarget]] = []

    def look(menu: QMenu, target: RailTarget) -> None:
        menu.addAction("More")
        seen.append(([action.text() for action in menu.actions()], target))

    rail.menu_about_to_show.connect(look)
    rail._view.customContextMenuRequested.emit(centre_of(rail, "Topogram"))
    menu = rail.findChildren(QMenu)[-1]
    with qtbot.waitSignal(rail.show_requested) as caught:
        menu.actions()[0].trigger()
    menu.close()
    assert caught.args == [CURRENT.series[0].stacks[0].key]
    assert seen[0][1] == RailTarget(CURRENT.uid, CURRENT.series[0].stacks[0].key)
    assert seen[0][0] == ["Show in the active viewport", "Compare with its best prior", "More"]


def many(count: int) -> tuple[Study, ...]:
    return tuple(
        study(f"9.{n}", date(2000, 1, 1) + timedelta(days=n), description=f"study {n:04d}") for n in range(count)
    )


def test_a_scan_moves_nothing_the_reader_looks_at(rail: TimeRail, qtbot: QtBot) -> None:
    studies = many(60)
    rail.set_catalogue(Catalogue(studies[:30]))
    rail._view.scrollTo(index_of(rail, "study 0015"))
    QTest.mouseClick(rail._view.viewport(), Qt.MouseButton.LeftButton, pos=centre_of(rail, "study 0015"))
    before = y_of(rail, "study 0015")
    chosen = rail._model.row(rail._view.currentIndex())
    # The newest are listed on top: everything in sight would be pushed down.
    for found in range(31, 61):
        rail.set_catalogue(Catalogue(studies[:found]))
        assert y_of(rail, "study 0015") == before
    now = rail._model.row(rail._view.currentIndex())
    assert chosen is not None
    assert now is not None
    assert now.key == chosen.key
    assert len([text for text in texts(rail) if "study" in text]) == 60


def test_the_same_holds_when_series_leave_and_the_order_changes(rail: TimeRail, qtbot: QtBot) -> None:
    QTest.mouseClick(rail._view.viewport(), Qt.MouseButton.LeftButton, pos=centre_of(rail, "B30f"))
    before = y_of(rail, "B30f")
    rail.set_catalogue(Catalogue((OTHER_PATIENT, *many(20), OLD, PRIOR)))
    assert rail._view.currentIndex() == index_of(rail, "B30f")
    assert y_of(rail, "B30f") == before


def test_an_untouched_rail_follows_the_newest(rail: TimeRail) -> None:
    studies = many(40)
    for found in range(1, 41):
        rail.set_catalogue(Catalogue(studies[:found]))
    assert rail._view.verticalScrollBar().value() == 0


def test_the_model_keeps_qts_rules_through_a_scan(rail: TimeRail) -> None:
    tester = QAbstractItemModelTester(rail._view.model(), QAbstractItemModelTester.FailureReportingMode.Fatal)
    studies = (*many(10), CURRENT, PRIOR, OLD, OTHER_PATIENT)
    for order in (studies[:4], studies, studies[::-1], studies[::3], (), studies):
        rail.set_catalogue(Catalogue(order))
    del tester


def test_filter_by_category_and_words(rail: TimeRail, qtbot: QtBot) -> None:
    head = rail._head
    head._actions[StudyCategory.SIMPLE].trigger()
    assert [text for text in texts(rail) if "earlier" in text or "newest" in text] == [
        text for text in texts(rail) if "CHEST PA" in text
    ]
    assert head._note.isVisible()
    assert "1" in head._note.text()
    assert "4" in head._note.text()
    head._actions[StudyCategory.FUSION].trigger()
    assert len([text for text in texts(rail) if "****" in text]) == 2
    head._actions[StudyCategory.SIMPLE].trigger()
    head._actions[StudyCategory.FUSION].trigger()
    assert not head._note.isVisible()
    head._search.insert("肺窗")
    assert [text for text in texts(rail) if "B60f" in text]
    assert not [text for text in texts(rail) if "B30f" in text]
    head._search.setText("nothing like this")
    assert texts(rail) == []


def test_an_active_filter_is_said_in_the_folded_rail_too(rail: TimeRail) -> None:
    rail._head._actions[StudyCategory.SIMPLE].trigger()
    rail.set_collapsed(True)
    assert rail.width() == COLLAPSED_WIDTH_PX
    assert rail._head._note.text() == "1/4"


def test_thumbnails_are_asked_for_once_and_only_in_sight(rail: TimeRail, qtbot: QtBot) -> None:
    asked: list[StackKey] = []
    rail.thumbnails_wanted.connect(asked.extend)
    rail.set_catalogue(Catalogue(many(200)))
    qtbot.waitUntil(lambda: bool(asked))
    first = len(asked)
    assert 0 < first < 20
    rail._view.viewport().update()
    rail._thumbnail_timer.start()
    qtbot.wait(120)
    assert len(asked) == first
    rail._view.verticalScrollBar().setValue(rail._view.verticalScrollBar().maximum())
    qtbot.waitUntil(lambda: len(asked) > first)
    assert len(asked) == len(set(asked))


def test_a_thumbnail_is_painted_in_its_row(rail: TimeRail, qtbot: QtBot) -> None:
    red = QImage(64, 64, QImage.Format.Format_RGB32)
    red.fill(QColor("#ff0000"))
    rail.set_thumbnail(CURRENT.series[0].stacks[0].key, red)
    index = index_of(rail, "Topogram")
    picture = rail._view.viewport().grab(rail._view.visualRect(index)).toImage()
    colours = {picture.pixelColor(x, 26).name() for x in range(picture.width())}
    assert "#ff0000" in colours


@pytest.mark.parametrize("state", [StudyState(Presence.IN_STORE), StudyState(Presence.LOADING, 0.5)])
def test_presence_is_seen(rail: TimeRail, state: StudyState) -> None:
    before = rail._view.viewport().grab().toImage()
    rail.set_study_state(CURRENT.uid, state)
    assert rail._view.viewport().grab().toImage() != before


def test_pair_numbers_are_seen(rail: TimeRail) -> None:
    before = rail._view.viewport().grab().toImage()
    rail.set_pair_numbers({CURRENT.series[0].stacks[0].key: 1})
    assert rail._view.viewport().grab().toImage() != before


def test_html_in_a_description_is_shown_not_obeyed(rail: TimeRail) -> None:
    rail.set_catalogue(Catalogue((study("7", date(2020, 1, 1), listed=(series("7", 1, description=HOSTILE),)),)))
    tooltip = str(index_of(rail, "onerror").data(int(Qt.ItemDataRole.ToolTipRole)))
    assert "<img" not in tooltip
    assert "&lt;img src=x onerror=alert(1)&gt;&lt;b&gt;bold" in tooltip


def test_dragging_the_edge_narrows_widens_and_folds(rail: TimeRail, qtbot: QtBot) -> None:
    widths: list[int] = []
    folded: list[bool] = []
    rail.width_chosen.connect(widths.append)
    rail.collapsed_changed.connect(folded.append)

    def drag_to(width: int) -> None:
        grip = rail._grip
        QTest.mousePress(grip, Qt.MouseButton.LeftButton, pos=QPoint(1, 50))
        QTest.mouseMove(grip, QPoint(width - grip.x(), 50))
        QTest.mouseRelease(grip, Qt.MouseButton.LeftButton, pos=QPoint(1, 50))

    for asked, got in ((190, 190), (400, 220), (120, 120), (40, COLLAPSED_WIDTH_PX), (150, 150)):
        drag_to(asked)
        assert rail.width() == got
    assert folded == [True, False]
    assert widths[-1] == 150


def test_ten_thousand_series_arrive_without_a_stall(rail: TimeRail) -> None:
    """A generous bound for a busy machine; what it guards against is a widget or a full comparison per row."""
    studies = tuple(
        study(f"5.{n}", date(2020, 1, 1) + timedelta(days=n), listed=tuple(series(f"5.{n}", m) for m in range(100)))
        for n in range(100)
    )
    rail.set_catalogue(Catalogue(studies[:99]))
    started = time.perf_counter()
    rail.set_catalogue(Catalogue(studies))
    rail._view.viewport().grab()
    assert rail._view.model().rowCount() == 1 + 100 + 10_000
    assert time.perf_counter() - started < 1.0
