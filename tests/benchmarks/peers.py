"""Other programs on the same work, in their own environment; a slow one runs once for a machine and a version."""

from __future__ import annotations

import hashlib
import json
import os
import platform
import subprocess
import time
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
_PYTHON = ROOT / ".venv-peers" / "bin" / "python"
_PROGRAMS = ROOT / "packaging" / "peers"
_KEPT = ROOT / "build" / "bench-peers.json"
_SLOW_S = 30.0


class PeerMissing(RuntimeError):
    """The peers' environment is not there, or a peer cannot do the work; the message says which and why."""


def machine() -> str:
    """Return the machine in words: processor, cores this process may use, memory, system."""
    model = platform.processor() or platform.machine()
    try:
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                model = line.partition(":")[2].strip()
                break
        memory_gb = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9
    except (OSError, ValueError):
        memory_gb = 0.0
    return f"{model}, {cores()} cores, {memory_gb:.0f} GB, {platform.system()} {platform.release()}"


def cores() -> int:
    """Return how many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def run_peer(program: str, *arguments: str, timeout_s: float = 1200.0) -> Any:
    """Run ``packaging/peers/PROGRAM.py`` and return the JSON it prints. Raises ``PeerMissing``.

    What took over 30 s is kept under the machine, the locked versions, the program's text and its arguments, and not
    run again.
    """
    if not _PYTHON.exists():
        raise PeerMissing("no peers here: 'make bench' installs them")
    key = _key(program, arguments)
    kept = json.loads(_KEPT.read_text(encoding="utf-8")) if _KEPT.exists() else {}
    if key in kept:
        return kept[key]
    started = time.monotonic()
    command = [str(_PYTHON), str(_PROGRAMS / f"{program}.py"), *arguments]
    done = subprocess.run(command, capture_output=True, text=True, timeout=timeout_s, check=False)
    if done.returncode:
        lines = done.stderr.strip().splitlines()
        raise PeerMissing(f"{program} {' '.join(arguments[:1])}: {lines[-1] if lines else 'failed without a word'}")
    answer = json.loads(done.stdout.strip().splitlines()[-1])
    if time.monotonic() - started > _SLOW_S:
        _KEPT.parent.mkdir(exist_ok=True)
        _KEPT.write_text(json.dumps(kept | {key: answer}, indent=1), encoding="utf-8")
    return answer


def _key(program: str, arguments: Sequence[str]) -> str:
    text = (_PROGRAMS / f"{program}.py").read_bytes() + _locked()
    digest = hashlib.sha256(text + json.dumps(arguments).encode()).hexdigest()[:16]
    return f"{machine()} | {program} {' '.join(arguments)} | {digest}"


@cache
def _locked() -> bytes:
    return (ROOT / "requirements-peers.lock").read_bytes()
