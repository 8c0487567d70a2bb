"""Keeps the instances of one study: sealed as they come, committed in batches by a thread of its own."""

from __future__ import annotations

import hashlib
import threading
import time
from typing import TYPE_CHECKING

from loaders.cache.library_errors import LibraryFull
from loaders.cache.library_index import COMPLETE, PARTIAL, QUARANTINED, KeptInstance, KeptStudy
from loaders.cache.sealed_file import INSTANCE_ROLE, SealContext, seal, sealed_size
from loaders.cache.shelf import Shelf
from loaders.discovery.header_scan import HeaderRecord

if TYPE_CHECKING:
    from loaders.cache.library import Library

_BATCH, _BATCH_S = 64, 0.5
_ROOM_EVERY_S = 0.2


class StudyWriter:
    """Takes checked instances from several threads. The picture never waits for the disk: commits lag behind.

    An instance counts once its batch is committed: files synced, renamed, then one transaction of the index.
    """

    def __init__(self, library: Library, shelf: Shelf, study: KeptStudy, key: bytes) -> None:
        self._library, self._shelf, self.study, self._key = library, shelf, study, key
        self._lock = threading.Condition()
        self._written: list[KeptInstance] = []
        self._committing = False
        self._closed = False
        self._free, self._room_seen_at = 0, 0.0
        self._full: LibraryFull | None = None
        self._committer = threading.Thread(target=self._commit_batches, name="library-commit", daemon=True)
        library.hold(study)
        self._committer.start()

    def missing(self) -> set[str]:
        """Return the SOP UIDs that still have to come, once everything that was put is committed."""
        self.flush()
        return self._library.index.not_there(self.study.id)

    def put(self, sop_uid: str, series_uid: str, header: HeaderRecord, data: memoryview) -> None:
        """Seal one checked instance and hand it to the committer. Raises ``LibraryFull``, also for an earlier batch."""
        self._see_room(sealed_size(len(data)))
        context = SealContext(self.study.profile, self.study.id, sop_uid, INSTANCE_ROLE, len(data))
        salt, sealed = seal(self._key, context, data)
        digest = hashlib.sha256(data).digest()
        kept = KeptInstance(sop_uid, series_uid, self._shelf.put(sealed), len(data), salt, digest, header)
        with self._lock:
            if self._full is not None:
                error, self._full = self._full, None
                raise error
            self._written.append(kept)
            if len(self._written) >= _BATCH:
                self._lock.notify_all()

    def _see_room(self, size: int) -> None:
        """Make room where there is none. The quota is counted; the disk is looked at a few times a second."""
        now = time.monotonic()
        with self._lock:
            self._free -= size
            if self._free >= 0 and now - self._room_seen_at < _ROOM_EVERY_S:
                return
            waiting = sum(each.length for each in self._written)
        free = self._library.make_room(size + waiting)
        with self._lock:
            self._free, self._room_seen_at = free - size - waiting, now

    def quarantine(self, sop_uid: str, reason: str) -> None:
        """Note that what came for an instance was not that. Nothing of it is kept."""
        self._library.index.mark(self.study.id, sop_uid, QUARANTINED, reason)

    def flush(self) -> None:
        """Wait until everything that was put is committed, or could not be."""
        with self._lock:
            self._lock.notify_all()
            while self._committer.is_alive() and (self._written or self._committing):
                self._lock.notify_all()
                self._lock.wait(0.05)

    def _commit_batches(self) -> None:
        while True:
            with self._lock:
                self._lock.wait_for(lambda: self._closed or len(self._written) >= _BATCH, _BATCH_S)
                batch, self._written = self._written[:_BATCH], self._written[_BATCH:]
                self._committing = bool(batch)
                if not batch and self._closed:
                    return
            if not batch:
                continue
            try:
                self._shelf.settle([each.file for each in batch])
                self._library.index.commit(self.study.id, batch)
            except LibraryFull as error:
                for each in batch:
                    self._shelf.remove(each.file)
                with self._lock:
                    self._full = error
            finally:
                with self._lock:
                    self._committing = False
                    self._lock.notify_all()

    def finish(self, second_manifest: set[str]) -> KeptStudy:
        """Complete only if the manifest, asked for again, is the same and all of it is committed."""
        missing = self.missing()
        planned = missing | {each.sop_uid for each in self._library.index.instances(self.study.id)}
        is_complete = not missing and planned == second_manifest
        self._library.index.set_state(self.study.id, COMPLETE if is_complete else PARTIAL)
        return self._library.study(self.study.profile, self.study.study_uid)

    def close(self) -> None:
        """Commit what was put, and let the study go."""
        self.flush()
        with self._lock:
            self._closed = True
            self._lock.notify_all()
        self._committer.join()
        self._library.let_go(self.study)
