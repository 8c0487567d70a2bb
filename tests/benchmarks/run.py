"""``make bench``: run the parts, print the table, write ``build/bench.json``.

A part is a module ``tests/benchmarks/PART.py`` with ``rows()`` that returns rows, or yields them as they are measured,
so that a part which is stopped leaves those it had. Each runs in a process of its own, so that
memory, Qt and warm caches of one do not show in another, and so that one that fails leaves the others' rows.
"""

from __future__ import annotations

import argparse
import importlib
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from tests.benchmarks.peers import ROOT, machine
from tests.benchmarks.row import Row, not_measured, row_of
from tests.benchmarks.table import table

PARTS = ("load", "view", "reformat", "store", "register", "pet")
#: Together at most 25 minutes.
_LIMITS_S = {"load": 420, "view": 240, "reformat": 120, "store": 480, "register": 360, "pet": 120}


def main(arguments: Sequence[str]) -> int:
    """Run the named parts, or all; return 1 when one of them failed."""
    parser = argparse.ArgumentParser(prog="bench", allow_abbrev=False)
    parser.add_argument("parts", nargs="*", metavar="PART", help=" ".join(PARTS))
    parser.add_argument("--json", type=Path, default=ROOT / "build" / "bench.json")
    parser.add_argument("--rows-to", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    unknown = set(options.parts) - set(PARTS)
    if unknown:
        parser.error(f"no such part: {', '.join(sorted(unknown))}")
    if options.rows_to:
        written: list[dict[str, object]] = []
        for row in importlib.import_module(f"tests.benchmarks.{options.parts[0]}").rows():
            written.append(row.document() | {"note": row.note})
            options.rows_to.write_text(json.dumps(written), encoding="utf-8")
        return 0
    results: list[Row] = []
    has_failed = False
    for part in options.parts or PARTS:
        found, is_whole = _run_part(part)
        results += found
        has_failed |= not is_whole
    document = {"machine": machine(), "rows": [row.document() for row in results]}
    options.json.parent.mkdir(parents=True, exist_ok=True)
    options.json.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")
    sys.stdout.write(f"\n{machine()}\n\n{table(results)}\nbench: {options.json}\n")
    return 1 if has_failed else 0


def _run_part(part: str) -> tuple[list[Row], bool]:
    """Return a part's rows, and whether it came to its end."""
    if not (Path(__file__).parent / f"{part}.py").exists():
        return [not_measured(part, "", "", "this part is not there yet")], True
    sys.stderr.write(f"bench: {part}\n")
    started = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder) / "rows.json"
        command = [sys.executable, "-m", "tests.benchmarks.run", part, "--rows-to", str(target)]
        why = ""
        try:
            status = subprocess.run(command, cwd=ROOT, timeout=_LIMITS_S[part], check=False).returncode
            why = f"failed with status {status}; see above" if status else ""
        except subprocess.TimeoutExpired:
            why = f"stopped after {_LIMITS_S[part]} s"
        rows = [row_of(row) for row in json.loads(target.read_text(encoding="utf-8"))] if target.exists() else []
    sys.stderr.write(f"bench: {part} took {time.monotonic() - started:.0f} s\n")
    return (rows, True) if not why else ([*rows, not_measured(f"{part}: the rest", "", "", why)], False)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
