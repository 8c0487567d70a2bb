"""The trunk at large: skin, fat, muscle, chest cavity, lungs, diaphragm and ribs, as smooth functions of position.

Coordinates are those of the anatomy at full inspiration: LPS mm, x to the left, y to the back, z upwards; the scan
covers about z = 0 (upper abdomen) to 300 (lower neck). Distances are first-order signed distances in mm, positive
inside: an implicit function over the length of its gradient.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from loaders.demo_patient.profiles import Floats, edge

AIR_HU, SKIN_HU, FAT_HU, MUSCLE_HU, LUNG_HU = -1000.0, 30.0, -105.0, 58.0, -868.0
RIB_PITCH_MM = 25.0
CAVITY_TOP_MM = 292.0
_RIB_HALF_THICKNESS_MM, _RIB_HALF_HEIGHT_MM = 4.0, 6.6
_TOP_RIB, _LONGEST_LOWER_RIB = 11, 2


def _f(value: float) -> np.float32:
    return np.float32(value)


def smooth_step(t: Floats) -> Floats:
    """Cubic step from 0 at t = 0 to 1 at t = 1."""
    t = np.clip(t, 0.0, 1.0)
    return t * t * (_f(3.0) - _f(2.0) * t)


def _squircle(x: Floats, y: Floats, a: Floats, b: Floats, boxiness: float) -> tuple[Floats, Floats]:
    """Return (g, |grad g|) of X + Y - k X Y with X = (x/a)^2, Y = (y/b)^2: an ellipse with fuller corners."""
    u, v = x / a, y / b
    uu, vv = u * u, v * v
    k = _f(boxiness)
    g = uu + vv - k * np.minimum(uu, _f(1.6)) * np.minimum(vv, _f(1.6))
    gx = u / a * np.maximum(_f(1.0) - k * vv, _f(0.15))
    gy = v / b * np.maximum(_f(1.0) - k * uu, _f(0.15))
    return g, _f(2.0) * np.sqrt(gx * gx + gy * gy)


def body_distance(x: Floats, y: Floats, z: Floats) -> Floats:
    """Depth under the skin."""
    up = smooth_step((z - _f(120.0)) / _f(190.0))
    front, back = _f(-117.0) + _f(36.0) * up, _f(121.0) - _f(7.0) * up
    half_y = _f(0.5) * (back - front)
    y_middle = _f(0.5) * (back + front) + _f(5.0) * np.exp(-((x / _f(26.0)) ** 2)) * (y < 0)
    groove = _f(4.0) * np.exp(-((x / _f(22.0)) ** 2)) * smooth_step((y - _f(20.0)) / _f(60.0))
    half_x = (
        _f(163.0)
        + _f(7.0) * smooth_step((z - _f(150.0)) / _f(80.0))
        - _f(95.0) * smooth_step((z - _f(276.0)) / _f(75.0))
    )
    g, slope = _squircle(x, y - y_middle, half_x, half_y, 0.42)
    result: Floats = (_f(1.0) - g) / np.maximum(slope, _f(0.006)) - groove
    return result


def cavity_distance(x: Floats, y: Floats, z: Floats) -> Floats:
    """Depth inside the bony cage's inner surface."""
    above = np.maximum(z - _f(45.0), _f(0.0)) / _f(CAVITY_TOP_MM - 45.0)
    below = np.minimum(z - _f(45.0), _f(0.0)) / _f(260.0)
    half_x, half_y = _f(132.0) + _f(0.0) * z, _f(88.0) + _f(0.0) * z
    keel = _f(7.0) * np.exp(-((x / _f(45.0)) ** 2))
    y_shifted = np.where(y < 0, y - keel, y + _f(2.0))
    g, slope = _squircle(x, y_shifted, half_x, half_y, 0.4)
    g = g + above * above * above + below * below
    slope_z = _f(3.0 / (CAVITY_TOP_MM - 45.0)) * above * above
    result: Floats = (_f(1.0) - g) / np.maximum(np.sqrt(slope * slope + slope_z * slope_z), _f(0.006))
    return result


def _ellipsoid(x: Floats, y: Floats, z: Floats, centre: tuple[float, ...], radii: tuple[float, ...]) -> Floats:
    u, v, w = (x - _f(centre[0])), (y - _f(centre[1])), (z - _f(centre[2]))
    a, b, c = (_f(1.0 / r) for r in radii)
    u, v, w = u * a, v * b, w * c
    k0 = np.sqrt(u * u + v * v + w * w)
    u, v, w = u * a, v * b, w * c
    k1 = np.sqrt(u * u + v * v + w * w)
    result: Floats = k0 * (_f(1.0) - k0) / np.maximum(k1, _f(1e-4))
    return result


#: What keeps the lungs apart: centre and radii of each part.
_MEDIASTINUM = (
    ((3.0, -2.0, 205.0), (29.0, 86.0, 400.0)),
    ((0.0, 65.0, 150.0), (22.5, 25.0, 900.0)),
    ((24.0, -25.0, 108.0), (61.0, 48.0, 51.0)),
    ((-16.0, -14.0, 120.0), (38.0, 41.0, 52.0)),
    ((-30.0, 8.0, 172.0), (20.0, 14.0, 20.0)),
    ((32.0, 12.0, 178.0), (19.0, 14.0, 19.0)),
    ((20.0, 42.0, 150.0), (16.5, 16.5, 120.0)),
    ((8.0, 0.0, 236.0), (36.0, 40.0, 36.0)),
)


def mediastinum_distance(x: Floats, y: Floats, z: Floats) -> Floats:
    """Depth inside the space between the lungs."""
    distance = _ellipsoid(x, y, z, *_MEDIASTINUM[0])
    for centre, radii in _MEDIASTINUM[1:]:
        np.maximum(distance, _ellipsoid(x, y, z, centre, radii), out=distance)
    return distance


def diaphragm_distance(x: Floats, y: Floats, z: Floats) -> Floats:
    """Height above the diaphragm."""
    height = np.full_like(x, 14.0)
    gx, gy = np.zeros_like(x), np.zeros_like(x)
    for centre, size, top in (((-62.0, -14.0), (66.0, 72.0), 80.0), ((66.0, -10.0), (62.0, 70.0), 62.0)):
        u, v = (x - _f(centre[0])) / _f(size[0]), (y - _f(centre[1])) / _f(size[1])
        q = u * u + v * v
        dome = _f(top) * np.exp(-(q * q) * _f(0.8))
        steep = dome * q * _f(-3.2)
        height += dome
        gx += steep * u / _f(size[0])
        gy += steep * v / _f(size[1])
    middle = _f(26.0) * np.exp(-((x / _f(46.0)) ** 2) - ((y + _f(30.0)) / _f(50.0)) ** 2)
    result: Floats = ((z - height - middle) / np.sqrt(_f(1.0) + gx * gx + gy * gy)).astype(np.float32, copy=False)
    return result


def lung_distance(x: Floats, y: Floats, z: Floats) -> Floats:
    """Depth inside either lung."""
    distance = np.minimum(cavity_distance(x, y, z) - _f(1.5), -mediastinum_distance(x, y, z))
    result: Floats = np.minimum(distance, diaphragm_distance(x, y, z))
    return result


def texture(x: Floats, y: Floats, z: Floats, wavelength_mm: float) -> Floats:
    """A smooth, irregular pattern between about -1 and 1: waves bent by other waves, no random numbers."""
    k = _f(2.0 * np.pi / wavelength_mm)
    u, v, w = x * k, y * k, z * k
    bend = np.sin(_f(0.61) * u - _f(0.37) * v + _f(0.53) * w)
    first = np.sin(u + _f(0.3) * v + _f(1.9) * bend)
    second = np.sin(v - _f(0.45) * w + _f(2.3) * bend + _f(1.0))
    third = np.sin(w + _f(0.5) * u - _f(1.7) * bend + _f(2.0))
    result: Floats = (first * second + second * third + third * first) * _f(0.55)
    return result


@dataclass(frozen=True, slots=True)
class TrunkDetail:
    """How fine the texture may be, in mm of wavelength, for the blur in use."""

    sigma_mm: float

    def amplitude(self, wavelength_mm: float) -> float:
        """What a Gaussian blur leaves of a wave (its modulation transfer)."""
        return float(np.exp(-2.0 * (np.pi * self.sigma_mm / wavelength_mm) ** 2))


def _mix(hu: Floats, target: float | Floats, coverage: Floats) -> None:
    hu += (np.asarray(target, dtype=np.float32) - hu) * coverage


def paint_trunk(hu: Floats, x: Floats, y: Floats, z: Floats, sigma_mm: float) -> None:
    """Paint everything of this module over what lies in ``hu``; all arrays of one shape."""
    body = body_distance(x, y, z)
    if float(body.max()) < -6.0 * sigma_mm:
        return
    detail = TrunkDetail(sigma_mm)
    cavity = cavity_distance(x, y, z)
    _mix(hu, SKIN_HU, edge(body, sigma_mm))
    soft = texture(x, y, z, 23.0) * _f(detail.amplitude(23.0))
    _mix(hu, FAT_HU + _f(5.0) * soft, edge(body - _f(1.8), sigma_mm))
    _paint_wall(hu, (x, y, z), (body, cavity), soft, sigma_mm)
    within = cavity > _f(-1.0 - 6.0 * sigma_mm)
    down, across = np.flatnonzero(within.any(axis=1)), np.flatnonzero(within.any(axis=0))
    if down.size:
        part = np.s_[down[0] : down[-1] + 1, across[0] : across[-1] + 1]
        _paint_inside(hu[part], (x[part], y[part], z[part]), cavity[part], soft[part], sigma_mm)
    _paint_ribs(hu, (x, y, z), cavity, sigma_mm)


def _paint_inside(
    hu: Floats,
    xyz: tuple[Floats, Floats, Floats],
    cavity: Floats,
    soft: Floats,
    sigma_mm: float,
) -> None:
    """Fat, diaphragm and lungs inside the cage."""
    x, y, z = xyz
    inside = edge(cavity + _f(1.0), sigma_mm)
    _mix(hu, FAT_HU + _f(8.0) * soft, inside)
    dome = diaphragm_distance(x, y, z)
    layer = edge(dome + _f(3.0), sigma_mm) - edge(dome, sigma_mm)
    _mix(hu, MUSCLE_HU, layer * inside)
    lung = np.minimum(np.minimum(cavity - _f(1.5), -mediastinum_distance(x, y, z)), dome)
    fine = texture(y, z, x, 7.0) * _f(TrunkDetail(sigma_mm).amplitude(7.0))
    air = _f(LUNG_HU) + _f(0.35) * np.clip(y, -90.0, 90.0) + _f(14.0) * soft + _f(16.0) * fine
    _mix(hu, air, edge(lung, sigma_mm))


def _paint_wall(
    hu: Floats,
    xyz: tuple[Floats, Floats, Floats],
    depths: tuple[Floats, Floats],
    soft: Floats,
    sigma_mm: float,
) -> None:
    """Muscles of the chest wall with the fat planes between them."""
    x, y, z = xyz
    body, cavity = depths
    side = np.abs(x) * _f(1.0 / 165.0)
    fat = _f(8.0) + _f(9.0) * side * side * (_f(1.0) - _f(0.5) * side)
    fat += _f(1.6) * np.sin(z * _f(0.05) + x * _f(0.021)) + _f(1.2) * np.sin(x * _f(0.047) - y * _f(0.04))
    fat += _f(7.0) * smooth_step((_f(150.0) - z) / _f(140.0)) * (y < 0) * smooth_step(-y / _f(90.0))
    fat -= _f(3.0) * smooth_step((y - _f(50.0)) / _f(60.0)) * (_f(1.0) - side)
    _mix(hu, MUSCLE_HU + _f(9.0) * soft, edge(body - fat, sigma_mm))
    # Fat planes: surfaces at chosen depths outside the cage, bent so that they fan out where the wall is thick.
    outside = -cavity
    wave = _f(5.0) * np.sin(z * _f(0.021) + np.abs(x) * _f(0.017) + _f(1.0)) + _f(1.5) * np.sin(
        x * _f(0.06) + y * _f(0.03) - z * _f(0.05)
    )
    opening = smooth_step((np.abs(x) - _f(30.0)) / _f(30.0))
    muscle = edge(body - fat, sigma_mm)
    for depth, half in ((12.5, 0.9), (27.0, 1.5)):
        off = outside - _f(depth) - wave * _f(0.35 + depth / 60.0)
        _mix(hu, FAT_HU + 15.0, edge(_f(half) - np.abs(off), sigma_mm) * opening * muscle)
    under = body - _f(27.0) + wave + _f(0.09) * (_f(150.0) - np.abs(x))
    _mix(hu, FAT_HU + 15.0, edge(_f(1.5) - np.abs(under), sigma_mm) * opening * edge(outside - _f(14.0), sigma_mm))
    armpit_x = (np.abs(x) - _f(128.0)) / _f(24.0)
    armpit = _f(1.0) - armpit_x**2 - ((y - _f(2.0)) / _f(34.0)) ** 2 - ((z - _f(235.0)) / _f(60.0)) ** 2
    _mix(hu, FAT_HU, edge(armpit * _f(10.0) + _f(1.5) * soft, max(sigma_mm, 1.5)) * muscle)


def rib_drop_mm(angle: Floats, z: Floats) -> Floats:
    """How far below its head a rib runs at an angle (0 at the spine, pi at the sternum): down, then up again."""
    result: Floats = (_f(42.0) - _f(20.0) * smooth_step((z - _f(170.0)) / _f(110.0))) * (
        _f(1.0) - np.cos(_f(1.3) * angle)
    )
    return result


def _paint_ribs(hu: Floats, xyz: tuple[Floats, Floats, Floats], cavity: Floats, sigma_mm: float) -> None:
    """All ribs at once: the cage's wall, its angle and the height modulo the ribs' pitch are a rib's coordinates."""
    reach = _f(_RIB_HALF_THICKNESS_MM + 4.0 * sigma_mm)
    near = np.flatnonzero(np.abs(cavity + _f(6.0)) < reach)
    if near.size == 0:
        return
    x, y, z = (a.ravel()[near] for a in xyz)
    across = cavity.ravel()[near] + _f(6.0)
    side = np.abs(x)
    angle = np.arctan2(side, y)
    radius = np.sqrt(x * x + y * y)
    level = (z + rib_drop_mm(angle, z)) * _f(1.0 / RIB_PITCH_MM) - _f(0.35)
    number = np.rint(level)
    slope = _f(54.6) * np.sin(_f(1.3) * angle) / np.maximum(radius, _f(30.0))
    along = (level - number) * _f(RIB_PITCH_MM) / np.sqrt(_f(1.0) + slope * slope)
    u, v = across * _f(1.0 / _RIB_HALF_THICKNESS_MM), along * _f(1.0 / _RIB_HALF_HEIGHT_MM)
    k0 = np.sqrt(u * u + v * v)
    u, v = u * _f(1.0 / _RIB_HALF_THICKNESS_MM), v * _f(1.0 / _RIB_HALF_HEIGHT_MM)
    depth = k0 * (_f(1.0) - k0) / np.maximum(np.sqrt(u * u + v * v), _f(1e-3))
    # Ends: the head at the spine, the tip of the short lower ribs, and the cartilage where the bone stops in front.
    end = np.where(number < _LONGEST_LOWER_RIB, _f(1.1) + _f(0.45) * number, _f(3.2))
    depth = np.minimum(depth, np.minimum((side - _f(15.0)), (end - angle) * radius))
    depth = np.where((number > _TOP_RIB) | (number < 0), _f(-99.0), depth)
    bony = edge((_f(2.32) - angle) * radius, max(sigma_mm, 2.0))
    values = hu.ravel()[near]
    _mix(values, _f(95.0) + _f(545.0) * bony, edge(depth, sigma_mm))
    _mix(values, _f(95.0) + _f(130.0) * bony, edge(depth - _f(1.4), sigma_mm))
    flat = hu.reshape(-1)
    flat[near] = values
