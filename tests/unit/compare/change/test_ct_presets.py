"""The soft tissue and bone presets on solid phantoms: a lesion of known volume and contrast in an even organ."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.ndimage as ndi

from compare.change.aligned_pair import AlignedPair
from compare.change.candidates import ChangeKind, Changes
from compare.change.ct_change import BONE, SOFT, CtPreset, ct_candidates, ct_change_map
from compare.registration.work_grid import WorkGrid

SHAPE, STEP = (56, 60, 64), 1.25
GRID = WorkGrid(np.array([-40.0, -37.0, 500.0]), np.eye(3), STEP, SHAPE)
A, B = (-10.0, 5.0, 535.0), (12.0, -8.0, 525.0)
DIAMETER_MM = 9.0
VOLUME_MM3 = np.pi / 6.0 * DIAMETER_MM**3
Lesion = tuple[tuple[float, float, float], float]


def scan(preset: CtPreset, lesions: list[Lesion], seed: int) -> np.ndarray:
    """Liver of 50 HU, or a shaft of bone of 400 HU in it; lesions are balls of 9 mm of the given HU."""
    z, y, x = np.indices(SHAPE)
    points = GRID.to_lps(np.stack([z.ravel(), y.ravel(), x.ravel()], axis=1).astype(float))
    values = np.full(len(points), 50.0)
    if preset is BONE:
        values[np.hypot(points[:, 0], points[:, 1]) < 26.0] = 400.0
    for centre, hu in lesions:
        values[np.linalg.norm(points - centre, axis=1) < DIAMETER_MM / 2.0] = hu
    values = ndi.gaussian_filter(values.reshape(SHAPE), 0.6)
    noisy: np.ndarray = (values + np.random.default_rng(seed).normal(0, 12, SHAPE)).astype(np.float32)
    return noisy


def listed(preset: CtPreset, now: list[Lesion], then: list[Lesion]) -> Changes:
    pair = AlignedPair(GRID, scan(preset, now, 1), scan(preset, then, 2), np.ones(SHAPE, dtype=np.bool_))
    return ct_candidates(pair, ct_change_map(pair, preset), preset)


@pytest.mark.parametrize(
    ("preset", "hu", "kinds"),
    [
        pytest.param(SOFT, 110.0, (ChangeKind.NEW, ChangeKind.GONE), id="enhancing in the liver"),
        pytest.param(BONE, 850.0, (ChangeKind.NEW, ChangeKind.GONE), id="sclerotic in bone"),
    ],
)
def test_a_denser_place_is_listed_with_its_kind_place_and_volume(
    preset: CtPreset, hu: float, kinds: tuple[ChangeKind, ChangeKind]
) -> None:
    found = listed(preset, [(A, hu)], [(B, hu)]).candidates
    assert len(found) == 2
    for at, kind in zip((A, B), kinds, strict=True):
        one = min(found, key=lambda row: float(np.linalg.norm(np.subtract(row.centre_lps_mm, at))))
        assert np.linalg.norm(np.subtract(one.centre_lps_mm, at)) < 1.0
        assert one.kind is kind
        assert one.volume_mm3 == pytest.approx(VOLUME_MM3, rel=0.25)


@pytest.mark.parametrize(("preset", "hu"), [(SOFT, 0.0), (BONE, 60.0)], ids=["soft", "lytic"])
def test_a_place_that_lost_density_is_listed_by_its_sign(preset: CtPreset, hu: float) -> None:
    found = listed(preset, [(A, hu)], []).candidates
    assert len(found) == 1
    assert found[0].contrast < 0.0
    assert np.linalg.norm(np.subtract(found[0].centre_lps_mm, A)) < 1.0
    assert found[0].volume_mm3 == pytest.approx(VOLUME_MM3, rel=0.25)


@pytest.mark.parametrize(("preset", "hu"), [(SOFT, 110.0), (BONE, 60.0), (BONE, 850.0)])
@pytest.mark.parametrize("aside_mm", [0.0, 0.8])
def test_the_same_lesion_a_little_aside_is_no_change(preset: CtPreset, hu: float, aside_mm: float) -> None:
    assert not listed(preset, [(A, hu)], [((A[0] + aside_mm, A[1], A[2]), hu)]).candidates
