"""From the anatomy at rest to where it lay on a scanner's table: one breath and one rigid shift, both invertible.

``pull`` (image to anatomy) is closed form: three one-dimensional monotone maps after a rotation. ``push`` (anatomy to
image) solves the same three maps by Newton's method to 1e-9 mm. Coordinates are LPS mm on both sides.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

Points = NDArray[np.float64]
_MOST_STEPS, _CLOSE_MM = 50, 1e-10
_F = TypeVar("_F", bound=np.floating)


@dataclass(frozen=True, slots=True)
class Breath:
    """How far the breath is from the anatomy's own full inspiration, in mm.

    ``diaphragm_mm`` moves the domes up, ``front_mm`` sinks the front wall, ``side_mm`` narrows each side.
    """

    diaphragm_mm: float = 0.0
    front_mm: float = 0.0
    side_mm: float = 0.0

    @property
    def is_rest(self) -> bool:
        """Whether this is the anatomy's own breath."""
        return self.diaphragm_mm == self.front_mm == self.side_mm == 0.0


def _height(z: NDArray[_F]) -> NDArray[_F]:
    result: NDArray[_F] = np.exp(-(((z - 60.0) / 85.0) ** 2))
    return result


def _dome(x: NDArray[_F], y: NDArray[_F]) -> NDArray[_F]:
    """Weight of the vertical motion: the domes move, the spine stays."""
    domes = np.exp(-((x / 105.0) ** 2) - ((y + 12.0) / 66.0) ** 2)
    spine = np.exp(-((x / 38.0) ** 2) - ((y - 68.0) / 34.0) ** 2)
    result: NDArray[_F] = (domes * (1.0 - spine)).astype(x.dtype, copy=False)
    return result


def _front(y: NDArray[_F]) -> NDArray[_F]:
    result: NDArray[_F] = 0.5 - 0.5 * np.tanh(y / 60.0)
    return result


def _ribs(z: NDArray[_F]) -> NDArray[_F]:
    result: NDArray[_F] = np.exp(-(((z - 110.0) / 110.0) ** 2))
    return result


@dataclass(frozen=True, slots=True)
class BodyMotion:
    """Rigid placement (angles about x, y, z in degrees, applied in that order; shift in mm) after a breath."""

    angles_deg: tuple[float, float, float] = (0.0, 0.0, 0.0)
    shift_lps_mm: tuple[float, float, float] = (0.0, 0.0, 0.0)
    breath: Breath = Breath()

    @property
    def rotation(self) -> NDArray[np.float64]:
        """Rotation matrix, shape (3, 3), from the anatomy's axes to the image's LPS."""
        ax, ay, az = np.radians(self.angles_deg)
        about_x = np.array([[1, 0, 0], [0, np.cos(ax), -np.sin(ax)], [0, np.sin(ax), np.cos(ax)]])
        about_y = np.array([[np.cos(ay), 0, np.sin(ay)], [0, 1, 0], [-np.sin(ay), 0, np.cos(ay)]])
        about_z = np.array([[np.cos(az), -np.sin(az), 0], [np.sin(az), np.cos(az), 0], [0, 0, 1]])
        rotation: NDArray[np.float64] = about_z @ about_y @ about_x
        return rotation

    def pull(self, x: NDArray[_F], y: NDArray[_F], z: NDArray[_F]) -> tuple[NDArray[_F], NDArray[_F], NDArray[_F]]:
        """Return the anatomy's coordinates of image points. Arrays of one shape and type, LPS mm."""
        r = self.rotation
        kind = x.dtype.type
        dx, dy, dz = (a - kind(s) for a, s in zip((x, y, z), self.shift_lps_mm, strict=True))
        xs, ys, zs = (kind(r[0, i]) * dx + kind(r[1, i]) * dy + kind(r[2, i]) * dz for i in range(3))
        if self.breath.is_rest:
            return xs, ys, zs
        ribs = _ribs(zs)
        x_rest = xs + kind(self.breath.side_mm) * np.tanh(xs / kind(60.0)) * ribs
        y_rest = ys - kind(self.breath.front_mm) * _front(ys) * ribs
        z_rest = zs - kind(self.breath.diaphragm_mm) * _dome(x_rest, y_rest) * _height(zs)
        return x_rest, y_rest, z_rest

    def push(self, points_lps_mm: Points) -> Points:
        """Return image points of anatomy points, both shape (n, 3): the inverse of :meth:`pull`."""
        x_rest, y_rest, z_rest = np.asarray(points_lps_mm, dtype=np.float64).T
        x, y, z = x_rest.copy(), y_rest.copy(), z_rest.copy()
        if not self.breath.is_rest:
            lift = self.breath.diaphragm_mm * _dome(x_rest, y_rest)
            for _ in range(_MOST_STEPS):
                height = _height(z)
                slope = 1.0 + lift * height * 2.0 * (z - 60.0) / 85.0**2
                step = (z - lift * height - z_rest) / slope
                z -= step
                if float(np.abs(step).max(initial=0.0)) < _CLOSE_MM:
                    break
            ribs = _ribs(z)
            for _ in range(_MOST_STEPS):
                tanh = np.tanh(y / 60.0)
                slope = 1.0 + self.breath.front_mm * ribs * (1 - tanh**2) / 120.0
                step_y = (y - self.breath.front_mm * ribs * (0.5 - 0.5 * tanh) - y_rest) / slope
                y -= step_y
                tanh = np.tanh(x / 60.0)
                slope = 1.0 + self.breath.side_mm * ribs * (1 - tanh**2) / 60.0
                step_x = (x + self.breath.side_mm * ribs * tanh - x_rest) / slope
                x -= step_x
                if float(max(np.abs(step_x).max(initial=0.0), np.abs(step_y).max(initial=0.0))) < _CLOSE_MM:
                    break
        placed: Points = np.stack([x, y, z], axis=1) @ self.rotation.T + np.asarray(self.shift_lps_mm)
        return placed
