"""Exact truths: one CT slice in sixteen codings, one MR slice in nine, NEMA's references."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydicom import dcmread

from loaders.pixels.frame_reader import read_parsed
from loaders.pixels.frame_request import FrameRequest
from loaders.pixels.instance_pixels import open_instance
from tests.support.file_frames import frames_of_file
from tests.support.shared_data import real_path

pytestmark = pytest.mark.real

_CT = "syntaxes/ct-mister-16-syntaxes"
_WG04 = "syntaxes/nema-wg04/WG04"
#: Images of the set whose JPEG-LS coding the second decoder refuses (it never shows them wrongly).
_BEYOND_PYJPEGLS = ("MR1",)


def decoded(path: Path, attempt: int = 0, index: int = 0) -> np.ndarray[Any, Any]:
    frame = frames_of_file(path)[index]
    instance = open_instance(frame.location.file, None, frame.format)
    try:
        pixels, _ = read_parsed(FrameRequest(frame.format, frame.location, 1, 0, attempt=attempt), instance)
    finally:
        instance.close()
    assert pixels.shape == frame.format.decoded_shape
    assert pixels.dtype == np.dtype(frame.format.decoded_dtype)
    return pixels


def uncompressed(path: Path) -> np.ndarray[Any, Any]:
    """Pixel bytes cut from the end of an uncompressed little-endian file, without any decoder."""
    dataset = dcmread(path)
    kind = f"<{'i' if dataset.PixelRepresentation else 'u'}{dataset.BitsAllocated // 8}"
    shape = (dataset.Rows, dataset.Columns) + ((3,) if dataset.SamplesPerPixel == 3 else ())
    return np.frombuffer(dataset.PixelData, dtype=kind)[: int(np.prod(shape))].reshape(shape)


@pytest.mark.parametrize("attempt", [0, 1])
def test_a_ct_slice_is_the_same_in_every_lossless_coding(attempt: int) -> None:
    folder = real_path(_CT)
    truth = uncompressed(folder / "CTImage.dcm")
    exact = 0
    for path in sorted(folder.glob("CTImage.dcm_*")):
        syntax = str(dcmread(path, stop_before_pixels=True).file_meta.TransferSyntaxUID)
        pixels = decoded(path, attempt).astype(int)
        if syntax.startswith("1.2.840.10008.1.2.4.") and syntax[-2:] in {"50", "51", "53", "55", "81", "91"}:
            continue  # lossy: bits were cut before coding; NEMA's set below checks those syntaxes
        np.testing.assert_array_equal(pixels, truth, err_msg=path.name)
        exact += 1
    assert exact == 9


def test_near_lossless_codings_of_the_ct_slice_stay_near() -> None:
    folder = real_path(_CT)
    truth = uncompressed(folder / "CTImage.dcm").astype(int)
    for suffix, most in (("1.2.840.10008.1.2.4.81", 1), ("1.2.840.10008.1.2.4.91", 5)):
        path = next(folder.glob(f"*_{suffix}.dcm"))
        assert np.abs(decoded(path).astype(int) - truth).max() <= most


@pytest.mark.parametrize("coding", ["J2KR", "JLSL", "JPLL", "RLE"])
@pytest.mark.parametrize("attempt", [0, 1])
def test_nema_lossless_codings_equal_the_reference(coding: str, attempt: int) -> None:
    files = sorted(real_path(f"{_WG04}/{coding}").iterdir())
    assert files
    for path in files:
        if coding == "JLSL" and attempt and path.name.startswith(_BEYOND_PYJPEGLS):
            continue
        truth = uncompressed(real_path(f"{_WG04}/REF/{path.name.split('_')[0]}_UNC"))
        np.testing.assert_array_equal(decoded(path, attempt), truth, err_msg=path.name)


@pytest.mark.parametrize(("coding", "share"), [("J2KI", 0.02), ("JPLY", 0.02)])
def test_nema_lossy_codings_stay_near_the_reference(coding: str, share: float) -> None:
    for path in sorted(real_path(f"{_WG04}/{coding}").iterdir()):
        truth = uncompressed(real_path(f"{_WG04}/REF/{path.name.split('_')[0]}_UNC")).astype(int)
        error = np.abs(decoded(path).astype(int) - truth).mean()
        assert error <= share * (truth.max() - truth.min()), path.name


def test_nema_near_lossless_codings_keep_their_bound() -> None:
    for path in sorted(real_path(f"{_WG04}/JLSN").iterdir()):
        truth = uncompressed(real_path(f"{_WG04}/REF/{path.name.split('_')[0]}_UNC")).astype(int)
        # The set was coded with NEAR = 4 (its scan headers say so).
        assert np.abs(decoded(path).astype(int) - truth).max() == 4, path.name


def test_an_mr_slice_is_the_same_in_all_nine_codings() -> None:
    folder = real_path("syntaxes/mr-same-slice-9-syntaxes")
    truth = decoded(folder / "1.dcm")
    for number in range(2, 10):
        np.testing.assert_array_equal(decoded(folder / f"{number}.dcm"), truth, err_msg=str(number))


def test_the_colour_test_pattern_looks_alike_in_every_coding() -> None:
    folder = real_path("syntaxes/testpattern-colour")
    files = sorted(path for path in folder.glob("*.dcm") if "Palette" not in path.name)
    pictures = {path.name: decoded(path).astype(int) for path in files}
    colour = {name: picture for name, picture in pictures.items() if picture.ndim == 3}
    assert len(colour) >= 5
    truth = next(picture for name, picture in colour.items() if "RGB" in name and "Baseline" not in name)
    for name, picture in colour.items():
        # Subsampled chroma blurs edges; a wrong colour space would be off by tens everywhere.
        assert np.abs(picture - truth).mean() < 6, name


def test_bits_of_a_segmentation_are_the_same_in_every_coding() -> None:
    folder = real_path("objects/seg-a/data_store/data")
    for truth, others in (
        ("liver_expb", ("liver_deflate", "liver_rle")),
        ("liver_nonbyte_aligned", ("liver_nonbyte_aligned_deflate", "liver_nonbyte_aligned_rle")),
    ):
        for index in range(len(frames_of_file(folder / f"{truth}.dcm"))):
            bits = decoded(folder / f"{truth}.dcm", index=index)
            for other in others:
                same = decoded(folder / f"{other}.dcm", index=index)
                np.testing.assert_array_equal(same, bits, err_msg=f"{other} frame {index + 1}")


def test_a_palette_picture_is_the_same_in_both_byte_orders_and_run_length_coded() -> None:
    folder = real_path("xray-us-other/us-a")
    truth = decoded(folder / "OBXXXX1A.dcm")
    for name in ("OBXXXX1A_expb.dcm", "OBXXXX1A_rle.dcm"):
        np.testing.assert_array_equal(decoded(folder / name), truth, err_msg=name)


def test_a_tile_part_that_claims_too_much_is_read_to_the_end_marker() -> None:
    for path in sorted(real_path("malformed/fda-j2k-psot-too-long").glob("*.dcm")):
        assert decoded(path).std() > 0, path.name
