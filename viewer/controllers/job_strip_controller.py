"""Running jobs and memory, told to the strip below the pictures."""

from __future__ import annotations

from typing import cast

from PySide6.QtCore import QT_TRANSLATE_NOOP, QCoreApplication, QObject, QTimer

from viewer.controllers.changes_controller import CHANGES_JOB
from viewer.controllers.opening_controller import SCAN_JOB, SOURCE_JOB, OpeningController
from viewer.controllers.registration_controller import ALIGN_JOB
from viewer.controllers.volume_store import VolumeStore
from viewer.jobs.job_runner import JobRunner
from viewer.panels.bottom_strip import BottomStrip, JobLine
from viewer.panels.scan_progress import ScanState

_MEMORY_INTERVAL_MS = 1000
#: Jobs by name. A name that starts with "quiet" runs unseen: small, frequent and of no interest.
_TITLES = cast(
    "dict[str, str]",
    {
        SCAN_JOB: QT_TRANSLATE_NOOP("Jobs", "Reading files"),
        SOURCE_JOB: QT_TRANSLATE_NOOP("Jobs", "Asking for the list of images"),
        "store_sign_in": QT_TRANSLATE_NOOP("Jobs", "Signing in"),
        "store_find": QT_TRANSLATE_NOOP("Jobs", "Asking the image store"),
        "store_open": QT_TRANSLATE_NOOP("Jobs", "Opening the study"),
        "store_keep": QT_TRANSLATE_NOOP("Jobs", "Keeping the studies"),
        "library_keep": QT_TRANSLATE_NOOP("Jobs", "Keeping the studies"),
        ALIGN_JOB: QT_TRANSLATE_NOOP("Jobs", "Aligning the two examinations"),
        CHANGES_JOB: QT_TRANSLATE_NOOP("Jobs", "Looking for changes"),
        "demo": QT_TRANSLATE_NOOP("Jobs", "Making the demo patient"),
    },
)


class JobStripController(QObject):
    """Listens to the job runner. A scan is stopped by its controller, every other job by its own token."""

    def __init__(self, jobs: JobRunner, opening: OpeningController, volumes: VolumeStore, strip: BottomStrip) -> None:
        super().__init__(strip)
        self._jobs, self._opening, self._volumes, self._strip = jobs, opening, volumes, strip
        self._scan: ScanState | None = None
        self._stream: JobLine | None = None
        self._timer = QTimer(self)
        self._timer.setInterval(_MEMORY_INTERVAL_MS)
        self._timer.timeout.connect(self._tell_memory)
        self._timer.start()
        for signal in (jobs.job_started, jobs.job_progressed, jobs.job_ended):
            signal.connect(lambda _job: self._tell_jobs())
        opening.scan_progressed.connect(self._note_scan)
        strip.cancel_requested.connect(self._cancel)
        self._tell_memory()

    def close(self) -> None:
        """Stop asking for the memory."""
        self._timer.stop()

    def set_stream(self, line: JobLine | None) -> None:
        """Tell how streaming stands, ``None`` when nothing streams."""
        if line != self._stream:
            self._stream = line
            self._tell_jobs()

    def _note_scan(self, state: ScanState) -> None:
        self._scan = state
        self._tell_jobs()

    def _tell_jobs(self) -> None:
        lines = [] if self._stream is None else [self._stream]
        for job in self._jobs.running:
            if job.name.startswith("quiet"):
                continue
            progress = job.progress
            fraction = progress.done / progress.total if progress is not None and progress.total else None
            lines.append(JobLine(job.identifier, self._title(job.name), fraction))
        self._strip.set_jobs(lines)

    def _title(self, name: str) -> str:
        source = _TITLES.get(name)
        title = QCoreApplication.translate("Jobs", source) if source else name
        if name != SCAN_JOB or self._scan is None:
            return title
        counts = QCoreApplication.translate("Jobs", "{title}: {files}, studies {studies}, series {series}")
        total = self._scan.files_total
        files = f"{self._scan.files_done}/{total}" if total is not None else str(self._scan.files_done)
        return counts.format(title=title, files=files, studies=self._scan.studies, series=self._scan.series)

    def _cancel(self, identifier: int) -> None:
        for job in self._jobs.running:
            if job.identifier != identifier:
                continue
            if job.name == SCAN_JOB:
                self._opening.cancel()
            else:
                job.cancel()

    def _tell_memory(self) -> None:
        budget = self._volumes.budget
        self._strip.set_memory(budget.held_bytes, budget.limit_bytes)
