"""``load PATH [--series UID]``: bring all pixels into memory, and say how long it took and how much memory."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Sequence
from pathlib import Path

from loaders.errors import DecodeError
from loaders.model.frame_validity import FrameState
from loaders.pixels.volume_assembler import Arrivals, VolumeLoader
from viewer.headless.opened_path import OpenedPath, opened
from viewer.headless.output import STANDARD_OUTPUT, verb_parser, write_json
from viewer.headless.selection import choose_stacks


def run(arguments: Sequence[str]) -> int:
    """Load and write the measurements as JSON, by default to standard output. Returns the exit status 0.

    Time counts from the beginning of this function, the workers' start included. Raises ``WorldError``, also when no
    frame could be decoded.
    """
    started = time.perf_counter()
    parser = verb_parser("load", "Load all pixels of a series and say how long it took.")
    parser.add_argument("path", metavar="PATH", type=Path, help="folder, file, DICOMDIR or ZIP archive")
    parser.add_argument("--series", metavar="UID", help="only this series")
    options = parser.parse_args(arguments)
    with opened(options.path) as path:
        document = _load(path, options.series, started)
    write_json(document, options.json or STANDARD_OUTPUT)
    return 0


class _FirstFrame:
    """Notes when the first frame was there."""

    def __init__(self) -> None:
        self.at: float | None = None

    def __call__(self, arrivals: Arrivals) -> None:
        if self.at is None and arrivals.loaded:
            self.at = time.perf_counter()


def _load(path: OpenedPath, series_uid: str | None, started: float) -> dict[str, object]:
    stacks = choose_stacks(path.catalogue, series_uid)
    first = _FirstFrame()
    loaders: list[VolumeLoader] = []
    try:
        for number, stack in enumerate(stacks):
            loaders.append(
                VolumeLoader(
                    stack, path.pool, path.budget, on_arrivals=first, source=path.source, first_frame=0, priority=number
                )
            )
            loaders[-1].start()
        for loader in loaders:
            loader.wait()
        complete = time.perf_counter()
        held = sum(loader.volume.stack.decoded_bytes for loader in loaders)
        counts = {
            state: sum(loader.validity.count(state) for loader in loaders)
            for state in (FrameState.LOADED, FrameState.FAILED)
        }
        if first.at is None:
            raise DecodeError(f"no frame could be decoded; the first: {loaders[0].validity.reason(0)}")
        return {
            "frames": counts[FrameState.LOADED],
            "failed": counts[FrameState.FAILED],
            "bytes": held,
            "first_frame_s": round(first.at - started, 4),
            "complete_s": round(complete - started, 4),
            "peak_pss_mb": peak_pss_mb(held),
        }
    finally:
        for loader in loaders:
            loader.close()


def peak_pss_mb(shared_bytes: int) -> float | None:
    """Return the memory of this process and its children in MB, ``None`` where the system does not tell.

    Asked when everything is loaded, which is when most is held. Pixels in shared memory count once and in whole: they
    are resident whether or not a process has mapped them, so their own share of the PSS is left out.
    """
    total_kb = 0
    try:
        for process in (str(os.getpid()), *_children()):
            for line in Path(f"/proc/{process}/smaps_rollup").read_text(encoding="ascii").splitlines():
                name, _, rest = line.partition(":")
                if name in {"Pss_Anon", "Pss_File"}:
                    total_kb += int(rest.split()[0])
    except (OSError, ValueError):
        return None
    return round(total_kb / 1000 * 1.024 + shared_bytes / 1e6, 1)


def _children() -> list[str]:
    found: list[str] = []
    for thread in threading.enumerate():
        children = Path(f"/proc/self/task/{thread.native_id}/children")
        if children.exists():
            found += children.read_text(encoding="ascii").split()
    return found
