"""Commands, links and undo as a user meets them: two CTs of one patient, a year apart."""

from __future__ import annotations

from datetime import date
from functools import partial
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from compare.session import view_commands
from compare.session.comparison_session import ComparisonSession, LinkedAction
from compare.session.link_commands import match_slices
from loaders.model.frame import Frame
from loaders.model.frame_plane import FramePlane
from loaders.model.patient import Patient, PersonName
from loaders.model.pixel_format import FileLocator, PixelFormat, PixelLocation
from loaders.model.series import Series
from loaders.model.stack import Stack, StackKey, StackKind
from loaders.model.study import Catalogue, Study
from loaders.model.units import PixelSpacing, SpacingBasis
from viewer.controllers.session_controller import SessionController


def _stack(study: str, slices: int, step_mm: float, pixel_mm: float, first_mm: float) -> Stack:
    frames = tuple(
        Frame(
            sop_instance_uid=f"{study}.{number}",
            sop_class_uid="1.2.840.10008.5.1.4.1.1.2",
            instance_number=number,
            frame_number=1,
            format=PixelFormat(512, 512, 1, "MONOCHROME2", 16, 16, 15, True, "1.2.840.10008.1.2.1"),
            location=PixelLocation(FileLocator(Path("x"))),
            spacing=PixelSpacing(pixel_mm, pixel_mm, SpacingBasis.GEOMETRY),
            plane=FramePlane(
                (-200.0, -200.0, first_mm + number * step_mm), (1.0, 0.0, 0.0), (0.0, 1.0, 0.0), f"{study}.9"
            ),
        )
        for number in range(slices)
    )
    return Stack(StackKey(study, f"{study}.1", "1"), StackKind.VOLUME, frames)


def _study(uid: str, when: date, stack: Stack) -> Study:
    series = Series(uid=f"{uid}.1", modality="CT", stacks=(stack,), instances=len(stack.frames))
    return Study(uid, Patient(PersonName("TEST^ONE")), study_date=when, series=(series,), key=uid)


@pytest.fixture
def controller(qtbot: QtBot) -> SessionController:
    current, prior = _stack("1.1", 101, 2.0, 0.7, -100.0), _stack("1.2", 81, 2.5, 0.9, 300.0)
    controller = SessionController()
    controller.set_catalogue(
        Catalogue((_study("1.1", date(2026, 1, 10), current), _study("1.2", date(2025, 1, 10), prior)))
    )

    def hang(session: ComparisonSession) -> ComparisonSession:
        from compare.session.layout_commands import set_layout

        session = set_layout(session, 1, 2)
        session = view_commands.show_stack(session, 1, prior, canvas=(900, 900))
        return view_commands.show_stack(session, 0, current, canvas=(900, 900))

    controller.apply(hang)
    controller.refit([(900, 900), (900, 900)])
    return controller


def test_both_sides_open_at_one_scale(controller: SessionController) -> None:
    left, right = controller.session.viewports
    assert left.view.mm_per_pixel == right.view.mm_per_pixel == pytest.approx(512 * 0.9 / 900)


def test_matched_slices_scroll_together_in_millimetres(controller: SessionController) -> None:
    controller.apply(partial(match_slices, first=0, second=1, stacks=controller.stacks))
    left, right = controller.session.viewports
    scroll = partial(view_commands.scroll_by, index=0, steps=10, stacks=controller.stacks)
    controller.apply(scroll, moved=0, actions=[LinkedAction.SCROLL])
    assert controller.session.viewports[0].view.frame_index == left.view.frame_index + 10
    assert controller.session.viewports[1].view.frame_index == right.view.frame_index + 8


def test_a_drag_is_one_step_back(controller: SessionController) -> None:
    start = controller.session
    for _ in range(20):
        pan = partial(view_commands.pan_by, index=0, right_mm=1.0, down_mm=0.0)
        controller.apply(pan, moved=0, actions=[LinkedAction.PAN], merge_key="pan")
    controller.end_gesture()
    assert controller.session != start
    controller.undo()
    assert controller.session == start
    controller.redo()
    assert controller.session.viewports[0].view.centre_mm[0] == pytest.approx(start.viewports[0].view.centre_mm[0] + 20)


def test_what_cannot_be_done_says_why_and_changes_nothing(qtbot: QtBot, controller: SessionController) -> None:
    before = controller.session
    with qtbot.waitSignal(controller.refused) as signal:
        done = controller.apply(
            partial(view_commands.zoom_at, index=0, factor=0.0, at_mm=(0.0, 0.0), stacks=controller.stacks)
        )
    assert not done
    assert signal.args == ["bad_zoom"]
    assert controller.session is before


def test_a_stack_that_grows_at_the_end_of_a_scan_keeps_its_image_on_screen(controller: SessionController) -> None:
    shown = controller.session.viewports[0]
    assert shown.stack is not None
    before = controller.stacks[shown.stack].frames[shown.view.frame_index].sop_instance_uid
    grown = _stack("1.1", 131, 2.0, 0.7, -100.0)
    more = Stack(grown.key, grown.kind, grown.frames[-30:][::-1] + grown.frames[:101])
    catalogue = Catalogue((_study("1.1", date(2026, 1, 10), more), controller.index.catalogue.studies[1]))
    controller.set_catalogue(catalogue, is_final=False)
    assert len(controller.stacks[shown.stack].frames) == 101
    controller.set_catalogue(catalogue)
    now = controller.session.viewports[0]
    assert len(controller.stacks[shown.stack].frames) == 131
    assert controller.stacks[shown.stack].frames[now.view.frame_index].sop_instance_uid == before
