"""Every kind of measurement, drawn with the mouse on a picture whose values are known."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from compare.measuring.values import MeasuredValue
from compare.session.measurement import Measurement, MeasurementKind
from loaders.model.volume import Volume
from tests.support.compared_window import Examination, open_window, settle, wheel
from tests.support.reading import at_pixel, drag, move, press, volume
from viewer.main_window.main_window import MainWindow
from viewer.main_window.measure_menu import MeasureMenu
from viewer.panels.measurements_panel import MeasurementsPanel
from viewer.panels.top_bar import PointerTool
from viewer.viewport.inline_editor import InlineEditor
from viewer.viewport.viewport_widget import ViewportWidget

pytestmark = pytest.mark.gui


def ramp() -> Volume:
    """Twelve slices whose value is ten times the column: the mean of a region is ten times its middle."""
    made = volume("1.1")
    stored = np.broadcast_to((np.arange(100, dtype=np.int16) * 10), (12, 100, 100)).copy()
    frames = tuple(
        replace(frame, values=replace(frame.values, slope=1.0, intercept=0.0)) for frame in made.stack.frames
    )
    return replace(made, stored=stored, stack=replace(made.stack, frames=frames))


@pytest.fixture
def window(qtbot: QtBot) -> MainWindow:
    return open_window(qtbot, Examination(ramp()))


def click(widget: ViewportWidget, column: float, row: float) -> None:
    at = at_pixel(widget, column, row)
    move(widget, at, Qt.KeyboardModifier.NoModifier)
    QTest.mouseClick(widget, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, at)


def drag_pixels(widget: ViewportWidget, start: tuple[float, float], end: tuple[float, float]) -> None:
    drag(widget, at_pixel(widget, *start), at_pixel(widget, *end))


def only(window: MainWindow) -> Measurement:
    (measured,) = window.session.session.measurements
    return measured


def values(window: MainWindow, one: Measurement) -> dict[str, MeasuredValue]:
    found = window.pictures.measuring.values_of(one)
    assert found is not None
    return {value.name: value for value in found}


def test_two_diameters_are_two_drags(window: MainWindow) -> None:
    widget = window.viewports()[0]
    press(window, Qt.Key.Key_W)
    drag_pixels(widget, (20, 50), (60, 50))
    assert widget.is_drafting
    assert not list(window.session.session.measurements)
    drag_pixels(widget, (40, 40), (40, 60))
    found = values(window, only(window))
    assert found["long_axis"].value == pytest.approx(40.0, abs=1.0)
    assert found["short_axis"].value == pytest.approx(20.0, abs=1.0)
    press(window, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert not list(window.session.session.measurements)


def test_an_angle_is_three_clicks_or_a_drag_and_a_click(window: MainWindow) -> None:
    widget = window.viewports()[0]
    press(window, Qt.Key.Key_G)
    for place in ((30, 50), (60, 50), (60, 20)):
        click(widget, *place)
    assert values(window, only(window))["angle"].value == pytest.approx(90.0, abs=1.5)
    press(window, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    drag_pixels(widget, (30, 50), (60, 50))
    click(widget, 30, 20)
    assert values(window, only(window))["angle"].value == pytest.approx(45.0, abs=1.5)


@pytest.mark.parametrize(
    ("key", "kind", "area_mm2"),
    [(Qt.Key.Key_E, MeasurementKind.ELLIPSE, np.pi * 100.0), (Qt.Key.Key_X, MeasurementKind.RECTANGLE, 400.0)],
)
def test_an_area_has_the_statistics_of_its_pixels(
    window: MainWindow, key: Qt.Key, kind: MeasurementKind, area_mm2: float
) -> None:
    widget = window.viewports()[0]
    press(window, key)
    drag_pixels(widget, (30, 30), (50, 50))
    measured = only(window)
    assert measured.kind is kind
    found = values(window, measured)
    assert found["mean"].value == pytest.approx(400.0, abs=8.0)
    assert found["area"].value == pytest.approx(area_mm2, rel=0.06)
    # A corner that the hand did not draw is a grip too; the opposite one stays.
    drag_pixels(widget, (50, 30), (70, 30))
    moved = only(window)
    assert moved.points_mm[0] == measured.points_mm[0]
    assert values(window, moved)["mean"].value == pytest.approx(500.0, abs=8.0)
    press(window, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert only(window) == measured


def test_a_large_area_is_counted_in_a_job(window: MainWindow, qtbot: QtBot) -> None:
    widget = window.viewports()[0]
    press(window, Qt.Key.Key_X)
    with qtbot.waitSignal(window.pictures.values.values_ready, timeout=20_000):
        drag_pixels(widget, (5, 5), (95, 95))
        assert window.pictures.measuring.values_of(only(window)) is None
    assert values(window, only(window))["mean"].value == pytest.approx(500.0, abs=6.0)


def test_a_polygon_is_closed_by_a_double_click_and_escape_gives_up(window: MainWindow) -> None:
    widget = window.viewports()[0]
    press(window, Qt.Key.Key_Y)
    click(widget, 20, 20)
    click(widget, 60, 20)
    press(window, Qt.Key.Key_Escape)
    assert not widget.is_drafting
    for place in ((20, 20), (60, 20), (60, 60)):
        click(widget, *place)
    at = at_pixel(widget, 20, 60)
    QTest.mouseClick(widget, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, at)
    QTest.mouseDClick(widget, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, at)
    assert len(only(window).points_mm) == 4
    assert values(window, only(window))["area"].value == pytest.approx(1600.0, rel=0.04)
    assert window.session.session.layout.maximised is None


def test_a_point_has_the_value_of_its_pixel(window: MainWindow) -> None:
    widget = window.viewports()[0]
    press(window, Qt.Key.Key_Q)
    click(widget, 37, 50)
    assert values(window, only(window))["value"].value == 370.0


def test_words_are_typed_on_the_picture_and_changed_by_a_double_click(window: MainWindow, qtbot: QtBot) -> None:
    widget = window.viewports()[0]
    press(window, Qt.Key.Key_T)
    click(widget, 40, 40)
    editor = widget.findChild(InlineEditor)
    assert editor is not None
    QTest.keyClicks(editor, "old clip")  # its letters are tools elsewhere
    QTest.keyClick(editor, Qt.Key.Key_Return)
    assert only(window).text == "old clip"
    settle(qtbot)
    QTest.mouseDClick(widget, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, at_pixel(widget, 40, 40))
    editor = widget.findChild(InlineEditor)
    assert editor is not None
    QTest.keyClicks(editor, "clip")
    QTest.keyClick(editor, Qt.Key.Key_Return)
    assert only(window).text == "clip"


def test_an_arrow_points_and_a_click_alone_draws_nothing(window: MainWindow) -> None:
    widget = window.viewports()[0]
    press(window, Qt.Key.Key_J)
    click(widget, 40, 40)
    assert not widget.is_drafting
    drag_pixels(widget, (40, 40), (70, 60))
    assert only(window).kind is MeasurementKind.ARROW


def test_a_draft_does_not_follow_to_another_slice(window: MainWindow) -> None:
    widget = window.viewports()[0]
    press(window, Qt.Key.Key_G)
    click(widget, 40, 40)
    wheel(window, 0, -1)
    assert not widget.is_drafting


def test_the_menu_lists_every_tool_and_the_button_takes_the_last_one(window: MainWindow) -> None:
    menu = window.findChild(MeasureMenu)
    assert menu is not None
    menu.fill()
    texts = [action.text() for action in menu.actions()]
    for key in "DWGEXYQJT":
        assert any(text.endswith(f"\t{key}") for text in texts), key
    next(action for action in menu.actions() if action.text().endswith("\tE")).trigger()
    assert window.viewports()[0].kind_in_hand is MeasurementKind.ELLIPSE
    assert window.bar._tools[PointerTool.MEASURE].isChecked()
    window.bar.tool_chosen.emit(PointerTool.WINDOW)
    assert window.viewports()[0].kind_in_hand is None
    window.bar.tool_chosen.emit(PointerTool.MEASURE)
    assert window.viewports()[0].kind_in_hand is MeasurementKind.ELLIPSE


def test_the_list_names_every_kind_with_its_values(window: MainWindow) -> None:
    widget = window.viewports()[0]
    press(window, Qt.Key.Key_E)
    drag_pixels(widget, (30, 30), (50, 50))
    press(window, Qt.Key.Key_Q)
    click(widget, 70, 70)
    panel = window.findChild(MeasurementsPanel)
    assert panel is not None
    QApplication.processEvents()
    ellipse, probe = (panel._cells(row)[0] for row in panel._rows)
    assert ellipse.startswith("Ellipse\nmean ")
    assert "mm²" in ellipse
    assert probe == "Point value\n700.0\u00a0HU"
