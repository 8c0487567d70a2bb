"""What became brighter or darker between two brain MRs of one weighting.

Both are resampled once, into the space half-way between them, so that neither is blurred more than the other; their
brightness is matched (scale and slow bias); and the difference is divided by what noise and a residual misalignment
could explain at each place, which makes it a z-score (after Moraal, Radiology 2010, and Sweeney, SuBLIME, AJNR 2013).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.ndimage as ndi
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from compare.change.candidates import ChangeCandidate, ChangeKind, Changes, ranked
from compare.linking.frame_graph import RigidTransform
from compare.registration.registration_image import Floats, RegistrationImage
from compare.registration.rigid_alignment import Subject
from compare.registration.work_grid import WorkGrid, box_around, sample

Mask = NDArray[np.bool_]

MR_GRID_MM = 1.0
_SMOOTH_MM = 1.2
_BIAS_MM = 18.0
#: Over such a distance the difference's own restlessness counts as noise (cortex is more restless than white matter).
_SURROUNDINGS_MM = 8.0
#: Skull and scalp: so far from the head's surface brain may begin.
_SKULL_MM = 9.0
_LEAST_Z = 2.5
_PEAK_Z = 3.5
_LEAST_MM3 = 15.0
#: Misalignment that is always to be reckoned with, on top of what the registration states.
_LEAST_SHIFT_MM = 0.3
#: FLAIR and T2 lesions, and what takes up contrast, are brighter than their surroundings within so many mm.
_LOCAL_MM, _BRIGHTER = 5.0, 0.05
_RIM_MM = 14.0
_LEAST_SCORE = 0.12


@dataclass(frozen=True, eq=False)
class MrChangeMap:
    """z-scored difference current - prior in half-way space. Processed: label it so. ``half_to_current`` (4, 4) LPS."""

    grid: WorkGrid
    half_to_current: NDArray[np.float64]
    current: Floats
    prior: Floats
    z_score: Floats
    brain: Mask


def half_way(matrix: NDArray[np.float64]) -> NDArray[np.float64]:
    """The rigid (4, 4) whose square is ``matrix``."""
    rotation = Rotation.from_matrix(matrix[:3, :3])
    half = np.eye(4)
    half[:3, :3] = Rotation.from_rotvec(0.5 * rotation.as_rotvec()).as_matrix()
    # H(H(x)) = R x + t with H x = h x + s: (h + 1) s = t.
    half[:3, 3] = np.linalg.solve(half[:3, :3] + np.eye(3), matrix[:3, 3])
    return half


def mr_change_map(current: Subject, prior: Subject, rigid: RigidTransform, error_mm: float) -> MrChangeMap:
    """Compare two heads. ``error_mm`` is the stated error of the alignment."""
    half = half_way(rigid.matrix)
    back = np.asarray(np.linalg.inv(half), dtype=np.float64)
    points = current.body_points_lps_mm @ half[:3, :3].T + half[:3, 3]
    grid = box_around(points, half[:3, :3] @ current.image.axes_lps, MR_GRID_MM)
    now, then = sample(current.image, grid, back), sample(prior.image, grid, half)
    known = np.isfinite(now) & np.isfinite(then)
    now, then = np.nan_to_num(now), np.nan_to_num(then)
    now, then = _equally_thick(now, then, grid, current.image, prior.image)
    brain = brain_mask(now, known) & brain_mask(then, known)
    if not brain.any():
        return MrChangeMap(grid, back, now, then, np.zeros_like(now), brain)
    now, then = now / np.median(now[brain]), then / np.median(then[brain])
    then = then * _bias(now, then, brain)
    z_score = _z_score(now, then, brain, max(_LEAST_SHIFT_MM, error_mm), grid.spacing_mm)
    return MrChangeMap(grid, back, now, then, np.where(brain, z_score, 0.0).astype(np.float32), brain)


def _z_score(now: Floats, then: Floats, brain: Mask, shift_mm: float, spacing_mm: float) -> Floats:
    """Difference over what is to be expected here: noise, restless surroundings, and edges that may lie aside.

    An edge that only one of the two shows cannot come from a misalignment: the fainter slope of the two counts.
    """
    smooth = _SMOOTH_MM / spacing_mm
    soft = [ndi.gaussian_filter(values, smooth) for values in (now, then)]
    difference = soft[0] - soft[1]
    slopes = [np.sqrt(sum(part**2 for part in np.gradient(values, spacing_mm))) for values in soft]
    steep = ndi.minimum_filter(np.minimum(slopes[0], slopes[1]), 1)
    middle = float(np.median(difference[brain]))
    noise = 1.4826 * float(np.median(np.abs(difference[brain] - middle)))
    capped = np.where(brain, np.clip(np.abs(difference - middle), 0.0, 2.5 * noise) ** 2, 0.0).astype(np.float32)
    window = _SURROUNDINGS_MM / spacing_mm
    weight = ndi.gaussian_filter(brain.astype(np.float32), window, truncate=2.5)
    restless = ndi.gaussian_filter(capped, window, truncate=2.5) / np.maximum(weight, 0.05)
    result: Floats = (difference - middle) / np.sqrt(np.maximum(restless, noise**2) + (shift_mm * steep) ** 2 + 1e-12)
    return result


def brain_mask(values: Floats, known: Mask) -> Mask:
    """The largest piece of tissue well inside the head. Classical and coarse: it only keeps skull and scalp out."""
    bright = values[values > 0]
    if not bright.size:
        return np.zeros(values.shape, dtype=np.bool_)
    head = ndi.gaussian_filter(values, 1.0) > 0.2 * float(np.percentile(bright, 95))
    head = np.stack([ndi.binary_fill_holes(section) for section in ndi.binary_closing(head, iterations=3)])
    depth = ndi.distance_transform_edt(np.pad(head, 1))[1:-1, 1:-1, 1:-1]
    inside = (depth > _SKULL_MM) & known
    tissue = (values > 0.45 * float(np.median(values[inside])) if inside.any() else inside) & inside
    opened = ndi.binary_opening(tissue, iterations=2)
    labels, count = ndi.label(opened)
    if not count:
        return np.zeros(values.shape, dtype=np.bool_)
    sizes = np.bincount(labels.ravel())
    sizes[0] = 0
    brain = ndi.binary_closing(ndi.binary_dilation(labels == int(np.argmax(sizes)), iterations=1), iterations=3)
    result: Mask = brain & inside
    return result


def _equally_thick(
    now: Floats, then: Floats, grid: WorkGrid, current: RegistrationImage, prior: RegistrationImage
) -> tuple[Floats, Floats]:
    """Blur the one of thinner slices along the slices until it is as thick as the other."""
    ours, theirs = current.spacing_mm_zyx[0], prior.spacing_mm_zyx[0]
    sigma = float(np.sqrt(abs(ours**2 - theirs**2) / 12.0)) / grid.spacing_mm
    if sigma < 0.2:
        return now, then
    if ours < theirs:
        return ndi.gaussian_filter1d(now, sigma, axis=0), then
    return now, ndi.gaussian_filter1d(then, sigma, axis=0)


def _bias(now: Floats, then: Floats, brain: Mask) -> Floats:
    """Slowly varying factor that makes ``then`` as bright as ``now``; changed places weigh little in it."""
    ratio = np.log(np.clip(now, 0.05, None) / np.clip(then, 0.05, None))
    middle = float(np.median(ratio[brain]))
    spread = 1.4826 * float(np.median(np.abs(ratio[brain] - middle))) + 1e-6
    weight = np.where(brain & (np.abs(ratio - middle) < 2.5 * spread), 1.0, 0.0).astype(np.float32)
    sigma = _BIAS_MM / MR_GRID_MM
    top = ndi.gaussian_filter(weight * (ratio - middle), sigma, truncate=2.5)
    base = ndi.gaussian_filter(weight, sigma, truncate=2.5)
    result: Floats = np.exp(middle + top / np.maximum(base, 0.05)).astype(np.float32)
    return result


def mr_candidates(change: MrChangeMap) -> Changes:
    """List clusters of bright change: larger than 15 mm³, z of 2.5 throughout and 3.5 at its peak."""
    found: list[tuple[ChangeCandidate, NDArray[np.intp]]] = []
    inside = change.brain
    if not inside.any():
        return Changes((), np.zeros(change.z_score.shape, dtype=np.int32), _LEAST_Z)
    weight = np.maximum(ndi.gaussian_filter(inside.astype(np.float32), _LOCAL_MM / MR_GRID_MM), 0.05)
    depth = ndi.distance_transform_edt(ndi.binary_closing(np.pad(inside, 8), iterations=6)[8:-8, 8:-8, 8:-8])
    for sign in (1.0, -1.0):
        signed = sign * change.z_score
        newer = change.current if sign > 0 else change.prior
        around = ndi.gaussian_filter(np.where(inside, newer, 0.0), _LOCAL_MM / MR_GRID_MM) / weight
        labels, count = ndi.label((signed > _LEAST_Z) & (newer > (1.0 + _BRIGHTER) * around))
        if not count:
            continue
        for number, box in enumerate(ndi.find_objects(labels), start=1):
            mask = labels[box] == number
            judged = _judge(change, sign, mask, box, float(depth[box][mask].mean()) * MR_GRID_MM)
            if judged is not None:
                found.append(judged)
    return ranked(found, change.z_score.shape, _LEAST_Z)


def _judge(
    change: MrChangeMap, sign: float, mask: Mask, box: tuple[slice, ...], depth_mm: float
) -> tuple[ChangeCandidate, NDArray[np.intp]] | None:
    volume = float(mask.sum()) * change.grid.spacing_mm**3
    signed = sign * change.z_score[box]
    peak = float(signed[mask].max())
    if volume < _LEAST_MM3 or peak < _PEAK_Z:
        return None
    wide = tuple(slice(max(0, part.start - 3), part.stop + 3) for part in box)
    older = (change.prior if sign > 0 else change.current)[wide]
    newer = (change.current if sign > 0 else change.prior)[wide]
    # A bright core close by in the other examination makes it a change of size.
    base = float(np.median(older))
    was_there = float(np.percentile(older, 97)) - base > 0.6 * (float(np.percentile(newer, 97)) - base)
    kinds = (ChangeKind.NEW, ChangeKind.GROWN) if sign > 0 else (ChangeKind.GONE, ChangeKind.SHRUNK)
    centre = np.array(ndi.center_of_mass(np.where(mask, signed, 0.0))) + [part.start for part in box]
    at_half = change.grid.to_lps(centre[None])[0]
    place = change.half_to_current[:3, :3] @ at_half + change.half_to_current[:3, 3]
    places = np.argwhere(mask) + [part.start for part in box]
    voxels = np.ravel_multi_index(tuple(places.T), change.z_score.shape).astype(np.intp)
    # The rim of the brain, where sulci come and go with the slice positions, is where false places are.
    score = (1.0 - np.exp(-peak / 6.0)) * (1.0 - np.exp(-volume / 40.0)) * (1.0 - np.exp(-((depth_mm / _RIM_MM) ** 2)))
    if score < _LEAST_SCORE:
        return None
    centre_lps = (round(float(place[0]), 2), round(float(place[1]), 2), round(float(place[2]), 2))
    mean = round(float(change.z_score[box][mask].mean()), 2)
    return ChangeCandidate(kinds[int(was_there)], centre_lps, round(volume, 1), mean, round(score, 4)), voxels
