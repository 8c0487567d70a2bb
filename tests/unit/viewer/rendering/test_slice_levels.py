"""Codes, padding and halved copies against loops over single pixels."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray

from loaders.model.display import Padding
from tests.render.phantoms import make_volume
from viewer.rendering.sampling import reduction_level
from viewer.rendering.slice_levels import SliceLevel, SliceLevels, codes_of, continued, full_level, halved

shapes = st.tuples(st.integers(1, 9), st.integers(1, 9))


@given(arrays(np.int16, (5,)), arrays(np.int8, (5,)))
def test_codes_count_from_the_least_value(wide: NDArray[np.int16], narrow: NDArray[np.int8]) -> None:
    assert codes_of(wide).tolist() == [int(value) + 32768 for value in wide]
    assert codes_of(narrow).tolist() == [int(value) + 128 for value in narrow]


@settings(max_examples=60)
@given(shapes.flatmap(lambda shape: st.tuples(arrays(np.uint16, shape), arrays(np.bool_, shape))))
def test_halving_takes_the_mean_of_image_pixels_only(pair: tuple[NDArray[np.uint16], NDArray[np.bool_]]) -> None:
    values, mask = pair
    level = halved(SliceLevel(values, mask if mask.any() else None))
    rows, columns = values.shape
    for y in range((rows + 1) // 2):
        for x in range((columns + 1) // 2):
            places = [(min(2 * y + j, rows - 1), min(2 * x + i, columns - 1)) for j in (0, 1) for i in (0, 1)]
            image = [int(values[place]) for place in places if not mask[place]]
            is_padding = level.padding is not None and bool(level.padding[y, x])
            assert is_padding == (len(image) < 2)
            if image:
                assert int(level.values[y, x]) == int(np.floor(sum(image) / len(image) + 0.5))


@pytest.mark.parametrize("dtype", [np.uint8, np.float64])
def test_halving_bytes_colour_and_floats(dtype: type[np.generic]) -> None:
    values = np.random.default_rng(1).integers(0, 256, (6, 8, 3)).astype(np.uint8)
    source: NDArray[Any] = values if dtype is np.uint8 else values[:, :, 0].astype(np.float64)
    mean = source.astype(float)
    mean = (mean[::2, ::2] + mean[::2, 1::2] + mean[1::2, ::2] + mean[1::2, 1::2]) / 4.0
    expected = np.floor(mean + 0.5) if dtype is np.uint8 else mean
    assert np.array_equal(halved(SliceLevel(source)).values, expected)


def test_the_border_goes_on_two_pixels_into_the_padding() -> None:
    values = np.array([[7, 0, 0, 0, 0]], dtype=np.uint16)
    level = continued(SliceLevel(values, values == 0))
    assert level.values.tolist() == [[7, 7, 7, 0, 0]]
    assert level.padding is not None
    assert level.padding.tolist() == [[False, True, True, True, True]]


def test_padding_outside_the_types_range_is_none() -> None:
    stored = np.zeros((3, 3), dtype=np.uint8)
    assert full_level(stored, Padding(-2000, -1000)).padding is None
    assert full_level(stored, Padding(-5, 0)).padding is not None
    assert full_level(stored, None).values is stored


def test_kept_levels_stay_within_their_limit_and_are_released() -> None:
    volume = make_volume(np.ones((20, 64, 64), dtype=np.int16))
    levels = SliceLevels(limit_bytes=40_000)
    for index in range(20):
        level = levels.level(volume, index, 1)
        assert level is not None
        assert level.values.shape == (32, 32)
    assert levels._bytes <= 40_000
    assert levels._bytes == sum(level.nbytes for _, level in levels._kept.values())
    levels.release(volume)
    assert levels._bytes == 0


@given(st.floats(0.01, 300.0), st.integers(1, 5000))
def test_one_to_two_pixels_remain_for_a_canvas_pixel(pixels: float, side: int) -> None:
    level = reduction_level(pixels, side)
    remaining = pixels / 2**level
    assert remaining < 2.0 or side >> level < 2
    assert level == 0 or remaining >= 1.0
