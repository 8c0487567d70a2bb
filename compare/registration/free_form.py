"""Deformable alignment: a smooth B-spline field found by Gauss-Newton on locally normalised pictures, coarse to fine.

Every step warps the prior once, sums the products of slopes and differences onto the nodes (a majorant of the exact
Hessian, so that steps cannot overshoot), and solves for the nodes with a smoothness term by conjugate gradients. That
is optical flow (Lucas and Kanade; Horn and Schunck) with free-form deformation (Rueckert, IEEE TMI 1999) as its space.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import scipy.ndimage as ndi

from compare.registration.registration_image import Floats
from compare.registration.rigid_refine import ROBUST_SCALE, Prepared
from compare.registration.spline_grid import SplineGrid, refit, spline_grid
from compare.registration.work_grid import WorkGrid, in_slabs
from loaders.progress import CancelToken


@dataclass(frozen=True, slots=True)
class Level:
    """One resolution: grid spacing, voxels per node, smoothness, and at most so many steps."""

    spacing_mm: float
    voxels_per_node: float
    smoothness: float
    steps: int


@dataclass(frozen=True, eq=False)
class SplineField:
    """A displacement in mm along the grid's axes (x, y, z), as nodes (3, mz, my, mx) over a work grid."""

    grid: WorkGrid
    splines: SplineGrid
    nodes: Floats

    def dense(self) -> Floats:
        """Displacement at every voxel of the grid, shape (3, z, y, x), mm along the grid's axes x, y, z."""
        result = np.empty((3, *self.grid.shape_zyx), dtype=np.float32)
        planes = self.splines.expand_plane(self.nodes)

        def fill(first: int, last: int) -> None:
            result[:, first:last] = self.splines.expand_slab(planes, first, last)

        in_slabs(self.grid.shape_zyx[0], fill)
        return result


@dataclass(frozen=True, eq=False)
class DataTerm:
    """What one look at the pictures says: normal matrices (6, m) and right sides (3, m) on the nodes."""

    matrix: Floats
    right: Floats


_PAIRS = ((0, 0), (1, 1), (2, 2), (0, 1), (0, 2), (1, 2))


def align_freely(
    prepare: Callable[[float], tuple[Prepared, Prepared]],
    levels: Sequence[Level],
    cancel: CancelToken,
    on_level: Callable[[int, SplineField], None],
    start: SplineField | None = None,
) -> SplineField:
    """Find the field that brings the prior (already sampled in the current's space) onto the current.

    ``prepare(spacing_mm)`` gives both on the same grid; ``on_level`` is told every level's outcome.
    """
    field = start
    for number, level in enumerate(levels):
        current, prior = prepare(level.spacing_mm)
        splines = spline_grid(current.grid.shape_zyx, level.voxels_per_node)
        if field is None:
            nodes = np.zeros((3, *splines.shape_zyx), dtype=np.float32)
        else:
            nodes = refit(field.nodes, field.splines, field.grid.spacing_mm, splines, level.spacing_mm)
        nodes = _descend(current, prior, splines, nodes, level=level, cancel=cancel)
        field = SplineField(current.grid, splines, nodes)
        on_level(number, field)
    if field is None:
        raise ValueError("no levels")
    return field


def _descend(
    current: Prepared, prior: Prepared, splines: SplineGrid, nodes: Floats, *, level: Level, cancel: CancelToken
) -> Floats:
    weight = current.channels.weight * ndi.binary_dilation(current.body, iterations=2)
    for _ in range(level.steps):
        cancel.raise_if_cancelled()
        term = data_term(current, prior, splines, nodes, weight)
        change = _solve(term, nodes, level)
        largest = float(np.abs(change).max(initial=0.0))
        # A step beyond the reach of the slopes is a guess: at most one voxel and a half at a time.
        nodes = nodes + change * min(1.0, 1.5 * level.spacing_mm / max(largest, 1e-9))
        if float(np.sqrt(np.mean(change**2))) < 0.01 * level.spacing_mm:
            break
    return nodes


def data_term(current: Prepared, prior: Prepared, splines: SplineGrid, nodes: Floats, weight: Floats) -> DataTerm:
    """Sum slopes and differences onto the nodes, slab by slab."""
    planes = splines.expand_plane(nodes)
    depth = current.grid.shape_zyx[0]
    step = current.grid.spacing_mm
    sums: list[Floats] = []

    def gather(first: int, last: int) -> None:
        low, high = max(0, first - 1), min(depth, last + 1)
        displacement = splines.expand_slab(planes, low, high) / np.float32(step)
        index = displacement[::-1].copy()
        index[0] += np.arange(low, high, dtype=np.float32)[:, None, None]
        index[1] += np.arange(index.shape[2], dtype=np.float32)[:, None]
        index[2] += np.arange(index.shape[3], dtype=np.float32)
        inner = slice(first - low, last - low)
        reach = ndi.map_coordinates(prior.channels.weight, index[:, inner], order=1, mode="constant")
        reach *= weight[first:last]
        total = np.zeros((9, last - first, *index.shape[2:]), dtype=np.float32)
        for ours, theirs in zip(current.channels.pictures, prior.channels.pictures, strict=True):
            warped = ndi.map_coordinates(theirs, index, order=1, mode="nearest")
            add_products(total, ours[low:high], warped, reach, inner=inner, step=step)
        sums.append(splines.gather_slab(total, first))

    in_slabs(depth, gather)
    joint: Floats = np.sum(sums, axis=0)
    return DataTerm(joint[:6], joint[6:])


def add_products(total: Floats, ours: Floats, warped: Floats, reach: Floats, *, inner: slice, step: float) -> None:
    """Add one channel's products of slopes (6) and of slopes and differences (3), both weighted, to ``total``."""
    slopes = [part[inner] for part in np.gradient(0.5 * (ours + warped), np.float32(step))[::-1]]
    residual = (ours - warped)[inner]
    weight = reach / (1.0 + (residual / np.float32(ROBUST_SCALE)) ** 2) ** 2
    weighted = [weight * slope for slope in slopes]
    for place, (a, b) in enumerate(_PAIRS):
        total[place] += weighted[a] * slopes[b]
    for axis in range(3):
        total[6 + axis] += weighted[axis] * residual


def _solve(term: DataTerm, nodes: Floats, level: Level) -> Floats:
    """Solve (data + smoothness) change = right - smoothness nodes by conjugate gradients, block-preconditioned."""
    volume = np.float32((level.voxels_per_node) ** 3)
    bend = np.float32(level.smoothness) * volume
    ground = 1e-3 * bend
    matrix = term.matrix
    inverse = _inverse_blocks(matrix, float(42.0 * bend + ground) + 1e-6)

    def apply(x: Floats) -> Floats:
        return np.asarray(multiply(matrix, x) + bend * _bending(x) + ground * x, dtype=np.float32)

    residual = term.right - bend * _bending(nodes)
    x = np.zeros_like(nodes)
    z = multiply(inverse, residual)
    direction = z.copy()
    energy = float(np.vdot(residual, z))
    start = energy
    for _ in range(60):
        if energy <= 1e-6 * start or energy <= 0:
            break
        moved = apply(direction)
        length = energy / float(np.vdot(direction, moved))
        x += np.float32(length) * direction
        residual = residual - np.float32(length) * moved
        z = multiply(inverse, residual)
        fresh = float(np.vdot(residual, z))
        direction = z + np.float32(fresh / energy) * direction
        energy = fresh
    return x


def multiply(matrix: Floats, x: Floats) -> Floats:
    """Symmetric 3x3 blocks (6, m) times vectors (3, m)."""
    xx, yy, zz, xy, xz, yz = matrix
    a, b, c = x
    return np.stack([xx * a + xy * b + xz * c, xy * a + yy * b + yz * c, xz * a + yz * b + zz * c])


def _inverse_blocks(matrix: Floats, ridge: float) -> Floats:
    xx, yy, zz = (matrix[i] + np.float32(ridge) for i in range(3))
    xy, xz, yz = matrix[3:]
    c00, c01, c02 = yy * zz - yz * yz, xz * yz - xy * zz, xy * yz - xz * yy
    determinant = xx * c00 + xy * c01 + xz * c02
    blocks = np.stack([c00, xx * zz - xz * xz, xx * yy - xy * xy, c01, c02, xy * xz - xx * yz])
    return np.asarray(blocks / determinant, dtype=np.float32)


def _laplacian(x: Floats) -> Floats:
    """Second differences over the three axes; at the border the field goes on straight."""
    result = np.zeros_like(x)
    for axis in (1, 2, 3):
        inner: list[slice] = [slice(None)] * 4
        before, after = list(inner), list(inner)
        inner[axis], before[axis], after[axis] = slice(1, -1), slice(None, -2), slice(2, None)
        i, b, a = tuple(inner), tuple(before), tuple(after)
        result[i] += x[b] - 2.0 * x[i] + x[a]
    return result


def _laplacian_adjoint(x: Floats) -> Floats:
    result = np.zeros_like(x)
    for axis in (1, 2, 3):
        inner: list[slice] = [slice(None)] * 4
        before, after = list(inner), list(inner)
        inner[axis], before[axis], after[axis] = slice(1, -1), slice(None, -2), slice(2, None)
        part = x[tuple(inner)]
        result[tuple(before)] += part
        result[tuple(inner)] -= 2.0 * part
        result[tuple(after)] += part
    return result


def _bending(x: Floats) -> Floats:
    """Gradient of half the squared Laplacian."""
    return _laplacian_adjoint(_laplacian(x))
