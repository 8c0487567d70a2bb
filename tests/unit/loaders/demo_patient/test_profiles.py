"""Blurred shapes against the error function and numerical integrals."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from loaders.demo_patient.profiles import ball_table, blurred_ball, edge, tube_table

sizes = st.floats(min_value=0.3, max_value=12.0)
blurs = st.floats(min_value=0.3, max_value=4.0)


def test_an_edge_is_the_normal_distribution() -> None:
    distance = np.linspace(-8.0, 8.0, 2001, dtype=np.float32)
    truth = [0.5 * (1 + math.erf(d / (0.7 * math.sqrt(2)))) for d in distance.tolist()]
    assert np.abs(edge(distance, 0.7) - truth).max() < 4e-4


@given(radius=sizes, sigma=blurs)
def test_a_blurred_ball_keeps_its_volume(radius: float, sigma: float) -> None:
    r = np.linspace(1e-6, radius + 7 * sigma, 4001)
    coverage = np.array([blurred_ball(float(d), radius, sigma) for d in r])
    volume = np.trapezoid(4 * math.pi * r**2 * coverage, r)
    assert volume == pytest.approx(4 / 3 * math.pi * radius**3, rel=2e-3)
    assert coverage.min() >= -1e-12
    assert coverage.max() <= 1.0 + 1e-12


@given(radius=sizes, sigma=blurs)
def test_a_balls_table_is_the_closed_form(radius: float, sigma: float) -> None:
    table, per_mm = ball_table(radius, sigma)
    half_a_bin = 0.5 / per_mm * 0.4 / sigma  # times the steepest slope there can be
    for distance in (0.0, 0.5 * radius, radius, radius + sigma, radius + 3 * sigma):
        expected = blurred_ball(distance, radius, sigma)
        assert table[int(distance * per_mm)] == pytest.approx(expected, abs=half_a_bin + 1e-3)


@pytest.mark.parametrize(("radius", "sigma"), [(0.5, 1.0), (1.5, 1.0), (4.0, 1.0), (2.0, 0.4), (9.0, 0.9)])
def test_a_blurred_tube_is_the_disc_convolved(radius: float, sigma: float) -> None:
    step = sigma / 12
    axis = np.arange(-(radius + 5 * sigma), radius + 5 * sigma, step)
    x, y = np.meshgrid(axis, axis)
    disc = (x**2 + y**2 < radius**2).astype(float)
    table, per_mm = tube_table(radius, sigma)
    for distance in (0.0, 0.5 * radius, radius, radius + sigma):
        gauss = np.exp(-((x - distance) ** 2 + y**2) / (2 * sigma**2)) / (2 * math.pi * sigma**2)
        expected = float((disc * gauss).sum() * step**2)
        assert table[int(distance * per_mm)] == pytest.approx(expected, abs=0.012)
