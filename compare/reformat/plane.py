"""A plane, or a slab of it, anywhere in the patient, as a raster of square pixels."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from loaders.model.frame_plane import Vector3

#: Directions nearer to each other than this (0.6 degrees) span no plane.
_PARALLEL = 0.01


class SlabMode(StrEnum):
    """How the values through a slab become one: highest, lowest, mean."""

    MIP = "mip"
    MINIP = "minip"
    MEAN = "mean"


@dataclass(frozen=True, slots=True)
class ReformatPlane:
    """``origin_lps_mm`` is the *centre of the first pixel*; right and down are orthogonal unit directions in LPS.

    A slab reaches ``slab_mm / 2`` to either side of the plane; 0 is the plane alone.
    """

    origin_lps_mm: Vector3
    right_lps: Vector3
    down_lps: Vector3
    width: int
    height: int
    mm_per_pixel: float
    slab_mm: float = 0.0
    mode: SlabMode = SlabMode.MIP

    @property
    def normal_lps(self) -> Vector3:
        """Unit normal, right x down: it points away from the reader."""
        return _vector(np.cross(self.right_lps, self.down_lps))

    @property
    def centre_lps_mm(self) -> Vector3:
        """The middle of the raster."""
        return _vector(self.lps_of((self.width - 1) / 2.0, (self.height - 1) / 2.0))

    def lps_of(self, column: float, row: float) -> NDArray[np.float64]:
        """Return the patient point of a raster position, (0, 0) the centre of the first pixel."""
        across, down = column * self.mm_per_pixel, row * self.mm_per_pixel
        return np.asarray(
            np.asarray(self.origin_lps_mm) + across * np.asarray(self.right_lps) + down * np.asarray(self.down_lps),
            dtype=np.float64,
        )

    def raster_of(self, point_lps_mm: NDArray[np.float64]) -> tuple[float, float, float]:
        """Return (column, row) on the raster and the distance from the plane along the normal in mm."""
        offset = np.asarray(point_lps_mm, dtype=np.float64) - np.asarray(self.origin_lps_mm)
        return (
            float(offset @ np.asarray(self.right_lps)) / self.mm_per_pixel,
            float(offset @ np.asarray(self.down_lps)) / self.mm_per_pixel,
            float(offset @ np.asarray(self.normal_lps)),
        )

    def moved(self, along_normal_mm: float) -> ReformatPlane:
        """Return the plane shifted along its normal."""
        origin = np.asarray(self.origin_lps_mm) + along_normal_mm * np.asarray(self.normal_lps)
        return replace(self, origin_lps_mm=_vector(origin))

    def through(self, point_lps_mm: NDArray[np.float64]) -> ReformatPlane:
        """Return the plane shifted along its normal to hold a point; the raster stays over the same place."""
        return self.moved(self.raster_of(point_lps_mm)[2])

    def reduced(self, factor: int) -> ReformatPlane:
        """Return the raster with ``factor`` times larger pixels over the same ground, for a first, coarse picture."""
        if factor <= 1:
            return self
        shift = (factor - 1) / 2.0
        return replace(
            self,
            origin_lps_mm=_vector(self.lps_of(shift, shift)),
            width=-(-self.width // factor),
            height=-(-self.height // factor),
            mm_per_pixel=self.mm_per_pixel * factor,
        )

    def turned(self, axis_lps: Vector3, degrees: float, about_lps_mm: Vector3) -> ReformatPlane:
        """Return the plane turned about an axis through a point, right-handed; the raster turns with it."""
        matrix = rotation(axis_lps, degrees)
        about = np.asarray(about_lps_mm)
        return replace(
            self,
            origin_lps_mm=_vector(about + matrix @ (np.asarray(self.origin_lps_mm) - about)),
            right_lps=_vector(matrix @ np.asarray(self.right_lps)),
            down_lps=_vector(matrix @ np.asarray(self.down_lps)),
        )

    def slab_offsets_mm(self, step_mm: float) -> NDArray[np.float64]:
        """Return where a slab is sampled along the normal, its two faces included, at most ``step_mm`` apart."""
        if self.slab_mm <= 0.0:
            return np.zeros(1, dtype=np.float64)
        count = max(2, int(np.ceil(self.slab_mm / step_mm - 1e-9)) + 1)
        return np.linspace(-self.slab_mm / 2.0, self.slab_mm / 2.0, count, dtype=np.float64)


def plane_with(
    origin_lps_mm: Vector3, normal_lps: Vector3, up_lps: Vector3, *, width: int, height: int, mm_per_pixel: float
) -> ReformatPlane:
    """Return the plane seen along ``normal_lps`` with ``up_lps`` upwards, as far as it lies in the plane.

    Raises ``ValueError`` where normal or up is no direction, both are one, or the raster is empty.
    """
    normal, up = np.asarray(normal_lps, dtype=np.float64), np.asarray(up_lps, dtype=np.float64)
    lengths = np.linalg.norm(normal), np.linalg.norm(up)
    if not all(np.isfinite(length) and length > 0.0 for length in lengths):
        raise ValueError("normal and up must be directions, not zero")
    if width < 1 or height < 1 or not (np.isfinite(mm_per_pixel) and mm_per_pixel > 0.0):
        raise ValueError("the raster needs at least one pixel, and a size of pixel above 0 mm")
    normal, up = normal / lengths[0], up / lengths[1]
    down = -(up - (up @ normal) * normal)
    length = float(np.linalg.norm(down))
    if length < _PARALLEL:
        raise ValueError("up is the direction of the normal: the plane's turn about it is open")
    down /= length
    origin = np.asarray(origin_lps_mm, dtype=np.float64)
    if not np.all(np.isfinite(origin)):
        raise ValueError("the origin must be a point")
    right = np.cross(down, normal)
    return ReformatPlane(_vector(origin), _vector(right), _vector(down), width, height, mm_per_pixel)


#: Normal and up of the named planes, as radiology shows them: from the feet, from the front, from the left.
ANATOMICAL: dict[str, tuple[Vector3, Vector3]] = {
    "axial": ((0.0, 0.0, 1.0), (0.0, -1.0, 0.0)),
    "coronal": ((0.0, 1.0, 0.0), (0.0, 0.0, 1.0)),
    "sagittal": ((-1.0, 0.0, 0.0), (0.0, 0.0, 1.0)),
}


def anatomical_plane(
    name: str, centre_lps_mm: Vector3, *, width: int, height: int, mm_per_pixel: float
) -> ReformatPlane:
    """Return an axial, coronal or sagittal plane whose raster's middle is at a point. Raises ``ValueError``."""
    if name not in ANATOMICAL:
        raise ValueError(f"no plane is named {name!r}")
    plane = plane_with((0.0, 0.0, 0.0), *ANATOMICAL[name], width=width, height=height, mm_per_pixel=mm_per_pixel)
    corner = np.asarray(centre_lps_mm) - np.asarray(plane.centre_lps_mm)
    return replace(plane, origin_lps_mm=_vector(corner))


def rotation(axis_lps: Vector3, degrees: float) -> NDArray[np.float64]:
    """Return the (3, 3) matrix of a right-handed turn about an axis (Rodrigues)."""
    axis = np.asarray(axis_lps, dtype=np.float64)
    x, y, z = axis / np.linalg.norm(axis)
    cross = np.array(((0.0, -z, y), (z, 0.0, -x), (-y, x, 0.0)))
    angle = np.radians(degrees)
    matrix: NDArray[np.float64] = np.eye(3) + np.sin(angle) * cross + (1.0 - np.cos(angle)) * (cross @ cross)
    return matrix


def _vector(values: NDArray[np.float64]) -> Vector3:
    return (float(values[0]), float(values[1]), float(values[2]))
