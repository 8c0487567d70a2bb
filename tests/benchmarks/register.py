"""Registration against exact correspondences: error, honesty of the stated error, time, memory.

Run: ``python -m tests.benchmarks.register PAIR_FOLDER...``; a folder holds ``current``, ``prior`` and
``truth_points_prior_current_lps_mm.csv`` (three columns of the prior, three of the current).
"""

from __future__ import annotations

import csv
import resource
import sys
import time
from pathlib import Path

import numpy as np

from compare.registration.register import register
from viewer.headless.map_points import map_points
from viewer.headless.registration_input import load_pair


def measure(folder: Path) -> str:
    """One line of results for a pair."""
    pair = load_pair(folder / "current", folder / "prior")
    with (folder / "truth_points_prior_current_lps_mm.csv").open(encoding="utf-8") as stream:
        rows = np.array([[float(value) for value in row[:6]] for row in list(csv.reader(stream))[1:]])
    wall, processor = time.perf_counter(), time.process_time()
    outcome = register(pair.current.image, pair.prior.image)
    wall, processor = time.perf_counter() - wall, time.process_time() - processor
    if outcome.best is None:
        return f"{folder.name}: refused, {outcome.refusal}"
    mapped, stated = map_points(outcome.best, rows[:, :3], is_inverse=False)
    errors = np.linalg.norm(mapped - rows[:, 3:], axis=1)
    large = errors > 5.0
    flagged = f"{np.mean(stated[large] > 5.0):.2f}" if large.any() else "none"
    peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return (
        f"{folder.name}: {outcome.best.kind.value} mean {errors.mean():.2f} 95 % {np.percentile(errors, 95):.2f} "
        f"max {errors.max():.2f} mm; stated within 2: {np.mean(np.abs(stated - errors) <= 2.0):.3f}, over 5 flagged "
        f"{flagged}; folded {outcome.folded_share:.5f}; {wall:.1f} s, cpu {processor:.1f} s, {peak_mb:.0f} MB"
    )


if __name__ == "__main__":
    for name in sys.argv[1:]:
        sys.stdout.write(measure(Path(name)) + "\n")
        sys.stdout.flush()
