"""No overlap, other anatomy or patient, wrong orientation, damaged and odd input: refused, or right; never wrong."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from compare.registration.acceptance import RefusalReason
from compare.registration.register import Method, register
from compare.registration.registration_image import RegistrationImage
from tests.support.registration_phantoms import SHAPE, Body, breath, cut, flipped, image_of

Pair = tuple[RegistrationImage, RegistrationImage]
CHEST, OTHER, HEAD = Body(1), Body(2), Body(3, "head")
SHIFT = (0.0, 0.0, -300.0)


def chest(**changes: object) -> RegistrationImage:
    return image_of(CHEST, **changes)


def moved(**changes: object) -> RegistrationImage:
    return image_of(CHEST, pull=breath, shift_mm=SHIFT, seed=9, **changes)


def with_values(image: RegistrationImage, change: Callable[[np.ndarray], np.ndarray]) -> RegistrationImage:
    return replace(image, values=change(image.values.copy()).astype(np.float32))


def metal(values: np.ndarray) -> np.ndarray:
    values[18:22, 17:20, 25:29] = 8000.0
    values[18:22, 8:38, 26:28] += 500.0
    return values


def shuffled(values: np.ndarray) -> np.ndarray:
    return values[np.random.default_rng(1).permutation(len(values))]


def blank_slices(values: np.ndarray) -> np.ndarray:
    values[5:30] = -1000.0
    return values


def noise_only(values: np.ndarray) -> np.ndarray:
    return np.random.default_rng(2).normal(0, 100, values.shape)


def contrast(values: np.ndarray) -> np.ndarray:
    values[(values > 20) & (values < 200)] += 120.0
    return values


REFUSED: dict[str, Callable[[], Pair]] = {
    "another patient's chest": lambda: (chest(), image_of(OTHER, shift_mm=SHIFT)),
    "another patient's chest, moved": lambda: (chest(), image_of(OTHER, pull=breath)),
    "another patient's head": lambda: (image_of(HEAD), image_of(Body(8, "head"))),
    "head against chest": lambda: (image_of(HEAD), chest()),
    "chest against head": lambda: (chest(), image_of(HEAD)),
    "MR head against MR chest": lambda: (image_of(HEAD, modality="MR"), chest(modality="MR")),
    "CT against MR": lambda: (chest(), chest(modality="MR")),
    "MR against CT": lambda: (chest(modality="MR"), chest()),
    "PET": lambda: (chest(modality="PT"), moved(modality="PT")),
    "ultrasound volume": lambda: (chest(modality="US"), moved(modality="US")),
    "left and right exchanged": lambda: (chest(), flipped(moved(), 2)),
    "front and back exchanged": lambda: (chest(), flipped(moved(), 1)),
    "top and bottom exchanged": lambda: (chest(), flipped(moved(), 0)),
    "turned about the long axis by a wrong header": lambda: (chest(), flipped(moved(), 1, 2)),
    "turned head over heels by a wrong header": lambda: (chest(), flipped(moved(), 0, 1)),
    "point-mirrored": lambda: (chest(), flipped(moved(), 0, 1, 2)),
    "current's left and right exchanged": lambda: (flipped(chest(), 2), moved()),
    "head left and right exchanged": lambda: (image_of(HEAD), flipped(image_of(HEAD, seed=7), 2)),
    "top against bottom, nothing in common": lambda: (cut(chest(), 0, 13), cut(moved(), 28, 40)),
    "bottom against top, nothing in common": lambda: (cut(chest(), 28, 40), cut(moved(), 0, 12)),
    "empty current": lambda: (with_values(chest(), lambda v: np.full_like(v, -1000.0)), moved()),
    "empty prior": lambda: (chest(), with_values(moved(), lambda v: np.full_like(v, -1000.0))),
    "both empty": lambda: (with_values(chest(), np.zeros_like), with_values(moved(), np.zeros_like)),
    "all one value": lambda: (chest(), with_values(moved(), lambda v: np.full_like(v, 40.0))),
    "MR all zero": lambda: (with_values(chest(modality="MR"), np.zeros_like), moved(modality="MR")),
    "noise only": lambda: (chest(), with_values(moved(), noise_only)),
    "slices in random order": lambda: (chest(), with_values(moved(), shuffled)),
    "most slices blank": lambda: (chest(), with_values(cut(moved(), 0, 32), blank_slices)),
    "values negated": lambda: (chest(), with_values(moved(), lambda v: -v)),
    "small ball instead of a patient": lambda: (
        chest(),
        image_of(HEAD, shape=(10, 12, 12), spacing=(30.0, 30.0, 30.0)),
    ),
    "pixel size wrong by half": lambda: (chest(), stretched(moved(), 0.5)),
    "slice distance wrong by two": lambda: (chest(), stretched_slices(moved(), 2.2)),
}


def stretched(image: RegistrationImage, factor: float) -> RegistrationImage:
    affine = image.index_to_lps.copy()
    affine[:3, 1:3] *= factor
    return replace(image, index_to_lps=affine)


def stretched_slices(image: RegistrationImage, factor: float) -> RegistrationImage:
    affine = image.index_to_lps.copy()
    affine[:3, 0] *= factor
    return replace(image, index_to_lps=affine)


@pytest.mark.parametrize("name", REFUSED)
def test_refuses_what_cannot_be_aligned_and_says_why(name: str) -> None:
    current, prior = REFUSED[name]()
    outcome = register(current, prior, Method.RIGID)
    assert outcome.best is None
    assert isinstance(outcome.refusal, RefusalReason)


ODD: dict[str, Callable[[], Pair]] = {
    "thick against thin slices": lambda: (chest(), moved(shape=(22, 44, 54), spacing=(11.0, 6.0, 6.0))),
    "half the coverage": lambda: (cut(chest(), 12, 40), moved()),
    "another field of view": lambda: (chest(), moved(shape=(40, 40, 52), spacing=(6.0, 6.3, 6.3))),
    "metal in one": lambda: (chest(), with_values(moved(), metal)),
    "contrast in one": lambda: (chest(), with_values(moved(), contrast)),
    "four times the noise": lambda: (chest(), moved(noise=45.0)),
    "turned coordinates far away": lambda: (chest(), image_of(CHEST, pull=breath, shift_mm=(900.0, -700.0, 2000.0))),
}


@pytest.mark.parametrize("name", ODD)
def test_aligns_odd_but_honest_pairs_or_refuses_them(name: str) -> None:
    current, prior = ODD[name]()
    outcome = register(current, prior, Method.RIGID)
    if outcome.best is None:
        return
    origin = prior.corners_lps_mm.mean(axis=0) if "far" in name else np.array(SHIFT)
    points = np.random.default_rng(3).uniform((-90, -60, -70), (90, 60, 70), (200, 3))
    mapped = breath(outcome.best.current_to_prior.map_points(points) - origin)
    errors = np.linalg.norm(mapped - points, axis=1)
    stated = outcome.best.error.at(points)
    assert float(np.median(errors)) < 6.0
    assert float(np.mean(stated[errors > 8.0] > 5.0)) > 0.8 if (errors > 8.0).any() else True


def test_the_shape_of_the_phantom_is_what_the_cases_assume() -> None:
    assert chest().values.shape == SHAPE
