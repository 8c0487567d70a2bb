"""``map-points --current A --prior B --points in.csv --out out.csv``: points of one examination in the other."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from compare.registration.register import Aligned
from loaders.errors import WorldError
from viewer.headless.output import verb_parser, write_bytes, write_json
from viewer.headless.register import add_pair_arguments, register_pair
from viewer.headless.registration_document import registration_document
from viewer.headless.registration_input import no_alignment


class PointsUnreadable(WorldError):
    """The table of points is not one."""

    code = "points_unreadable"


def run(arguments: Sequence[str]) -> int:
    """Register, map the points of the prior to the current (or back with ``--inverse``), write x, y, z, error_mm."""
    parser = verb_parser("map-points", "Map points of the prior to the current examination.")
    add_pair_arguments(parser)
    parser.add_argument("--points", metavar="CSV", type=Path, required=True, help="columns x,y,z: LPS mm of the prior")
    parser.add_argument("--out", metavar="CSV", type=Path, required=True, help="columns x,y,z,error_mm of the current")
    parser.add_argument("--inverse", action="store_true", help="from the current to the prior instead")
    options = parser.parse_args(arguments)
    points = read_points(options.points)
    pair, outcome, seconds = register_pair(options)
    if options.json is not None:
        write_json(registration_document(pair, outcome, seconds), options.json)
    if outcome.best is None:
        raise no_alignment(outcome.refusal.value if outcome.refusal else "error_too_large")
    mapped, errors = map_points(outcome.best, points, is_inverse=options.inverse)
    write_bytes(_table(mapped, errors), options.out)
    return 0


def map_points(
    aligned: Aligned, points: NDArray[np.float64], *, is_inverse: bool
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return mapped points (n, 3) in LPS mm and their stated errors (n,) in mm; ``is_inverse``: current to prior."""
    if is_inverse:
        return aligned.current_to_prior.map_points(points), aligned.error.at(points)
    mapped = aligned.current_to_prior.inverse().map_points(points)
    return mapped, aligned.error.at(mapped)


def read_points(path: Path) -> NDArray[np.float64]:
    """Read columns x, y, z, found by their names in the first line; other columns are ignored.

    Raises :class:`PointsUnreadable` naming the line.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise PointsUnreadable(f"cannot read {path}: {error}") from error
    rows = csv.DictReader(io.StringIO(text), skipinitialspace=True)
    names = {(name or "").strip().lower(): name for name in rows.fieldnames or ()}
    if not {"x", "y", "z"} <= names.keys():
        raise PointsUnreadable(f"{path} needs a first line with the columns x,y,z")
    points = []
    for number, row in enumerate(rows, start=2):
        try:
            values = [float(row[names[axis]]) for axis in ("x", "y", "z")]
        except (TypeError, ValueError) as error:
            raise PointsUnreadable(f"{path} line {number}: not three numbers") from error
        if not np.isfinite(values).all():
            raise PointsUnreadable(f"{path} line {number}: not a finite number")
        points.append(values)
    return np.array(points, dtype=np.float64).reshape(-1, 3)


def _table(points: NDArray[np.float64], errors: NDArray[np.float64]) -> bytes:
    stream = io.StringIO()
    stream.write("x,y,z,error_mm\n")
    for (x, y, z), error in zip(points, errors, strict=True):
        stream.write(f"{x:.3f},{y:.3f},{z:.3f},{error:.2f}\n")
    return stream.getvalue().encode("ascii")
