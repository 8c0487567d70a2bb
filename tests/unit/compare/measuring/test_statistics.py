"""Statistics of regions agree with an independent count, and are withheld where they must be."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from numpy.typing import NDArray

from compare.measuring import statistics
from compare.measuring.angle import angle_between
from compare.measuring.region import Region, mask_of, spans_of
from compare.measuring.statistics import statistics_of, value_at
from compare.measuring.values import values_of
from compare.session.measurement import Measurement, MeasurementKind
from loaders.model.display import Padding, ValueMapping
from loaders.model.frame import Frame
from loaders.model.frame_validity import FrameState, FrameValidity
from loaders.model.stack import Stack, StackKey, StackKind
from loaders.model.units import PixelSpacing, SpacingBasis, ValueUnit
from loaders.model.volume import Volume
from tests.support.pictures import make_frame

ELLIPSE, RECTANGLE, POLYGON = MeasurementKind.ELLIPSE, MeasurementKind.RECTANGLE, MeasurementKind.POLYGON
_KEY = StackKey("1", "2", "3")
_HU = ValueMapping(slope=2.0, intercept=-1000.0, unit=ValueUnit.HOUNSFIELD)


def volume_of(stored: NDArray[np.int16], frame: Frame, state: FrameState = FrameState.LOADED) -> Volume:
    validity = FrameValidity(1)
    validity.mark(0, state)
    return Volume(Stack(_KEY, StackKind.SINGLE, (frame,)), validity, stored[np.newaxis])


def picture(
    rows: int = 30, columns: int = 40, spacing: tuple[float, float] = (1.5, 0.5)
) -> tuple[Frame, NDArray[np.int16]]:
    frame = replace(make_frame(rows=rows, columns=columns, spacing_mm=spacing), values=_HU)
    stored = np.arange(rows * columns, dtype=np.int16).reshape(rows, columns)
    return frame, stored


def test_a_rectangle_of_known_pixels() -> None:
    frame, stored = picture()
    # Columns 2 to 5 (1.0 to 2.5 mm), rows 1 and 2 (1.5 and 3.0 mm).
    region = Region(RECTANGLE, ((2.5, 3.0), (1.0, 1.5)))
    found = statistics_of(region, volume_of(stored, frame), 0)
    expected = stored[1:3, 2:6].astype(float) * 2 - 1000
    assert found.pixels == 8
    assert found.unit is ValueUnit.HOUNSFIELD
    assert found.mean == pytest.approx(expected.mean())
    assert found.standard_deviation == pytest.approx(expected.std())
    assert (found.minimum, found.maximum) == (expected.min(), expected.max())
    assert found.area_mm2 == pytest.approx(1.5 * 1.5)
    assert found.histogram is not None
    assert sum(found.histogram.counts) == 8


_PLACE = st.tuples(st.integers(-8, 180).map(lambda n: n / 8), st.integers(-8, 360).map(lambda n: n / 8))


@given(st.sampled_from([ELLIPSE, RECTANGLE, POLYGON]), st.lists(_PLACE, min_size=3, max_size=7))
def test_both_ways_of_finding_pixels_agree(kind: MeasurementKind, points: list[tuple[float, float]]) -> None:
    """Borders through pixel centres included: coordinates are multiples of an eighth of a millimetre."""
    frame, _ = picture()
    region = Region(kind, tuple(points if kind is POLYGON else points[:2]))
    mask, row, column = mask_of(region, frame)
    by_formula = {(int(r) + row, int(c) + column) for r, c in zip(*np.nonzero(mask), strict=True)}
    listed = [(row, column) for row, begin, end in spans_of(region, frame) for column in range(begin, end)]
    assert len(listed) == len(set(listed))
    assert set(listed) == by_formula


@given(st.lists(_PLACE, min_size=2, max_size=2))
def test_an_ellipse_holds_what_its_equation_says(points: list[tuple[float, float]]) -> None:
    (x0, y0), (x1, y1) = points
    assume(abs(x1 - x0) > 0.5 and abs(y1 - y0) > 0.5)
    frame, stored = picture()
    found = statistics_of(Region(ELLIPSE, tuple(points)), volume_of(stored, frame), 0)
    inside = [
        stored[row, column] * 2.0 - 1000
        for row in range(30)
        for column in range(40)
        if math.hypot((2 * column * 0.5 - x0 - x1) / (x1 - x0), (2 * row * 1.5 - y0 - y1) / (y1 - y0)) <= 1 + 1e-12
    ]
    if inside:
        assert found.pixels == len(inside)
        assert found.mean == pytest.approx(sum(inside) / len(inside))
    else:
        assert found.reason == "empty"
    assert found.area_mm2 == pytest.approx(math.pi / 4 * abs((x1 - x0) * (y1 - y0)))


def test_padding_is_left_out_and_counted() -> None:
    frame, stored = picture()
    frame = replace(frame, display=replace(frame.display, padding=Padding(0, 41)))
    region = Region(RECTANGLE, ((0.0, 0.0), (19.5, 3.0)))
    found = statistics_of(region, volume_of(stored, frame), 0)
    assert (found.pixels, found.left_out) == (120 - 42, 42)
    assert found.minimum == 42 * 2 - 1000
    nothing = statistics_of(Region(RECTANGLE, ((0.0, 0.0), (1.0, 0.0))), volume_of(stored, frame), 0)
    assert (nothing.mean, nothing.reason, nothing.left_out) == (None, "no_values", 3)


@pytest.mark.parametrize(
    ("state", "reason"),
    [(FrameState.PREVIEW, "preview"), (FrameState.WAITING, "not_loaded"), (FrameState.FAILED, "not_loaded")],
)
def test_nothing_is_measured_on_what_is_not_whole(state: FrameState, reason: str) -> None:
    frame, stored = picture()
    volume = volume_of(stored, frame, state)
    found = statistics_of(Region(RECTANGLE, ((0.0, 0.0), (5.0, 5.0))), volume, 0)
    assert (found.mean, found.reason) == (None, reason)
    assert value_at((1.0, 1.0), volume, 0) == (None, reason)


def test_a_value_that_two_computations_do_not_share_is_withheld(monkeypatch: pytest.MonkeyPatch) -> None:
    frame, stored = picture()
    monkeypatch.setattr(statistics, "apply_modality_lut", lambda values, _mapping: values * 2.0 - 999.0)
    found = statistics_of(Region(RECTANGLE, ((0.0, 0.0), (5.0, 5.0))), volume_of(stored, frame), 0)
    assert (found.mean, found.reason) == (None, "computations_disagree")


def test_a_probe_reads_the_pixel_under_it() -> None:
    frame, stored = picture()
    volume = volume_of(stored, frame)
    # Column 3 reaches from 1.25 to 1.75 mm, row 2 from 2.25 to 3.75 mm.
    for right_mm, down_mm in ((1.26, 2.26), (1.74, 3.74)):
        assert value_at((right_mm, down_mm), volume, 0) == (stored[2, 3] * 2 - 1000, "")
    assert value_at((-0.3, 0.0), volume, 0) == (None, "empty")


@given(st.floats(1, 179), st.floats(0, 360), st.floats(0.5, 300), st.floats(0.5, 300))
def test_angles(degrees: float, turned: float, a: float, b: float) -> None:
    start, end = math.radians(turned), math.radians(turned + degrees)
    vertex = (17.0, -4.0)
    one = (vertex[0] + a * math.cos(start), vertex[1] + a * math.sin(start))
    other = (vertex[0] + b * math.cos(end), vertex[1] + b * math.sin(end))
    assert angle_between(one, vertex, other, make_frame(spacing_mm=(3.0, 0.5))).degrees == pytest.approx(degrees)


def test_flat_and_missing_angles() -> None:
    frame = make_frame()
    assert angle_between((-5.0, 0.0), (0.0, 0.0), (9.0, 0.0), frame).degrees == pytest.approx(180.0)
    assert angle_between((5.0, 0.0), (0.0, 0.0), (9.0, 0.0), frame).degrees == pytest.approx(0.0, abs=1e-6)
    assert angle_between((0.0, 0.0), (0.0, 0.0), (9.0, 0.0), frame).reason == "no_angle"
    oblong = replace(frame, spacing=PixelSpacing(2.0, 1.0, SpacingBasis.PIXELS_ONLY))
    assert angle_between((5.0, 0.0), (0.0, 0.0), (9.0, 3.0), oblong).reason == "pixels_not_square"


def test_every_kind_says_its_values() -> None:
    frame, stored = picture(spacing=(1.0, 1.0))
    volume = volume_of(stored, frame)

    def said(kind: MeasurementKind, *points: tuple[float, float]) -> dict[str, float | None]:
        drawn = Measurement("m", kind, _KEY, frame.sop_instance_uid, 1, points)
        return {value.name: value.rounded for value in values_of(drawn, volume)}

    assert said(MeasurementKind.LENGTH, (0, 0), (3, 4)) == {"length": 5.0}
    crossed = said(MeasurementKind.BIDIRECTIONAL, (0, 0), (0, 2), (-3, 1), (3, 1))
    assert crossed == {"long_axis": 6.0, "short_axis": 2.0}
    assert said(MeasurementKind.ANGLE, (1, 0), (0, 0), (0, 1)) == {"angle": 90.0}
    assert said(MeasurementKind.PROBE, (3, 2)) == {"value": (2 * 40 + 3) * 2 - 1000}
    assert said(RECTANGLE, (0, 0), (1, 0))["mean"] == -999.0
    assert said(MeasurementKind.ARROW, (0, 0), (1, 0)) == {}
    with pytest.raises(ValueError, match="not here"):
        values_of(Measurement("m", MeasurementKind.PROBE, _KEY, "9.9", 1, ((0, 0),)), volume)
