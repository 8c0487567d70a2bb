"""What the loading part is measured on: the demo patient's large CT as it is, compressed, and repeated to any length.

Everything is made once under ``build/`` and kept. The pictures are the demo patient's because noise decides how fast a
codec is, and its noise has the spectrum of a scanner's.
"""

from __future__ import annotations

import shutil
import struct
from collections.abc import Callable
from pathlib import Path

import imagecodecs
import numpy as np
import pydicom
from numpy.typing import NDArray
from pydicom.encaps import encapsulate
from pydicom.uid import UID, HTJ2KLossless, JPEG2000Lossless, JPEGLosslessSV1, JPEGLSLossless, RLELossless, generate_uid

from loaders.demo_patient import DemoSize, generate
from loaders.progress import no_progress
from tests.benchmarks.peers import ROOT

Encode = Callable[[NDArray[np.uint16]], bytes]

BUILD = ROOT / "build"
SLICES = 1000
COMPRESSED_SLICES = 200
_SHIFT = 1024


def _htj2k(pixels: NDArray[np.uint16]) -> bytes:
    return bytes(imagecodecs.htj2k_encode(pixels, reversible=True))


def _jpeg2000(pixels: NDArray[np.uint16]) -> bytes:
    return bytes(imagecodecs.jpeg2k_encode(pixels, codecformat="J2K", reversible=True))


def _rle(pixels: NDArray[np.uint16]) -> bytes:
    """PS3.5 G: the bytes in two segments, the high ones first, each row packed by itself."""
    segments = []
    for plane in ((pixels >> 8).astype(np.uint8), (pixels & 0xFF).astype(np.uint8)):
        packed = b"".join(bytes(imagecodecs.packbits_encode(row.tobytes())) for row in plane)
        segments.append(packed + b"\0" * (len(packed) % 2))
    header = struct.pack("<16I", 2, 64, 64 + len(segments[0]), *([0] * 13))
    return header + b"".join(segments)


#: Kind: transfer syntax and how a frame of unsigned 16-bit pixels is encoded.
SYNTAXES: dict[str, tuple[str, Encode]] = {
    "rle": (RLELossless, _rle),
    "jpeg-lossless": (JPEGLosslessSV1, lambda pixels: bytes(imagecodecs.ljpeg_encode(pixels, bitspersample=16))),
    "jpeg-ls": (JPEGLSLossless, lambda pixels: bytes(imagecodecs.jpegls_encode(pixels))),
    "jpeg2000": (JPEG2000Lossless, _jpeg2000),
    "htj2k": (HTJ2KLossless, _htj2k),
}


def patient() -> Path:
    """The demo patient's large size: a current CT of 1000 slices of 512 x 512, a prior of 244."""
    folder = BUILD / "demo-large"
    if not (folder / "truth.json").exists():
        shutil.rmtree(folder, ignore_errors=True)
        generate(folder, DemoSize.LARGE, no_progress)
    return folder


def current_ct() -> Path:
    """1000 uncompressed slices, 524 MB."""
    return patient() / "CURRENT_CT"


def compressed(kind: str) -> Path:
    """200 slices from the middle of the CT in a transfer syntax of :data:`SYNTAXES`."""
    folder = BUILD / "bench" / kind
    if len(list(folder.glob("*"))) == COMPRESSED_SLICES:
        return folder
    folder.mkdir(parents=True, exist_ok=True)
    syntax, encode = SYNTAXES[kind]
    first = (SLICES - COMPRESSED_SLICES) // 2
    for file in sorted(current_ct().iterdir())[first : first + COMPRESSED_SLICES]:
        dataset = pydicom.dcmread(file)
        pixels = (dataset.pixel_array.astype(np.int32) + _SHIFT).astype(np.uint16)
        dataset.PixelRepresentation = 0
        dataset.RescaleIntercept = -_SHIFT
        for keyword in ("SmallestImagePixelValue", "LargestImagePixelValue", "PixelPaddingValue"):
            if keyword in dataset:
                delattr(dataset, keyword)
        dataset.PixelData = encapsulate([encode(pixels)])
        dataset["PixelData"].VR = "OB"
        dataset.file_meta.TransferSyntaxUID = UID(syntax)
        dataset.save_as(folder / file.name)
    return folder


def repeated(slices: int) -> Path:
    """A series of any length: the CT's slices over and over with places and UIDs of their own."""
    if slices <= SLICES:
        return _first(slices)
    folder = BUILD / "bench" / f"slices-{slices}"
    if len(list(folder.glob("*"))) == slices:
        return folder
    folder.mkdir(parents=True, exist_ok=True)
    files = sorted(current_ct().iterdir())
    series_uid = generate_uid(entropy_srcs=["bench", str(slices)])
    for number in range(slices):
        dataset = pydicom.dcmread(files[number % len(files)])
        dataset.SOPInstanceUID = generate_uid(entropy_srcs=["bench", str(slices), str(number)])
        dataset.file_meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID
        dataset.SeriesInstanceUID = series_uid
        dataset.InstanceNumber = number + 1
        dataset.ImagePositionPatient = [*dataset.ImagePositionPatient[:2], f"{number * 0.3:.3f}"]
        dataset.save_as(folder / f"{number:05d}")
    return folder


def _first(slices: int) -> Path:
    folder = BUILD / "bench" / f"slices-{slices}"
    if len(list(folder.glob("*"))) != slices:
        folder.mkdir(parents=True, exist_ok=True)
        for file in sorted(current_ct().iterdir())[:slices]:
            (folder / file.name).hardlink_to(file)
    return folder
