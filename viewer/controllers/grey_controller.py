"""Windows by key: named presets, and a window over the values of the picture."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial

from PySide6.QtCore import QObject

from compare.hanging.preset_choices import PresetChoice, PresetKind, preset_choices
from compare.linking.in_plane import frame_of
from compare.session import commands
from compare.session.comparison_session import ComparisonSession, Viewport
from compare.viewing.view_state import WindowOrigin
from loaders.model.display import Window
from loaders.model.frame import Frame
from loaders.model.stack import Stack
from loaders.model.volume import Volume
from loaders.values.auto_window import auto_window
from loaders.values.display_pixels import whole_range
from viewer.controllers.session_controller import SessionController


class GreyController(QObject):
    """``volumes`` gives the volume of a stack on screen."""

    def __init__(
        self, session: SessionController, volumes: Callable[[Stack], Volume | None], parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._session = session
        self._volumes = volumes

    def deeds(self) -> Mapping[str, Callable[[], None]]:
        """What this controller can do, by the words of the key table."""
        return {"auto_window": self.auto}

    def choices(self, index: int) -> tuple[PresetChoice, ...]:
        """The presets of the picture in a viewport."""
        viewport = self._session.session.viewports[index]
        frame = frame_of(viewport, self._session.stacks)
        return () if frame is None else preset_choices(self._modality(viewport), frame)

    def preset(self, number: int) -> None:
        """Give the preset of a number key to every viewport of the active one's modality and unit, as one step.

        A window of fixed numbers is the same everywhere; one over the picture's values is found for each picture.
        """
        session = self._session.session
        active = session.viewports[session.active]
        shown = frame_of(active, self._session.stacks)
        wanted = next((choice for choice in self.choices(session.active) if choice.key == number), None)
        if wanted is None or shown is None:
            return
        steps: list[Callable[[ComparisonSession], ComparisonSession]] = []
        for index, viewport in enumerate(session.viewports):
            frame = frame_of(viewport, self._session.stacks)
            if frame is None or frame.values.unit is not shown.values.unit:
                continue
            if self._modality(viewport) != self._modality(active):
                continue
            step = self._step(index, viewport, frame, wanted, is_active=index == session.active)
            if step is not None:
                steps.append(step)
        self._apply(steps)

    def auto(self) -> None:
        """A window over the values of the active viewport's slice."""
        session = self._session.session
        viewport = session.viewports[session.active]
        frame = frame_of(viewport, self._session.stacks)
        window = None if frame is None else self._automatic(viewport, frame)
        if window is not None:
            low, high = window.center - window.width / 2, window.center + window.width / 2
            self._session.apply(partial(commands.auto_window, index=session.active, low=low, high=high))

    def _step(
        self, index: int, viewport: Viewport, frame: Frame, wanted: PresetChoice, *, is_active: bool
    ) -> Callable[[ComparisonSession], ComparisonSession] | None:
        if wanted.kind in (PresetKind.FILE_WINDOW, PresetKind.FILE_TABLE) and not is_active:
            return None  # another file's own window is not this one's
        if wanted.kind is PresetKind.FILE_TABLE:
            return partial(commands.choose_voi_table, index=index, table_index=wanted.table_index)
        if wanted.kind is PresetKind.FILE_WINDOW and wanted.window is not None:
            return partial(commands.choose_file_window, index=index, window=wanted.window)
        window = self._window(viewport, frame, wanted)
        if window is None:
            return None
        named = replace(window, explanation=wanted.code)
        return partial(commands.set_window, index=index, window=named, origin=WindowOrigin.PRESET)

    def _window(self, viewport: Viewport, frame: Frame, wanted: PresetChoice) -> Window | None:
        if wanted.kind is PresetKind.WHOLE_RANGE:
            return whole_range(frame)
        if wanted.kind is PresetKind.AUTOMATIC:
            window = self._automatic(viewport, frame)
            return None if window is None else replace(window, width=window.width * wanted.width_factor)
        return wanted.window

    def _automatic(self, viewport: Viewport, frame: Frame) -> Window | None:
        stack = self._session.stacks.get(viewport.stack) if viewport.stack else None
        volume = self._volumes(stack) if stack is not None else None
        stored = volume.frame_array(viewport.view.frame_index) if volume is not None else None
        return None if stored is None or stored.ndim != 2 else auto_window(stored, frame)

    def _modality(self, viewport: Viewport) -> str:
        series = self._session.index.series_of(viewport.stack) if viewport.stack else None
        return series.modality if series is not None else ""

    def _apply(self, steps: list[Callable[[ComparisonSession], ComparisonSession]]) -> None:
        def all_of(session: ComparisonSession) -> ComparisonSession:
            for step in steps:
                session = step(session)
            return session

        if steps:
            self._session.apply(all_of)
