"""Sizes are held against the dataset before a codec runs."""

from __future__ import annotations

import struct
import time
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loaders.errors import DecodeError
from loaders.pixels.codestream_header import HeaderMismatch, read_header
from tests.unit.loaders.pixels.test_truncation import encoded, layout

_J = "1.2.840.10008.1.2.4."


def test_a_bomb_in_the_size_marker_is_refused_at_once() -> None:
    data, format_, _ = encoded(f"{_J}90")
    bomb = bytearray(data)
    struct.pack_into(">II", bomb, 8, 24000, 24000)
    struct.pack_into(">II", bomb, 24, 24000, 24000)
    started = time.perf_counter()
    with pytest.raises(HeaderMismatch, match="24000"):
        read_header(bytes(bomb), format_)
    assert time.perf_counter() - started < 0.1


def test_a_bomb_whose_dataset_agrees_is_refused_by_size() -> None:
    data, format_, _ = encoded(f"{_J}90")
    bomb = bytearray(data)
    for size in (8, 24):  # of the image and of its one tile
        struct.pack_into(">II", bomb, size, 60000, 60000)
    with pytest.raises(HeaderMismatch, match="bytes"):
        read_header(bytes(bomb), replace(format_, rows=60000, columns=60000))


@pytest.mark.parametrize("syntax", [f"{_J}50", f"{_J}51", f"{_J}70", f"{_J}80", f"{_J}90", f"{_J}201"])
@pytest.mark.parametrize("change", [{"rows": 63}, {"columns": 81}, {"samples_per_pixel": 3}, {"bits_allocated": 4}])
def test_disagreement_is_refused(syntax: str, change: dict[str, Any]) -> None:
    data, format_, _ = encoded(syntax)
    with pytest.raises(HeaderMismatch):
        read_header(data, replace(format_, **change))


@pytest.mark.parametrize("syntax", [f"{_J}50", f"{_J}51", f"{_J}70", f"{_J}80", f"{_J}90", f"{_J}201"])
def test_the_header_tells_size_and_depth(syntax: str) -> None:
    data, format_, _ = encoded(syntax)
    header = read_header(data, format_)
    assert (header.rows, header.columns, header.samples) == (64, 80, 1)
    assert header.precision in (8, 12, 16)


def test_rle_with_a_wrong_segment_table() -> None:
    data, format_, _ = encoded("1.2.840.10008.1.2.5")
    for table in ([1, 64], [2, 64, 64], [2, 60, 100], [2, 64, len(data)]):
        broken = struct.pack("<16I", *(table + [0] * (16 - len(table)))) + data[64:]
        with pytest.raises(DecodeError):
            read_header(broken, format_)


@given(st.binary(max_size=200), st.sampled_from(["50", "70", "80", "90", "201"]))
def test_no_bytes_raise_anything_but_a_decode_error(data: bytes, syntax: str) -> None:
    for start in (b"", b"\xff\xd8", b"\xff\x4f\xff\x51", b"\0\0\0\x0cjP  "):
        try:
            read_header(start + data, layout(f"{_J}{syntax}", 12))
        except DecodeError:
            continue


@given(st.integers(0, 2000), st.integers(0, 255))
def test_a_flipped_byte_never_passes_a_wrong_size(position: int, value: int) -> None:
    data, format_, _ = encoded(f"{_J}80")
    broken = bytearray(data)
    broken[position % len(data)] = value
    try:
        header = read_header(bytes(broken), format_)
    except DecodeError:
        return
    assert (header.rows, header.columns, header.samples) == (64, 80, 1)
