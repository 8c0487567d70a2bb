"""Ultrasound: a size is a region's own, in the region's own unit, and pixels everywhere else (PS3.3 C.8.5.5)."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import pydicom
import pytest
from hypothesis import given
from hypothesis import strategies as st

from compare.measuring.angle import angle_between
from compare.measuring.length import length_between
from compare.measuring.region import Region
from compare.measuring.statistics import statistics_of
from compare.measuring.values import values_of
from compare.session.measurement import Measurement, MeasurementKind
from loaders.discovery.frame_building import frames_of
from loaders.discovery.header_scan import read_header
from loaders.model.frame import Frame
from loaders.model.pixel_format import FileLocator
from loaders.model.ultrasound_region import RegionUnit, UltrasoundRegion
from loaders.model.units import SpacingBasis
from tests.support.pictures import make_frame
from tests.support.reading import volume
from tests.support.shared_data import real_path

CM, SECOND, SPEED = RegionUnit.CENTIMETRE, RegionUnit.SECOND, RegionUnit.CENTIMETRE_PER_SECOND
#: Above a picture of oblong pixels, below it an M-mode trace, right of them a spectrum.
PICTURE = UltrasoundRegion(0, 0, 199, 99, CM, CM, 0.03, 0.05)
TRACE = UltrasoundRegion(0, 100, 199, 199, SECOND, CM, 0.005, 0.04, is_picture=False)
SPECTRUM = UltrasoundRegion(200, 0, 299, 199, SECOND, SPEED, 0.01, 1.5, is_picture=False)
SECOND_PICTURE = UltrasoundRegion(300, 0, 399, 199, CM, CM, 0.02, 0.02)
REGIONS = (PICTURE, TRACE, SPECTRUM, SECOND_PICTURE)


def about(value: float, rel: float | None = None, abs: float | None = None) -> Any:  # noqa: A002 - pytest's names
    """A number to the usual precision; untyped, so that it may stand within a tuple."""
    return pytest.approx(value, rel=rel, abs=abs)


def scan(*regions: UltrasoundRegion, spacing_mm: tuple[float, float] = (1.0, 1.0)) -> Frame:
    """A picture whose display spacing says nothing of its regions."""
    frame = make_frame(basis=SpacingBasis.PIXELS_ONLY, spacing_mm=spacing_mm, origin=None)
    return replace(frame, ultrasound_regions=regions or REGIONS)


def test_rows_and_columns_of_a_region_are_not_exchanged() -> None:
    across = length_between((10, 10), (110, 10), scan())
    down = length_between((10, 10), (10, 60), scan())
    assert (across.value, across.unit, across.basis) == (about(30.0), "mm", SpacingBasis.ULTRASOUND_REGION)
    assert (down.value, down.unit) == (about(25.0), "mm")


def test_each_region_measures_by_its_own_scale() -> None:
    assert length_between((10, 10), (110, 10), scan()).value == about(30.0)
    assert length_between((300, 10), (390, 10), scan()).value == about(18.0)


@given(
    *[st.floats(-0.5, 199.5)] * 2, *[st.floats(-0.5, 99.5)] * 2, st.sampled_from([(1.0, 1.0), (0.5, 0.3), (2.0, 1.0)])
)
def test_a_length_is_that_of_its_pixels_whatever_the_screen_stands_on(
    x0: float, x1: float, y0: float, y1: float, spacing_mm: tuple[float, float]
) -> None:
    row_mm, column_mm = spacing_mm
    ends = (x0 * column_mm, y0 * row_mm), (x1 * column_mm, y1 * row_mm)
    length = length_between(*ends, scan(PICTURE, spacing_mm=spacing_mm))
    if length.note:  # a rounding's breadth outside the border
        assert min(x0, x1, y0, y1) == -0.5 or max(x0, x1) == 199.5 or max(y0, y1) == 99.5
        return
    assert length.value == about(math.hypot((x1 - x0) * 0.3, (y1 - y0) * 0.5), rel=1e-6, abs=1e-6)


def test_seconds_and_velocities_are_never_millimetres() -> None:
    trace = length_between((10, 110), (80, 160), scan())
    assert (trace.value, trace.reason, trace.unit) == (None, "not_a_length", "")
    assert [(one.axis, one.value, one.unit) for one in trace.extents] == [
        ("across", about(0.35), "s"),
        ("down", about(20.0), "mm"),
    ]
    spectrum = length_between((210, 150), (250, 50), scan())
    assert spectrum.value is None
    assert [(one.value, one.unit) for one in spectrum.extents] == [
        (about(0.4), "s"),
        (about(150.0), "cm/s"),
    ]
    # Straight down a trace of depth is no exception: the value would change its meaning with the slope of the hand.
    assert length_between((10, 110), (10, 160), scan()).value is None


def test_an_axis_without_a_unit_says_nothing() -> None:
    ecg = UltrasoundRegion(0, 0, 99, 99, SECOND, RegionUnit.NONE, 0.01, 0.0, is_picture=False)
    (extent,) = length_between((0, 0), (50, 50), scan(ecg)).extents
    assert (extent.axis, extent.value, extent.unit) == ("across", about(0.5), "s")


@pytest.mark.parametrize(
    ("start", "end", "note"),
    [
        ((150, 10), (350, 10), "across_regions"),
        ((10, 10), (10, 150), "across_regions"),
        ((350, 10), (450, 10), "across_regions"),
        ((410, 10), (450, 10), "outside_regions"),
        ((410, 10), (410, 40), "outside_regions"),
    ],
)
def test_across_regions_and_outside_there_are_pixels_and_the_reason(
    start: tuple[float, float], end: tuple[float, float], note: str
) -> None:
    length = length_between(start, end, scan())
    assert (length.value, length.unit) == (about(math.dist(start, end)), "px")
    assert (length.basis, length.note) == (SpacingBasis.PIXELS_ONLY, note)


def test_pixels_that_the_screen_draws_oblong_have_no_length_outside() -> None:
    frame = replace(scan(), spacing=replace(make_frame(spacing_mm=(0.5, 0.3)).spacing, basis=SpacingBasis.PIXELS_ONLY))
    length = length_between((410 * 0.3, 0.0), (450 * 0.3, 0.0), frame)
    assert (length.value, length.reason, length.note) == (None, "pixels_not_square", "outside_regions")


def test_the_millimetres_of_the_screen_do_not_leak_out_of_the_region() -> None:
    frame = replace(make_frame(basis=SpacingBasis.ULTRASOUND_REGION, spacing_mm=(0.2, 0.2), origin=None))
    frame = replace(frame, ultrasound_regions=(UltrasoundRegion(0, 0, 99, 99, CM, CM, 0.02, 0.02),))
    inside, outside = length_between((0, 0), (10, 0), frame), length_between((30, 0), (40, 0), frame)
    assert (inside.value, inside.unit) == (about(10.0), "mm")
    assert (outside.value, outside.unit) == (about(50.0), "px")


def test_regions_over_one_another_agree_or_give_pixels() -> None:
    colour_flow = replace(PICTURE, first_column=50, last_column=100)
    assert length_between((60, 10), (90, 10), scan(PICTURE, colour_flow)).value == about(9.0)
    other = replace(colour_flow, across_delta=0.06)
    doubtful = length_between((60, 10), (90, 10), scan(PICTURE, other))
    assert (doubtful.unit, doubtful.note) == ("px", "regions_overlap")
    # Only one of them holds the whole line.
    assert length_between((10, 10), (90, 10), scan(PICTURE, other)).value == about(24.0)


def test_angles_by_the_region_or_not_at_all() -> None:
    # 50 columns are 15 mm, 30 rows are 15 mm: half a right angle in the patient, not on the screen.
    assert angle_between((60, 10), (10, 10), (60, 40), scan()).degrees == about(45.0)
    assert angle_between((60, 110), (10, 110), (60, 140), scan()).reason == "not_a_length"
    assert angle_between((410, 10), (420, 10), (420, 20), scan()).degrees == about(90.0)


@pytest.mark.parametrize(
    ("kind", "points", "share"),
    [
        (MeasurementKind.RECTANGLE, ((2.0, 1.0), (12.0, 11.0)), 1.0),
        (MeasurementKind.ELLIPSE, ((2.0, 1.0), (12.0, 11.0)), math.pi / 4),
        (MeasurementKind.POLYGON, ((2.0, 1.0), (12.0, 1.0), (12.0, 11.0)), 0.5),
    ],
)
def test_areas_by_the_region_or_not_at_all(
    kind: MeasurementKind, points: tuple[tuple[float, float], ...], share: float
) -> None:
    shown = volume("1.1", spacing_mm=(1.0, 1.0), basis=SpacingBasis.PIXELS_ONLY)
    picture = UltrasoundRegion(0, 0, 19, 19, CM, CM, 0.03, 0.05)

    def area(*regions: UltrasoundRegion) -> float | None:
        frames = tuple(replace(frame, ultrasound_regions=regions) for frame in shown.stack.frames)
        calibrated = replace(shown, stack=replace(shown.stack, frames=frames))
        return statistics_of(Region(kind, points), calibrated, 0).area_mm2

    assert area(picture) == about(10 * 0.3 * 10 * 0.5 * share)
    assert area(replace(picture, across_unit=SECOND)) is None
    assert area(replace(picture, last_row=9)) is None


def test_the_numbers_of_a_trace_and_the_reason_for_pixels_are_listed() -> None:
    shown = volume("1.1", spacing_mm=(1.0, 1.0), basis=SpacingBasis.PIXELS_ONLY)
    trace = UltrasoundRegion(0, 0, 19, 39, SECOND, CM, 0.005, 0.04, is_picture=False)
    frames = tuple(replace(frame, ultrasound_regions=(trace,)) for frame in shown.stack.frames)
    shown = replace(shown, stack=replace(shown.stack, frames=frames))
    frame = frames[0]

    def listed(*points: tuple[float, float]) -> list[tuple[str, float | None, str, str]]:
        drawn = Measurement("L", MeasurementKind.LENGTH, shown.stack.key, frame.sop_instance_uid, 1, points)
        return [(one.name, one.value, one.unit, one.reason) for one in values_of(drawn, shown)]

    assert listed((0.0, 0.0), (10.0, 30.0)) == [
        ("length", None, "", "not_a_length"),
        ("across", about(0.05), "s", ""),
        ("down", about(12.0), "mm", ""),
    ]
    assert listed((0.0, 0.0), (30.0, 0.0)) == [("length", 30.0, "px", "across_regions")]


# ---- scanners' own files


REAL = [
    "xray-us-other/us-a/OBXXXX1A.dcm",
    "xray-us-other/us-a/examples_ybr_color.dcm",
    "xray-us-other/us-a/no-pixel-spacing.dcm",
    "xray-us-other/us-a/tag_after_pixel",
    "xray-us-other/us-a/us_monochrome2.dcm",
]


def real_frame(path: Path) -> Frame:
    return frames_of(read_header(FileLocator(path)))[0]


@pytest.mark.real
@pytest.mark.parametrize("file", REAL)
def test_every_region_of_a_real_file_measures_as_its_header_says(file: str) -> None:
    path = real_path(file)
    frame, header = real_frame(path), pydicom.dcmread(path, stop_before_pixels=True)
    lengths = 0
    for item in header.SequenceOfUltrasoundRegions:
        left, top = item.RegionLocationMinX0 + 1, item.RegionLocationMinY0 + 1
        right, bottom = item.RegionLocationMaxX1 - 1, item.RegionLocationMaxY1 - 1
        if right <= left or bottom <= top or item.PhysicalUnitsXDirection == 0:
            continue
        ends = [(x * frame.spacing.column_mm, y * frame.spacing.row_mm) for x, y in ((left, top), (right, bottom))]
        length = length_between(ends[0], ends[1], frame)
        across, down = (right - left) * abs(item.PhysicalDeltaX), (bottom - top) * abs(item.PhysicalDeltaY)
        if item.PhysicalUnitsXDirection == item.PhysicalUnitsYDirection == 3:
            assert length.value == about(10.0 * math.hypot(across, down), rel=1e-9)
            assert length.unit == "mm"
            lengths += 1
        else:
            assert item.PhysicalUnitsXDirection == 4
            assert length.value is None
            assert length.extents[0].value == about(across)
            assert length.extents[0].unit == "s"
    assert lengths == 1
    # From the picture into the legend below it: no millimetres, though the whole screen has a scale.
    x, y = frame.ultrasound_regions[0].first_column + 5, frame.ultrasound_regions[0].first_row + 5
    spacing = frame.spacing
    beyond = length_between(
        (x * spacing.column_mm, y * spacing.row_mm), (x * spacing.column_mm, -20 * spacing.row_mm), frame
    )
    assert (beyond.unit, beyond.note) == ("px", "across_regions")
