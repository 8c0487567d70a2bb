"""Headers of sound, odd and hostile files, against pydicom's own reading."""

from __future__ import annotations

import json
import os
import struct
import zlib
from pathlib import Path

import pydicom
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydicom.uid import (
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
)

from loaders.discovery.header_scan import (
    decode_task_result,
    encode_task,
    read_header,
    read_headers_task,
)
from loaders.model.pixel_format import FileLocator
from tests.support.dicom_files import SeriesRecipe, dataset_bytes, enhanced_mr, slice_dataset

_SAMPLE = dataset_bytes(slice_dataset(SeriesRecipe(), 0))
_COMPARED = ("SOPInstanceUID", "SeriesInstanceUID", "Rows", "Columns", "Modality", "PixelRepresentation", "StudyDate")


def _bomb(inflated_megabytes: int) -> bytes:
    """A deflated file whose data set is one element of so many zero bytes."""
    head = _SAMPLE[:132]
    syntax = DeflatedExplicitVRLittleEndian.encode() + b"\0"
    meta = b"\x02\x00\x10\x00UI" + struct.pack("<H", len(syntax)) + syntax
    squeezer = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    element = b"\x08\x00\x08\x00UN\0\0" + struct.pack("<L", (inflated_megabytes << 20) + 1000)
    packed = squeezer.compress(element)
    for _ in range(inflated_megabytes):
        packed += squeezer.compress(bytes(1 << 20))
    return head + meta + packed + squeezer.flush()


@pytest.mark.parametrize(
    "syntax", [ExplicitVRLittleEndian, ImplicitVRLittleEndian, DeflatedExplicitVRLittleEndian, ExplicitVRBigEndian]
)
def test_every_native_syntax_gives_the_same_values(syntax: str) -> None:
    ds = slice_dataset(SeriesRecipe(character_set="ISO_IR 192", patient_name="Wang^XiaoDong=王^小東"), 2)
    if syntax == ExplicitVRBigEndian:
        ds.PixelData = bytes(len(ds.PixelData))
    record = read_header(dataset_bytes(ds, syntax))
    plain = read_header(dataset_bytes(ds))
    assert record["status"] == "image"
    assert record["syntax"] == syntax
    assert record["elements"] == plain["elements"]
    assert record["elements"]["PatientName"] == ["Wang^XiaoDong=王^小東"]


@pytest.mark.parametrize("syntax", [ExplicitVRLittleEndian, ImplicitVRLittleEndian])
def test_a_file_without_preamble_is_read(syntax: str) -> None:
    record = read_header(dataset_bytes(slice_dataset(SeriesRecipe(), 0), syntax, preamble=False))
    assert record["status"] == "image"
    assert record["syntax"] == syntax


def test_pixel_offset_points_at_the_stored_values() -> None:
    ds = slice_dataset(SeriesRecipe(), 3)
    data = dataset_bytes(ds)
    pixels = read_header(data)["pixels"]
    assert data[pixels["offset"] : pixels["offset"] + pixels["length"]] == ds.PixelData


def test_pydicoms_own_files_read_as_pydicom_reads_them() -> None:
    compared = 0
    for path in sorted((Path(pydicom.__file__).parent / "data" / "test_files").glob("[CM][TR]*.dcm")):
        record = read_header(FileLocator(path))
        if record["status"] not in {"image", "object"}:
            continue
        ds = pydicom.dcmread(path, stop_before_pixels=True, force=True)
        for keyword in _COMPARED:
            if ds.get(keyword) not in {None, ""}:
                assert record["elements"][keyword][0] == ds[keyword].value, (path.name, keyword)
                compared += 1
    assert compared > 50


def test_the_task_for_workers_is_json_and_gives_the_same_records(tmp_path: Path) -> None:
    path = tmp_path / "a.dcm"
    path.write_bytes(dataset_bytes(enhanced_mr(SeriesRecipe(), [(0, {"b_value": 0.0}), (1, {"b_value": 800.0})])))
    files = [FileLocator(path), FileLocator(tmp_path / "gone")]
    records = decode_task_result(read_headers_task(encode_task(files)))
    assert records == [json.loads(json.dumps(read_header(file))) for file in files]
    assert [record["status"] for record in records] == ["image", "problem"]


@pytest.mark.parametrize(
    ("data", "status", "code"),
    [
        (b"", "problem", "empty_file"),
        (b"hello, this is text named .dcm\n" * 30, "not_dicom", None),
        (bytes(4000), "not_dicom", None),
        (_SAMPLE[:132], "problem", "malformed"),
        (_SAMPLE[:200], "problem", "malformed"),
        (_SAMPLE[: _SAMPLE.index(b"\xe0\x7f\x10\x00") - 3], "problem", "malformed"),
        (_SAMPLE[:132] + b"\xff" * 500, "problem", "malformed"),
        (_bomb(300), "problem", "malformed"),
    ],
)
def test_bad_files_are_rows_not_exceptions(data: bytes, status: str, code: str | None) -> None:
    record = read_header(data)
    assert (record["status"], record.get("code")) == (status, code)


def test_a_deflated_image_that_inflates_endlessly_after_its_header_costs_nothing() -> None:
    """The header of a deflated file is read without inflating the pixels behind it."""
    ds = slice_dataset(SeriesRecipe(), 0)
    plain = dataset_bytes(ds)
    start = plain.index(b"\x08\x00\x08\x00")
    header = plain[start : plain.index(b"\xe0\x7f\x10\x00")] + b"\xe0\x7f\x10\x00OW\0\0" + struct.pack("<L", 2 << 30)
    squeezer = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    packed = squeezer.compress(header) + b"".join(squeezer.compress(bytes(1 << 20)) for _ in range(64))
    syntax = DeflatedExplicitVRLittleEndian.encode() + b"\0"
    data = plain[:132] + b"\x02\x00\x10\x00UI" + struct.pack("<H", len(syntax)) + syntax + packed
    record = read_header(data)
    assert record["status"] == "image"
    assert record["pixels"]["offset"] == -1


def test_deep_nesting_is_refused() -> None:
    opening = b"\x08\x00\x15\x11SQ\0\0\xff\xff\xff\xff\xfe\xff\x00\xe0\xff\xff\xff\xff"
    record = read_header(_SAMPLE[: _SAMPLE.index(b"\x08\x00\x08\x00")] + opening * 5000)
    assert (record["status"], record["code"]) == ("problem", "malformed")


@pytest.mark.skipif(os.geteuid() == 0 if hasattr(os, "geteuid") else True, reason="root may read everything")
def test_a_file_without_permission_is_a_row(tmp_path: Path) -> None:
    path = tmp_path / "locked.dcm"
    path.write_bytes(_SAMPLE)
    path.chmod(0)
    assert read_header(FileLocator(path))["code"] == "no_permission"


def test_a_pipe_is_refused_and_never_waited_for(tmp_path: Path) -> None:
    path = tmp_path / "pipe"
    os.mkfifo(path)
    assert read_header(FileLocator(path))["code"] == "unreadable"


@pytest.mark.parametrize(("cut", "whole"), [(0, 1), (1, 0), (90, 0)])
def test_truncated_pixels_are_counted(cut: int, whole: int) -> None:
    record = read_header(_SAMPLE[: len(_SAMPLE) - cut])
    assert record["pixels"]["frames_whole"] == whole


@given(st.binary(max_size=400))
def test_any_bytes_give_a_record(data: bytes) -> None:
    for candidate in (data, _SAMPLE[:132] + data, _SAMPLE[:300] + data):
        json.dumps(read_header(candidate), allow_nan=False)


@given(st.integers(132, len(_SAMPLE) - 1), st.integers(0, 255))
def test_any_changed_byte_gives_a_record(position: int, value: int) -> None:
    changed = bytearray(_SAMPLE)
    changed[position] = value
    json.dumps(read_header(bytes(changed)), allow_nan=False)
