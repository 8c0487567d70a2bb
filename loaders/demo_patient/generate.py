"""Write the demo patient to a folder laid out like a disc."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Callable
from concurrent.futures import FIRST_EXCEPTION, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from pathlib import Path

from pydicom.dataset import Dataset

from loaders.demo_patient.ct_scan import CtScan
from loaders.demo_patient.dicom_objects import ct_instance, series_uid, study_uid, xray_instance
from loaders.demo_patient.examinations import CtPlan, DemoSize, Examination, examinations
from loaders.demo_patient.radiograph import developed, line_integrals, patient_to_detector_mm
from loaders.demo_patient.truth import DemoTruth, demo_truth
from loaders.errors import Cancelled, WorldError
from loaders.progress import CancelToken, Progress, ProgressCallback, no_progress

TRUTH_NAME = "truth.json"
STAGE = "demo_patient"
_THREADS = 2
_LEAST_SLICES_A_PART = 25


class TargetError(WorldError):
    """The folder to write to cannot be used."""

    code = "target_unusable"


@dataclass(frozen=True, slots=True)
class DemoSeries:
    """One series as it will lie on the disc."""

    folder: str
    role: str
    modality: str
    date: str
    institution: str
    patient_id: str
    study_uid: str
    series_uid: str
    files: tuple[str, ...]


def layout(size: DemoSize) -> tuple[DemoSeries, ...]:
    """Return every series and its files (relative paths, in Instance Number order) without writing anything."""
    listed = []
    for examination in examinations(size):
        plan = examination.plan
        count = plan.slices if isinstance(plan, CtPlan) else 1
        listed.append(DemoSeries(
            folder=examination.folder,
            role="current" if examination.is_current else "prior",
            modality="CT" if isinstance(plan, CtPlan) else "DX",
            date=examination.date,
            institution=examination.site.institution,
            patient_id=examination.site.patient_id,
            study_uid=study_uid(examination, size),
            series_uid=series_uid(examination, size),
            files=tuple(f"{examination.folder}/{_file_name(number)}" for number in range(1, count + 1)),
        ))  # fmt: skip
    return tuple(listed)


def _file_name(instance_number: int) -> str:
    return f"IM{instance_number:04d}"


class _Writer:
    """Counts and writes files; several threads share one."""

    def __init__(self, out_dir: Path, size: DemoSize, cancel: CancelToken) -> None:
        self.out_dir = out_dir
        self.size = size
        self.cancel = cancel
        self.failed = CancelToken()
        self.written: list[Path] = []
        self._lock = threading.Lock()

    def check(self) -> None:
        """Stop at a frame boundary when asked to, or when another thread failed."""
        self.cancel.raise_if_cancelled()
        self.failed.raise_if_cancelled()

    def save(self, examination: Examination, data_set: Dataset) -> None:
        """Write one object under its instance number."""
        path = self.out_dir / examination.folder / _file_name(int(data_set.InstanceNumber))
        with self._lock:
            self.written.append(path)
        data_set.save_as(path, enforce_file_format=True)

    def write_slices(self, examination: Examination, first: int, stop: int) -> None:
        """Write a run of CT slices."""
        self.check()
        scan = CtScan(examination)
        for number, hu in scan.slices(first, stop):
            self.check()
            self.save(examination, ct_instance(examination, self.size, scan.grid, number, hu))

    def write_radiograph(self, examination: Examination) -> None:
        """Write the one picture of a radiograph."""
        self.check()
        pixels = developed(line_integrals(examination, _Either(self.cancel, self.failed)), examination)
        self.save(examination, xray_instance(examination, self.size, pixels, patient_to_detector_mm()))


class _Either(CancelToken):
    """Cancelled as soon as one of two tokens is."""

    def __init__(self, first: CancelToken, second: CancelToken) -> None:
        super().__init__()
        self._tokens = (first, second)

    def raise_if_cancelled(self) -> None:
        """Raise when either asks for it."""
        for token in self._tokens:
            token.raise_if_cancelled()


def _parts(writer: _Writer) -> list[Callable[[], None]]:
    """Pieces of work of similar length, the longest first."""
    parts: list[tuple[int, Callable[[], None]]] = []
    for examination in examinations(writer.size):
        plan = examination.plan
        if isinstance(plan, CtPlan):
            step = max(_LEAST_SLICES_A_PART, -(-plan.slices // (2 * _THREADS)))  # rounded up
            for first in range(0, plan.slices, step):
                stop = min(first + step, plan.slices)
                cost = (stop - first) * plan.finer_planes * plan.matrix**2

                def slices(e: Examination = examination, first: int = first, stop: int = stop) -> None:
                    writer.write_slices(e, first, stop)

                parts.append((cost, slices))
        else:

            def radiograph(e: Examination = examination) -> None:
                writer.write_radiograph(e)

            parts.append((plan.rows * plan.columns * 100, radiograph))
    return [work for _, work in sorted(parts, key=lambda part: -part[0])]


def _prepare(out_dir: Path, size: DemoSize) -> None:
    """Make the folders. Only an empty folder or an earlier demo patient is written over, never anything else."""
    folders = {series.folder for series in layout(size)}
    try:
        out_dir.mkdir(parents=True, exist_ok=True)
        strangers = sorted({entry.name for entry in out_dir.iterdir()} - folders - {TRUTH_NAME})
        if strangers:
            raise TargetError(f"{out_dir} holds other things ({strangers[0]}); name an empty or a new folder")
        (out_dir / TRUTH_NAME).unlink(missing_ok=True)
        for folder in folders:
            (out_dir / folder).mkdir(exist_ok=True)
            for entry in (out_dir / folder).iterdir():
                if not (entry.name.startswith("IM") and entry.name[2:].isdigit() and entry.is_file()):
                    raise TargetError(f"{out_dir / folder} holds other things ({entry.name}); name a new folder")
                entry.unlink()
    except OSError as error:
        raise TargetError(f"cannot write to {out_dir}: {error.strerror or error}") from error


def generate(
    out_dir: Path,
    size: DemoSize = DemoSize.MEDIUM,
    progress: ProgressCallback = no_progress,
    cancel: CancelToken | None = None,
) -> DemoTruth:
    """Write four DICOM series and ``truth.json`` (last, so that its presence says that the rest is whole).

    ``progress`` is called from the calling thread with the number of files written. Raises ``TargetError`` when the
    folder cannot be used and ``Cancelled`` when cancelled; in both cases the files already written are taken away.
    Same version, size, machine: same bytes. Memory stays at a few planes per thread.
    """
    cancel = cancel or CancelToken()
    cancel.raise_if_cancelled()
    _prepare(out_dir, size)
    writer = _Writer(out_dir, size, cancel)
    total = sum(len(series.files) for series in layout(size)) + 1
    try:
        _work_through(writer, total, progress)
        truth = demo_truth(size)
        writer.written.append(out_dir / TRUTH_NAME)
        (out_dir / TRUTH_NAME).write_text(json.dumps(truth.document, ensure_ascii=False) + "\n", encoding="utf-8")
    except BaseException as error:
        for path in writer.written:
            path.unlink(missing_ok=True)
        if isinstance(error, OSError):
            raise TargetError(f"cannot write to {out_dir}: {error.strerror or error}") from error
        raise
    progress(Progress(STAGE, total, total))
    return truth


def _work_through(writer: _Writer, total: int, progress: ProgressCallback) -> None:
    """Run the parts on a few threads (numpy lets go of the interpreter) and report from this one."""
    threads = 1 if writer.size is DemoSize.SMALL else min(_THREADS, os.cpu_count() or 1)
    with ThreadPoolExecutor(max_workers=threads, thread_name_prefix="demo-patient") as pool:
        waiting: set[Future[None]] = {pool.submit(work) for work in _parts(writer)}
        failure: BaseException | None = None
        try:
            while waiting:
                done, waiting = wait(waiting, timeout=0.1, return_when=FIRST_EXCEPTION)
                for future in done:
                    error = future.exception()
                    if error is not None and (failure is None or isinstance(failure, Cancelled)):
                        failure = error
                        writer.failed.cancel()
                if failure is None:
                    progress(Progress(STAGE, len(writer.written), total))
        except BaseException:  # Ctrl+C or a fault of the listener: the threads must not write on
            writer.failed.cancel()
            raise
    if failure is not None:
        raise failure
