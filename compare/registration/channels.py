"""What registration looks at: values freed from scanner, kernel and dose by their local mean and spread.

Comparing locally normalised values by their squared difference is local cross-correlation at the price of plain
differences: the window's mean and spread are computed once per image instead of once per step (the equivalence is
that of Cachier et al., Iconic feature based nonrigid registration, CVIU 2003, to first order in the deformation).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.ndimage as ndi
from numpy.typing import NDArray

from compare.registration.registration_image import Floats
from compare.registration.work_grid import in_slabs

Mask = NDArray[np.bool_]

#: CT is looked at twice: vessels in lung, where all else is one white; organs and bone, where lung is one black.
_CT_WINDOWS = ((-1000.0, -350.0, 45.0), (-200.0, 350.0, 25.0))
_RADIUS_VOXELS = 3
_AIR_HU = -1000.0


@dataclass(frozen=True, eq=False)
class Channels:
    """Locally normalised pictures of one image on one grid, and where they mean something (weights 0 to 1)."""

    pictures: tuple[Floats, ...]
    weight: Floats


def channels_of(values: Floats, modality: str, body: Mask) -> Channels:
    """Normalise values on a work grid; NaN marks what lies outside the image and gets no weight."""
    is_there = np.isfinite(values)
    if modality == "CT":
        filled = np.where(is_there & body, values, _AIR_HU).astype(np.float32)
        pictures = tuple(_normalised(np.clip(filled, low, high), noise) for low, high, noise in _CT_WINDOWS)
    else:
        filled = np.where(is_there, values, 0.0).astype(np.float32)
        inside = filled[body & is_there]
        top = float(np.percentile(inside, 99.5)) if inside.size else 1.0
        filled = np.clip(filled / max(top, 1e-6), 0.0, 1.2)
        pictures = (_normalised(filled, 0.04),)
    reach = ndi.binary_erosion(is_there, iterations=1, border_value=0)
    return Channels(pictures, reach.astype(np.float32))


def _normalised(values: Floats, floor: float) -> Floats:
    """(value - local mean) / sqrt(local variance + floor²): flat, noisy places stay small instead of shouting."""
    size = 2 * _RADIUS_VOXELS + 1
    moments = [values, values * values]

    def smooth(first: int, last: int) -> None:
        for place in range(first, last):
            moments[place] = ndi.uniform_filter(moments[place], size, mode="nearest")

    in_slabs(2, smooth)
    mean, square = moments
    spread = np.sqrt(np.maximum(square - mean * mean, 0.0) + floor * floor)
    result: Floats = (values - mean) / spread
    return result.astype(np.float32, copy=False)


def body_mask(values: Floats, modality: str) -> Mask:
    """The patient on a coarse grid without table and air around; lungs and bowel belong to it.

    CT: above -350 HU, opened so that the table parts, the largest piece, holes filled in every axial section. Others:
    above a quarter of the typical bright value (Otsu is led astray by bright fat near the coil).
    """
    finite = np.nan_to_num(values, nan=_AIR_HU if modality == "CT" else 0.0)
    if modality == "CT":
        level = -350.0
    else:
        positive = finite[finite > 0]
        level = 0.18 * float(np.percentile(positive, 95)) if positive.size else 1.0
    solid = finite > level
    opened = ndi.binary_opening(solid, iterations=1)
    labels, count = ndi.label(opened)
    if not count:
        return np.zeros(values.shape, dtype=np.bool_)
    sizes = np.bincount(labels.ravel())
    sizes[0] = 0
    body = ndi.binary_dilation(labels == int(np.argmax(sizes)), iterations=1) & solid
    body |= labels == int(np.argmax(sizes))
    closed = ndi.binary_closing(np.pad(body, 3), iterations=2)[3:-3, 3:-3, 3:-3]
    filled: Mask = np.stack([ndi.binary_fill_holes(section) for section in closed])
    return filled
