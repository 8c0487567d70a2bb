"""A volume placed in another space through a registration: its voxels stay, only where they lie changes."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from compare.linking.frame_graph import PointTransform
from compare.pet.fusion_pairs import CannotFuse
from compare.reformat.sampled_volume import SampledVolume

#: A transform that leaves its own affine map by more anywhere in the volume bends it.
_MOST_BENT_MM = 0.05
_LEVER_MM = 100.0


def carried(sampled: SampledVolume, to_other_space: PointTransform) -> SampledVolume:
    """Return the volume as it lies in another space, nothing resampled.

    Raises ``CannotFuse`` for a transform that bends space: a plane through one space is none in the other then, and for
    an uneven stack, whose slices no one affine map places.
    """
    grid = sampled.grid
    if not grid.is_even:
        raise CannotFuse("an uneven stack is not laid over another examination")
    corners = grid.corners_lps_mm()
    centre = corners.mean(axis=0)
    levers = centre + np.vstack((np.zeros(3), _LEVER_MM * np.eye(3)))
    found = to_other_space.map_points(levers)
    matrix = np.eye(4)
    matrix[:3, :3] = ((found[1:] - found[0]) / _LEVER_MM).T
    matrix[:3, 3] = found[0] - matrix[:3, :3] @ centre
    straight = corners @ matrix[:3, :3].T + matrix[:3, 3]
    if float(np.abs(to_other_space.map_points(corners) - straight).max()) > _MOST_BENT_MM:
        raise CannotFuse("a deformable registration bends the planes: only a rigid one carries an overlay")
    normal = matrix[:3, :3] @ np.asarray(grid.normal_lps)
    x, y, z = (float(value) for value in normal / np.linalg.norm(normal))
    return replace(sampled, grid=replace(grid, index_to_lps=matrix @ grid.index_to_lps, normal_lps=(x, y, z)))
