"""What of a measurement lies under the pointer."""

from __future__ import annotations

from hypothesis import assume, given
from hypothesis import strategies as st

from compare.measuring.handles import Handle, handle_at
from compare.measuring.outline import grips_of, moved_points
from compare.session.measurement import Measurement, MeasurementKind
from compare.viewing.canvas import CanvasTransform
from compare.viewing.view_state import ViewState
from loaders.model.stack import StackKey
from tests.support.pictures import make_frame

_KEY = StackKey("1", "2", "3")


def line(name: str, *points_mm: tuple[float, float]) -> Measurement:
    return Measurement(name, MeasurementKind.LENGTH, _KEY, "1.2.3.4", 1, points_mm)


def transform(scale: float = 0.5, turns: int = 0, flipped: bool = False) -> CanvasTransform:
    view = ViewState(0, (50.0, 50.0), scale, turns, flipped)
    return CanvasTransform.of(view, make_frame(spacing_mm=(0.5, 1.5)), 400, 400)


def test_an_end_goes_before_a_line_and_the_nearest_end_before_others() -> None:
    lines = [line("a", (40.0, 50.0), (60.0, 50.0)), line("b", (44.0, 50.0), (44.0, 80.0))]
    at = transform()
    # Half a millimetre a pixel, the middle at 50 mm: 44 mm lies 12 pixels left of it.
    found = handle_at((189.0, 200.0), lines, at, 9.0)
    assert found is not None
    assert (found.measurement.identifier, found.point) == ("b", 0)
    found = handle_at((205.0, 203.0), lines, at, 9.0)
    assert found is not None
    assert (found.measurement.identifier, found.point) == ("a", None)
    assert handle_at((205.0, 215.0), lines, at, 9.0) is None


@given(
    start=st.tuples(st.floats(0, 100), st.floats(0, 100)),
    end=st.tuples(st.floats(0, 100), st.floats(0, 100)),
    turns=st.integers(0, 3),
    flipped=st.booleans(),
    scale=st.floats(0.05, 3.0),
)
def test_both_ends_are_found_wherever_the_picture_is_turned(
    start: tuple[float, float], end: tuple[float, float], turns: int, flipped: bool, scale: float
) -> None:
    at = transform(scale, turns, flipped)
    places = [at.in_plane_mm_to_canvas(*point) for point in (start, end)]
    assume(max(abs(places[0][0] - places[1][0]), abs(places[0][1] - places[1][1])) > 1.0)
    for number, place in enumerate(places):
        found = handle_at(place, [line("a", start, end)], at, 5.0)
        assert found is not None
        assert found.point == number


def test_moving_a_point_leaves_the_others_and_moving_the_whole_keeps_its_shape() -> None:
    drawn = line("a", (1.0, 2.0), (5.0, 6.0))
    assert Handle(drawn, 1).moved(1.0, -1.0) == ((1.0, 2.0), (6.0, 5.0))
    assert Handle(drawn, None).moved(1.0, -1.0) == ((2.0, 1.0), (6.0, 5.0))


@given(
    st.tuples(*[st.floats(-50.0, 50.0) for _ in range(4)]),
    st.integers(0, 3),
    st.floats(-20.0, 20.0),
    st.floats(-20.0, 20.0),
)
def test_a_corner_of_a_box_follows_and_the_opposite_one_stays(
    box: tuple[float, float, float, float], grip: int, right_mm: float, down_mm: float
) -> None:
    corners = ((box[0], box[1]), (box[2], box[3]))
    before = grips_of(MeasurementKind.ELLIPSE, corners)
    after = grips_of(MeasurementKind.ELLIPSE, moved_points(MeasurementKind.ELLIPSE, corners, grip, right_mm, down_mm))
    opposite = {0: 1, 1: 0, 2: 3, 3: 2}[grip]
    assert after[grip] == (before[grip][0] + right_mm, before[grip][1] + down_mm)
    assert after[opposite] == before[opposite]


def test_an_area_is_taken_by_its_border_and_by_all_four_corners() -> None:
    ellipse = Measurement("e", MeasurementKind.ELLIPSE, _KEY, "1.2.3.4", 1, ((40.0, 40.0), (60.0, 60.0)))
    at = transform()
    places = {
        name: at.in_plane_mm_to_canvas(*point)
        for name, point in {
            "corner": (60.0, 40.0),
            "border": (50.0, 40.0),
            "middle": (50.0, 50.0),
        }.items()
    }
    assert handle_at(places["corner"], [ellipse], at, 4.0) == Handle(ellipse, 2)
    assert handle_at(places["border"], [ellipse], at, 4.0) == Handle(ellipse, None)
    assert handle_at(places["middle"], [ellipse], at, 4.0) is None
