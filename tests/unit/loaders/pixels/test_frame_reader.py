"""Uncompressed and odd pixel data, made here byte by byte, read by offset and by parsing."""

from __future__ import annotations

import struct
import zlib
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.encaps import encapsulate, encapsulate_extended
from pydicom.filebase import DicomBytesIO
from pydicom.filewriter import dcmwrite, write_dataset
from pydicom.uid import UID

from loaders.errors import DecodeError, SourceError
from loaders.model.frame import Frame
from loaders.model.pixel_format import PixelLocation
from loaders.pixels import instance_pixels
from loaders.pixels.codestream_header import TruncatedFrame
from loaders.pixels.frame_reader import read_parsed
from loaders.pixels.frame_request import FrameAnswer, FrameRequest
from loaders.pixels.instance_pixels import open_instance
from loaders.pixels.straight_reader import can_read_straight, read_straight
from tests.support.file_frames import frames_of_file
from tests.unit.loaders.pixels.test_truncation import encoded

_EXPLICIT, _IMPLICIT = "1.2.840.10008.1.2.1", "1.2.840.10008.1.2"
_DEFLATED, _BIG = "1.2.840.10008.1.2.1.99", "1.2.840.10008.1.2.2"
_UNCOMPRESSED_FRAMES, _DEFLATED_FRAMES = "1.2.840.10008.1.2.1.98", "1.2.840.10008.1.2.8.1"


def write(path: Path, pixel_data: bytes, syntax: str = _EXPLICIT, **attributes: Any) -> Path:
    """A file of one instance, 3 rows x 4 columns of 16 bits unless the attributes say otherwise."""
    dataset = Dataset()
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = UID(syntax)
    dataset.SOPClassUID = dataset.file_meta.MediaStorageSOPClassUID = UID("1.2.840.10008.5.1.4.1.1.7")
    dataset.SOPInstanceUID = dataset.file_meta.MediaStorageSOPInstanceUID = UID("1.2.3.4")
    dataset.Rows, dataset.Columns, dataset.SamplesPerPixel = 3, 4, 1
    dataset.PhotometricInterpretation = "MONOCHROME2"
    dataset.BitsAllocated = dataset.BitsStored = 16
    dataset.HighBit, dataset.PixelRepresentation = 15, 0
    for name, value in attributes.items():
        setattr(dataset, name, value)
    if "FloatPixelData" not in dataset:
        dataset.PixelData = pixel_data
        dataset["PixelData"].VR = "OW" if dataset.BitsAllocated > 8 else "OB"
        dataset["PixelData"].is_undefined_length = syntax not in (_EXPLICIT, _IMPLICIT, _DEFLATED, _BIG)
    dcmwrite(path, dataset, enforce_file_format=True, implicit_vr=syntax == _IMPLICIT, little_endian=syntax != _BIG)
    return path


def parsed(path: Path, index: int = 0, frame: Frame | None = None) -> np.ndarray[Any, Any]:
    known = frame or frames_of_file(path)[index]
    instance = open_instance(known.location.file, None, known.format)
    try:
        return read_parsed(FrameRequest(known.format, known.location, 1, 0), instance)[0].copy()
    finally:
        instance.close()


def straight(path: Path) -> np.ndarray[Any, Any]:
    """Read by offset: the pixel data of these files are their last element."""
    frame = frames_of_file(path)[0]
    length = frame.format.decoded_bytes
    location = PixelLocation(frame.location.file, 0, path.stat().st_size - length, length)
    request = FrameRequest(frame.format, location, 1, 0)
    assert can_read_straight(request)
    return read_straight(request).copy()


@pytest.mark.parametrize("syntax", [_EXPLICIT, _IMPLICIT, _DEFLATED, _BIG])
@pytest.mark.parametrize("signed", [0, 1])
def test_sixteen_bits_in_every_native_syntax(tmp_path: Path, syntax: str, signed: int) -> None:
    values = (np.arange(12) * 2731 - (16000 if signed else 0)).reshape(3, 4)
    data = values.astype((">" if syntax == _BIG else "<") + ("i2" if signed else "u2")).tobytes()
    path = write(tmp_path / "a.dcm", data, syntax, PixelRepresentation=signed)
    assert parsed(path).tolist() == values.tolist()
    if syntax != _DEFLATED:
        assert straight(path).tolist() == values.tolist()


def test_odd_high_bit_with_an_overlay_in_the_other_bits(tmp_path: Path) -> None:
    values = np.arange(12).reshape(3, 4) * 300 - 1500
    words = ((values & 0xFFF) << 2 | 0x8003).astype("<u2")
    attributes: dict[str, Any] = {"BitsStored": 12, "HighBit": 13, "PixelRepresentation": 1}
    path = write(tmp_path / "a.dcm", words.tobytes(), **attributes)
    assert parsed(path).tolist() == values.tolist()
    assert straight(path).tolist() == values.tolist()


@pytest.mark.parametrize("bits", [8, 32])
def test_eight_and_thirty_two_bits(tmp_path: Path, bits: int) -> None:
    values = (np.arange(12) * (20 if bits == 8 else 300_000_000)).reshape(3, 4)
    path = write(
        tmp_path / "a.dcm",
        values.astype(f"<u{bits // 8}").tobytes(),
        BitsAllocated=bits,
        BitsStored=bits,
        HighBit=bits - 1,
    )
    assert parsed(path).tolist() == values.tolist()
    assert straight(path).tolist() == values.tolist()


def test_float_pixels(tmp_path: Path) -> None:
    values = np.linspace(-1.5, 9.25, 12).astype("<f4").reshape(3, 4)
    path = write(tmp_path / "a.dcm", b"", BitsAllocated=32, BitsStored=32, HighBit=31, FloatPixelData=values.tobytes())
    assert parsed(path).tolist() == values.tolist()
    assert parsed(path).dtype == np.float32


def test_single_bits_of_a_later_frame_do_not_begin_on_a_byte(tmp_path: Path) -> None:
    bits = np.random.default_rng(1).integers(0, 2, (3, 3, 5))
    packed = np.packbits(bits.reshape(-1), bitorder="little").tobytes()
    shape: dict[str, Any] = {"Rows": 3, "Columns": 5, "NumberOfFrames": 3}
    path = write(tmp_path / "a.dcm", packed, BitsAllocated=1, BitsStored=1, HighBit=0, **shape)
    for index in range(3):
        assert parsed(path, index).tolist() == bits[index].tolist()


@pytest.mark.parametrize("planar", [0, 1])
def test_colour_by_pixel_and_by_plane(tmp_path: Path, planar: int) -> None:
    rgb = np.random.default_rng(2).integers(0, 256, (3, 4, 3)).astype(np.uint8)
    stored = np.moveaxis(rgb, -1, 0) if planar else rgb
    colour: dict[str, Any] = {"SamplesPerPixel": 3, "PhotometricInterpretation": "RGB", "PlanarConfiguration": planar}
    path = write(tmp_path / "a.dcm", stored.tobytes(), BitsAllocated=8, BitsStored=8, HighBit=7, **colour)
    np.testing.assert_array_equal(parsed(path), rgb)


@pytest.mark.parametrize("kind", ["YBR_FULL", "YBR_FULL_422"])
def test_grey_in_ybr_stays_grey(tmp_path: Path, kind: str) -> None:
    luma = np.arange(12, dtype=np.uint8) * 20
    if kind == "YBR_FULL":
        data = np.stack([luma, np.full(12, 128, np.uint8), np.full(12, 128, np.uint8)], axis=-1)
    else:
        data = np.stack([luma[0::2], luma[1::2], np.full(6, 128, np.uint8), np.full(6, 128, np.uint8)], axis=-1)
    colour: dict[str, Any] = {"SamplesPerPixel": 3, "PhotometricInterpretation": kind, "PlanarConfiguration": 0}
    path = write(tmp_path / "a.dcm", data.tobytes(), BitsAllocated=8, BitsStored=8, HighBit=7, **colour)
    assert parsed(path).tolist() == [[[int(v)] * 3 for v in row] for row in luma.reshape(3, 4)]


@pytest.mark.parametrize("bits", [8, 16])
def test_palette(tmp_path: Path, bits: int) -> None:
    stored = np.array([0, 5, 6, 7] * 3, dtype=np.uint8)
    channels = [[10, 20, 30], [40, 50, 60], [70, 80, 90]]
    factor, kind = (1, np.uint8) if bits == 8 else (257, np.dtype("<u2"))
    palette: dict[str, Any] = {}
    for name, entries in zip(("Red", "Green", "Blue"), channels, strict=True):
        palette[f"{name}PaletteColorLookupTableDescriptor"] = [3, 5, bits]
        data = (np.array(entries) * factor).astype(kind).tobytes()
        palette[f"{name}PaletteColorLookupTableData"] = data + b"\0" * (len(data) % 2)
    path = write(
        tmp_path / "a.dcm",
        stored.tobytes(),
        BitsAllocated=8,
        BitsStored=8,
        HighBit=7,
        PhotometricInterpretation="PALETTE COLOR",
        **palette,
    )
    assert parsed(path)[0].tolist() == [[10, 40, 70], [10, 40, 70], [20, 50, 80], [30, 60, 90]]


def frames_of_noise(syntax: str, count: int) -> tuple[list[bytes], list[np.ndarray[Any, Any]]]:
    data, _, pixels = encoded(syntax)
    return [data] * count, [pixels] * count


@pytest.mark.parametrize("style", ["table", "no table", "fragments", "extended", "lying table"])
def test_frames_of_encapsulated_pixel_data(tmp_path: Path, style: str) -> None:
    streams, pixels = frames_of_noise("1.2.840.10008.1.2.4.80", 3)
    attributes: dict[str, Any] = {}
    if style == "extended":
        data, offsets, lengths = encapsulate_extended(streams)
        attributes = {"ExtendedOffsetTable": offsets, "ExtendedOffsetTableLengths": lengths}
    elif style == "fragments":
        data = encapsulate(streams, fragments_per_frame=4, has_bot=False)
    else:
        data = encapsulate(streams, has_bot=style != "no table")
        if style == "lying table":
            data = data[:12] + struct.pack("<I", 77) + data[16:]
    layout = {"Rows": 64, "Columns": 80, "NumberOfFrames": 3, "BitsStored": 12, "HighBit": 11}
    path = write(tmp_path / "a.dcm", data, "1.2.840.10008.1.2.4.80", **layout, **attributes)
    for index in range(3):
        np.testing.assert_array_equal(parsed(path, index), pixels[index])


def test_a_file_cut_inside_its_pixels_is_refused_either_way(tmp_path: Path) -> None:
    path = write(tmp_path / "a.dcm", bytes(24))
    frame = frames_of_file(path)[0]
    location = PixelLocation(frame.location.file, 0, path.stat().st_size - 24, 24)
    path.write_bytes(path.read_bytes()[:-3])
    with pytest.raises(TruncatedFrame):
        parsed(path, frame=frame)
    with pytest.raises(TruncatedFrame):
        read_straight(FrameRequest(frame.format, location, 1, 0))
    with pytest.raises(SourceError):
        read_straight(
            FrameRequest(frame.format, replace(location, file=replace(location.file, path=tmp_path / "b")), 1, 0)
        )


def test_a_fragment_beyond_the_end_of_the_file(tmp_path: Path) -> None:
    streams, _ = frames_of_noise("1.2.840.10008.1.2.4.80", 1)
    layout = {"Rows": 64, "Columns": 80, "BitsStored": 12, "HighBit": 11}
    path = write(tmp_path / "a.dcm", encapsulate(streams), "1.2.840.10008.1.2.4.80", **layout)
    frame = frames_of_file(path)[0]
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(TruncatedFrame):
        parsed(path, frame=frame)


def test_a_deflated_bomb_is_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bound = 16 << 20
    monkeypatch.setattr(instance_pixels, "LARGEST_INFLATED_BYTES", bound)
    path = write(tmp_path / "a.dcm", bytes(24), _DEFLATED)
    frame = frames_of_file(path)[0]
    head = path.read_bytes()
    body = DicomBytesIO()
    body.is_little_endian, body.is_implicit_VR = True, False
    small = Dataset()
    small.Rows = 3
    write_dataset(body, small)
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    packed = packer.compress(body.getvalue())
    chunk = bytes(1 << 24)
    for _ in range(3 * bound // len(chunk)):
        packed += packer.compress(chunk)
    packed += packer.flush()
    (group_length,) = struct.unpack_from("<I", head, 140)
    path.write_bytes(head[: 144 + group_length] + packed)
    assert path.stat().st_size < bound // 100
    with pytest.raises(DecodeError, match="inflates to more"):
        parsed(path, frame=frame)


def test_a_file_that_changed_since_its_header_scan_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path / "a.dcm", bytes(24))
    frame = frames_of_file(path)[0]
    write(path, bytes(24), Rows=4, Columns=3)
    with pytest.raises(DecodeError, match="no longer"):
        parsed(path, frame=frame)
    write(path, bytes(24), _IMPLICIT)
    with pytest.raises(DecodeError, match="no longer"):
        parsed(path, frame=frame)


def test_requests_and_answers_cross_the_wire_unchanged(tmp_path: Path) -> None:
    frame = frames_of_file(write(tmp_path / "a.dcm", bytes(24)))[0]
    strange = replace(frame.location, file=replace(frame.location.file, path=Path("/disc/\udcff陳"), member="a/b"))
    request = FrameRequest(frame.format, strange, 7, 1 << 40, 3, 99, 1)
    assert FrameRequest.from_bytes(request.to_bytes()) == request
    answer = FrameAnswer(-5, 7.5, "note")
    assert FrameAnswer.from_bytes(answer.to_bytes()) == answer
    for broken in (b"", b"[]", b"{}", b'{"low":"x","high":1,"note":""}', b'{"low":1,"high":1,"note":3}'):
        with pytest.raises(DecodeError):
            FrameAnswer.from_bytes(broken)


@pytest.mark.parametrize("syntax", [_UNCOMPRESSED_FRAMES, _DEFLATED_FRAMES])
def test_uncompressed_and_deflated_frames_in_fragments(tmp_path: Path, syntax: str) -> None:
    """PS3.5 A.4.11 and A.4.13: the same samples, each frame in an item of its own."""
    frames = np.arange(3 * 4 * 6, dtype="<i2").reshape(3, 4, 6) - 30
    packed = [_deflated(frame.tobytes()) if syntax == _DEFLATED_FRAMES else frame.tobytes() for frame in frames]
    path = _fragmented(tmp_path / "a.dcm", packed, syntax, NumberOfFrames=3, PixelRepresentation=1)
    for index in range(3):
        np.testing.assert_array_equal(parsed(path, index), frames[index])


def _fragmented(path: Path, frames: list[bytes], syntax: str, **attributes: Any) -> Path:
    """Frames of 4 x 6 samples of 16 bits. Pydicom does not know the newer of the two syntaxes: its UID is put in."""
    write(path, encapsulate(frames), _UNCOMPRESSED_FRAMES, Rows=4, Columns=6, **attributes)
    known, wanted = _UNCOMPRESSED_FRAMES.encode(), syntax.encode()
    path.write_bytes(path.read_bytes().replace(known, wanted + b"\0" * (len(known) - len(wanted))))
    return path


def _deflated(data: bytes) -> bytes:
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    packed = packer.compress(data) + packer.flush()
    return packed + b"\0" * (len(packed) % 2)


def test_a_deflated_frame_that_is_cut_or_too_long_is_refused(tmp_path: Path) -> None:
    for data in (_deflated(bytes(range(48)))[:-4], _deflated(bytes(4800))):
        path = _fragmented(tmp_path / "a.dcm", [data], _DEFLATED_FRAMES)
        with pytest.raises(DecodeError):
            parsed(path)
