"""The real window with real workers, and studies on disk to open in it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QMimeData, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from loaders.cache.memory_budget import MemoryBudget
from loaders.workers.worker_pool import WorkerPool
from tests.support.dicom_files import SeriesRecipe, write_series
from viewer.controllers.volume_store import VolumeStore
from viewer.jobs.job_runner import JobRunner
from viewer.main_window.main_window import MainWindow
from viewer.main_window.theme import apply_theme
from viewer.rendering.reference_renderer import ReferenceRenderer
from viewer.settings.settings import Settings

MakeWindow = Callable[..., MainWindow]


@pytest.fixture(scope="package")
def pool() -> Iterator[WorkerPool]:
    with WorkerPool(2) as running:
        running.wait_ready()
        yield running


@pytest.fixture
def make_window(qtbot: QtBot, qapp: QApplication, pool: WorkerPool) -> Iterator[MakeWindow]:
    """Makes windows like the program's own, active and laid out; they are closed after the test."""
    apply_theme(qapp, "en")
    made: list[tuple[MainWindow, ReferenceRenderer]] = []

    def make(*, settings: Settings | None = None, settings_file: Path | None = None) -> MainWindow:
        renderer = ReferenceRenderer()
        volumes = VolumeStore(pool, MemoryBudget(1 << 30))
        window = MainWindow(
            renderer, volumes, JobRunner(), settings=settings or Settings(), settings_file=settings_file
        )
        made.append((window, renderer))
        window.resize(1280, 800)
        with qtbot.waitExposed(window):
            window.show()
        window.activateWindow()  # keys reach an active window only
        qtbot.waitUntil(window.isActiveWindow, timeout=10_000)
        return window

    yield make
    for window, renderer in made:
        window.close()
        window.deleteLater()
        renderer.close()
    qapp.processEvents()


@pytest.fixture
def window(make_window: MakeWindow) -> MainWindow:
    return make_window()


def settle(qtbot: QtBot, window: MainWindow) -> None:
    """Wait until no job runs and everything on screen has arrived."""
    qtbot.waitUntil(lambda: window.is_settled, timeout=20_000)
    qtbot.wait(20)


def write_study(
    folder: Path,
    study: str,
    date: str,
    *,
    issuer: str = "HOSPITAL",
    patient_id: str = "T0001",
    name: str = "CHAN^TAI MAN",
    birth_date: str = "19600229",
    series: tuple[str, ...] = ("lung",),
    slices: int = 12,
    number_first: int = 1,
    **more: Any,
) -> Path:
    """Write a CT study with one or more series; return its folder."""
    for number, description in enumerate(series, start=number_first):
        overrides = {
            "IssuerOfPatientID": issuer,
            "InstitutionName": issuer,
            "PatientBirthDate": birth_date,
            "SeriesNumber": number,
            "StudyDescription": "CT CHEST",
            "BodyPartExamined": "CHEST",
            **more,
        }
        recipe = SeriesRecipe(
            name=description,
            slices=slices,
            rows=32,
            columns=32,
            study=study,
            study_date=date,
            patient_id=patient_id,
            patient_name=name,
            frame_of_reference=study,
            overrides=overrides,
        )
        write_series(folder / description, recipe)
    return folder


def drop(target: QWidget, data: QMimeData) -> bool:
    """Drag something in over a widget and let it go, as Qt delivers it: to whoever under it takes drops."""
    middle, copy = target.rect().center(), Qt.DropAction.CopyAction
    left, plain = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    enter = QDragEnterEvent(middle, copy, data, left, plain)
    QApplication.sendEvent(target, enter)
    if not enter.isAccepted():
        return False
    QApplication.sendEvent(target, QDropEvent(QPointF(middle), copy, data, left, plain))
    return True


def drop_paths(target: QWidget, *paths: Path) -> bool:
    """Drop files and folders as a file manager does."""
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path)) for path in paths])
    return drop(target, data)


def hung(window: MainWindow) -> list[str]:
    """Study dates on screen by viewport, empty for a viewport without one."""
    models = window.presenting.models
    return [model.study.study_date.isoformat() if model.study and model.study.study_date else "" for model in models]


def has_picture(window: MainWindow, index: int) -> bool:
    """Whether a viewport may paint pixels of what hangs in it."""
    model = window.presenting.models[index]
    return model.volume is not None and not model.blocked_reason
