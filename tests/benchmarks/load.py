"""Loading: headers, whole series, frames of every syntax, memory, the start, and the window's stalls meanwhile."""

from __future__ import annotations

import json
import multiprocessing
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from multiprocessing import shared_memory
from pathlib import Path
from statistics import median

from compare.viewing.canvas import fit_scale, frame_centre_mm
from compare.viewing.view_state import Presentation, ViewState
from loaders.cache.memory_budget import MemoryBudget
from loaders.discovery.pooled_headers import pooled_header_reader
from loaders.model.display import Window
from loaders.model.frame_validity import FrameState
from loaders.model.stack import Stack
from loaders.pixels.volume_assembler import VolumeLoader
from loaders.progress import CancelToken, no_progress
from loaders.stores.local_folder import LocalFolder
from loaders.workers.worker_pool import WorkerPool
from tests.benchmarks import load_workload
from tests.benchmarks.peers import ROOT, PeerMissing, cores, run_peer
from tests.benchmarks.row import Row, absolute, at_least, beside, not_measured
from viewer.headless.selection import choose_stacks
from viewer.rendering.reference_renderer import ReferenceRenderer
from viewer.rendering.slice_renderer import SliceRequest

_RUNS = 5
_SIDE = 900
_MOST_EXTRA_S = 0.15


def rows() -> Iterator[Row]:
    """Yield all rows of the part. A peer that is missing leaves its row open and says why."""
    folder = load_workload.current_ct()
    _read_all(folder)
    yield from _headers(folder)
    yield from _whole_series(folder)
    yield from _window(folder)
    yield from _memory()
    for kind in load_workload.SYNTAXES:
        yield from _syntax(kind)
    yield from _curve()


def _read_all(folder: Path) -> None:
    """Bring the files into the page cache, so that every program reads from there."""
    for file in folder.iterdir():
        file.read_bytes()


def _median_s(work: Callable[[], float], runs: int = _RUNS) -> float:
    return median(work() for _ in range(runs))


# ---- headers and whole series


def _headers(folder: Path) -> list[Row]:
    name = "scan the headers of 1000 files, workers ready"
    own, peer = [], []
    with WorkerPool() as pool:
        pool.wait_ready()
        for _ in range(_RUNS):
            own.append(_scan(pool, folder)[1])
            try:
                peer.append(run_peer("read_headers", str(folder))["s"] / cores())
            except PeerMissing as missing:
                return [not_measured(name, "s", "<= 1 x the peer", str(missing))]
    label = f"pydicom dcmread(stop_before_pixels) / {cores()} cores"
    return [beside(name, median(own), "s", label, median(peer), at_most=1.0)]


def _scan(pool: WorkerPool, folder: Path) -> tuple[Stack, float]:
    started = time.perf_counter()
    source = LocalFolder([folder], read_headers=pooled_header_reader(pool))
    catalogue = source.catalogue(on_found=lambda _found: None, progress=no_progress, cancel=CancelToken())
    taken = time.perf_counter() - started
    source.close()
    return choose_stacks(catalogue)[0], taken


def _verb_load(folder: Path) -> dict[str, float]:
    """The verb in a process of its own: its time counts from its own start, workers included."""
    command = [sys.executable, "main.py", "load", str(folder), "--json", "-"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    document: dict[str, float] = json.loads(done.stdout)
    return document


def _whole_series(folder: Path) -> list[Row]:
    name = "open an unindexed folder, 1000 slices of 512 x 512, workers' start included"
    goals = {"dicomsdl": 1.2, "simpleitk": 0.4, "pydicom": None}
    times: dict[str, list[float]] = {"own": [], "floor": [], **{peer: [] for peer in goals}}
    absent: dict[str, str] = {}
    # In turns, so that other work on the machine meets all of them alike.
    for _ in range(_RUNS):
        times["own"].append(_verb_load(folder)["complete_s"])
        times["floor"].append(_floor_s(folder))
        for peer in goals.keys() - absent.keys():
            try:
                times[peer].append(run_peer("load_series", peer, str(folder))["s"])
            except PeerMissing as missing:
                absent[peer] = str(missing)
    own = median(times["own"])
    floor = f"floor: the files' bytes into shared memory, {cores()} processes"
    found = [beside(name, own, "s", floor, median(times["floor"]))]
    for peer, limit in goals.items():
        if peer in absent:
            found.append(not_measured(f"{name}: {peer}", "s", f"<= {limit} x the peer", absent[peer]))
        else:
            found.append(beside(name, own, "s", peer, median(times[peer]), at_most=limit))
    return found


def _floor_s(folder: Path) -> float:
    """Reading every file's bytes straight into fresh shared memory, with a process for each core."""
    files = sorted(folder.iterdir())
    size = max(file.stat().st_size for file in files)
    block = shared_memory.SharedMemory(create=True, size=size * len(files))
    context = multiprocessing.get_context("fork")
    parts = [range(start, len(files), cores()) for start in range(cores())]
    started = time.perf_counter()
    workers = [context.Process(target=_read_into, args=(block, size, files, part)) for part in parts]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    taken = time.perf_counter() - started
    block.close()
    block.unlink()
    return taken


def _read_into(block: shared_memory.SharedMemory, size: int, files: Sequence[Path], part: Sequence[int]) -> None:
    memory = block.buf
    assert memory is not None
    for index in part:
        with files[index].open("rb", buffering=0) as file:
            file.readinto(memory[index * size : (index + 1) * size])


# ---- frames


def _syntax(kind: str) -> list[Row]:
    folder = load_workload.compressed(kind)
    with WorkerPool() as pool:
        pool.wait_ready()
        stack, _ = _scan(pool, folder)
        before = [_decode_all(pool, stack) for _ in range(2)]
        answers, missing = _bare_frames(kind, folder)
        own_s = median([*before, *(_decode_all(pool, stack) for _ in range(3))])
        first_s = _median_s(lambda: _first_slice(pool, stack))
    rate = len(stack.frames) / own_s
    name, first_name = (
        f"decode a {kind} series, workers ready",
        f"first slice of a {kind} series drawn at {_SIDE} x {_SIDE}",
    )
    if not answers:
        return [not_measured(name, "slices/s", ">= 0.9 x the peer", missing)]
    peer, frame_s = min(answers.items(), key=lambda one: one[1])
    label = f"{peer} on bare frames x {cores()} cores"
    extra_ms = (first_s - frame_s) * 1e3
    note = f"{first_s * 1e3:.0f} ms in all, decoding alone {frame_s * 1e3:.0f} ms"
    return [
        at_least(name, rate, "slices/s", label, cores() / frame_s, 0.9),
        absolute(f"{first_name}, beyond decoding it", extra_ms, "ms", _MOST_EXTRA_S * 1e3, note=note),
    ]


def _bare_frames(kind: str, folder: Path) -> tuple[dict[str, float], str]:
    """Seconds a frame by library, or nothing and why."""
    try:
        answers: dict[str, float] = run_peer("bare_frames", kind, str(folder))
    except PeerMissing as missing:
        return {}, str(missing)
    return answers, "no library decodes it"


def _decode_all(pool: WorkerPool, stack: Stack) -> float:
    started = time.perf_counter()
    loader = VolumeLoader(stack, pool, MemoryBudget(), on_arrivals=lambda _arrivals: None).start()
    loader.wait()
    taken = time.perf_counter() - started
    loader.close()
    return taken


def _first_slice(pool: WorkerPool, stack: Stack) -> float:
    """From asking for the series until the slice in its middle is decoded and drawn."""
    middle = len(stack.frames) // 2
    renderer = ReferenceRenderer()
    frame = stack.frames[middle]
    view = ViewState(middle, frame_centre_mm(frame), fit_scale(frame, _SIDE, _SIDE))
    started = time.perf_counter()
    loader = VolumeLoader(stack, pool, MemoryBudget(), on_arrivals=lambda _arrivals: None, first_frame=middle).start()
    while loader.validity[middle] is not FrameState.LOADED:
        time.sleep(0.001)
    renderer.render(SliceRequest(loader.volume, view, Presentation(window=Window(40, 400)), _SIDE, _SIDE))
    taken = time.perf_counter() - started
    loader.close()
    renderer.close()
    return taken


def _curve() -> list[Row]:
    """Cost per slice against the length of the series; the goal is that it stays flat."""
    costs = {}
    for slices in (100, 1000, 4000):
        folder = load_workload.repeated(slices)
        _read_all(folder)
        with WorkerPool() as pool:
            pool.wait_ready()

            def once(pool: WorkerPool = pool, folder: Path = folder) -> float:
                stack, scan_s = _scan(pool, folder)
                return scan_s + _decode_all(pool, stack)

            costs[slices] = _median_s(once, runs=3) / slices * 1e3
    return [
        beside(
            "scan and load, cost per slice of 4000 slices",
            costs[4000],
            "ms",
            "the same of 1000 slices",
            costs[1000],
            at_most=1.25,
            note=", ".join(f"{slices}: {cost:.2f} ms" for slices, cost in costs.items()),
        )
    ]


# ---- memory, start, stalls


def _memory() -> list[Row]:
    """Highest sum of memory over all processes while the window opens prior and current."""
    folders = [load_workload.patient() / name for name in ("CURRENT_CT", "PRIOR_CT")]
    raw_mb = sum(512 * 512 * 2 for folder in folders for _ in folder.iterdir()) / 1e6
    name = f"memory with prior and current side by side, {raw_mb:.0f} MB of pixels"
    limit = 1.2 * raw_mb + 600
    if not os.environ.get("DISPLAY"):
        return [not_measured(name, "MB", f"<= {limit:.0f} MB", "needs a screen")]
    with tempfile.TemporaryDirectory() as out:
        picture = str(Path(out) / "window.png")
        command = [sys.executable, "main.py", "open", *map(str, folders), "--screenshot", picture]
        child = subprocess.Popen(command, cwd=ROOT)
        highest = 0.0
        while child.poll() is None:
            highest = max(highest, _memory_mb(child.pid))
            time.sleep(0.1)
        if child.returncode:
            return [not_measured(name, "MB", f"<= {limit:.0f} MB", f"the window ended with {child.returncode}")]
    return [absolute(name, highest, "MB", limit, note="PSS of all processes and shared blocks")]


def _memory_mb(process: int) -> float:
    """Memory of a process and its descendants in MB of a million bytes: PSS, and shared blocks whole.

    Blocks of pixels are written through their descriptors, so their pages may be in nobody's map and thus in no PSS;
    each block counts once, by the pages it really holds.
    """
    total, blocks, waiting = 0, {}, [str(process)]
    while waiting:
        folder = Path("/proc", waiting.pop())
        try:
            for thread in (folder / "task").iterdir():
                waiting += (thread / "children").read_text(encoding="ascii").split()
            for line in (folder / "smaps_rollup").read_text(encoding="ascii").splitlines():
                if line.startswith(("Pss_Anon:", "Pss_File:")):
                    total += int(line.split()[1]) * 1024
            for link in (folder / "fd").iterdir():
                if "memfd:" in str(link.readlink()):
                    facts = link.stat()
                    blocks[facts.st_ino] = facts.st_blocks * 512
        except OSError:
            continue
    return (total + sum(blocks.values())) / 1e6


def _window(folder: Path) -> list[Row]:
    """The real window in a process of its own: start, first image after the drop, stalls until all is loaded."""
    goals = (
        ("start to usable window", "start_s", "s", 2.0),
        ("first image of a 1000-slice folder on screen after the drop", "first_image_s", "s", 1.0),
        ("longest stall of the window while scanning and loading 1000 slices", "longest_stall_ms", "ms", 50.0),
    )
    if not os.environ.get("DISPLAY"):
        return [not_measured(name, unit, f"<= {limit:g} {unit}", "needs a screen") for name, _, unit, limit in goals]
    runs = []
    for _ in range(_RUNS):
        command = [sys.executable, "-m", "tests.benchmarks.window_probe", str(folder), str(time.time())]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120, check=True)
        runs.append(json.loads(done.stdout.strip().splitlines()[-1]))
    found = []
    for name, key, unit, limit in goals:
        values = [run[key] for run in runs]
        note = f"median of {len(runs)}; the worst {max(values):.3g} {unit}"
        found.append(absolute(name, median(values), unit, limit, note=note))
    return found


if __name__ == "__main__":
    from tests.benchmarks.table import table

    sys.stdout.write(table(rows()))
