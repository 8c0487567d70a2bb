"""A frame that was cut is never shown as whole: ten cut points, every syntax, every decoder in the table."""

from __future__ import annotations

import imagecodecs
import numpy as np
import pytest
from pydicom.pixels.encoders.base import RLELosslessEncoder

from loaders.errors import DecodeError
from loaders.model.pixel_format import PixelFormat
from loaders.pixels.codestream_header import TruncatedFrame, read_header
from loaders.pixels.decoder_table import DECODERS, FrameDecoder, decode_codestream

_J = "1.2.840.10008.1.2.4."
_RLE = "1.2.840.10008.1.2.5"


def slice_of_noise(bits: int) -> np.ndarray:
    rows, columns = np.mgrid[0:64, 0:80]
    smooth = (rows * 37 + columns * 11) % (1 << (bits - 1))
    noise = np.random.default_rng(7).integers(0, 1 << (bits - 3), smooth.shape)
    noisy: np.ndarray = (smooth + noise).astype(np.uint8 if bits <= 8 else np.uint16)
    return noisy


def layout(syntax: str, bits: int) -> PixelFormat:
    allocated = 8 if bits <= 8 else 16
    return PixelFormat(64, 80, 1, "MONOCHROME2", allocated, bits, bits - 1, False, syntax)


def encoded(syntax: str) -> tuple[bytes, PixelFormat, np.ndarray]:
    lossy_jpeg = {f"{_J}50": 8, f"{_J}51": 12}
    bits = lossy_jpeg.get(syntax, 12)
    pixels = slice_of_noise(bits)
    if syntax in lossy_jpeg:
        data = imagecodecs.jpeg8_encode(pixels, level=95, bitspersample=bits)
    elif syntax in (f"{_J}57", f"{_J}70"):
        data = imagecodecs.jpeg8_encode(pixels, lossless=True, predictor=1, bitspersample=12)
    elif syntax in (f"{_J}80", f"{_J}81"):
        data = imagecodecs.jpegls_encode(pixels, level=0 if syntax.endswith("80") else 2)
    elif syntax in (f"{_J}90", f"{_J}91"):
        reversible = syntax.endswith("90")
        data = imagecodecs.jpeg2k_encode(
            pixels, level=None if reversible else 45, codecformat="J2K", bitspersample=12, reversible=reversible
        )
    elif syntax == _RLE:
        data = RLELosslessEncoder.encode(
            pixels.tobytes(),
            rows=64,
            columns=80,
            samples_per_pixel=1,
            number_of_frames=1,
            bits_allocated=16,
            bits_stored=12,
            pixel_representation=0,
            photometric_interpretation="MONOCHROME2",
            encoding_plugin="pydicom",
        )
    else:
        data = imagecodecs.htj2k_encode(pixels)
    return bytes(data), layout(syntax, bits), pixels


CODED = [syntax for syntax in DECODERS if syntax not in (f"{_J}53", f"{_J}55")]
PAIRS = [
    pytest.param(syntax, decoder, number, id=f"{syntax[-3:]}-{decoder.name}")
    for syntax in CODED
    for number, decoder in enumerate(DECODERS[syntax])
]
LOSSLESS = {f"{_J}57", f"{_J}70", f"{_J}80", f"{_J}90", f"{_J}201", f"{_J}202", f"{_J}203", _RLE}


@pytest.mark.parametrize(("syntax", "decoder", "attempt"), PAIRS)
def test_whole_frames_decode_with_every_decoder(syntax: str, decoder: FrameDecoder, attempt: int) -> None:
    data, format_, pixels = encoded(syntax)
    decoded = decode_codestream(data, format_, read_header(data, format_), attempt=attempt)
    if syntax in LOSSLESS:
        np.testing.assert_array_equal(decoded, pixels)
    else:
        assert np.abs(decoded.astype(int) - pixels.astype(int)).mean() < (1 << format_.bits_stored) / 50


@pytest.mark.parametrize(("syntax", "decoder", "attempt"), PAIRS)
def test_cut_frames_are_flagged_by_every_decoder(syntax: str, decoder: FrameDecoder, attempt: int) -> None:
    data, format_, _ = encoded(syntax)
    for tenth in range(10):
        # The last cut loses four bytes only.
        cut = data[: max(1, (len(data) - 4) * (tenth + 1) // 10)]
        with pytest.raises(DecodeError):
            decode_codestream(cut, format_, read_header(cut, format_), attempt=attempt)


@pytest.mark.parametrize("padding", [b"", b"\0", b"\x20", b"\0" * 7, b"\xff"])
def test_padding_after_the_end_marker_is_no_flaw(padding: bytes) -> None:
    data, format_, _ = encoded(f"{_J}70")
    assert read_header(data.rstrip(b"\0") + padding, format_).note == ""


def test_a_missing_end_of_codestream_is_a_note_only_when_all_tile_parts_are_whole() -> None:
    data, format_, pixels = encoded(f"{_J}90")
    whole = data.rstrip(b"\0")
    assert whole.endswith(b"\xff\xd9")
    header = read_header(whole[:-2], format_)
    assert "end-of-codestream" in header.note
    np.testing.assert_array_equal(decode_codestream(whole[:-2], format_, header), pixels)
    with pytest.raises(TruncatedFrame):
        read_header(whole[:-3], format_)


@pytest.mark.parametrize("syntax", [syntax for syntax in CODED if len(DECODERS[syntax]) > 1])
def test_both_decoders_of_a_syntax_give_the_same_picture(syntax: str) -> None:
    """Lossless ones to the bit; lossy ones may round their transform otherwise."""
    data, format_, _ = encoded(syntax)
    first, second = (
        decode_codestream(data, format_, read_header(data, format_), attempt=attempt).astype(int) for attempt in (0, 1)
    )
    assert np.abs(first - second).max() <= (0 if syntax in LOSSLESS else 2)
