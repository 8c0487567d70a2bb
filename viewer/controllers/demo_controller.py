"""The demo patient from the empty window: written once into the reader's cache folder, then opened like any disc."""

from __future__ import annotations

from pathlib import Path

from platformdirs import user_cache_path
from PySide6.QtCore import QObject, Signal

from loaders.errors import WorldError
from loaders.progress import CancelToken, ProgressCallback
from viewer.jobs.job_runner import Job, JobKind, JobRunner

DEMO_JOB = "demo"
_TRUTH = "truth.json"


class DemoController(QObject):
    """Signals: ``ready(tuple[Path, ...])``, the folders to open; ``failed(WorldError, str which)``."""

    ready = Signal(object)
    failed = Signal(object, str)

    def __init__(self, jobs: JobRunner, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._jobs = jobs
        self._job: Job[tuple[Path, ...]] | None = None
        self.folder = user_cache_path("diptych", appauthor=False) / "demo-patient"

    def make(self) -> None:
        """Write the small patient, unless it is there whole or on its way, and announce it."""
        if self._job is None or self._job.is_finished:
            self._job = self._jobs.start(
                JobKind.COMPUTE, DEMO_JOB, self._written, on_result=self.ready.emit, on_error=self._fail
            )

    def _written(self, cancel: CancelToken, progress: ProgressCallback) -> tuple[Path, ...]:
        # The generator takes part of a second to import and is wanted once in a lifetime.
        from loaders.demo_patient import DemoSize, generate, layout  # noqa: PLC0415

        if not (self.folder / _TRUTH).is_file():
            # The truth is written last: without it the folder is what an earlier run left half done.
            generate(self.folder, DemoSize.SMALL, progress, cancel)
        return tuple(dict.fromkeys(self.folder / one.folder for one in layout(DemoSize.SMALL)))

    def _fail(self, error: BaseException) -> None:
        if not isinstance(error, WorldError):
            raise error
        self.failed.emit(error, "")
