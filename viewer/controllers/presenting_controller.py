"""From every change of the session to what the viewports show."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date

from PySide6.QtCore import QObject, QTimer, Signal

from compare.session.comparison_session import ComparisonSession
from loaders.model.stack import StackKey
from viewer.controllers.session_controller import SessionController
from viewer.controllers.viewport_presenter import viewport_models
from viewer.controllers.volume_store import VolumeStore
from viewer.main_window.viewport_grid import ViewportGrid
from viewer.viewport.viewport_model import CineNote, LinkBadge, ViewportModel


class PresentingController(QObject):
    """Asks for volumes, makes the models, hands them to the widgets. Signal: ``presented()``, the models are new."""

    presented = Signal()

    def __init__(
        self,
        session: SessionController,
        volumes: VolumeStore,
        grid: ViewportGrid,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._session = session
        self._volumes = volumes
        self._grid = grid
        self.models: tuple[ViewportModel, ...] = ()
        #: Says what plays in a viewport.
        self.cine_note: Callable[[int], CineNote | None] = lambda _index: None
        #: Changes what a link badge says while an alignment is on its way, or was refused.
        self.link_note: Callable[[int, LinkBadge | None], LinkBadge | None] = lambda _index, badge: badge
        #: The stated error of the alignment at each frame of a viewport.
        self.slice_errors: Callable[[int], tuple[float | None, ...]] = lambda _index: ()
        #: Changes how a picture is drawn: a presentation state's greys.
        self.dress: Callable[[ViewportModel], ViewportModel] = lambda model: model
        self._refit_timer = QTimer(self)
        self._refit_timer.setSingleShot(True)
        self._refit_timer.timeout.connect(self._refit)
        session.session_changed.connect(self._session_changed)
        session.catalogue_changed.connect(self.present)
        session.graph_changed.connect(self.present)
        volumes.frames_arrived.connect(self._frames_arrived)

    @property
    def shown(self) -> frozenset[StackKey]:
        """The stacks on screen."""
        return frozenset(model.stack.key for model in self.models if model.stack is not None)

    def refit_soon(self) -> None:
        """Fit views to their viewports' sizes once the present event is dealt with."""
        self._refit_timer.start(0)

    def present(self) -> None:
        """Show the session as it is."""
        session = self._session.session
        self._grid.arrange(session.layout)
        shown = []
        for index, viewport in enumerate(session.viewports):
            stack = self._session.stacks.get(viewport.stack) if viewport.stack else None
            if stack is not None and self._session.identity.blocks(index) is None:
                shown.append((stack, viewport.view.frame_index))
        self._volumes.show(shown)
        today = date.today()  # noqa: DTZ011 - the reader's own day
        models = viewport_models(self._session, self._volumes.volume, self._volumes.refusal, today)
        self.models = tuple(self.dress(self._noted(model)) for model in models)
        self._grid.show_models(self.models)
        self.presented.emit()

    def _noted(self, model: ViewportModel) -> ViewportModel:
        index = model.index
        return replace(
            model,
            cine=self.cine_note(index),
            link=self.link_note(index, model.link),
            slice_errors_mm=self.slice_errors(index),
        )

    def _session_changed(self, before: ComparisonSession, after: ComparisonSession) -> None:
        if before.layout != after.layout:
            self.refit_soon()
        # The planes stand over the grid and follow the session themselves: nothing changes below them.
        if replace(before, planes=after.planes) != after:
            self.present()

    def _frames_arrived(self, key: StackKey) -> None:
        for widget in self._grid.viewports():
            if widget.model.viewport.stack == key:
                widget.repaint_picture()

    def _refit(self) -> None:
        self._session.refit([widget.canvas_size for widget in self._grid.viewports()])
