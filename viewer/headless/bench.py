"""``bench [PART ...]``: measure speed beside other programs, as ``make bench`` does; needs the source tree."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from loaders.errors import WorldError
from viewer.headless.output import STANDARD_OUTPUT, verb_parser, write_bytes

_ROOT = Path(__file__).resolve().parents[2]
_PARTS = ("load", "view", "reformat", "store", "register", "pet")


class NoSourceTree(WorldError):
    """The benchmarks are part of the source tree, not of an installed or packaged application."""

    code = "no_source_tree"


def run(arguments: Sequence[str]) -> int:
    """Run the parts, print their table on standard error, write the document. Returns 1 when a part failed."""
    parser = verb_parser("bench", "Measure speed beside other programs; make bench brings the screen and the peers.")
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"one of {', '.join(_PARTS)}; all without one")
    options = parser.parse_args(arguments)
    unknown = [part for part in options.parts if part not in _PARTS]
    if unknown:
        parser.error(f"no such part: {' '.join(unknown)}")
    if not (_ROOT / "tests" / "benchmarks" / "run.py").exists():
        raise NoSourceTree("the benchmarks are in the source tree only: run 'make bench' there")
    target = _ROOT / "build" / "bench.json"
    # The table goes to standard error, so that standard output can be the document alone.
    command = [sys.executable, "-m", "tests.benchmarks.run", *options.parts, "--json", str(target)]
    is_piped = options.json == STANDARD_OUTPUT
    status = subprocess.run(command, cwd=_ROOT, stdout=sys.stderr if is_piped else None, check=False).returncode  # noqa: S603
    if is_piped:
        sys.stdout.write(target.read_text(encoding="utf-8"))
    elif options.json:
        write_bytes(target.read_bytes(), Path(options.json))
    return 1 if status else 0
