"""The transform between canvas, image and patient, against hand-made answers and as properties."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from compare.viewing.canvas import CanvasTransform, fit_scale, frame_centre_mm, one_to_one_scale
from compare.viewing.view_state import ViewState
from loaders.model.frame import Frame
from tests.support.pictures import CORONAL, make_frame

_COORDINATE = st.floats(-3000, 3000)
_SPACING = st.floats(0.05, 10)


@st.composite
def _views(draw: st.DrawFn) -> ViewState:
    return ViewState(
        centre_mm=(draw(st.floats(-500, 500)), draw(st.floats(-500, 500))),
        mm_per_pixel=draw(st.floats(0.05, 20)),
        quarter_turns=draw(st.integers(-4, 7)),
        flipped=draw(st.booleans()),
    )


@st.composite
def _frames(draw: st.DrawFn) -> Frame:
    angles = [draw(st.floats(-math.pi, math.pi)) for _ in range(3)]
    c, s = np.cos(angles), np.sin(angles)
    about_x = np.array([[1, 0, 0], [0, c[0], -s[0]], [0, s[0], c[0]]])
    about_y = np.array([[c[1], 0, s[1]], [0, 1, 0], [-s[1], 0, c[1]]])
    about_z = np.array([[c[2], -s[2], 0], [s[2], c[2], 0], [0, 0, 1]])
    turn = about_z @ about_y @ about_x
    axes = (tuple(map(float, turn[:, 0])), tuple(map(float, turn[:, 1])))
    return make_frame(
        spacing_mm=(draw(_SPACING), draw(_SPACING)),
        axes=axes,  # type: ignore[arg-type]
        origin=(draw(st.floats(-400, 400)), draw(st.floats(-400, 400)), draw(st.floats(-400, 400))),
    )


@given(_views(), _frames(), _COORDINATE, _COORDINATE)
def test_every_way_there_leads_back(view: ViewState, frame: Frame, x: float, y: float) -> None:
    there = CanvasTransform.of(view, frame, 901, 640)

    assert there.in_plane_mm_to_canvas(*there.canvas_to_in_plane_mm(x, y)) == pytest.approx((x, y), abs=1e-9, rel=1e-9)
    assert there.image_to_canvas(*there.canvas_to_image(x, y)) == pytest.approx((x, y), abs=1e-9, rel=1e-9)
    lps = there.canvas_to_lps(x, y)
    assert lps is not None
    back = there.lps_to_canvas(lps)
    assert back is not None
    # 1e-9 in mm of the patient, seen through the scale.
    assert np.array(back) * [view.mm_per_pixel, view.mm_per_pixel, 1] == pytest.approx(
        np.array([x, y, 0.0]) * [view.mm_per_pixel, view.mm_per_pixel, 1], abs=1e-8
    )


@given(_views(), _frames(), _COORDINATE, _COORDINATE)
def test_the_matrices_say_what_the_methods_say(view: ViewState, frame: Frame, column: float, row: float) -> None:
    there = CanvasTransform.of(view, frame, 300, 777)

    x, y, one = there.matrix_image_to_canvas @ (column, row, 1.0)
    assert (x, y, one) == pytest.approx((*there.image_to_canvas(column, row), 1.0), rel=1e-9, abs=1e-7)
    product = there.matrix_canvas_to_image @ there.matrix_image_to_canvas
    assert product == pytest.approx(np.eye(3), abs=1e-7)


@given(_views(), _frames(), st.floats(-100, 100), st.floats(-100, 100))
def test_a_drag_moves_the_picture_by_so_many_mm(view: ViewState, frame: Frame, dx: float, dy: float) -> None:
    there = CanvasTransform.of(view, frame, 640, 480)

    right, down = there.canvas_vector_to_in_plane_mm(dx, dy)
    assert math.hypot(right, down) == pytest.approx(math.hypot(dx, dy) * view.mm_per_pixel, rel=1e-9, abs=1e-12)
    origin = there.canvas_to_in_plane_mm(10.0, 20.0)
    moved = there.canvas_to_in_plane_mm(10.0 + dx, 20.0 + dy)
    assert (moved[0] - origin[0], moved[1] - origin[1]) == pytest.approx((right, down), rel=1e-6, abs=1e-7)


@pytest.mark.parametrize(
    ("turns", "flipped", "first_pixel_at"),
    [
        # The first stored pixel of an upright picture is at the top left; a clockwise turn takes it to the top right.
        (0, False, (0.5, 0.5)),
        (1, False, (3.5, 0.5)),
        (2, False, (3.5, 3.5)),
        (3, False, (0.5, 3.5)),
        (0, True, (3.5, 0.5)),
        (1, True, (3.5, 3.5)),
        (2, True, (0.5, 3.5)),
        (3, True, (0.5, 0.5)),
    ],
)
def test_where_the_first_pixel_goes(turns: int, flipped: bool, first_pixel_at: tuple[float, float]) -> None:
    frame = make_frame(rows=4, columns=4, spacing_mm=(1.0, 1.0))
    view = ViewState(centre_mm=frame_centre_mm(frame), mm_per_pixel=1.0, quarter_turns=turns, flipped=flipped)

    assert CanvasTransform.of(view, frame, 4, 4).image_to_canvas(0, 0) == pytest.approx(first_pixel_at)


@pytest.mark.parametrize("turns", range(8))
@pytest.mark.parametrize("flipped", [False, True])
def test_a_picture_turns_as_an_array_does(turns: int, flipped: bool) -> None:
    stored = np.arange(6).reshape(2, 3)
    shown = np.rot90(np.fliplr(stored) if flipped else stored, -turns)
    frame = make_frame(rows=2, columns=3, spacing_mm=(1.0, 1.0))
    view = ViewState(centre_mm=frame_centre_mm(frame), mm_per_pixel=1.0, quarter_turns=turns, flipped=flipped)
    there = CanvasTransform.of(view, frame, shown.shape[1], shown.shape[0])

    for y in range(shown.shape[0]):
        for x in range(shown.shape[1]):
            column, row = there.canvas_to_image(x + 0.5, y + 0.5)
            assert stored[round(row), round(column)] == shown[y, x]


def test_a_coronal_pixel_lies_where_dicom_says() -> None:
    # PS3.3 C.7.6.2.1.1: P = S + X * column * spacing across + Y * row * spacing down.
    frame = make_frame(rows=10, columns=20, spacing_mm=(3.0, 2.0), axes=CORONAL, origin=(-20.0, 5.0, 100.0))
    view = ViewState(centre_mm=(0.0, 0.0), mm_per_pixel=0.5)
    there = CanvasTransform.of(view, frame, 100, 100)

    x, y = there.image_to_canvas(4, 6)
    assert (x, y) == (50 + 4 * 2.0 / 0.5, 50 + 6 * 3.0 / 0.5)
    assert there.canvas_to_lps(x, y) == pytest.approx([-20.0 + 8.0, 5.0, 100.0 - 18.0])
    off_plane = there.lps_to_canvas(np.array([-12.0, 9.0, 82.0]))
    assert off_plane is not None
    # Column x row = (1,0,0) x (0,0,-1) = (0,1,0): 4 mm to the back is +4.
    assert off_plane == pytest.approx((x, y, 4.0))


def test_no_place_in_the_patient_is_said() -> None:
    there = CanvasTransform.of(ViewState(), make_frame(origin=None), 10, 10)
    assert there.canvas_to_lps(1, 1) is None
    assert there.lps_to_canvas(np.zeros(3)) is None


@pytest.mark.parametrize("scale", [0.0, -1.0, math.nan, math.inf])
def test_a_scale_that_is_none_is_refused(scale: float) -> None:
    with pytest.raises(ValueError, match="positive"):
        CanvasTransform.of(ViewState(mm_per_pixel=scale), make_frame(), 10, 10)


@given(
    st.integers(1, 5000), st.integers(1, 5000), _SPACING, _SPACING, st.integers(1, 4000), st.integers(1, 4000),
    st.integers(0, 3), st.booleans(),
)  # fmt: skip
def test_a_fitted_picture_touches_two_edges_and_crosses_none(
    rows: int, columns: int, row_mm: float, column_mm: float, width: int, height: int, turns: int, flipped: bool
) -> None:
    frame = make_frame(rows=rows, columns=columns, spacing_mm=(row_mm, column_mm))
    scale = fit_scale(frame, width, height, turns)
    view = ViewState(centre_mm=frame_centre_mm(frame), mm_per_pixel=scale, quarter_turns=turns, flipped=flipped)
    there = CanvasTransform.of(view, frame, width, height)
    corners = [there.image_to_canvas(c, r) for c in (-0.5, columns - 0.5) for r in (-0.5, rows - 0.5)]
    xs, ys = zip(*corners, strict=True)

    slack = 1e-6
    assert min(xs) >= -slack
    assert max(xs) <= width + slack
    assert min(ys) >= -slack
    assert max(ys) <= height + slack
    assert max(xs) - min(xs) == pytest.approx(width) or max(ys) - min(ys) == pytest.approx(height)


def test_a_canvas_without_area_cannot_be_fitted() -> None:
    with pytest.raises(ValueError, match="no area"):
        fit_scale(make_frame(), 0, 100)


def test_one_to_one_never_drops_a_pixel() -> None:
    assert one_to_one_scale(make_frame(spacing_mm=(0.8, 0.4))) == 0.4
