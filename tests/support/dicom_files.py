"""Small synthetic DICOM files with known geometry and pixels, for everyone's tests.

Every picture differs from every other: the stored value at frame z, row y, column x is ``100 z + 10 y + x + base``
(cut to the stored bits). UIDs are made from names, so that the same recipe gives the same files.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydicom import config, dcmwrite
from pydicom.datadict import dictionary_VR, tag_for_keyword
from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import (
    UID,
    CTImageStorage,
    EnhancedMRImageStorage,
    ExplicitVRLittleEndian,
    MRImageStorage,
    PositronEmissionTomographyImageStorage,
)

AXIAL = (1.0, 0.0, 0.0, 0.0, 1.0, 0.0)
CORONAL = (1.0, 0.0, 0.0, 0.0, 0.0, -1.0)
SAGITTAL = (0.0, 1.0, 0.0, 0.0, 0.0, -1.0)
_CLASSES = {"CT": CTImageStorage, "MR": MRImageStorage, "PT": PositronEmissionTomographyImageStorage}


def uid(name: str) -> str:
    """Return a UID that belongs to a name (2.25 form)."""
    return f"2.25.{int(hashlib.sha256(name.encode()).hexdigest()[:24], 16)}"


#: What an object must have, though it may be empty (type 2): a checker of conformance asks for it, no reader does.
UNKNOWN_OF_STUDY = {"AccessionNumber": "", "ReferringPhysicianName": "", "StudyID": "", "Manufacturer": ""}
_UNKNOWN_OF_SERIES = {"Laterality": "", "PatientPosition": "HFS", "PositionReferenceIndicator": ""}


@dataclass(frozen=True, slots=True)
class SeriesRecipe:
    """What a series shall be. ``spacing_mm_zyx`` is along the normal, down and across; slices lie along the normal.

    ``tilt_degrees`` shears the slices along the row direction, as a tilted gantry does. ``missing`` leaves slices out
    (counted from 0, positions of the others unchanged). ``overrides`` replaces elements of every file by keyword, and
    removes those given as ``None``.
    """

    name: str = "series"
    modality: str = "CT"
    slices: int = 5
    rows: int = 6
    columns: int = 8
    spacing_mm_zyx: tuple[float, float, float] = (2.5, 0.7, 0.8)
    orientation: tuple[float, ...] = AXIAL
    origin_lps_mm: tuple[float, float, float] = (-100.0, -80.0, 40.0)
    tilt_degrees: float = 0.0
    missing: frozenset[int] = frozenset()
    reversed_numbers: bool = False
    signed: bool = True
    bits_stored: int = 16
    slope: float = 1.0
    intercept: float = -1024.0
    base: int = 0
    study: str = "study"
    patient_name: str = "TEST^SYNTHETIC"
    patient_id: str = "T0001"
    character_set: str | tuple[str, ...] | None = None
    study_date: str = "20240102"
    frame_of_reference: str = "frame"
    overrides: Mapping[str, Any] = field(default_factory=dict)

    @property
    def normal_lps(self) -> NDArray[np.float64]:
        """Unit normal: column direction x row direction."""
        normal: NDArray[np.float64] = np.cross(self.orientation[:3], self.orientation[3:])
        return normal

    def position_lps_mm(self, index: int) -> NDArray[np.float64]:
        """Centre of the first pixel of a slice."""
        along = index * self.spacing_mm_zyx[0]
        shear = along * float(np.tan(np.radians(self.tilt_degrees)))
        position: NDArray[np.float64] = np.array(self.origin_lps_mm, dtype=np.float64)
        position += along * self.normal_lps
        position += shear * np.array(self.orientation[3:], dtype=np.float64)
        return position


def stored_values(recipe: SeriesRecipe, index: int) -> NDArray[np.int64]:
    """Return the stored values of a slice, shape (rows, columns)."""
    row, column = np.indices((recipe.rows, recipe.columns))
    return np.asarray((100 * index + 10 * row + column + recipe.base) % (1 << (recipe.bits_stored - 1)), dtype=np.int64)


def slice_dataset(recipe: SeriesRecipe, index: int) -> Dataset:
    """Return one slice of a series as a classic single-frame object."""
    ds = _common(recipe)
    ds.SOPClassUID = _CLASSES[recipe.modality]
    ds.SOPInstanceUID = uid(f"{recipe.study}/{recipe.name}/{index}")
    number = recipe.slices - index if recipe.reversed_numbers else index + 1
    ds.InstanceNumber = number
    ds.ImageType = ["ORIGINAL", "PRIMARY", "AXIAL"]
    ds.ImagePositionPatient = [f"{value:.6f}" for value in recipe.position_lps_mm(index)]
    ds.ImageOrientationPatient = [f"{value:.10f}"[:16] for value in recipe.orientation]
    ds.FrameOfReferenceUID = uid(recipe.frame_of_reference)
    ds.PixelSpacing = list(recipe.spacing_mm_zyx[1:])
    ds.SliceThickness = recipe.spacing_mm_zyx[0]
    ds.RescaleSlope, ds.RescaleIntercept = recipe.slope, recipe.intercept
    if recipe.modality == "CT":
        ds.RescaleType = "HU"
        _override(ds, {"KVP": "", "AcquisitionNumber": ""})
    ds.WindowCenter, ds.WindowWidth = 40, 400
    _pixels(ds, recipe, stored_values(recipe, index)[None])
    _override(ds, recipe.overrides)
    return ds


def enhanced_mr(recipe: SeriesRecipe, frames: list[tuple[int, Mapping[str, float]]]) -> Dataset:
    """Return an enhanced MR: one frame per (slice index, {"b_value", "echo_time_ms", "slope"}) in the order given."""
    ds = _common(recipe)
    ds.SOPClassUID = EnhancedMRImageStorage
    ds.SOPInstanceUID = uid(f"{recipe.study}/{recipe.name}/enhanced")
    ds.Modality, ds.InstanceNumber, ds.NumberOfFrames = "MR", 1, len(frames)
    ds.ImageType = ["ORIGINAL", "PRIMARY", "VOLUME", "NONE"]
    ds.FrameOfReferenceUID, ds.Manufacturer = uid(recipe.frame_of_reference), "SYNTHETIC"
    shared = Dataset()
    shared.PlaneOrientationSequence = [_item(ImageOrientationPatient=list(recipe.orientation))]
    shared.PixelMeasuresSequence = [
        _item(PixelSpacing=list(recipe.spacing_mm_zyx[1:]), SliceThickness=recipe.spacing_mm_zyx[0])
    ]
    ds.SharedFunctionalGroupsSequence = [shared]
    groups = []
    for index, facts in frames:
        group = Dataset()
        group.PlanePositionSequence = [_item(ImagePositionPatient=list(recipe.position_lps_mm(index)))]
        if "b_value" in facts:
            group.MRDiffusionSequence = [_item(DiffusionBValue=facts["b_value"])]
        if "echo_time_ms" in facts:
            group.MREchoSequence = [_item(EffectiveEchoTime=facts["echo_time_ms"])]
        transformation = _item(RescaleSlope=facts.get("slope", 1.0), RescaleIntercept=0, RescaleType="US")
        group.PixelValueTransformationSequence = [transformation]
        group.FrameVOILUTSequence = [_item(WindowCenter=facts.get("center", 100.0), WindowWidth=200)]
        groups.append(group)
    ds.PerFrameFunctionalGroupsSequence = groups
    _pixels(ds, recipe, np.stack([stored_values(recipe, index) for index, _ in frames]))
    _override(ds, recipe.overrides)
    return ds


def _item(**elements: Any) -> Dataset:
    item = Dataset()
    _override(item, elements)
    return item


def _common(recipe: SeriesRecipe) -> Dataset:
    ds = Dataset()
    if recipe.character_set is not None:
        terms = recipe.character_set
        ds.SpecificCharacterSet = terms if isinstance(terms, str) else list(terms)
    ds.PatientName, ds.PatientID = recipe.patient_name, recipe.patient_id
    ds.PatientBirthDate, ds.PatientSex = "19600229", "F"
    ds.StudyInstanceUID = uid(recipe.study)
    ds.SeriesInstanceUID = uid(f"{recipe.study}/{recipe.name}")
    ds.StudyDate, ds.StudyTime = recipe.study_date, "101112"
    ds.Modality, ds.SeriesNumber = recipe.modality, 1
    ds.SeriesDescription = recipe.name
    _override(ds, {**UNKNOWN_OF_STUDY, **_UNKNOWN_OF_SERIES})
    return ds


def _pixels(ds: Dataset, recipe: SeriesRecipe, stored: NDArray[np.int64]) -> None:
    ds.Rows, ds.Columns, ds.SamplesPerPixel = recipe.rows, recipe.columns, 1
    ds.PhotometricInterpretation = "MONOCHROME2"
    ds.BitsAllocated, ds.BitsStored, ds.HighBit = 16, recipe.bits_stored, recipe.bits_stored - 1
    ds.PixelRepresentation = int(recipe.signed)
    ds.PixelData = stored.astype("<i2" if recipe.signed else "<u2").tobytes()
    ds["PixelData"].VR = "OW"


def _override(ds: Dataset, overrides: Mapping[str, Any]) -> None:
    for keyword, value in overrides.items():
        if value is None:
            if keyword in ds:
                delattr(ds, keyword)
        else:
            # Unchecked: hostile and careless values are what tests are for.
            vr = dictionary_VR(keyword)
            if vr in {"US or SS", "US or OW"}:
                vr = "US" if not isinstance(value, bytes) else "OW"
            ds.add(DataElement(tag_for_keyword(keyword) or 0, vr, value, validation_mode=config.IGNORE))


def dataset_bytes(ds: Dataset, syntax: str = ExplicitVRLittleEndian, *, preamble: bool = True) -> bytes:
    """Return a file's bytes: with preamble and meta information, or the bare data set as old writers left it."""
    stream = BytesIO()
    if preamble:
        ds.file_meta = FileMetaDataset()
        ds.file_meta.TransferSyntaxUID = UID(syntax)
        ds.file_meta.MediaStorageSOPClassUID = ds.get("SOPClassUID", CTImageStorage)
        ds.file_meta.MediaStorageSOPInstanceUID = ds.get("SOPInstanceUID", "1.2.3")
        dcmwrite(stream, ds, enforce_file_format=True)
    else:
        is_implicit = syntax == "1.2.840.10008.1.2"
        dcmwrite(stream, ds, implicit_vr=is_implicit, little_endian=syntax != "1.2.840.10008.1.2.2")
    return stream.getvalue()


def write_series(folder: Path, recipe: SeriesRecipe) -> list[Path]:
    """Write the slices of a recipe as ``NAME-0001.dcm`` and so on; return their paths in slice order."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for index in range(recipe.slices):
        if index in recipe.missing:
            continue
        path = folder / f"{recipe.name}-{index + 1:04d}.dcm"
        path.write_bytes(dataset_bytes(slice_dataset(recipe, index)))
        paths.append(path)
    return paths
