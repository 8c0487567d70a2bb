"""Measuring and windowing, as a reader does them."""

from __future__ import annotations

import gc
import re
import weakref
from dataclasses import replace
from functools import partial

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from compare.measuring.length import length_of
from compare.measuring.values import values_on_frame
from compare.session import commands
from compare.session.comparison_session import Role
from loaders.model.frame_validity import FrameState
from loaders.model.ultrasound_region import RegionUnit, UltrasoundRegion
from loaders.model.units import SpacingBasis, ValueUnit
from tests.support.compared_window import (
    Examination,
    MemoryVolumes,
    hold_space,
    open_window,
    settle,
    wheel,
)
from tests.support.reading import at_pixel, drag, press, volume
from viewer.panels.measurements_panel import MeasurementsPanel
from viewer.viewport.value_text import value_lines

pytestmark = pytest.mark.gui


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
    assert "mm\nin the patient" in panel._cells(panel._rows[0])[0]

    drag(widget, at_pixel(widget, 50, 30), at_pixel(widget, 50, 70))
    (moved,) = window.session.session.measurements
    assert moved.points_mm[0] == measured.points_mm[0]
    # Forty rows of 0.5 mm down: 20 mm.
    assert moved.points_mm[1][1] - measured.points_mm[1][1] == pytest.approx(20.0, abs=2 * pixel_mm)
    press(window, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert list(window.session.session.measurements) == [measured]
    press(window, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert not list(window.session.session.measurements)
    press(window, Qt.Key.Key_Y, Qt.KeyboardModifier.ControlModifier)
    drag(widget, at_pixel(widget, 35, 30), at_pixel(widget, 35, 31))  # taken by its middle
    press(window, Qt.Key.Key_Delete)
    assert not list(window.session.session.measurements)


def test_a_length_stays_on_its_own_frame(qtbot: QtBot) -> None:
    window = open_window(qtbot, Examination(volume("1.1")))
    widget = window.viewports()[0]
    press(window, Qt.Key.Key_D)
    drag(widget, at_pixel(widget, 20, 30), at_pixel(widget, 60, 60))
    assert len(widget.model.measurements_here) == 1
    wheel(window, 0, -1)
    assert not list(widget.model.measurements_here)
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
    (measured,) = window.session.session.measurements
    (label,) = value_lines(measured.kind, values_on_frame(measured, frame))
    amount, _, note = label.partition(" · ")
    assert amount.endswith(words[0])
    assert note == "".join(words[1:])


def test_on_ultrasound_a_line_says_what_its_region_counts(qtbot: QtBot) -> None:
    seconds, cm = RegionUnit.SECOND, RegionUnit.CENTIMETRE
    regions = (
        UltrasoundRegion(0, 0, 99, 49, cm, cm, 0.03, 0.05),
        UltrasoundRegion(0, 50, 99, 89, seconds, cm, 0.005, 0.04, is_picture=False),
    )
    shown = volume("1.1", basis=SpacingBasis.PIXELS_ONLY)
    frames = tuple(replace(frame, ultrasound_regions=regions) for frame in shown.stack.frames)
    window = open_window(qtbot, Examination(replace(shown, stack=replace(shown.stack, frames=frames))))
    widget = window.viewports()[0]
    frame = widget.model.frame
    assert frame is not None
    press(window, Qt.Key.Key_D)
    for start, end in (((20, 30), (60, 30)), ((20, 60), (60, 60)), ((20, 20), (20, 70)), ((20, 95), (60, 95))):
        drag(widget, at_pixel(widget, *start), at_pixel(widget, *end))
    drawn = window.session.session.measurements
    labels = [value_lines(one.kind, values_on_frame(one, frame))[0] for one in drawn]
    assert re.fullmatch(r"1[12]\.\d\xa0mm · ultrasound region", labels[0])
    assert re.fullmatch(r"0\.(19|20)\d\xa0s × 0\.\d\xa0mm · ultrasound region", labels[1])
    assert labels[2].endswith("px · across ultrasound regions: pixels only")
    assert labels[3].endswith("px · outside the ultrasound regions: pixels only")


def test_a_preview_is_not_measured(qtbot: QtBot) -> None:
    shown = volume("1.1")
    for index in range(12):
        shown.validity.mark(index, FrameState.PREVIEW)
    window = open_window(qtbot, Examination(shown))
    widget = window.viewports()[0]
    press(window, Qt.Key.Key_D)
    drag(widget, at_pixel(widget, 20, 30), at_pixel(widget, 60, 30))
    assert not list(window.session.session.measurements)


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


# ---- memory


def test_a_volume_that_is_given_up_is_held_by_nothing(qtbot: QtBot) -> None:
    kept, given_up = volume("1.1", unit=ValueUnit.STORED), volume("1.2", unit=ValueUnit.STORED)
    window = open_window(qtbot, Examination(kept), Examination(given_up, role=Role.PRIOR), frames=(4, 4))
    qtbot.waitUntil(lambda: window.pictures.flicker.is_ready, timeout=5000)
    hold_space(window, is_down=True)
    settle(qtbot)
    hold_space(window, is_down=False)
    assert given_up.stored is not None
    memory = weakref.ref(given_up.stored)
    volumes = window._volumes
    assert isinstance(volumes, MemoryVolumes)
    # A smaller grid hides the second viewport; then its memory is wanted for something else.
    window.session.apply(partial(commands.set_layout, rows=1, columns=1))
    settle(qtbot)
    volumes.give_up(given_up)
    del given_up
    settle(qtbot, 150)
    gc.collect()
    assert memory() is None
