"""Edges, tubes and balls after a Gaussian blur, in closed form or from a table computed once.

Everything the demo patient is made of is a shape seen through an isotropic Gaussian of standard deviation ``sigma``.
A voxel's coverage is then the shape's *blurred* indicator at the voxel's centre: partial volume without any sampling
of the shape, band-limited by the Gaussian itself.
"""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]

#: Bins of a radial table; the last one is 0.
TABLE_BINS = 768
#: How far from a shape, in sigmas, its blur is followed.
REACH_SIGMAS = 4.0
_TUBE_RATIO_STEP = 0.1
_TUBE_RATIO_MAX = 8.0


def edge(distance_mm: Floats, sigma_mm: float) -> Floats:
    """Coverage of a half space: the normal distribution function of the signed distance (inside is positive).

    Uses the tanh form with the cubic term, which is within 3e-4 of the true function everywhere.
    """
    t = distance_mm * np.float32(1.0 / sigma_mm)
    np.maximum(t, np.float32(-6.0), out=t)
    np.minimum(t, np.float32(6.0), out=t)
    t *= np.float32(0.79788456) + np.float32(0.03567741) * t * t
    np.tanh(t, out=t)
    t *= np.float32(0.5)
    t += np.float32(0.5)
    return t


def blurred_ball(distance_mm: float, radius_mm: float, sigma_mm: float) -> float:
    """Coverage at a distance from the centre of a ball: its indicator convolved with a 3-D Gaussian (closed form)."""
    root = sigma_mm * math.sqrt(2.0)
    if distance_mm < 1e-3 * sigma_mm:
        t = radius_mm / root
        return math.erf(t) - 2.0 / math.sqrt(math.pi) * t * math.exp(-t * t)
    near, far = (radius_mm - distance_mm) / root, (radius_mm + distance_mm) / root
    shell = sigma_mm / (math.sqrt(2.0 * math.pi) * distance_mm) * (math.exp(-near * near) - math.exp(-far * far))
    return 0.5 * (math.erf(near) + math.erf(far)) - shell


@lru_cache(maxsize=256)
def ball_table(radius_mm: float, sigma_mm: float) -> tuple[Floats, float]:
    """Radial table of :func:`blurred_ball` and its number of bins per mm."""
    reach = radius_mm + REACH_SIGMAS * sigma_mm
    bins_per_mm = (TABLE_BINS - 1) / reach
    values = [blurred_ball((i + 0.5) / bins_per_mm, radius_mm, sigma_mm) for i in range(TABLE_BINS)]
    values[-1] = 0.0
    return np.asarray(values, dtype=np.float32), bins_per_mm


@lru_cache(maxsize=1)
def _disc_tables() -> NDArray[np.float64]:
    """Blurred discs in units of sigma, shape (ratios, bins): the indicator of a disc convolved with a 2-D Gaussian.

    Row r is the disc of radius ``(r + 1) * step`` sampled at distances of 0 .. radius + reach. The angle integral of
    the Gaussian is the scaled Bessel function of order zero; the radial one is done by the midpoint rule.
    """
    rows = round(_TUBE_RATIO_MAX / _TUBE_RATIO_STEP)
    bins, rings = 128, 48
    tables = np.empty((rows, bins))
    for row in range(rows):
        radius = (row + 1) * _TUBE_RATIO_STEP
        rho = np.linspace(0.0, radius + REACH_SIGMAS, bins)[:, None]
        s = ((np.arange(rings) + 0.5) * (radius / rings))[None, :]
        mean = np.exp(-0.5 * (rho**2 + s**2)) * np.i0(rho * s)
        tables[row] = (mean * s).sum(axis=1) * (radius / rings)
    tables[:, -1] = 0.0
    return tables


@lru_cache(maxsize=4096)
def tube_table(radius_mm: float, sigma_mm: float) -> tuple[Floats, float]:
    """Radial table of a long blurred cylinder and its number of bins per mm.

    Up to eight sigmas the exact disc; above, the plain edge, drawn in by what a curved surface loses to first order:
    half the blur's variance times the curvature.
    """
    reach = radius_mm + REACH_SIGMAS * sigma_mm
    bins_per_mm = (TABLE_BINS - 1) / reach
    rho = (np.arange(TABLE_BINS) + 0.5) / bins_per_mm
    ratio = radius_mm / sigma_mm
    if ratio >= _TUBE_RATIO_MAX:
        table = edge((radius_mm - 0.5 * sigma_mm**2 / radius_mm - rho).astype(np.float32), sigma_mm)
    else:
        tables = _disc_tables()
        position = max(ratio / _TUBE_RATIO_STEP - 1.0, 0.0)
        row = min(int(position), len(tables) - 2)
        part = position - row
        where = rho / reach * (tables.shape[1] - 1)
        grid = np.arange(tables.shape[1])
        low, high = np.interp(where, grid, tables[row]), np.interp(where, grid, tables[row + 1])
        table = ((1 - part) * low + part * high).astype(np.float32)
    table[-1] = 0.0
    return table, bins_per_mm
