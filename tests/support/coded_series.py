"""The generated CT that loading is measured on: many slices, realistic noise, any coding, written to a folder once."""

from __future__ import annotations

from pathlib import Path

import imagecodecs
import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.encaps import encapsulate
from pydicom.uid import UID, CTImageStorage, ExplicitVRLittleEndian

from tests.support.dicom_files import uid

_J = "1.2.840.10008.1.2.4."
#: Name on the command line -> transfer syntax.
SYNTAXES = {
    "uncompressed": str(ExplicitVRLittleEndian),
    "rle": "1.2.840.10008.1.2.5",
    "jpeg-lossless": f"{_J}70",
    "jpeg-ls": f"{_J}80",
    "j2k": f"{_J}90",
    "htj2k": f"{_J}201",
    "htj2k-rpcl": f"{_J}202",
}
_MARKER = ".complete"


def slice_pixels(index: int, side: int = 512) -> NDArray[np.int16]:
    """Return CT numbers of one slice: a body with organs and vessels, 12 HU of noise inside, air outside."""
    row, column = np.mgrid[-1 : 1 : side * 1j, -1 : 1 : side * 1j].astype(np.float32)
    body = (row / 0.7) ** 2 + (column / 0.9) ** 2
    image = np.where(body < 1, 40.0, -1000.0).astype(np.float32)
    for number, (down, across, radius, value) in enumerate(_ORGANS):
        shift = 0.05 * np.sin(index / 40 + number)
        image[(row - down - shift) ** 2 + (column - across) ** 2 < radius**2] = value
    rng = np.random.default_rng(index)
    noise = rng.standard_normal((side, side), dtype=np.float32) * np.where(body < 1, 12.0, 4.0)
    pixels: NDArray[np.int16] = np.clip(np.rint(image + noise), -1024, 3071).astype(np.int16)
    return pixels


_ORGANS = (
    (-0.1, -0.4, 0.33, -850.0),
    (-0.1, 0.4, 0.33, -850.0),
    (0.45, 0.0, 0.12, 400.0),
    (0.1, 0.05, 0.15, 160.0),
    (-0.3, 0.3, 0.03, 60.0),
    (0.2, -0.2, 0.05, 300.0),
)


def encode(pixels: NDArray[np.int16], syntax: str) -> bytes:
    """Return one frame coded in a transfer syntax; the pixels are signed 16 bit, stored as they are."""
    if syntax == SYNTAXES["uncompressed"]:
        return pixels.astype("<i2").tobytes()
    raw = pixels.view(np.uint16)
    if syntax == SYNTAXES["rle"]:
        return _rle(pixels)
    if syntax == SYNTAXES["jpeg-lossless"]:
        return bytes(imagecodecs.jpeg8_encode(raw, lossless=True, predictor=1, bitspersample=16))
    if syntax == SYNTAXES["jpeg-ls"]:
        return bytes(imagecodecs.jpegls_encode(raw))
    if syntax == SYNTAXES["j2k"]:
        return bytes(imagecodecs.jpeg2k_encode(pixels, codecformat="J2K", reversible=True, level=None))
    return bytes(imagecodecs.htj2k_encode(pixels, reversible=True))


def _rle(pixels: NDArray[np.int16]) -> bytes:
    from pydicom.pixels.encoders.base import RLELosslessEncoder

    rows, columns = pixels.shape
    return bytes(
        RLELosslessEncoder.encode(
            pixels.astype("<i2").tobytes(),
            rows=rows,
            columns=columns,
            samples_per_pixel=1,
            number_of_frames=1,
            bits_allocated=16,
            bits_stored=16,
            pixel_representation=1,
            photometric_interpretation="MONOCHROME2",
            encoding_plugin="pydicom",
        )
    )


def write_series(folder: Path, slices: int, coding: str = "uncompressed", side: int = 512, *, name: str = "") -> Path:
    """Write a series once; a folder that is complete already is left as it is. Returns the folder."""
    if (folder.parent / f"{folder.name}{_MARKER}").exists():
        return folder
    folder.mkdir(parents=True, exist_ok=True)
    syntax = SYNTAXES[coding]
    for index in range(slices):
        data_set = _data_set(index, side, syntax, name or folder.name)
        frame = encode(slice_pixels(index, side), syntax)
        data_set.PixelData = frame if coding == "uncompressed" else encapsulate([frame])
        data_set["PixelData"].VR = "OW" if coding == "uncompressed" else "OB"
        data_set.save_as(folder / f"{index:05d}.dcm", enforce_file_format=True)
    (folder.parent / f"{folder.name}{_MARKER}").touch()
    return folder


def _data_set(index: int, side: int, syntax: str, name: str) -> Dataset:
    ds = Dataset()
    ds.file_meta = FileMetaDataset()
    ds.file_meta.TransferSyntaxUID = UID(syntax)
    ds.file_meta.MediaStorageSOPClassUID = ds.SOPClassUID = CTImageStorage
    ds.SOPInstanceUID = UID(uid(f"{name}/{index}"))
    ds.file_meta.MediaStorageSOPInstanceUID = ds.SOPInstanceUID
    ds.PatientName, ds.PatientID, ds.PatientBirthDate, ds.PatientSex = "BENCH^SYNTHETIC", "B0001", "19600229", "F"
    ds.StudyInstanceUID, ds.SeriesInstanceUID = uid(f"{name}/study"), uid(f"{name}/series")
    ds.FrameOfReferenceUID = uid(f"{name}/frame")
    ds.StudyDate, ds.StudyTime, ds.Modality, ds.SeriesNumber = "20240102", "101112", "CT", 2
    ds.Manufacturer, ds.InstitutionName, ds.SeriesDescription = "SYNTHETIC", "BENCH", "CHEST 1.0"
    ds.InstanceNumber, ds.ImageType = index + 1, ["ORIGINAL", "PRIMARY", "AXIAL"]
    ds.ImagePositionPatient = [-180.0, -180.0, float(index)]
    ds.ImageOrientationPatient = [1.0, 0.0, 0.0, 0.0, 1.0, 0.0]
    ds.PixelSpacing, ds.SliceThickness = [0.7, 0.7], 1.0
    ds.KVP, ds.RescaleSlope, ds.RescaleIntercept, ds.RescaleType = 120, 1, 0, "HU"
    ds.WindowCenter, ds.WindowWidth = 40, 400
    ds.Rows = ds.Columns = side
    ds.AccessionNumber = ds.ReferringPhysicianName = ds.StudyID = ds.PositionReferenceIndicator = ds.Laterality = ""
    ds.PatientPosition, ds.AcquisitionNumber = "HFS", ""
    ds.SamplesPerPixel, ds.PhotometricInterpretation = 1, "MONOCHROME2"
    ds.BitsAllocated, ds.BitsStored, ds.HighBit, ds.PixelRepresentation = 16, 16, 15, 1
    return ds
