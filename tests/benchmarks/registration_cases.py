"""Registration cases with a known answer, made from any volume: smooth deformation, blur, noise, another grid."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import scipy.ndimage as ndi
from numpy.typing import NDArray

from compare.registration.registration_image import RegistrationImage
from viewer.headless.registration_input import load_registration_image

Points = NDArray[np.float64]


def load_image(folder: Path) -> RegistrationImage:
    """The largest volume of a folder."""
    return load_registration_image(folder).image


def deformed_copy(
    image: RegistrationImage, rng: np.random.Generator, *, largest_mm: float = 9.0
) -> tuple[RegistrationImage, Callable[[Points], Points]]:
    """Return a prior made from ``image``, and the exact map of the current's points (n, 3) LPS mm to the prior's.

    The prior lies in coordinates of its own: a shift, a turn, a smooth field (waves of 60 to 160 mm), other slices.
    """
    waves = [
        (rng.normal(size=3) / rng.uniform(60, 160) * 2 * np.pi / 1.7, rng.uniform(0, 2 * np.pi), rng.normal(size=3))
        for _ in range(6)
    ]
    scale = largest_mm * rng.uniform(0.4, 1.0) / 4.0
    angles = np.radians(rng.uniform(-4, 4, size=3))
    ca, sa = np.cos(angles), np.sin(angles)
    turn = (
        np.array([[1, 0, 0], [0, ca[0], -sa[0]], [0, sa[0], ca[0]]])
        @ np.array([[ca[1], 0, sa[1]], [0, 1, 0], [-sa[1], 0, ca[1]]])
        @ np.array([[ca[2], -sa[2], 0], [sa[2], ca[2], 0], [0, 0, 1]])
    )
    shift = rng.uniform(-15, 15, size=3) + np.array([0.0, 0.0, rng.uniform(-300, 300)])
    centre = image.corners_lps_mm.mean(axis=0)

    def pull(prior_points: Points) -> Points:
        """Prior to current: closed form, so the picture is exact; its inverse is found by iteration."""
        rest = (prior_points - shift - centre) @ turn + centre
        return np.asarray(rest + wave(rest))

    def wave(rest: Points) -> Points:
        total = np.zeros_like(rest)
        for k, phase, amplitude in waves:
            total += np.sin((rest - centre) @ k + phase)[:, None] * amplitude
        return total * scale / 2.5

    def push(points: Points) -> Points:
        rest = np.asarray(points, dtype=np.float64).copy()
        for _ in range(60):
            rest += 0.8 * (points - rest - wave(rest))
        return np.asarray((rest - centre) @ turn.T + centre + shift)

    affine = image.index_to_lps.copy()
    stretch = rng.uniform(1.1, 1.4)
    affine[:3, 0] *= stretch
    affine[:3, 3] += shift
    depth = int(image.values.shape[0] / stretch)
    shape = (depth, *image.values.shape[1:])
    lps_to_index = np.linalg.inv(image.index_to_lps)
    values = np.empty(shape, dtype=np.float32)
    y, x = np.meshgrid(np.arange(shape[1]), np.arange(shape[2]), indexing="ij")
    soft = ndi.gaussian_filter(image.values, (0.35, 0.5, 0.5))
    fill = float(image.values.min())
    for z in range(depth):
        index = np.stack([np.full(y.size, z), y.ravel(), x.ravel()], axis=1).astype(np.float64)
        places = pull(index @ affine[:3, :3].T + affine[:3, 3]) @ lps_to_index[:3, :3].T + lps_to_index[:3, 3]
        values[z] = ndi.map_coordinates(soft, places.T, order=1, cval=fill).reshape(y.shape)
    spread = 15.0 if image.modality == "CT" else 0.02 * float(np.percentile(image.values, 99))
    values += rng.normal(0, spread, shape).astype(np.float32)
    return RegistrationImage(values, affine, image.modality, np.ones(depth, dtype=np.bool_)), push
