"""Sections of known area, air and bone; regions by shares."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from compare.pairing.body_region import (
    SectionMeasures,
    measure_section,
    region_of_section,
    region_shares,
    shares_in_common,
    slices_to_look_at,
)

_SIDE = 256


def _ellipse(
    half_width_mm: float, half_height_mm: float, spacing_mm: float, at: tuple[float, float] = (0.0, 0.0)
) -> NDArray[np.bool_]:
    axis = (np.arange(_SIDE) - _SIDE / 2) * spacing_mm
    return ((axis[None, :] - at[0]) / half_width_mm) ** 2 + ((axis[:, None] - at[1]) / half_height_mm) ** 2 <= 1.0


def _section(kind: str, spacing_mm: float) -> NDArray[np.float32]:
    values = np.full((_SIDE, _SIDE), -1000.0, np.float32)
    if kind == "head":
        values[_ellipse(75, 95, spacing_mm)] = 900.0
        values[_ellipse(67, 87, spacing_mm)] = 35.0
        return values
    values[_ellipse(170, 115, spacing_mm)] = 40.0
    if kind == "chest":
        for x in (-80, 80):
            values[_ellipse(55, 75, spacing_mm, (x, 0))] = -850.0
    if kind == "pelvis":
        for x in (-95, 95):
            values[_ellipse(25, 40, spacing_mm, (x, 10))] = 500.0
    values[_ellipse(16, 16, spacing_mm, (0, 85))] = 400.0  # the spine
    values[int(_SIDE / 2 + 130 / spacing_mm) :][:2] = 100.0  # the table
    return values


@pytest.mark.parametrize("spacing_mm", [1.5, 1.9])
@pytest.mark.parametrize(
    ("kind", "region"), [("head", "BRAIN"), ("chest", "CHEST"), ("belly", "ABDOMEN"), ("pelvis", "PELVIS")]
)
def test_sections_are_recognised(kind: str, region: str, spacing_mm: float) -> None:
    measures = measure_section(_section(kind, spacing_mm), (spacing_mm, spacing_mm))
    area = np.pi * (7.5 * 9.5 if kind == "head" else 17.0 * 11.5)
    assert measures.area_cm2 == pytest.approx(area, rel=0.06)
    assert region_of_section(measures) == region


def test_nothing_is_said_of_air_noise_or_another_plane() -> None:
    assert region_of_section(measure_section(np.full((64, 64), np.nan), (2.0, 2.0))) == ""
    assert region_of_section(SectionMeasures(600.0, 0.02, 0.03), is_axial=False) == ""
    assert region_of_section(SectionMeasures(150.0, 0.0, 0.06)) == ""  # a neck, a thigh


@given(st.lists(st.sampled_from(["CHEST", "ABDOMEN", "PELVIS", ""]), max_size=9))
def test_shares_sum_to_one_and_agree_with_themselves(regions: list[str]) -> None:
    shares = region_shares(regions)
    assert not shares or sum(share for _, share in shares) == pytest.approx(1.0, abs=0.005)
    assert not shares or shares_in_common(shares, shares) == pytest.approx(1.0, abs=0.005)
    assert shares_in_common((("CHEST", 1.0),), (("CHEST", 0.4), ("ABDOMEN", 0.6))) == 1.0


@given(st.integers(1, 2000))
def test_a_few_slices_lie_within_the_stack(count: int) -> None:
    indices = list(slices_to_look_at(count))
    assert len(set(indices)) == len(indices) == min(count, 5)
    assert all(0 <= index < count for index in indices)
