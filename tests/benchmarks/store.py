"""The image store: a 1000-slice series from the stand-in's real servers into memory, and from the encrypted library.

The peer is ``curl`` fetching the same multipart through the same nginx TLS to nowhere, measured in turn with ours.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median

from loaders.audit.audit_queue import AuditQueue
from loaders.cache.library import Library
from loaders.cache.library_index import LibraryIndex
from loaders.cache.memory_budget import MemoryBudget
from loaders.model.stack import Stack
from loaders.pixels.volume_assembler import VolumeLoader
from loaders.progress import CancelToken, no_progress
from loaders.retrieval.study_fetch import FetchOrder, fetch_study
from loaders.stores.dicomweb.dicomweb_client import DicomwebClient
from loaders.stores.dicomweb.store_session import StoreSession
from loaders.stores.dicomweb.store_source import StoreSource
from loaders.stores.image_source import ImageSource
from loaders.stores.library_source import LibrarySource
from loaders.stores.local_folder import LocalFolder
from loaders.transport.store_profile import StoreProfile
from loaders.workers.worker_pool import WorkerPool
from tests.benchmarks.row import Row, absolute, beside, not_measured
from tests.store.conftest import STAND_IN, LastingKeeper, Store
from tests.support.dicom_files import SeriesRecipe, uid, write_series

_SLICES, _SIDE, _RUNS, _FETCHES = 1000, 512, 3, 1
_STUDY, _SERIES = uid("bench"), uid("bench/bench")
_ACCEPT = 'multipart/related; type="application/dicom"; transfer-syntax=*'


def rows() -> list[Row]:
    """Return all rows, or one that says what is missing."""
    check = subprocess.run([sys.executable, str(STAND_IN / "run_store.py"), "--check"], capture_output=True, text=True)  # noqa: PLW1510
    if check.returncode:
        return [not_measured("1000 slices from the store", "s", "<= 1.5 x the peer", check.stderr.strip())]
    with tempfile.TemporaryDirectory() as folder, WorkerPool() as pool:
        place = Path(folder)
        write_series(
            place / "data", SeriesRecipe(name="bench", study="bench", slices=_SLICES, rows=_SIDE, columns=_SIDE)
        )
        pool.wait_ready()
        with _session(place) as session:
            found = [*_streaming(session, pool), *_library(session, pool, place)]
        return [*found, *_worklist(place)]


@contextmanager
def _session(place: Path) -> Iterator[StoreSession]:
    ready = place / "ready.json"
    command = [sys.executable, str(STAND_IN / "run_store.py"), "--data", str(place / "data"), "--ready", str(ready)]
    with subprocess.Popen([*command, "--state", str(place / "state")], stdout=subprocess.DEVNULL) as process:
        try:
            while not ready.is_file():
                if process.poll() is not None:
                    raise RuntimeError("the stand-in store did not start")
                time.sleep(0.1)
            store = Store(json.loads(ready.read_text()))
            keeper = LastingKeeper()
            with StoreSession(store.profile(), keeper, AuditQueue(keeper, place / "audit")) as session:
                session.sign_in(store.browser("doctor"), cancel=CancelToken())
                yield session
        finally:
            process.terminate()


def _curl_s(session: StoreSession) -> float:
    profile: StoreProfile = session.profile
    command = [
        "curl", "--silent", "--fail", "--http1.1", "--output", "/dev/null", "--cacert", profile.authority,
        "--cert", profile.certificate, "--key", profile.key, "--header", f"Accept: {_ACCEPT}",
        "--header", f"Authorization: Bearer {session.tokens.access_token()}",
        f"{profile.url}/dicom-web/studies/{_STUDY}/series/{_SERIES}",
    ]  # fmt: skip
    started = time.perf_counter()
    subprocess.run(command, check=True)
    return time.perf_counter() - started


def _stack(source: ImageSource) -> Stack:
    found = source.catalogue(on_found=lambda _found: None, progress=no_progress, cancel=CancelToken())
    return found.studies[0].series[0].stacks[0]


def _load_s(stack: Stack, source: ImageSource, pool: WorkerPool) -> tuple[float, float]:
    """Return seconds until the first frame and until all are there."""
    first: list[float] = []
    started = time.perf_counter()
    loader = VolumeLoader(
        stack, pool, MemoryBudget(), source=source, on_arrivals=lambda _arrivals: first.append(time.perf_counter())
    )
    try:
        loader.start()
        loader.wait()
        return first[0] - started, time.perf_counter() - started
    finally:
        loader.close()


def _streaming(session: StoreSession, pool: WorkerPool) -> list[Row]:
    curls, loads, firsts, bare = [], [], [], []
    for _ in range(_RUNS):
        curls.append(_curl_s(session))
        source = StoreSource(session.client, [_STUDY])
        started = time.perf_counter()
        stack = _stack(source)
        geometry_s = time.perf_counter() - started
        first_s, all_s = _load_s(stack, source, pool)
        source.close()
        firsts.append(geometry_s + first_s)
        loads.append(all_s)
        bare.append(_bare_s(session.client, stack.frames[_SLICES // 2].sop_instance_uid))
    extra = median(firsts) - median(bare)
    return [
        beside("1000 slices from the store into memory", median(loads), "s", "curl", median(curls), at_most=1.5),
        absolute("first image after choosing, beyond two bare requests", extra, "s", 0.15),
    ]


def _bare_s(client: DicomwebClient, sop_uid: str) -> float:
    started = time.perf_counter()
    client.series_metadata(_STUDY, _SERIES)
    client.instance(_STUDY, _SERIES, sop_uid)
    return time.perf_counter() - started


def _library(session: StoreSession, pool: WorkerPool, place: Path) -> list[Row]:
    keeper = LastingKeeper()
    fetched, curls = [], []
    for number in range(_FETCHES):
        curls.append(_curl_s(session))
        with Library(keeper, place / f"library-{number}", keep_free=0) as library:
            started = time.perf_counter()
            order = FetchOrder(_STUDY)
            report = fetch_study(session.client, order, library, on_status=lambda _status: None, cancel=CancelToken())
            fetched.append(time.perf_counter() - started)
            if not report.is_complete:
                raise RuntimeError("the study is not complete")
    plain = LocalFolder([place / "data"])
    plain_stack = _stack(plain)
    with Library(keeper, place / "library-0", keep_free=0) as library:

        def from_library() -> float:
            source = LibrarySource(library, library.studies())
            try:
                started = time.perf_counter()
                stack = _stack(source)
                opened_s = time.perf_counter() - started
                return opened_s + _load_s(stack, source, pool)[1]
            finally:
                source.close()

        ours, theirs = _in_turn(from_library, lambda: _load_s(plain_stack, plain, pool)[1])
    plain.close()
    return [
        beside(
            "1000 slices into the encrypted library, committed", median(fetched), "s", "curl", median(curls), at_most=3
        ),
        beside("1000 slices out of the library", ours, "s", "plain scanned files", theirs, at_most=1.6),
    ]


def _in_turn(ours: Callable[[], float], theirs: Callable[[], float]) -> tuple[float, float]:
    pairs = [(ours(), theirs()) for _ in range(_RUNS)]
    return median(a for a, _ in pairs), median(b for _, b in pairs)


def _worklist(place: Path) -> list[Row]:
    index = LibraryIndex(place / "index.db", bytes(32))
    try:
        rows = (
            (
                f"{n:032x}",
                "s",
                f"1.{n}",
                b"k",
                "complete",
                f"P{n % 5000}",
                "N",
                "",
                _day(n),
                "d",
                "CT",
                "",
                0,
                0,
                9e9,
                0,
            )
            for n in range(100_000)
        )
        index._db.execute("BEGIN")
        index._db.executemany(f"INSERT INTO study VALUES ({','.join('?' * 16)})", rows)  # noqa: S608
        index._db.execute("COMMIT")

        def seconds(work: Callable[[], object]) -> float:
            started = time.perf_counter()
            work()
            return time.perf_counter() - started

        page = median(seconds(lambda: index.studies(limit=100)) for _ in range(5))
        mine = median(seconds(lambda: index.studies("WHERE s.patient_id = ?", ("P77",), limit=100)) for _ in range(5))
    finally:
        index.close()
    return [
        absolute("first page of 100,000 studies", page, "s", 0.3),
        absolute("100,000 studies filtered by patient", mine, "s", 0.1),
    ]


def _day(number: int) -> str:
    return f"20{number % 26:02}-01-01"
