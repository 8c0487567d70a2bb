"""From paths to a catalogue: scan as a job, headers in worker processes, passwords asked for, what was found kept."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from compare.pairing.roles import study_key_of
from compare.session.comparison_session import ComparisonSession
from loaders.errors import PasswordNeeded, SourceError, WorldError
from loaders.model.stack import Stack, StackKey
from loaders.model.study import Catalogue, Study
from loaders.progress import CancelToken, Progress, ProgressCallback
from loaders.stores.image_source import ImageSource
from loaders.workers.worker_pool import WorkerPool
from viewer.controllers.session_controller import SessionController
from viewer.jobs.job_runner import Job, JobKind, JobRunner
from viewer.panels.scan_progress import ScanState

if TYPE_CHECKING:
    from loaders.stores.local_folder import LocalFolder

SCAN_JOB = "scan"
#: Asking a store, or the library, what a patient's studies hold.
SOURCE_JOB = "source"


def open_source(pool: WorkerPool, paths: Sequence[Path], passwords: Mapping[Path, str]) -> ImageSource:
    """Return the source of these paths, its headers read by the pool. Call it on a job's thread.

    What reads files takes a third of a second to import (pydicom, the ciphers of archives): the window does not wait
    for it.
    """
    from loaders.discovery import pooled_headers  # noqa: PLC0415
    from loaders.stores.local_folder import LocalFolder  # noqa: PLC0415

    return LocalFolder(paths, read_headers=pooled_headers.pooled_header_reader(pool), passwords=passwords)


def studies_below(studies: Sequence[Study], roots: Sequence[Path]) -> tuple[Study, ...]:
    """Return the studies whose files lie below one of the roots (or are an archive among them)."""

    def is_below(study: Study) -> bool:
        files = [stack.frames[0].location.file.path for series in study.series for stack in series.stacks]
        return any(path.is_relative_to(root) for path in files for root in roots)

    return tuple(study for study in studies if is_below(study)) if roots else ()


class OpeningController(QObject):
    """Runs scans. A second opening adds to the first: all paths are looked through again, as one.

    Sources that are no paths (a store, the library) stand beside them; where both hold a study, the files on disk do.

    Signals: ``catalogue_changed(Catalogue)`` while a scan runs and at its end, ``scan_started()``, ``scan_ended(bool
    is_whole)``, ``scan_progressed(ScanState)``, ``failed(WorldError, str which)``, ``password_needed(Path, bool
    was_wrong)``. A password is held in memory for as long as its archive is read, and written nowhere.
    """

    catalogue_changed = Signal(object)
    scan_started = Signal()
    scan_ended = Signal(bool)
    scan_progressed = Signal(object)
    failed = Signal(object, str)
    password_needed = Signal(object, bool)

    def __init__(
        self, session: SessionController, jobs: JobRunner, pool: WorkerPool, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._session = session
        self._jobs = jobs
        self._pool = pool
        self._paths: tuple[Path, ...] = ()
        self._passwords: dict[Path, str] = {}
        #: Studies of media that were taken out: what has been read of them stays on screen.
        self._kept: tuple[Study, ...] = ()
        self._sources: list[ImageSource] = []
        self._source: ImageSource | None = None
        self._job: Job[Catalogue] | None = None
        self._scanned = Catalogue()
        self._added: dict[ImageSource, Catalogue] = {}
        self._asking: dict[ImageSource, Job[Catalogue]] = {}
        #: Whose pixels come from an added source, not from a file.
        self._fed: dict[StackKey, ImageSource] = {}
        jobs.job_progressed.connect(self._note_progress)

    @property
    def is_scanning(self) -> bool:
        """Whether a scan runs."""
        return self._job is not None

    @property
    def paths(self) -> tuple[Path, ...]:
        """What is open."""
        return self._paths

    @property
    def folder(self) -> LocalFolder | None:
        """The latest scan's folders and archives, ``None`` where the latest source is something else."""
        from loaders.stores.local_folder import LocalFolder  # noqa: PLC0415 - as above

        return self._source if isinstance(self._source, LocalFolder) else None

    def source_of(self, stack: Stack) -> ImageSource | None:
        """Who hands out a stack's instances where they are no plain files; the latest scan knows every archive."""
        if stack.key in self._fed:
            return self._fed[stack.key]
        in_archive = bool(stack.frames and stack.frames[0].location.file.member)
        return self._source if in_archive else None

    def open_paths(self, paths: Sequence[Path]) -> None:
        """Scan paths together with those already open; a scan that is running starts again with all of them."""
        wanted = dict.fromkeys(path.absolute() for path in paths)
        gone = [path for path in self._paths if path not in wanted and not path.exists()]
        for path in gone:
            self.failed.emit(SourceError(f"{path.name} is no longer there", path=str(path)), path.name)
        self._kept = (*self._kept, *studies_below(self._scanned.studies, gone))
        self._paths = tuple(dict.fromkeys((*(path for path in self._paths if path not in gone), *wanted)))
        self._scan()

    def open_source(
        self, source: ImageSource, *, on_known: Callable[[Catalogue], None], on_error: Callable[[WorldError], None]
    ) -> None:
        """Open what a store or the library holds beside what is open; all geometry comes first, in a job.

        ``on_known`` is called with the source's own catalogue once that is whole; ``on_error`` where it cannot be had.
        """
        self._added[source] = Catalogue()

        def take(catalogue: Catalogue) -> None:
            if source in self._added:
                self._added[source] = catalogue
                self._show(is_final=False)

        def finish(catalogue: Catalogue) -> None:
            take(catalogue)
            self._asking.pop(source, None)
            if source in self._added:
                self._show(is_final=not self.is_scanning)
                on_known(catalogue)
                if not self.is_scanning:
                    self.scan_ended.emit(True)

        def fail(error: BaseException) -> None:
            self._asking.pop(source, None)
            self.close_source(source)
            if not isinstance(error, WorldError):
                raise error
            on_error(error)

        def ask(cancel: CancelToken, progress: ProgressCallback) -> Catalogue:
            def found(catalogue: Catalogue) -> None:
                self._jobs.call_on_window_thread(lambda: take(catalogue))

            return source.catalogue(on_found=found, progress=progress, cancel=cancel)

        self._asking[source] = self._jobs.start(JobKind.NETWORK, SOURCE_JOB, ask, on_result=finish, on_error=fail)
        self.scan_started.emit()

    def close_source(self, source: ImageSource) -> frozenset[StackKey]:
        """Take an added source away: its studies leave the list. Return the keys of its stacks."""
        job = self._asking.pop(source, None)
        if job is not None:
            job.cancel()
        gone = frozenset(key for key, owner in self._fed.items() if owner is source)
        if self._added.pop(source, None) is None:
            return frozenset()
        if gone:
            hung = {viewport.stack for viewport in self._session.session.viewports}
            if hung & gone:
                self._session.restart(ComparisonSession())
            self._show(is_final=not self.is_scanning)
        return gone

    def forget_all(self) -> frozenset[StackKey]:
        """Take everything off the screen and out of the list, as after a start. Return the keys of all stacks."""
        self.cancel()
        gone = frozenset(self._session.stacks)
        for source in list(self._added):
            self.close_source(source)
        self._paths, self._kept, self._scanned, self._source = (), (), Catalogue(), None
        self._passwords.clear()
        self._session.restart(ComparisonSession())
        self._show(is_final=True)
        return gone

    def give_password(self, archive: Path, password: str) -> None:
        """Try again with a password."""
        self._passwords[archive] = password
        self._scan()

    def leave_out(self, archive: Path) -> None:
        """No password: go on with whatever else is open."""
        self._passwords.pop(archive, None)
        self._paths = tuple(path for path in self._paths if path != archive)
        if self._paths:
            self._scan()

    def cancel(self) -> None:
        """Stop scanning; what was found stays, and its stacks are all there is of them."""
        if self._job is not None:
            self._job.cancel()
            self._end(is_whole=False)

    def close(self) -> None:
        """Close archives and forget their passwords; call it when nothing reads from them any more."""
        self._passwords.clear()
        self._source = None
        for added in self._added:
            added.close()
        self._added.clear()
        for source in self._sources:
            source.close()
        self._sources.clear()

    def _scan(self) -> None:
        if self._job is not None:
            self._job.cancel()
        paths, passwords = self._paths, dict(self._passwords)

        def scan(cancel: CancelToken, progress: ProgressCallback) -> Catalogue:
            source = open_source(self._pool, paths, passwords)
            self._sources.append(source)
            return source.catalogue(on_found=self._found_by(source, job_of), progress=progress, cancel=cancel)

        def job_of() -> Job[Catalogue]:
            return job

        job = self._jobs.start(JobKind.READ, SCAN_JOB, scan, on_result=self._finish, on_error=self._fail)
        self._job = job
        self.scan_started.emit()

    def _found_by(self, source: ImageSource, job_of: Callable[[], Job[Catalogue]]) -> Callable[[Catalogue], None]:
        """Return what the job's thread calls; of several catalogues that wait only the latest is taken."""
        latest: list[Catalogue] = []

        def take() -> None:
            if latest and self._job is job_of():
                catalogue = latest[-1]
                latest.clear()
                self._source = source
                self._take(catalogue)

        def found(catalogue: Catalogue) -> None:
            latest.append(catalogue)
            self._jobs.call_on_window_thread(take)

        return found

    def _joined(self) -> Catalogue:
        """Everything that is open: what was scanned, media that were taken out, and the added sources."""
        scanned = self._scanned
        studies = {study_key_of(study): study for study in scanned.studies}
        for study in self._kept:
            studies.setdefault(study_key_of(study), study)
        problems, not_displayed = list(scanned.problems), list(scanned.not_displayed)
        self._fed = {}
        for source, catalogue in self._added.items():
            new = {study_key_of(study): study for study in catalogue.studies if study_key_of(study) not in studies}
            studies |= new
            problems += catalogue.problems
            not_displayed += [row for row in catalogue.not_displayed if row.study_uid in {s.uid for s in new.values()}]
            stacks = (stack for study in new.values() for series in study.series for stack in series.stacks)
            self._fed |= {stack.key: source for stack in stacks}
        return replace(
            scanned,
            studies=tuple(studies.values()),
            problems=tuple(problems),
            not_displayed=tuple(not_displayed),
        )

    def _show(self, *, is_final: bool) -> None:
        catalogue = self._joined()
        self._session.set_catalogue(catalogue, is_final=is_final)
        self.catalogue_changed.emit(catalogue)

    def _take(self, catalogue: Catalogue) -> None:
        self._scanned = catalogue
        self._show(is_final=False)

    def _finish(self, catalogue: Catalogue) -> None:
        self._scanned = catalogue
        self._show(is_final=True)
        self._end(is_whole=True)

    def _end(self, *, is_whole: bool) -> None:
        self._job = None
        if not is_whole:
            self._session.set_catalogue(self._session.index.catalogue)
        self.scan_ended.emit(is_whole)

    def _fail(self, error: BaseException) -> None:
        self._end(is_whole=False)
        if isinstance(error, PasswordNeeded):
            archive = Path(error.facts.get("path", ""))
            self.password_needed.emit(archive, archive in self._passwords)
        elif isinstance(error, WorldError):
            path = error.facts.get("path", "")
            # A path that cannot be read is not tried again with the next drop.
            self._paths = tuple(one for one in self._paths if str(one) != path)
            self.failed.emit(error, Path(path).name)
        else:
            raise error

    def _note_progress(self, job: Job[Catalogue]) -> None:
        if job is self._job and job.progress is not None:
            self.scan_progressed.emit(self._state(job.progress))

    def _state(self, progress: Progress) -> ScanState:
        catalogue = self._session.index.catalogue
        return ScanState(
            source=self._paths[-1].name if self._paths else "",
            files_done=progress.done,
            files_total=progress.total,
            studies=len(catalogue.studies),
            series=sum(len(study.series) for study in catalogue.studies),
            problems=len(catalogue.problems),
        )
