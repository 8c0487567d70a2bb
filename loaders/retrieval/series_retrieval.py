"""All instances of one series, nearest to the viewed slice first, over several connections, until the last is there.

Single requests keep the order; once the link has shown to be fast, one answer with the whole series takes over for the
rest (a thousand requests cost five times as much as one), while jumps are still served by single requests.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from loaders.discovery.header_scan import HeaderRecord
from loaders.errors import Cancelled, WorldError
from loaders.progress import CancelToken
from loaders.retrieval.expected_instance import ExpectedInstance
from loaders.retrieval.received_header import header_of
from loaders.retrieval.retrieval_status import RetrievalState, RetrievalStatus
from loaders.retrieval.transfer_rate import TransferRate
from loaders.stores.dicomweb.dicomweb_client import DicomwebClient
from loaders.transport.multipart_reader import BrokenMultipart
from loaders.transport.retry_policy import pause_s
from loaders.transport.store_errors import (
    ForeignAddress,
    NotSignedIn,
    StoreAnswerUnusable,
    StoreBusy,
    StoreUnreachable,
    StoreUntrusted,
)

#: Whole-series answers: worth it for at least so many instances, when the rest would take at most so long, after so
#: many single ones.
_BULK_INSTANCES, _BULK_LONGEST_S, _SINGLES_FIRST = 24, 30.0, 3
_NEIGHBOURS = 4
_STATUS_EVERY_S = 0.1
_TRIES = 6


@dataclass(frozen=True, slots=True)
class Received:
    """One checked instance. ``data`` is only valid during the call: its memory is used again."""

    expected: ExpectedInstance
    record: HeaderRecord
    data: memoryview


OnReceived = Callable[[Received], None]
OnFailed = Callable[[ExpectedInstance, WorldError], None]
OnStatus = Callable[[RetrievalStatus], None]


class SeriesRetrieval:
    """Runs in threads of its own from :meth:`start` to :meth:`close`. Callbacks come on those threads, several at once.

    ``wanted`` is in reading order; ``first`` is the index the reader looks at. Instances that ``wanted`` does not name
    are dropped, one that comes twice is handed on once, and one of another patient, study or series than announced
    fails with ``WrongAnswer`` and is never handed on.
    """

    def __init__(
        self,
        client: DicomwebClient,
        wanted: Sequence[ExpectedInstance],
        *,
        on_received: OnReceived,
        on_failed: OnFailed,
        on_status: OnStatus = lambda _status: None,
        first: int = 0,
        series_size: int | None = None,
    ) -> None:
        self._client, self._wanted = client, tuple(wanted)
        self._on_received, self._on_failed, self._on_status = on_received, on_failed, on_status
        self._series_size = series_size if series_size is not None else len(self._wanted)
        self._by_uid = {each.sop_uid: index for index, each in enumerate(self._wanted)}
        self._lock = threading.Condition()
        self._pending = set(range(len(self._wanted)))
        self._in_flight: set[int] = set()
        self._tries = [0] * len(self._wanted)
        self._looking_at = first
        self._jump_singles = 0
        self._state, self._reason = RetrievalState.RUNNING, ""
        self._bulk_running, self._bulk_tries = False, 0
        self._received = self._failed = 0
        self._rate = TransferRate()
        self._status_at = 0.0
        self._outage = 0
        self._cancel = CancelToken()
        count = max(1, min(client.channel.profile.connections, len(self._wanted)))
        self._threads = [
            threading.Thread(target=self._work, name=f"retrieval-{number}", daemon=True) for number in range(count)
        ]

    def start(self) -> SeriesRetrieval:
        """Begin; returns at once."""
        self._rate.begin()
        for thread in self._threads:
            thread.start()
        return self

    def look_at(self, index: int) -> None:
        """Fetch around this instance first from now on."""
        with self._lock:
            self._looking_at = index
            self._jump_singles = _NEIGHBOURS
            self._lock.notify_all()

    def pause(self) -> None:
        """Start no new request; a whole-series answer that runs is cut off, what it brought is kept."""
        with self._lock:
            if self._state in {RetrievalState.RUNNING, RetrievalState.WAITING}:
                self._state = RetrievalState.PAUSED
        self._tell(always=True)

    def resume(self) -> None:
        """Go on after ``pause`` or a sign-in."""
        with self._lock:
            if self._state in {RetrievalState.PAUSED, RetrievalState.SIGN_IN_NEEDED, RetrievalState.WAITING}:
                self._state, self._reason = RetrievalState.RUNNING, ""
            self._lock.notify_all()
        self._tell(always=True)

    def close(self) -> None:
        """Stop, and wait for the threads; a request that runs ends with its next bytes."""
        self._cancel.cancel()
        with self._lock:
            self._lock.notify_all()
        for thread in self._threads:
            if thread.ident is not None and thread is not threading.current_thread():
                thread.join()

    @property
    def status(self) -> RetrievalStatus:
        """How it stands now."""
        with self._lock:
            return RetrievalStatus(
                self._state, self._received, self._failed, len(self._wanted), self._rate.total, self._rate.now(),
                self._reason,
            )  # fmt: skip

    def wait(self, timeout_s: float | None = None) -> bool:
        """Wait until nothing more will come by itself (done, stopped, or a sign-in is needed)."""
        ended = {RetrievalState.DONE, RetrievalState.STOPPED, RetrievalState.SIGN_IN_NEEDED}
        with self._lock:
            return self._lock.wait_for(lambda: self._state in ended or self._cancel.is_cancelled, timeout_s)

    # ---- what a thread does ---------------------------------------------------------------------------------------

    def _work(self) -> None:
        room = bytearray()

        def allocate(size: int) -> memoryview:
            nonlocal room
            if len(room) < size:
                room = bytearray(size)
            return memoryview(room)[:size]

        while True:
            task = self._next()
            if task is None:
                return
            try:
                if task < 0:
                    self._fetch_rest(allocate)
                else:
                    self._fetch_one(task, allocate)
            except Cancelled:
                return
            except WorldError as error:
                self._note_error(task, error)

    def _next(self) -> int | None:
        """Return the index to fetch, -1 for the whole series, ``None`` at the end. Waits while there is nothing."""
        with self._lock:
            while not self._cancel.is_cancelled and self._state not in {RetrievalState.DONE, RetrievalState.STOPPED}:
                if self._state is RetrievalState.RUNNING:
                    if self._wants_bulk():
                        self._bulk_running = True
                        return -1
                    index = self._nearest()
                    if index is not None:
                        self._in_flight.add(index)
                        return index
                self._lock.wait(0.25)
        return None

    def _nearest(self) -> int | None:
        free = self._pending - self._in_flight
        if not free or (self._bulk_running and self._jump_singles <= 0):
            return None
        # While nobody knows how fast the link is, neighbours wait for the viewed slice itself on a few connections.
        if self._received == 0 and len(self._in_flight) >= _SINGLES_FIRST:
            return None
        if self._bulk_running:
            self._jump_singles -= 1
        return min(free, key=lambda index: (abs(index - self._looking_at), -index))

    def _wants_bulk(self) -> bool:
        left = len(self._pending)
        if self._bulk_running or self._bulk_tries >= 2 or left < _BULK_INSTANCES or left < 0.5 * self._series_size:
            return False
        if self._received < _SINGLES_FIRST or self._client.channel.limit.is_on:
            return False
        rate = self._rate.now()
        return rate > 0 and left * self._rate.total / self._received / rate <= _BULK_LONGEST_S

    def _fetch_one(self, index: int, allocate: Callable[[int], memoryview]) -> None:
        expected = self._wanted[index]
        data = self._client.instance(expected.study_uid, expected.series_uid, expected.sop_uid, allocate)
        self._take(index, data)

    def _fetch_rest(self, allocate: Callable[[int], memoryview]) -> None:
        """Take the whole series in one answer; a part of it that fails is fetched alone later."""
        first = self._wanted[0]
        try:
            for part in self._client.series_instances(first.study_uid, first.series_uid, allocate):
                self._cancel.raise_if_cancelled()
                if self._state is not RetrievalState.RUNNING:
                    break
                record = header_of(part.payload)
                index = self._by_uid.get(str(record.get("elements", {}).get("SOPInstanceUID", [""])[0]))
                if index is not None:
                    self._take(index, part.payload, record)
        finally:
            with self._lock:
                self._bulk_running = False
                self._bulk_tries += 1
                self._lock.notify_all()

    def _take(self, index: int, data: memoryview, record: HeaderRecord | None = None) -> None:
        self._cancel.raise_if_cancelled()
        expected = self._wanted[index]
        found = record or header_of(data)
        try:
            expected.check(found)
            problem = None
        except StoreAnswerUnusable as error:
            problem = error
        with self._lock:
            if index not in self._pending:
                return
            self._pending.discard(index)
            self._in_flight.discard(index)
            self._outage = 0
        if problem is None:
            self._on_received(Received(expected, found, data))
        else:
            self._on_failed(expected, problem)
        with self._lock:
            self._received += problem is None
            self._failed += problem is not None
            self._rate.add(len(data))
        self._tell(always=False)

    def _note_error(self, index: int, error: WorldError) -> None:
        """Decide what an error means for one instance and for the whole."""
        if isinstance(error, StoreUntrusted | ForeignAddress):
            self._stop(RetrievalState.STOPPED, error, index)
            return
        if isinstance(error, NotSignedIn):
            self._stop(RetrievalState.SIGN_IN_NEEDED, error, index)
            return
        with self._lock:
            self._in_flight.discard(index)
            if index < 0:
                return  # the rest is fetched one by one
            self._tries[index] += 1
            is_outage = isinstance(error, StoreUnreachable | StoreBusy)
            self._outage += is_outage
            # An instance that fails while others come is given up after its tries; an outage is waited out.
            is_worth_another = is_outage or isinstance(error, BrokenMultipart)
            gives_up = not is_worth_another or (self._tries[index] >= _TRIES and self._outage < _TRIES)
            pause = pause_s(min(self._outage, 6), error.retry_after_s if isinstance(error, StoreBusy) else None)
            if gives_up:
                self._pending.discard(index)
                self._failed += 1
        if gives_up:
            self._on_failed(self._wanted[index], error)
            self._tell(always=False)
        else:
            self._wait_out(pause, error)

    def _wait_out(self, pause: float, error: WorldError) -> None:
        """Wait before the next request; the state says so once nothing has come for a while."""
        with self._lock:
            if self._outage > len(self._threads) and self._state is RetrievalState.RUNNING:
                self._reason = error.message
        self._tell(always=False, waiting=self._outage > len(self._threads))
        self._cancel.wait(pause)

    def _stop(self, state: RetrievalState, error: WorldError, index: int) -> None:
        with self._lock:
            self._in_flight.discard(index)
            self._state, self._reason = state, error.message
            failed = [] if state is RetrievalState.SIGN_IN_NEEDED else sorted(self._pending)
            self._pending -= set(failed)
            self._failed += len(failed)
            self._lock.notify_all()
        for each in failed:
            self._on_failed(self._wanted[each], error)
        self._on_status(self.status)

    def _tell(self, *, always: bool, waiting: bool = False) -> None:
        with self._lock:
            if (
                not self._pending
                and self._state is RetrievalState.RUNNING
                and self._settled_count() == len(self._wanted)
            ):
                self._state = RetrievalState.DONE
                always = True
                self._lock.notify_all()
            now = time.monotonic()
            if not always and now - self._status_at < _STATUS_EVERY_S:
                return
            self._status_at = now
        status = self.status
        if waiting and status.state is RetrievalState.RUNNING:
            status = RetrievalStatus(
                RetrievalState.WAITING, status.received, status.failed, status.total, status.received_bytes, 0.0,
                status.reason,
            )  # fmt: skip
        self._on_status(status)

    def _settled_count(self) -> int:
        return self._received + self._failed
