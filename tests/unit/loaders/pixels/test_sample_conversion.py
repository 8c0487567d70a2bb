"""Bits, sign, palettes and colour against plain formulas, one value at a time."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from loaders.errors import DecodeError
from loaders.model.pixel_format import PixelFormat
from loaders.pixels.sample_conversion import (
    Palette,
    expand_segmented,
    settle_bits,
    spread_422,
    unpack_bits,
    ybr_full_to_rgb,
)

_BASE = PixelFormat(1, 1, 1, "MONOCHROME2", 16, 16, 15, False, "1.2.840.10008.1.2.1")


@given(
    allocated=st.sampled_from([8, 16, 32]),
    stored=st.integers(1, 32),
    low_bit=st.integers(0, 31),
    signed=st.booleans(),
    word=st.integers(0, 2**32 - 1),
)
def test_stored_bits_are_cut_out_and_extended(
    allocated: int, stored: int, low_bit: int, signed: bool, word: int
) -> None:
    stored = min(stored, allocated)
    low_bit = min(low_bit, allocated - stored)
    word %= 1 << allocated
    format_ = replace(
        _BASE, bits_allocated=allocated, bits_stored=stored, high_bit=low_bit + stored - 1, is_signed=signed
    )
    expected = (word >> low_bit) % (1 << stored)
    if signed and expected >= 1 << (stored - 1):
        expected -= 1 << stored
    samples = np.array([word], dtype=f"u{allocated // 8}").view(np.dtype(format_.decoded_dtype)).copy()
    settle_bits(samples, format_)
    assert int(samples[0]) == expected


def test_impossible_bits_are_refused() -> None:
    with pytest.raises(DecodeError):
        settle_bits(np.zeros(1, np.uint16), replace(_BASE, bits_stored=17))
    with pytest.raises(DecodeError):
        settle_bits(np.zeros(1, np.uint16), replace(_BASE, bits_stored=12, high_bit=16))


@given(st.binary(min_size=4, max_size=20), st.integers(0, 15), st.integers(1, 16))
def test_single_bits_come_least_significant_first(data: bytes, first: int, count: int) -> None:
    expected = [(data[(first + k) // 8] >> ((first + k) % 8)) & 1 for k in range(count)]
    assert unpack_bits(data, first, count).tolist() == expected


@given(st.tuples(*[st.integers(0, 255)] * 3))
def test_rgb_survives_the_way_through_ybr(rgb: tuple[int, int, int]) -> None:
    red, green, blue = rgb
    # PS3.3 C.7.6.3.1.2, the matrix towards YBR_FULL
    ybr = [
        0.2990 * red + 0.5870 * green + 0.1140 * blue,
        -0.1687 * red - 0.3313 * green + 0.5000 * blue + 128,
        0.5000 * red - 0.4187 * green - 0.0813 * blue + 128,
    ]
    stored = np.clip(np.rint(ybr), 0, 255).astype(np.uint8)
    back = ybr_full_to_rgb(stored.reshape(1, 3))[0].astype(int)
    assert np.abs(back - rgb).max() <= 2


def test_422_gives_both_pixels_their_shared_chroma() -> None:
    data = np.array([10, 20, 100, 200, 30, 40, 110, 210], dtype=np.uint8)
    full = spread_422(data, 1, 4)
    assert full[0].tolist() == [[10, 100, 200], [20, 100, 200], [30, 110, 210], [40, 110, 210]]
    with pytest.raises(DecodeError):
        spread_422(data, 2, 4)


def test_a_palette_takes_its_ends_outside() -> None:
    palette = Palette(10, np.array([[1, 2, 3], [4, 5, 6]], np.uint8))
    assert palette.apply(np.array([0, 10, 11, 65535], np.uint16)).tolist() == [
        [1, 2, 3],
        [1, 2, 3],
        [4, 5, 6],
        [4, 5, 6],
    ]


def test_segmented_palettes() -> None:
    # discrete 3 values, linear to 100 in 4 steps, the discrete segment once more
    words = np.array([0, 3, 10, 20, 60, 1, 4, 100, 2, 1, 0, 0], np.uint16)
    assert expand_segmented(words, 10).tolist() == [10, 20, 60, 70, 80, 90, 100, 10, 20, 60]


@pytest.mark.parametrize(
    "words",
    [[1, 4, 100], [0, 9, 1, 2], [7, 1, 1], [2, 1, 5, 0], [0, 1, 5, 2, 1], [0, 2, 1, 2, 2, 60000, 0, 0]],
)
def test_broken_segmented_palettes_are_refused(words: list[int]) -> None:
    with pytest.raises(DecodeError):
        expand_segmented(np.array(words, np.uint16), 8)


@given(st.lists(st.integers(0, 65535), max_size=40), st.integers(1, 300))
def test_no_palette_words_raise_anything_but_a_decode_error(words: list[int], entries: int) -> None:
    try:
        assert len(expand_segmented(np.array(words, np.uint16), entries)) == entries
    except DecodeError:
        return
