"""Hold Space: two hundred screen grabs around the switch, none blank, none out of place."""

from __future__ import annotations

from datetime import date
from functools import partial

import numpy as np
import pytest
from numpy.typing import NDArray
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication, QImage
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from compare.session import commands
from compare.session.comparison_session import Role
from compare.viewing.canvas import CanvasTransform
from loaders.model.display import Window
from loaders.model.frame_plane import Vector3
from loaders.model.frame_validity import FrameState
from loaders.model.volume import Volume
from tests.render.phantoms import make_volume
from tests.support.compared_window import Examination, hold_space, match, named, open_window, settle, wheel
from viewer.main_window.main_window import MainWindow
from viewer.rendering.flicker import FlickerBasis

pytestmark = pytest.mark.gui

#: Where the marker lies in each examination's own coordinates, LPS mm.
CURRENT_MARKER = (12.0, -8.0, 3.0)
PRIOR_MARKER = (20.5, 4.5, 3.0)
AXIAL: tuple[Vector3, Vector3] = ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0))
TILTED: tuple[Vector3, Vector3] = ((1.0, 0.0, 0.0), (0.0, 0.9902680687, 0.1391731010))


def phantom(
    marker: Vector3,
    *,
    shape: tuple[int, int, int],
    spacing_mm: tuple[float, float],
    slice_mm: float,
    origin: Vector3,
    axes: tuple[Vector3, Vector3] = AXIAL,
    background: int = 300,
) -> Volume:
    """A body of even grey with one round, band-limited marker of 4 mm standard deviation."""
    z, y, x = np.meshgrid(*(np.arange(size, dtype=float) for size in shape), indexing="ij")
    lps = (
        np.asarray(origin)
        + (x * spacing_mm[1])[..., None] * np.asarray(axes[0])
        + (y * spacing_mm[0])[..., None] * np.asarray(axes[1])
        + (z * slice_mm)[..., None] * np.cross(axes[0], axes[1])
    )
    squared = ((lps - np.asarray(marker)) ** 2).sum(axis=-1)
    stored = np.rint(background + 700.0 * np.exp(-squared / (2 * 4.0**2))).astype(np.int16)
    return make_volume(stored, spacing_mm=spacing_mm, slice_mm=slice_mm, origin_lps_mm=origin, axes=axes)


def current_volume() -> Volume:
    volume = phantom(
        CURRENT_MARKER, shape=(13, 160, 160), spacing_mm=(0.8, 0.8), slice_mm=2.0, origin=(-64.0, -64.0, -9.0)
    )
    return named(volume, "1.1", "1.9")


def prior_volume(axes: tuple[Vector3, Vector3] = AXIAL, frame_of_reference_uid: str = "1.9") -> Volume:
    volume = phantom(
        PRIOR_MARKER,
        shape=(40, 150, 170),
        spacing_mm=(0.9, 0.7),
        slice_mm=1.3,
        origin=(-50.0, -60.0, -21.0),
        axes=axes,
        background=420,
    )
    return named(volume, "1.2", frame_of_reference_uid)


def opened(qtbot: QtBot, prior: Volume, day: date = date(2026, 1, 10)) -> MainWindow:
    window = open_window(
        qtbot,
        Examination(current_volume()),
        Examination(prior, day=day, role=Role.PRIOR),
        frames=(6, 18),
    )
    for index in range(2):
        window.session.apply(partial(commands.set_window, index=index, window=Window(600.0, 1000.0)))
    for _ in range(3):
        wheel(window, 0, 1, Qt.KeyboardModifier.ControlModifier)
    qtbot.waitUntil(lambda: window.pictures.flicker.is_ready, timeout=10_000)
    return window


def grabbed(window: MainWindow) -> NDArray[np.float64]:
    """What stands on the screen where the current's viewport is, as grey, its corners' words left out."""
    widget = window.viewports()[0]
    at = widget.mapToGlobal(widget.rect().topLeft())
    screen = QGuiApplication.primaryScreen().grabWindow(0, at.x(), at.y(), widget.width(), widget.height())
    image = screen.toImage().convertToFormat(QImage.Format.Format_Grayscale8)
    rows = np.frombuffer(image.constBits(), dtype=np.uint8).reshape(image.height(), image.bytesPerLine())
    return rows[:, : image.width()].astype(np.float64)


def marker_place(grey: NDArray[np.float64], near: tuple[float, float], reach: int = 40) -> tuple[float, float]:
    """The centre of the marker in device pixels: the weighted mean of what is brighter than the ground about it."""
    column, row = round(near[0]), round(near[1])
    part = grey[row - reach : row + reach, column - reach : column + reach]
    weights = np.clip(part - np.median(part) - 0.25 * (part.max() - np.median(part)), 0.0, None)
    y, x = np.mgrid[row - reach : row + reach, column - reach : column + reach] + 0.5
    return float((weights * x).sum() / weights.sum()), float((weights * y).sum() / weights.sum())


def true_place(window: MainWindow, marker: Vector3) -> tuple[float, float]:
    model = window.viewports()[0].model
    assert model.frame is not None
    transform = CanvasTransform.of(model.viewport.view, model.frame, *window.viewports()[0].canvas_size)
    place = transform.lps_to_canvas(np.asarray(marker))
    assert place is not None
    return place[0], place[1]


def distance(one: tuple[float, float], other: tuple[float, float]) -> float:
    return float(np.hypot(one[0] - other[0], one[1] - other[1]))


@pytest.mark.parametrize("axes", [AXIAL, TILTED], ids=["parallel", "tilted by 8 degrees"])
def test_no_frame_around_two_hundred_is_blank_or_out_of_place(qtbot: QtBot, axes: tuple[Vector3, Vector3]) -> None:
    window = opened(qtbot, prior_volume(axes))
    here, there = true_place(window, CURRENT_MARKER), true_place(window, PRIOR_MARKER)
    seen = {"current": 0, "prior": 0}
    for number in range(200):
        if number % 10 == 0:
            down = number // 10 % 2 == 0
            hold_space(window, is_down=down)
        QApplication.processEvents()
        grey = grabbed(window)
        is_prior = window.viewports()[0].shown_model.role is Role.PRIOR
        assert np.median(grey[150:-150, 150:-150]) > 30, f"frame {number} is blank"
        wanted = there if is_prior else here
        assert distance(marker_place(grey, wanted), wanted) < 0.5, f"frame {number} is out of place"
        seen["prior" if is_prior else "current"] += 1
    assert seen["current"] == seen["prior"] == 100
    words = window.viewports()[0].shown_model
    assert words.role is Role.CURRENT


def test_a_plane_between_slices_is_said_to_be_interpolated(qtbot: QtBot) -> None:
    window = opened(qtbot, prior_volume())
    hold_space(window, is_down=True)
    settle(qtbot)
    shown = window.viewports()[0].shown_model
    assert shown.role is Role.PRIOR
    assert shown.flicker is FlickerBasis.RESAMPLED
    # The current's seventh slice lies at z = 3.0 mm; the prior's slices at -21.0 + 1.3 n: 2.4, then 3.7.
    assert shown.nearest_slice == 19
    hold_space(window, is_down=False)


def test_slices_matched_by_hand_lay_the_prior_where_its_own_view_has_it(qtbot: QtBot) -> None:
    window = opened(qtbot, prior_volume(frame_of_reference_uid="7.7"), day=date(2025, 1, 10))
    hold_space(window, is_down=True)
    settle(qtbot)
    assert window.viewports()[0].shown_model.flicker is FlickerBasis.OWN_PLACE
    hold_space(window, is_down=False)
    match(window)
    qtbot.waitUntil(lambda: window.pictures.flicker.is_ready, timeout=10_000)
    hold_space(window, is_down=True)
    settle(qtbot)
    shown = window.viewports()[0].shown_model
    assert shown.flicker is FlickerBasis.SLICE
    assert shown.link is not None
    assert shown.link.offset_mm == pytest.approx(-21.0 + 1.3 * 18 - 3.0)
    prior = window.viewports()[1].model
    assert prior.frame is not None
    transform = CanvasTransform.of(prior.viewport.view, prior.frame, *window.viewports()[0].canvas_size)
    place = transform.lps_to_canvas(np.asarray(PRIOR_MARKER))
    assert place is not None
    assert distance(marker_place(grabbed(window), place[:2]), place[:2]) < 0.5
    hold_space(window, is_down=False)


def test_while_the_prior_is_not_in_memory_the_current_stays(qtbot: QtBot) -> None:
    prior = prior_volume()
    for index in range(len(prior.validity)):
        prior.validity.mark(index, FrameState.WAITING)
    window = opened(qtbot, prior)
    hold_space(window, is_down=True)
    settle(qtbot)
    grey = grabbed(window)
    wanted = true_place(window, CURRENT_MARKER)
    assert distance(marker_place(grey, wanted), wanted) < 0.5
    hold_space(window, is_down=False)


def test_scrolling_while_the_key_is_down_brings_the_prior_of_the_new_place(qtbot: QtBot) -> None:
    window = opened(qtbot, prior_volume())
    hold_space(window, is_down=True)
    settle(qtbot)
    before = window.viewports()[0].shown_model.nearest_slice
    wheel(window, 0, -1)
    qtbot.waitUntil(lambda: window.viewports()[0].shown_model.nearest_slice != before, timeout=10_000)
    # z = 5.0 mm: the nearest of -21.0 + 1.3 n is 5.0 exactly, the twenty-first.
    shown = window.viewports()[0].shown_model
    assert shown.role is Role.PRIOR
    assert shown.viewport.view.frame_index == 20
    hold_space(window, is_down=False)
    settle(qtbot)
    assert window.viewports()[0].shown_model.role is Role.CURRENT
