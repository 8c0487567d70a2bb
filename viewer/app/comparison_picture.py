"""The real window with two given studies side by side, as a picture and as numbers."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from compare.hanging.comparison_choice import ComparisonChoice
from compare.pairing.series_pairs import pair_series
from compare.viewing.canvas import CanvasTransform
from loaders.cache.memory_budget import MemoryBudget
from loaders.workers.worker_pool import WorkerPool
from viewer.app.virtual_screen import screen
from viewer.headless.compare_document import ComparedStudies
from viewer.headless.output import OutputError
from viewer.settings.settings import Settings

if TYPE_CHECKING:
    from viewer.main_window.main_window import MainWindow

_SIZE = (1600, 900)


def picture_of_comparison(
    studies: ComparedStudies, paths: Sequence[Path], picture: Path, *, override_reason: str = ""
) -> list[dict[str, object]]:
    """Open the window on ``paths``, hang the two studies, write a PNG of it, and return the rows of ``views``.

    Each row is a viewport that shows something: ``role``, ``mm_per_pixel`` (of the screen's own pixels) and
    ``position_lps_mm``, the patient point in the middle of the viewport, ``None`` where the frame's place is not
    known. Raises ``NoScreen``, ``NothingShown`` when the window does not come to rest, ``OutputError``.
    """
    with screen(), WorkerPool() as pool:
        return _photograph(pool, studies, paths, picture, override_reason)


def _photograph(
    pool: WorkerPool, studies: ComparedStudies, paths: Sequence[Path], picture: Path, override_reason: str
) -> list[dict[str, object]]:
    from PySide6.QtCore import QEvent  # noqa: PLC0415
    from PySide6.QtWidgets import QApplication  # noqa: PLC0415 - after the workers and the screen

    from viewer.app.demo_drive import wait_until_settled  # noqa: PLC0415
    from viewer.controllers.volume_store import VolumeStore  # noqa: PLC0415
    from viewer.jobs.job_runner import JobRunner  # noqa: PLC0415
    from viewer.main_window.main_window import MainWindow  # noqa: PLC0415
    from viewer.rendering.reference_renderer import ReferenceRenderer  # noqa: PLC0415
    from viewer.translation.languages import Languages  # noqa: PLC0415

    application = QApplication.instance() or QApplication(sys.argv[:1])
    assert isinstance(application, QApplication)  # noqa: S101 - the line above made it
    application.setApplicationName("Diptych")
    Languages(application).use("en")
    renderer = ReferenceRenderer()
    settings = Settings(hints_seen=frozenset({"flicker"}))
    volumes = VolumeStore(pool, MemoryBudget())
    window = MainWindow(renderer, volumes, JobRunner(), settings=settings)
    volumes.setParent(window)
    try:
        window.resize(*_SIZE)
        window.show()
        window.open_paths(paths)
        wait_until_settled(window)
        window.hanging.show_choice(_choice(studies), override_reason)
        wait_until_settled(window)
        if not window.grab().save(str(picture), "PNG"):
            raise OutputError(f"cannot write {picture}")
        return views_of(window)
    finally:
        window.close()
        renderer.close()
        window.deleteLater()
        application.sendPostedEvents(window, QEvent.Type.DeferredDelete.value)


def _choice(studies: ComparedStudies) -> ComparisonChoice:
    pairs = pair_series(studies.current, studies.prior).pairs
    return ComparisonChoice(studies.current, studies.prior, pairs[0] if pairs else None)


def views_of(window: MainWindow) -> list[dict[str, object]]:
    """Return a row for every viewport that shows a picture."""
    controller = window.session
    rows: list[dict[str, object]] = []
    for widget, viewport in zip(window.viewports(), controller.session.viewports, strict=False):
        stack = controller.stacks.get(viewport.stack) if viewport.stack else None
        if stack is None:
            continue
        frame = stack.frames[viewport.view.frame_index]
        width, height = widget.canvas_size
        middle = CanvasTransform.of(viewport.view, frame, width, height).canvas_to_lps(width / 2.0, height / 2.0)
        rows.append(
            {
                "role": viewport.role.value,
                "mm_per_pixel": viewport.view.mm_per_pixel if frame.spacing.is_mm else None,
                "position_lps_mm": None if middle is None else [round(float(value), 4) for value in middle],
            }
        )
    return rows
