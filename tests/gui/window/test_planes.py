"""The three planes in the real window: what they show, what the mouse does, and how two examinations go together."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from compare.linking.frame_graph import FrameEdge, LinkBasis, RigidTransform, space_of
from compare.pairing.roles import study_key_of
from compare.reformat.plane import ReformatPlane, SlabMode
from compare.reformat.sampling import sample_plane
from compare.session.session_file import session_from_json, session_to_json
from tests.gui.window.conftest import settle, write_study
from tests.support.dicom_files import SeriesRecipe, write_series
from tests.support.pet_objects import PetRecipe, write_pet
from viewer.main_window.main_window import MainWindow
from viewer.planes.planes_panel import PlanesPanel
from viewer.rendering.fusion import fused
from viewer.rendering.plane_picture import grey_of_values

pytestmark = pytest.mark.gui


def opened(qtbot: QtBot, window: MainWindow) -> PlanesPanel:
    QTest.keyClick(window, Qt.Key.Key_M, Qt.KeyboardModifier.ShiftModifier)
    panel = window.planes.panel
    assert panel is not None
    qtbot.waitUntil(lambda: panel.is_settled and _is_fresh(panel), timeout=10_000)
    return panel


def _is_fresh(panel: PlanesPanel) -> bool:
    """Whether every picture has the size of its pane: a window still being laid out has others."""
    panes = [pane for row in panel.panes for pane in row]
    return all(pane.pixels is not None and pane.pixels.shape[1::-1] == pane.canvas_size for pane in panes)


@pytest.fixture
def one(qtbot: QtBot, window: MainWindow, tmp_path: Path) -> MainWindow:
    write_study(tmp_path, "now", "20250602", slices=24)
    window.open_paths([tmp_path])
    settle(qtbot, window)
    return window


def wheel(pane: QWidget, notches: int, modifiers: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> None:
    middle = QPointF(pane.rect().center())
    event = QWheelEvent(
        middle, pane.mapToGlobal(middle), QPoint(), QPoint(0, 120 * notches), Qt.MouseButton.NoButton, modifiers,
        Qt.ScrollPhase.NoScrollPhase, False,
    )  # fmt: skip
    QApplication.sendEvent(pane, event)


def _moved_down(plane: ReformatPlane, by_mm: float) -> ReformatPlane:
    x, y, z = np.asarray(plane.origin_lps_mm) + by_mm * np.asarray(plane.down_lps)
    return replace(plane, origin_lps_mm=(float(x), float(y), float(z)))


def test_each_pane_shows_its_plane(qtbot: QtBot, one: MainWindow) -> None:
    panel = opened(qtbot, one)
    assert len(panel.panes) == 1
    row = panel.rows[0]
    assert panel.state is not None
    assert row.whole is not None
    for number, pane in enumerate(panel.panes[0]):
        plane = panel.state.plane(number, *pane.canvas_size)
        assert pane.pixels is not None
        # A row of pixels that lies on the very edge of the volume may round to either side of it.
        either = [_moved_down(plane, by_mm) for by_mm in (-1e-4, 1e-4)]
        differences = [
            np.abs(
                pane.pixels.astype(int) - grey_of_values(sample_plane(row.whole, one), row.volume.frame(12), row.window)
            )
            for one in either
        ]
        assert np.minimum(*differences).max() <= 1
        assert len(np.unique(pane.pixels)) > 10
        assert pane.face is not None
        assert pane.face.letters == (("R", "A", "L", "P"), ("R", "H", "L", "F"), ("A", "H", "P", "F"))[number]
        assert "CHAN TAI MAN" in pane.face.top_lines


def test_a_press_brings_all_planes_to_its_place(qtbot: QtBot, one: MainWindow) -> None:
    panel = opened(qtbot, one)
    axial, before = panel.panes[0][0], panel.state
    assert before is not None
    place = QPoint(axial.width() // 2 + 30, axial.height() // 2 - 20)
    QTest.mouseClick(axial, Qt.MouseButton.LeftButton, pos=place)
    ratio = axial.devicePixelRatioF()
    wanted = before.plane(0, *axial.canvas_size).lps_of(place.x() * ratio - 0.5, place.y() * ratio - 0.5)
    assert panel.state is not None
    np.testing.assert_allclose(panel.state.crosshair_lps_mm, wanted, atol=1e-6)
    qtbot.waitUntil(lambda: panel.is_settled, timeout=10_000)
    face = axial.face
    assert face is not None
    assert face.crosshair == pytest.approx((place.x() * ratio - 0.5, place.y() * ratio - 0.5), abs=1e-3)


def test_the_wheel_scrolls_thickens_and_enlarges(qtbot: QtBot, one: MainWindow) -> None:
    panel = opened(qtbot, one)
    axial, before = panel.panes[0][0], panel.state
    assert before is not None
    wheel(axial, -2)
    assert panel.state is not None
    moved = np.subtract(panel.state.crosshair_lps_mm, before.crosshair_lps_mm)
    assert panel.rows[0].whole is not None
    np.testing.assert_allclose(moved, (0.0, 0.0, 2 * panel.rows[0].whole.grid.finest_mm), atol=1e-9)
    wheel(axial, 3, Qt.KeyboardModifier.ShiftModifier)
    assert panel.state.slab_mm == 3.0
    wheel(axial, 1, Qt.KeyboardModifier.ControlModifier)
    assert panel.state.mm_per_pixel < before.mm_per_pixel
    qtbot.waitUntil(lambda: panel.is_settled, timeout=10_000)
    assert axial.face is not None
    assert any("3" in text for text in axial.face.bottom_lines)


def test_dragging_a_line_turns_the_other_planes(qtbot: QtBot, one: MainWindow) -> None:
    panel = opened(qtbot, one)
    axial, before = panel.panes[0][0], panel.state
    assert before is not None
    assert axial.face is not None
    ratio = axial.devicePixelRatioF()
    middle = QPointF((axial.face.crosshair[0] + 0.5) / ratio, (axial.face.crosshair[1] + 0.5) / ratio)
    start = QPoint(round(middle.x() + 100), round(middle.y()))
    assert axial.line_at(QPointF(start)) is not None
    assert axial.line_at(middle) is None
    QTest.mousePress(axial, Qt.MouseButton.LeftButton, pos=start)
    QTest.mouseMove(axial, QPoint(round(middle.x() + 87), round(middle.y() + 50)))
    QTest.mouseRelease(axial, Qt.MouseButton.LeftButton, pos=QPoint(round(middle.x() + 87), round(middle.y() + 50)))
    assert panel.state is not None
    assert panel.state.frames[0] == before.frames[0]
    normal = panel.state.frames[1].normal_lps
    # Clockwise by 30 degrees on the screen, seen from the feet: from the front towards the patient's right.
    np.testing.assert_allclose(normal, (-0.5, 0.866, 0.0), atol=0.02)
    assert panel.state.crosshair_lps_mm == before.crosshair_lps_mm


def test_prior_and_current_go_together_and_say_when_they_are_not_registered(
    qtbot: QtBot,
    window: MainWindow,
    tmp_path: Path,
) -> None:
    write_study(tmp_path / "a", "now", "20250602", slices=24)
    write_study(tmp_path / "b", "then", "20240517", slices=24)
    window.open_paths([tmp_path])
    settle(qtbot, window)
    panel = opened(qtbot, window)
    assert len(panel.panes) == 2
    faces = [row[0].face for row in panel.panes]
    assert faces[0] is not None
    assert faces[1] is not None
    assert not faces[0].warnings
    assert any("not registered" in text for text in faces[1].warnings)
    if panel.panes[0][0].height() != panel.panes[1][0].height():
        window.resize(window.width(), window.height() + 1)
        qtbot.waitUntil(lambda: panel.is_settled and _is_fresh(panel), timeout=10_000)
    before = panel.state
    assert before is not None
    wheel(panel.panes[1][0], -1)
    assert panel.state is not None
    assert panel.state.crosshair_lps_mm[2] > before.crosshair_lps_mm[2]
    qtbot.waitUntil(lambda: panel.is_settled, timeout=10_000)
    # The same numbers lie in both studies: at the same place relative to their middles they show the same.
    first, second = (row[0].pixels for row in panel.panes)
    assert first is not None
    assert second is not None
    np.testing.assert_array_equal(first, second)


def test_pet_beside_its_ct_is_fused_in_suv(qtbot: QtBot, window: MainWindow, tmp_path: Path) -> None:
    write_series(
        tmp_path / "ct", SeriesRecipe(name="ct", slices=8, rows=50, columns=60, spacing_mm_zyx=(2.0, 1.0, 1.0))
    )
    write_pet(tmp_path / "pet", PetRecipe())
    window.open_paths([tmp_path])
    settle(qtbot, window)
    stacks = {
        series.modality: series.stacks[0].key
        for study in window.session.index.catalogue.studies
        for series in study.series
    }
    window._choose_layout(1, 2)
    window.hanging.show_stack(0, stacks["CT"])
    window.hanging.show_stack(1, stacks["PT"])
    settle(qtbot, window)
    panel = opened(qtbot, window)
    assert len(panel.panes) == 3
    _, uptake, both = panel.rows
    assert (uptake.unit, uptake.is_uptake, both.unit) == ("SUVbw", True, "SUVbw")
    assert panel.state is not None
    assert uptake.whole is not None
    assert both.whole is not None
    pane = panel.panes[2][0]
    plane = panel.state.plane(0, *pane.canvas_size)
    values = sample_plane(uptake.whole, plane)
    # The reference object holds uptakes of 0.2, 1 and 4.
    assert np.nanmax(values) == pytest.approx(4.0, rel=1e-3)
    assert np.nanmin(values) == pytest.approx(0.2, rel=1e-3)
    shown = pane.pixels
    assert shown is not None
    anatomy = grey_of_values(sample_plane(both.whole, plane), both.volume.frame(4), both.window)
    assert both.look is not None
    difference = shown.astype(int) - fused(anatomy, values, both.look)
    assert np.abs(difference)[~(np.abs(values - both.look.threshold) < 0.01)].max() <= 1
    face = panel.panes[2][0].face
    assert face is not None
    assert face.bar is not None
    assert [value for _, value in face.bar.ticks] == pytest.approx([5.0, 2.5, 0.0])
    assert not face.warnings
    turning = panel.turning
    assert turning is not None
    qtbot.waitUntil(lambda: turning.projections.is_complete, timeout=20_000)
    wheel(turning, 2)
    assert turning.azimuth_degrees == 10.0
    turning.turn_to(0.0)
    # The band of uptake 4 lies on the patient's left, which is right in a view from the front.
    area = turning._area()
    QTest.mouseClick(
        turning,
        Qt.MouseButton.LeftButton,
        pos=QPoint(round(area.center().x() + area.width() / 5), turning.height() // 2),
    )
    point = panel.state.crosshair_lps_mm
    row, column, _ = (round((point[axis] - corner) / 4.0) for axis, corner in ((1, -80.0), (0, -100.0), (2, 40.0)))
    assert 0 <= row < 12
    assert 8 <= column < 12


def test_back_to_the_slices(qtbot: QtBot, one: MainWindow) -> None:
    panel = opened(qtbot, one)
    assert panel.isVisible()
    QTest.keyClick(one, Qt.Key.Key_Escape)
    assert not one.planes.is_open
    assert panel.rows == []
    assert opened(qtbot, one) is panel
    QTest.keyClick(one, Qt.Key.Key_M, Qt.KeyboardModifier.ShiftModifier)
    assert not one.planes.is_open


def test_how_the_planes_stand_is_part_of_the_session(qtbot: QtBot, one: MainWindow, tmp_path: Path) -> None:
    panel = opened(qtbot, one)
    fresh = panel.state
    assert fresh is not None
    wheel(panel.panes[0][0], 4, Qt.KeyboardModifier.ShiftModifier)
    qtbot.waitUntil(lambda: panel.is_settled, timeout=10_000)
    QTest.keyClick(one, Qt.Key.Key_B, Qt.KeyboardModifier.ShiftModifier)
    assert panel.state is not None
    assert (panel.state.slab_mm, panel.state.mode) == (4.0, SlabMode.MINIP)
    QTest.mouseDClick(panel.panes[0][1], Qt.MouseButton.LeftButton)
    assert [pane.isVisible() for pane in panel.panes[0]] == [False, True, False]
    moved = panel.state
    one.session_files.save(tmp_path / "planes.diptych.json")
    qtbot.waitUntil((tmp_path / "planes.diptych.json").exists)
    QTest.keyClick(one, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert [pane.isVisible() for pane in panel.panes[0]] == [True, True, True]
    while panel.state != fresh:
        before = panel.state
        QTest.keyClick(one, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
        assert panel.state != before
    QTest.keyClick(one, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert panel.isHidden()
    QTest.keyClick(one, Qt.Key.Key_Y, Qt.KeyboardModifier.ControlModifier)
    assert panel.isVisible()
    assert panel.state == fresh
    one.planes.close_panel()
    one.session_files.load(tmp_path / "planes.diptych.json")
    qtbot.waitUntil(lambda: one.planes.is_open, timeout=10_000)
    assert panel.state == moved
    assert panel.maximised == (0, 1)
    text = session_to_json(one.session.session)
    assert session_from_json(text).session.planes == one.session.session.planes


def test_the_volume_as_a_whole_stands_beside_the_planes(qtbot: QtBot, one: MainWindow) -> None:
    panel = opened(qtbot, one)
    assert panel.volumes.panes == []
    QTest.keyClick(one, Qt.Key.Key_V, Qt.KeyboardModifier.ShiftModifier)
    (pane,) = panel.volumes.panes
    qtbot.waitUntil(lambda: panel.volumes.is_settled and pane.pixels is not None, timeout=60_000)
    front = pane.pixels
    assert front is not None
    assert front.shape[1::-1] == pane.canvas_size
    assert len(np.unique(front)) > 10
    middle = pane.rect().center()
    QTest.mousePress(pane, Qt.MouseButton.LeftButton, pos=middle)
    QTest.mouseMove(pane, middle + QPoint(-60, 0))
    QTest.mouseRelease(pane, Qt.MouseButton.LeftButton, pos=middle + QPoint(-60, 0))
    assert panel.camera.azimuth_degrees == 30.0
    assert one.session.session.planes is not None
    assert one.session.session.planes.camera == panel.camera
    qtbot.waitUntil(lambda: panel.volumes.is_settled and pane.pixels is not front, timeout=60_000)
    assert pane.pixels is not None
    assert (pane.pixels != front).any()
    QTest.keyClick(one, Qt.Key.Key_V, Qt.KeyboardModifier.ShiftModifier)
    assert panel.volumes.panes == []


@pytest.mark.parametrize(
    ("basis", "rows"), [(LinkBasis.RIGID, 3), (LinkBasis.DEFORMABLE, 2), (LinkBasis.MANUAL_OFFSET, 2), (None, 2)]
)
def test_uptake_lies_over_another_frame_of_reference_only_by_a_rigid_registration(
    qtbot: QtBot, window: MainWindow, tmp_path: Path, basis: LinkBasis | None, rows: int
) -> None:
    write_series(
        tmp_path / "ct", SeriesRecipe(name="ct", slices=8, rows=50, columns=60, spacing_mm_zyx=(2.0, 1.0, 1.0))
    )
    write_pet(tmp_path / "pet", replace(PetRecipe(), overrides={"FrameOfReferenceUID": "1.2.3.4"}))
    window.open_paths([tmp_path])
    settle(qtbot, window)
    found = {
        series.modality: (series.stacks[0], study_key_of(study))
        for study in window.session.index.catalogue.studies
        for series in study.series
    }
    shift = np.eye(4)
    shift[:3, 3] = (8.0, 0.0, 0.0)
    if basis is not None:
        edge = FrameEdge(space_of(*found["CT"]), space_of(*found["PT"]), basis, RigidTransform(shift))
        window.session.know(edge)
    window._choose_layout(1, 2)
    window.hanging.show_stack(0, found["CT"][0].key)
    window.hanging.show_stack(1, found["PT"][0].key)
    settle(qtbot, window)
    panel = opened(qtbot, window)
    assert len(panel.rows) == rows
    if basis is not LinkBasis.RIGID:
        return
    _, uptake, both = panel.rows
    assert uptake.whole is not None
    state = panel.state
    assert state is not None
    plane = state.plane(0, *panel.panes[2][0].canvas_size)
    # The same pixels of the uptake, found in its own space, eight millimetres further to the left.
    moved = replace(plane, origin_lps_mm=tuple(np.asarray(plane.origin_lps_mm) + shift[:3, 3]))
    np.testing.assert_allclose(sample_plane(both.layers[1], plane), sample_plane(uptake.whole, moved), atol=1e-4)
    face = panel.panes[2][0].face
    assert face is not None
    assert any("registration" in text for text in face.bottom_lines)
