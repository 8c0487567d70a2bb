"""Measuring, playing, pointing and linking, as a reader does them."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from functools import partial

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QMouseEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from compare.linking.frame_graph import FrameEdge, LinkBasis, RigidTransform, space_of
from compare.measuring.length import length_of
from compare.session import commands
from compare.session.comparison_session import LinkedAction, Role
from compare.viewing.canvas import CanvasTransform
from loaders.model.frame_plane import Vector3
from loaders.model.frame_validity import FrameState
from loaders.model.units import PixelSpacing, SpacingBasis, ValueUnit
from loaders.model.volume import Volume
from tests.render.phantoms import make_volume
from tests.support.compared_window import Examination, match, named, open_window, settle, wheel
from viewer.main_window.main_window import MainWindow
from viewer.panels.measurements_panel import MeasurementsPanel
from viewer.viewport.length_text import length_label
from viewer.viewport.link_popup import LinkPopup
from viewer.viewport.viewport_widget import ViewportWidget

pytestmark = pytest.mark.gui

SAGITTAL: tuple[Vector3, Vector3] = ((0.0, 1.0, 0.0), (0.0, 0.0, -1.0))


def volume(
    name: str,
    *,
    slices: int = 12,
    spacing_mm: tuple[float, float] = (1.0, 1.0),
    basis: SpacingBasis = SpacingBasis.GEOMETRY,
    frame_time_ms: float | None = None,
    frame_of_reference_uid: str = "1.9",
    unit: ValueUnit = ValueUnit.HOUNSFIELD,
    slice_mm: float = 2.0,
    axes: tuple[Vector3, Vector3] = ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0)),
    origin: Vector3 = (-50.0, -50.0, 0.0),
) -> Volume:
    stored = np.random.default_rng(3).integers(0, 800, (slices, 100, 100)).astype(np.int16)
    made = make_volume(stored, spacing_mm=spacing_mm, slice_mm=slice_mm, axes=axes, origin_lps_mm=origin)
    frames = tuple(
        replace(
            frame,
            spacing=PixelSpacing(*spacing_mm, basis),
            frame_time_ms=frame_time_ms,
            values=replace(frame.values, unit=unit),
        )
        for frame in made.stack.frames
    )
    return named(replace(made, stack=replace(made.stack, frames=frames)), name, frame_of_reference_uid)


def at_pixel(widget: ViewportWidget, column: float, row: float) -> QPoint:
    """The widget's point over an image pixel."""
    model = widget.model
    assert model.frame is not None
    x, y = CanvasTransform.of(model.viewport.view, model.frame, *widget.canvas_size).image_to_canvas(column, row)
    ratio = widget.devicePixelRatioF()
    return QPoint(round(x / ratio), round(y / ratio))


def drag(widget: ViewportWidget, start: QPoint, end: QPoint, keys: Qt.KeyboardModifier | None = None) -> None:
    modifiers = keys or Qt.KeyboardModifier.NoModifier
    QTest.mousePress(widget, Qt.MouseButton.LeftButton, modifiers, start)
    for share in (0.3, 0.7, 1.0):
        move(widget, start + (end - start) * share, modifiers, Qt.MouseButton.LeftButton)
    QTest.mouseRelease(widget, Qt.MouseButton.LeftButton, modifiers, end)


def move(
    widget: ViewportWidget,
    to: QPoint,
    keys: Qt.KeyboardModifier,
    buttons: Qt.MouseButton = Qt.MouseButton.NoButton,
) -> None:
    place = QPointF(to)
    event = QMouseEvent(
        QMouseEvent.Type.MouseMove, place, QPointF(widget.mapToGlobal(to)), Qt.MouseButton.NoButton, buttons, keys
    )
    QApplication.sendEvent(widget, event)


def press(window: MainWindow, key: Qt.Key, keys: Qt.KeyboardModifier | None = None) -> None:
    QTest.keyClick(window, key, keys or Qt.KeyboardModifier.NoModifier)
    QApplication.processEvents()


# ---- lengths


def test_a_length_is_drawn_listed_moved_undone_and_deleted(qtbot: QtBot) -> None:
    window = open_window(qtbot, Examination(volume("1.1", spacing_mm=(0.5, 2.0))))
    widget = window.viewports()[0]
    press(window, Qt.Key.Key_D)
    drag(widget, at_pixel(widget, 20, 30), at_pixel(widget, 50, 30))
    (measured,) = window.session.session.measurements
    frame = widget.model.frame
    assert frame is not None
    # Thirty pixels along a row whose columns lie 2.0 mm apart: 60 mm, to within the pixels of the screen.
    pixel_mm = widget.model.viewport.view.mm_per_pixel
    assert length_of(measured, frame).value == pytest.approx(60.0, abs=2 * pixel_mm)
    panel = window.findChild(MeasurementsPanel)
    assert panel is not None
    assert panel._table.rowCount() == 1
    assert panel._table.item(0, 0).text().endswith("mm\nin the patient")

    drag(widget, at_pixel(widget, 50, 30), at_pixel(widget, 50, 70))
    (moved,) = window.session.session.measurements
    assert moved.points_mm[0] == measured.points_mm[0]
    # Forty rows of 0.5 mm down: 20 mm.
    assert moved.points_mm[1][1] - measured.points_mm[1][1] == pytest.approx(20.0, abs=2 * pixel_mm)
    press(window, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert window.session.session.measurements == (measured,)
    press(window, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert window.session.session.measurements == ()
    press(window, Qt.Key.Key_Y, Qt.KeyboardModifier.ControlModifier)
    drag(widget, at_pixel(widget, 35, 30), at_pixel(widget, 35, 31))  # taken by its middle
    press(window, Qt.Key.Key_Delete)
    assert window.session.session.measurements == ()


def test_a_length_stays_on_its_own_frame(qtbot: QtBot) -> None:
    window = open_window(qtbot, Examination(volume("1.1")))
    widget = window.viewports()[0]
    press(window, Qt.Key.Key_D)
    drag(widget, at_pixel(widget, 20, 30), at_pixel(widget, 60, 60))
    assert len(widget.model.measurements_here) == 1
    wheel(window, 0, -1)
    assert widget.model.measurements_here == ()
    panel = window.findChild(MeasurementsPanel)
    assert panel is not None
    panel.go_to_requested.emit(window.session.session.measurements[0].identifier)
    assert len(widget.model.measurements_here) == 1


@pytest.mark.parametrize(
    ("basis", "words"),
    [
        (SpacingBasis.GEOMETRY, ("mm",)),
        (SpacingBasis.CALIBRATED, ("mm", "calibrated")),
        (SpacingBasis.AT_DETECTOR, ("mm", "at detector")),
        (SpacingBasis.ULTRASOUND_REGION, ("mm", "ultrasound region")),
        (SpacingBasis.PIXELS_ONLY, ("px", "pixels only")),
    ],
)
def test_the_words_beside_a_length_say_what_it_rests_on(
    qtbot: QtBot, basis: SpacingBasis, words: tuple[str, ...]
) -> None:
    window = open_window(qtbot, Examination(volume("1.1", basis=basis)))
    widget = window.viewports()[0]
    press(window, Qt.Key.Key_D)
    drag(widget, at_pixel(widget, 20, 30), at_pixel(widget, 60, 30))
    frame = widget.model.frame
    assert frame is not None
    label = length_label(length_of(window.session.session.measurements[0], frame))
    amount, _, note = label.partition(" · ")
    assert amount.endswith(words[0])
    assert note == "".join(words[1:])


def test_a_preview_is_not_measured(qtbot: QtBot) -> None:
    shown = volume("1.1")
    for index in range(12):
        shown.validity.mark(index, FrameState.PREVIEW)
    window = open_window(qtbot, Examination(shown))
    widget = window.viewports()[0]
    press(window, Qt.Key.Key_D)
    drag(widget, at_pixel(widget, 20, 30), at_pixel(widget, 60, 30))
    assert window.session.session.measurements == ()


# ---- window


def test_a_window_drag_is_finer_with_shift_and_coarser_with_control(qtbot: QtBot) -> None:
    window = open_window(qtbot, Examination(volume("1.1")))
    widget = window.viewports()[0]
    widths = []
    for keys in (
        Qt.KeyboardModifier.NoModifier,
        Qt.KeyboardModifier.ShiftModifier,
        Qt.KeyboardModifier.ControlModifier,
    ):
        press(window, Qt.Key.Key_1)
        before = window.session.session.viewports[0].presentation.window
        drag(widget, QPoint(200, 300), QPoint(260, 300), keys)
        after = window.session.session.viewports[0].presentation.window
        assert before is not None
        assert after is not None
        widths.append(after.width - before.width)
    assert widths[1] == pytest.approx(widths[0] / 5)
    assert widths[2] == pytest.approx(widths[0] * 4)


def test_presets_are_named_on_the_picture(qtbot: QtBot) -> None:
    window = open_window(qtbot, Examination(volume("1.1")))
    press(window, Qt.Key.Key_2)
    chosen = window.session.session.viewports[0].presentation.window
    assert chosen is not None
    assert (chosen.center, chosen.width, chosen.explanation) == (-600.0, 1500.0, "lung")


def test_values_without_a_unit_get_windows_over_their_own_range(qtbot: QtBot) -> None:
    window = open_window(qtbot, Examination(volume("1.1", unit=ValueUnit.STORED), modality="MR"))
    press(window, Qt.Key.Key_1)
    automatic = window.session.session.viewports[0].presentation.window
    press(window, Qt.Key.Key_2)
    harder = window.session.session.viewports[0].presentation.window
    assert automatic is not None
    assert harder is not None
    assert automatic.explanation == "automatic"
    assert harder.width == pytest.approx(0.6 * automatic.width)


def test_one_to_one_shows_one_stored_pixel_on_one_screen_pixel(qtbot: QtBot) -> None:
    window = open_window(qtbot, Examination(volume("1.1", spacing_mm=(0.7, 0.7))))
    press(window, Qt.Key.Key_1, Qt.KeyboardModifier.ControlModifier)
    assert window.session.session.viewports[0].view.mm_per_pixel == pytest.approx(0.7)
    press(window, Qt.Key.Key_0, Qt.KeyboardModifier.ControlModifier)
    assert window.session.session.viewports[0].view.is_fitted


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
    qtbot.keyPress(window, Qt.Key.Key_Space)
    settle(qtbot)
    assert window.viewports()[0].shown_model.viewport.view.frame_index == 7
    qtbot.keyRelease(window, Qt.Key.Key_Space)


# ---- the menu


def test_the_menu_of_a_picture_names_presets_and_keys_and_does_what_it_says(qtbot: QtBot) -> None:
    window = open_window(qtbot, Examination(volume("1.1")))
    widget = window.viewports()[0]
    QTest.mouseClick(widget, Qt.MouseButton.RightButton, Qt.KeyboardModifier.NoModifier, QPoint(200, 300))
    menu = window.pictures.menu.menu
    assert menu is not None
    texts = [action.text() for action in menu.actions()]
    assert "bone  2500 / 480\t4" in texts
    assert any(text.endswith("\tCtrl+1") for text in texts)
    next(action for action in menu.actions() if action.text().startswith("bone")).trigger()
    chosen = window.session.session.viewports[0].presentation.window
    assert chosen is not None
    assert chosen.width == 2500.0
    menu.close()
    settle(qtbot)
    assert window.pictures.menu.menu is None
