"""Studies of a store as an ``ImageSource``: all geometry from the series' metadata, then pixels as they are wanted."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from loaders.discovery.catalogue_building import CatalogueBuilder
from loaders.discovery.header_scan import HeaderRecord
from loaders.model.frame import Frame
from loaders.model.pixel_format import FileLocator
from loaders.model.stack import Stack, StackKey
from loaders.model.study import Catalogue
from loaders.pixels.frame_sink import FrameSink
from loaders.progress import CancelToken, Progress, ProgressCallback
from loaders.retrieval.expected_instance import ExpectedInstance
from loaders.retrieval.received_header import header_of
from loaders.retrieval.retrieval_status import RetrievalStatus
from loaders.retrieval.series_retrieval import OnReceived, OnStatus
from loaders.stores.dicomweb.dicom_json import header_record, text_of
from loaders.stores.dicomweb.dicomweb_client import DicomwebClient
from loaders.stores.dicomweb.stack_feed import StackFeed
from loaders.stores.image_source import CatalogueCallback
from loaders.transport.retry_policy import with_retries
from loaders.transport.store_errors import NotFound, WrongAnswer

_SERIES_INSTANCE_UID, _NUMBER_OF_INSTANCES = "0020000E", "00201209"
_SERIES_AT_ONCE = 4


class StoreSource:
    """The studies that were opened, of one patient.

    ``patient_id`` is the identity they were found by: metadata that name another one raise ``WrongAnswer``.
    ``on_status`` is told how each stack's retrieval stands; ``keep`` is given every checked instance.
    """

    def __init__(
        self,
        client: DicomwebClient,
        study_uids: Sequence[str],
        *,
        patient_id: str | None = None,
        on_status: OnStatus | None = None,
        keep: OnReceived | None = None,
    ) -> None:
        self._client, self._study_uids, self._patient_id = client, tuple(study_uids), patient_id
        self._on_status = on_status or _unheard
        self._keep = keep
        self._lock = threading.Lock()
        self._expected: dict[str, ExpectedInstance] = {}
        self._announced: dict[str, int] = {}
        self._series_sizes: Counter[str] = Counter()
        self._feeds: list[StackFeed] = []

    @property
    def name(self) -> str:
        """The store's name."""
        return self._client.channel.profile.name

    @property
    def expected(self) -> dict[str, ExpectedInstance]:
        """Every instance of the manifest by SOP Instance UID, once :meth:`catalogue` has run."""
        return dict(self._expected)

    def catalogue(self, *, on_found: CatalogueCallback, progress: ProgressCallback, cancel: CancelToken) -> Catalogue:
        """Ask for the metadata of every series, one request each. Raises ``StoreError`` and its kinds."""
        builder = CatalogueBuilder(lambda _file: None)
        wanted = [(study, series) for study in self._study_uids for series in self._series_of(study, cancel)]
        if not wanted:
            raise NotFound("the store has no images of this study, or may not say so")
        with ThreadPoolExecutor(_SERIES_AT_ONCE) as askers:
            metadata = askers.map(lambda each: self._metadata(each[0], each[1], cancel), wanted)
            for done, ((_, series_uid), records) in enumerate(zip(wanted, metadata, strict=True), 1):
                cancel.raise_if_cancelled()
                for record in records:
                    builder.add(record)
                missing = self._announced.get(series_uid, 0) - len(records)
                if missing > 0:
                    message = f"{missing} images that the store announces have not arrived there yet"
                    builder.add_problem(FileLocator(Path(series_uid)), "still_arriving", message)
                progress(Progress("metadata", done, len(wanted)))
                on_found(builder.snapshot())
        return builder.snapshot()

    def _series_of(self, study_uid: str, cancel: CancelToken) -> list[str]:
        rows = with_retries(lambda: self._client.series(study_uid), cancel=cancel)
        for row in rows:
            count = text_of(row, _NUMBER_OF_INSTANCES)
            if count.isascii() and count.isdigit():
                self._announced[text_of(row, _SERIES_INSTANCE_UID)] = int(count)
        return [text_of(row, _SERIES_INSTANCE_UID) for row in rows]

    def _metadata(self, study_uid: str, series_uid: str, cancel: CancelToken) -> list[HeaderRecord]:
        rows = with_retries(lambda: self._client.series_metadata(study_uid, series_uid), cancel=cancel)
        records = [header_record(row) for row in rows]
        for record in records:
            expected = ExpectedInstance.of(record)
            if (expected.study_uid, expected.series_uid) != (study_uid, series_uid):
                raise WrongAnswer("the store's metadata are of another study or series than was asked for")
            if self._patient_id is not None and expected.patient_id != self._patient_id:
                raise WrongAnswer("the store's metadata are of another patient than was asked for")
        with self._lock:
            for record in records:
                expected = ExpectedInstance.of(record)
                if expected.sop_uid not in self._expected:
                    self._series_sizes[series_uid] += 1
                self._expected[expected.sop_uid] = expected
        return records

    def feed(self, stack: Stack, sink: FrameSink, first_frame: int) -> StackFeed:
        """Begin to deliver a stack's frames."""
        feed = StackFeed(
            self._client,
            stack,
            self._expected,
            sink,
            first_frame=first_frame,
            series_size=self._series_sizes[stack.key.series_uid],
            on_status=self._on_status,
            keep=self._keep,
        )
        with self._lock:
            self._feeds.append(feed)
        return feed

    def progress(self) -> list[tuple[StackKey, RetrievalStatus]]:
        """Return how every stack that is being delivered stands now."""
        return [(feed.stack_key, feed.retrieval.status) for feed in self._open_feeds()]

    def pause(self) -> None:
        """Start no new request until :meth:`resume`."""
        for feed in self._open_feeds():
            feed.retrieval.pause()

    def resume(self) -> None:
        """Go on after :meth:`pause` or a sign-in; nothing that came is fetched again."""
        for feed in self._open_feeds():
            feed.retrieval.resume()

    def _open_feeds(self) -> list[StackFeed]:
        with self._lock:
            self._feeds = [feed for feed in self._feeds if not feed.is_closed]
            return list(self._feeds)

    def frame_bytes(self, frame: Frame) -> bytes | None:
        """Return the frame's instance: as it came, or fetched and checked now. Raises ``StoreError`` and its kinds."""
        with self._lock:
            feeds = list(self._feeds)
        for feed in feeds:
            held = feed.take_held(frame)
            if held is not None:
                return held
        expected = self._expected[frame.sop_instance_uid]
        data = self._client.instance(expected.study_uid, expected.series_uid, expected.sop_uid)
        expected.check(header_of(data))
        return bytes(data)

    def close(self) -> None:
        """Stop what runs. The channel belongs to whoever opened it."""
        with self._lock:
            feeds, self._feeds = self._feeds, []
        for feed in feeds:
            feed.close()


def _unheard(_status: RetrievalStatus) -> None:
    """For whoever does not look."""
