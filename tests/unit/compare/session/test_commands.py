"""Commands change what they name and nothing else, and refuse what has no meaning."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from compare.errors import Refused
from compare.following.lesion import Lesion, LesionRole, NonTargetState
from compare.session import commands
from compare.session.comparison_session import ComparisonSession, Layout, LinkedAction, Role
from compare.session.history import History
from compare.session.measurement import MeasurementKind
from compare.viewing.canvas import CanvasTransform
from compare.viewing.view_state import ViewState, WindowOrigin
from loaders.model.display import VoiFunction, Window
from loaders.model.stack import Stack
from loaders.model.units import SpacingBasis
from tests.support.pictures import CORONAL, make_stack

STACK = make_stack(slices=11, series="a")
OTHER = make_stack(slices=21, series="b", study="study-2", frame_of_reference_uid="9.9")
STACKS = {STACK.key: STACK, OTHER.key: OTHER}


def hung(*stacks: Stack) -> ComparisonSession:
    session = commands.set_layout(ComparisonSession(), 1, len(stacks))
    for index, stack in enumerate(stacks):
        session = commands.show_stack(session, index, stack, canvas=(600, 400))
    return session


def test_a_stack_hangs_fitted_at_its_middle() -> None:
    session = commands.show_stack(ComparisonSession(), 0, STACK, role=Role.PRIOR, canvas=(600, 400))
    viewport = session.viewports[0]
    assert (viewport.stack, viewport.study_key, viewport.role) == (STACK.key, "study-1", Role.PRIOR)
    assert viewport.view.frame_index == 5
    # 512 x 0.7 mm on 400 device pixels.
    assert viewport.view.mm_per_pixel == pytest.approx(512 * 0.7 / 400)
    assert viewport.view.is_fitted


@pytest.mark.parametrize(("to", "shown"), [(-5, 0), (0, 0), (7, 7), (10, 10), (99, 10)])
def test_scroll_stops_at_the_ends(to: int, shown: int) -> None:
    assert commands.scroll_to(hung(STACK), 0, to, STACKS).viewports[0].view.frame_index == shown


def test_what_changes_nothing_is_the_same_session() -> None:
    session = commands.scroll_to(hung(STACK), 0, 10, STACKS)
    assert commands.scroll_by(session, 0, 1, STACKS) is session
    assert commands.pan_by(session, 0, 0.0, 0.0) is session
    assert commands.set_active(session, 0) is session
    assert commands.restore(session) is session
    assert History(session).record(session).past == ()


@given(
    st.floats(0.3, 3), st.floats(0, 600), st.floats(0, 400), st.integers(0, 3), st.booleans(),
)  # fmt: skip
def test_zoom_holds_the_point_under_the_mouse(factor: float, x: float, y: float, turns: int, flipped: bool) -> None:
    session = hung(STACK)
    view = replace(session.viewports[0].view, quarter_turns=turns, flipped=flipped)
    session = replace(session, viewports=(replace(session.viewports[0], view=view),))
    before = CanvasTransform.of(view, STACK.frames[0], 600, 400)
    at = before.canvas_to_in_plane_mm(x, y)
    after = commands.zoom_at(session, 0, factor, at, STACKS).viewports[0].view
    assert CanvasTransform.of(after, STACK.frames[0], 600, 400).in_plane_mm_to_canvas(*at) == pytest.approx((x, y))
    assert after.mm_per_pixel == pytest.approx(view.mm_per_pixel / factor)


def test_zoom_is_bounded_by_what_can_be_seen() -> None:
    session = hung(STACK)
    assert commands.zoom_at(session, 0, 1e9, (0, 0), STACKS).viewports[0].view.mm_per_pixel == pytest.approx(0.7 / 64)
    assert commands.zoom_at(session, 0, 1e-9, (0, 0), STACKS).viewports[0].view.mm_per_pixel == pytest.approx(0.7 * 64)
    for factor in (0.0, -1.0, math.nan, math.inf):
        with pytest.raises(Refused, match="bad_zoom"):
            commands.zoom_at(session, 0, factor, (0, 0), STACKS)


@pytest.mark.parametrize("turns", range(4))
@pytest.mark.parametrize("flipped", [False, True])
@pytest.mark.parametrize("vertically", [False, True])
def test_flip_mirrors_what_is_on_the_screen(turns: int, flipped: bool, vertically: bool) -> None:
    session = hung(STACK)
    view = replace(session.viewports[0].view, quarter_turns=turns, flipped=flipped)
    session = replace(session, viewports=(replace(session.viewports[0], view=view),))
    after = commands.flip(session, 0, vertically=vertically).viewports[0].view
    old = CanvasTransform.of(view, STACK.frames[0], 600, 400)
    new = CanvasTransform.of(after, STACK.frames[0], 600, 400)
    x, y = old.image_to_canvas(100, 37)
    assert new.image_to_canvas(100, 37) == pytest.approx((x, 400 - y) if vertically else (600 - x, y))
    assert commands.flip(commands.flip(session, 0), 0) == session


def test_four_quarter_turns_are_none() -> None:
    session = hung(STACK)
    turned = session
    for _ in range(4):
        turned = commands.rotate(turned, 0)
    assert turned == session


def test_fitted_views_share_one_scale_after_a_resize_and_scaled_ones_stay() -> None:
    wide = make_stack(series="wide", spacing_mm=(0.9, 0.9))
    film = make_stack(series="film", basis=SpacingBasis.PIXELS_ONLY, spacing_mm=(1, 1), has_geometry=False)
    stacks = STACKS | {wide.key: wide, film.key: film}
    session = commands.set_scale(hung(STACK, wide, film, OTHER), 3, 0.25, stacks)
    views = [v.view for v in commands.refit(session, stacks, ((300, 300),) * 4).viewports]
    assert views[0].mm_per_pixel == views[1].mm_per_pixel == pytest.approx(512 * 0.9 / 300)
    assert views[2].mm_per_pixel == pytest.approx(512 / 300)
    assert views[3].mm_per_pixel == 0.25


def test_windows_that_cannot_be_are_refused() -> None:
    session = hung(STACK)
    for window in (
        Window(0, 0), Window(0, 0.5), Window(math.nan, 10), Window(0, -3, VoiFunction.SIGMOID),
    ):  # fmt: skip
        with pytest.raises(Refused, match="bad_window"):
            commands.set_window(session, 0, window)
    narrow = commands.drag_window(session, 0, Window(40, 3), 5, -100).viewports[0].presentation
    assert (narrow.window, narrow.window_origin) == (Window(45, 1), WindowOrigin.READER)
    auto = commands.auto_window(session, 0, -20, 80).viewports[0].presentation
    assert auto.window == Window(30, 100, VoiFunction.LINEAR_EXACT)
    inverted = commands.invert(session, 0)
    assert inverted.viewports[0].presentation.is_inverted
    assert commands.reset_window(inverted, 0) == session


def test_a_smaller_grid_keeps_the_active_viewport_and_what_hangs() -> None:
    session = commands.set_layout(hung(STACK, OTHER), 2, 2)
    assert [v.stack for v in session.viewports] == [STACK.key, OTHER.key, None, None]
    session = commands.set_active(session, 1)
    smaller = commands.set_layout(session, 1, 1)
    assert smaller.viewports[smaller.active].stack == OTHER.key
    assert commands.set_layout(session, 1, 2).viewports == session.viewports[:2]
    for sides in ((0, 1), (5, 1), (1, -1)):
        with pytest.raises(Refused, match="bad_layout"):
            commands.set_layout(session, *sides)


@given(st.lists(st.tuples(st.integers(1, 4), st.integers(1, 4)), max_size=6), st.integers(0, 15))
def test_any_chain_of_layouts_leaves_a_sound_session(grids: list[tuple[int, int]], active: int) -> None:
    session = hung(STACK, OTHER)
    for rows, columns in grids:
        session = commands.set_layout(session, rows, columns)
        session = commands.set_active(session, active % session.layout.cells)
        assert len(session.viewports) == session.layout.cells
        assert 0 <= session.active < len(session.viewports)


def test_maximise_swap_and_restore() -> None:
    session = hung(STACK, OTHER)
    big = commands.toggle_maximised(session, 1)
    assert (big.layout.maximised, big.active) == (1, 1)
    assert commands.set_active(big, 0).layout.maximised == 0
    assert commands.restore(big).layout == Layout(1, 2)
    swapped = commands.swap(session, 0, 1)
    assert [v.stack for v in swapped.viewports] == [OTHER.key, STACK.key]
    assert commands.swap(swapped, 0, 1) == session


def test_offsets_are_refused_where_they_mean_nothing() -> None:
    coronal = make_stack(series="c", axes=CORONAL, study="study-3")
    with pytest.raises(Refused, match="planes_not_parallel"):
        commands.match_slices(hung(STACK, coronal), 0, 1, STACKS | {coronal.key: coronal})
    with pytest.raises(Refused, match="same_stack"):
        commands.match_slices(hung(STACK, STACK), 0, 1, STACKS)
    session = commands.match_slices(hung(STACK, OTHER), 0, 1, STACKS)
    again = commands.match_slices(commands.swap(session, 0, 1), 0, 1, STACKS)
    assert len(again.offsets) == 1
    assert again.offsets[0].offset_mm == -session.offsets[0].offset_mm
    assert commands.remove_offset(session, OTHER.key, STACK.key).offsets == ()


def test_switches_of_links() -> None:
    session = hung(STACK, OTHER)
    assert not commands.toggle_links(session).is_linked
    off = commands.toggle_action(session, 0, LinkedAction.SCROLL)
    assert LinkedAction.SCROLL not in off.viewports[0].actions
    assert commands.toggle_action(off, 0, LinkedAction.SCROLL) == session
    everywhere = commands.set_action(session, LinkedAction.WINDOW, is_linked=True)
    assert all(LinkedAction.WINDOW in viewport.actions for viewport in everywhere.viewports)


def test_identity_is_confirmed_for_a_pair_in_either_order() -> None:
    session = commands.confirm_identity(ComparisonSession(), "b", "a")
    assert commands.is_confirmed(session, "a", "b")
    assert not commands.is_confirmed(session, "a", "c")
    with pytest.raises(Refused, match="reason_missing"):
        commands.override_identity(session, "a", "b", "  x ")
    typed = commands.override_identity(session, "b", "a", "  same person,\n misspelt ")
    assert commands.override_reason(typed, "a", "b") == "same person, misspelt"
    with pytest.raises(Refused, match="no_two_studies"):
        commands.confirm_identity(session, "a", "a")


def test_measurements_are_added_edited_and_deleted() -> None:
    length, polygon = MeasurementKind.LENGTH, MeasurementKind.POLYGON
    session = commands.add_measurement(hung(STACK), 0, length, [(0, 0), (3, 4)], STACKS, identifier="L1")
    assert session.measurements[0].sop_instance_uid == STACK.frames[5].sop_instance_uid
    moved = commands.edit_measurement(session, "L1", [(0, 0), (6, 8)])
    assert moved.measurements[0].points_mm == ((0.0, 0.0), (6.0, 8.0))
    assert commands.edit_measurement(moved, "L1", [(0, 0), (6, 8)]) is moved
    assert len(commands.delete_measurement(moved, "L1").measurements) == 0

    def add(kind: MeasurementKind, *points: tuple[float, float], name: str = "M2", text: str = "") -> None:
        commands.add_measurement(session, 0, kind, points, STACKS, identifier=name, text=text)

    refusals: list[tuple[Callable[[], object], str]] = [
        (lambda: add(length, (0, 0), (1, 1), name="L1"), "identifier_taken"),
        (lambda: add(length, (0, 0)), "bad_measurement"),
        (lambda: add(polygon, (0, 0), (1, 1)), "bad_measurement"),
        (lambda: add(polygon, (0, 0), (1, 1), (math.nan, 0)), "bad_measurement"),
        (lambda: add(MeasurementKind.TEXT, (0, 0), text="  "), "bad_measurement"),
        (lambda: commands.edit_measurement(session, "L2", [(0, 0), (1, 1)]), "no_such_measurement"),
        (lambda: commands.delete_measurement(session, "L2"), "no_such_measurement"),
        (lambda: commands.edit_measurement(session, "L1", [(1, 1), (1, 1)]), "bad_measurement"),
        (lambda: commands.assign_lesion(session, "L1", "1.2.3"), "no_such_lesion"),
        (lambda: commands.rotate(session, 4), "no_such_viewport"),
        (lambda: commands.fit(commands.clear_viewport(session, 0), 0, STACKS, (10, 10)), "empty_viewport"),
    ]
    for wrong, code in refusals:
        with pytest.raises(Refused, match=code):
            wrong()


def test_a_lesion_is_followed_judged_and_given_up() -> None:
    drawn = commands.add_measurement(hung(STACK), 0, MeasurementKind.LENGTH, [(0, 0), (3, 4)], STACKS, identifier="L1")
    session = commands.add_lesion(drawn, Lesion("2.25.1", "S6 right", LesionRole.NON_TARGET))
    session = commands.assign_lesion(session, "L1", "2.25.1")
    judged = commands.judge_lesion(session, "2.25.1", "study-1", NonTargetState.PRESENT)
    judged = commands.judge_lesion(judged, "2.25.1", "study-1", NonTargetState.ABSENT)
    assert judged.lesions[0].state_at("study-1") is NonTargetState.ABSENT
    assert judged.lesions[0].state_at("study-2") is None
    left = commands.delete_lesion(judged, "2.25.1")
    assert left.lesions == ()
    assert [one.lesion for one in left.measurements] == [""]
    refusals: list[tuple[Callable[[], object], str]] = [
        (lambda: commands.add_lesion(session, Lesion("2.25.1", "again")), "lesion_taken"),
        (lambda: commands.add_lesion(session, Lesion("2.25.2", " ")), "lesion_unnamed"),
        (lambda: commands.delete_lesion(session, "2.25.9"), "no_such_lesion"),
    ]
    for wrong, code in refusals:
        with pytest.raises(Refused, match=code):
            wrong()


@given(st.lists(st.integers(0, 10), max_size=30))
def test_undo_leads_back_through_every_state_and_redo_forth(indices: list[int]) -> None:
    history = History(hung(STACK))
    states = [history.present]
    for index in indices:
        history = history.record(commands.scroll_to(history.present, 0, index, STACKS))
        if history.present != states[-1]:
            states.append(history.present)
    for state in reversed(states):
        assert history.present == state
        history = history.undo()
    assert not history.can_undo
    for state in states:
        assert history.present == state
        history = history.redo()
    assert not history.can_redo


def test_a_drag_is_one_step() -> None:
    start = hung(STACK)
    history = History(start)
    for _ in range(20):
        history = history.record(commands.pan_by(history.present, 0, 1.0, 0.0), merge_key="pan-0")
    dragged = history.present
    history = history.close_gesture().record(commands.pan_by(dragged, 0, 1.0, 0.0), merge_key="pan-0")
    assert history.undo().present == dragged
    assert history.undo().undo().present == start
    # A step after an undo forgets what could be redone.
    assert not history.undo().record(commands.rotate(dragged, 0)).can_redo


def test_a_drag_back_to_its_start_leaves_no_step() -> None:
    start = hung(STACK)
    turned = commands.rotate(start, 0)
    history = History(start).record(turned)
    history = history.record(commands.scroll_to(turned, 0, 6, STACKS), "scroll").record(turned, "scroll")
    assert history.undo().present == start
    again = history.record(commands.scroll_to(turned, 0, 7, STACKS), "scroll")
    assert again.undo().present == turned


def test_another_patient_cannot_be_undone_into() -> None:
    history = History(hung(STACK)).record(commands.rotate(hung(STACK), 0))
    fresh = history.restart(ComparisonSession())
    assert not fresh.can_undo
    assert fresh.present.generation == 1


def test_reset_brings_an_upright_fitted_view_of_the_same_slice() -> None:
    session = commands.rotate(commands.flip(commands.scroll_to(hung(STACK), 0, 3, STACKS), 0), 0)
    view = commands.reset_view(commands.one_to_one(session, 0, STACKS), 0, STACKS, (600, 400)).viewports[0].view
    assert view == replace(hung(STACK).viewports[0].view, frame_index=3)
    assert ViewState().quarter_turns == view.quarter_turns
