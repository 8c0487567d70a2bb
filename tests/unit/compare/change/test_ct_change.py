"""CT change on a phantom lung: what came, grew, shrank, went; and what merely lies aside."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.ndimage as ndi

from compare.change.aligned_pair import AlignedPair
from compare.change.candidates import ChangeKind
from compare.change.ct_change import ct_candidates, ct_change_map
from compare.registration.work_grid import WorkGrid

SHAPE, STEP = (72, 80, 100), 1.5
GRID = WorkGrid(np.array([-75.0, -60.0, 500.0]), np.eye(3), STEP, SHAPE)
Nodule = tuple[tuple[float, float, float], float]


def scan(nodules: list[Nodule], seed: int, vessel_shift_mm: float = 0.0) -> np.ndarray:
    z, y, x = np.indices(SHAPE)
    points = GRID.to_lps(np.stack([z.ravel(), y.ravel(), x.ravel()], axis=1).astype(float))
    inside = (((points - [0, 0, 553.0]) / [60, 45, 45.0]) ** 2).sum(axis=1) < 1
    values = np.where(inside, -850.0, 40.0)
    far = (np.abs(points[:, 0]) > 72) | (np.abs(points[:, 1]) > 56)
    values[far] = -1000.0
    near_vessel = np.hypot(points[:, 0] - 20 - vessel_shift_mm, points[:, 1] + 15) < 2.5
    values[near_vessel & inside] = 30.0
    for centre, diameter in nodules:
        values[np.linalg.norm(points - centre, axis=1) < diameter / 2] = 40.0
    values = ndi.gaussian_filter(values.reshape(SHAPE), 0.6)
    noisy: np.ndarray = (values + np.random.default_rng(seed).normal(0, 25, SHAPE)).astype(np.float32)
    return noisy


A, B, C, D, E = (-30, 5, 550.0), (-10, -20, 560.0), (5, 20, 540.0), (-25, -15, 530.0), (35, 10, 560.0)


def test_every_change_is_listed_with_its_kind_and_nothing_else() -> None:
    now = scan([(A, 5.0), (B, 9.0), (C, 6.0), (E, 4.5)], 1, vessel_shift_mm=0.6)
    then = scan([(B, 5.5), (C, 9.5), (D, 6.0), (E, 4.5)], 2)
    pair = AlignedPair(GRID, now, then, np.ones(SHAPE, dtype=np.bool_))
    change = ct_change_map(pair)
    found = ct_candidates(pair, change).candidates
    kinds = {}
    places = {"A": A, "B": B, "C": C, "D": D, "E": E}
    for candidate in found:
        gaps = {name: float(np.linalg.norm(np.subtract(candidate.centre_lps_mm, at))) for name, at in places.items()}
        name = min(gaps, key=gaps.__getitem__)
        assert gaps[name] < 2.0, candidate
        kinds[name] = candidate.kind
    assert kinds == {"A": ChangeKind.NEW, "B": ChangeKind.GROWN, "C": ChangeKind.SHRUNK, "D": ChangeKind.GONE}


def test_the_volume_is_that_of_the_change() -> None:
    now, then = scan([(A, 8.0)], 1), scan([], 2)
    pair = AlignedPair(GRID, now, then, np.ones(SHAPE, dtype=np.bool_))
    found = ct_candidates(pair, ct_change_map(pair)).candidates
    assert len(found) == 1
    assert found[0].volume_mm3 == pytest.approx(np.pi / 6.0 * 8.0**3, rel=0.25)


def test_no_change_lists_nothing_whatever_the_noise() -> None:
    pair = AlignedPair(GRID, scan([(A, 6.0)], 3), scan([(A, 6.0)], 4), np.ones(SHAPE, dtype=np.bool_))
    change = ct_change_map(pair)
    assert not ct_candidates(pair, change).candidates
    loud = AlignedPair(
        GRID,
        scan([], 5) + np.random.default_rng(6).normal(0, 500, SHAPE).astype(np.float32),
        scan([], 7),
        np.ones(SHAPE, dtype=np.bool_),
    )
    assert ct_change_map(loud).threshold > change.threshold
