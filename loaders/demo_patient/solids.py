"""Organs and bones that fill a small part of the trunk: each knows its box and paints itself there.

Coordinates are the anatomy's (see :mod:`loaders.demo_patient.trunk`); boxes are ((x, y, z) low, (x, y, z) high) in mm.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from loaders.demo_patient.profiles import Floats, edge
from loaders.demo_patient.trunk import (
    MUSCLE_HU,
    RIB_PITCH_MM,
    cavity_distance,
    diaphragm_distance,
    smooth_step,
    texture,
)

Triple = tuple[float, float, float]
Box = tuple[Triple, Triple]
BLOOD_HU, CORTEX_HU, MARROW_HU = 150.0, 620.0, 190.0


def _f(value: float) -> np.float32:
    return np.float32(value)


def _mix(hu: Floats, target: float | Floats, coverage: Floats) -> None:
    hu += (np.asarray(target, dtype=np.float32) - hu) * coverage


class Solid(Protocol):
    """Something with a box that paints itself over what lies there."""

    @property
    def box_mm(self) -> Box:
        """Low and high corner, before blur."""
        ...

    def paint(self, hu: Floats, x: Floats, y: Floats, z: Floats, sigma_mm: float) -> None:
        """Paint over ``hu``; all arrays of one shape."""
        ...


@dataclass(frozen=True, slots=True)
class Ellipsoid:
    """An organ of one CT number; ``turn_deg`` turns it about z, then ``tip_deg`` about its own y.

    ``diaphragm`` -1 keeps it below the diaphragm, +1 above it, both inside the cage; ``rim`` is (HU, mm)
    of a wall around it.
    """

    centre: Triple
    radii: Triple
    hu: float
    turn_deg: float = 0.0
    tip_deg: float = 0.0
    diaphragm: int = 0
    texture_hu: float = 0.0
    rim: tuple[float, float] | None = None

    @property
    def box_mm(self) -> Box:
        """Box of the turned ellipsoid's bounding ball or, unturned, of itself."""
        turned = self.turn_deg != 0.0 or self.tip_deg != 0.0
        reach = (max(self.radii),) * 3 if turned else self.radii
        wall = self.rim[1] if self.rim else 0.0
        low = (self.centre[0] - reach[0] - wall, self.centre[1] - reach[1] - wall, self.centre[2] - reach[2] - wall)
        high = (self.centre[0] + reach[0] + wall, self.centre[1] + reach[1] + wall, self.centre[2] + reach[2] + wall)
        return low, high

    def depth(self, x: Floats, y: Floats, z: Floats) -> Floats:
        """First-order signed distance to the surface, positive inside."""
        u, v, w = x - _f(self.centre[0]), y - _f(self.centre[1]), z - _f(self.centre[2])
        if self.turn_deg:
            c, s = _f(np.cos(np.radians(self.turn_deg))), _f(np.sin(np.radians(self.turn_deg)))
            u, v = c * u + s * v, c * v - s * u
        if self.tip_deg:
            c, s = _f(np.cos(np.radians(self.tip_deg))), _f(np.sin(np.radians(self.tip_deg)))
            u, w = c * u + s * w, c * w - s * u
        a, b, d = (_f(1.0 / r) for r in self.radii)
        u, v, w = u * a, v * b, w * d
        k0 = np.sqrt(u * u + v * v + w * w)
        u, v, w = u * a, v * b, w * d
        k1 = np.sqrt(u * u + v * v + w * w)
        result: Floats = k0 * (_f(1.0) - k0) / np.maximum(k1, _f(1e-4))
        return result

    def paint(self, hu: Floats, x: Floats, y: Floats, z: Floats, sigma_mm: float) -> None:
        """Paint the wall, then what it holds."""
        depth = self.depth(x, y, z)
        limit: Floats | None = None
        if self.diaphragm:
            clear = _f(self.diaphragm) * diaphragm_distance(x, y, z) - _f(4.0 if self.diaphragm < 0 else 0.5)
            limit = np.minimum(cavity_distance(x, y, z) - _f(2.0), clear)
            depth = np.minimum(depth, limit)
        if self.rim:
            wall = depth + _f(self.rim[1])
            _mix(hu, self.rim[0], edge(wall if limit is None else np.minimum(wall, limit), sigma_mm))
        target: float | Floats = self.hu
        if self.texture_hu:
            target = _f(self.hu) + _f(self.texture_hu) * texture(x, y, z, 19.0)
        _mix(hu, target, edge(depth, sigma_mm))


@dataclass(frozen=True, slots=True)
class Spine:
    """Vertebrae with cortex, discs, canal, arch, transverse and spinous processes, one per rib pitch."""

    box_mm: Box = ((-44.0, 40.0, -60.0), (44.0, 126.0, 360.0))

    def paint(self, hu: Floats, x: Floats, y: Floats, z: Floats, sigma_mm: float) -> None:
        """Paint the whole column where it crosses these points."""
        level = z * _f(1.0 / RIB_PITCH_MM) - _f(0.1)
        high = (level - np.rint(level)) * _f(RIB_PITCH_MM)  # mm above the middle of the nearest vertebra
        away = np.abs(high)
        yc = y - _f(61.0) - _f(3.0) * np.sin(z * _f(0.012))
        side = np.abs(x)
        waist = _f(1.6) * (_f(1.0) - (away * _f(1.0 / 10.5)) ** 2)
        radial = np.sqrt((x * _f(14.5 / 17.5)) ** 2 + yc * yc)
        column = _f(14.5) - waist - radial
        _mix(hu, 88.0, edge(column - _f(0.3), sigma_mm))  # discs
        end_plate = _f(10.4) - away
        body = np.minimum(column, end_plate)
        _mix(hu, CORTEX_HU - 130.0, edge(body, sigma_mm))
        trabecular = _f(MARROW_HU) + _f(14.0) * texture(x, y, z, 8.0)
        _mix(hu, trabecular, edge(body - _f(1.3), sigma_mm))
        self._paint_arch(hu, (side, yc, high), sigma_mm)
        canal = _f(8.2) - np.sqrt((x * _f(0.85)) ** 2 + (yc - _f(22.5)) ** 2)
        _mix(hu, 15.0, edge(canal, sigma_mm))
        _mix(hu, 42.0, edge(canal - _f(3.6), sigma_mm))

    @staticmethod
    def _paint_arch(hu: Floats, place: tuple[Floats, Floats, Floats], sigma_mm: float) -> None:
        side, yc, high = place
        ring_radius = np.sqrt((side * _f(0.85)) ** 2 + (yc - _f(22.5)) ** 2)
        lamina = _f(2.8) - np.abs(ring_radius - _f(11.4))
        lamina = np.minimum(lamina, _f(8.5) - np.abs(high + _f(2.0)))
        # The transverse process runs outwards, back and up; the spinous process back and down.
        run = np.clip((side - _f(9.0)) * _f(1.0 / 24.0), 0.0, 1.0)
        off_y, off_z = yc - _f(20.0) - _f(9.0) * run, high - _f(1.0) - _f(4.0) * run
        beyond = np.maximum(side - _f(33.0), _f(0.0)) + np.maximum(_f(9.0) - side, _f(0.0))
        transverse = _f(4.6) - np.sqrt(off_y * off_y + off_z * off_z + beyond * beyond)
        back = yc - _f(32.0)
        sink = high + _f(4.0) + _f(0.55) * np.clip(back, 0.0, 14.0)
        tip = np.maximum(back - _f(12.0), _f(0.0)) + np.maximum(-back, _f(0.0))
        spinous = _f(3.4) - np.sqrt(side * side + (np.maximum(np.abs(sink) - _f(5.0), _f(0.0))) ** 2 + tip * tip)
        arch = np.maximum(np.maximum(lamina, transverse), spinous)
        _mix(hu, CORTEX_HU, edge(arch, sigma_mm))
        _mix(hu, MARROW_HU + 40.0, edge(arch - _f(1.5), sigma_mm))


@dataclass(frozen=True, slots=True)
class Sternum:
    """Manubrium and body, lying on the front of the cage."""

    box_mm: Box = ((-30.0, -112.0, 88.0), (30.0, -20.0, 262.0))

    def paint(self, hu: Floats, x: Floats, y: Floats, z: Floats, sigma_mm: float) -> None:
        """Paint the bone along the cage's own front wall."""
        off = (cavity_distance(x, y, z) + _f(7.5)) * _f(1.0 / 5.2)
        half = (
            _f(15.0)
            + _f(9.0) * smooth_step((z - _f(215.0)) / _f(25.0))
            - _f(4.0) * smooth_step((z - _f(250.0)) / _f(9.0))
        )
        u = x / half
        k0 = np.sqrt(u * u * u * u + off * off)
        depth = np.minimum((_f(1.0) - k0) * _f(5.2), np.minimum(z - _f(100.0), _f(252.0) - z))
        depth = np.minimum(depth, _f(3.0) * np.maximum(np.abs(z - _f(213.0)) - _f(1.2), _f(-1.0)))  # the angle's joint
        depth = np.where(y < _f(-15.0), depth, _f(-99.0))
        _mix(hu, CORTEX_HU - 120.0, edge(depth, sigma_mm))
        _mix(hu, MARROW_HU - 40.0, edge(depth - _f(1.3), sigma_mm))


@dataclass(frozen=True, slots=True)
class Scapula:
    """A shoulder blade: a thin curved plate with a thick outer border; ``side`` is +1 left, -1 right."""

    side: int

    @property
    def box_mm(self) -> Box:
        """Box of the plate."""
        near, far = 62.0, 152.0
        low, high = (near, far) if self.side > 0 else (-far, -near)
        return (low, 0.0, 140.0), (high, 112.0, 282.0)

    def paint(self, hu: Floats, x: Floats, y: Floats, z: Floats, sigma_mm: float) -> None:
        """Paint plate, border and spine."""
        sx = x * _f(self.side)
        # Along the plate (from the inner border outwards and forwards) and off it.
        along = (sx - _f(78.0)) * _f(0.80) - (y - _f(84.0)) * _f(0.60)
        off = (sx - _f(78.0)) * _f(0.60) + (y - _f(84.0)) * _f(0.80) - _f(7.0)
        off = off + _f(0.004) * (along - _f(30.0)) ** 2
        width = _f(68.0) * smooth_step((z - _f(138.0)) / _f(95.0)) + _f(6.0)
        border = np.exp(-(((along - width) * _f(1.0 / 7.0)) ** 2)) + np.exp(-((along * _f(1.0 / 5.0)) ** 2))
        half = _f(1.7) + _f(3.0) * border
        inside = np.minimum(np.minimum(along, width - along), np.minimum(z - _f(150.0), _f(272.0) - z))
        depth = np.minimum(half - np.abs(off), inside)
        rise = z - _f(238.0) - _f(0.25) * along
        ridge = _f(3.0) - np.sqrt(rise * rise + (np.maximum(np.abs(off - _f(5.0)) - _f(4.0), _f(0.0))) ** 2)
        depth = np.maximum(depth, np.minimum(ridge, np.minimum(along - _f(8.0), width - along)))
        _mix(hu, CORTEX_HU, edge(depth, sigma_mm))
        _mix(hu, MARROW_HU, edge(depth - _f(1.6), sigma_mm))


def organs() -> tuple[Solid, ...]:
    """Everything of this module in painting order (later ones lie over earlier ones)."""
    return (
        Ellipsoid((-52.0, -4.0, 28.0), (104.0, 88.0, 66.0), 112.0, diaphragm=-1, texture_hu=5.0),
        Ellipsoid((88.0, 44.0, 34.0), (30.0, 44.0, 40.0), 124.0, turn_deg=-18.0, diaphragm=-1, texture_hu=6.0),
        Ellipsoid((66.0, -22.0, 26.0), (44.0, 42.0, 40.0), 25.0, diaphragm=-1, rim=(70.0, 4.0)),
        Ellipsoid((64.0, -44.0, 34.0), (32.0, 15.0, 26.0), -980.0, diaphragm=-1),
        Ellipsoid((-58.0, 58.0, -28.0), (26.0, 22.0, 44.0), 145.0),
        Ellipsoid((60.0, 58.0, -20.0), (26.0, 22.0, 46.0), 145.0),
        Ellipsoid(
            (20.0, -26.0, 110.0), (62.0, 46.0, 45.0), 40.0, turn_deg=-38.0, tip_deg=24.0, diaphragm=1
        ),  # pericardium
        Ellipsoid(
            (20.0, -26.0, 110.0), (60.5, 44.5, 43.5), -85.0, turn_deg=-38.0, tip_deg=24.0, diaphragm=1
        ),  # its fat
        Ellipsoid((-16.0, -12.0, 122.0), (31.0, 36.0, 42.0), BLOOD_HU, rim=(75.0, 2.5), diaphragm=1),  # right atrium
        Ellipsoid(
            (34.0, -26.0, 108.0), (50.0, 34.0, 36.0), 102.0, turn_deg=-38.0, tip_deg=24.0, diaphragm=1
        ),  # left ventricle wall
        Ellipsoid((34.0, -26.0, 108.0), (38.0, 22.0, 24.0), BLOOD_HU, turn_deg=-38.0, tip_deg=24.0, diaphragm=1),
        Ellipsoid(
            (12.0, -48.0, 108.0),
            (42.0, 19.0, 32.0),
            BLOOD_HU,
            turn_deg=-22.0,
            tip_deg=16.0,
            rim=(95.0, 4.0),
            diaphragm=1,
        ),
        Ellipsoid((4.0, 18.0, 136.0), (34.0, 20.0, 24.0), BLOOD_HU, rim=(85.0, 2.5), diaphragm=1),  # left atrium
        Ellipsoid((-12.0, -30.0, 236.0), (7.0, 6.0, 9.0), MUSCLE_HU - 15.0),  # lymph nodes
        Ellipsoid((24.0, -4.0, 196.0), (5.0, 6.0, 7.0), MUSCLE_HU - 15.0),
        Ellipsoid((-19.0, -14.0, 300.0), (12.0, 13.0, 22.0), 128.0),  # thyroid
        Ellipsoid((21.0, -14.0, 300.0), (12.0, 13.0, 22.0), 128.0),
        Spine(),
        Sternum(),
        Scapula(1),
        Scapula(-1),
    )
