"""What the window's store parts share: key ring, audit queue, library and the one session. For jobs' threads.

Importing this module takes a third of a second (TLS, OpenID, SQLCipher): the window imports it inside jobs only.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from loaders.audit.audit_event import AuditFacts, Deed
from loaders.audit.audit_queue import AuditQueue
from loaders.auth.secret_keeper import SecretKeeper, system_keeper
from loaders.cache.library import Library
from loaders.cache.library_errors import LibraryBusy, NoLastingKeyring
from loaders.cache.library_index import KeptStudy
from loaders.progress import CancelToken, ProgressCallback
from loaders.retrieval.keep_folder import KeptFolder, keep_folder
from loaders.retrieval.prior_ranking import RankedPrior, rank_priors
from loaders.retrieval.stream_keeping import StreamKeeping
from loaders.retrieval.study_fetch import FetchOrder, FetchReport, fetch_study
from loaders.stores.dicomweb.patient_search import FoundPatient, FoundStudy, allergies_of
from loaders.stores.dicomweb.store_session import StoreSession
from loaders.stores.dicomweb.store_source import StoreSource
from loaders.stores.library_source import LibrarySource
from loaders.transport.store_errors import StoreError
from loaders.transport.store_profile import ProfileFile, StoreProfile
from viewer.store.record import Allergies, PatientRecord

#: The displayed study and so many priors beside it are opened; more are reached from the list.
_PRIORS = 3


@dataclass(frozen=True, slots=True)
class Opened:
    """A source to open, and the studies it shows in rank order: the chosen one first, then its priors."""

    source: StoreSource
    studies: tuple[FoundStudy, ...]
    keeping: StreamKeeping | None


class StoreServices:
    """Made once. Every method may wait for the network or the disk. Raises ``WorldError`` and its kinds."""

    def __init__(self, make_keeper: Callable[[], SecretKeeper] = system_keeper) -> None:
        self._lock = threading.RLock()
        self._make_keeper = make_keeper
        self._keeper: SecretKeeper | None = None
        self._audit: AuditQueue | None = None
        self._library: Library | None = None
        self._session: StoreSession | None = None

    @property
    def session(self) -> StoreSession | None:
        """The store in use, signed in or not; ``None`` before the first."""
        return self._session

    def profiles(self) -> list[StoreProfile]:
        """Return the stores that are set up."""
        return ProfileFile().all()

    def keeper(self) -> SecretKeeper:
        """Return the key ring."""
        with self._lock:
            if self._keeper is None:
                self._keeper = self._make_keeper()
            return self._keeper

    def audit(self) -> AuditQueue:
        """Return the record of accesses."""
        with self._lock:
            if self._audit is None:
                self._audit = AuditQueue(self.keeper())
            return self._audit

    def library(self) -> Library:
        """Return the library; read-only where another run of the application writes. Expired studies go first."""
        with self._lock:
            if self._library is None:
                try:
                    self._library = Library(self.keeper())
                except LibraryBusy:
                    self._library = Library(self.keeper(), for_writing=False)
                    return self._library
                self._purged(self._library.purge_expired())
            return self._library

    def use(self, name: str) -> StoreSession:
        """Return the session of a store, closing that of any other."""
        with self._lock:
            profile = ProfileFile().get(name)
            if self._session is not None and self._session.profile != profile:
                self._session.close()
                self._session = None
            if self._session is None:
                self._session = StoreSession(profile, self.keeper(), self.audit())
            return self._session

    def record_of(self, session: StoreSession, identifier: str, birth_date: str, system: str) -> PatientRecord:
        """Find one patient, the studies and the allergies; events that wait are sent."""
        patient = session.find(identifier, birth_date, system=system)
        allergies = Allergies("not_retrieved")
        if patient.key:
            try:
                allergies = Allergies(*allergies_of(session.client, patient.key))
            except StoreError:
                allergies = Allergies("not_retrieved")
        self.send_audit()
        return PatientRecord(session.profile.name, patient, allergies)

    def opened(self, session: StoreSession, record: PatientRecord, study_uid: str, *, with_priors: bool) -> Opened:
        """Put the access on record and return the source of a study and its relevant priors, best first."""
        patient = record.patient
        chosen = next(study for study in patient.studies if study.study_uid == study_uid)
        ranked = rank_priors(chosen, patient.studies)[:_PRIORS] if with_priors else ()
        studies = (chosen, *(each.study for each in ranked))
        for study in studies:
            session.opened(Deed.OPEN, patient.identifier, study.study_uid)
        library = self.library()
        keeping = StreamKeeping(library, session.profile.name) if library.is_lasting else None
        source = StoreSource(
            session.client,
            [study.study_uid for study in studies],
            patient_id=patient.identifier,
            keep=keeping.put if keeping else None,
        )
        return Opened(source, studies, keeping)

    def complete(self, session: StoreSession, record: PatientRecord, opened: Opened, cancel: CancelToken) -> bool:
        """Keep the rest of what was opened, study after study in rank order; return whether all is kept whole."""
        if opened.keeping is None:
            return False
        opened.keeping.close()
        reports: list[FetchReport] = []
        for study in opened.studies:
            order = FetchOrder(study.study_uid, record.patient.identifier)
            reports.append(
                fetch_study(session.client, order, self.library(), on_status=lambda _status: None, cancel=cancel)
            )
            session.opened(Deed.KEEP, record.patient.identifier, study.study_uid)
        self.send_audit()
        return all(report.is_complete for report in reports)

    def send_audit(self) -> None:
        """Send what waits; the queue keeps what cannot be sent now."""
        if self._session is not None:
            try:
                self._session.send_audit()
            except StoreError:
                return

    # ---- what is kept

    def kept(self) -> list[KeptStudy]:
        """Return the studies that may be opened."""
        return self.library().studies()

    def remove(self, study: KeptStudy) -> None:
        """Destroy a kept study's key and files; on record."""
        self.library().delete(study)
        self._purged([study])

    def purge(self, *, profile: str | None = None, patient_id: str | None = None) -> int:
        """Destroy all of a store, or of a patient whose consent was revoked; on record. Return how many."""
        gone = self.library().purge(profile=profile, patient_id=patient_id)
        self._purged(gone)
        return len(gone)

    def keep(self, paths: tuple[Path, ...], progress: ProgressCallback, cancel: CancelToken) -> KeptFolder:
        """Keep the studies of discs and folders. Raises ``NoLastingKeyring`` where nothing would last."""
        library = self.library()
        if not library.is_lasting:
            raise NoLastingKeyring("there is no real key ring here: nothing can be kept")
        kept = keep_folder(library, paths, progress=progress, cancel=cancel)
        for study in kept.studies:
            self.audit().record(Deed.IMPORT, _facts(study))
        return kept

    def kept_source(self, study: KeptStudy) -> tuple[LibrarySource, tuple[KeptStudy, ...]]:
        """Return the source of a kept study with the others of the same patient from the same place; on record."""
        others = [
            each
            for each in self.kept()
            if each.id != study.id
            and (each.profile, each.facts.patient_id) == (study.profile, study.facts.patient_id)
            and study.facts.patient_id
        ]
        chosen = (study, *others)
        for each in chosen:
            self.audit().record(Deed.OPEN, _facts(each))
        return LibrarySource(self.library(), chosen), chosen

    def _purged(self, gone: list[KeptStudy]) -> None:
        for study in gone:
            self.audit().record(Deed.PURGE, _facts(study))

    def close(self) -> None:
        """End connections and let go of the library. It does not sign out."""
        with self._lock:
            if self._session is not None:
                self._session.close()
            if self._library is not None:
                self._library.close()
            self._session = self._library = None


def priors_of(record: PatientRecord, study_uid: str) -> Mapping[str, RankedPrior]:
    """Return the priors of a study by UID, with score and reasons."""
    patient: FoundPatient = record.patient
    chosen = next((study for study in patient.studies if study.study_uid == study_uid), None)
    return {each.study.study_uid: each for each in rank_priors(chosen, patient.studies)} if chosen else {}


def _facts(study: KeptStudy) -> AuditFacts:
    return AuditFacts(study.profile, patient_id=study.facts.patient_id, study_uid=study.study_uid)
