"""Lesions as a reader follows them: marked once, carried through a known shift, confirmed, adjusted, listed."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QMenu
from pytestqt.qtbot import QtBot

from compare.following.lesion import LesionRole
from compare.linking.frame_graph import FrameEdge, LinkBasis, RigidTransform, space_of
from compare.session.comparison_session import Role
from compare.session.session_file import session_from_json, session_to_json
from tests.support.compared_window import Examination, open_window, settle
from tests.support.reading import at_pixel, drag, press, volume
from viewer.main_window.main_window import MainWindow
from viewer.panels.lesion_dialog import LesionDialog

pytestmark = pytest.mark.gui

#: Of the prior's coordinates against the current's, in LPS mm: three slices of 2 mm.
_SHIFT = (5.0, -3.0, 6.0)


@pytest.fixture
def window(qtbot: QtBot) -> MainWindow:
    return open_window(
        qtbot,
        Examination(volume("1.1")),
        Examination(volume("1.2", frame_of_reference_uid="1.8"), day=date(2025, 7, 10), role=Role.PRIOR),
        frames=(5, 2),
    )


def know_the_shift(window: MainWindow, error_mm: float = 1.4) -> None:
    current, prior = (widget.model.stack for widget in window.viewports())
    assert current is not None
    assert prior is not None
    matrix = np.eye(4)
    matrix[:3, 3] = _SHIFT
    edge = FrameEdge(
        space_of(current, "1.1"), space_of(prior, "1.2"), LinkBasis.RIGID, RigidTransform(matrix), error_mm
    )
    window.session.know(edge)


def mark(window: MainWindow, qtbot: QtBot, name: str = "nodule", role: LesionRole = LesionRole.TARGET) -> None:
    """Draw two diameters of 20 and 12 mm about (50, 50) in the current, and follow them as a lesion."""
    widget = window.viewports()[0]
    press(window, Qt.Key.Key_W)
    drag(widget, at_pixel(widget, 40, 50), at_pixel(widget, 60, 50))
    drag(widget, at_pixel(widget, 50, 44), at_pixel(widget, 50, 56))
    press(window, Qt.Key.Key_Z)
    dialog = window.findChild(LesionDialog)
    assert dialog is not None
    dialog._label.setText(name)
    dialog._role.setCurrentIndex(list(LesionRole).index(role))
    QTest.mouseClick(dialog._keep, Qt.MouseButton.LeftButton)
    settle(qtbot)
    window.activateWindow()  # no window manager gives the keyboard back
    qtbot.waitUntil(window.isActiveWindow, timeout=5000)


def table_texts(window: MainWindow) -> list[list[str]]:
    table = window.lesions.panel._table
    found = []
    for row in range(table.rowCount()):
        items = [table.item(row, column) for column in range(table.columnCount())]
        found.append([item.text() if item is not None else "" for item in items])
    return found


def judge(window: MainWindow, day: str, state: str) -> None:
    """Choose a judgement from the menu of the chosen lesion."""
    menu = window.lesions.panel._judge.menu()
    menu.aboutToShow.emit()
    (examination,) = (one.menu() for one in menu.actions() if one.text() == day)
    assert isinstance(examination, QMenu)
    next(action for action in examination.actions() if action.text() == state).trigger()


def test_without_a_transform_nothing_is_carried_and_the_panel_says_so(window: MainWindow, qtbot: QtBot) -> None:
    mark(window, qtbot)
    (lesion,) = window.session.session.lesions
    assert (lesion.label, lesion.role) == ("nodule", LesionRole.TARGET)
    assert window.session.session.measurements[0].lesion == lesion.tracking_uid
    assert window.viewports()[1]._rings is None
    assert "Not carried to the study of 10 Jul 2025: nodule" in window.lesions.panel._details.text()
    press(window, Qt.Key.Key_U)
    assert len(window.session.session.measurements) == 1


def test_a_lesion_is_carried_through_the_shift_confirmed_and_adjusted(window: MainWindow, qtbot: QtBot) -> None:
    mark(window, qtbot)
    know_the_shift(window)
    window.lesions.go_to(window.session.session.lesions[0].tracking_uid)
    current, prior = window.viewports()
    assert current.model.viewport.view.frame_index == 5
    assert prior.model.viewport.view.frame_index == 8
    rings = prior._rings
    assert rings is not None
    (ring,) = rings[1]
    assert ring.centre_mm == pytest.approx((55.0, 47.0), abs=1.0)
    assert ring.radius_mm == pytest.approx(10.0 + 1.4, abs=1.0)
    assert ring.words == "nodule? ±1.4 mm"
    assert current._rings is None

    window.session.apply(lambda session: replace(session, active=1))
    press(window, Qt.Key.Key_U)
    carried = window.session.session.measurements[1]
    assert carried.is_carried
    assert prior._rings is None
    # Until it is adjusted it is no measurement of this examination.
    assert "carried over, not yet adjusted" in table_texts(window)[0]
    assert "carried over" in " ".join(prior.words_of(carried, prior.model.volume))

    drag(prior, at_pixel(prior, 45, 47), at_pixel(prior, 49, 47))
    adjusted = window.session.session.measurements[1]
    assert not adjusted.is_carried
    (row, *_) = table_texts(window)
    # In order of date: 16 mm in the prior, 20 mm now.
    assert float(row[1].split()[0]) == pytest.approx(16.0, abs=1.0)
    assert float(row[2].splitlines()[1].split()[0]) == pytest.approx(4.0, abs=1.0)
    press(window, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert window.session.session.measurements[1].is_carried
    press(window, Qt.Key.Key_U)  # accepted as it lies
    assert not window.session.session.measurements[1].is_carried


def test_carried_ones_are_kept_in_a_session_file_as_carried(window: MainWindow, qtbot: QtBot) -> None:
    mark(window, qtbot)
    know_the_shift(window)
    window.session.apply(lambda session: replace(session, active=1))
    press(window, Qt.Key.Key_U)
    session = window.session.session
    read = session_from_json(session_to_json(session))
    assert read.left_out == ()
    assert read.session.measurements == session.measurements
    assert read.session.measurements[1].is_carried


def test_a_non_target_is_judged_and_the_response_says_so(window: MainWindow, qtbot: QtBot) -> None:
    mark(window, qtbot, "effusion", LesionRole.NON_TARGET)
    panel = window.lesions.panel
    panel._table.setCurrentCell(0, 0)
    judge(window, "10 Jul 2025", "present")  # on screen, and nothing measured there
    assert [len(row) for row in table_texts(window)] == [3, 3, 3]
    judge(window, "10 Jan 2026", "unequivocal progression")
    texts = table_texts(window)
    assert texts[0][2].endswith("unequivocal progression")
    assert texts[2] == ["RECIST 1.1", "baseline", "PD"]
    press(window, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert table_texts(window)[2][2] != "PD"


def test_the_table_is_copied_and_a_lesion_renamed_and_given_up(window: MainWindow, qtbot: QtBot) -> None:
    mark(window, qtbot)
    panel = window.lesions.panel
    panel._table.setCurrentCell(0, 0)
    panel.copy()
    lines = QGuiApplication.clipboard().text().splitlines()
    assert lines[0].startswith("lesion\trole\t")
    assert lines[1].startswith("nodule\ttarget\tno\t2026-01-10\t2")
    panel._edit.click()
    dialog = next(one for one in window.findChildren(LesionDialog) if one.isVisible())
    dialog._label.setText("node 4R")
    dialog._node.setChecked(True)
    dialog._keep.click()
    settle(qtbot)
    assert table_texts(window)[0][0].startswith("node 4R")
    # The short axis of a node counts.
    assert float(table_texts(window)[0][1].split()[0]) == pytest.approx(12.0, abs=1.0)
    panel._table.setCurrentCell(0, 0)
    panel._remove.click()
    assert window.session.session.lesions == ()
    assert len(window.session.session.measurements) == 1
