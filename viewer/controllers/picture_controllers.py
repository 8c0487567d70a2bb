"""Everything the reader does to pictures beside moving them, put together for the window."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from PySide6.QtCore import QObject

from loaders.model.volume import Volume
from viewer.controllers.cine_controller import CineController
from viewer.controllers.cursor_controller import CursorController
from viewer.controllers.flicker_controller import FlickerController
from viewer.controllers.grey_controller import GreyController
from viewer.controllers.link_controller import LinkController
from viewer.controllers.measuring_controller import MeasuringController, MeasuringParts
from viewer.controllers.picture_menu import PictureMenu
from viewer.controllers.session_controller import SessionController
from viewer.controllers.value_desk import ValueDesk
from viewer.controllers.volume_store import VolumeStore
from viewer.jobs.job_runner import JobRunner
from viewer.panels.measurements_panel import MeasurementsPanel
from viewer.viewport.viewport_widget import ViewportWidget


class PictureControllers(QObject):
    """Owns the controllers of flicker, measuring, cine, cursor, links and windows.

    ``viewports`` gives the widgets in the session's order, ``view_deeds`` what the view controller can do.
    """

    def __init__(
        self,
        session: SessionController,
        volumes: VolumeStore,
        jobs: JobRunner,
        *,
        viewports: Callable[[], Sequence[ViewportWidget]],
        view_deeds: Mapping[str, Callable[[], None]],
        parent: QObject,
    ) -> None:
        super().__init__(parent)
        self.panel = MeasurementsPanel()
        self.flicker = FlickerController(session, jobs, viewports, self)
        self.values = ValueDesk(jobs, self)
        self.measuring = MeasuringController(
            session, MeasuringParts(self.values, volumes.volume, viewports), self.panel, self
        )
        self.cine = CineController(session, volumes.volume, self)
        self.cursor = CursorController(session, viewports, self)
        self.links = LinkController(session, viewports, self)
        self.grey = GreyController(session, volumes.volume, self)
        self._deeds = {
            **self.measuring.deeds(),
            **self.cine.deeds(),
            **self.links.deeds(),
            **self.grey.deeds(),
        }
        self.menu = PictureMenu(session, self.grey, self.links, {**view_deeds, **self._deeds}, self)
        self._adopted: list[ViewportWidget] = []
        volumes.frames_arrived.connect(lambda _key: self.flicker.prepare())
        volumes.frames_arrived.connect(self.measuring.values_changed)
        volumes.dropped.connect(self._release)

    def deeds(self) -> Mapping[str, Callable[[], None]]:
        """What these controllers can do, by the words of the key table."""
        return self._deeds

    def connect_viewport(self, widget: ViewportWidget) -> None:
        """Listen to a viewport."""
        self._adopted.append(widget)
        for controller in (self.measuring, self.cursor, self.links, self.menu):
            controller.connect_viewport(widget)

    def _release(self, volume: Volume) -> None:
        """Let go of a volume that is given up, in every viewport that was ever made."""
        self.flicker.release(volume)
        for widget in self._adopted:
            widget.release(volume)

    def close(self) -> None:
        """Stop what runs; after the jobs have ended."""
        self.cine.stop()
        self.flicker.close()
