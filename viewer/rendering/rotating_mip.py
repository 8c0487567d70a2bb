"""The highest uptake along lines of sight from all around the body: computed once, turned without delay."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from compare.reformat.plane import ReformatPlane, SlabMode, plane_with
from compare.reformat.sampled_volume import SampledVolume
from compare.reformat.sampling import sample_plane
from loaders.model.frame_plane import Vector3
from viewer.rendering.plane_sampler import PlaneSampler

ANGLE_STEP_DEGREES = 5.0


@dataclass(frozen=True, slots=True, eq=False)
class RotatingMip:
    """Projections (angles, height, width) float32, NaN beside the volume, and the plane each was made on."""

    values: NDArray[np.float32]
    planes: tuple[ReformatPlane, ...]

    @property
    def step_degrees(self) -> float:
        """Angle between two projections."""
        return 360.0 / len(self.planes)

    def index_of(self, azimuth_degrees: float) -> int:
        """Return the projection nearest to an azimuth."""
        return round(azimuth_degrees / self.step_degrees) % len(self.planes)


def mip_plane(sampled: SampledVolume, azimuth_degrees: float, mm_per_pixel: float) -> ReformatPlane:
    """Return the plane through the volume's middle, seen from an azimuth: 0 from the front, 90 from the left.

    Its slab holds the whole volume; the raster is the same for every azimuth.
    """
    azimuth = np.radians(azimuth_degrees)
    normal = (-float(np.sin(azimuth)), float(np.cos(azimuth)), 0.0)
    centre = np.asarray(sampled.grid.centre_lps_mm)
    corners = sampled.grid.corners_lps_mm() - centre
    across = float(np.linalg.norm(corners[:, :2], axis=1).max())
    tall = float(np.abs(corners[:, 2]).max())
    width, height = (int(np.ceil(2.0 * size / mm_per_pixel)) for size in (across, tall))
    plane = plane_with((0.0, 0.0, 0.0), normal, (0.0, 0.0, 1.0), width=width, height=height, mm_per_pixel=mm_per_pixel)
    origin = centre - np.asarray(plane.centre_lps_mm)
    corner: Vector3 = (float(origin[0]), float(origin[1]), float(origin[2]))
    return replace(plane, origin_lps_mm=corner, slab_mm=2.0 * across, mode=SlabMode.MIP)


def rotating_mip(
    sampled: SampledVolume,
    *,
    mm_per_pixel: float | None = None,
    step_degrees: float = ANGLE_STEP_DEGREES,
    on_angle: Callable[[int, int], None] = lambda _done, _all: None,
) -> RotatingMip:
    """Return the projections all around, at the volume's finest voxel distance if not said otherwise.

    ``on_angle(done, all)`` is called after each projection: it may raise to end the work.
    """
    scale = mm_per_pixel or sampled.grid.finest_mm
    count = round(360.0 / step_degrees)
    planes = tuple(mip_plane(sampled, index * 360.0 / count, scale) for index in range(count))
    values: NDArray[np.float32] = np.empty((count, planes[0].height, planes[0].width), dtype=np.float32)
    sampler = PlaneSampler()
    try:
        for index, plane in enumerate(planes):
            # Seen from behind, a projection is the one from the front, mirrored: half of them are enough.
            twin = index - count // 2
            if count % 2 == 0 and twin >= 0:
                values[index] = values[twin, :, ::-1]
            else:
                values[index] = sampler.sample(sampled, plane, step_mm=scale)
            on_angle(index + 1, count)
    finally:
        sampler.close()
    return RotatingMip(values, planes)


def hottest_on_line(sampled: SampledVolume, plane: ReformatPlane, column: float, row: float) -> Vector3 | None:
    """Return the patient point of the highest value on the line of sight through a raster position; ``None``: nothing.

    For the click on a projection that brings the planes to what shines there.
    """
    start = plane.lps_of(column, row)
    offsets = plane.slab_offsets_mm(sampled.grid.finest_mm / 2.0)
    step = float(offsets[1] - offsets[0]) if len(offsets) > 1 else 1.0
    first = start + offsets[0] * np.asarray(plane.normal_lps)
    line = ReformatPlane(
        (float(first[0]), float(first[1]), float(first[2])),
        plane.normal_lps,
        plane.down_lps,
        len(offsets),
        1,
        step,
    )
    values = sample_plane(sampled, line)[0]
    if np.isnan(values).all():
        return None
    best = start + offsets[int(np.nanargmax(values))] * np.asarray(plane.normal_lps)
    return (float(best[0]), float(best[1]), float(best[2]))
