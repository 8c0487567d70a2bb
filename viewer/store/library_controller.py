"""Kept studies in the window: list, open offline with the age of every copy, remove, keep what is open from a disc."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, TypeVar

from PySide6.QtCore import QObject, QTimer, Signal

from loaders.errors import WorldError
from loaders.progress import CancelToken, ProgressCallback
from viewer.controllers.opening_controller import OpeningController
from viewer.jobs.job_runner import JobKind, JobRunner
from viewer.store.lazy_services import LazyServices
from viewer.store.library_panel import LibraryPanel
from viewer.store.state_banner import StateBanner
from viewer.store.store_words import age_words

if TYPE_CHECKING:
    from loaders.cache.library_index import KeptStudy
    from loaders.retrieval.keep_folder import KeptFolder
    from loaders.stores.library_source import LibrarySource
    from viewer.store.store_services import StoreServices

Result = TypeVar("Result")
KEEP_DISC_JOB = "library_keep"
_AGE_EVERY_MS = 60_000


class LibraryController(QObject):
    """Signals: ``failed(WorldError, str)``, ``told(words)``, ``forgotten(frozenset[StackKey])``."""

    failed = Signal(object, str)
    told = Signal(object)
    forgotten = Signal(object)

    def __init__(
        self,
        services: LazyServices,
        jobs: JobRunner,
        opening: OpeningController,
        banner: StateBanner,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._services, self._jobs, self._opening, self._banner = services, jobs, opening, banner
        self.panel = LibraryPanel()
        self._studies: dict[str, KeptStudy] = {}
        self._source: LibrarySource | None = None
        self._shown: tuple[KeptStudy, ...] = ()
        self._timer = QTimer(self)
        self._timer.setInterval(_AGE_EVERY_MS)
        self._timer.timeout.connect(banner.retranslate)
        self.panel.open_requested.connect(self.open)
        self.panel.remove_requested.connect(self.remove)
        self.panel.keep_requested.connect(self.keep_open_paths)

    def refresh(self) -> None:
        """Ask what is kept."""
        self.panel.set_can_keep(bool(self._opening.paths))

        def work(services: StoreServices, _c: CancelToken, _p: ProgressCallback) -> tuple[list[KeptStudy], bool]:
            return services.kept(), services.library().is_lasting

        def take(found: tuple[list[KeptStudy], bool]) -> None:
            studies, is_lasting = found
            self._studies = {study.id: study for study in studies}
            self.panel.set_studies(studies, is_lasting=is_lasting)

        self._start("quiet library", work, take)

    def open(self, identifier: str) -> None:
        """Open a kept study with the patient's others; a banner says how old each copy is."""
        study = self._studies.get(identifier)
        if study is None:
            return

        def take(found: tuple[LibrarySource, tuple[KeptStudy, ...]]) -> None:
            self.close()
            self._source, self._shown = found
            self._opening.open_source(self._source, on_known=lambda _known: self._tell_banner(), on_error=self._fail)

        self._start("quiet library open", lambda services, _c, _p: services.kept_source(study), take)

    def close(self) -> None:
        """Take what was opened from the library off the screen."""
        source, self._source, self._shown = self._source, None, ()
        self._tell_banner()
        if source is not None:
            self.forgotten.emit(self._opening.close_source(source))
            self._start("quiet library close", lambda _services, _c, _p: source.close(), lambda _none: None)

    def stop(self) -> None:
        """The window closes."""
        self._timer.stop()

    def drop_keys(self) -> None:
        """The workstation is locked: the keys of open studies go; reading waits for :meth:`unlock`."""
        if self._source is not None:
            self._source.drop_keys()

    def unlock(self) -> None:
        """Go on reading."""
        if self._source is not None:
            self._source.resume()

    def remove(self, identifier: str) -> None:
        """Destroy a kept study."""
        study = self._studies.get(identifier)
        if study is None:
            return
        if any(each.id == identifier for each in self._shown):
            self.close()
        self._start(
            "quiet library remove", lambda services, _c, _p: services.remove(study), lambda _none: self.refresh()
        )

    def keep_open_paths(self) -> None:
        """Keep the discs and folders that are open."""
        paths = self._opening.paths

        def take(kept: KeptFolder) -> None:
            self.refresh()
            count, bad = len(kept.studies), len(kept.failures)
            self.told.emit(lambda: self._kept_words(count, bad))

        self._start(KEEP_DISC_JOB, lambda services, cancel, progress: services.keep(paths, progress, cancel), take)

    def _kept_words(self, count: int, bad: int) -> str:
        if bad:
            return self.tr("Studies kept: {count}. Images that could not be kept: {bad}.").format(count=count, bad=bad)
        return self.tr("Studies kept: {count}.").format(count=count)

    def _tell_banner(self) -> None:
        self._banner.set_line("library", self._banner_words if self._shown else None)
        if self._shown:
            self._timer.start()
        else:
            self._timer.stop()

    def _banner_words(self) -> str:
        now = time.time()
        copies = "; ".join(
            self.tr("{study}: kept {age} ago").format(
                study=" ".join(filter(None, (each.facts.study_date, each.facts.description))),
                age=age_words(now - each.kept_at),
            )
            for each in self._shown
        )
        return self.tr("Offline copies, not asked for anew. {copies}").format(copies=copies)

    def _fail(self, error: WorldError) -> None:
        self.close()
        self.failed.emit(error, "")

    def _start(
        self,
        name: str,
        work: Callable[[StoreServices, CancelToken, ProgressCallback], Result],
        on_result: Callable[[Result], None],
    ) -> None:
        def fail(error: BaseException) -> None:
            if not isinstance(error, WorldError):
                raise error
            self.failed.emit(error, "")

        run = partial(_with_services, self._services, work)
        self._jobs.start(JobKind.NETWORK, name, run, on_result=on_result, on_error=fail)


def _with_services(
    services: LazyServices,
    work: Callable[[StoreServices, CancelToken, ProgressCallback], Result],
    cancel: CancelToken,
    progress: ProgressCallback,
) -> Result:
    return work(services.get(), cancel, progress)
