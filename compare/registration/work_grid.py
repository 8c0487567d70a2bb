"""The even, upright grid on which two pictures are compared, and how values get onto it."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import scipy.ndimage as ndi
from numpy.typing import NDArray

from compare.registration.registration_image import Floats, Points, RegistrationImage

#: Two threads: the reader's window needs the rest of the machine.
THREADS = 2


@dataclass(frozen=True, eq=False)
class WorkGrid:
    """Isotropic grid: point = ``origin_lps_mm`` + ``axes_lps`` @ (x, y, z) * ``spacing_mm``; arrays are (z, y, x)."""

    origin_lps_mm: Points
    axes_lps: NDArray[np.float64]
    spacing_mm: float
    shape_zyx: tuple[int, int, int]

    def to_index(self, lps_mm: Points) -> Points:
        """Fractional (z, y, x) of points, shape (n, 3)."""
        local = (np.asarray(lps_mm, dtype=np.float64) - self.origin_lps_mm) @ self.axes_lps / self.spacing_mm
        index: Points = local[:, ::-1]
        return index

    def to_lps(self, index_zyx: Points) -> Points:
        """LPS mm of fractional (z, y, x), shape (n, 3)."""
        points: Points = (
            self.origin_lps_mm + np.asarray(index_zyx, dtype=np.float64)[:, ::-1] * self.spacing_mm @ self.axes_lps.T
        )
        return points

    @property
    def index_to_lps(self) -> NDArray[np.float64]:
        """Affine (4, 4) from (z, y, x, 1) to LPS mm."""
        affine = np.eye(4)
        affine[:3, :3] = self.axes_lps[:, ::-1] * self.spacing_mm
        affine[:3, 3] = self.origin_lps_mm
        return affine

    def at_spacing(self, spacing_mm: float) -> WorkGrid:
        """The same box at another spacing."""
        extent = (np.array(self.shape_zyx) - 1) * self.spacing_mm
        shape = np.maximum(2, np.ceil(extent / spacing_mm - 1e-6).astype(int) + 1)
        return WorkGrid(self.origin_lps_mm, self.axes_lps, spacing_mm, (int(shape[0]), int(shape[1]), int(shape[2])))


def box_around(lps_mm: Points, axes_lps: NDArray[np.float64], spacing_mm: float, margin_mm: float = 0.0) -> WorkGrid:
    """The grid along given axes that holds all points and a margin."""
    local = lps_mm @ axes_lps
    low, high = local.min(axis=0) - margin_mm, local.max(axis=0) + margin_mm
    shape = np.maximum(4, np.ceil((high - low) / spacing_mm).astype(int) + 1)
    return WorkGrid(axes_lps @ low, axes_lps, spacing_mm, (int(shape[2]), int(shape[1]), int(shape[0])))


def in_slabs(count: int, work: Callable[[int, int], None], slabs: int = 2 * THREADS) -> None:
    """Run ``work(first, last)`` over slabs of the first axis on the registration's threads."""
    edges = np.linspace(0, count, min(slabs, count) + 1).astype(int)
    # Threads of its own for each call: starting two costs less than a thousandth of what they do, and none is left.
    with ThreadPoolExecutor(THREADS, thread_name_prefix="registration") as pool:
        for done in [pool.submit(work, int(a), int(b)) for a, b in pairwise(edges)]:
            done.result()


def sample(
    image: RegistrationImage,
    grid: WorkGrid,
    current_to_image: NDArray[np.float64] | None = None,
    *,
    outside: float = np.nan,
) -> Floats:
    """Values of an image on a grid, linear, smoothed first as a coarser grid demands; ``outside`` beyond it.

    ``current_to_image`` (4, 4) takes the grid's points to the image's space before they are looked up.
    """
    affine = grid.index_to_lps if current_to_image is None else current_to_image @ grid.index_to_lps
    values, image_affine = _coarsened(image, grid.spacing_mm)
    index = np.linalg.inv(image_affine) @ affine
    result = np.empty(grid.shape_zyx, dtype=np.float32)
    y, x = np.meshgrid(np.arange(grid.shape_zyx[1]), np.arange(grid.shape_zyx[2]), indexing="ij")
    plane = np.stack([index[i, 1] * y + index[i, 2] * x + index[i, 3] for i in range(3)]).astype(np.float32)

    def fill(first: int, last: int) -> None:
        z = np.arange(first, last, dtype=np.float32)[None, :, None, None]
        coordinates = plane[:, None] + index[:3, 0].astype(np.float32)[:, None, None, None] * z
        result[first:last] = ndi.map_coordinates(values, coordinates, order=1, mode="constant", cval=outside)

    in_slabs(grid.shape_zyx[0], fill)
    return result


def _coarsened(image: RegistrationImage, spacing_mm: float) -> tuple[Floats, NDArray[np.float64]]:
    """Average whole blocks down to about the wanted spacing, then smooth what is left of the difference."""
    factors = [max(1, int(spacing_mm / mm + 0.2)) for mm in image.spacing_mm_zyx]
    factors = [min(factor, size // 2) for factor, size in zip(factors, image.values.shape, strict=True)]
    values, affine = image.values, image.index_to_lps.copy()
    if max(factors) > 1:
        cut = values[tuple(slice(0, size // f * f) for f, size in zip(factors, values.shape, strict=True))]
        for axis, factor in enumerate(factors):
            if factor > 1:
                shape = (*cut.shape[:axis], cut.shape[axis] // factor, factor, *cut.shape[axis + 1 :])
                cut = cut.reshape(shape).mean(axis=axis + 1)
        values = cut
        scale = np.diag([*factors, 1.0])
        scale[:3, 3] = (np.array(factors) - 1) / 2.0
        affine = affine @ scale
    spacing = np.linalg.norm(affine[:3, :3], axis=0)
    sigmas = 0.35 * np.sqrt(np.maximum(0.0, (spacing_mm / spacing) ** 2 - 1.0))
    for axis, sigma in enumerate(sigmas):
        if sigma > 0.3:
            values = ndi.gaussian_filter1d(values, sigma, axis=axis, mode="nearest", truncate=3.0)
    return values, affine


def look_up(values: Floats, index_zyx: NDArray[np.floating], *, outside: float = 0.0) -> Floats:
    """Linear values of an array at fractional (z, y, x), shape (3, ...), on the registration's threads."""
    flat = index_zyx.reshape(3, -1)
    result = np.empty(flat.shape[1], dtype=np.float32)

    def fill(first: int, last: int) -> None:
        result[first:last] = ndi.map_coordinates(
            values, flat[:, first:last], order=1, mode="constant", cval=outside, output=np.float32
        )

    in_slabs(flat.shape[1], fill)
    return result.reshape(index_zyx.shape[1:])
