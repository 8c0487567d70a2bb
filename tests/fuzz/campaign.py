"""Run hostile input through the real path: scan in workers, group, load every stack into shared memory.

A heartbeat stands for the window's thread: it must never be held up by what the application's process does with the
input. ``python -m tests.fuzz.campaign 20000`` runs that many mutants; ``make fuzz N=...`` is the same.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

from loaders.cache.memory_budget import MemoryBudget
from loaders.discovery.pooled_headers import pooled_header_reader
from loaders.errors import WorldError
from loaders.model.frame_validity import FrameState
from loaders.model.study import Catalogue
from loaders.pixels.volume_assembler import Arrivals, VolumeLoader
from loaders.progress import CancelToken, no_progress
from loaders.stores.local_folder import LocalFolder
from loaders.workers.worker_pool import WorkerPool
from tests.fuzz.mutator import mutants

_BATCH = 50
_BEAT_S = 0.005
#: Longer than any single task may take: what is not decided by then hangs.
_PATIENCE_S = 30.0
_BUDGET_BYTES = 1 << 30


class Heartbeat:
    """Longest time that this process kept a waiting thread from running. Other programs' load does not count."""

    def __init__(self) -> None:
        self.longest_stall_s = 0.0
        self._ends = threading.Event()
        self._thread = threading.Thread(target=self._beat, daemon=True)

    def _beat(self) -> None:
        wall, used = time.perf_counter(), time.process_time()
        while not self._ends.wait(_BEAT_S):
            now, now_used = time.perf_counter(), time.process_time()
            # A stall of our making takes both: time passes, and this process is at work meanwhile.
            self.longest_stall_s = max(self.longest_stall_s, min(now - wall - _BEAT_S, now_used - used))
            wall, used = now, now_used

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ends.set()
        self._thread.join()


@dataclass(slots=True)
class Verdict:
    """What came of one batch of input."""

    codes: Counter[str] = field(default_factory=Counter)
    shown: int = 0
    failed_frames: int = 0
    slowest_s: float = 0.0

    def __iadd__(self, other: Verdict) -> Verdict:  # noqa: PYI034 - this class is not derived from
        self.codes += other.codes
        self.shown += other.shown
        self.failed_frames += other.failed_frames
        self.slowest_s = max(self.slowest_s, other.slowest_s)
        return self


def judge(paths: Sequence[Path], pool: WorkerPool) -> Verdict:
    """Scan and load; raises ``AssertionError`` when something is not decided in time."""
    verdict = Verdict()
    source = LocalFolder(paths, read_headers=pooled_header_reader(pool))
    started = time.perf_counter()
    try:
        catalogue = source.catalogue(on_found=lambda _found: None, progress=no_progress, cancel=CancelToken())
        verdict.codes.update(row.code for row in catalogue.problems)
        verdict.codes.update(row.reason for row in catalogue.not_displayed)
        _load_all(catalogue, source, pool, verdict)
    except WorldError as error:
        verdict.codes[error.code] += 1
    finally:
        source.close()
    verdict.slowest_s = time.perf_counter() - started
    return verdict


def _load_all(catalogue: Catalogue, source: LocalFolder, pool: WorkerPool, verdict: Verdict) -> None:
    budget = MemoryBudget(_BUDGET_BYTES)
    stacks = [stack for study in catalogue.studies for series in study.series for stack in series.stacks]
    loaders: list[VolumeLoader] = []
    try:
        for stack in stacks:
            try:
                loaders.append(VolumeLoader(stack, pool, budget, on_arrivals=_ignore, source=source))
            except WorldError as error:  # too large
                verdict.codes[error.code] += 1
                continue
            loaders[-1].start()
        for loader in loaders:
            assert loader.wait(_PATIENCE_S), "an input was not decided in time"
            count = len(loader.validity)
            verdict.shown += loader.validity.count(FrameState.LOADED)
            verdict.failed_frames += loader.validity.count(FrameState.FAILED)
            verdict.codes.update(loader.validity.reason(n).partition(":")[0] for n in range(count))
    finally:
        for loader in loaders:
            loader.close()


def _ignore(_arrivals: Arrivals) -> None:
    return


def put(folder: Path, files: Mapping[str, bytes]) -> None:
    """Write files by relative name."""
    for name, data in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)


def run_mutants(inputs: Iterable[bytes], pool: WorkerPool, folder: Path) -> Verdict:
    """Judge mutants in batches, each batch in a folder of its own that is removed again."""
    total = Verdict()
    batch: dict[str, bytes] = {}

    def judge_batch() -> None:
        place = folder / "batch"
        put(place, batch)
        batch.clear()
        try:
            verdict = judge([place], pool)
        except BaseException:
            with suppress(OSError):
                shutil.copytree(place, folder.parent / "fuzz-failed", dirs_exist_ok=True)
            raise
        shutil.rmtree(place)
        nonlocal total
        total += verdict

    for number, data in enumerate(inputs):
        batch[f"{number:06d}"] = data
        if len(batch) == _BATCH:
            judge_batch()
    if batch:
        judge_batch()
    return total


def main(arguments: Sequence[str]) -> int:
    """Run a campaign of any size and print what came of it."""
    parser = argparse.ArgumentParser(prog="fuzz", description="Run mutated files through scanning and loading.")
    parser.add_argument("count", type=int)
    parser.add_argument("--seed", type=int, default=int(time.time()))
    options = parser.parse_args(arguments)
    started = time.perf_counter()
    with tempfile.TemporaryDirectory() as place, WorkerPool() as pool, Heartbeat() as heart:
        total = run_mutants(mutants(options.count, options.seed), pool, Path(place))
    rate = options.count / (time.perf_counter() - started)
    lines = [
        f"{options.count} inputs, seed {options.seed}: {rate:.0f} a second, all decided",
        f"frames shown {total.shown}, refused {total.failed_frames}",
        f"slowest batch of {_BATCH}: {total.slowest_s:.1f} s",
        f"longest stall of a waiting thread: {heart.longest_stall_s * 1000:.0f} ms",
    ]
    lines += [f"  {code or '(sound)':24} {count}" for code, count in total.codes.most_common()]
    sys.stdout.write("\n".join(lines) + "\n")
    return 0 if heart.longest_stall_s <= 0.1 else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
