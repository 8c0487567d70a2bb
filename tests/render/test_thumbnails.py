from __future__ import annotations

from dataclasses import replace

import numpy as np

from loaders.model.display import DisplayDefaults, Window
from loaders.model.frame_validity import FrameState
from loaders.model.volume import Volume
from tests.render.phantoms import make_volume
from viewer.rendering.reference_renderer import ReferenceRenderer
from viewer.rendering.thumbnails import thumbnail


def with_display(volume: Volume, display: DisplayDefaults) -> Volume:
    frames = tuple(replace(frame, display=display) for frame in volume.stack.frames)
    return replace(volume, stack=replace(volume.stack, frames=frames))


def test_a_thumbnail_shows_the_whole_frame_in_its_proportions_and_the_files_window() -> None:
    renderer = ReferenceRenderer()
    volume = make_volume(np.full((1, 300, 100), 600, dtype=np.int16), spacing_mm=(0.5, 1.0))
    volume = with_display(volume, DisplayDefaults(windows=(Window(600, 400), Window(0, 10))))
    picture = thumbnail(volume, 0, 96, renderer)
    assert picture is not None
    assert picture.shape == (96, 96)
    # 150 mm high and 100 mm wide: 96 x 64 pixels, in the middle.
    assert np.all(picture[:, 16:80] == 128)
    assert not picture[:, :16].any()
    assert not picture[:, 80:].any()
    renderer.close()


def test_a_frame_without_a_window_gets_one_from_its_values() -> None:
    renderer = ReferenceRenderer()
    ramp = np.linspace(20000, 20400, 64 * 64).reshape(1, 64, 64).astype(np.uint16)
    picture = thumbnail(make_volume(ramp), 0, 64, renderer)
    assert picture is not None
    assert picture.min() < 5
    assert picture.max() > 250
    renderer.close()


def test_colour_stays_colour_and_an_absent_frame_has_no_thumbnail() -> None:
    renderer = ReferenceRenderer()
    volume = make_volume(np.full((1, 40, 40, 3), (10, 120, 250), dtype=np.uint8))
    picture = thumbnail(volume, 0, 20, renderer)
    assert picture is not None
    assert np.all(picture == (10, 120, 250))
    volume.validity.mark(0, FrameState.FAILED)
    assert thumbnail(volume, 0, 20, renderer) is None
    renderer.close()
