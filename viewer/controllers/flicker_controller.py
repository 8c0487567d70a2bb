"""Flicker: while its key is held the current's viewport shows the prior at the same place and scale."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject

from viewer.rendering.slice_renderer import SliceRenderer, SliceRequest
from viewer.viewport.viewport_model import ViewportModel
from viewer.viewport.viewport_widget import ViewportWidget


class FlickerController(QObject):
    """``viewports`` and ``models`` give the widgets and what they show, in the session's order."""

    def __init__(
        self,
        renderer: SliceRenderer,
        viewports: Callable[[], Sequence[ViewportWidget]],
        models: Callable[[], Sequence[ViewportModel]],
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._renderer = renderer
        self._viewports = viewports
        self._models = models

    def hold(self, is_held: bool) -> None:  # noqa: FBT001 - a key is down or up
        """Show the prior, or go back."""
        widgets, models = self._viewports(), self._models()
        if len(widgets) < 2 or len(models) < 2:
            return
        prior = models[1]
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
