"""Frames of one file as a test needs them: built from pydicom's dataset, independent of the header scan."""

from __future__ import annotations

from pathlib import Path

from pydicom import dcmread
from pydicom.dataset import Dataset

from loaders.model.frame import Frame
from loaders.model.pixel_format import FileLocator, PixelFormat, PixelLocation
from loaders.model.stack import Stack, StackKey, StackKind
from loaders.model.units import PixelSpacing, SpacingBasis

PIXELS = PixelSpacing(1.0, 1.0, SpacingBasis.PIXELS_ONLY)


def format_of(dataset: Dataset) -> PixelFormat:
    kind = "float" if "FloatPixelData" in dataset else "double" if "DoubleFloatPixelData" in dataset else "int"
    bits = int(dataset.BitsAllocated)
    return PixelFormat(
        rows=int(dataset.Rows),
        columns=int(dataset.Columns),
        samples_per_pixel=int(dataset.get("SamplesPerPixel", 1)),
        photometric_interpretation=str(dataset.PhotometricInterpretation),
        bits_allocated=bits,
        bits_stored=int(dataset.get("BitsStored", bits)),
        high_bit=int(dataset.get("HighBit", bits - 1)),
        is_signed=bool(dataset.get("PixelRepresentation", 0)),
        transfer_syntax_uid=str(dataset.file_meta.TransferSyntaxUID),
        planar_configuration=int(dataset.get("PlanarConfiguration", 0) or 0),
        number_kind=kind,
    )


def frames_of_file(path: Path) -> tuple[Frame, ...]:
    """Frames of a file, all of them by parsing (no offsets)."""
    dataset = dcmread(path, defer_size=1024)
    format_ = format_of(dataset)
    return tuple(
        Frame(
            sop_instance_uid=str(dataset.SOPInstanceUID),
            sop_class_uid=str(dataset.SOPClassUID),
            instance_number=1,
            frame_number=index + 1,
            format=format_,
            location=PixelLocation(FileLocator(path), index),
            spacing=PIXELS,
        )
        for index in range(int(dataset.get("NumberOfFrames", 1) or 1))
    )


def stack_of(frames: tuple[Frame, ...]) -> Stack:
    return Stack(StackKey("1.2.3", "1.2.3.4", "stack"), StackKind.STACK, frames)
