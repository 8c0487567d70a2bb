"""From two examinations to a rigid transform: search everywhere, refine the best starts, say how well they agree."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import scipy.ndimage as ndi
from numpy.typing import NDArray

from compare.registration.channels import Mask, body_mask, channels_of
from compare.registration.registration_image import RegistrationImage
from compare.registration.rigid_refine import Fit, Prepared, RigidRefiner
from compare.registration.rigid_search import ShiftSearch, Start, best_starts, turn
from compare.registration.work_grid import WorkGrid, box_around, sample
from loaders.progress import CancelToken

_SEARCH_MM = 9.0
_MASK_MM = 4.0
_TURN_DEGREES = 11.0
_STARTS_KEPT = 3
_COARSE_MM = 6.0
_COARSE_POINTS, _FINE_POINTS = 40_000, 100_000


@dataclass(frozen=True, eq=False)
class Subject:
    """An image with its body: the mask on a 4 mm grid along the image's own axes."""

    image: RegistrationImage
    grid: WorkGrid
    body: Mask

    @property
    def body_points_lps_mm(self) -> NDArray[np.float64]:
        """Every mask voxel's place, shape (n, 3)."""
        return self.grid.to_lps(np.argwhere(self.body).astype(np.float64))

    @property
    def extent_mm_xyz(self) -> NDArray[np.float64]:
        """Size of the body's box along the image's axes (column, row, normal)."""
        places = np.argwhere(self.body)
        if not len(places):
            return np.zeros(3)
        size: NDArray[np.float64] = (places.max(axis=0) - places.min(axis=0) + 1.0)[::-1] * self.grid.spacing_mm
        return size


@dataclass(frozen=True, eq=False)
class RigidResult:
    """``current_to_prior`` (4, 4) in LPS mm with its fit; ``mirrored_fit`` is that of the best mirrored alternative."""

    current_to_prior: NDArray[np.float64]
    fit: Fit
    mirrored_fit: Fit | None = None


def subject_of(image: RegistrationImage) -> Subject:
    """Find the patient in an image."""
    grid = box_around(image.corners_lps_mm, image.axes_lps, _MASK_MM)
    return Subject(image, grid, body_mask(sample(image, grid), image.modality))


def prepared(subject: Subject, grid: WorkGrid, current_to_image: NDArray[np.float64] | None = None) -> Prepared:
    """Sample and normalise an image on a grid, which may stand in the other examination's space."""
    values = sample(subject.image, grid, current_to_image)
    body = mask_on(subject, grid, current_to_image)
    return Prepared(grid, channels_of(values, subject.image.modality, ndi.binary_dilation(body, iterations=1)), body)


def mask_on(subject: Subject, grid: WorkGrid, current_to_image: NDArray[np.float64] | None = None) -> Mask:
    """The body on another grid."""
    as_image = RegistrationImage(
        subject.body.astype(np.float32),
        subject.grid.index_to_lps,
        subject.image.modality,
        np.ones(subject.body.shape[0], dtype=np.bool_),
    )
    on_grid: Mask = sample(as_image, grid, current_to_image, outside=0.0) > 0.5
    return on_grid


def align_rigidly(
    current: Subject,
    prior: Subject,
    cancel: CancelToken,
    *,
    finest_mm: float = 2.0,
    check_mirrored: bool = True,
    on_coarse: Callable[[NDArray[np.float64]], None] = lambda _matrix: None,
) -> RigidResult:
    """Find the rigid transform. Never fails: how far to believe it stands in the fit.

    ``on_coarse`` is given the matrix as soon as it is of use for linked scroll.
    """
    coarse = _refiner(current, prior, _COARSE_MM, _COARSE_POINTS)
    starts = _search(current, prior, cancel, np.eye(3))
    refined = _apart([coarse.refine(start.current_to_prior, 6, cancel) for start in starts], current)
    matrix = max(refined, key=lambda candidate: merit(coarse.fit(candidate)))
    matrix = coarse.refine(matrix, 12, cancel)
    mirrored = _best_mirrored(current, prior, coarse, cancel) if check_mirrored else None
    on_coarse(matrix)
    for spacing in dict.fromkeys((max(3.5, finest_mm), finest_mm)):
        matrix = _refiner(current, prior, spacing, _FINE_POINTS).refine(matrix, 8, cancel)
    return RigidResult(matrix, coarse.fit(matrix), mirrored)


def merit(fit: Fit) -> float:
    """Correlation, less where little is in common: thin overlaps agree by chance."""
    return fit.correlation * float(min(1.0, fit.overlap) ** 0.25)


def _apart(matrices: list[NDArray[np.float64]], current: Subject) -> list[NDArray[np.float64]]:
    """Drop candidates that have run into one another."""
    corners = current.image.corners_lps_mm
    kept: list[NDArray[np.float64]] = []
    for matrix in matrices:
        gaps = [np.abs(corners @ (matrix - other)[:3, :3].T + (matrix - other)[:3, 3]).max() for other in kept]
        if not gaps or min(gaps) > 5.0:
            kept.append(matrix)
    return kept


def _refiner(current: Subject, prior: Subject, spacing_mm: float, most_points: int) -> RigidRefiner:
    pair = []
    for subject in (current, prior):
        points = subject.body_points_lps_mm
        points = points if len(points) else subject.image.corners_lps_mm
        pair.append(prepared(subject, box_around(points, subject.image.axes_lps, spacing_mm, 2.5 * spacing_mm)))
    return RigidRefiner(pair[0], pair[1], most_points)


def _turns() -> Iterator[NDArray[np.float64]]:
    yield np.eye(3)
    for axis in range(3):
        for degrees in (-_TURN_DEGREES, _TURN_DEGREES):
            yield turn(axis, degrees)


def _search(
    current: Subject, prior: Subject, cancel: CancelToken, base: NDArray[np.float64], *, turns: bool = True
) -> list[Start]:
    """The best starts over all shifts and some turns; ``base`` (3, 3) precedes the turns (a mirror, for the check)."""
    axes = current.image.axes_lps
    here = box_around(current.image.corners_lps_mm, axes, _SEARCH_MM)
    size = float(np.linalg.norm(np.ptp(prior.image.corners_lps_mm, axis=0)))
    widest = int(size / _SEARCH_MM) + 3
    bounds = [
        min(widest, int(np.ptp(prior.image.corners_lps_mm @ axes[:, 2 - k]) * 1.3 / _SEARCH_MM) + 4) for k in range(3)
    ]
    body = mask_on(current, here)
    search = ShiftSearch(_search_picture(current, here), body, here, (bounds[0], bounds[1], bounds[2]))
    found = []
    for rotation in _turns() if turns else (np.eye(3),):
        cancel.raise_if_cancelled()
        whole = rotation @ base
        there = box_around(prior.image.corners_lps_mm, whole @ axes, _SEARCH_MM)
        there = WorkGrid(
            there.origin_lps_mm,
            there.axes_lps,
            there.spacing_mm,
            tuple(min(a, b) for a, b in zip(there.shape_zyx, bounds, strict=True)),  # type: ignore[arg-type]
        )
        shift, correlation, overlap = search.best(_search_picture(prior, there), mask_on(prior, there))
        matrix = np.eye(4)
        matrix[:3, :3] = whole
        matrix[:3, 3] = there.origin_lps_mm - whole @ here.origin_lps_mm + whole @ axes @ shift
        found.append(Start(matrix, correlation, overlap))
    return best_starts(found, _STARTS_KEPT)


def _search_picture(subject: Subject, grid: WorkGrid) -> NDArray[np.float32]:
    values = np.nan_to_num(sample(subject.image, grid), nan=-1000.0 if subject.image.modality == "CT" else 0.0)
    if subject.image.modality == "CT":
        return np.asarray(np.clip(values, -1000.0, 250.0) / 500.0, dtype=np.float32)
    top = float(np.percentile(values, 99)) or 1.0
    return np.asarray(np.clip(values / top, 0.0, 1.2), dtype=np.float32)


def _best_mirrored(current: Subject, prior: Subject, coarse: RigidRefiner, cancel: CancelToken) -> Fit:
    """How well the two agree when one is mirrored: better than unmirrored means a wrong orientation in the headers."""
    best = Fit(0.0, 0.0)
    for axis in range(3):
        base = np.eye(3)
        base[axis, axis] = -1.0
        start = _search(current, prior, cancel, base, turns=False)[0]
        if start.correlation < 0.3:
            continue
        fit = coarse.fit(coarse.refine(start.current_to_prior, 6, cancel))
        best = max(best, fit, key=merit)
    return best
