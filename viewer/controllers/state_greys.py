"""How presentation states that are switched on change the greys of the pictures they were made for."""

from __future__ import annotations

from dataclasses import replace

from compare.viewing.view_state import WindowOrigin
from loaders.model.frame import Frame
from loaders.model.volume import Volume
from loaders.objects.presentation_state import PresentationState
from loaders.values.display_pixels import whole_range
from viewer.rendering.presentation_grey import grey_choice
from viewer.viewport.viewport_model import ViewportModel

_KEPT = 8


class StateGreys:
    """Keeps the states in use, and for each volume one of the same pixels whose frames are shown as they want."""

    def __init__(self) -> None:
        self._states: dict[str, PresentationState] = {}
        self._volumes: dict[int, tuple[Volume, tuple[str, ...], Volume]] = {}

    def add(self, uid: str, state: PresentationState) -> None:
        """Use a state from now on, before those added earlier."""
        self._states = {uid: state, **{key: each for key, each in self._states.items() if key != uid}}

    def remove(self, uid: str) -> PresentationState | None:
        """Use a state no longer; return it."""
        return self._states.pop(uid, None)

    def state_of(self, frame: Frame) -> PresentationState | None:
        """The state that decides a frame's greys, or ``None``."""
        return next((state for state in self._states.values() if state.has_grey and state.applies_to(frame)), None)

    def dress(self, model: ViewportModel) -> ViewportModel:
        """Return a model whose picture is drawn as the states in use want; the reader's own window comes before."""
        frame, volume = model.frame, model.volume
        state = self.state_of(frame) if frame is not None else None
        if frame is None or volume is None or state is None or frame.format.is_colour:
            return model
        dressed = self._dressed(volume)
        shown = dressed.frame(model.viewport.view.frame_index)
        presentation = model.viewport.presentation
        if presentation.window_origin in {WindowOrigin.FILE, WindowOrigin.AUTO}:
            is_open = not (shown.display.windows or shown.display.voi_tables)
            # A state that names no window asks for the whole range, not for an automatic one (PS3.4 N.2.1.2).
            presentation = replace(presentation, window=whole_range(shown) if is_open else None)
        window = grey_choice(shown, presentation).window
        return replace(
            model, volume=dressed, viewport=replace(model.viewport, presentation=presentation), window=window
        )

    def _dressed(self, volume: Volume) -> Volume:
        uids = tuple(self._states)
        known = self._volumes.get(id(volume))
        if known is not None and known[0] is volume and known[1] == uids:
            return known[2]
        frames = tuple(
            state.shown_as(frame) if (state := self.state_of(frame)) is not None else frame
            for frame in volume.stack.frames
        )
        dressed = replace(volume, stack=replace(volume.stack, frames=frames))
        self._volumes[id(volume)] = (volume, uids, dressed)
        while len(self._volumes) > _KEPT:
            del self._volumes[next(iter(self._volumes))]
        return dressed
