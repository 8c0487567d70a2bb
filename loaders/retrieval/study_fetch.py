"""A whole study from a store into the library or a folder: manifest first, only what is missing, each checked."""

from __future__ import annotations

import os
import threading
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from loaders.cache.library import DEFAULT_KEEP_S, Library
from loaders.cache.library_errors import LibraryFull
from loaders.cache.library_index import StudyFacts
from loaders.discovery.header_scan import HeaderRecord
from loaders.errors import SourceError, WorldError
from loaders.model.study import Catalogue
from loaders.progress import CancelToken, no_progress
from loaders.retrieval.expected_instance import ExpectedInstance
from loaders.retrieval.keep_folder import facts_of
from loaders.retrieval.retrieval_status import RetrievalState
from loaders.retrieval.series_retrieval import OnStatus, Received, SeriesRetrieval
from loaders.stores.dicomweb.dicomweb_client import DicomwebClient
from loaders.stores.dicomweb.store_source import StoreSource
from loaders.transport.retry_policy import wait_or_cancel
from loaders.transport.store_errors import NotSignedIn, StoreUntrusted, WrongAnswer

_ROUNDS = 3
_LOOK_FOR_SPACE_S = 2.0


class ExportFailed(SourceError):
    """The folder does not take the files."""

    code = "export_failed"


class InstanceKeeper(Protocol):
    """Where fetched instances go. Called from several threads."""

    def missing(self) -> set[str]:
        """Return the SOP UIDs that still have to come."""
        ...

    def put(self, sop_uid: str, series_uid: str, header: HeaderRecord, data: memoryview, /) -> None:
        """Keep a checked instance. Raises ``LibraryFull`` or ``ExportFailed``."""
        ...

    def quarantine(self, sop_uid: str, reason: str) -> None:
        """Note that what came was something else."""
        ...


@dataclass(slots=True)
class FetchReport:
    """What became of a fetch. ``failures`` are (SOP Instance UID, code)."""

    study_uid: str
    expected: int
    fetched: int = 0
    present_before: int = 0
    received_bytes: int = 0
    is_complete: bool = False
    failures: list[tuple[str, str]] = field(default_factory=list)


class FolderKeeper:
    """Writes plain files for an export; names are numbers, since a UID may be anything. The preamble is zeroed."""

    def __init__(self, folder: Path, expected: dict[str, ExpectedInstance]) -> None:
        self._folder = folder
        self._names = {uid: f"IM{number:06}.dcm" for number, uid in enumerate(sorted(expected), 1)}
        self._left = set(expected)
        self._lock = threading.Lock()
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise ExportFailed(f"the folder {folder} cannot be made: {error.strerror}") from error

    def missing(self) -> set[str]:
        """Return what is still to come."""
        with self._lock:
            return set(self._left)

    def put(self, sop_uid: str, _series_uid: str, _header: HeaderRecord, data: memoryview) -> None:
        """Write one file, whole or not at all. Raises ``ExportFailed``."""
        path = self._folder / self._names[sop_uid]
        part = path.with_suffix(".part")
        try:
            with part.open("wb") as stream:
                has_preamble = bytes(data[128:132]) == b"DICM"
                if has_preamble:
                    stream.write(bytes(128))
                stream.write(data[128:] if has_preamble else data)
            os.replace(part, path)  # noqa: PTH105
        except OSError as error:
            part.unlink(missing_ok=True)
            raise ExportFailed(f"{path} cannot be written: {error.strerror}") from error
        with self._lock:
            self._left.discard(sop_uid)

    def quarantine(self, sop_uid: str, reason: str) -> None:
        """What was wrong is not written at all."""


@dataclass(frozen=True, slots=True)
class FetchOrder:
    """What to fetch: one study of one patient."""

    study_uid: str
    patient_id: str | None = None
    keep_s: float = DEFAULT_KEEP_S


def fetch_study(
    client: DicomwebClient,
    order: FetchOrder,
    target: Library | Path,
    *,
    on_status: OnStatus,
    cancel: CancelToken,
) -> FetchReport:
    """Fetch a study; return what became of it. Raises ``StoreError`` where it cannot even begin, ``Cancelled``.

    Manifest, instances, manifest again: the report says complete only when both manifests agree and all is kept.
    """
    source = StoreSource(client, [order.study_uid], patient_id=order.patient_id)
    catalogue = source.catalogue(on_found=lambda _found: None, progress=no_progress, cancel=cancel)
    expected = source.expected

    def second_manifest() -> set[str]:
        again = StoreSource(client, [order.study_uid], patient_id=order.patient_id)
        again.catalogue(on_found=lambda _found: None, progress=no_progress, cancel=cancel)
        return set(again.expected)

    if not isinstance(target, Library):
        keeper = FolderKeeper(target, expected)
        report = _FetchRun(client, keeper, expected, on_status=on_status, cancel=cancel).run(order.study_uid)
        report.is_complete = not keeper.missing() and second_manifest() == set(expected)
        return report
    manifest = [(each.sop_uid, each.series_uid) for each in expected.values()]
    facts = _facts(catalogue, expected)
    writer = target.begin(client.channel.profile.name, order.study_uid, facts, manifest, keep_s=order.keep_s)
    try:
        report = _FetchRun(client, writer, expected, on_status=on_status, cancel=cancel).run(order.study_uid)
        report.is_complete = writer.finish(second_manifest()).is_complete
        return report
    finally:
        writer.close()


class _FetchRun:
    """Series after series, again while something is missing and the last round brought something."""

    def __init__(
        self,
        client: DicomwebClient,
        keeper: InstanceKeeper,
        expected: dict[str, ExpectedInstance],
        *,
        on_status: OnStatus,
        cancel: CancelToken,
    ) -> None:
        self._client, self._keeper, self._expected = client, keeper, expected
        self._on_status, self._cancel = on_status, cancel
        self._lock = threading.Lock()
        self._full = threading.Event()
        self._broken: WorldError | None = None
        self._retrieval: SeriesRetrieval | None = None
        self._report = FetchReport("", len(expected))

    def run(self, study_uid: str) -> FetchReport:
        missing = self._missing()
        self._report.study_uid = study_uid
        self._report.present_before = len(self._expected) - len(missing)
        for _ in range(_ROUNDS):
            self._report.failures = []
            by_series: dict[str, list[ExpectedInstance]] = {}
            for uid in sorted(missing):
                by_series.setdefault(self._expected[uid].series_uid, []).append(self._expected[uid])
            for wanted in by_series.values():
                self._fetch_series(wanted)
            left = self._missing()
            if not left or left == missing:
                break
            missing = left
        return self._report

    def _missing(self) -> set[str]:
        return self._keeper.missing() & self._expected.keys()

    def _fetch_series(self, wanted: list[ExpectedInstance]) -> None:
        """Fetch one series, waiting while the disk is full. Raises what ends a whole fetch."""
        size = sum(each.series_uid == wanted[0].series_uid for each in self._expected.values())
        retrieval = self._retrieval = SeriesRetrieval(
            self._client,
            wanted,
            on_received=self._take,
            on_failed=self._fail,
            on_status=self._on_status,
            series_size=size,
        )
        retrieval.start()
        try:
            while not retrieval.wait(0.2) and self._broken is None:
                self._cancel.raise_if_cancelled()
                if self._full.is_set():
                    wait_or_cancel(_LOOK_FOR_SPACE_S, self._cancel)
                    self._full.clear()
                    retrieval.resume()
            status = retrieval.status
        finally:
            retrieval.close()
        if self._broken is not None:
            raise self._broken
        if status.state is RetrievalState.SIGN_IN_NEEDED:
            raise NotSignedIn(status.reason)
        if status.state is RetrievalState.STOPPED:
            raise StoreUntrusted(status.reason)

    def _take(self, received: Received) -> None:
        uid = received.expected.sop_uid
        try:
            self._keeper.put(uid, received.expected.series_uid, received.record, received.data)
        except LibraryFull:
            self._full.set()
            if self._retrieval is not None:
                self._retrieval.pause()
        except WorldError as error:
            self._broken = error
            if self._retrieval is not None:
                self._retrieval.pause()
        else:
            with self._lock:
                self._report.fetched += 1
                self._report.received_bytes += len(received.data)

    def _fail(self, one: ExpectedInstance, error: WorldError) -> None:
        if isinstance(error, WrongAnswer):
            self._keeper.quarantine(one.sop_uid, error.message)
        with self._lock:
            self._report.failures.append((one.sop_uid, error.code))


def _facts(catalogue: Catalogue, expected: dict[str, ExpectedInstance]) -> StudyFacts:
    """What the list of kept studies shows, from the store's metadata."""
    if catalogue.studies:
        return facts_of(catalogue.studies[0])
    first = next(iter(expected.values()), None)
    return StudyFacts(patient_id=first.patient_id if first else "")
