"""Playing, pointing and linking, as a reader does them."""

from __future__ import annotations

from datetime import date
from functools import partial

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from compare.linking.frame_graph import FrameEdge, LinkBasis, RigidTransform, space_of
from compare.session import commands
from compare.session.comparison_session import LinkedAction, Role
from loaders.model.frame_validity import FrameState
from loaders.model.units import ValueUnit
from tests.support.compared_window import (
    Examination,
    hold_space,
    match,
    open_window,
    settle,
    wheel,
)
from tests.support.reading import SAGITTAL, at_pixel, drag, move, press, volume
from viewer.main_window.main_window import MainWindow
from viewer.viewport.link_popup import LinkPopup

pytestmark = pytest.mark.gui


# ---- cine


def test_cine_plays_at_the_rate_of_the_file_and_stops_on_scroll(qtbot: QtBot) -> None:
    window = open_window(qtbot, Examination(volume("1.1", frame_time_ms=40.0)), frames=(0,))
    wheel(window, 0, 2, Qt.KeyboardModifier.ControlModifier)
    scale = window.session.session.viewports[0].view.mm_per_pixel
    press(window, Qt.Key.Key_C)
    note = window.viewports()[0].model.cine
    assert note is not None
    assert note.frames_per_second == pytest.approx(25.0)
    assert not note.is_default
    qtbot.waitUntil(lambda: window.session.session.viewports[0].view.frame_index >= 3, timeout=5000)
    assert window.session.session.viewports[0].view.mm_per_pixel == scale
    wheel(window, 0, -1)
    stopped_at = window.session.session.viewports[0].view.frame_index
    assert window.viewports()[0].model.cine is None
    settle(qtbot, 150)
    assert window.session.session.viewports[0].view.frame_index == stopped_at


def test_cine_without_a_rate_names_its_default_and_takes_linked_views_along(qtbot: QtBot) -> None:
    window = open_window(qtbot, Examination(volume("1.1")), Examination(volume("1.2"), role=Role.PRIOR), frames=(0, 0))
    press(window, Qt.Key.Key_C)
    note = window.viewports()[0].model.cine
    assert note is not None
    assert note.is_default
    assert note.frames_per_second == pytest.approx(10.0)
    qtbot.waitUntil(lambda: window.session.session.viewports[1].view.frame_index >= 2, timeout=5000)
    press(window, Qt.Key.Key_C)
    assert window.pictures.cine.playing is None


def test_cine_waits_for_a_frame_that_is_on_its_way(qtbot: QtBot) -> None:
    shown = volume("1.1", frame_time_ms=20.0)
    shown.validity.mark(2, FrameState.LOADING)
    window = open_window(qtbot, Examination(shown), frames=(0,))
    press(window, Qt.Key.Key_C)
    settle(qtbot, 200)
    assert window.session.session.viewports[0].view.frame_index == 1
    shown.validity.mark(2, FrameState.LOADED)
    qtbot.waitUntil(lambda: window.session.session.viewports[0].view.frame_index > 2, timeout=5000)


# ---- cursor and reference lines


def test_shift_marks_the_same_point_in_a_crossing_plane_with_the_links_error(qtbot: QtBot) -> None:
    axial = volume("1.1")
    sagittal = volume("1.2", axes=SAGITTAL, origin=(-8.0, -45.0, 60.0), frame_of_reference_uid="7.7")
    window = open_window(
        qtbot, Examination(axial), Examination(sagittal, day=date(2025, 1, 1), role=Role.PRIOR), frames=(4, 0)
    )
    matrix = np.eye(4)
    matrix[:3, 3] = (0.0, 0.0, 5.0)
    spaces = space_of(axial.stack, "1.1"), space_of(sagittal.stack, "1.2")
    edge = FrameEdge(*spaces, LinkBasis.RIGID, RigidTransform(matrix), 1.8)
    window.session.know(edge)
    left, right = window.viewports()
    move(left, at_pixel(left, 40, 55), Qt.KeyboardModifier.ShiftModifier)
    mark = right._cursor_mark
    assert mark is not None
    assert mark.in_plane_mm is not None
    assert mark.error_mm == pytest.approx(1.8)
    # The point lies at x = -50 + 40, y = -50 + 55, z = 8, in the other examination at z = 13: on its sagittal plane
    # 50 mm along y from -45, and 47 mm down from z = 60.
    tolerance = 2 * left.model.viewport.view.mm_per_pixel
    assert mark.in_plane_mm == pytest.approx((50.0, 47.0), abs=tolerance)
    frame = right.model.frame
    assert frame is not None
    assert frame.plane is not None
    assert frame.plane.origin_lps_mm[0] == pytest.approx(-10.0, abs=1.0 + tolerance)  # it followed to that slice
    move(left, at_pixel(left, 40, 55), Qt.KeyboardModifier.NoModifier)
    assert right._cursor_mark is None


def test_with_nothing_in_common_there_is_no_cursor_and_no_line(qtbot: QtBot) -> None:
    other = volume("1.2", frame_of_reference_uid="7.7", axes=SAGITTAL)
    window = open_window(qtbot, Examination(volume("1.1")), Examination(other, day=date(2025, 1, 1), role=Role.PRIOR))
    left, right = window.viewports()
    before = window.session.session
    move(left, at_pixel(left, 40, 55), Qt.KeyboardModifier.ShiftModifier)
    assert right._cursor_mark is None
    assert window.session.session == before
    assert right.model.reference_lines == ()


def test_a_reference_line_shows_where_the_active_slice_cuts(qtbot: QtBot) -> None:
    sagittal = volume("1.2", axes=SAGITTAL, origin=(-8.0, -45.0, 60.0))
    window = open_window(qtbot, Examination(volume("1.1")), Examination(sagittal, role=Role.PRIOR), frames=(4, 0))
    (line,) = window.viewports()[1].model.reference_lines
    # The axial slice at z = 8 lies 52 mm below the sagittal picture's first row, all along it.
    assert line.start_mm[1] == pytest.approx(52.0)
    assert line.end_mm[1] == pytest.approx(52.0)
    wheel(window, 0, -1)
    (line,) = window.viewports()[1].model.reference_lines
    assert line.start_mm[1] == pytest.approx(50.0)


# ---- links


def popup_of(window: MainWindow, index: int, code: str) -> LinkPopup:
    """Click on a badge where it is painted."""
    widget = window.viewports()[index]
    widget.grab()
    lines = widget._layout_kept
    assert lines is not None
    line = next(one for one in lines[1].lines if one.badge_code == code)
    at = QPoint(round(line.x + line.width / 2), round(line.y + line.height / 2))
    QTest.mouseClick(widget, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, at)
    popup = window.pictures.links.popup
    assert popup is not None
    return popup


def test_a_badge_opens_switches_that_free_one_action_of_one_view(qtbot: QtBot) -> None:
    window = open_window(qtbot, Examination(volume("1.1")), Examination(volume("1.2"), role=Role.PRIOR), frames=(4, 4))
    popup = popup_of(window, 1, "link")
    popup.boxes[LinkedAction.SCROLL].click()
    assert LinkedAction.SCROLL not in window.session.session.viewports[1].actions
    assert LinkedAction.SCROLL in window.session.session.viewports[0].actions
    popup.close()
    wheel(window, 0, -2)
    assert [one.view.frame_index for one in window.session.session.viewports] == [6, 4]
    wheel(window, 0, 1, Qt.KeyboardModifier.ControlModifier)
    left, right = window.session.session.viewports
    assert left.view.mm_per_pixel == right.view.mm_per_pixel


def test_the_popup_says_why_and_offers_to_match_two_slices(qtbot: QtBot) -> None:
    other = volume("1.2", frame_of_reference_uid="7.7", unit=ValueUnit.STORED)
    window = open_window(
        qtbot,
        Examination(volume("1.1")),
        Examination(other, day=date(2025, 1, 1), role=Role.PRIOR),
        frames=(4, 7),
    )
    window.session.apply(partial(commands.set_action, action=LinkedAction.WINDOW, is_linked=True))
    popup = popup_of(window, 1, "link")
    assert "different units" in popup.reasons[LinkedAction.WINDOW].text()
    popup.match.click()
    settle(qtbot)
    (offset,) = window.session.session.offsets
    assert offset.offset_mm == pytest.approx(6.0)
    wheel(window, 0, -1)
    assert window.session.session.viewports[1].view.frame_index == 8
    again = popup_of(window, 1, "link")
    again.unmatch.click()
    settle(qtbot)
    assert window.session.session.offsets == ()


def test_window_is_linked_within_one_unit_and_only_when_asked(qtbot: QtBot) -> None:
    window = open_window(qtbot, Examination(volume("1.1")), Examination(volume("1.2"), role=Role.PRIOR))
    left = window.viewports()[0]
    before = window.session.session.viewports[1].presentation
    drag(left, QPoint(200, 300), QPoint(260, 300))
    assert window.session.session.viewports[1].presentation == before
    window.session.apply(partial(commands.set_action, action=LinkedAction.WINDOW, is_linked=True))
    drag(left, QPoint(200, 300), QPoint(260, 300))
    one, other = window.session.session.viewports
    assert one.presentation.window == other.presentation.window


def test_slices_that_a_fast_wheel_passes_over_are_said_to_be_skipped(qtbot: QtBot) -> None:
    window = open_window(qtbot, Examination(volume("1.1", slices=40)), frames=(0,))
    widget = window.viewports()[0]
    widget.repaint()
    for _ in range(5):
        wheel(window, 0, -1)
    assert widget.skipped == 4
    qtbot.waitUntil(lambda: widget.skipped == 0, timeout=5000)
    for _ in range(3):
        wheel(window, 0, -1)
        QApplication.processEvents()
    assert widget.skipped == 0


def test_matched_slices_lead_the_flicker_too(qtbot: QtBot) -> None:
    other = volume("1.2", frame_of_reference_uid="7.7")
    window = open_window(
        qtbot, Examination(volume("1.1")), Examination(other, day=date(2025, 1, 1), role=Role.PRIOR), frames=(4, 7)
    )
    match(window)
    qtbot.waitUntil(lambda: window.pictures.flicker.is_ready, timeout=5000)
    hold_space(window, is_down=True)
    settle(qtbot)
    assert window.viewports()[0].shown_model.viewport.view.frame_index == 7
    hold_space(window, is_down=False)
