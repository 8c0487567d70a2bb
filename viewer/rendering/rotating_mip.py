"""The highest uptake along lines of sight from all around the body: made once, turned without delay."""

from __future__ import annotations

import time
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from compare.reformat.plane import ReformatPlane, SlabMode, plane_with
from compare.reformat.sampled_volume import SampledVolume
from compare.reformat.sampling import sample_plane
from loaders.model.frame_plane import Vector3
from viewer.rendering.plane_sampler import PlaneSampler

ANGLE_STEP_DEGREES = 5.0
_FIRST_ROWS = 8


class TurningProjections:
    """Projections from all around, made piece by piece between other work. One thread's own.

    ``planes`` has the plane of every angle, ``values`` its projection (height, width) float32, NaN beside the volume,
    or ``None`` until it is made. Seen from behind, a projection is the one from the front, mirrored: half of them are
    computed.
    """

    def __init__(
        self, sampled: SampledVolume, *, mm_per_pixel: float | None = None, step_degrees: float = ANGLE_STEP_DEGREES
    ) -> None:
        self._sampled = sampled
        self._scale = mm_per_pixel or sampled.grid.finest_mm
        # An even number, so that every angle has its mirror image.
        count = 2 * round(180.0 / step_degrees)
        self.planes = tuple(mip_plane(sampled, index * 360.0 / count, self._scale) for index in range(count))
        self.values: list[NDArray[np.float32] | None] = [None] * count
        self._sampler = PlaneSampler()
        self._wanted = 0
        self._begun: tuple[int, NDArray[np.float32], int] | None = None
        self._rows_a_piece = _FIRST_ROWS

    @property
    def is_complete(self) -> bool:
        """Whether every projection is made."""
        return all(values is not None for values in self.values)

    def index_of(self, azimuth_degrees: float) -> int:
        """Return the projection nearest to an azimuth, and make it, and those beside it, next."""
        index = round(azimuth_degrees / 360.0 * len(self.planes)) % len(self.planes)
        self._wanted = index
        return index

    def work(self, milliseconds: float) -> bool:
        """Go on for about so long; return whether a projection was finished."""
        has_finished = False
        started = time.perf_counter()
        while not self.is_complete and (time.perf_counter() - started) * 1e3 < milliseconds:
            has_finished |= self._piece(milliseconds)
        return has_finished

    def _piece(self, milliseconds: float) -> bool:
        index, values, row = self._begun or self._next()
        plane = self.planes[index]
        last = min(row + self._rows_a_piece, plane.height)
        corner = plane.lps_of(0.0, float(row))
        band = replace(plane, origin_lps_mm=(float(corner[0]), float(corner[1]), float(corner[2])), height=last - row)
        started = time.perf_counter()
        values[row:last] = self._sampler.sample(self._sampled, band, step_mm=self._scale)
        taken_ms = max((time.perf_counter() - started) * 1e3, 0.1)
        self._rows_a_piece = int(np.clip(self._rows_a_piece * milliseconds / taken_ms, 1, 4096))
        if last < plane.height:
            self._begun = (index, values, last)
            return False
        self._begun = None
        self.values[index] = values
        self.values[(index + len(self.planes) // 2) % len(self.planes)] = values[:, ::-1]
        return True

    def _next(self) -> tuple[int, NDArray[np.float32], int]:
        """The projection that is missing nearest to the wanted one."""
        count = len(self.planes)
        missing = [index for index, values in enumerate(self.values) if values is None]
        index = min(missing, key=lambda each: min((each - self._wanted) % count, (self._wanted - each) % count))
        plane = self.planes[index]
        return index, np.empty((plane.height, plane.width), dtype=np.float32), 0

    def close(self) -> None:
        """Let go of the volume."""
        self._sampler.close()


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
