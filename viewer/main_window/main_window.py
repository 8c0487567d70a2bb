"""The window: bar, time rail, pictures, drawer, strip. It puts the parts together; the controllers do the work."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtGui import QCloseEvent, QDragEnterEvent, QDropEvent, QKeyEvent
from PySide6.QtWidgets import QFileDialog, QHBoxLayout, QVBoxLayout, QWidget

from compare.identity.verdict import IdentityVerdict, Verdict
from compare.pairing.roles import study_key_of
from compare.session import commands
from loaders.errors import WorldError
from loaders.model.stack import StackKey
from loaders.model.study import Catalogue
from viewer.controllers.opening_controller import OpeningController
from viewer.controllers.picture_controllers import PictureControllers
from viewer.controllers.presenting_controller import PresentingController
from viewer.controllers.session_controller import SessionController
from viewer.controllers.view_controller import ViewController
from viewer.controllers.volume_store import VolumeStore
from viewer.jobs.job_runner import JobRunner
from viewer.main_window.key_bindings import KeyBindings
from viewer.main_window.viewport_grid import ViewportGrid
from viewer.panels.bottom_strip import BottomStrip, JobLine
from viewer.panels.drawer import Drawer
from viewer.panels.dropped_paths import dropped_paths
from viewer.panels.help_overlay import HelpOverlay
from viewer.panels.identity_bar import IdentityBar
from viewer.panels.problems_panel import ProblemsPanel
from viewer.panels.time_rail import TimeRail
from viewer.panels.top_bar import PointerTool, TopBar
from viewer.rendering.slice_renderer import SliceRenderer
from viewer.viewport.viewport_widget import ViewportWidget

_PROBLEMS = "problems"
_MEASUREMENTS = "measurements"


class MainWindow(QWidget):
    """Holds the parts together. All change goes through the session controller."""

    def __init__(
        self, renderer: SliceRenderer, volumes: VolumeStore, jobs: JobRunner, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.setWindowTitle("Diptych")
        self.setAcceptDrops(True)
        self._renderer, self._volumes, self._jobs = renderer, volumes, jobs
        self._verdict: IdentityVerdict | None = None
        self._told: frozenset[StackKey] = frozenset()
        self.session = SessionController(self)
        self.grid = ViewportGrid(self._make_viewport, self)
        self.opening = OpeningController(self.session, jobs, self)
        self.view = ViewController(self.session, self.viewports, self)
        self.presenting = PresentingController(self.session, volumes, self.grid, self._verdict_shown, self)
        self.pictures = PictureControllers(
            self.session, volumes, jobs, viewports=self.viewports, view_deeds=self.view.deeds(), parent=self
        )
        self.presenting.cine_note = self.pictures.cine.note
        self.bar, self.rail, self.strip = TopBar(self), TimeRail(self), BottomStrip(self)
        self.drawer, self.problems, self.identity = Drawer(self), ProblemsPanel(self), IdentityBar(self)
        self.drawer.add_panel(_PROBLEMS, self.problems)
        self.drawer.add_panel(_MEASUREMENTS, self.pictures.panel)
        self._lay_out()
        self._connect()
        self.help = HelpOverlay(self)
        self.keys = KeyBindings(
            self,
            self._deeds(),
            numbered={"preset": self.pictures.grey.preset},
            held={"flicker": self.pictures.flicker.hold},
        )
        self.presenting.present()

    # ---- what others ask of it

    def open_paths(self, paths: Sequence[Path]) -> None:
        """Scan and show files, folders, discs and archives."""
        self.opening.canvas = self._canvas()
        self.opening.open_paths(paths)

    def viewports(self) -> list[ViewportWidget]:
        """The viewport widgets in use."""
        return self.grid.viewports()

    @property
    def is_settled(self) -> bool:
        """Whether no scan runs and every frame asked for is loaded or failed."""
        return not self._jobs.running and self._volumes.is_settled

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
        self.view.connect_viewport(widget)
        self.pictures.connect_viewport(widget)
        widget.canvas_resized.connect(lambda _at: self.presenting.refit_soon())
        return widget

    def _connect(self) -> None:
        self.presenting.presented.connect(self._tell_shown)
        self.presenting.presented.connect(self.pictures.flicker.prepare)
        self.pictures.cine.changed.connect(self.presenting.present)
        self.bar.tool_chosen.connect(self._take_tool)
        self.pictures.measuring.tool_changed.connect(self._tell_tool)
        self.opening.catalogue_changed.connect(self._catalogue_changed)
        self.opening.identity_changed.connect(self._identity_changed)
        self.opening.failed.connect(self._world_error)
        self._volumes.failed.connect(lambda _key, error: self._world_error(error))
        self.bar.layout_chosen.connect(self.view.set_layout)
        self.bar.open_requested.connect(self._choose_folder)
        self.bar.help_requested.connect(self._open_help)
        self.rail.stack_activated.connect(self._show_in_active)
        self.rail.show_requested.connect(self._show_in_active)
        self.strip.problems_requested.connect(lambda: self.drawer.toggle_panel(_PROBLEMS))
        self.strip.cancel_requested.connect(lambda _job: self.opening.cancel())
        self.problems.counts_changed.connect(self.strip.set_problem_count)
        for signal in (self._jobs.job_started, self._jobs.job_progressed, self._jobs.job_ended):
            signal.connect(lambda _job: self._tell_jobs())

    def _deeds(self) -> dict[str, Callable[[], None]]:
        """Everything a key can do; each controller brings its own."""
        return {
            **self.view.deeds(),
            **self.pictures.deeds(),
            "toggle_measurements": partial(self.drawer.toggle_panel, _MEASUREMENTS),
            "reset_view": self._close_or_reset,
            "fold_rail": lambda: self.rail.set_collapsed(not self.rail.is_collapsed),
            "toggle_panel": partial(self.drawer.toggle_panel, _PROBLEMS),
            "full_screen": self._toggle_full_screen,
            "open_folder": self._choose_folder,
            "undo": self.session.undo,
            "redo": self.session.redo,
            "help": self._open_help,
        }

    # ---- deeds

    def _take_tool(self, tool: PointerTool) -> None:
        self.pictures.measuring.take_tool(None if tool is PointerTool.WINDOW else tool.value)

    def _tell_tool(self, tool: str) -> None:
        self.bar.set_tool(PointerTool(tool or PointerTool.WINDOW))

    def _close_or_reset(self) -> None:
        if self.drawer.open_name:
            self.drawer.close_panel()
        else:
            self.view.reset_active()

    def _toggle_full_screen(self) -> None:
        self.setWindowState(self.windowState() ^ Qt.WindowState.WindowFullScreen)

    def _open_help(self) -> None:
        self.help.set_keys(self.keys.groups())
        self.help.open_over()

    def _show_in_active(self, key: StackKey) -> None:
        stack = self.session.stacks.get(key)
        if stack is None:
            return
        index = self.session.session.active
        study = self.session.index.study_of(key)
        canvas = self.viewports()[index].canvas_size
        study_key = study_key_of(study) if study else ""
        self.view.do(partial(commands.show_stack, index=index, stack=stack, study_key=study_key, canvas=canvas))

    def _choose_folder(self) -> None:
        folder = QFileDialog.getExistingDirectory(self, self.tr("Open folder or disc"))
        if folder:
            self.open_paths([Path(folder)])

    # ---- what comes back

    def _verdict_shown(self) -> Verdict | None:
        return self._verdict.verdict if self._verdict else None

    def _tell_shown(self) -> None:
        layout = self.session.session.layout
        self.bar.set_layout(layout.rows, layout.columns)
        if self.presenting.shown != self._told:  # not with every slice: the rail would paint itself anew
            self._told = self.presenting.shown
            self.rail.set_on_screen(self._told)
        studies = [model.study for model in self.presenting.models if model.study is not None]
        self.bar.set_patient(studies[0].patient if studies else None, studies[0].study_date if studies else None)

    def _catalogue_changed(self, catalogue: Catalogue) -> None:
        self.rail.set_catalogue(catalogue)
        self.problems.set_catalogue(catalogue)

    def _identity_changed(self, verdict: IdentityVerdict) -> None:
        self._verdict = verdict
        self.identity.set_state(verdict)
        self.presenting.present()

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

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:  # noqa: N802  Qt's name
        """Take files and folders."""
        if event.mimeData().hasUrls():
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:  # noqa: N802  Qt's name
        """Open what was dropped."""
        paths = dropped_paths(event.mimeData())
        if paths:
            event.acceptProposedAction()
            self.open_paths(paths)

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802  Qt's name
        """A key that lasts while it is down."""
        if not self.keys.take(event, is_down=True):
            super().keyPressEvent(event)

    def keyReleaseEvent(self, event: QKeyEvent) -> None:  # noqa: N802  Qt's name
        """Such a key let go."""
        if not self.keys.take(event, is_down=False):
            super().keyReleaseEvent(event)

    def closeEvent(self, event: QCloseEvent) -> None:  # noqa: N802  Qt's name
        """Stop all work before the window goes."""
        self._volumes.close()
        self._jobs.close()
        self.pictures.close()
        super().closeEvent(event)
