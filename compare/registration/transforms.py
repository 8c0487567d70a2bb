"""Deformable point transforms as frozen values. The direction that is stored is current to prior."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.ndimage as ndi
from numpy.typing import NDArray

from compare.linking.frame_graph import RigidTransform
from compare.registration.free_form import SplineField
from compare.registration.registration_image import Floats, Points

_MOST_INVERSE_STEPS = 60
_CLOSE_MM = 0.005


def displacement_lps_mm(field: SplineField, lps_mm: Points) -> Points:
    """The field's displacement at points (n, 3) in LPS mm; beyond the field's box that of its border."""
    points = np.atleast_2d(np.asarray(lps_mm, dtype=np.float64))
    index = field.grid.to_index(points)
    index = np.clip(index, 0.0, np.array(field.grid.shape_zyx) - 1.0)
    steps = np.array([axis.step for axis in field.splines.axes])
    at = (index / steps + 1.0).T
    # Cubic spline interpolation without the prefilter evaluates the B-spline whose coefficients the nodes are.
    local = np.stack([ndi.map_coordinates(part, at, order=3, prefilter=False, mode="nearest") for part in field.nodes])
    displaced: Points = local.T.astype(np.float64) @ field.grid.axes_lps.T
    return displaced


@dataclass(frozen=True, eq=False)
class DeformableTransform:
    """current -> prior: first the field's displacement in the current's space, then the rigid transform."""

    rigid: RigidTransform
    field: SplineField

    def map_points(self, lps_mm: Points) -> Points:
        """Map points of the current, shape (n, 3) in LPS mm, to the prior."""
        points = np.asarray(lps_mm, dtype=np.float64).reshape(-1, 3)
        return self.rigid.map_points(points + displacement_lps_mm(self.field, points))

    def inverse(self) -> InverseDeformableTransform:
        """Return the transform that leads back."""
        return InverseDeformableTransform(self)


@dataclass(frozen=True, eq=False)
class InverseDeformableTransform:
    """prior -> current, point by point: the fixed point of x = R⁻¹(y) - d(x) (Chen et al., Med Phys 2008)."""

    forward: DeformableTransform

    def map_points(self, lps_mm: Points) -> Points:
        """Map points of the prior, shape (n, 3) in LPS mm, to the current, to 0.005 mm unless the field folds."""
        target = self.forward.rigid.inverse().map_points(np.asarray(lps_mm, dtype=np.float64).reshape(-1, 3))
        points = target.copy()
        share = 1.0
        for step in range(_MOST_INVERSE_STEPS):
            miss = target - points - displacement_lps_mm(self.forward.field, points)
            points = points + share * miss
            if float(np.abs(miss).max(initial=0.0)) < _CLOSE_MM:
                break
            if step == _MOST_INVERSE_STEPS // 2:
                share = 0.5  # a steep field makes the plain iteration swing
        return points

    def inverse(self) -> DeformableTransform:
        """Return the transform that leads back."""
        return self.forward


def jacobian_determinants(field: SplineField) -> Floats:
    """Local volume change of current -> prior at the grid's voxels, shape (z, y, x); at or below 0 the field folds."""
    displacement = field.dense()
    step = np.float32(field.grid.spacing_mm)
    rows = []
    for component in range(3):
        slopes = np.gradient(displacement[component], step)[::-1]
        rows.append([slopes[axis] + np.float32(component == axis) for axis in range(3)])
    (a, b, c), (d, e, f), (g, h, i) = rows
    result: Floats = a * (e * i - f * h) - b * (d * i - f * g) + c * (d * h - e * g)
    return result


def unfolded(field: SplineField, least: float = 0.1, rounds: int = 12) -> SplineField:
    """Smooth the nodes where the field folds or nearly does, until it does not; the rest stays as it was."""
    for _ in range(rounds):
        bad = jacobian_determinants(field) < least
        if not bad.any():
            return field
        nodes_bad = _nodes_near(bad, field)
        smooth = np.stack([ndi.gaussian_filter(part, 1.5, mode="nearest") for part in field.nodes])
        share = ndi.gaussian_filter(nodes_bad.astype(np.float32), 1.0)
        share = np.clip(3.0 * share, 0.0, 1.0)
        field = SplineField(field.grid, field.splines, field.nodes * (1 - share) + smooth * share)
    return field


def _nodes_near(bad: NDArray[np.bool_], field: SplineField) -> NDArray[np.bool_]:
    """Nodes whose splines reach a marked voxel."""
    marked = np.zeros(field.splines.shape_zyx, dtype=np.bool_)
    places = np.argwhere(bad)
    steps = np.array([axis.step for axis in field.splines.axes])
    nodes = np.unique(np.round(places / steps).astype(int) + 1, axis=0)
    marked[tuple(nodes.T)] = True
    dilated: NDArray[np.bool_] = ndi.binary_dilation(marked, iterations=1)
    return dilated
