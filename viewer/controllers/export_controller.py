"""Export from the window: asked for in a dialog, worked out from stored values in a job, told what was written."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QBuffer, QByteArray, QCoreApplication, QIODevice, QObject, QStandardPaths, Qt, Signal
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QWidget

from compare.session.session_file import ReadSession
from loaders.errors import WorldError
from loaders.progress import CancelToken, ProgressCallback
from loaders.workers.worker_pool import WorkerPool
from viewer.controllers.session_controller import SessionController
from viewer.jobs.job_runner import JobKind, JobRunner
from viewer.panels.export_dialog import ExportChoice, ExportDialog, ExportKind
from viewer.panels.plain_text import shown_text
from viewer.panels.problem_words import problem_words
from viewer.reporting.comparison_sheet import comparison_sheet
from viewer.reporting.new_files import base_name, write_new

if TYPE_CHECKING:
    from loaders.model.study import Catalogue
    from loaders.stores.local_folder import LocalFolder

translate = QCoreApplication.translate


@dataclass(frozen=True, slots=True)
class ExportSources:
    """Where exports come from: the opened folders, the pictures on screen, and the language of the sheet."""

    pool: WorkerPool
    folder: Callable[[], LocalFolder | None]
    picture: Callable[[], QImage]
    language: Callable[[], str]


@dataclass(frozen=True, slots=True)
class Exported:
    """What a job wrote, and which kinds it could not write with the error of each."""

    written: tuple[Path, ...]
    failed: tuple[tuple[ExportKind, WorldError], ...]


class ExportController(QObject):
    """Signals: ``told(Callable[[], str])``, a sentence for the reader; ``ended(Exported)``."""

    told = Signal(object)
    ended = Signal(object)

    def __init__(self, session: SessionController, jobs: JobRunner, sources: ExportSources, window: QWidget) -> None:
        super().__init__(window)
        self._session, self._jobs, self._sources, self._window = session, jobs, sources, window
        documents = QStandardPaths.writableLocation(QStandardPaths.StandardLocation.DocumentsLocation)
        self._folder = Path(documents or Path.home())

    def deeds(self) -> Mapping[str, Callable[[], None]]:
        """What this controller can do, by the words of the key table."""
        return {"export": self.ask}

    def ask(self) -> None:
        """Ask what to write and where."""
        if not any(viewport.stack for viewport in self._session.session.viewports):
            self._session.refused.emit("empty_viewport")
            return
        can_measure = bool(self._session.session.measurements) and self._sources.folder() is not None
        dialog = ExportDialog(self._folder, can_measure, self._window)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.chosen.connect(self.export)
        dialog.open()

    def export(self, choice: ExportChoice) -> None:
        """Write what was chosen, in a job."""
        self._folder = choice.folder
        session, catalogue = self._session.session, self._session.index.catalogue
        folder, pool, language = self._sources.folder(), self._sources.pool, self._sources.language()
        picture = self._sources.picture() if ExportKind.PICTURE in choice.kinds else QImage()
        base = base_name(self._masked(), f"{datetime.now().astimezone():%Y%m%d-%H%M}")
        measuring = [kind for kind in choice.kinds if kind is not ExportKind.PICTURE]

        def work(_cancel: CancelToken, _progress: ProgressCallback) -> Exported:
            files: dict[ExportKind, Callable[[], Sequence[bytes]]] = {ExportKind.PICTURE: lambda: [_png(picture)]}
            if measuring and folder is not None:
                files.update(_made(ReadSession(session), catalogue, folder, pool, language))
            return _written({kind: files[kind] for kind in choice.kinds if kind in files}, choice.folder, base)

        self._jobs.start(JobKind.READ, "quiet export", work, on_result=self._tell, on_error=self._fail)

    def _masked(self) -> str:
        """The masked identifier of the patient on screen, or nothing."""
        keys = [viewport.stack for viewport in self._session.session.viewports if viewport.stack is not None]
        studies = [study for key in keys if (study := self._session.index.study_of(key)) is not None]
        identifier = studies[0].patient.primary_identifier if studies else None
        return identifier.masked if identifier is not None else ""

    def _tell(self, exported: Exported) -> None:
        self.ended.emit(exported)
        self.told.emit(lambda: _outcome(exported))

    def _fail(self, error: BaseException) -> None:
        if not isinstance(error, WorldError):
            raise error
        words = problem_words(error.code, error.message)
        self.told.emit(lambda: shown_text(words.reason))


def _made(
    read: ReadSession, catalogue: Catalogue, folder: LocalFolder, pool: WorkerPool, language: str
) -> dict[ExportKind, Callable[[], Sequence[bytes]]]:
    """Who makes which kind of file; each is called once, in the job."""
    # What reads and writes DICOM objects is imported here, in the job: the window's start does not wait for it.
    from compare.reporting.presentation_state import presentation_states  # noqa: PLC0415
    from compare.reporting.structured_report import structured_report  # noqa: PLC0415
    from compare.reporting.tables import csv_text  # noqa: PLC0415
    from loaders.cache.memory_budget import MemoryBudget  # noqa: PLC0415
    from viewer.headless.measured_session import evidence_of, measure_session  # noqa: PLC0415
    from viewer.headless.opened_path import OpenedPath  # noqa: PLC0415
    from viewer.headless.sheet import content_of  # noqa: PLC0415

    images = OpenedPath(pool, folder, catalogue, MemoryBudget())
    measured = measure_session(read, images)
    findings = measured.findings
    return {
        ExportKind.TABLE: lambda: [csv_text(findings).encode()],
        ExportKind.REPORT: lambda: [structured_report(findings, evidence_of(measured, images))],
        ExportKind.STATES: lambda: presentation_states(findings, evidence_of(measured, images)),
        ExportKind.SHEET: lambda: [comparison_sheet(content_of(measured, images), language)],
    }


def _written(files: Mapping[ExportKind, Callable[[], Sequence[bytes]]], folder: Path, base: str) -> Exported:
    """Write what can be written; one kind that cannot be does not cost the others."""
    written: list[Path] = []
    failed: list[tuple[ExportKind, WorldError]] = []
    for kind, make in files.items():
        try:
            written += [write_new(folder, base, kind.value, data) for data in make()]
        except WorldError as error:
            failed.append((kind, error))
    return Exported(tuple(written), tuple(failed))


def _png(picture: QImage) -> bytes:
    data = QByteArray()
    buffer = QBuffer(data)
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    picture.save(buffer, "PNG")  # type: ignore[call-overload]  # the stubs know bytes only
    return bytes(data.data())


def _outcome(exported: Exported) -> str:
    sentences = []
    if exported.written:
        names = ", ".join(path.name for path in exported.written)
        words = translate("Export", "Written into {folder}: {names}.")
        sentences.append(words.format(folder=shown_text(str(exported.written[0].parent)), names=shown_text(names)))
    for kind, error in exported.failed:
        reason = problem_words(error.code, error.message).reason
        words = translate("Export", "Not written: {kind}. {reason}")
        sentences.append(words.format(kind=kind.value, reason=shown_text(f"{reason} ({error.message})")))
    return " ".join(sentences)
