"""Fit the weights of the stated error on known and deliberately broken registrations.

Run: ``python -m tests.benchmarks.registration_calibration VOLUME_FOLDER...``; every folder's largest volume is deformed
by smooth random fields of our own, blurred, made noisy and registered; then the field found is broken in places. Prints
the weights for ``compare.registration.register``.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import scipy.ndimage as ndi
from numpy.typing import NDArray
from scipy.optimize import nnls

from compare.registration.error_map import Witnesses, witnesses
from compare.registration.free_form import align_freely
from compare.registration.register import LEVELS, RegistrationRun, missed_mm, on_grid
from compare.registration.registration_image import RegistrationImage
from compare.registration.rigid_alignment import align_rigidly
from loaders.progress import CancelToken, no_progress
from tests.benchmarks.registration_cases import deformed_copy, load_image


@dataclass(frozen=True, eq=False)
class Samples:
    """Witness values (n, 4: constant, backward, matched, unlike) and true errors (n,) in mm."""

    values: NDArray[np.float64]
    errors: NDArray[np.float64]


def samples_of(found: Witnesses, true_error_mm: NDArray[np.float32]) -> Samples:
    """Pair the witnesses of every compared block with the true error at its centre."""
    known = np.isfinite(found.unlike)
    centres = np.argwhere(known).T * 3.0 + 1.0
    errors = ndi.map_coordinates(true_error_mm, centres, order=1, mode="nearest")
    parts = (np.ones(errors.shape), *(part[known] for part in (found.backward_mm, found.matched_mm, found.unlike)))
    return Samples(np.stack(parts, axis=1).astype(np.float64), errors.astype(np.float64))


def case(image: RegistrationImage, seed: int) -> tuple[list[Samples], list[Samples]]:
    """Register one synthetic pair; return samples of its rigid and of its deformable stage, broken ones included."""
    rng = np.random.default_rng(seed)
    prior, truth = deformed_copy(image, rng)
    run = RegistrationRun(image, prior, CancelToken(), no_progress)
    found = align_rigidly(run.current, run.prior, CancelToken(), check_mirrored=False)
    field = align_freely(lambda mm: run.pair(found, mm), LEVELS, CancelToken(), lambda _n, _f: None)
    back = run.backward_field(found)
    current, moving = run.pair(found, 4.0)
    grid = current.grid
    points = grid.to_lps(np.stack([p.ravel() for p in np.indices(grid.shape_zyx, dtype=np.float64)], axis=1))
    wanted = truth(points)

    def error_of(displacement: NDArray[np.float32]) -> NDArray[np.float32]:
        moved = points + displacement.reshape(3, -1).T.astype(np.float64) @ grid.axes_lps.T
        m = found.current_to_prior
        miss = moved @ m[:3, :3].T + m[:3, 3] - wanted
        return np.asarray(np.linalg.norm(miss, axis=1).reshape(grid.shape_zyx), dtype=np.float32)

    still = np.zeros((3, *grid.shape_zyx), dtype=np.float32)
    rigid, free = [], []
    for _ in range(2):
        off = still + rng.normal(0, 1, (3, 1, 1, 1)).astype(np.float32) * np.float32(rng.choice([0.0, 3.0, 8.0]))
        rigid.append(samples_of(witnesses(current, moving, off, None), error_of(off)))
    best = on_grid(field, grid)
    for breaks in (0, 3, 6):
        tried = best + bumps(best.shape, rng, breaks)
        # A real failure is often made in both directions alike: half of the broken ones get an unsuspicious way back.
        missed = missed_mm(grid, best if breaks == 3 else tried, found.current_to_prior, back)
        free.append(samples_of(witnesses(current, moving, tried, missed), error_of(tried)))
    return rigid, free


def bumps(shape: tuple[int, ...], rng: np.random.Generator, count: int) -> NDArray[np.float32]:
    """Smooth local errors of 5 to 18 mm within the grid, shape (3, z, y, x)."""
    total = np.zeros(shape, dtype=np.float32)
    axes = np.ogrid[tuple(slice(0, size) for size in shape[1:])]
    for _ in range(count):
        centre = [rng.uniform(0.2, 0.8) * size for size in shape[1:]]
        distance = sum((axis - c) ** 2 for axis, c in zip(axes, centre, strict=True))
        direction = rng.normal(size=3)
        direction *= rng.uniform(5.0, 18.0) / np.linalg.norm(direction)
        blob = np.exp(-distance / (2.0 * rng.uniform(6.0, 11.0) ** 2)).astype(np.float32)
        total += direction.astype(np.float32)[:, None, None, None] * blob
    return total


def fit(samples: list[Samples]) -> NDArray[np.float64]:
    """Non-negative weights; large errors count more, since missing one is worse than overstating a small one."""
    values = np.concatenate([s.values for s in samples])
    errors = np.concatenate([s.errors for s in samples])
    weight = np.where(errors > 4.0, 3.0, 1.0)
    best: NDArray[np.float64] = nnls(values * weight[:, None], errors * weight)[0]
    return best


def report(name: str, weights: NDArray[np.float64], samples: list[Samples]) -> None:
    """Print how honest the stated error is on these samples."""
    values = np.concatenate([s.values for s in samples])
    errors = np.concatenate([s.errors for s in samples])
    stated = values @ weights
    large = errors > 5.0
    within = float(np.mean(np.abs(stated - errors) <= 2.0))
    flagged = float(np.mean(stated[large] > 5.0)) if large.any() else float("nan")
    alarm = float(np.mean(stated[~large] > 5.0))
    sys.stdout.write(
        f"{name}: weights {np.round(weights, 3).tolist()} within 2 mm {within:.3f}, errors > 5 mm ({large.mean():.3f})"
        f" flagged {flagged:.3f}, false alarms {alarm:.3f}\n"
    )
    sys.stdout.flush()


def main(folders: list[str]) -> None:
    """Calibrate on all folders but report on the last case held out."""
    rigid: list[list[Samples]] = []
    free: list[list[Samples]] = []
    for number, folder in enumerate(folders):
        image = load_image(Path(folder))
        for seed in (11, 12):
            a, b = case(replace(image), seed + 10 * number)
            rigid.append(a)
            free.append(b)
    for name, sets in (("rigid", rigid), ("deformable", free)):
        for held in range(len(sets)):
            weights = fit([s for i, group in enumerate(sets) if i != held for s in group])
            report(f"{name}, held out {held}", weights, sets[held])
        everything = [s for group in sets for s in group]
        report(f"{name}, all", fit(everything), everything)


if __name__ == "__main__":
    main(sys.argv[1:])
