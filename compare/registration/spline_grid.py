"""Cubic B-spline displacement on a grid of nodes, and its adjoint: from nodes to voxels and back."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.ndimage as ndi
from numpy.typing import NDArray

from compare.registration.registration_image import Floats


@dataclass(frozen=True, eq=False)
class SplineAxis:
    """One axis: weights of the nodes at the voxels, shape (voxels, nodes); node j stands at voxel (j - 1) * step."""

    weights: Floats
    step: float

    @property
    def nodes(self) -> int:
        """Number of nodes, one beyond either end included."""
        return int(self.weights.shape[1])


def spline_axis(voxels: int, step: float) -> SplineAxis:
    """Nodes every ``step`` voxels so that every voxel has its four."""
    nodes = int(np.ceil((voxels - 1) / step)) + 3
    distance = np.abs(np.arange(voxels)[:, None] / step - (np.arange(nodes)[None, :] - 1.0))
    return SplineAxis(cubic(distance).astype(np.float32), step)


def cubic(distance: NDArray[np.float64]) -> NDArray[np.float64]:
    """The cubic B-spline at absolute distances in node steps."""
    near = 2.0 / 3.0 - distance**2 * (1.0 - distance / 2.0)
    far = np.maximum(2.0 - distance, 0.0) ** 3 / 6.0
    return np.where(distance < 1.0, near, far)


@dataclass(frozen=True, eq=False)
class SplineGrid:
    """Three axes (z, y, x)."""

    axes: tuple[SplineAxis, SplineAxis, SplineAxis]

    @property
    def shape_zyx(self) -> tuple[int, int, int]:
        """Nodes along each axis."""
        z, y, x = (axis.nodes for axis in self.axes)
        return z, y, x

    def expand_plane(self, nodes: Floats) -> Floats:
        """From (k, mz, my, mx) to (k, mz, y, x): done once, then :meth:`expand_slab` for any range of z."""
        half = nodes @ self.axes[2].weights.T
        result: Floats = np.matmul(self.axes[1].weights, half)
        return result

    def expand_slab(self, planes: Floats, first: int, last: int) -> Floats:
        """From (k, mz, y, x) to (k, last - first, y, x)."""
        k, mz, y, x = planes.shape
        weights = self.axes[0].weights[first:last]
        result: Floats = np.matmul(weights, planes.reshape(k, mz, y * x)).reshape(k, last - first, y, x)
        return result

    def gather_slab(self, voxels: Floats, first: int) -> Floats:
        """Adjoint of :meth:`expand_slab` and :meth:`expand_plane`: from (k, slab, y, x) to (k, mz, my, mx)."""
        k, slab = voxels.shape[:2]
        half = voxels @ self.axes[2].weights
        half = np.matmul(self.axes[1].weights.T, half)
        flat = half.reshape(k, slab, -1)
        result: Floats = np.matmul(self.axes[0].weights[first : first + slab].T, flat)
        return result.reshape(k, self.axes[0].nodes, self.axes[1].nodes, self.axes[2].nodes)


def spline_grid(shape_zyx: tuple[int, int, int], step: float) -> SplineGrid:
    """Nodes every ``step`` voxels in all directions."""
    z, y, x = (spline_axis(size, step) for size in shape_zyx)
    return SplineGrid((z, y, x))


def refit(nodes: Floats, old: SplineGrid, old_spacing_mm: float, new: SplineGrid, new_spacing_mm: float) -> Floats:
    """Bring nodes (k, mz, my, mx) to another grid over the same box: values there, turned into coefficients."""
    values = nodes
    for axis, (was, now) in enumerate(zip(old.axes, new.axes, strict=True)):
        places_mm = (np.arange(now.nodes) - 1.0) * now.step * new_spacing_mm
        at = np.clip(places_mm / (was.step * old_spacing_mm) + 1.0, 1.0, was.nodes - 2.0)
        weights = cubic(np.abs(at[:, None] - np.arange(was.nodes)[None, :])).astype(np.float32)
        values = np.moveaxis(np.tensordot(weights, values, (1, axis + 1)), 0, axis + 1)
    for component in range(len(values)):
        for axis in range(3):
            values[component] = ndi.spline_filter1d(values[component], 3, axis=axis, output=np.float32, mode="mirror")
    return values
