"""Great vessels, airways, lung trees, collar bones: everything that is a tube, in groups of one CT number."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from loaders.demo_patient.branching import Points, Tubes, grow, join, lung_points, polyline
from loaders.demo_patient.lesions import clearings
from loaders.demo_patient.solids import BLOOD_HU, CORTEX_HU, MARROW_HU
from loaders.demo_patient.trunk import lung_distance

_LEAVES, _LEAF_RADIUS_MM = 620, 0.56
_CENTRAL_AIRWAYS_RADIUS_MM = 1.35
#: Height of the lower edge of the lungs' roots.
_ROOTS_MM = 148.0


@dataclass(frozen=True, slots=True)
class TubeGroup:
    """Tubes painted as one: where they meet, the greater coverage counts, so that joints do not show."""

    name: str
    tubes: Tubes
    hu: float


def _hila() -> tuple[tuple[float, float, float], ...]:
    return (-36.0, 8.0, 172.0), (36.0, 12.0, 180.0), (-26.0, 16.0, 140.0), (28.0, 20.0, 140.0)


def _arteries() -> Tubes:
    right, left, _, _ = _hila()
    trunk = polyline([(18.0, -38.0, 150.0), (18.0, -26.0, 168.0), (14.0, -8.0, 182.0)], [13.0, 14.0, 13.0])
    to_right = polyline([(14.0, -10.0, 180.0), (-8.0, -2.0, 178.0), right], [11.0, 10.0, 8.0])
    to_left = polyline([(14.0, -8.0, 182.0), (26.0, 4.0, 184.0), left], [11.5, 10.5, 8.0])
    return join([trunk, to_right, to_left])


def _systemic() -> list[Tubes]:
    aorta = polyline(
        [
            (4.0, -22.0, 140.0), (-12.0, -32.0, 165.0), (-16.0, -32.0, 195.0), (-10.0, -24.0, 221.0),
            (6.0, -2.0, 234.0), (20.0, 22.0, 228.0), (24.0, 38.0, 205.0), (23.0, 44.0, 160.0),
            (17.0, 42.0, 90.0), (10.0, 36.0, 20.0), (8.0, 34.0, -60.0),
        ],
        [14.0, 15.5, 15.0, 14.5, 13.5, 12.5, 12.0, 11.5, 11.0, 10.0, 9.5],
    )  # fmt: skip
    branches = [
        polyline(
            [(-6.0, -16.0, 232.0), (-13.0, -18.0, 258.0), (-24.0, -12.0, 300.0), (-26.0, -8.0, 330.0)],
            [6.0, 6.0, 4.0, 3.8],
        ),
        polyline([(6.0, -4.0, 236.0), (13.0, -8.0, 262.0), (22.0, -10.0, 330.0)], [4.5, 4.0, 3.6]),
        polyline(
            [
                (14.0, 10.0, 236.0),
                (22.0, 10.0, 264.0),
                (52.0, -6.0, 290.0),
                (110.0, -18.0, 268.0),
                (150.0, -8.0, 226.0),
            ],
            [5.0, 5.0, 4.5, 4.0, 3.6],
        ),
        polyline(
            [(-18.0, -15.0, 268.0), (-52.0, -6.0, 288.0), (-110.0, -18.0, 268.0), (-150.0, -8.0, 226.0)],
            [5.0, 4.6, 4.0, 3.6],
        ),
        polyline([(-25.0, -14.0, 130.0), (-26.0, -16.0, 190.0), (-24.0, -24.0, 240.0)], [11.0, 10.5, 9.0]),
        polyline([(-24.0, -24.0, 240.0), (-28.0, -26.0, 270.0), (-32.0, -16.0, 330.0)], [8.0, 7.5, 6.0]),
        polyline(
            [(-24.0, -24.0, 240.0), (2.0, -38.0, 252.0), (28.0, -28.0, 276.0), (32.0, -18.0, 330.0)],
            [7.5, 7.0, 7.0, 6.0],
        ),
        polyline(
            [(-20.0, -6.0, 96.0), (-22.0, 2.0, 70.0), (-22.0, 14.0, 30.0), (-20.0, 24.0, -60.0)],
            [13.0, 12.5, 12.0, 11.5],
        ),
        polyline(
            [
                (-8.0, 44.0, -40.0),
                (-9.0, 47.0, 120.0),
                (-8.0, 44.0, 196.0),
                (-22.0, 20.0, 206.0),
                (-26.0, -10.0, 204.0),
            ],
            [3.5, 4.0, 4.2, 4.2, 4.0],
        ),
        polyline([(-24.0, 6.0, 72.0), (-56.0, 2.0, 52.0), (-92.0, 8.0, 36.0)], [5.0, 4.0, 2.2]),
        polyline([(-24.0, 4.0, 72.0), (-46.0, -26.0, 54.0), (-70.0, -50.0, 40.0)], [4.5, 3.5, 2.0]),
        polyline([(-10.0, -8.0, 8.0), (-40.0, -2.0, 22.0), (-74.0, 26.0, 26.0)], [6.5, 5.0, 2.5]),
    ]
    return [aorta, *branches]


def _airways() -> Tubes:
    return join(
        [
            polyline(
                [(0.0, -4.0, 340.0), (0.0, 0.0, 280.0), (-2.0, 12.0, 230.0), (-2.0, 17.0, 200.0)], [8.5, 8.5, 8.5, 8.2]
            ),
            polyline([(-2.0, 17.0, 202.0), (-16.0, 18.0, 186.0), (-34.0, 15.0, 171.0)], [7.5, 6.8, 5.2]),
            polyline([(-2.0, 17.0, 202.0), (16.0, 20.0, 184.0), (36.0, 19.0, 168.0)], [7.0, 6.0, 5.0]),
        ]
    )


def _oesophagus() -> Tubes:
    return polyline(
        [
            (6.0, 12.0, 340.0),
            (7.0, 24.0, 250.0),
            (3.0, 36.0, 180.0),
            (6.0, 36.0, 120.0),
            (22.0, 16.0, 66.0),
            (40.0, 4.0, 48.0),
        ],
        [7.0, 7.0, 7.5, 8.0, 8.0, 8.0],
    )


def _collar_bones() -> Tubes:
    sides = []
    for side in (-1.0, 1.0):
        path = [
            (14.0, -70.0, 254.0),
            (44.0, -72.0, 264.0),
            (80.0, -52.0, 276.0),
            (116.0, -20.0, 284.0),
            (142.0, 6.0, 282.0),
        ]
        sides.append(polyline([(side * x, y, z) for x, y, z in path], [8.0, 6.0, 5.6, 5.6, 6.5]))
    return join(sides)


def _clear_of_lesions(tubes: Tubes) -> Tubes:
    """Without the pieces that run through a lesion's surroundings, so that its own volume can be told exactly."""
    keep = np.ones(len(tubes), dtype=np.bool_)
    for centre, radius in clearings():
        keep &= tubes.distance_to(centre) - np.maximum(tubes.start_radius, tubes.end_radius) > radius
    return tubes.keep(keep)


def _inside_lung(tubes: Tubes) -> Tubes:
    """Without the pieces that strayed deep into what lies between the lungs."""
    x, y, z = (0.5 * (tubes.start + tubes.end)).astype(np.float32).T
    return tubes.keep(lung_distance(x, y, z) > -np.where(tubes.start_radius > 2.2, 9.0, 1.0))


def _clear_of_heart(airways: Tubes) -> Tubes:
    """Without the airways below the roots of the lungs that would run through the fat around the heart."""
    x, y, z = (0.5 * (airways.start + airways.end)).astype(np.float32).T
    return airways.keep((z > _ROOTS_MM) | (lung_distance(x, y, z) > airways.start_radius + 1.5))


def _beside(tubes: Tubes) -> Points:
    """Offset of an airway that runs beside an artery: two radii towards the body's middle and back, shape (n, 3)."""
    inwards = np.stack([-np.sign(tubes.start[:, 0]), 0.6 * np.ones(len(tubes)), 0.4 * np.ones(len(tubes))], axis=1)
    offset: Points = inwards / np.linalg.norm(inwards, axis=1)[:, None] * (2.1 * tubes.start_radius[:, None])
    return offset


@lru_cache(maxsize=1)
def tube_groups() -> tuple[TubeGroup, ...]:
    """All tubes in painting order. The result is the same on every call and must not be changed."""
    right, left, right_vein, left_vein = _hila()
    lung_arteries, lung_veins, bronchi = [], [], []
    for side, artery, vein, seed in ((-1, right, right_vein, 11), (1, left, left_vein, 23)):
        arteries = _inside_lung(grow(artery, lung_points(_LEAVES, side, seed), _LEAF_RADIUS_MM, seed + 1))
        lung_arteries.append(arteries)
        veins = grow(vein, lung_points(_LEAVES, side, seed + 2), _LEAF_RADIUS_MM, seed + 3)
        lung_veins.append(_inside_lung(veins))
        central = arteries.keep(arteries.end_radius > _CENTRAL_AIRWAYS_RADIUS_MM)
        beside = Tubes(
            central.start + _beside(central),
            central.end + _beside(Tubes(central.end, central.end, central.end_radius, central.end_radius)),
            central.start_radius * 0.85,
            central.end_radius * 0.85,
        )
        bronchi.append(_clear_of_heart(_inside_lung(beside)))
    blood = _clear_of_lesions(join(lung_arteries + lung_veins))
    airways = join([_airways(), _clear_of_lesions(join(bronchi))])
    walls = Tubes(
        airways.start, airways.end,
        airways.start_radius * 1.1 + 0.3, airways.end_radius * 1.1 + 0.3,
    )  # fmt: skip
    bones = _collar_bones()
    gullet = _oesophagus()
    return (
        TubeGroup("oesophagus", gullet, 52.0),
        TubeGroup("great vessels", join([_arteries(), *_systemic()]), BLOOD_HU),
        TubeGroup("lung vessels", blood, BLOOD_HU),
        TubeGroup("airway walls", walls, 10.0),
        TubeGroup("airways", airways, -995.0),
        TubeGroup("collar bones", bones, CORTEX_HU),
        TubeGroup("their marrow", bones.widened(1.0, -1.8), MARROW_HU),
    )
