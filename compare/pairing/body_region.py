"""Which part of the body CT slices show, from their values alone: sections' areas, their air and their bone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

#: Shares of the recognised slices by region, greatest first: (("CHEST", 0.8), ("ABDOMEN", 0.2)).
RegionShares = tuple[tuple[str, float], ...]

_BODY_HU = -300.0
_BONE_HU = 250.0
_LUNG_HU = (-980.0, -500.0)
#: Slices are coarsened to about this before they are judged: nothing here is finer.
_DETAIL_MM = 4.0


@dataclass(frozen=True, slots=True)
class SectionMeasures:
    """A section's area in cm², and the shares of it that are lung and bone."""

    area_cm2: float
    lung_share: float
    bone_share: float


def measure_section(values_hu: NDArray[np.floating], spacing_mm: tuple[float, float]) -> SectionMeasures:
    """Return the measures of one slice, (rows, columns) in HU, with its row and column spacing in mm.

    The body is the greatest connected part above -300 HU with its holes filled; the table is thinner than the opening
    that is taken of it. NaN counts as air.
    """
    from scipy import ndimage  # noqa: PLC0415 - the window does not wait for it

    steps = [max(1, round(_DETAIL_MM / one)) for one in spacing_mm]
    coarse = np.nan_to_num(np.asarray(values_hu, dtype=np.float32)[:: steps[0], :: steps[1]], nan=-1024.0)
    pixel_cm2 = steps[0] * spacing_mm[0] * steps[1] * spacing_mm[1] / 100.0
    solid = ndimage.binary_opening(coarse > _BODY_HU, iterations=1)
    labels, count = ndimage.label(solid)
    if not count:
        return SectionMeasures(0.0, 0.0, 0.0)
    greatest = int(np.argmax(np.bincount(labels.ravel())[1:])) + 1
    body = ndimage.binary_fill_holes(labels == greatest)
    pixels = max(1, int(np.count_nonzero(body)))
    inside = coarse[body]
    lung = np.count_nonzero((inside > _LUNG_HU[0]) & (inside < _LUNG_HU[1]))
    return SectionMeasures(
        pixels * pixel_cm2, float(lung) / pixels, float(np.count_nonzero(inside > _BONE_HU)) / pixels
    )


def region_of_section(measures: SectionMeasures, *, is_axial: bool = True) -> str:
    """Return ``CHEST``, ``ABDOMEN``, ``PELVIS``, ``BRAIN`` or an empty text where the section does not tell.

    A chest is a fifth air or more (a bowel full of gas is less, and not spread through the section); a head is small
    and within a ring of bone; a pelvis is as large as an abdomen and has more bone than a spine and ribs. Sections in
    other planes tell a chest by its air and nothing else. Adult measures: a child's belly is left open.
    """
    if measures.lung_share >= 0.18 and measures.area_cm2 >= 120.0:
        return "CHEST"
    if not is_axial:
        return ""
    if measures.area_cm2 <= 330.0:
        is_head = measures.area_cm2 >= 80.0 and measures.bone_share >= 0.12 and measures.lung_share < 0.05
        return "BRAIN" if is_head else ""
    if measures.area_cm2 < 380.0 or measures.lung_share >= 0.08:
        return ""  # shoulders, the dome of the diaphragm, a thin or a young patient
    if measures.bone_share >= 0.085:
        return "PELVIS"
    return "ABDOMEN" if measures.bone_share <= 0.06 else ""


def region_shares(regions: Iterable[str]) -> RegionShares:
    """Return how the recognised slices share among regions, greatest first."""
    counts = Counter(region for region in regions if region)
    total = counts.total()
    return tuple((region, round(count / total, 3)) for region, count in counts.most_common()) if total else ()


def shares_in_common(ours: RegionShares, theirs: RegionShares) -> float:
    """Return how far the smaller coverage lies in the other, 0 to 1: a chest within a chest with abdomen is 1."""
    a, b = dict(ours), dict(theirs)
    regions = set(a) & set(b)
    if not regions:
        return 0.0
    return max(sum(a[region] for region in regions), sum(b[region] for region in regions))


def slices_to_look_at(count: int, most: int = 5) -> Sequence[int]:
    """Return the indices of a few slices spread evenly over ``count``, none at the very ends where there are more."""
    if count <= most:
        return range(count)
    return [int((number + 0.5) * count / most) for number in range(most)]
