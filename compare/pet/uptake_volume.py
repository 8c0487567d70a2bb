"""A volume of uptake grown from a point, and its statistics, from the native voxels of the series."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from compare.reformat.sampled_volume import SampledVolume
from compare.reformat.stack_grid import StackGrid
from loaders.errors import WorldError
from loaders.model.frame_plane import Vector3

#: Voxels that touch with a face, an edge or a corner belong together.
_TOUCHING = np.ones((3, 3, 3), dtype=np.bool_)
#: Radius of a sphere of 1 cm3 in mm (PERCIST, J Nucl Med 2009;50:122S).
PEAK_RADIUS_MM = float((3.0 / (4.0 * math.pi)) ** (1.0 / 3.0) * 10.0)
#: A voxel's share of the sphere is counted on points this far apart, some along each side at least.
_POINTS_MM = 0.3
_FEWEST_POINTS = 3
_MOST_ROUNDS = 50


class NoUptakeVolume(WorldError):
    """No volume can be grown there; the message says why."""

    code = "no_uptake_volume"


@dataclass(frozen=True, slots=True)
class Threshold:
    """The lowest value of a volume: ``share`` of its own maximum, or ``value`` in the unit of the values."""

    share: float | None = None
    value: float | None = None

    def of(self, maximum: float) -> float:
        """Return the lowest value of a volume with that maximum."""
        if self.share is not None:
            return self.share * maximum
        assert self.value is not None  # noqa: S101 - one of the two is there
        return self.value


@dataclass(frozen=True, slots=True)
class Peak:
    """The mean of a sphere of 1 cm3; ``None`` where the sphere leaves the volume."""

    mean: float | None
    centre_lps_mm: Vector3


@dataclass(frozen=True, slots=True, eq=False)
class UptakeVolume:
    """Statistics in the unit of the values; ``mask`` (frames, rows, columns) is the volume itself.

    ``peak_at_maximum`` is the sphere about the hottest voxel's centre; ``highest_peak`` that of the highest mean among
    spheres about all voxels of the volume. Voxels count by the share of them that lies in the sphere.
    """

    mask: NDArray[np.bool_]
    lowest: float
    maximum: float
    mean: float
    deviation: float
    volume_ml: float
    maximum_lps_mm: Vector3
    peak_at_maximum: Peak
    highest_peak: Peak
    touches_edge: bool

    @property
    def voxels(self) -> int:
        """Number of voxels."""
        return int(np.count_nonzero(self.mask))

    @property
    def total(self) -> float:
        """Mean x volume in ml: total lesion glycolysis, where the values are SUV of FDG."""
        return self.mean * self.volume_ml


def values_of(sampled: SampledVolume, factor: float = 1.0) -> NDArray[np.float32]:
    """Return finished values times a factor, (frames, rows, columns). Raises ``NoUptakeVolume`` for an uneven stack."""
    if not sampled.grid.is_even:
        raise NoUptakeVolume("the slices are unevenly spaced: their voxels have no common volume")
    values: NDArray[np.float32] = sampled.array.astype(np.float32) * np.float32(sampled.slope * factor)
    if sampled.intercept:
        values += np.float32(sampled.intercept * factor)
    return values


def grow(
    values: NDArray[np.float32],
    grid: StackGrid,
    seed_lps_mm: Vector3,
    threshold: Threshold,
    *,
    reach_mm: float | None = None,
) -> UptakeVolume:
    """Return the connected volume about a seed whose voxels reach the threshold.

    From the seed the way leads uphill to the nearest hottest voxel. For a share of the maximum, the volume's own
    maximum counts: where it holds a hotter voxel, it is grown again from there, until it is consistent. ``reach_mm``
    keeps it within a sphere about the seed. Raises ``NoUptakeVolume``.
    """
    seed = voxel_at(grid, seed_lps_mm)
    allowed = _within(grid, seed_lps_mm, reach_mm)
    start = _uphill(values, seed, allowed)
    for _ in range(_MOST_ROUNDS):
        maximum = float(values[start])
        lowest = threshold.of(maximum)
        if not maximum > 0.0 or maximum < lowest:
            raise NoUptakeVolume(f"the uptake at the seed, {maximum:.4g}, does not reach the threshold {lowest:.4g}")
        mask = _connected(values >= lowest, start, allowed)
        hottest = np.where(mask, values, -np.inf)
        top = np.unravel_index(int(np.argmax(hottest)), values.shape)
        if float(values[top]) <= maximum or threshold.share is None:
            return _measured(values, grid, mask, lowest)
        start = (int(top[0]), int(top[1]), int(top[2]))
    raise NoUptakeVolume("the volume keeps growing into hotter ones: give the sphere that it lies in")


def sphere(
    values: NDArray[np.float32], grid: StackGrid, centre_lps_mm: Vector3, radius_mm: float
) -> tuple[float, float]:
    """Return mean and standard deviation of the voxels whose centres lie in a sphere. Raises ``NoUptakeVolume``."""
    voxel_at(grid, centre_lps_mm)
    inside = _within(grid, centre_lps_mm, radius_mm)
    if inside is None or not inside.any():
        raise NoUptakeVolume("no voxel's centre lies in the sphere")
    found = values[inside].astype(np.float64)
    return float(found.mean()), float(found.std(ddof=1)) if found.size > 1 else 0.0


def voxel_at(grid: StackGrid, point_lps_mm: Vector3) -> tuple[int, int, int]:
    """Return (frame, row, column) of the voxel around a point. Raises ``NoUptakeVolume`` outside the series."""
    place = grid.indices_of(np.asarray(point_lps_mm, dtype=np.float64))
    index = np.rint(place).astype(int)[::-1]
    if np.any(index < 0) or np.any(index >= grid.shape_zyx):
        raise NoUptakeVolume(f"the point {', '.join(f'{value:g}' for value in point_lps_mm)} lies outside the series")
    return int(index[0]), int(index[1]), int(index[2])


def _within(grid: StackGrid, centre_lps_mm: Vector3, radius_mm: float | None) -> NDArray[np.bool_] | None:
    if radius_mm is None:
        return None
    depth, rows, columns = grid.shape_zyx
    axes = grid.index_to_lps
    offset = axes[:3, 3] - np.asarray(centre_lps_mm)
    squared: NDArray[np.float64] = np.zeros(grid.shape_zyx, dtype=np.float64)
    for axis in range(3):
        along = (
            offset[axis]
            + axes[axis, 2] * np.arange(depth)[:, None, None]
            + axes[axis, 1] * np.arange(rows)[None, :, None]
            + axes[axis, 0] * np.arange(columns)[None, None, :]
        )
        squared += along**2
    return np.asarray(squared <= radius_mm**2, dtype=np.bool_)


def _uphill(
    values: NDArray[np.float32], voxel: tuple[int, int, int], allowed: NDArray[np.bool_] | None
) -> tuple[int, int, int]:
    """Follow the steepest of 26 neighbours to a voxel that has no hotter one beside it."""
    while True:
        box = tuple(
            slice(max(0, place - 1), min(size, place + 2)) for place, size in zip(voxel, values.shape, strict=True)
        )
        near = values[box] if allowed is None else np.where(allowed[box], values[box], -np.inf)
        step = np.unravel_index(int(np.argmax(near)), near.shape)
        best = tuple(int(start.start + offset) for start, offset in zip(box, step, strict=True))
        if not values[best] > values[voxel]:
            return voxel
        voxel = (best[0], best[1], best[2])


def _connected(
    is_hot: NDArray[np.bool_], start: tuple[int, int, int], allowed: NDArray[np.bool_] | None
) -> NDArray[np.bool_]:
    if allowed is not None:
        is_hot = is_hot & allowed
    labels, _ = ndimage.label(is_hot, structure=_TOUCHING)
    return np.asarray(labels == labels[start], dtype=np.bool_)


def _measured(values: NDArray[np.float32], grid: StackGrid, mask: NDArray[np.bool_], lowest: float) -> UptakeVolume:
    found = values[mask].astype(np.float64)
    voxel_ml = abs(float(np.linalg.det(grid.index_to_lps[:3, :3]))) / 1000.0
    weights = peak_weights(grid)
    top = np.unravel_index(int(np.argmax(np.where(mask, values, -np.inf))), values.shape)
    maximum_at = (int(top[0]), int(top[1]), int(top[2]))
    places = np.argwhere(mask)
    edge = np.any((places == 0) | (places == np.asarray(values.shape) - 1))
    return UptakeVolume(
        mask,
        lowest,
        float(found.max()),
        float(found.mean()),
        float(found.std(ddof=1)) if found.size > 1 else 0.0,
        found.size * voxel_ml,
        _lps(grid, maximum_at),
        Peak(_sphere_mean(values, maximum_at, weights), _lps(grid, maximum_at)),
        _highest_peak(values, grid, places, weights),
        bool(edge),
    )


def peak_weights(grid: StackGrid) -> NDArray[np.float64]:
    """Return the share of each voxel in a sphere of 1 cm3 about the middle one's centre, summing to 1.

    Odd sides, (z, y, x); counted on a raster of points within each voxel, in millimetres of the patient, so that thick
    slices and sheared grids are right.
    """
    axes = grid.index_to_lps[:3, :3]
    # How far the sphere reaches along each index: the rows of the inverse map millimetres to indices.
    reach = PEAK_RADIUS_MM * np.linalg.norm(np.linalg.inv(axes), axis=1)
    half = np.ceil(reach - 0.5).astype(int).clip(min=0)
    points = np.ceil(np.linalg.norm(axes, axis=0) / _POINTS_MM).astype(int).clip(min=_FEWEST_POINTS)
    x, y, z = (
        (np.arange(-size, size + 1)[:, None] + ((np.arange(count) + 0.5) / count - 0.5)[None, :]).reshape(-1)
        for size, count in zip(half, points, strict=True)
    )
    indices = np.stack(np.meshgrid(z, y, x, indexing="ij"), axis=-1)
    inside = np.linalg.norm(indices[..., ::-1] @ axes.T, axis=-1) <= PEAK_RADIUS_MM
    sides = [(2 * int(size) + 1, int(count)) for size, count in zip(half[::-1], points[::-1], strict=True)]
    counts = inside.reshape([number for side in sides for number in side])
    weights: NDArray[np.float64] = counts.sum(axis=(1, 3, 5)).astype(np.float64)
    weights /= weights.sum()
    return weights


def _sphere_mean(
    values: NDArray[np.float32], voxel: tuple[int, int, int], weights: NDArray[np.float64]
) -> float | None:
    halves = [side // 2 for side in weights.shape]
    if any(
        place - half < 0 or place + half >= size for place, half, size in zip(voxel, halves, values.shape, strict=True)
    ):
        return None
    box = tuple(slice(place - half, place + half + 1) for place, half in zip(voxel, halves, strict=True))
    return float((values[box] * weights).sum())


def _highest_peak(
    values: NDArray[np.float32], grid: StackGrid, places: NDArray[np.intp], weights: NDArray[np.float64]
) -> Peak:
    """The sphere of the highest mean about any voxel of the volume, among those that lie within the series."""
    halves = np.asarray(weights.shape) // 2
    low, high = places.min(axis=0) - halves, places.max(axis=0) + halves + 1
    low, high = np.maximum(low, 0), np.minimum(high, values.shape)
    block = values[low[0] : high[0], low[1] : high[1], low[2] : high[2]].astype(np.float64)
    means = ndimage.correlate(block, weights, mode="constant", cval=np.nan)
    found = means[tuple((places - low).T)]
    if not np.isfinite(found).any():
        voxel = tuple(int(value) for value in places[0])
        return Peak(None, _lps(grid, (voxel[0], voxel[1], voxel[2])))
    best = places[int(np.nanargmax(found))]
    return Peak(float(np.nanmax(found)), _lps(grid, (int(best[0]), int(best[1]), int(best[2]))))


def _lps(grid: StackGrid, voxel: tuple[int, int, int]) -> Vector3:
    point = grid.index_to_lps @ np.array((voxel[2], voxel[1], voxel[0], 1.0))
    return (float(point[0]), float(point[1]), float(point[2]))
