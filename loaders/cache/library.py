"""The encrypted library: studies that were opened, kept for a while, readable without the store and without a scan."""

from __future__ import annotations

import hashlib
import secrets
import threading
import time
from collections.abc import Iterable
from pathlib import Path
from types import TracebackType
from typing import Self

import platformdirs

from loaders.auth.secret_keeper import SecretKeeper
from loaders.cache.library_errors import LibraryBusy, LibraryFull, LibraryUnreadable, NotKept
from loaders.cache.library_index import (
    MISSING,
    PARTIAL,
    KeptInstance,
    KeptStudy,
    LibraryIndex,
    StudyFacts,
)
from loaders.cache.library_keys import LibraryKeys, library_keys
from loaders.cache.sealed_file import INSTANCE_ROLE, SealContext, Tampered, unseal
from loaders.cache.shelf import FolderShelf, MemoryShelf, Shelf
from loaders.cache.study_writer import StudyWriter
from loaders.cache.writer_lock import WriterLock

_DAY_S = 24 * 3600.0
DEFAULT_KEEP_S, LONGEST_KEEP_S = _DAY_S, 7 * _DAY_S
DEFAULT_QUOTA = 50_000_000_000


def library_folder() -> Path:
    """Where this user's library lies."""
    return platformdirs.user_data_path("diptych") / "library"


class Library:
    """One user's kept studies. Thread-safe. Without a real key ring all lies in memory, and ``is_lasting`` says so.

    ``for_writing`` takes the writer's lock: raises ``LibraryBusy`` where another run has it.
    """

    def __init__(
        self,
        keeper: SecretKeeper,
        folder: Path | None = None,
        *,
        for_writing: bool = True,
        quota: int = DEFAULT_QUOTA,
        keep_free: int = 2 << 30,
    ) -> None:
        self._keys: LibraryKeys = library_keys(keeper)
        self.is_lasting = self._keys.is_lasting
        self._quota = quota
        self._open_studies: set[str] = set()
        self._lock = threading.Lock()
        self._writer: WriterLock | None = None
        self._shelf: Shelf
        if not self.is_lasting:
            self._shelf, self.index = MemoryShelf(), LibraryIndex(None, self._keys.index_key)
            return
        place = folder or library_folder()
        shelf = FolderShelf(place / "files", keep_free=keep_free)
        self._shelf = shelf
        if for_writing:
            self._writer = WriterLock(place / "writer.lock")
        try:
            self.index = self._opened_index(place / "index.db", may_replace=for_writing)
            if for_writing:
                shelf.sweep()
                self._reconcile()
        except BaseException:
            self._release()
            raise

    def _opened_index(self, path: Path, *, may_replace: bool) -> LibraryIndex:
        """Open the index; one whose key is gone (another root key) is worthless and begun anew."""
        try:
            return LibraryIndex(path, self._keys.index_key)
        except LibraryUnreadable:
            if not may_replace:
                raise
            for each in (path, *path.parent.glob(f"{path.name}-*")):
                each.unlink(missing_ok=True)
            return LibraryIndex(path, self._keys.index_key)

    def _reconcile(self) -> None:
        """After a crash: files that no row names go, rows whose file is gone become missing. Nothing is decrypted."""
        known, there = self.index.files(), self._shelf.names()
        for name in there - known.keys():
            self._shelf.remove(name)
        for name in known.keys() - there:
            study, sop_uid = known[name]
            self.index.mark(study, sop_uid, MISSING, "its file is gone")
            self.index.set_state(study, PARTIAL)

    def close(self) -> None:
        """Close the index and let the next writer in."""
        self.index.close()
        self._release()

    def _release(self) -> None:
        if self._writer is not None:
            self._writer.release()
            self._writer = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    # ---- what there is --------------------------------------------------------------------------------------------

    def studies(self, *, now: float | None = None) -> list[KeptStudy]:
        """Return what may still be opened, newest first."""
        return self.index.studies("WHERE s.expires_at > ?", (now or time.time(),))

    def study(self, profile: str, study_uid: str) -> KeptStudy:
        """Return one study that may be opened. Raises ``NotKept``."""
        found = self.index.study(profile, study_uid)
        if found is None or found.expires_at <= time.time():
            raise NotKept("this study is not kept here (any more)")
        return found

    def hold(self, study: KeptStudy) -> None:
        """Keep a study from being evicted while it is open."""
        with self._lock:
            self._open_studies.add(study.id)
        if self._writer is not None or not self.is_lasting:
            self.index.touch(study.id)

    def let_go(self, study: KeptStudy) -> None:
        """The study is open no more."""
        with self._lock:
            self._open_studies.discard(study.id)

    def study_key(self, study: KeptStudy) -> bytes:
        """Return a study's key. Raises ``NotKept`` once it is destroyed, ``Tampered``."""
        wrapped = self.index.wrapped_key(study.id)
        if wrapped is None:
            raise NotKept("this study was deleted")
        return self._keys.unwrapped(wrapped, study.id)

    def read_into(
        self,
        study: KeptStudy,
        key: bytes,
        instance: KeptInstance,
        room: memoryview,
        *,
        sealed: memoryview | None = None,
    ) -> memoryview:
        """Decrypt an instance into ``room`` (at least its length); return the filled part. Raises ``Tampered``.

        ``sealed`` is room for the encrypted file, used where that fits.
        """
        into = room[: instance.length]
        context = SealContext(study.profile, study.id, instance.sop_uid, INSTANCE_ROLE, instance.length)
        unseal(key, context, instance.salt, self._shelf.read(instance.file, sealed), into)
        return into

    def read(self, study: KeptStudy, instance: KeptInstance) -> bytearray:
        """Return one instance. Raises ``Tampered``, ``LibraryUnreadable``, ``NotKept``."""
        data = bytearray(instance.length)
        self.read_into(study, self.study_key(study), instance, memoryview(data))
        return data

    def verify(self, study: KeptStudy) -> list[tuple[str, str]]:
        """Decrypt everything of a study; return SOP UID and reason of what is not as it was written."""
        bad = []
        for instance in self.index.instances(study.id):
            try:
                data = self.read(study, instance)
            except (Tampered, LibraryUnreadable) as error:
                bad.append((instance.sop_uid, error.code))
                continue
            if hashlib.sha256(data).digest() != instance.sha256:
                bad.append((instance.sop_uid, Tampered.code))
        return bad

    # ---- what goes --------------------------------------------------------------------------------------------------

    def delete(self, study: KeptStudy) -> None:
        """Destroy a study's key, then remove its files."""
        for name in self.index.destroy(study.id):
            self._shelf.remove(name)

    def purge_expired(self, *, now: float | None = None) -> list[KeptStudy]:
        """Delete what has expired; return it."""
        gone = self.index.studies("WHERE s.expires_at <= ?", (now or time.time(),))
        for study in gone:
            self.delete(study)
        return gone

    def purge(self, *, profile: str | None = None, patient_id: str | None = None) -> list[KeptStudy]:
        """Delete all of a store (signed out), of a patient (consent revoked), or everything; return it."""
        gone = [
            study
            for study in self.index.studies()
            if profile in {None, study.profile} and patient_id in {None, study.facts.patient_id}
        ]
        for study in gone:
            self.delete(study)
        return gone

    def make_room(self, size: int) -> int:
        """Evict whole studies, least recently opened first, never open or pinned ones; return the bytes then free.

        Raises ``LibraryFull``.
        """
        while True:
            studies = self.index.studies()
            free = self._quota - sum(study.bytes for study in studies)
            if size <= free and self._shelf.has_room(size):
                return free
            with self._lock:
                spare = [
                    study
                    for study in studies
                    if study.id not in self._open_studies and not study.is_pinned and study.committed
                ]
            if not spare:
                raise LibraryFull("no room in the library, and every study in it is open or pinned")
            self.delete(min(spare, key=lambda study: study.opened_at))

    # ---- what comes -------------------------------------------------------------------------------------------------

    def begin(
        self,
        profile: str,
        study_uid: str,
        facts: StudyFacts,
        manifest: Iterable[tuple[str, str]],
        *,
        keep_s: float = DEFAULT_KEEP_S,
    ) -> StudyWriter:
        """Start to keep a study, or go on with it. ``manifest`` is (SOP, series) UIDs. Raises ``LibraryBusy``."""
        if self.is_lasting and self._writer is None:
            raise LibraryBusy("another run of the application writes to the library")
        study = self.index.study(profile, study_uid)
        if study is not None and (study.expires_at <= time.time() or study.facts.patient_id != facts.patient_id):
            self.delete(study)
            study = None
        if study is None:
            row, key = secrets.token_hex(16), secrets.token_bytes(32)
            expires = time.time() + min(max(keep_s, 0.0), LONGEST_KEEP_S)
            self.index.plan(
                study=row,
                profile=profile,
                study_uid=study_uid,
                wrapped=self._keys.wrapped(key, row),
                facts=facts,
                expires_at=expires,
            )
        self.index.expect((study.id if study else row), manifest)
        found = self.index.study(profile, study_uid)
        if found is None:
            raise LibraryUnreadable("the library's index does not keep")
        return StudyWriter(self, self._shelf, found, self.study_key(found))
