"""A length is right, says what it rests on, or is withheld."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from compare.measuring.length import length_between, length_of
from compare.session.measurement import Measurement, MeasurementKind
from loaders.model.frame_plane import Vector3
from loaders.model.stack import StackKey
from loaders.model.units import SpacingBasis
from tests.support.pictures import CORONAL, make_frame


def test_rows_and_columns_are_not_exchanged() -> None:
    frame = make_frame(spacing_mm=(3.0, 0.5), axes=CORONAL)
    # 10 columns across are 5 mm, 10 rows down are 30 mm.
    assert length_between((0, 0), (10 * 0.5, 0), frame).value == pytest.approx(5.0)
    assert length_between((0, 0), (0, 10 * 3.0), frame).value == pytest.approx(30.0)


@given(st.floats(0.1, 5), st.floats(0.1, 5), *[st.floats(-500, 500)] * 4)
def test_the_distance_of_two_patient_points(
    row_mm: float, column_mm: float, x0: float, y0: float, x1: float, y1: float
) -> None:
    angle = 0.3
    axes: tuple[Vector3, Vector3] = ((math.cos(angle), math.sin(angle), 0.0), (0.0, 0.0, -1.0))
    frame = make_frame(spacing_mm=(row_mm, column_mm), axes=axes, origin=(-80.0, 33.0, 12.0))
    assert frame.plane is not None
    apart = float(np.linalg.norm(frame.plane.lps_of(x1, y1) - frame.plane.lps_of(x0, y0)))
    length = length_between((x0, y0), (x1, y1), frame)
    assert length.value == pytest.approx(apart, rel=1e-6, abs=1e-6)
    assert (length.unit, length.basis) == ("mm", SpacingBasis.GEOMETRY)


def test_a_plane_whose_axes_are_no_right_angle_withholds_the_value() -> None:
    skewed: tuple[Vector3, Vector3] = ((1.0, 0.0, 0.0), (math.sin(0.1), math.cos(0.1), 0.0))
    length = length_between((0, 0), (30, 40), make_frame(axes=skewed))
    assert length.value is None
    assert length.rounded is None
    assert length.reason == "computations_disagree"


def test_pixels_stay_pixels() -> None:
    frame = make_frame(basis=SpacingBasis.PIXELS_ONLY, spacing_mm=(1.0, 1.0), origin=None)
    length = length_between((0, 0), (3, 4), frame)
    assert (length.value, length.unit) == (5.0, "px")
    oblong = make_frame(basis=SpacingBasis.PIXELS_ONLY, spacing_mm=(2.0, 1.0), origin=None)
    assert length_between((0, 0), (3, 4), oblong).reason == "pixels_not_square"


@pytest.mark.parametrize(
    ("spacing", "decimals", "rounded"), [(0.1, 1, 33.3), (0.7, 1, 33.3), (1.5, 0, 33.0), (4.0, 0, 33.0)]
)
def test_no_more_digits_than_the_grid_allows(spacing: float, decimals: int, rounded: float) -> None:
    length = length_between((0, 0), (33.3456, 0), make_frame(spacing_mm=(spacing, spacing)))
    assert (length.decimals, length.rounded) == (decimals, rounded)
    assert length.uncertainty == pytest.approx(spacing / math.sqrt(2))


def test_a_length_never_travels_to_another_frame() -> None:
    frame = make_frame(sop_instance_uid="1.2")
    drawn = Measurement("L1", MeasurementKind.LENGTH, StackKey("1", "2", "3"), "1.2", 1, ((0.0, 0.0), (3.0, 4.0)))
    assert length_of(drawn, frame).value == pytest.approx(5.0)
    with pytest.raises(ValueError, match="another frame"):
        length_of(drawn, make_frame(sop_instance_uid="1.3"))


def test_a_basis_that_is_not_of_the_patient_is_named() -> None:
    frame = make_frame(basis=SpacingBasis.AT_DETECTOR, origin=None)
    assert length_between((0, 0), (1, 0), frame).basis is SpacingBasis.AT_DETECTOR
    assert length_between((0, 0), (math.inf, 0), frame).reason == "not_finite"
