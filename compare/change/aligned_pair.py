"""Current and prior on one grid, the prior brought there by the best accepted transform."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.ndimage as ndi
from numpy.typing import NDArray

from compare.linking.frame_graph import RigidTransform
from compare.registration.register import Aligned
from compare.registration.registration_image import Floats, RegistrationImage
from compare.registration.transforms import DeformableTransform
from compare.registration.work_grid import WorkGrid, in_slabs, look_up, sample

Mask = NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class AlignedPair:
    """Values in the modality's unit on one grid in the current's space; ``is_known`` where both images reach."""

    grid: WorkGrid
    current: Floats
    prior: Floats
    is_known: Mask


def aligned_pair(current: RegistrationImage, prior: RegistrationImage, aligned: Aligned, grid: WorkGrid) -> AlignedPair:
    """Sample both on ``grid``, equally blurred along the slices: the thinner ones are averaged like the thicker.

    Linear interpolation, one for each image.
    """
    thin, thick = current, prior
    ours, theirs = current.spacing_mm_zyx[0], prior.spacing_mm_zyx[0]
    thin = _as_thick(current, theirs) if theirs > ours else current
    thick = _as_thick(prior, ours) if ours > theirs else prior
    now = sample(thin, grid)
    then = warped(thick, aligned, grid)
    known = np.isfinite(now) & np.isfinite(then)
    fill = float(np.nanmin(now)) if np.isfinite(now).any() else 0.0
    return AlignedPair(grid, np.nan_to_num(now, nan=fill), np.nan_to_num(then, nan=fill), known)


def _as_thick(image: RegistrationImage, thickness_mm: float) -> RegistrationImage:
    step = image.spacing_mm_zyx[0]
    # Two boxes of widths a < b differ by a variance of (b² - a²) / 12.
    sigma = np.sqrt((thickness_mm**2 - step**2) / 12.0) / step
    values = ndi.gaussian_filter1d(image.values, sigma, axis=0, mode="nearest")
    return RegistrationImage(values, image.index_to_lps, image.modality, image.is_known, image.notes)


def warped(prior: RegistrationImage, aligned: Aligned, grid: WorkGrid) -> Floats:
    """The prior's values on the current's grid, NaN outside the prior."""
    transform = aligned.current_to_prior
    if isinstance(transform, RigidTransform):
        return sample(prior, grid, transform.matrix)
    if not isinstance(transform, DeformableTransform):
        raise TypeError("an accepted alignment is rigid or deformable")
    field = transform.field
    dense = field.dense()
    to_prior = np.linalg.inv(prior.index_to_lps) @ transform.rigid.matrix
    result = np.empty(grid.shape_zyx, dtype=np.float32)
    plane = np.stack([part.ravel() for part in np.indices(grid.shape_zyx[1:], dtype=np.float64)], axis=1)

    def fill(first: int, last: int) -> None:
        for z in range(first, last):
            points = grid.to_lps(np.column_stack([np.full(len(plane), z), plane]))
            at = np.clip(field.grid.to_index(points), 0.0, np.array(field.grid.shape_zyx) - 1.0).T
            step = np.stack([ndi.map_coordinates(part, at, order=1, mode="nearest") for part in dense], axis=1)
            index = (points + step @ field.grid.axes_lps.T) @ to_prior[:3, :3].T + to_prior[:3, 3]
            values = ndi.map_coordinates(prior.values, index.T, order=1, mode="constant", cval=np.nan)
            result[z] = values.reshape(grid.shape_zyx[1:])

    in_slabs(grid.shape_zyx[0], fill)
    return result


def error_on(aligned: Aligned, grid: WorkGrid) -> Floats:
    """The stated error in mm on a grid in the current's space, shape (z, y, x)."""
    index = np.stack([part.ravel() for part in np.indices(grid.shape_zyx, dtype=np.float64)], axis=1)
    at = aligned.error.grid.to_index(grid.to_lps(index))
    at = np.clip(at, 0.0, np.array(aligned.error.error_mm.shape) - 1.0).T.astype(np.float32)
    return look_up(aligned.error.error_mm, at).reshape(grid.shape_zyx)
