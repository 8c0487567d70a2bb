"""The reference renderer against formulas, not against itself."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from compare.viewing.canvas import CanvasTransform, fit_scale, frame_centre_mm
from compare.viewing.view_state import Interpolation, Presentation, ViewState
from loaders.model.display import Padding, VoiFunction, Window
from loaders.model.frame_validity import FrameState
from loaders.model.volume import Volume
from tests.render.phantoms import make_volume, plain_grey
from viewer.rendering.reference_renderer import ReferenceRenderer
from viewer.rendering.slice_renderer import SliceRequest


@pytest.fixture
def renderer() -> Iterator[ReferenceRenderer]:
    made = ReferenceRenderer()
    yield made
    made.close()


def at_one_to_one(volume: Volume, **changes: Any) -> ViewState:
    frame = volume.frame(0)
    return replace(ViewState(centre_mm=frame_centre_mm(frame), mm_per_pixel=frame.spacing.column_mm), **changes)


def draw(
    renderer: ReferenceRenderer,
    volume: Volume,
    view: ViewState,
    presentation: Presentation,
    size: tuple[int, int] | None = None,
) -> NDArray[np.uint8]:
    rows, columns = size or (volume.frame(0).format.rows, volume.frame(0).format.columns)
    picture = renderer.render(SliceRequest(volume, view, presentation, columns, rows))
    assert picture is not None
    return picture


WINDOWS = [
    Window(40, 400),
    Window(40, 1),
    Window(10, 7),
    Window(40.5, 401, VoiFunction.LINEAR_EXACT),
    Window(40, 300, VoiFunction.SIGMOID),
]


@pytest.mark.parametrize("window", WINDOWS, ids=lambda window: f"{window.function}-{window.width}")
@pytest.mark.parametrize("dtype", [np.int8, np.uint8, np.int16, np.uint16])
@pytest.mark.parametrize("photometric", ["MONOCHROME1", "MONOCHROME2"])
def test_each_stored_pixel_has_the_grey_of_the_standards_formula_at_one_to_one(
    renderer: ReferenceRenderer, window: Window, dtype: type[np.generic], photometric: str
) -> None:
    values = np.random.default_rng(1).integers(-90, 120, (1, 33, 47)) if dtype in {np.int8, np.int16} else None
    stored = (np.random.default_rng(1).integers(0, 250, (1, 33, 47)) if values is None else values).astype(dtype)
    volume = make_volume(stored, photometric=photometric, slope=2.0, intercept=-30.0)
    picture = draw(renderer, volume, at_one_to_one(volume), Presentation(window=window))
    expected = plain_grey(stored[0] * 2.0 - 30.0, window, is_inverted=photometric == "MONOCHROME1")
    assert np.max(np.abs(picture - expected)) <= 0.5 + 1e-6


@pytest.mark.parametrize("turns", range(4))
@pytest.mark.parametrize("flipped", [False, True])
def test_turns_and_flips_are_those_of_the_array_bit_for_bit(
    renderer: ReferenceRenderer, turns: int, flipped: bool
) -> None:
    stored = np.random.default_rng(2).integers(0, 256, (1, 31, 54)).astype(np.uint8)
    volume = make_volume(stored)
    grey = Presentation(window=Window(128, 256))
    picture = draw(
        renderer,
        volume,
        at_one_to_one(volume, quarter_turns=turns, flipped=flipped),
        grey,
        (54, 31) if turns % 2 else (31, 54),
    )
    straight = stored[0][:, ::-1] if flipped else stored[0]
    assert np.array_equal(picture, np.rot90(straight, -turns))


def linear_at(image: NDArray[Any], column: float, row: float) -> float:
    """The plainest bilinear interpolation; the border's value goes on outside."""
    rows, columns = image.shape
    x, y = min(max(column, 0.0), columns - 1.0), min(max(row, 0.0), rows - 1.0)
    left, top = min(int(x), columns - 2), min(int(y), rows - 2)
    a, b = x - left, y - top
    block = image[top : top + 2, left : left + 2].astype(float)
    return float((block[0, 0] * (1 - a) + block[0, 1] * a) * (1 - b) + (block[1, 0] * (1 - a) + block[1, 1] * a) * b)


@given(
    zoom=st.floats(1.0, 9.0),
    shift=st.tuples(st.floats(-8, 8), st.floats(-8, 8)),
    turns=st.integers(0, 3),
    flipped=st.booleans(),
    row_mm=st.sampled_from([0.5, 0.8, 1.1]),
    window=st.sampled_from([Window(500, 1000), Window(500, 60), Window(500, 500, VoiFunction.SIGMOID)]),
)
@settings(max_examples=40, deadline=None)
def test_an_enlarged_picture_is_the_window_of_the_interpolated_value(
    zoom: float, shift: tuple[float, float], turns: int, flipped: bool, row_mm: float, window: Window
) -> None:
    stored = np.random.default_rng(3).integers(300, 700, (1, 12, 17)).astype(np.int16)
    volume = make_volume(stored, spacing_mm=(row_mm, 0.5))
    frame = volume.frame(0)
    centre = frame_centre_mm(frame)
    view = ViewState(0, (centre[0] + shift[0] / 4, centre[1] + shift[1] / 4), 0.5 / zoom, turns, flipped)
    renderer = ReferenceRenderer()
    picture = draw(renderer, volume, view, Presentation(window=window), (23, 29))
    renderer.close()
    transform = CanvasTransform.of(view, frame, 29, 23)
    for y in range(0, 23, 3):
        for x in range(0, 29, 2):
            column, row = transform.canvas_to_image(x + 0.5, y + 0.5)
            if not (-0.499 < column < 16.499 and -0.499 < row < 11.499):
                continue
            expected = plain_grey(np.asarray(linear_at(stored[0], column, row)), window)
            # Half a level of rounding twice, and float32 in the steepest table.
            assert abs(float(picture[y, x]) - float(expected)) <= 1.05


@given(
    column=st.integers(3, 60),
    row=st.integers(3, 40),
    zoom=st.floats(0.35, 6.0),
    turns=st.integers(0, 3),
    flipped=st.booleans(),
    row_mm=st.floats(0.4, 1.3),
)
@settings(max_examples=60, deadline=None)
def test_a_point_at_known_millimetres_lands_within_half_a_pixel(
    column: int, row: int, zoom: float, turns: int, flipped: bool, row_mm: float
) -> None:
    stored = np.zeros((1, 44, 64), dtype=np.uint16)
    stored[0, row, column] = 60000
    volume = make_volume(stored, spacing_mm=(row_mm, 0.7), origin_lps_mm=(-120.0, 33.0, 5.0))
    frame = volume.frame(0)
    assert frame.plane is not None
    view = ViewState(0, (column * 0.7 + 1.3, row * row_mm - 0.8), 0.7 / zoom, turns, flipped)
    renderer = ReferenceRenderer()
    picture = draw(renderer, volume, view, Presentation(window=Window(30000, 60000)), (81, 90)).astype(float)
    renderer.close()
    weight = picture.sum()
    assert weight > 0
    centroid = ((picture * (np.arange(90) + 0.5)).sum() / weight, (picture.T * (np.arange(81) + 0.5)).sum() / weight)
    lps_mm = np.asarray((-120.0 + column * 0.7, 33.0 + row * row_mm, 5.0))
    expected = CanvasTransform.of(view, frame, 90, 81).lps_to_canvas(lps_mm)
    assert expected is not None
    assert abs(centroid[0] - expected[0]) < 0.5
    assert abs(centroid[1] - expected[1]) < 0.5


@pytest.mark.parametrize("reduction", [1.3, 2.0, 2.7, 5.0, 11.3])
def test_a_reduced_picture_shows_a_smooth_phantom_as_it_is(renderer: ReferenceRenderer, reduction: float) -> None:
    rows, columns = 400, 500
    y, x = np.mgrid[:rows, :columns].astype(float)
    smooth = 20000 + 9000 * np.sin(x / 60.0) * np.cos(y / 75.0)
    volume = make_volume(np.rint(smooth)[np.newaxis].astype(np.uint16))
    view = at_one_to_one(volume, mm_per_pixel=reduction)
    size = (int(rows / reduction) + 4, int(columns / reduction) + 4)
    window = Window(20000, 20000, VoiFunction.LINEAR_EXACT)
    picture = draw(renderer, volume, view, Presentation(window=window), size)
    transform = CanvasTransform.of(view, volume.frame(0), size[1], size[0])
    checked = 0
    for canvas_y in range(size[0]):
        for canvas_x in range(size[1]):
            column, row = transform.canvas_to_image(canvas_x + 0.5, canvas_y + 0.5)
            if reduction < column < columns - 1 - reduction and reduction < row < rows - 1 - reduction:
                value = 20000 + 9000 * np.sin(column / 60.0) * np.cos(row / 75.0)
                # Rounding, and averages over whole pixels: a tenth of a canvas pixel at the steepest slope.
                allowed = 0.6 + 0.1 * reduction * (9000 / 60.0) / 20000 * 255.0
                assert abs(picture[canvas_y, canvas_x] - ((value - 20000) / 20000 + 0.5) * 255.0) <= allowed
                checked += 1
    assert checked > 300


@pytest.mark.parametrize("reduction", [2.0, 3.1, 4.0, 7.7])
@pytest.mark.parametrize("interpolation", list(Interpolation))
def test_a_fine_checker_becomes_even_grey_and_not_a_moire(
    renderer: ReferenceRenderer, reduction: float, interpolation: Interpolation
) -> None:
    y, x = np.mgrid[:512, :512]
    stored = (((x + y) % 2) * 4000).astype(np.uint16)[np.newaxis]
    volume = make_volume(stored)
    window = Window(2000, 4000, VoiFunction.LINEAR_EXACT)
    presentation = Presentation(window=window, interpolation=interpolation)
    picture = draw(renderer, volume, at_one_to_one(volume, mm_per_pixel=reduction), presentation, (64, 64))
    inner = picture[4:-4, 4:-4].astype(float)
    assert np.all(np.abs(inner - 127.5) <= 1.0)


@pytest.mark.parametrize("reduction", [1.0, 1.5, 2.0, 3.3, 8.0])
def test_reducing_keeps_the_mean(renderer: ReferenceRenderer, reduction: float) -> None:
    stored = np.random.default_rng(4).integers(0, 4096, (1, 480, 480)).astype(np.uint16)
    volume = make_volume(stored)
    size = int(480 / reduction)
    window = Window(2048, 4096, VoiFunction.LINEAR_EXACT)
    view = at_one_to_one(volume, mm_per_pixel=480 / size)
    picture = draw(renderer, volume, view, Presentation(window=window), (size, size))
    assert picture.mean() == pytest.approx(stored.mean() / 4096 * 255.0, abs=0.6)


def test_nearest_enlarges_pixels_to_blocks(renderer: ReferenceRenderer) -> None:
    stored = np.random.default_rng(5).integers(0, 256, (1, 8, 9)).astype(np.uint8)
    volume = make_volume(stored)
    presentation = Presentation(window=Window(128, 256), interpolation=Interpolation.NEAREST)
    picture = draw(renderer, volume, at_one_to_one(volume, mm_per_pixel=0.25), presentation, (32, 36))
    assert np.array_equal(picture, stored[0].repeat(4, axis=0).repeat(4, axis=1))


def test_outside_the_image_is_black_even_when_inverted(renderer: ReferenceRenderer) -> None:
    volume = make_volume(np.zeros((1, 10, 10), dtype=np.uint8))
    presentation = Presentation(window=Window(128, 256), is_inverted=True)
    picture = draw(renderer, volume, at_one_to_one(volume), presentation, (20, 30))
    assert np.all(picture[5:15, 10:20] == 255)
    assert int((picture == 0).sum()) == 20 * 30 - 100
    far = draw(renderer, volume, at_one_to_one(volume, centre_mm=(1e6, 0.0)), presentation)
    assert not far.any()


@pytest.mark.parametrize("mm_per_pixel", [0.3, 1.0, 1.6, 4.3])
@pytest.mark.parametrize("pad", [-2000, 3000])
def test_padding_does_not_bleed_into_the_image(renderer: ReferenceRenderer, mm_per_pixel: float, pad: int) -> None:
    stored = np.full((1, 60, 60), 40, dtype=np.int16)
    y, x = np.mgrid[:60, :60]
    stored[0][(x - 30) ** 2 + (y - 30) ** 2 > 25**2] = pad
    volume = make_volume(stored, padding=Padding(pad, pad))
    view = at_one_to_one(volume, mm_per_pixel=mm_per_pixel)
    picture = draw(renderer, volume, view, Presentation(window=Window(40, 400)), (210, 220))
    inside = int(np.rint(plain_grey(np.asarray(40.0), Window(40, 400))))
    assert set(np.unique(picture).tolist()) == {0, inside}


def test_colour_passes_and_inverts_channel_by_channel(renderer: ReferenceRenderer) -> None:
    stored = np.random.default_rng(6).integers(0, 256, (1, 14, 15, 3)).astype(np.uint8)
    volume = make_volume(stored)
    view = at_one_to_one(volume)
    assert np.array_equal(draw(renderer, volume, view, Presentation(window=Window(9, 9))), stored[0])
    assert np.array_equal(draw(renderer, volume, view, Presentation(is_inverted=True)), 255 - stored[0])
    twice = draw(renderer, volume, at_one_to_one(volume, mm_per_pixel=0.5), Presentation(), (28, 30))
    for channel in range(3):
        # Canvas pixel 11 lies at image position 5.25, canvas pixel 8 at 3.75.
        assert abs(float(twice[8, 11, channel]) - linear_at(stored[0, :, :, channel], 5.25, 3.75)) <= 0.51


def test_values_beyond_a_table_are_mapped_as_numbers(renderer: ReferenceRenderer) -> None:
    stored = np.linspace(-3e-3, 5e-3, 20 * 30).reshape(1, 20, 30).astype(np.float32)
    stored[0, 3, 4] = np.nan
    volume = make_volume(stored)
    window = Window(1e-3, 4e-3, VoiFunction.LINEAR_EXACT)
    picture = draw(renderer, volume, at_one_to_one(volume), Presentation(window=window))
    expected = plain_grey(stored[0].astype(float), window)
    expected[3, 4] = 0.0
    assert np.max(np.abs(picture - expected)) <= 0.51


def test_a_frame_that_is_not_there_gives_no_picture(renderer: ReferenceRenderer) -> None:
    volume = make_volume(np.ones((2, 5, 5), dtype=np.uint8))
    volume.validity.mark(1, FrameState.WAITING)
    request = SliceRequest(volume, at_one_to_one(volume, frame_index=1), Presentation(), 10, 10)
    assert renderer.render(request) is None


def test_a_full_frame_replaces_its_preview(renderer: ReferenceRenderer) -> None:
    stored = np.full((1, 64, 64), 10, dtype=np.uint8)
    volume = make_volume(stored)
    volume.validity.mark(0, FrameState.PREVIEW)
    view = at_one_to_one(volume, mm_per_pixel=3.0)
    grey = Presentation(window=Window(128, 256))
    for _ in range(3):
        assert draw(renderer, volume, view, grey)[32, 32] == 10
    stored[:] = 200
    volume.validity.mark(0, FrameState.LOADED)
    assert draw(renderer, volume, view, grey)[32, 32] == 200


def test_a_window_drag_shows_what_a_first_drawing_would(renderer: ReferenceRenderer) -> None:
    stored = np.random.default_rng(7).integers(0, 4096, (1, 300, 300)).astype(np.uint16)
    volume = make_volume(stored)
    view = at_one_to_one(volume, mm_per_pixel=1.7)
    for center in range(500, 3000, 400):
        presentation = Presentation(window=Window(center, 900))
        fresh = ReferenceRenderer()
        assert np.array_equal(
            draw(renderer, volume, view, presentation, (200, 210)), draw(fresh, volume, view, presentation, (200, 210))
        )
        fresh.close()


def test_one_pixel_and_one_row_images_are_drawn(renderer: ReferenceRenderer) -> None:
    for shape in ((1, 1, 1), (1, 1, 300), (1, 300, 1)):
        volume = make_volume(np.full(shape, 77, dtype=np.uint8))
        scale = fit_scale(volume.frame(0), 64, 64)
        picture = draw(
            renderer,
            volume,
            at_one_to_one(volume, mm_per_pixel=scale),
            Presentation(window=Window(128, 256)),
            (64, 64),
        )
        assert set(np.unique(picture).tolist()) <= {0, 77}
        assert (picture == 77).any()


def test_a_release_forgets_the_volume() -> None:
    renderer = ReferenceRenderer()
    volume = make_volume(np.ones((1, 100, 100), dtype=np.uint16))
    draw(renderer, volume, at_one_to_one(volume, mm_per_pixel=3.0), Presentation(window=Window(1, 2)))
    assert renderer._canvases
    assert renderer._levels._kept
    renderer.release(volume)
    assert not renderer._canvases
    assert not renderer._levels._kept
    assert renderer._levels._bytes == 0
    renderer.close()


def test_colour_map_colours_the_grey_and_leaves_the_outside_black(renderer: ReferenceRenderer) -> None:
    volume = make_volume(np.full((1, 10, 10), 255, dtype=np.uint8))
    presentation = Presentation(window=Window(128, 256), colour_map="inverse_grey", is_inverted=True)
    picture = draw(renderer, volume, at_one_to_one(volume), presentation, (12, 12))
    assert picture.shape == (12, 12, 3)
    assert np.all(picture[1:11, 1:11] == 255)
    assert not picture[0].any()


def test_a_file_without_a_window_gets_one_that_stays_while_scrolling(renderer: ReferenceRenderer) -> None:
    ramp = np.linspace(1000, 1400, 40 * 40).reshape(40, 40)
    volume = make_volume(np.stack([ramp, ramp / 2]).astype(np.uint16))
    first = draw(renderer, volume, at_one_to_one(volume), Presentation())
    assert first.min() < 5
    assert first.max() > 250
    second = draw(renderer, volume, at_one_to_one(volume, frame_index=1), Presentation())
    assert second.max() == 0
