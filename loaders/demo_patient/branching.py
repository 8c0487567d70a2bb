"""Trees that fill a lung: arteries, veins and airways, grown by halving a cloud of points.

A branch that feeds n points has radius ``leaf * n ** (1 / 2.6)`` (between Murray's cube law and constant area), so that
vessels taper; its fork lies part of the way to the middle of what it feeds. Everything is seeded and deterministic.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from loaders.demo_patient.trunk import lung_distance

Points = NDArray[np.float64]
_MURRAY = 1.0 / 2.6


@dataclass(frozen=True, slots=True)
class Tubes:
    """Straight tapering pieces: start and end, shape (n, 3), in mm; radii at both ends, shape (n,), in mm."""

    start: Points
    end: Points
    start_radius: NDArray[np.float64]
    end_radius: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.start)

    def keep(self, chosen: NDArray[np.bool_]) -> Tubes:
        """The chosen pieces only."""
        return Tubes(self.start[chosen], self.end[chosen], self.start_radius[chosen], self.end_radius[chosen])

    def widened(self, factor: float, wall_mm: float) -> Tubes:
        """The same pieces with radii times a factor plus a wall."""
        return Tubes(self.start, self.end, self.start_radius * factor + wall_mm, self.end_radius * factor + wall_mm)

    def moved(self, offset: Points) -> Tubes:
        """The same pieces, start and end moved by an offset, shape (3,) or (n, 3)."""
        return Tubes(self.start + offset, self.end + offset, self.start_radius, self.end_radius)

    def distance_to(self, point: Points) -> NDArray[np.float64]:
        """Distance of every piece's axis from a point, shape (n,)."""
        axis = self.end - self.start
        length2 = np.maximum((axis * axis).sum(axis=1), 1e-9)
        t = np.clip(((point - self.start) * axis).sum(axis=1) / length2, 0.0, 1.0)
        nearest = self.start + t[:, None] * axis
        distance: NDArray[np.float64] = np.linalg.norm(point - nearest, axis=1)
        return distance


def join(parts: list[Tubes]) -> Tubes:
    """All pieces of several groups as one."""
    return Tubes(
        np.concatenate([p.start for p in parts]),
        np.concatenate([p.end for p in parts]),
        np.concatenate([p.start_radius for p in parts]),
        np.concatenate([p.end_radius for p in parts]),
    )


def polyline(points: list[tuple[float, float, float]], radii: list[float], pieces: int = 5) -> Tubes:
    """A smooth tube through points (a Catmull-Rom curve), each span cut into straight pieces."""
    p = np.asarray(points, dtype=np.float64)
    p = np.concatenate([[2 * p[0] - p[1]], p, [2 * p[-1] - p[-2]]])
    t = np.linspace(0.0, 1.0, pieces, endpoint=False)[:, None]
    curve, sizes = [], []
    for i in range(1, len(p) - 2):
        a, b, c, d = p[i - 1], p[i], p[i + 1], p[i + 2]
        curve.append(b + 0.5 * t * (c - a + t * (2 * a - 5 * b + 4 * c - d + t * (3 * (b - c) + d - a))))
        sizes.append(radii[i - 1] + t[:, 0] * (radii[i] - radii[i - 1]))
    path = np.concatenate([*curve, p[-2:-1]])
    size = np.concatenate([*sizes, radii[-1:]])
    return Tubes(path[:-1], path[1:], size[:-1], size[1:])


def lung_points(count: int, side: int, seed: int, margin_mm: float = 3.0) -> Points:
    """Points spread through a lung (``side`` +1 left, -1 right), shape (count, 3), a margin away from its surface."""
    random = np.random.Generator(np.random.PCG64(seed))
    found: list[Points] = []
    total = 0
    while total < count:
        cloud = random.random((4096, 3)) * (140.0, 190.0, 290.0) + (0.0, -95.0, 5.0)
        cloud[:, 0] *= side
        x, y, z = (cloud[:, i].astype(np.float32) for i in range(3))
        inside = cloud[lung_distance(x, y, z) > margin_mm]
        found.append(inside)
        total += len(inside)
    return np.concatenate(found)[:count]


def grow(root: tuple[float, float, float], leaves: Points, leaf_radius_mm: float, seed: int) -> Tubes:
    """Grow a tree from a root to every leaf."""
    random = np.random.Generator(np.random.PCG64(seed))
    pieces: list[tuple[Points, Points, float, float]] = []
    waiting: list[tuple[Points, Points, float]] = [
        (np.asarray(root, dtype=np.float64), leaves, leaf_radius_mm * len(leaves) ** _MURRAY),
    ]
    while waiting:
        start, cloud, radius = waiting.pop()
        if len(cloud) == 1:
            pieces.append((start, cloud[0], radius, leaf_radius_mm * 0.75))
            continue
        middle = cloud.mean(axis=0)
        fork = start + (middle - start) * random.uniform(0.34, 0.5)
        if len(cloud) > 4:  # a gentle bend halfway, so that no vessel is a ruler
            bend = 0.5 * (start + fork) + random.normal(size=3) * 0.05 * np.linalg.norm(fork - start)
            own = leaf_radius_mm * len(cloud) ** _MURRAY
            pieces.append((start, bend, radius, 0.5 * (radius + own)))
            start, radius = bend, 0.5 * (radius + own)
        own = leaf_radius_mm * len(cloud) ** _MURRAY
        pieces.append((start, fork, radius, own))
        offsets = cloud - fork
        axis = np.linalg.svd(offsets - offsets.mean(axis=0), full_matrices=False)[2][0]
        order = np.argsort(offsets @ axis, kind="stable")
        cut = min(max(round(len(cloud) * random.uniform(0.33, 0.67)), 1), len(cloud) - 1)
        halves = (cloud[order[:cut]], cloud[order[cut:]])
        waiting.extend((fork, half, min(own, leaf_radius_mm * len(half) ** _MURRAY * 1.12)) for half in halves)
    return Tubes(
        np.asarray([p[0] for p in pieces]),
        np.asarray([p[1] for p in pieces]),
        np.asarray([p[2] for p in pieces]),
        np.asarray([p[3] for p in pieces]),
    )
