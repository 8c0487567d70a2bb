"""What gained or lost density between two CTs, and which of it may be a nodule that came, grew, shrank or went.

Temporal subtraction after deformable registration with matched slice thickness (cf. Aoki, Eur J Radiol 2014; Tanaka,
2020). A structure that merely lies a little aside shows as a pair of gain and loss which cancel out; what is left of
one sign is a change of mass. The threshold follows the noise measured on these very images.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.ndimage as ndi
from numpy.typing import NDArray

from compare.change.aligned_pair import AlignedPair
from compare.change.candidates import ChangeCandidate, ChangeKind, Changes, ranked
from compare.registration.registration_image import Floats

Mask = NDArray[np.bool_]

CT_GRID_MM = 1.25
_SMOOTH_MM = 1.2
_LUNG_BELOW_HU = -500.0
_LEAST_LUNG_ML = 300.0
_NOISE_TIMES = 5.0
#: Gains and losses within reach of a piece must not cancel out: below this it is a structure that lies aside.
_LEAST_BALANCE = 0.4
#: Long thin rims along vessels and fissures score far below compact changes (0.003 against 0.7 on phantoms).
_LEAST_SCORE = 0.15
#: So far an edge of bone or of an organ may lie aside after alignment without counting as change.
_ASIDE_MM = 1.5
#: A middle (so far around the centre) at least this solid before makes a change of size, not a new or a gone one.
_CORE_MM = 2.5
_SOLID_BEFORE = 0.35


@dataclass(frozen=True, slots=True)
class CtPreset:
    """Where to look and how much difference counts at least, whatever the noise.

    ``full_hu`` is what a change that fills its voxels differs by, for turning mass into volume: a nodule is soft tissue
    in lung. Bone and soft tissue change by any amount (``None``): there the peak of the change itself is taken.
    """

    name: str
    least_hu: float
    least_volume_mm3: float
    full_hu: float | None


LUNG = CtPreset("lung", 180.0, 14.0, 850.0)
BONE = CtPreset("bone", 120.0, 60.0, None)
SOFT = CtPreset("soft", 40.0, 120.0, None)


@dataclass(frozen=True, eq=False)
class ChangeMap:
    """Signed difference current - prior, smoothed, HU; below the threshold it is noise. Processed: label it so."""

    difference: Floats
    threshold: float
    region: Mask


def ct_change_map(pair: AlignedPair, preset: CtPreset = LUNG) -> ChangeMap:
    """Subtract inside the preset's region; the threshold is the larger of the preset's and five times the noise."""
    region = region_of(pair, preset) & pair.is_known
    smooth = _SMOOTH_MM / pair.grid.spacing_mm
    difference = pair.current - pair.prior
    np.clip(difference, -1500.0, 1500.0, out=difference)
    difference = ndi.gaussian_filter(difference, smooth, mode="nearest", truncate=3.0)
    if preset is not LUNG:
        difference = _beyond_edges(difference, pair, smooth)
    inside = difference[region]
    if not inside.size:
        return ChangeMap(difference, preset.least_hu, region)
    # The spread of the quiet half: changes and edges do not count as noise.
    noise = 1.4826 * float(np.median(np.abs(inside - np.median(inside))))
    difference -= np.float32(np.median(inside))  # a deeper breath makes all of the lung a little thinner
    return ChangeMap(difference, max(preset.least_hu, _NOISE_TIMES * noise), region)


def _beyond_edges(difference: Floats, pair: AlignedPair, smooth: float) -> Floats:
    """What is left of the difference once edges may lie aside by ``_ASIDE_MM``; the fainter slope of the two counts."""
    soft = [ndi.gaussian_filter(values, smooth, mode="nearest", truncate=3.0) for values in (pair.current, pair.prior)]
    slopes = [np.sqrt(sum(part**2 for part in np.gradient(values, pair.grid.spacing_mm))) for values in soft]
    allowed = _ASIDE_MM * np.minimum(slopes[0], slopes[1])
    result: Floats = (np.sign(difference) * np.maximum(np.abs(difference) - allowed, 0.0)).astype(np.float32)
    return result


def region_of(pair: AlignedPair, preset: CtPreset) -> Mask:
    """Lung (nodules and vessels in it included), bone, or all other tissue of the body."""
    if preset is LUNG:
        return lung_mask(pair.current, pair.grid.spacing_mm) | lung_mask(pair.prior, pair.grid.spacing_mm)
    mean = ndi.gaussian_filter(0.5 * (pair.current + pair.prior), 1.0)
    if preset is BONE:
        bone: Mask = ndi.binary_closing(mean > 180.0, iterations=2)
        return bone
    soft: Mask = ndi.binary_erosion((mean > -250.0) & (mean < 200.0), iterations=2)
    return soft


def lung_mask(values: Floats, spacing_mm: float) -> Mask:
    """Air inside the body, trachea and all, closed over vessels and nodules up to about 16 mm, rim left out."""
    coarse_by = max(1, round(2.5 / spacing_mm))
    coarse = values[::coarse_by, ::coarse_by, ::coarse_by]
    air = ndi.uniform_filter(coarse, 3) < _LUNG_BELOW_HU
    labels, count = ndi.label(np.pad(air, ((0, 0), (1, 1), (1, 1)), constant_values=True))
    labels = labels[:, 1:-1, 1:-1]
    sizes = np.bincount(labels.ravel(), minlength=count + 1) * (spacing_mm * coarse_by) ** 3 / 1000.0
    outside = np.unique(np.concatenate([labels[:, 0].ravel(), labels[:, -1].ravel(), labels[:, :, 0].ravel()]))
    sizes[outside] = 0.0
    sizes[0] = 0.0
    lungs = np.isin(labels, np.flatnonzero(sizes > _LEAST_LUNG_ML / 3.0))
    near = ndi.distance_transform_edt(~np.pad(lungs, 4)) <= 8.0 / (spacing_mm * coarse_by)
    closed = ndi.distance_transform_edt(near)[4:-4, 4:-4, 4:-4] > 8.5 / (spacing_mm * coarse_by)
    fine = ndi.zoom(closed.astype(np.float32), np.array(values.shape) / np.array(closed.shape), order=1) > 0.5
    return np.asarray(fine, dtype=np.bool_)


def ct_candidates(pair: AlignedPair, change: ChangeMap, preset: CtPreset = LUNG) -> Changes:
    """List places whose density changed on balance, from about a 4 mm nodule in lung."""
    found: list[tuple[ChangeCandidate, NDArray[np.intp]]] = []
    for sign in (1.0, -1.0):
        signed = sign * change.difference
        labels, count = ndi.label((signed > change.threshold) & change.region, structure=np.ones((3, 3, 3)))
        boxes = ndi.find_objects(labels)
        for number in range(1, count + 1):
            candidate = _judge(pair, change, preset, sign, (labels, number, boxes[number - 1]))
            if candidate is not None:
                found.append(candidate)
    return ranked(_merged(found), change.difference.shape, change.threshold)


def _judge(
    pair: AlignedPair,
    change: ChangeMap,
    preset: CtPreset,
    sign: float,
    piece: tuple[NDArray[np.int32], int, tuple[slice, ...]],
) -> tuple[ChangeCandidate, NDArray[np.intp]] | None:
    labels, number, box = piece
    step = pair.grid.spacing_mm
    margin = int(np.ceil(6.0 / step))
    wide = tuple(
        slice(max(0, part.start - margin), min(size, part.stop + margin))
        for part, size in zip(box, labels.shape, strict=True)
    )
    piece_mask = labels[wide] == number
    signed = sign * change.difference[wide]
    volume = float(piece_mask.sum()) * step**3
    if volume < 0.5 * preset.least_volume_mm3:
        return None
    weights = np.where(piece_mask, signed, 0.0)
    centre = np.array(ndi.center_of_mass(weights))
    size = float(np.cbrt(6.0 * volume / np.pi))
    distance = np.linalg.norm(np.indices(piece_mask.shape).T - centre, axis=-1).T * step
    ball = distance <= 0.5 * size + 4.0
    gain, loss = float(signed[ball & (signed > 0)].sum()), float(-signed[ball & (signed < 0)].sum())
    balance = (gain - loss) / max(gain + loss, 1e-6)
    peak = float(signed[piece_mask].max())
    mass_mm3 = (gain - loss) * step**3 / (preset.full_hu or peak)
    if balance < _LEAST_BALANCE or mass_mm3 < preset.least_volume_mm3:
        return None
    newer, older = (pair.current[wide], pair.prior[wide]) if sign > 0 else (pair.prior[wide], pair.current[wide])
    ratio = _older_share(newer, older, distance, 0.5 * size + 1.5)
    kinds = (ChangeKind.NEW, ChangeKind.GROWN) if sign > 0 else (ChangeKind.GONE, ChangeKind.SHRUNK)
    kind = kinds[int(ratio > _SOLID_BEFORE)]
    contrast = sign * float(signed[piece_mask].mean())
    compact = min(1.0, volume / (np.pi / 6.0 * max(distance[piece_mask].max() * 2.0, step) ** 3) * 3.0)
    score = balance * compact * (1.0 - np.exp(-peak / (2.0 * change.threshold)))
    if score < _LEAST_SCORE:
        return None
    place = pair.grid.to_lps((centre + [part.start for part in wide])[None])[0]
    voxels = _flat(piece_mask, wide, labels.shape)
    centre_lps = (round(float(place[0]), 2), round(float(place[1]), 2), round(float(place[2]), 2))
    return ChangeCandidate(kind, centre_lps, round(mass_mm3, 1), round(contrast, 1), round(float(score), 4)), voxels


def _older_share(newer: Floats, older: Floats, distance: Floats, radius_mm: float) -> float:
    """How solid the middle of the structure was already in the other examination: 0 not at all, 1 as solid as now."""
    ring = (distance > radius_mm + 1.5) & (distance <= radius_mm + 5.0)
    core = distance <= _CORE_MM
    if not ring.any() or not core.any():
        return 0.0
    over = [float(ndi.gaussian_filter(v, 0.6)[core].max() - np.percentile(v[ring], 40)) for v in (newer, older)]
    return over[1] / max(over[0], 1e-6)


def _flat(mask: Mask, box: tuple[slice, ...], shape: tuple[int, ...]) -> NDArray[np.intp]:
    places = np.argwhere(mask) + [part.start for part in box]
    return np.asarray(np.ravel_multi_index(tuple(places.T), shape), dtype=np.intp)


def _merged(
    found: list[tuple[ChangeCandidate, NDArray[np.intp]]], within_mm: float = 5.0
) -> list[tuple[ChangeCandidate, NDArray[np.intp]]]:
    """Of several pieces of one change (the shell of a grown nodule) keep the best."""
    kept: list[tuple[ChangeCandidate, NDArray[np.intp]]] = []
    for one in sorted(found, key=lambda pair: -pair[0].volume_mm3):
        gaps = [np.linalg.norm(np.subtract(one[0].centre_lps_mm, other[0].centre_lps_mm)) for other in kept]
        if not gaps or min(gaps) > within_mm:
            kept.append(one)
    return kept
