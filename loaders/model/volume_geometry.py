"""The regular grid of a volume in the patient."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from loaders.model.frame_plane import Vector3


@dataclass(frozen=True, slots=True)
class VolumeGeometry:
    """A grid of parallel, evenly spaced slices.

    ``slice_step_lps`` is the *displacement per slice divided by its length*: for a gantry-tilted acquisition it is not
    the normal, the grid is sheared, and ``is_sheared`` says so. Frames are ordered along the normal.
    """

    shape_zyx: tuple[int, int, int]
    spacing_mm_zyx: tuple[float, float, float]
    origin_lps_mm: Vector3
    column_step_lps: Vector3
    row_step_lps: Vector3
    slice_step_lps: Vector3
    frame_of_reference_uid: str = ""

    @property
    def index_to_lps(self) -> NDArray[np.float64]:
        """Affine, shape (4, 4), from (z, y, x) voxel indices with a trailing 1 to LPS mm."""
        z_mm, y_mm, x_mm = self.spacing_mm_zyx
        affine: NDArray[np.float64] = np.eye(4, dtype=np.float64)
        affine[:3, 0] = np.asarray(self.slice_step_lps) * z_mm
        affine[:3, 1] = np.asarray(self.row_step_lps) * y_mm
        affine[:3, 2] = np.asarray(self.column_step_lps) * x_mm
        affine[:3, 3] = self.origin_lps_mm
        return affine

    @property
    def lps_to_index(self) -> NDArray[np.float64]:
        """The inverse of :attr:`index_to_lps`."""
        inverse: NDArray[np.float64] = np.linalg.inv(self.index_to_lps).astype(np.float64, copy=False)
        return inverse

    @property
    def normal_lps(self) -> Vector3:
        """Unit normal of the slices, column direction x row direction."""
        cross = np.cross(self.column_step_lps, self.row_step_lps)
        unit = cross / np.linalg.norm(cross)
        return (float(unit[0]), float(unit[1]), float(unit[2]))

    @property
    def is_sheared(self) -> bool:
        """Whether the slices are displaced within their plane (gantry tilt): more than 0.1 degree off the normal."""
        cosine = abs(float(np.dot(self.slice_step_lps, self.normal_lps)))
        return cosine < float(np.cos(np.radians(0.1)))
