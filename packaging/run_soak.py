"""``make soak``: what takes too long for every change, run whole; the dated table goes to ``docs/soak.md``.

* every long list whole and Hypothesis twenty times longer (``DIPTYCH_SOAK=1``), with the tests marked ``slow``, which
  build the packaged application and start it;
* the fuzz harness with many more inputs.

``run_soak.py slow fuzz`` runs only some steps, and the table says so. A step that fails does not stop the others; the
exit status is 1 when one failed.
"""

from __future__ import annotations

import datetime as dt
import os
import platform
import re
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
REPORT = ROOT / "docs" / "soak.md"
LOG = ROOT / "build" / "soak.log"
_FUZZ_INPUTS = 20_000
_HEADER = """# Soak

The last run of `make soak`: long lists whole, the slow tests, the packaged application, fuzzing.

"""


def steps() -> dict[str, tuple[str, list[str]]]:
    """Return each step's title and command by its short name."""
    screen = [sys.executable, str(ROOT / "packaging" / "with_display.py"), "--own"]
    workers = str(min(os.cpu_count() or 2, 4))
    pytest = [*screen, sys.executable, "-m", "pytest", "-q", "--timeout", "1800"]
    return {
        "slow": ("slow tests, packaged application", [*pytest, "-m", "slow"]),
        "whole": ("tests, lists whole", [*pytest, "-n", workers, "--dist", "loadgroup", "-m", "not slow"]),
        "fuzz": (f"fuzzing, {_FUZZ_INPUTS} inputs", ["make", "fuzz", f"N={_FUZZ_INPUTS}"]),
    }


def run(name: str, command: list[str]) -> tuple[str, str, bool]:
    """Run a step; return its table line's middle: how it ended, how long it took, and whether it failed."""
    print(f"soak: {name}", flush=True)
    started = time.monotonic()
    done = subprocess.run(
        command, cwd=ROOT, env=os.environ | {"DIPTYCH_SOAK": "1"}, capture_output=True, text=True, check=False
    )
    with LOG.open("a", encoding="utf-8") as log:
        log.write(f"==== {name}: {' '.join(command)}\n{done.stdout}\n{done.stderr}\n")
    counts = re.findall(r"^[= ]*((?:\d+ \w+,? ?)+ in [\d.]+s.*?)[= ]*$", done.stdout, re.MULTILINE)
    said = counts[-1].partition(" in ")[0] if counts else ("done" if done.returncode == 0 else "failed")
    outcome = said if done.returncode == 0 else f"**{said}** (status {done.returncode})"
    return outcome, f"{time.monotonic() - started:.0f} s", done.returncode != 0


def main() -> int:
    """Run everything and write the table."""
    LOG.parent.mkdir(exist_ok=True)
    LOG.write_text("", encoding="utf-8")
    revision = ["git", "rev-parse", "--short", "HEAD"]
    commit = subprocess.run(revision, cwd=ROOT, capture_output=True, text=True, check=False).stdout.strip()
    today = dt.datetime.now(tz=dt.UTC).date()
    where = f"{os.cpu_count()} cores, {platform.system()}, Python {platform.python_version()}"
    lines = [
        f"{today.isoformat()}, commit {commit}, {where}.\n",
        "| step | outcome | time |",
        "|---|---|---|",
    ]
    has_failed = False
    chosen = sys.argv[1:] or list(steps())
    for short, (name, command) in steps().items():
        if short not in chosen:
            lines.append(f"| {name} | not run this time | |")
            continue
        outcome, taken, failed = run(name, command)
        has_failed |= failed
        lines.append(f"| {name} | {outcome} | {taken} |")
        print(f"soak: {name}: {outcome}, {taken}", flush=True)
        REPORT.write_text(_HEADER + "\n".join(lines) + "\n", encoding="utf-8")
    print(f"soak: {REPORT.relative_to(ROOT)}; all that was said: {LOG.relative_to(ROOT)}")
    return 1 if has_failed else 0


if __name__ == "__main__":
    sys.exit(main())
