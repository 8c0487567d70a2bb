"""Start the window: workers first, since they take longest, then Qt, then what was named on the command line."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from compare.session.comparison_session import Role
from loaders.cache.memory_budget import MemoryBudget
from loaders.workers.worker_pool import WorkerPool
from viewer.settings.settings import LANGUAGES, read_settings, settings_path


def run_window(arguments: Sequence[str]) -> int:
    """Open the window and return the exit status.

    ``--screenshot PNG`` waits until everything is loaded, saves a picture of the window and ends.
    """
    parser = argparse.ArgumentParser(prog="diptych open", description="Open the window.", allow_abbrev=False)
    parser.add_argument("paths", nargs="*", type=Path, metavar="PATH", help="folders, files, discs or archives to open")
    parser.add_argument("--screenshot", type=Path, metavar="PNG", help="save a picture of the loaded window and end")
    parser.add_argument("--drive", type=Path, metavar="DIR", help="drive the window and leave pictures in DIR")
    parser.add_argument("--truth", type=Path, metavar="FILE", help="with --drive: the demo patient's truth.json")
    parser.add_argument("--size", default="1600x900", help="size of the window, WIDTHxHEIGHT")
    parser.add_argument("--language", choices=LANGUAGES, default="", help="language of the window, this time")
    chosen = parser.parse_args(arguments)
    width, height = (int(number) for number in chosen.size.split("x"))
    pool = WorkerPool().start()
    try:
        return _show(
            pool,
            chosen.paths,
            (width, height),
            language=chosen.language,
            screenshot=chosen.screenshot,
            pictures=chosen.drive,
            truth=chosen.truth,
        )
    finally:
        pool.close()


def _show(
    pool: WorkerPool,
    paths: Sequence[Path],
    size: tuple[int, int],
    *,
    language: str,
    screenshot: Path | None,
    pictures: Path | None,
    truth: Path | None,
) -> int:
    from PySide6.QtWidgets import QApplication  # noqa: PLC0415  after the workers have been started

    from viewer.app.demo_drive import drive, wait_until_settled  # noqa: PLC0415
    from viewer.controllers.volume_store import VolumeStore  # noqa: PLC0415
    from viewer.jobs.job_runner import JobRunner  # noqa: PLC0415
    from viewer.main_window.main_window import MainWindow  # noqa: PLC0415
    from viewer.rendering.presentation_grey import presentation_pixels, presentation_table  # noqa: PLC0415
    from viewer.rendering.reference_renderer import ReferenceRenderer  # noqa: PLC0415
    from viewer.translation.languages import Languages  # noqa: PLC0415

    application = QApplication.instance() or QApplication(sys.argv[:1])
    assert isinstance(application, QApplication)  # noqa: S101  the line above made it
    application.setApplicationName("Diptych")
    languages = Languages(application)
    languages.use(language or read_settings(settings_path()).language)
    volumes = VolumeStore(pool, MemoryBudget())
    window = MainWindow(ReferenceRenderer(presentation_table, presentation_pixels), volumes, JobRunner())
    window.bar.set_language(languages.language)
    window.bar.language_chosen.connect(languages.use)
    languages.language_changed.connect(window.bar.set_language)
    window.resize(*size)
    window.show()
    application.processEvents()
    if paths:
        window.open_paths(paths)
    if screenshot is None and pictures is None:
        return application.exec()
    try:
        if pictures is not None:
            drive(window, pictures, None if truth is None else _grown_lesion(truth))
        if screenshot is not None:
            wait_until_settled(window)
            window.grab().save(str(screenshot))
    finally:
        window.close()
    return 0


def _grown_lesion(truth: Path) -> dict[Role, NDArray[np.float64]]:
    """Return where the demo patient's grown nodule lies, LPS mm in either examination, by its ``truth.json``."""
    lesions = json.loads(truth.read_text(encoding="utf-8"))["lesions"]
    grown = next(lesion for lesion in lesions if lesion["change"] == "grown")
    return {role: np.array(grown[role.value]["centre_lps_mm"]) for role in (Role.CURRENT, Role.PRIOR)}
