"""Planes in the patient: what lies where on the raster, and back."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from compare.reformat.plane import anatomical_plane, plane_with, rotation

COORDINATE = st.floats(-300.0, 300.0)
VECTOR = st.tuples(COORDINATE, COORDINATE, COORDINATE)


@given(VECTOR, VECTOR, VECTOR, st.floats(0.1, 5.0))
def test_raster_and_patient_are_inverse_and_right_handed(
    origin: tuple[float, float, float],
    normal: tuple[float, float, float],
    up: tuple[float, float, float],
    scale: float,
) -> None:
    try:
        plane = plane_with(origin, normal, up, width=30, height=20, mm_per_pixel=scale)
    except ValueError:
        lengths = float(np.linalg.norm(normal) * np.linalg.norm(up))
        sine = float(np.linalg.norm(np.cross(normal, up))) / max(lengths, 1e-300)
        assert sine < 0.011
        return
    axes = np.array([plane.right_lps, plane.down_lps, plane.normal_lps])
    np.testing.assert_allclose(axes @ axes.T, np.eye(3), atol=1e-9)
    assert np.linalg.det(axes) == pytest.approx(1.0)
    np.testing.assert_allclose(plane.normal_lps, np.asarray(normal) / np.linalg.norm(normal), atol=1e-9)
    assert float(np.asarray(plane.down_lps) @ np.asarray(up)) < 0.0
    column, row, distance = plane.raster_of(plane.lps_of(7.25, 3.5))
    np.testing.assert_allclose((column, row, distance), (7.25, 3.5, 0.0), atol=1e-6)


@pytest.mark.parametrize(
    ("name", "right", "down"),
    [("axial", (1, 0, 0), (0, 1, 0)), ("coronal", (1, 0, 0), (0, 0, -1)), ("sagittal", (0, 1, 0), (0, 0, -1))],
)
def test_named_planes_hang_as_radiology_does(
    name: str, right: tuple[float, float, float], down: tuple[float, float, float]
) -> None:
    plane = anatomical_plane(name, (10.0, 20.0, 30.0), width=11, height=7, mm_per_pixel=2.0)
    np.testing.assert_allclose(plane.right_lps, right, atol=1e-12)
    np.testing.assert_allclose(plane.down_lps, down, atol=1e-12)
    np.testing.assert_allclose(plane.lps_of(5, 3), (10.0, 20.0, 30.0), atol=1e-9)


@given(VECTOR, st.floats(-400, 400))
def test_turning_keeps_the_point_and_comes_back(about: tuple[float, float, float], degrees: float) -> None:
    plane = anatomical_plane("coronal", (1.0, 2.0, 3.0), width=9, height=9, mm_per_pixel=1.0)
    turned = plane.turned((0.3, -0.5, 0.8), degrees, about)
    before, after = plane.raster_of(np.asarray(about)), turned.raster_of(np.asarray(about))
    np.testing.assert_allclose(after, before, atol=1e-6)
    back = turned.turned((0.3, -0.5, 0.8), -degrees, about)
    np.testing.assert_allclose(back.origin_lps_mm, plane.origin_lps_mm, atol=1e-6)


def test_a_turn_is_right_handed() -> None:
    np.testing.assert_allclose(rotation((0, 0, 1), 90.0) @ (1, 0, 0), (0, 1, 0), atol=1e-12)


def test_a_coarse_raster_covers_the_same_ground() -> None:
    plane = anatomical_plane("axial", (0.0, 0.0, 0.0), width=101, height=64, mm_per_pixel=0.5)
    coarse = plane.reduced(2)
    assert (coarse.width, coarse.height) == (51, 32)
    np.testing.assert_allclose(coarse.lps_of(0, 0), plane.lps_of(0.5, 0.5))
    np.testing.assert_allclose(coarse.lps_of(10, 20), plane.lps_of(20.5, 40.5))


@pytest.mark.parametrize("slab", [0.0, 3.0, 20.0])
def test_slabs_reach_from_face_to_face(slab: float) -> None:
    plane = replace(anatomical_plane("axial", (0, 0, 0), width=2, height=2, mm_per_pixel=1.0), slab_mm=slab)
    offsets = plane.slab_offsets_mm(0.7)
    assert offsets[0] == -slab / 2
    assert offsets[-1] == slab / 2
    assert np.all(np.diff(offsets) <= 0.7 + 1e-9)


@pytest.mark.parametrize("normal", [(0.0, 0.0, 0.0), (0.0, 1.0, 0.0), (float("nan"), 0.0, 0.0)])
def test_no_plane(normal: tuple[float, float, float]) -> None:
    with pytest.raises(ValueError, match=r"normal|up"):
        plane_with((0.0, 0.0, 0.0), normal, (0.0, 2.0, 0.0), width=3, height=3, mm_per_pixel=1.0)
