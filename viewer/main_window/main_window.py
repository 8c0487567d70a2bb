"""The window: bar, time rail, pictures, drawer, strip; and the wiring between them and the controllers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QCloseEvent, QDragEnterEvent, QDropEvent, QKeyEvent, QKeySequence, QShortcut
from PySide6.QtWidgets import QFileDialog, QHBoxLayout, QVBoxLayout, QWidget

from compare.hanging.window_presets import preset_by_key
from compare.identity.verdict import IdentityVerdict
from compare.pairing.roles import study_key_of
from compare.session import commands
from compare.session.comparison_session import ComparisonSession, LinkedAction
from compare.viewing.view_state import WindowOrigin
from loaders.errors import WorldError
from loaders.model.stack import StackKey
from loaders.model.study import Catalogue
from viewer.controllers.opening_controller import OpeningController
from viewer.controllers.session_controller import Command, SessionController
from viewer.controllers.viewport_presenter import viewport_models
from viewer.controllers.volume_store import VolumeStore
from viewer.jobs.job_runner import JobRunner
from viewer.main_window.viewport_grid import ViewportGrid
from viewer.panels.bottom_strip import BottomStrip, JobLine
from viewer.panels.drawer import Drawer
from viewer.panels.identity_bar import IdentityBar
from viewer.panels.problems_panel import ProblemsPanel
from viewer.panels.time_rail import TimeRail
from viewer.panels.top_bar import TopBar
from viewer.rendering.slice_renderer import SliceRenderer, SliceRequest
from viewer.tools.drag import Step
from viewer.viewport.viewport_model import ViewportModel
from viewer.viewport.viewport_widget import ViewportWidget

_PROBLEMS = "problems"


class MainWindow(QWidget):
    """Holds the parts together. All change goes through the session controller."""

    def __init__(
        self, renderer: SliceRenderer, volumes: VolumeStore, jobs: JobRunner, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.setWindowTitle("Diptych")
        self.setAcceptDrops(True)
        self._renderer = renderer
        self._volumes = volumes
        self._jobs = jobs
        self.session = SessionController(self)
        self.opening = OpeningController(self.session, jobs, self)
        self._verdict: IdentityVerdict | None = None
        self._models: tuple[ViewportModel, ...] = ()
        self.bar, self.rail, self.strip = TopBar(self), TimeRail(self), BottomStrip(self)
        self.drawer, self.problems, self.identity = Drawer(self), ProblemsPanel(self), IdentityBar(self)
        self.drawer.add_panel(_PROBLEMS, self.problems)
        self.grid = ViewportGrid(self._make_viewport, self)
        self._refit_timer = QTimer(self)
        self._refit_timer.setSingleShot(True)
        self._refit_timer.timeout.connect(self._refit)
        self._lay_out()
        self._connect()
        self._bind_keys()
        self.grid.arrange(self.session.session.layout)
        self._present()

    # ---- what others ask of it

    def open_paths(self, paths: Sequence[Path]) -> None:
        """Scan and show files, folders, discs and archives."""
        self.opening.canvas = self._canvas()
        self.opening.open_paths(paths)

    def viewports(self) -> list[ViewportWidget]:
        """The viewport widgets in use."""
        return [widget for widget in self.grid.widgets if isinstance(widget, ViewportWidget)]

    @property
    def is_settled(self) -> bool:
        """Whether no scan runs and every frame asked for is loaded or failed."""
        return not self._jobs.running and self._volumes.is_settled

    def set_flicker(self, *, is_held: bool) -> None:
        """While held, the current's viewport shows the prior at the same place and scale."""
        widgets = self.viewports()
        if len(widgets) < 2 or len(self._models) < 2:
            return
        prior = self._models[1]
        if not is_held or prior.volume is None:
            widgets[0].show_flicker(None, None)
            return
        widgets[0].show_flicker(prior, partial(self._render_on, prior, widgets[0]))

    def _render_on(self, model: ViewportModel, widget: ViewportWidget) -> NDArray[np.uint8] | None:
        width, height = widget.canvas_size
        if model.volume is None:
            return None
        return self._renderer.render(
            SliceRequest(model.volume, model.viewport.view, model.viewport.presentation, width, height)
        )

    # ---- building

    def _lay_out(self) -> None:
        middle = QHBoxLayout()
        middle.setContentsMargins(0, 0, 0, 0)
        middle.setSpacing(0)
        middle.addWidget(self.rail)
        middle.addWidget(self.grid, 1)
        middle.addWidget(self.drawer)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.bar)
        column.addWidget(self.identity)
        column.addLayout(middle, 1)
        column.addWidget(self.strip)

    def _make_viewport(self, index: int) -> QWidget:
        widget = ViewportWidget(index, self._renderer, self)
        widget.step_ready.connect(self._apply_step)
        widget.gesture_ended.connect(self.session.end_gesture)
        widget.wheel_scrolled.connect(self._scroll)
        widget.wheel_zoomed.connect(self._zoom_at)
        widget.slice_chosen.connect(self._scroll_to)
        widget.activated.connect(lambda at: self._do(partial(commands.set_active, index=at)))
        widget.maximise_asked.connect(lambda at: self._do(partial(commands.toggle_maximised, index=at)))
        widget.canvas_resized.connect(lambda _at: self._refit_timer.start(0))
        return widget

    def _connect(self) -> None:
        self.session.session_changed.connect(self._session_changed)
        self.opening.catalogue_changed.connect(self._catalogue_changed)
        self.opening.identity_changed.connect(self._identity_changed)
        self.opening.failed.connect(self._world_error)
        self._volumes.frames_arrived.connect(self._frames_arrived)
        self._volumes.failed.connect(lambda _key, error: self._world_error(error))
        self.bar.layout_chosen.connect(lambda rows, columns: self._do(_layout(rows, columns)))
        self.bar.open_requested.connect(self._choose_folder)
        self.rail.stack_activated.connect(self._show_in_active)
        self.rail.show_requested.connect(self._show_in_active)
        self.strip.problems_requested.connect(lambda: self.drawer.toggle_panel(_PROBLEMS))
        self.strip.cancel_requested.connect(lambda _job: self.opening.cancel())
        self.problems.counts_changed.connect(self.strip.set_problem_count)
        for signal in (self._jobs.job_started, self._jobs.job_progressed, self._jobs.job_ended):
            signal.connect(lambda _job: self._tell_jobs())

    def _bind_keys(self) -> None:
        keys: dict[str, Callable[[], None]] = {
            "Down": partial(self._scroll_active, 1),
            "Up": partial(self._scroll_active, -1),
            "Home": partial(self._scroll_active, -1_000_000),
            "End": partial(self._scroll_active, 1_000_000),
            "I": partial(self._do_active, commands.invert),
            "R": partial(self._do_active, commands.rotate, actions=(LinkedAction.ROTATION,)),
            "H": partial(self._do_active, commands.flip, actions=(LinkedAction.ROTATION,)),
            "L": partial(self._do, commands.toggle_links),
            "M": self._match_slices,
            "B": lambda: self.rail.set_collapsed(not self.rail.is_collapsed),
            "P": partial(self.drawer.toggle_panel, _PROBLEMS),
            "F11": lambda: self.showNormal() if self.isFullScreen() else self.showFullScreen(),
            "Ctrl+Z": self.session.undo,
            "Ctrl+Y": self.session.redo,
            "Ctrl+O": self._choose_folder,
            "Esc": self._reset_active,
        }
        for number in range(1, 10):
            keys[str(number)] = partial(self._preset, number)
        for sequence, action in keys.items():
            QShortcut(QKeySequence(sequence), self).activated.connect(action)

    # ---- commands

    def _do(self, command: Command) -> None:
        self.session.apply(command)

    def _do_active(self, command: Callable[..., ComparisonSession], *, actions: tuple[LinkedAction, ...] = ()) -> None:
        index = self.session.session.active
        self.session.apply(partial(command, index=index), moved=index, actions=actions)

    def _apply_step(self, index: int, step: Step, merge_key: str) -> None:
        self.session.apply(step.command, moved=index, actions=step.actions, merge_key=merge_key)

    def _scroll(self, index: int, steps: int) -> None:
        command = partial(commands.scroll_by, index=index, steps=steps, stacks=self.session.stacks)
        self._moved(index, command, LinkedAction.SCROLL)

    def _scroll_to(self, index: int, frame_index: int) -> None:
        command = partial(commands.scroll_to, index=index, frame_index=frame_index, stacks=self.session.stacks)
        self._moved(index, command, LinkedAction.SCROLL)

    def _zoom_at(self, index: int, factor: float, at_mm: tuple[float, float]) -> None:
        command = partial(commands.zoom_at, index=index, factor=factor, at_mm=at_mm, stacks=self.session.stacks)
        self._moved(index, command, LinkedAction.ZOOM)

    def _moved(self, index: int, command: Command, action: LinkedAction) -> None:
        if self.session.session.viewports[index].stack is not None:
            self.session.apply(command, moved=index, actions=(action,), merge_key=f"{action}-{index}")

    def _scroll_active(self, steps: int) -> None:
        self._scroll(self.session.session.active, steps)

    def _reset_active(self) -> None:
        index = self.session.session.active
        if self.session.session.viewports[index].stack is not None:
            canvas = self.viewports()[index].canvas_size
            self._do(partial(commands.reset_view, index=index, stacks=self.session.stacks, canvas=canvas))

    def _match_slices(self) -> None:
        if len(self.session.session.viewports) >= 2:
            self._do(partial(commands.match_slices, first=0, second=1, stacks=self.session.stacks))

    def _preset(self, number: int) -> None:
        session = self.session.session
        viewport = session.viewports[session.active]
        series = self.session.index.series_of(viewport.stack) if viewport.stack else None
        stack = self.session.stacks.get(viewport.stack) if viewport.stack else None
        if series is None or stack is None:
            return
        preset = preset_by_key(series.modality, stack.frames[0].values.unit, number)
        if preset is None:
            return
        for index, other in enumerate(session.viewports):
            shown = self.session.index.series_of(other.stack) if other.stack else None
            if shown is not None and shown.modality == series.modality:
                self._do(partial(commands.set_window, index=index, window=preset.window, origin=WindowOrigin.PRESET))

    def _show_in_active(self, key: StackKey) -> None:
        stack = self.session.stacks.get(key)
        if stack is None:
            return
        index = self.session.session.active
        study = self.session.index.study_of(key)
        canvas = self.viewports()[index].canvas_size
        self._do(
            partial(
                commands.show_stack,
                index=index,
                stack=stack,
                study_key=study_key_of(study) if study else "",
                canvas=canvas,
            )
        )

    def _choose_folder(self) -> None:
        folder = QFileDialog.getExistingDirectory(self, self.tr("Open folder or disc"))
        if folder:
            self.open_paths([Path(folder)])

    # ---- what comes back

    def _session_changed(self, before: ComparisonSession, after: ComparisonSession) -> None:
        if before.layout != after.layout:
            self.grid.arrange(after.layout)
            self.bar.set_layout(after.layout.rows, after.layout.columns)
            self._refit_timer.start(0)
        self._present()

    def _present(self) -> None:
        session = self.session.session
        shown = []
        for viewport in session.viewports:
            stack = self.session.stacks.get(viewport.stack) if viewport.stack else None
            if stack is not None:
                shown.append((stack, viewport.view.frame_index))
        self._volumes.show(shown)
        verdict = self._verdict.verdict if self._verdict and len(shown) > 1 else None
        self._models = viewport_models(self.session, self._volumes.volume, verdict, date.today())  # noqa: DTZ011
        for widget, model in zip(self.viewports(), self._models, strict=False):
            widget.show_model(model)
        self.rail.set_on_screen(frozenset(stack.key for stack, _ in shown))
        self._tell_patient()

    def _tell_patient(self) -> None:
        studies = [model.study for model in self._models if model.study is not None]
        self.bar.set_patient(studies[0].patient if studies else None, studies[0].study_date if studies else None)

    def _catalogue_changed(self, catalogue: Catalogue) -> None:
        self.rail.set_catalogue(catalogue)
        self.problems.set_catalogue(catalogue)

    def _identity_changed(self, verdict: IdentityVerdict) -> None:
        self._verdict = verdict
        self.identity.set_state(verdict)
        self._present()

    def _frames_arrived(self, key: StackKey) -> None:
        for widget in self.viewports():
            if widget.model.viewport.stack == key:
                widget.repaint_picture()

    def _world_error(self, error: WorldError) -> None:
        self.strip.set_source(error.message)

    def _tell_jobs(self) -> None:
        lines = []
        for job in self._jobs.running:
            progress = job.progress
            fraction = progress.done / progress.total if progress and progress.total else None
            lines.append(JobLine(job.identifier, self.tr("Reading files"), fraction))
        self.strip.set_jobs(lines)

    # ---- size, drop, end

    def _canvas(self) -> tuple[int, int]:
        ratio = self.devicePixelRatioF()
        return (max(round(self.grid.width() * ratio), 1), max(round(self.grid.height() * ratio), 1))

    def _refit(self) -> None:
        self.session.refit([widget.canvas_size for widget in self.viewports()])

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:  # noqa: N802  Qt's name
        """Take files and folders."""
        if event.mimeData().hasUrls():
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:  # noqa: N802  Qt's name
        """Open what was dropped."""
        paths = [Path(url.toLocalFile()) for url in event.mimeData().urls() if url.isLocalFile()]
        if paths:
            event.acceptProposedAction()
            self.open_paths(paths)

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802  Qt's name
        """Hold Space to flicker."""
        if event.key() == Qt.Key.Key_Space and not event.isAutoRepeat():
            self.set_flicker(is_held=True)
        else:
            super().keyPressEvent(event)

    def keyReleaseEvent(self, event: QKeyEvent) -> None:  # noqa: N802  Qt's name
        """Let Space go."""
        if event.key() == Qt.Key.Key_Space and not event.isAutoRepeat():
            self.set_flicker(is_held=False)
        else:
            super().keyReleaseEvent(event)

    def closeEvent(self, event: QCloseEvent) -> None:  # noqa: N802  Qt's name
        """Stop all work before the window goes."""
        self._volumes.close()
        self._jobs.close()
        super().closeEvent(event)


def _layout(rows: int, columns: int) -> Command:
    return partial(commands.set_layout, rows=rows, columns=columns)
