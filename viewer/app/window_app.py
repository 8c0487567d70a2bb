"""Start the window: workers first, since they take longest, then Qt, then what was named on the command line."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from compare.session.comparison_session import Role
from loaders.cache.memory_budget import MemoryBudget
from loaders.retrieval.launch_request import LaunchRefused, LaunchRequest, parse_launch
from loaders.workers.worker_pool import WorkerPool
from viewer.app.start_attempts import StartAttempts
from viewer.settings.settings import LANGUAGES, Settings, read_settings, settings_path

if TYPE_CHECKING:
    from viewer.main_window.main_window import MainWindow
    from viewer.translation.languages import Languages

#: How long a job's thread may keep Python's lock while the window waits for it; Python's own 5 ms add up to a stall.
_THREAD_SWITCH_S = 0.001
#: A window that has worked for so long counts as started.
_WORKS_AFTER_MS = 3000
_SIZE = (1600, 900)
_LAUNCH = "diptych:"
_LONGEST_WORKLIST = 65_536


@dataclass(frozen=True, slots=True)
class _Start:
    """How this start differs from a reader's: pictures of the window are made with nothing remembered."""

    paths: tuple[Path, ...]
    size: tuple[int, int] | None
    language: str
    screenshot: Path | None
    pictures: Path | None
    truth: Path | None
    is_safe: bool
    launch: LaunchRequest | None = None

    @property
    def is_for_pictures(self) -> bool:
        """Whether the window is only photographed."""
        return self.screenshot is not None or self.pictures is not None


def run_window(arguments: Sequence[str]) -> int:
    """Open the window and return the exit status.

    ``--screenshot PNG`` waits until everything is loaded, saves a picture of the window and ends.
    """
    parser = argparse.ArgumentParser(prog="diptych open", description="Open the window.", allow_abbrev=False)
    parser.add_argument("paths", nargs="*", type=Path, metavar="PATH", help="folders, files, discs or archives to open")
    parser.add_argument("--screenshot", type=Path, metavar="PNG", help="save a picture of the loaded window and end")
    parser.add_argument("--drive", type=Path, metavar="DIR", help="drive the window and leave pictures in DIR")
    parser.add_argument("--truth", type=Path, metavar="FILE", help="with --drive: the demo patient's truth.json")
    parser.add_argument(
        "--worklist", type=Path, metavar="FILE", help="a file that holds one diptych://open?... address"
    )
    parser.add_argument("--size", type=_size, metavar="WIDTHxHEIGHT", help="size of the window")
    parser.add_argument("--language", choices=LANGUAGES, default="", help="language of the window, this time")
    parser.add_argument("--safe", action="store_true", help="nothing remembered, no GPU, this time")
    # Taken out first: a path would lose one of its slashes.
    launches = [each for each in arguments if each.startswith(_LAUNCH)]
    chosen = parser.parse_args([each for each in arguments if not each.startswith(_LAUNCH)])
    start = _Start(
        tuple(chosen.paths),
        chosen.size,
        chosen.language,
        chosen.screenshot,
        chosen.drive,
        chosen.truth,
        chosen.safe,
        launch_of(launches, chosen.worklist),
    )
    sys.setswitchinterval(_THREAD_SWITCH_S)
    pool = WorkerPool().start()
    try:
        return _show(pool, start)
    finally:
        pool.close()


def launch_of(addresses: Sequence[str], worklist: Path | None) -> LaunchRequest | None:
    """Return what another program asks for, by address or by a file that holds one. Raises ``LaunchRefused``."""
    found = list(addresses)
    if worklist is not None:
        try:
            with worklist.open(encoding="utf-8") as stream:
                found += stream.read(_LONGEST_WORKLIST).split()
        except (OSError, ValueError) as error:
            raise LaunchRefused(f"{worklist.name} cannot be read") from error
        if not found:
            raise LaunchRefused(f"{worklist.name} holds no address")
    if len(found) > 1:
        raise LaunchRefused("one patient at a time: there is more than one address")
    return parse_launch(found[0]) if found else None


def _size(text: str) -> tuple[int, int]:
    width, _, height = text.partition("x")
    return int(width), int(height)


def _show(pool: WorkerPool, start: _Start) -> int:
    from PySide6.QtCore import QTimer  # noqa: PLC0415  after the workers have been started
    from PySide6.QtWidgets import QApplication  # noqa: PLC0415

    from viewer.app.crash_window import CrashWindow  # noqa: PLC0415
    from viewer.controllers.renderer_controller import ExchangeableRenderer, RendererController  # noqa: PLC0415
    from viewer.controllers.volume_store import VolumeStore  # noqa: PLC0415
    from viewer.jobs.job_runner import JobRunner  # noqa: PLC0415
    from viewer.main_window.main_window import MainWindow  # noqa: PLC0415
    from viewer.rendering.reference_renderer import ReferenceRenderer  # noqa: PLC0415
    from viewer.translation.languages import Languages  # noqa: PLC0415

    application = QApplication.instance() or QApplication(sys.argv[:1])
    assert isinstance(application, QApplication)  # noqa: S101  the line above made it
    application.setApplicationName("Diptych")
    attempts = StartAttempts(settings_path().parent)
    is_safe = start.is_safe or (not start.is_for_pictures and attempts.begin())
    remembered = read_settings(settings_path())
    settings = Settings(language=remembered.language) if is_safe else remembered
    if start.is_for_pictures:
        settings = Settings(language=remembered.language, hints_seen=frozenset({"flicker"}))
    # Before the first widget: the first style sheet freezes the faces of what was made before it.
    languages = Languages(application)
    languages.use(start.language or settings.language)
    jobs, renderer = JobRunner(), ExchangeableRenderer(ReferenceRenderer())
    window = MainWindow(
        renderer,
        VolumeStore(pool, MemoryBudget()),
        jobs,
        settings=settings,
        settings_file=None if is_safe or start.is_for_pictures else settings_path(),
    )
    # Pictures of the program are to be the same each time: there nothing is aligned by itself.
    window.registration.is_automatic = not start.is_for_pictures
    _connect_languages(languages, window)
    _place(window, start)
    crashes = CrashWindow(window, jobs.call_on_window_thread)
    gpu = RendererController(renderer, jobs, window)
    gpu.exchanged.connect(window.repaint_pictures)
    window.show()
    application.processEvents()
    if start.paths:
        window.open_paths(start.paths)
    if start.launch is not None:
        window.store.launch(start.launch)
    if is_safe:
        window.tell_safe_mode()
    try:
        if start.is_for_pictures:
            return _photograph(window, start)
        if not is_safe:
            gpu.start()
        QTimer.singleShot(_WORKS_AFTER_MS, attempts.succeed)
        status = application.exec()
        attempts.succeed()
        return status
    finally:
        gpu.stop()
        crashes.close()
        window.close()
        renderer.close()


def _connect_languages(languages: Languages, window: MainWindow) -> None:
    window.bar.set_language(languages.language)
    languages.language_changed.connect(window.bar.set_language)
    window.bar.language_chosen.connect(languages.use)
    window.bar.language_chosen.connect(lambda chosen: window.settings.change(language=chosen))


def _place(window: MainWindow, start: _Start) -> None:
    if start.size is not None:
        window.resize(*start.size)
    elif start.is_for_pictures or not window.settings.restore_place(window):
        window.resize(*_SIZE)


def _photograph(window: MainWindow, start: _Start) -> int:
    from viewer.app.demo_drive import drive, wait_until_settled  # noqa: PLC0415

    if start.pictures is not None:
        drive(window, start.pictures, None if start.truth is None else _grown_lesion(start.truth))
    if start.screenshot is not None:
        wait_until_settled(window)
        window.grab().save(str(start.screenshot))
    return 0


def _grown_lesion(truth: Path) -> dict[Role, NDArray[np.float64]]:
    """Return where the demo patient's grown nodule lies, LPS mm in either examination, by its ``truth.json``."""
    lesions = json.loads(truth.read_text(encoding="utf-8"))["lesions"]
    grown = next(lesion for lesion in lesions if lesion["change"] == "grown")
    return {role: np.array(grown[role.value]["centre_lps_mm"]) for role in (Role.CURRENT, Role.PRIOR)}
