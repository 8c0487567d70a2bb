"""The plane that shows all of a volume at its own resolution, through a point."""

from __future__ import annotations

import numpy as np

from compare.reformat.plane import ANATOMICAL, ReformatPlane, plane_with
from compare.reformat.stack_grid import StackGrid
from loaders.model.frame_plane import Vector3

_AXES = {"axial": 2, "coronal": 1, "sagittal": 0}
#: Rounding must not add a row of pixels.
_ROUNDING = 1e-6


def covering_plane(grid: StackGrid, name: str, position_mm: float | None = None) -> ReformatPlane:
    """Return an axial, coronal or sagittal plane at a place along its LPS axis (z, y, x), the middle if not given.

    Its pixels have the finest voxel distance, and cover the voxels from face to face: of an axial volume with square
    pixels, an axial plane has the very raster of its slices. Raises ``ValueError`` for another name.
    """
    if name not in ANATOMICAL:
        raise ValueError(f"no plane is named {name!r}")
    normal, up = ANATOMICAL[name]
    scale = grid.finest_mm if name != "axial" else min(grid.spacing_mm_zyx[1:])
    probe = plane_with((0.0, 0.0, 0.0), normal, up, width=1, height=1, mm_per_pixel=1.0)
    corners = grid.corners_lps_mm()
    right, down = corners @ np.asarray(probe.right_lps), corners @ np.asarray(probe.down_lps)
    width = int(np.ceil((right.max() - right.min()) / scale - _ROUNDING))
    height = int(np.ceil((down.max() - down.min()) / scale - _ROUNDING))
    place = np.asarray(grid.centre_lps_mm)[_AXES[name]] if position_mm is None else position_mm
    origin = (right.min() + scale / 2.0) * np.asarray(probe.right_lps) + (down.min() + scale / 2.0) * np.asarray(
        probe.down_lps
    )
    origin[_AXES[name]] = place
    corner: Vector3 = (float(origin[0]), float(origin[1]), float(origin[2]))
    return plane_with(corner, normal, up, width=max(1, width), height=max(1, height), mm_per_pixel=scale)
