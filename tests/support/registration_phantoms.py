"""Bodies made of ellipsoids, lungs, vessels and bones, in closed form: any deformation of them is exact."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache

import numpy as np
from numpy.typing import NDArray

from compare.registration.registration_image import RegistrationImage

Points = NDArray[np.float64]
Pull = Callable[[Points], Points]
SHAPE = (40, 44, 54)
SPACING = (6.0, 6.0, 6.0)


def stay(points: Points) -> Points:
    """No motion."""
    return points


@dataclass(frozen=True)
class Body:
    """One patient: ``seed`` places the vessels and bones, ``kind`` is ``chest`` or ``head``."""

    seed: int = 1
    kind: str = "chest"

    def density(self, points: Points) -> NDArray[np.float32]:
        """HU at points (n, 3) in the body's own mm, soft edges of about 2 mm."""
        rng = np.random.default_rng(self.seed)
        x, y = points.T[:2]

        def ball(centre: Points, radii: Points) -> NDArray[np.float64]:
            inside = np.zeros(len(points))
            near = np.flatnonzero((np.abs(points - centre) < radii + 12.0).all(axis=1))
            scaled = ((points[near] - centre) / radii) ** 2
            distance = (np.sqrt(scaled.sum(axis=1)) - 1.0) * float(np.min(radii))
            inside[near] = 1.0 / (1.0 + np.exp(np.clip(distance / 1.5, -40, 40)))
            return inside

        if self.kind == "head":
            radii = np.array([72.0, 90.0, 95.0]) * rng.uniform(0.88, 1.08, 3)
            skull, brain = ball(np.zeros(3), radii), ball(np.zeros(3), radii - 8.0)
            values = -1000.0 + skull * 1900.0 - brain * 860.0
            for centre in rng.uniform(-58, 58, (90, 3)):
                values += ball(centre, rng.uniform(6, 14, 3)) * rng.uniform(-150, 200)
            return np.asarray(values, dtype=np.float32)
        wide, deep, high = rng.uniform(0.85, 1.1, 3)
        trunk = ((x / (140.0 * wide)) ** 2 + (y / (95.0 * deep)) ** 2) ** 0.5
        values = -1000.0 + 1040.0 / (1.0 + np.exp(np.clip((trunk - 1.0) * 60.0, -40, 40)))
        for side, across in ((-1.0, 48.0), (1.0, 42.0)):
            radii = np.array([across * wide, 70.0 * deep, 95.0 * high])
            lung = ball(np.array([side * 68.0 * wide, -8.0, rng.uniform(-15, 20)]), radii)
            values -= lung * 880.0
        values += ball(np.array([22.0, -30.0, -25.0]), np.array([42.0, 38.0, 45.0])) * 30.0
        for centre in rng.uniform((-110, -70, -85), (110, 60, 95), (110, 3)):
            values += ball(centre, rng.uniform(4, 10, 3)) * rng.uniform(150, 500)
        for level in np.arange(-110.0, 111.0, 22.0):
            values += ball(np.array([0.0, 68.0, level]), np.array([18.0, 15.0, 8.0])) * 350.0
        values += ball(np.array([-60.0, 0.0, -105.0]), np.array([80.0, 70.0, 40.0])) * 25.0
        return np.asarray(np.clip(values, -1000.0, 1200.0), dtype=np.float32)


@cache
def image_of(
    body: Body,
    *,
    pull: Pull = stay,
    shape: tuple[int, int, int] = SHAPE,
    spacing: tuple[float, float, float] = SPACING,
    shift_mm: tuple[float, float, float] = (0.0, 0.0, 0.0),
    noise: float = 10.0,
    modality: str = "CT",
    seed: int = 5,
) -> RegistrationImage:
    """Scan a body: the grid is centred on the body and then moved; ``pull`` takes scan mm to body mm.

    ``shift_mm`` moves only the coordinates (another frame of reference), not the body in its grid.
    """
    affine = np.eye(4)
    affine[:3, :3] = np.array([[0, 0, spacing[2]], [0, spacing[1], 0], [spacing[0], 0, 0]], dtype=np.float64)
    affine[:3, 3] = -affine[:3, :3] @ ((np.array(shape) - 1.0) / 2.0)
    index = np.stack([part.ravel() for part in np.indices(shape)], axis=1).astype(np.float64)
    values = body.density(pull(index @ affine[:3, :3].T + affine[:3, 3])).reshape(shape)
    values = values + np.random.default_rng(seed).normal(0, noise, shape).astype(np.float32)
    affine[:3, 3] += shift_mm
    if modality == "MR":
        values = np.maximum(values + 1000.0, 0.0)
    return RegistrationImage(values.astype(np.float32), affine, modality, np.ones(shape[0], dtype=np.bool_))


def breath(points: Points) -> Points:
    """A smooth motion of up to 10 mm with a small turn, scan to body."""
    angle = np.radians(3.0)
    turn = np.array([[np.cos(angle), -np.sin(angle), 0], [np.sin(angle), np.cos(angle), 0], [0, 0, 1.0]])
    rest = points @ turn.T + np.array([4.0, -3.0, 6.0])
    lift = 9.0 * np.exp(-(((rest[:, 2] + 40.0) / 70.0) ** 2)) * np.exp(-((rest[:, 0] / 110.0) ** 2))
    return np.asarray(rest + np.stack([2.0 * np.sin(rest[:, 2] / 60.0), np.zeros_like(lift), lift], axis=1))


def flipped(image: RegistrationImage, *axes: int) -> RegistrationImage:
    """Values turned over along array axes while the headers stay: a wrong orientation."""
    return replace(image, values=np.ascontiguousarray(np.flip(image.values, axes)))


def cut(image: RegistrationImage, first: int, last: int) -> RegistrationImage:
    """Some of the slices."""
    affine = image.index_to_lps.copy()
    affine[:3, 3] += affine[:3, 0] * first
    return replace(
        image, values=image.values[first:last].copy(), index_to_lps=affine, is_known=image.is_known[first:last]
    )
