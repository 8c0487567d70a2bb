"""Where pictures are taken: stacks of axial planes for CT, planes of a diverging beam for a radiograph."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from loaders.demo_patient.profiles import Floats

Points = NDArray[np.float64]


class Grid(Protocol):
    """A pile of planes of points in LPS mm."""

    @property
    def shape(self) -> tuple[int, int, int]:
        """Planes, rows, columns."""
        ...

    def points(self, plane: int) -> tuple[Floats, Floats, Floats]:
        """LPS mm of every point of a plane; each array has shape (rows, columns)."""
        ...

    def locate(self, lps_mm: Points) -> Points:
        """Fractional (plane, row, column) of points, both shape (n, 3)."""
        ...

    def steps_mm(self) -> tuple[float, float, float]:
        """Smallest distance between neighbours along plane, row and column."""
        ...


@dataclass(frozen=True, slots=True)
class AxialGrid:
    """Axial planes; ``origin`` is the centre of the first pixel of plane 0, planes go upwards (towards the head)."""

    origin: tuple[float, float, float]
    plane_mm: float
    pixel_mm: float
    shape: tuple[int, int, int]

    def points(self, plane: int) -> tuple[Floats, Floats, Floats]:
        """LPS mm of a plane."""
        _, rows, columns = self.shape
        x = (self.origin[0] + self.pixel_mm * np.arange(columns)).astype(np.float32)
        y = (self.origin[1] + self.pixel_mm * np.arange(rows)).astype(np.float32)
        xs, ys = np.meshgrid(x, y)
        return xs, ys, np.full((rows, columns), self.origin[2] + self.plane_mm * plane, dtype=np.float32)

    def locate(self, lps_mm: Points) -> Points:
        """Fractional (plane, row, column)."""
        offset = lps_mm - np.asarray(self.origin)
        located: Points = offset[:, ::-1] / (self.plane_mm, self.pixel_mm, self.pixel_mm)
        return located

    def steps_mm(self) -> tuple[float, float, float]:
        """Plane, row and column spacing."""
        return self.plane_mm, self.pixel_mm, self.pixel_mm


@dataclass(frozen=True, slots=True)
class BeamGrid:
    """Coronal planes of a postero-anterior beam, from the detector in front backwards to the tube.

    ``centre`` is the LPS point where the central ray meets the detector; ``source_mm`` the distance from there to the
    source, straight behind the patient (+y); row 0 is the topmost. Every plane holds one point of each detector
    pixel's ray, so that a sum over planes is a line integral.
    """

    centre: tuple[float, float, float]
    source_mm: float
    plane_mm: float
    pixel_mm: float
    shape: tuple[int, int, int]

    def _shrink(self, plane: float | NDArray[np.float64]) -> float | NDArray[np.float64]:
        return 1.0 - plane * self.plane_mm / self.source_mm

    def points(self, plane: int) -> tuple[Floats, Floats, Floats]:
        """LPS mm of a plane."""
        _, rows, columns = self.shape
        step = self.pixel_mm * float(self._shrink(float(plane)))
        x = (self.centre[0] + step * (np.arange(columns) - 0.5 * (columns - 1))).astype(np.float32)
        z = (self.centre[2] - step * (np.arange(rows) - 0.5 * (rows - 1))).astype(np.float32)
        xs, zs = np.meshgrid(x, z)
        return xs, np.full((rows, columns), self.centre[1] + self.plane_mm * plane, dtype=np.float32), zs

    def locate(self, lps_mm: Points) -> Points:
        """Fractional (plane, row, column)."""
        _, rows, columns = self.shape
        plane = (lps_mm[:, 1] - self.centre[1]) / self.plane_mm
        step = self.pixel_mm * np.asarray(self._shrink(plane))
        column = (lps_mm[:, 0] - self.centre[0]) / step + 0.5 * (columns - 1)
        row = -(lps_mm[:, 2] - self.centre[2]) / step + 0.5 * (rows - 1)
        located: Points = np.stack([plane, row, column], axis=1)
        return located

    def path_mm(self) -> Floats:
        """Length of each ray between two planes, shape (rows, columns)."""
        _, rows, columns = self.shape
        u = self.pixel_mm * (np.arange(columns) - 0.5 * (columns - 1))
        v = self.pixel_mm * (np.arange(rows) - 0.5 * (rows - 1))
        slope2 = (u[None, :] ** 2 + v[:, None] ** 2) / self.source_mm**2
        path: Floats = (self.plane_mm * np.sqrt(1.0 + slope2)).astype(np.float32)
        return path

    def steps_mm(self) -> tuple[float, float, float]:
        """Plane spacing, and the pixel's at the back of the patient (its smallest)."""
        step = self.pixel_mm * float(self._shrink(float(self.shape[0])))
        return self.plane_mm, step, step
