"""The window: bar, time rail, pictures, drawer, strip. It puts the parts together; the controllers do the work."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from PySide6.QtCore import QEvent
from PySide6.QtGui import QCloseEvent, QDragEnterEvent, QDropEvent, QKeyEvent
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from loaders.errors import WorldError
from loaders.model.stack import StackKey
from loaders.model.study import Catalogue
from viewer.controllers.aligned_view_controller import AlignedViewController
from viewer.controllers.changes_controller import ChangesController
from viewer.controllers.demo_controller import DemoController
from viewer.controllers.export_controller import ExportController, ExportSources
from viewer.controllers.hanging_controller import CanvasSizes, HangingController
from viewer.controllers.identity_controller import IdentityController
from viewer.controllers.job_strip_controller import JobStripController
from viewer.controllers.lesions_controller import LesionsController
from viewer.controllers.objects_controller import ObjectsController
from viewer.controllers.opening_controller import OpeningController
from viewer.controllers.pairing_controller import PairingController
from viewer.controllers.picture_controllers import PictureControllers
from viewer.controllers.planes_controller import PlanesController
from viewer.controllers.presenting_controller import PresentingController
from viewer.controllers.protocol_controller import ProtocolController
from viewer.controllers.registration_controller import RegistrationController
from viewer.controllers.session_controller import SessionController
from viewer.controllers.session_file_controller import SessionFileController
from viewer.controllers.settings_controller import SettingsController
from viewer.controllers.thumbnail_controller import ThumbnailController
from viewer.controllers.view_controller import ViewController
from viewer.controllers.volume_store import VolumeStore
from viewer.jobs.job_runner import JobKind, JobRunner
from viewer.main_window.chrome import Chrome
from viewer.main_window.key_bindings import KeyBindings
from viewer.main_window.measure_menu import MeasureMenu
from viewer.main_window.opening_desk import OpeningDesk
from viewer.main_window.picture_area import PictureArea
from viewer.main_window.viewport_grid import ViewportGrid
from viewer.panels.bottom_strip import BottomStrip
from viewer.panels.drawer import Drawer
from viewer.panels.dropped_paths import dropped_paths
from viewer.panels.empty_state import EmptyState
from viewer.panels.hint import Hint
from viewer.panels.identity_bar import IdentityBar
from viewer.panels.notice_bar import NoticeBar
from viewer.panels.pair_bar import PairBar
from viewer.panels.problems_panel import ProblemsPanel
from viewer.panels.refusal_words import refusal_words
from viewer.panels.time_rail import TimeRail
from viewer.panels.top_bar import PointerTool, TopBar
from viewer.rendering.reference_renderer import ReferenceRenderer
from viewer.rendering.slice_renderer import SliceRenderer
from viewer.settings.settings import Settings
from viewer.store.store_desk import StoreDesk
from viewer.viewport.viewport_widget import ViewportWidget

_PROBLEMS = "problems"
_MEASUREMENTS = "measurements"
_OBJECTS = "objects"
_LESIONS = "lesions"
_CHANGES = "changes"


class MainWindow(QWidget):
    """Holds the parts together. All change goes through the session controller.

    ``settings`` is what was remembered; it is written to ``settings_file``, or nowhere without one.
    """

    def __init__(
        self,
        renderer: SliceRenderer,
        volumes: VolumeStore,
        jobs: JobRunner,
        parent: QWidget | None = None,
        *,
        settings: Settings = Settings(),  # noqa: B008 - a frozen value
        settings_file: Path | None = None,
    ) -> None:
        super().__init__(parent)
        self.setWindowTitle("Diptych")
        self.setAcceptDrops(True)
        self._renderer, self._volumes, self._jobs = renderer, volumes, jobs
        self._thumbnail_renderer = ReferenceRenderer()
        self._make_panels()
        self._make_controllers(settings, settings_file)
        self._lay_out()
        self.chrome = Chrome(self, self.settings)
        self._connect()
        self.keys = KeyBindings(
            self,
            self._deeds(),
            numbered={"preset": self.pictures.grey.preset},
            held={"flicker": self.pictures.flicker.hold},
        )
        self.chrome.use_keys(self.keys)
        self.bar.set_measure_menu(MeasureMenu(self._deeds(), self))
        self.presenting.present()

    # ---- what others ask of it

    def open_paths(self, paths: Sequence[Path]) -> None:
        """Scan and show files, folders, discs and archives."""
        self.opening.open_paths(paths)

    def viewports(self) -> list[ViewportWidget]:
        """The viewport widgets in use."""
        return self.grid.viewports()

    @property
    def is_settled(self) -> bool:
        """Whether no job runs but an alignment, and every frame asked for is loaded or failed."""
        is_busy = any(job.kind is not JobKind.ALIGN for job in self._jobs.running)
        return not is_busy and self._volumes.is_settled and self.thumbnails.is_settled

    @property
    def jobs(self) -> JobRunner:
        """Runs what takes time."""
        return self._jobs

    def forget(self, keys: Sequence[StackKey]) -> None:
        """Give up the pixels of stacks that may not be seen any more."""
        self._volumes.forget(keys)
        self.presenting.present()

    def repaint_pictures(self) -> None:
        """Draw every picture again, after the renderer was exchanged."""
        for widget in self.viewports():
            widget.repaint_picture()

    def tell_error(self, error: WorldError, which: str = "") -> None:
        """Say what the world did, where it is not in the way."""
        self.notice.show_error(error, which)

    def tell_safe_mode(self) -> None:
        """Say that this start is a careful one."""
        self.notice.show_words(partial(refusal_words, "safe_mode"), is_passing=False, tone="warning")

    # ---- building

    def _make_panels(self) -> None:
        self.bar, self.rail, self.strip = TopBar(self), TimeRail(self), BottomStrip(self)
        self.drawer, self.problems, self.identity = Drawer(self), ProblemsPanel(self), IdentityBar(self)
        self.pair_bar = PairBar(self)
        self.drawer.add_panel(_PROBLEMS, self.problems)
        self.area, self.empty = PictureArea(self), EmptyState(self)
        self.notice, self.hint = NoticeBar(self.area), Hint(self.area)
        self.grid = ViewportGrid(self._make_viewport, self.area)

    def _make_controllers(self, settings: Settings, settings_file: Path | None) -> None:
        jobs, volumes = self._jobs, self._volumes
        self.settings = SettingsController(settings, settings_file, jobs, self)
        self.session = SessionController(self)
        self.opening = OpeningController(self.session, jobs, volumes.pool, self)
        self.view = ViewController(self.session, self.viewports, self)
        self.hanging = HangingController(
            self.session,
            self.opening,
            jobs,
            CanvasSizes(lambda: self.area.canvas_size, lambda: [widget.canvas_size for widget in self.viewports()]),
            self,
        )
        protocols = settings_file.parent / "hanging_protocols" if settings_file is not None else None
        self.protocols = ProtocolController(self.session, self.hanging, lambda: self.area.canvas_size, protocols, self)
        self.identity_guard = IdentityController(self.session, self.hanging, self.identity, self)
        self.pairing = PairingController(self.session, self.hanging, self.settings, volumes, jobs, self.pair_bar, self)
        self.presenting = PresentingController(self.session, volumes, self.grid, self)
        self.pictures = PictureControllers(
            self.session, volumes, jobs, viewports=self.viewports, view_deeds=self.view.deeds(), parent=self
        )
        self.presenting.cine_note = self.pictures.cine.note
        self.registration = RegistrationController(self.session, volumes, jobs, self)
        self.presenting.link_note = self.registration.note
        self.presenting.slice_errors = self.registration.slice_errors
        self.aligned = AlignedViewController(self.session, self.registration, jobs, self.viewports, self)
        volumes.dropped.connect(self.aligned.release)
        self.changes = ChangesController(
            self.session, self.registration, volumes, jobs, go_to=self.pictures.cursor.go_to, parent=self
        )
        self.drawer.add_panel(_CHANGES, self.changes.panel)
        self.planes = PlanesController(self.session, self.presenting, volumes, self.area, jobs=jobs, parent=self)
        self.pictures.menu.add_deeds(self.planes.deeds())
        self.drawer.add_panel(_MEASUREMENTS, self.pictures.panel)
        self.lesions = LesionsController(self.session, self.pictures.measuring, self.viewports, self)
        self.drawer.add_panel(_LESIONS, self.lesions.panel)
        self.objects = ObjectsController(self.session, volumes.pool, jobs, self.viewports, self)
        self.objects.folder, self.presenting.dress = lambda: self.opening.folder, self.objects.dress
        self.objects.on_change = self.presenting.present
        self.drawer.add_panel(_OBJECTS, self.objects.panel)
        self.thumbnails = ThumbnailController(volumes.pool, volumes.budget, jobs, self._thumbnail_renderer, self)
        self.session_files = SessionFileController(self.session, jobs, self)
        sources = ExportSources(
            volumes.pool, lambda: self.opening.folder, lambda: self.grid.grab().toImage(), self.bar.language
        )
        self.exports = ExportController(self.session, jobs, sources, self)
        self.demo = DemoController(jobs, self)
        self.desk = OpeningDesk(self.opening, self.demo, self.empty, self.bar, self)
        self.job_strip = JobStripController(jobs, self.opening, volumes, self.strip)
        self.store = StoreDesk(self)
        volumes.source_of = self.thumbnails.source_of = self.opening.source_of

    def _lay_out(self) -> None:
        self.area.fill(self.grid, self.empty)
        self.area.add_floating(self.notice)
        middle = QHBoxLayout()
        middle.setContentsMargins(0, 0, 0, 0)
        middle.setSpacing(0)
        middle.addWidget(self.rail)
        middle.addWidget(self.area, 1)
        middle.addWidget(self.drawer)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.bar)
        column.addWidget(self.identity)
        column.addWidget(self.pair_bar)
        column.addWidget(self.store.banner)
        column.addLayout(middle, 1)
        column.addWidget(self.strip)

    def _make_viewport(self, index: int) -> QWidget:
        widget = ViewportWidget(index, self._renderer, self)
        self.view.connect_viewport(widget)
        widget.profile = self.settings.settings.profile.value
        self.pictures.connect_viewport(widget)
        widget.canvas_resized.connect(lambda _at: self.presenting.refit_soon())
        return widget

    def _connect(self) -> None:
        self.opening.catalogue_changed.connect(self._catalogue_changed)
        self.opening.scan_started.connect(self.chrome.tell_shown)
        self.opening.scan_ended.connect(lambda _is_whole: self.chrome.tell_shown())
        self.opening.scan_ended.connect(lambda _is_whole: self.objects.link_registrations())
        self.presenting.presented.connect(self.chrome.tell_shown)
        self.presenting.presented.connect(self.pictures.flicker.prepare)
        self.presenting.presented.connect(self.aligned.refresh)
        self.presenting.presented.connect(self.changes.refresh)
        self.presenting.presented.connect(lambda: self.objects.show_models(self.presenting.models))
        self.presenting.presented.connect(self.lesions.show_rings)
        self.registration.changed.connect(self.presenting.present)
        self.pictures.cine.changed.connect(self.presenting.present)
        self.bar.tool_chosen.connect(self._take_tool)
        self.pictures.measuring.tool_changed.connect(self._tell_tool)
        self.session.refused.connect(lambda code: self.notice.show_words(partial(refusal_words, code)))
        self.grid.stack_dropped.connect(self.hanging.show_stack)
        self.grid.stack_dropped.connect(self.pairing.remember_drop)
        self.bar.layout_chosen.connect(self._choose_layout)
        self.rail.stack_activated.connect(self.hanging.compare_stack)
        self.rail.study_activated.connect(self.hanging.compare_study)
        self.rail.show_requested.connect(lambda key: self.hanging.show_stack(self.session.session.active, key))
        self.rail.thumbnails_wanted.connect(lambda keys: self.thumbnails.want(keys, self.session.stacks.get))
        self.thumbnails.thumbnail_ready.connect(self.rail.set_thumbnail)
        self.hanging.pairing_changed.connect(self.rail.set_pair_numbers)
        self.session_files.told.connect(self.notice.show_words)
        self.pairing.told.connect(self.notice.show_words)
        self.protocols.told.connect(self.notice.show_words)
        self.exports.told.connect(lambda words: self.notice.show_words(words, is_passing=False))
        self.strip.problems_requested.connect(lambda: self.drawer.toggle_panel(_PROBLEMS))
        self.problems.counts_changed.connect(self.strip.set_problem_count)
        self.notice.changed.connect(self.area.place_floating)
        for teller in (self.opening, self.session_files, self.protocols, self.demo):
            teller.failed.connect(self.tell_error)
        self._volumes.dropped.connect(self._renderer.release)
        self._volumes.failed.connect(lambda key, error: self.tell_error(error, self._series_text(key)))

    def _deeds(self) -> dict[str, Callable[[], None]]:
        """Everything a key can do; each controller brings its own."""
        return {
            **self.view.deeds(),
            **self.hanging.deeds(),
            **self.protocols.deeds(),
            **self.pairing.deeds(),
            **self.session_files.deeds(),
            **self.desk.deeds(),
            **self.chrome.deeds(),
            **self.pictures.deeds(),
            **self.registration.deeds(),
            **self.aligned.deeds(),
            **self.planes.deeds(),
            **self.lesions.deeds(),
            **self.exports.deeds(),
            "toggle_lesions": partial(self.drawer.toggle_panel, _LESIONS),
            **self.store.deeds(),
            "toggle_measurements": partial(self.drawer.toggle_panel, _MEASUREMENTS),
            "toggle_changes": partial(self.drawer.toggle_panel, _CHANGES),
            "toggle_objects": partial(self.drawer.toggle_panel, _OBJECTS),
            "reset_view": self._close_or_reset,
            "toggle_panel": partial(self.drawer.toggle_panel, _PROBLEMS),
            "undo": self.session.undo,
            "redo": self.session.redo,
        }

    # ---- deeds

    def _take_tool(self, tool: PointerTool) -> None:
        measuring = self.pictures.measuring
        kind = measuring.last_kind if tool is PointerTool.MEASURE else tool.value
        measuring.take_tool(None if tool is PointerTool.WINDOW else kind)

    def _tell_tool(self, tool: str) -> None:
        measures = self.pictures.measuring.is_measuring
        self.bar.set_tool(PointerTool.MEASURE if measures else PointerTool(tool or PointerTool.WINDOW))

    def _close_or_reset(self) -> None:
        if self.pictures.measuring.cancel_draft():
            return
        if self.store.panel.isVisible():
            self.store.panel.close_panel()
        elif self.drawer.open_name:
            self.drawer.close_panel()
        elif self.planes.is_open:
            self.planes.close_panel()
        else:
            self.view.reset_active()

    def _choose_layout(self, rows: int, columns: int) -> None:
        self.view.set_layout(rows, columns)
        self.settings.change(layout=(rows, columns))

    # ---- what comes back

    def _series_text(self, key: object) -> str:
        series = next((model.series for model in self.presenting.models if model.viewport.stack == key), None)
        return " ".join(part for part in (series.modality, series.description) if part) if series else ""

    def _catalogue_changed(self, catalogue: Catalogue) -> None:
        self.rail.set_catalogue(catalogue)
        self.problems.set_catalogue(catalogue)
        self.objects.set_catalogue(catalogue)

    # ---- drop, keys, language, end

    def changeEvent(self, event: QEvent) -> None:  # noqa: N802  Qt's name
        """What the viewports say holds words that are made here."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.LanguageChange:
            self.presenting.present()

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:  # noqa: N802  Qt's name
        """Take files and folders."""
        if dropped_paths(event.mimeData()):
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
        self.settings.remember_place(self)
        self.store.stop()
        self.job_strip.close()
        self.thumbnails.close()
        self.planes.close()
        self.registration.close()
        self._volumes.close()
        self._jobs.close()
        self.pictures.close()
        self.aligned.close()
        self.opening.close()
        self.store.close()
        self._thumbnail_renderer.close()
        self.settings.close()
        super().closeEvent(event)
