"""Three planes through one point stay through it, whatever is turned, moved, scaled or carried elsewhere."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from compare.linking.frame_graph import RigidTransform
from compare.reformat.mpr_state import PANES, MprState, crosshair_lines, edge_letters
from compare.reformat.plane import rotation

STATE = MprState((10.0, -20.0, 35.0), (0.0, 0.0, 0.0), 0.8)
DEGREES = st.floats(-170.0, 170.0)


@given(st.lists(st.tuples(st.integers(0, 2), DEGREES), max_size=5), st.floats(0.3, 3.0))
def test_every_plane_holds_the_crosshair_and_lines_are_where_planes_meet(
    turns: list[tuple[int, float]], factor: float
) -> None:
    state = STATE.zoomed(factor)
    for pane, degrees in turns:
        state = state.turned(pane, degrees)
    planes = [state.plane(pane, 200, 150) for pane in range(3)]
    for pane, plane in enumerate(planes):
        assert plane.raster_of(np.asarray(state.crosshair_lps_mm))[2] == pytest.approx(0.0, abs=1e-6)
        column, row, _ = plane.raster_of(np.asarray(state.crosshair_lps_mm))
        for other, (across, down) in crosshair_lines(state, pane, plane).items():
            point = plane.lps_of(column + 40.0 * across, row + 40.0 * down)
            assert planes[other].raster_of(point)[2] == pytest.approx(0.0, abs=1e-5)


def test_a_pane_stays_itself_while_its_crosshair_turns() -> None:
    turned = STATE.turned(0, 30.0)
    assert turned.frames[0] == STATE.frames[0]
    lines = crosshair_lines(turned, 0, turned.plane(0, 100, 100))
    before = crosshair_lines(STATE, 0, STATE.plane(0, 100, 100))
    for other in (1, 2):
        assert abs(float(np.dot(lines[other], before[other]))) == pytest.approx(np.cos(np.radians(30.0)))


def test_scrolling_moves_along_the_view() -> None:
    moved = STATE.stepped(PANES.index("axial"), 3.0)
    np.testing.assert_allclose(moved.crosshair_lps_mm, (10.0, -20.0, 38.0))
    assert moved.plane(1, 50, 50) == STATE.plane(1, 50, 50)


def test_zooming_keeps_the_crosshair_on_its_pixel() -> None:
    for pane in range(3):
        places = [
            state.plane(pane, 120, 90).raster_of(np.asarray(STATE.crosshair_lps_mm))[:2]
            for state in (STATE, STATE.zoomed(1.7))
        ]
        np.testing.assert_allclose(places[0], places[1], atol=1e-6)


def test_slabs_thicken_and_end_as_planes() -> None:
    assert STATE.thickened(2.0).slab_mm == 2.0
    assert STATE.thickened(2.0).thickened(-2.0).slab_mm == 0.0
    assert STATE.thickened(-5.0).slab_mm == 0.0
    assert STATE.thickened(1000.0).slab_mm == 100.0


@given(st.tuples(DEGREES, DEGREES, DEGREES), st.tuples(*[st.floats(-80.0, 80.0)] * 3))
def test_carried_into_another_space_they_show_the_same(
    angles: tuple[float, float, float], shift: tuple[float, float, float]
) -> None:
    matrix = np.eye(4)
    for axis, angle in zip(((1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0)), angles, strict=True):
        matrix[:3, :3] = rotation(axis, angle) @ matrix[:3, :3]
    matrix[:3, 3] = shift
    transform = RigidTransform(matrix)
    state = STATE.turned(1, 25.0)
    there = state.mapped(transform)
    for pane in range(3):
        here_plane, there_plane = state.plane(pane, 80, 60), there.plane(pane, 80, 60)
        for column, row in ((0.0, 0.0), (79.0, 0.0), (40.0, 59.0)):
            carried = transform.map_points(here_plane.lps_of(column, row)[None])[0]
            np.testing.assert_allclose(there_plane.lps_of(column, row), carried, atol=1e-5)
    np.testing.assert_allclose(there.mapped(transform.inverse()).crosshair_lps_mm, state.crosshair_lps_mm, atol=1e-6)


def test_letters_at_the_edges() -> None:
    assert [edge_letters(STATE.plane(pane, 10, 10)) for pane in range(3)] == [
        ("R", "A", "L", "P"),
        ("R", "H", "L", "F"),
        ("A", "H", "P", "F"),
    ]
    assert edge_letters(STATE.turned(0, 30.0).plane(1, 10, 10))[2] == "LP"
