"""The breath and the shift can be undone, everywhere and exactly."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from loaders.demo_patient.motion import BodyMotion, Breath

angles = st.floats(min_value=-5.0, max_value=5.0)
shifts = st.floats(min_value=-900.0, max_value=900.0)
motions = st.builds(
    BodyMotion,
    st.tuples(angles, angles, angles),
    st.tuples(shifts, shifts, shifts),
    st.builds(Breath, st.floats(0.0, 20.0), st.floats(0.0, 5.0), st.floats(0.0, 4.0)),
)
points = st.tuples(
    st.floats(min_value=-180.0, max_value=180.0),
    st.floats(min_value=-130.0, max_value=130.0),
    st.floats(min_value=-40.0, max_value=340.0),
)


def pulled(motion: BodyMotion, lps_mm: np.ndarray) -> np.ndarray:
    return np.stack(motion.pull(*np.ascontiguousarray(lps_mm.T)), axis=1)


@given(motion=motions, place=points)
def test_pull_undoes_push(motion: BodyMotion, place: tuple[float, float, float]) -> None:
    rest = np.array([place])
    assert pulled(motion, motion.push(rest)) == pytest.approx(rest, abs=1e-7)


@given(motion=motions, place=points)
def test_space_is_never_folded(motion: BodyMotion, place: tuple[float, float, float]) -> None:
    here = motion.push(np.array([place]))
    steps = np.concatenate([here + 1e-4 * np.eye(3), here - 1e-4 * np.eye(3)])
    rest = pulled(motion, steps)
    jacobian = (rest[:3] - rest[3:]) / 2e-4
    assert 0.55 < np.linalg.det(jacobian) < 1.5


def test_without_a_breath_distances_are_kept() -> None:
    motion = BodyMotion((3.0, -2.0, 5.0), (10.0, 20.0, -30.0))
    cloud = np.random.default_rng(1).normal(size=(20, 3)) * 80
    moved = motion.push(cloud)
    before = np.linalg.norm(cloud[:, None] - cloud[None], axis=2)
    after = np.linalg.norm(moved[:, None] - moved[None], axis=2)
    assert after == pytest.approx(before, abs=1e-9)


def test_the_domes_rise_and_the_spine_stays() -> None:
    motion = BodyMotion(breath=Breath(diaphragm_mm=16.0))
    dome, spine = motion.push(np.array([[-62.0, -12.0, 60.0], [0.0, 68.0, 60.0]]))
    assert dome[2] - 60.0 > 8.0
    assert abs(spine[2] - 60.0) < 1.0
