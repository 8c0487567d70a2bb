"""Hostile pixels: codestreams that lie, fragments that play tricks, palettes, files that end too early."""

from __future__ import annotations

import struct
from collections.abc import Callable, Mapping

import imagecodecs
import numpy as np

from tests.fuzz.recipe import Outcome, element, plain_slice, recipe
from tests.unit.loaders.pixels.test_truncation import encoded

_J = "1.2.840.10008.1.2.4."
RLE = "1.2.840.10008.1.2.5"
_ITEM = b"\xfe\xff\x00\xe0"
_END = b"\xfe\xff\xdd\xe0\0\0\0\0"


def item(data: bytes, length: int | None = None) -> bytes:
    """Return one item of encapsulated pixel data, its length perhaps a lie."""
    return _ITEM + (len(data) if length is None else length).to_bytes(4, "little") + data


def compressed(syntax: str, value: bytes | None = None, /, **overrides: object) -> bytes:
    """Return a 64 x 80 slice with ``value`` as its encapsulated pixel data (items and delimiter)."""
    data, layout, _ = encoded(syntax)
    facts: dict[str, object] = {
        "BitsAllocated": layout.bits_allocated,
        "BitsStored": layout.bits_stored,
        "HighBit": layout.high_bit,
        "PixelRepresentation": 0,
    }
    native = plain_slice(**{**facts, **overrides})
    head = native[: native.rindex(b"\xe0\x7f\x10\x00")]
    old, new = b"1.2.840.10008.1.2.1\0", syntax.encode() + b"\0" * (len(syntax) % 2)
    at = head.index(b"UI" + len(old).to_bytes(2, "little") + old)
    head = head[:at] + b"UI" + len(new).to_bytes(2, "little") + new + head[at + 4 + len(old) :]
    padded = data + b"\0" * (len(data) % 2)
    body = item(b"") + item(padded) + _END if value is None else value
    return head + b"\xe0\x7f\x10\x00OB\0\0\xff\xff\xff\xff" + body


def stream(syntax: str) -> bytearray:
    """Return the sound codestream that :func:`compressed` holds, to be spoilt."""
    return bytearray(encoded(syntax)[0])


def _spoilt(syntax: str, change: Callable[[bytearray], bytes | bytearray]) -> bytes:
    return compressed(syntax, item(b"") + item(bytes(change(stream(syntax)))) + _END)


def _sized(data: bytearray, side: int) -> bytearray:
    at = data.index(b"\xff\x51")
    for offset in (6, 22):
        struct.pack_into(">II", data, at + offset, side, side)
    return data


@recipe(Outcome.REFUSED)
def jpeg2000_size_marker_of_24000() -> bytes:
    return _spoilt(f"{_J}90", lambda data: _sized(data, 24_000))


@recipe(Outcome.REFUSED)
def jpeg2000_size_marker_of_four_thousand_million() -> bytes:
    return _spoilt(f"{_J}90", lambda data: _sized(data, 0xFFFFFFFF))


@recipe(Outcome.REFUSED)
def htj2k_size_marker_of_24000() -> bytes:
    return _spoilt(f"{_J}201", lambda data: _sized(data, 24_000))


@recipe(Outcome.REFUSED)
def jpeg2000_of_sixteen_thousand_components() -> bytes:
    def change(data: bytearray) -> bytearray:
        struct.pack_into(">H", data, data.index(b"\xff\x51") + 38, 16_384)
        return data

    return _spoilt(f"{_J}90", change)


@recipe(Outcome.REFUSED)
def jpeg2000_tiles_of_one_pixel() -> bytes:
    def change(data: bytearray) -> bytearray:
        struct.pack_into(">II", data, data.index(b"\xff\x51") + 22, 1, 1)
        return data

    return _spoilt(f"{_J}90", change)


@recipe(Outcome.ANY)
def jpeg2000_of_thirty_two_levels() -> bytes:
    def change(data: bytearray) -> bytearray:
        data[data.index(b"\xff\x52") + 9] = 32
        return data

    return _spoilt(f"{_J}90", change)


@recipe(Outcome.REFUSED)
def jpeg2000_tile_part_of_nothing() -> bytes:
    def change(data: bytearray) -> bytearray:
        struct.pack_into(">I", data, data.index(b"\xff\x90") + 6, 3)
        return data

    return _spoilt(f"{_J}90", change)


@recipe(Outcome.REFUSED)
def jpeg_frame_header_of_65535() -> bytes:
    def change(data: bytearray) -> bytearray:
        at = next(data.index(bytes([0xFF, marker])) for marker in (0xC0, 0xC1) if bytes([0xFF, marker]) in data)
        struct.pack_into(">HH", data, at + 5, 65_535, 65_535)
        return data

    return _spoilt(f"{_J}50", change)


@recipe(Outcome.REFUSED)
def jpeg_lossless_of_other_columns() -> bytes:
    def change(data: bytearray) -> bytearray:
        struct.pack_into(">H", data, data.index(b"\xff\xc3") + 7, 81)
        return data

    return _spoilt(f"{_J}70", change)


@recipe(Outcome.REFUSED)
def jpeg_without_a_frame_header() -> bytes:
    return _spoilt(f"{_J}70", lambda _data: b"\xff\xd8\xff\xda\0\x02" + b"\0" * 64 + b"\xff\xd9")


@recipe(Outcome.REFUSED)
def jpeg_markers_without_end() -> bytes:
    return _spoilt(f"{_J}70", lambda _data: b"\xff\xd8" + b"\xff\xe1\0\x02" * 50_000)


@recipe(Outcome.REFUSED)
def jpeg_huffman_table_that_is_none() -> bytes:
    def change(data: bytearray) -> bytearray:
        at = data.index(b"\xff\xc4")
        data[at + 5 : at + 21] = b"\xff" * 16
        return data

    return _spoilt(f"{_J}70", change)


@recipe(Outcome.ANY)
def jpeg_restart_markers_in_the_scan() -> bytes:
    return _spoilt(f"{_J}70", lambda data: data[:-200] + b"\xff\xd0\xff\xd3\xff\xd7" + data[-194:])


@recipe(Outcome.REFUSED)
def jpeg_ls_of_65535_rows() -> bytes:
    def change(data: bytearray) -> bytearray:
        struct.pack_into(">H", data, data.index(b"\xff\xf7") + 5, 65_535)
        return data

    return _spoilt(f"{_J}80", change)


@recipe(Outcome.ANY)
def jpeg_ls_near_of_255() -> bytes:
    def change(data: bytearray) -> bytearray:
        data[data.index(b"\xff\xda") + 7] = 255
        return data

    return _spoilt(f"{_J}80", change)


@recipe(Outcome.REFUSED)
def rle_segments_beyond_the_frame() -> bytes:
    return _spoilt(RLE, lambda data: struct.pack("<16I", 2, 64, 0x7FFFFFFF, *[0] * 13) + data[64:])


@recipe(Outcome.REFUSED)
def rle_of_fifteen_segments() -> bytes:
    return _spoilt(RLE, lambda data: struct.pack("<16I", 15, *range(64, 79)) + data[64:])


@recipe(Outcome.SHOWN)
def rle_that_runs_over() -> bytes:
    return _spoilt(RLE, lambda _data: struct.pack("<16I", 2, 64, 4064, *[0] * 13) + b"\x81\xff" * 4000)


@recipe(Outcome.REFUSED, "truncated")
def rle_with_a_short_plane_made_up_for_by_a_long_one() -> bytes:
    """One plane is 20 bytes too long, the other 20 too short: together they are of the right length."""
    long, short = (b"\x81\x55" * 40 + b"\x13" + bytes(20)), b"\x81\x55" * 39 + b"\x6b" + bytes(108)
    return _spoilt(RLE, lambda _data: struct.pack("<16I", 2, 64, 64 + len(long), *[0] * 13) + long + short)


@recipe(Outcome.REFUSED)
def rle_of_nothing() -> bytes:
    return _spoilt(RLE, lambda _data: b"\0" * 64)


@recipe(Outcome.REFUSED)
def codestream_of_noise() -> bytes:
    noise = np.random.default_rng(5).integers(0, 256, 4000, dtype=np.uint8).tobytes()
    return _spoilt(f"{_J}90", lambda _data: noise)


@recipe(Outcome.ANY)
def noise_behind_a_sound_jpeg2000_header() -> bytes:
    noise = np.random.default_rng(6).integers(0, 255, 3000, dtype=np.uint8).tobytes()
    return _spoilt(f"{_J}90", lambda data: data[:300] + noise[: len(data) - 302] + data[-2:])


@recipe(Outcome.ANY)
def noise_behind_a_sound_jpeg_ls_header() -> bytes:
    noise = np.random.default_rng(7).integers(0, 255, 3000, dtype=np.uint8).tobytes()
    return _spoilt(f"{_J}80", lambda data: data[:30] + noise + b"\xff\xd9")


@recipe(Outcome.REFUSED)
def codestream_of_another_syntax() -> bytes:
    return compressed(f"{_J}80", item(b"") + item(bytes(stream(RLE))) + _END)


@recipe(Outcome.REFUSED)
def no_fragment() -> bytes:
    return compressed(f"{_J}90", item(b"") + _END)


@recipe(Outcome.REFUSED)
def no_item_at_all() -> bytes:
    return compressed(f"{_J}90", _END)


@recipe(Outcome.REFUSED)
def fragment_beyond_the_file() -> bytes:
    return compressed(f"{_J}90", item(b"") + item(bytes(stream(f"{_J}90")), 0x7FFFFFF0))


@recipe(Outcome.REFUSED)
def fragment_of_undefined_length() -> bytes:
    return compressed(f"{_J}90", item(b"") + item(bytes(stream(f"{_J}90")), 0xFFFFFFFF) + _END)


@recipe(Outcome.REFUSED)
def a_hundred_thousand_empty_fragments() -> bytes:
    return compressed(f"{_J}90", item(b"") + item(b"") * 100_000 + _END)


@recipe(Outcome.SHOWN)
def codestream_in_fragments_of_two_bytes() -> bytes:
    data = bytes(stream(f"{_J}90"))
    data += b"\0" * (len(data) % 2)
    pieces = b"".join(item(data[at : at + 2]) for at in range(0, len(data), 2))
    return compressed(f"{_J}90", item(b"") + pieces + _END)


@recipe(Outcome.SHOWN)
def offset_table_that_points_into_the_frame() -> bytes:
    return compressed(f"{_J}90", item(struct.pack("<I", 77)) + item(bytes(stream(f"{_J}90")) + b"\0") + _END)


@recipe(Outcome.SHOWN)
def no_sequence_delimiter() -> bytes:
    data = bytes(stream(f"{_J}70"))
    return compressed(f"{_J}70", item(b"") + item(data + b"\0" * (len(data) % 2)))


@recipe(Outcome.REFUSED)
def frames_without_fragments() -> bytes:
    return compressed(f"{_J}90", NumberOfFrames=50)


@recipe(Outcome.REFUSED)
def encapsulated_but_native_by_syntax() -> bytes:
    data = compressed(RLE)
    return data.replace(b"1.2.840.10008.1.2.5\0", b"1.2.840.10008.1.2.1\0")


@recipe(Outcome.REFUSED)
def native_but_encapsulated_by_syntax() -> bytes:
    return plain_slice().replace(b"1.2.840.10008.1.2.1\0", b"1.2.840.10008.1.2.5\0")


@recipe(Outcome.REFUSED)
def native_pixels_cut() -> bytes:
    return plain_slice()[:-3000]


@recipe(Outcome.REFUSED)
def native_pixels_of_no_length() -> bytes:
    return plain_slice(PixelData=b"")


@recipe(Outcome.REFUSED)
def impossible_bits() -> bytes:
    return plain_slice(BitsStored=40, HighBit=39)


@recipe(Outcome.REFUSED)
def thirteen_bits_allocated() -> bytes:
    return plain_slice(BitsAllocated=13, BitsStored=13, HighBit=12)


@recipe(Outcome.REFUSED)
def seven_samples_a_pixel() -> bytes:
    return plain_slice(SamplesPerPixel=7)


@recipe(Outcome.REFUSED)
def colour_by_name_grey_by_samples() -> bytes:
    return plain_slice(PhotometricInterpretation="YBR_PARTIAL_420", SamplesPerPixel=3, PlanarConfiguration=9)


def _palette(entries: int, held: int, first: int = 0) -> Mapping[str, object]:
    facts: dict[str, object] = {"PhotometricInterpretation": "PALETTE COLOR"}
    for colour in ("Red", "Green", "Blue"):
        facts[f"{colour}PaletteColorLookupTableDescriptor"] = [entries, first, 16]
        facts[f"{colour}PaletteColorLookupTableData"] = b"\x10\x80" * held
    return facts


@recipe(Outcome.REFUSED)
def palette_shorter_than_it_says() -> bytes:
    return plain_slice(**_palette(65_535, 4))


@recipe(Outcome.SHOWN)
def palette_smaller_than_the_pixels() -> bytes:
    return plain_slice(**_palette(4, 4, 3))


@recipe(Outcome.REFUSED)
def palette_missing() -> bytes:
    return plain_slice(PhotometricInterpretation="PALETTE COLOR")


@recipe(Outcome.REFUSED)
def segmented_palette_that_repeats_itself() -> bytes:
    facts: dict[str, object] = {"PhotometricInterpretation": "PALETTE COLOR"}
    loop = struct.pack("<8H", 0, 1, 5, 2, 65_535, 3, 0, 0)
    for colour in ("Red", "Green", "Blue"):
        facts[f"{colour}PaletteColorLookupTableDescriptor"] = [0, 0, 16]
        facts[f"Segmented{colour}PaletteColorLookupTableData"] = loop * 500
    return plain_slice(**facts)


@recipe(Outcome.REFUSED)
def deflated_frame_bomb() -> bytes:
    import zlib

    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    packed = packer.compress(bytes(64 << 20)) + packer.flush()
    return compressed("1.2.840.10008.1.2.8.1", item(b"") + item(packed + b"\0" * (len(packed) % 2)) + _END)


@recipe(Outcome.ANY)
def jpeg_bomb_that_agrees_with_its_dataset() -> bytes:
    """A black picture of 8000 x 8000 in 130 kB: large, but no larger than it says, so it may be shown."""
    side = 8000
    data = bytes(imagecodecs.jpeg8_encode(np.zeros((side, side), np.uint8), level=50))
    value = item(b"") + item(data + b"\0" * (len(data) % 2)) + _END
    return compressed(f"{_J}50", value, Rows=side, Columns=side, PixelData=b"\0\0")


@recipe(Outcome.ANY)
def private_tag_that_looks_like_pixel_data() -> bytes:
    data = plain_slice()
    at = data.rindex(b"\xe0\x7f\x10\x00")
    fake = element(0x29, 0x1010, b"OW", b"\xe0\x7f\x10\x00OW\0\0\xff\xff\xff\xff" * 9)
    return data[:at] + fake + data[at:]
