"""Two examinations hung side by side align by themselves: what the badges say, what moves, and what does not."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel
from pytestqt.qtbot import QtBot

from compare.linking.frame_graph import LinkBasis
from compare.session.comparison_session import Role
from loaders.model.volume import Volume
from tests.support.compared_window import Examination, named, open_window, settle, wheel
from tests.support.phantom_stacks import PhantomGeometry, phantom_stack, phantom_volume
from tests.support.registration_phantoms import Body, Points, Pull, image_of, stay
from viewer.controllers.registration_controller import AlignmentStage
from viewer.main_window.main_window import MainWindow
from viewer.viewport.badges import safety_badges

pytestmark = pytest.mark.gui

#: Where the prior's scanner counts its table from: the whole difference between two scans of one head.
SHIFT_MM = (7.0, -12.0, 30.0)
#: The second scan's slices lie between those of the first.
LIFT_MM = 2.5
MOVED_MM = np.array(SHIFT_MM) - (0.0, 0.0, LIFT_MM)
_PATIENCE_MS = 90_000


def lifted(points: Points) -> Points:
    return np.asarray(points + np.array([0.0, 0.0, LIFT_MM]))


def scanned(
    body: Body,
    name: str,
    shift_mm: tuple[float, float, float] = (0.0, 0.0, 0.0),
    first: int = 0,
    pull: Pull = stay,
    *,
    has_ball: bool = False,
) -> Volume:
    """A head as the window holds one: whole numbers on axial slices, in a frame of reference of its own."""
    image = image_of(body, pull=pull)
    values = image.values[first:].copy()
    if has_ball:
        values[18:21, 18:21, 30:33] += 300.0
    origin = image.index_to_lps[:3, 3] + shift_mm + image.index_to_lps[:3, 0] * first
    z, y, x = image.spacing_mm_zyx
    geometry = PhantomGeometry(
        tuple(z * index for index in range(len(values))),
        (y, x),
        values.shape[1],
        values.shape[2],
        corner_lps_mm=(float(origin[0]), float(origin[1]), float(origin[2])),
    )
    return named(phantom_volume(phantom_stack(geometry), np.rint(values).astype(np.int16)), name, f"1.2.{name}")


def side_by_side(qtbot: QtBot, current: Volume, prior: Volume) -> MainWindow:
    one, other = Examination(current), Examination(prior, role=Role.PRIOR)
    return open_window(qtbot, one, replace(other, day=one.day.replace(year=2025)))


def badge(window: MainWindow) -> str:
    return next(badge.text for badge in safety_badges(window.viewports()[1].model) if badge.code == "link")


@pytest.fixture
def head(qtbot: QtBot) -> MainWindow:
    """One head twice, the second with four slices fewer at its lower end and in other coordinates."""
    body = Body(3, "head")
    return side_by_side(
        qtbot, scanned(body, "now", has_ball=True), scanned(body, "then", SHIFT_MM, first=4, pull=lifted)
    )


def aligned(qtbot: QtBot, window: MainWindow) -> None:
    window.registration.is_automatic = True
    window.registration.consider_soon()
    qtbot.waitUntil(lambda: _stage(window) not in (None, AlignmentStage.RUNNING), timeout=_PATIENCE_MS)
    settle(qtbot)


def _stage(window: MainWindow) -> AlignmentStage | None:
    alignment = window.registration.alignment_of(0)
    return alignment.stage if alignment is not None else None


def frames(window: MainWindow) -> list[int]:
    return [viewport.view.frame_index for viewport in window.session.session.viewports]


def test_the_pair_aligns_by_itself_states_its_error_and_moves_nothing_until_the_next_scroll(
    qtbot: QtBot, head: MainWindow
) -> None:
    assert badge(head) == "LINKED relative, not anatomical"
    before = frames(head)
    aligned(qtbot, head)
    assert badge(head).startswith("LINKED rigid ")
    assert frames(head) == before, "the reader had hung these himself: nothing may jump"
    wheel(head, 0, -1)
    here, there = frames(head)
    assert there in {here - 4, here - 5}, "LIFT_MM is a little less than half a slice"
    link = head.session.graph.edges[0]
    assert link.basis is LinkBasis.RIGID
    mapped = link.transform.map_points(np.zeros((1, 3)))[0]
    assert np.linalg.norm(mapped - MOVED_MM) < 1.0
    errors = head.viewports()[0].model.slice_errors_mm
    assert len(errors) == 40
    assert all(error is not None and 0.0 < error < 5.0 for error in errors[8:32])
    levels_one_key_apart(qtbot, head)
    changes_are_listed_and_gone_to(qtbot, head)
    rejected_and_restored(qtbot, head)


def changes_are_listed_and_gone_to(qtbot: QtBot, window: MainWindow) -> None:
    """The panel looks for changes when asked, says what it is, and a click goes to the place in both examinations."""
    QTest.keyClick(window, Qt.Key.Key_G)
    panel = window.changes.panel
    assert panel.isVisible()
    assert any("not a finding" in label.text() for label in panel.findChildren(QLabel))
    QTest.mouseClick(panel.find_button, Qt.MouseButton.LeftButton)
    assert not panel.find_button.isEnabled()
    qtbot.waitUntil(panel.find_button.isEnabled, timeout=_PATIENCE_MS)
    found = window.changes._found
    assert found is not None
    assert panel.table.rowCount() == len(found[1].candidates) > 0
    panel.table.cellClicked.emit(0, 0)
    centre = np.array(found[1].candidates[0].centre_lps_mm)
    for viewport, shift in zip(window.session.session.viewports, (np.zeros(3), MOVED_MM), strict=True):
        assert viewport.stack is not None
        plane = window.session.stacks[viewport.stack].frames[viewport.view.frame_index].plane
        assert plane is not None
        assert abs(plane.in_plane_mm(centre + shift)[2]) < 4.0, "slices are 6 mm apart"
    QTest.keyClick(window, Qt.Key.Key_G)


def rejected_and_restored(qtbot: QtBot, window: MainWindow) -> None:
    """Rejecting falls back to the link there was, restoring brings the alignment back without computing it again."""
    QTest.keyClick(window, Qt.Key.Key_T, Qt.KeyboardModifier.ControlModifier)
    settle(qtbot)
    assert badge(window) == "LINKED relative, not anatomical"
    assert not window.viewports()[0].model.slice_errors_mm
    QTest.keyClick(window, Qt.Key.Key_T, Qt.KeyboardModifier.ControlModifier)
    settle(qtbot)
    assert badge(window).startswith("LINKED rigid ")


def levels_one_key_apart(qtbot: QtBot, window: MainWindow) -> None:
    """The aligned prior stands in the prior's own viewport, says what it is, and takes no measurement."""
    prior = window.viewports()[1]
    native = prior.model
    QTest.keyClick(window, Qt.Key.Key_T)
    qtbot.waitUntil(lambda: prior.shown_model is not native, timeout=10_000)
    shown = prior.shown_model
    assert shown.role is Role.PRIOR
    assert shown.nearest_slice is not None
    assert {badge.code for badge in safety_badges(shown)} >= {"interpolated", "link"}
    QTest.keyClick(window, Qt.Key.Key_D)
    QTest.mousePress(prior, Qt.MouseButton.LeftButton, pos=prior.rect().center())
    QTest.mouseMove(prior, prior.rect().center() + QPoint(40, 40))
    QTest.mouseRelease(prior, Qt.MouseButton.LeftButton, pos=prior.rect().center() + QPoint(40, 40))
    assert not window.session.session.measurements
    QTest.keyClick(window, Qt.Key.Key_Q)
    assert prior.shown_model is prior.model


def test_two_bodies_that_have_nothing_in_common_are_refused_with_the_reason(qtbot: QtBot) -> None:
    window = side_by_side(qtbot, scanned(Body(3, "head"), "now"), scanned(Body(8, "chest"), "then"))
    aligned(qtbot, window)
    assert badge(window) == "NOT LINKED no reliable alignment"
    assert not window.session.graph.edges
    words = next(badge for badge in safety_badges(window.viewports()[1].model) if badge.code == "link").why
    alignment = window.registration.alignment_of(0)
    assert alignment is not None
    assert alignment.reason in {"not_alike", "no_overlap", "error_too_large", "mirrored"}
    assert "by their numbers only" in words
    before = frames(window)
    wheel(window, 0, -3)
    assert frames(window)[1] > before[1], "linking by slice numbers goes on"


def test_stopping_the_job_in_the_strip_ends_it_and_it_can_be_started_again(qtbot: QtBot, head: MainWindow) -> None:
    head.registration.is_automatic = True
    head.registration.consider_soon()
    qtbot.waitUntil(lambda: badge(head).endswith("%)"), timeout=_PATIENCE_MS)
    job = next(job for job in head._jobs.running if job.name == "align")
    head.strip.cancel_requested.emit(job.identifier)
    qtbot.waitUntil(lambda: _stage(head) is AlignmentStage.STOPPED, timeout=_PATIENCE_MS)
    qtbot.wait(500)
    assert not head._jobs.running, "what the reader has stopped does not begin again by itself"
    assert badge(head) == "LINKED relative, not anatomical"
    QTest.keyClick(head, Qt.Key.Key_T, Qt.KeyboardModifier.ShiftModifier)
    assert _stage(head) is AlignmentStage.RUNNING


def test_studies_whose_identity_nobody_has_confirmed_are_not_aligned(qtbot: QtBot, head: MainWindow) -> None:
    studies = head.session.index.catalogue.studies
    other = replace(studies[1], patient=replace(studies[1].patient, identifiers=()))
    head.session.set_catalogue(replace(head.session.index.catalogue, studies=(studies[0], other)))
    head.registration.is_automatic = True
    head.registration.consider_soon()
    qtbot.wait(800)
    assert _stage(head) is None
