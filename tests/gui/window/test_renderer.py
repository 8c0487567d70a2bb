"""The renderer behind the viewports is exchanged after the first paint, and only for one that was shown to be right."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from pytestqt.qtbot import QtBot

from tests.render.phantoms import make_volume
from viewer.controllers import renderer_controller
from viewer.controllers.renderer_controller import ExchangeableRenderer, RendererController
from viewer.jobs.job_runner import JobRunner
from viewer.rendering import choose_renderer
from viewer.rendering.reference_renderer import ReferenceRenderer
from viewer.rendering.slice_renderer import SliceRequest

pytestmark = pytest.mark.gui


class Other(ReferenceRenderer):
    """Draws white, so that one sees who drew."""

    name = "other"

    def render(self, request: SliceRequest) -> NDArray[np.uint8] | None:
        return np.full((request.height, request.width), 255, np.uint8)


@pytest.mark.parametrize("is_right", [True, False])
def test_the_probe_decides_who_draws(qtbot: QtBot, monkeypatch: pytest.MonkeyPatch, is_right: bool) -> None:
    monkeypatch.setattr(renderer_controller, "_is_gpu_right", lambda _cancel, _progress: is_right)
    monkeypatch.setattr(renderer_controller, "_AFTER_MS", 10)
    monkeypatch.setattr(choose_renderer, "make_renderer", Other)
    jobs, renderer = JobRunner(), ExchangeableRenderer(ReferenceRenderer())
    controller = RendererController(renderer, jobs)
    exchanged: list[None] = []
    controller.exchanged.connect(lambda: exchanged.append(None))
    controller.start()
    assert renderer.name == "reference", "the first paint waits for nobody"
    ended: list[object] = []
    jobs.job_ended.connect(ended.append)
    qtbot.waitUntil(lambda: bool(ended))
    qtbot.wait(10)
    assert renderer.name == ("other" if is_right else "reference")
    assert len(exchanged) == int(is_right)
    volume = make_volume(np.zeros((1, 8, 8), np.int16))
    from compare.viewing.view_state import Presentation, ViewState

    picture = renderer.render(SliceRequest(volume, ViewState(), Presentation(), 8, 8))
    assert picture is not None
    assert bool((picture == 255).all()) is is_right
    jobs.close()
    renderer.close()
