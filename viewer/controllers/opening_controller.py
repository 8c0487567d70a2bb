"""From paths to pictures: scan as a job, show the first series at once, hang the comparison when the scan ends."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from compare.hanging.hang import hang_studies
from compare.identity.verdict import IdentityVerdict, Verdict, compare_identity
from compare.linking.stack_places import Stacks
from compare.pairing.prior_choice import priors_by_worth
from compare.pairing.roles import newest_first
from loaders.errors import PasswordNeeded, WorldError
from loaders.model.study import Catalogue, Study
from loaders.progress import CancelToken, ProgressCallback
from loaders.stores.local_folder import LocalFolder
from viewer.controllers.session_controller import SessionController
from viewer.jobs.job_runner import Job, JobKind, JobRunner

_LOG = logging.getLogger(__name__)


class OpeningController(QObject):
    """Runs scans and decides what hangs. Once the reader has touched the session, nothing is hung for him."""

    catalogue_changed = Signal(object)
    scan_ended = Signal()
    failed = Signal(object)
    password_needed = Signal(object)
    identity_changed = Signal(object)

    def __init__(self, session: SessionController, jobs: JobRunner, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._jobs = jobs
        self._paths: tuple[Path, ...] = ()
        self._job: Job[Catalogue] | None = None
        self._hung_by_us = session.session
        self.canvas = (1600, 900)
        self.verdict: IdentityVerdict | None = None

    @property
    def stacks(self) -> Stacks:
        """Every displayable stack found so far."""
        return self._session.stacks

    def open_paths(self, paths: Sequence[Path], password: str | None = None) -> None:
        """Scan paths together with those already open; a scan that is running starts again with all of them."""
        self._paths = tuple(dict.fromkeys((*self._paths, *paths)))
        if self._job is not None:
            self._job.cancel()
        source = LocalFolder(self._paths, password=password)

        def scan(cancel: CancelToken, progress: ProgressCallback) -> Catalogue:
            try:
                return source.catalogue(on_found=self._found_elsewhere, progress=progress, cancel=cancel)
            finally:
                source.close()

        self._job = self._jobs.start(JobKind.READ, "scan", scan, on_result=self._finish, on_error=self._fail)

    def cancel(self) -> None:
        """Stop scanning; what was found stays."""
        if self._job is not None:
            self._job.cancel()
            self._job = None
            self.scan_ended.emit()

    def _found_elsewhere(self, catalogue: Catalogue) -> None:
        """Called on the job's thread."""
        job = self._job
        self._jobs.call_on_window_thread(lambda: self._take(catalogue) if job is self._job and job else None)

    def _take(self, catalogue: Catalogue) -> None:
        self._session.set_catalogue(catalogue, is_final=False)
        self.catalogue_changed.emit(catalogue)
        if self._is_untouched() and all(viewport.stack is None for viewport in self._session.session.viewports):
            self._hang(catalogue.studies[:1])

    def _finish(self, catalogue: Catalogue) -> None:
        self._job = None
        is_untouched = self._is_untouched()
        self._session.set_catalogue(catalogue)
        self.catalogue_changed.emit(catalogue)
        if is_untouched:
            self._hang(self._comparable(catalogue.studies))
        self.scan_ended.emit()

    def _fail(self, error: BaseException) -> None:
        self._job = None
        self.scan_ended.emit()
        if isinstance(error, PasswordNeeded):
            self.password_needed.emit(error)
        elif isinstance(error, WorldError):
            self.failed.emit(error)
        else:
            raise error

    def _is_untouched(self) -> bool:
        return self._session.session == self._hung_by_us

    def _comparable(self, studies: Sequence[Study]) -> list[Study]:
        """The newest study and, of the others, the best one to compare it with that no field contradicts."""
        ordered = newest_first(studies)
        if len(ordered) < 2:
            return list(ordered)
        for prior in priors_by_worth(ordered[0], ordered[1:]):
            verdict = compare_identity(ordered[0], prior)
            if verdict.verdict is not Verdict.CONFLICT:
                self.verdict = verdict
                self.identity_changed.emit(verdict)
                return [ordered[0], prior]
        return [ordered[0]]

    def _hang(self, studies: Sequence[Study]) -> None:
        hanging = hang_studies(studies, self.canvas)
        if not hanging.session.viewports or hanging.session.viewports[0].stack is None:
            return
        self._session.restart(hanging.session)
        self._hung_by_us = self._session.session
