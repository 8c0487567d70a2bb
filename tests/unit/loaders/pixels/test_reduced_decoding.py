"""Previews: the same picture at a quarter of the resolution, whatever its depth and sign, or none at all."""

from __future__ import annotations

from dataclasses import replace

import imagecodecs
import numpy as np
import pytest

from loaders.errors import DecodeError
from loaders.model.pixel_format import PixelFormat
from loaders.pixels.codestream_header import read_header
from loaders.pixels.frame_reader import settled_grey
from loaders.pixels.preview_task import preview_of_answer
from loaders.pixels.reduced_decoding import FACTOR, can_reduce, decode_reduced, enlarge, reduced_shape

_J2K, _HTJ2K = "1.2.840.10008.1.2.4.90", "1.2.840.10008.1.2.4.201"


def smooth(rows: int, columns: int, low: int, high: int, kind: str) -> np.ndarray:
    """A picture without fine detail: a quarter of its resolution shows all there is."""
    down, across = np.mgrid[0 : np.pi : rows * 1j, 0 : np.pi : columns * 1j]
    picture: np.ndarray = np.rint(low + (high - low) * np.sin(down) * np.sin(across)).astype(kind)
    return picture


@pytest.mark.parametrize(
    ("kind", "bits", "low", "high"),
    [("u1", 8, 5, 250), ("u2", 12, 30, 4000), ("u2", 16, 0, 65000), ("i2", 12, -1024, 2000), ("i2", 16, -30000, 30000)],
)
@pytest.mark.parametrize("syntax", [_J2K, _HTJ2K])
def test_a_preview_shows_the_same_values(syntax: str, kind: str, bits: int, low: int, high: int) -> None:
    picture = smooth(130, 162, low, high, kind)
    if syntax == _J2K:
        data = imagecodecs.jpeg2k_encode(picture, codecformat="J2K", reversible=True, level=None, bitspersample=bits)
    else:
        data = imagecodecs.htj2k_encode(picture, reversible=True)
    size = 8 * picture.dtype.itemsize
    format_ = PixelFormat(130, 162, 1, "MONOCHROME2", size, bits, bits - 1, kind[0] == "i", syntax)
    assert can_reduce(format_)
    header = read_header(bytes(data), format_)
    reduced = settled_grey(decode_reduced(bytes(data), format_, header), format_, header).astype(kind)
    assert reduced.shape == reduced_shape(format_) == (33, 41)
    whole = enlarge(preview_of_answer(reduced.tobytes(), format_), format_)
    assert whole.shape == picture.shape
    assert whole.dtype == picture.dtype
    error = np.abs(whole.astype(int) - picture.astype(int))
    # A sample stands for the two pixels before and the one behind it: it is off by the slope over two, along each axis.
    assert error.max() <= 2.2 * np.pi * (1 / 130 + 1 / 162) * (high - low) + 2
    assert error.mean() <= 0.02 * (high - low) + 1


def test_colour_and_other_syntaxes_have_none() -> None:
    grey = PixelFormat(64, 64, 1, "MONOCHROME2", 16, 12, 11, False, _J2K)
    assert not can_reduce(replace(grey, transfer_syntax_uid="1.2.840.10008.1.2.4.80"))
    assert not can_reduce(replace(grey, samples_per_pixel=3, photometric_interpretation="RGB", bits_allocated=8))
    assert not can_reduce(replace(grey, photometric_interpretation="PALETTE COLOR"))


def test_a_width_that_pillow_rounds_otherwise_has_none() -> None:
    grey = PixelFormat(64, 161, 1, "MONOCHROME2", 16, 12, 11, False, _J2K)
    assert not can_reduce(grey)
    assert can_reduce(replace(grey, transfer_syntax_uid=_HTJ2K))


def test_too_few_wavelet_levels_are_an_error_and_no_picture() -> None:
    picture = smooth(64, 80, 0, 4000, "u2")
    data = bytes(imagecodecs.jpeg2k_encode(picture, codecformat="J2K", reversible=True, level=None, resolutions=1))
    format_ = PixelFormat(64, 80, 1, "MONOCHROME2", 16, 16, 15, False, _J2K)
    with pytest.raises(DecodeError):
        decode_reduced(data, format_, read_header(data, format_))


def test_an_answer_of_another_size_is_refused() -> None:
    format_ = PixelFormat(64, 80, 1, "MONOCHROME2", 16, 16, 15, False, _J2K)
    with pytest.raises(DecodeError):
        preview_of_answer(bytes(64 * 80 * 2), format_)
    assert FACTOR == 4
