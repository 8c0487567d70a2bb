"""Digital reference objects of PET with known SUV, made forwards: from the uptake to what a scanner would write.

The pictures hold three uptakes, 0.2, 1 and 4 SUV by body weight, as the reference objects of the QIBA and the IBSI do.
An activity concentration is the uptake times the dose left at the time the values stand for, over the weight.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset
from pydicom.uid import UID

from tests.support.dicom_files import AXIAL, SeriesRecipe, _item, _override, dataset_bytes, slice_dataset, uid

UPTAKES_SUV = (0.2, 1.0, 4.0)
_SIDE = 12
ENHANCED_PET = UID("1.2.840.10008.5.1.4.1.1.130")


@dataclass(frozen=True, slots=True)
class PetRecipe:
    """A scan. ``scale`` is what one modality unit is in Bq/ml (Philips counts), or in SUV for GML and CM2ML.

    ``bed_starts_s``: when counting began, after the scan's start, one a slice. ``values_at_s``: the time the values
    stand for, after the scan's start (0 for START). ``overrides`` and ``administration`` replace elements of every
    file and of the administration, and remove those given as ``None``; ``of_slice`` does so for single slices.
    """

    weight_kg: float = 75.0
    dose_bq: float = 350e6
    half_life_s: float = 6586.2
    injected: datetime = datetime(2024, 1, 2, 9, 0, 0)  # noqa: DTZ001 - DICOM times are local
    scan: datetime = datetime(2024, 1, 2, 10, 0, 0)  # noqa: DTZ001
    series: datetime | None = None
    bed_starts_s: tuple[float, ...] = (0.0, 0.0, 180.0, 180.0)
    frame_duration_s: float = 180.0
    at_administration: bool = False
    scale: float = 1.0
    is_suv: bool = False
    slopes: tuple[float, ...] = (1.0,)
    intercept: float = 0.0
    overrides: Mapping[str, Any] = field(default_factory=dict)
    administration: Mapping[str, Any] = field(default_factory=dict)
    of_slice: Mapping[int, Mapping[str, Any]] = field(default_factory=dict)
    private: tuple[tuple[int, str, int, str, Any], ...] = ()  # group, creator, element, VR, value
    spacing_mm_zyx: tuple[float, float, float] = (3.0, 4.0, 4.0)

    def true_values(self) -> NDArray[np.float64]:
        """Modality values of a slice, shape (rows, columns): three bands of known uptake."""
        uptake = np.repeat(np.asarray(UPTAKES_SUV), _SIDE // 3)[np.newaxis].repeat(_SIDE, axis=0)
        if self.is_suv:
            return np.asarray(uptake / self.scale, dtype=np.float64)
        seconds = 0.0 if self.at_administration else (self.scan - self.injected).total_seconds()
        dose_left = self.dose_bq * 0.5 ** (seconds / self.half_life_s)
        return np.asarray(uptake * dose_left / (self.weight_kg * 1000.0) / self.scale, dtype=np.float64)


def pet_slice(recipe: PetRecipe, index: int) -> Dataset:
    """Return one slice as a classic PET object."""
    base = SeriesRecipe(
        name="pet", modality="PT", slices=len(recipe.bed_starts_s), rows=_SIDE, columns=_SIDE,
        spacing_mm_zyx=recipe.spacing_mm_zyx, orientation=AXIAL, intercept=recipe.intercept,
    )  # fmt: skip
    ds = slice_dataset(base, index)
    start = recipe.scan + timedelta(seconds=recipe.bed_starts_s[index])
    series = recipe.series or recipe.scan
    _override(ds, {
        "PatientWeight": recipe.weight_kg, "PatientSize": 1.75, "PatientSex": "M", "Units": "BQML",
        "CorrectedImage": ["NORM", "DTIM", "ATTN", "SCAT", "DECY", "RAN"], "SeriesType": ["WHOLE BODY", "IMAGE"],
        "DecayCorrection": "ADMIN" if recipe.at_administration else "START", "Manufacturer": "SYNTHETIC",
        "SeriesDate": series.strftime("%Y%m%d"), "SeriesTime": series.strftime("%H%M%S.%f"),
        "AcquisitionDate": start.strftime("%Y%m%d"), "AcquisitionTime": start.strftime("%H%M%S.%f"),
        "NumberOfSlices": len(recipe.bed_starts_s), "ImageIndex": index + 1, "CountsSource": "EMISSION",
        "CollimatorType": "", "PatientOrientationCodeSequence": [], "PatientGantryRelationshipCodeSequence": [],
        "PatientPosition": None,
    })  # fmt: skip
    _pixels(ds, recipe, recipe.slopes[index % len(recipe.slopes)])
    ds.RadiopharmaceuticalInformationSequence = [_administration(recipe)]
    _override(ds, recipe.overrides)
    _override(ds, recipe.of_slice.get(index, {}))
    for group, creator, element, vr, value in recipe.private:
        ds.private_block(group, creator, create=True).add_new(element, vr, value)
    return ds


def _pixels(ds: Dataset, recipe: PetRecipe, relative_slope: float) -> None:
    """Scale so that quantising costs less than a part in ten thousand of the uptake 1."""
    values = recipe.true_values()
    slope = float(f"{relative_slope * values.max() / 20000.0:.8g}")
    ds.RescaleSlope, ds.RescaleIntercept = f"{slope:.8g}", f"{recipe.intercept:g}"
    stored = np.rint((values - recipe.intercept) / slope)
    ds.PixelData = stored.astype("<i2").tobytes()
    ds["PixelData"].VR = "OW"


def _administration(recipe: PetRecipe) -> Dataset:
    facts: dict[str, Any] = {
        "RadionuclideTotalDose": f"{recipe.dose_bq:.10g}",
        "RadionuclideHalfLife": f"{recipe.half_life_s:g}",
        "RadiopharmaceuticalStartTime": recipe.injected.strftime("%H%M%S"),
        "RadiopharmaceuticalStartDateTime": recipe.injected.strftime("%Y%m%d%H%M%S"),
        **recipe.administration,
    }
    item = _item(**facts)
    meaning = {6586.2: "^18^Fluorine", 4062.6: "^68^Gallium", 282276.0: "^89^Zirconium"}.get(recipe.half_life_s)
    if meaning and "RadionuclideCodeSequence" not in recipe.administration:
        item.RadionuclideCodeSequence = [_item(CodeValue="1", CodingSchemeDesignator="TEST", CodeMeaning=meaning)]
    return item


def write_pet(folder: Path, recipe: PetRecipe, *, leave_out: frozenset[int] = frozenset()) -> Path:
    """Write the scan's slices; return the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    for index in range(len(recipe.bed_starts_s)):
        if index not in leave_out:
            (folder / f"pet-{index:03d}.dcm").write_bytes(dataset_bytes(pet_slice(recipe, index)))
    return folder


def write_enhanced_pet(folder: Path, recipe: PetRecipe, **top: Any) -> Path:
    """Write the scan as one enhanced PET object; ``top`` replaces elements of its top level."""
    ds = pet_slice(recipe, 0)
    count = len(recipe.bed_starts_s)
    ds.SOPClassUID, ds.SOPInstanceUID, ds.NumberOfFrames = ENHANCED_PET, uid("pet/enhanced"), count
    stored = np.frombuffer(ds.PixelData, "<i2")
    ds.PixelData = np.tile(stored, count).tobytes()
    slope = float(ds.RescaleSlope)
    shared, frames = Dataset(), []
    shared.PlaneOrientationSequence = [_item(ImageOrientationPatient=list(AXIAL))]
    shared.PixelMeasuresSequence = [_item(PixelSpacing=[4.0, 4.0], SliceThickness=3.0)]
    for index, start_s in enumerate(recipe.bed_starts_s):
        frame = Dataset()
        frame.PlanePositionSequence = [_item(ImagePositionPatient=[0.0, 0.0, 3.0 * index])]
        moment = (recipe.scan + timedelta(seconds=start_s)).strftime("%Y%m%d%H%M%S")
        frame.FrameContentSequence = [_item(FrameAcquisitionDateTime=moment)]
        frame.PixelValueTransformationSequence = [
            _item(RescaleSlope=f"{slope:.8g}", RescaleIntercept=0, RescaleType="US")
        ]
        frames.append(frame)
    ds.SharedFunctionalGroupsSequence, ds.PerFrameFunctionalGroupsSequence = [shared], frames
    gone = ("CorrectedImage", "DecayCorrection", "AcquisitionDate", "AcquisitionTime", "RescaleSlope",
            "RescaleIntercept", "CollimatorType", "ImagePositionPatient", "ImageOrientationPatient",
            "PixelSpacing")  # fmt: skip
    _override(ds, dict.fromkeys(gone))
    _override(ds, {"ImageType": ["ORIGINAL", "PRIMARY", "VOLUME", "NONE"]})
    _override(ds, {
        "DecayCorrected": "YES", "AttenuationCorrected": "YES",
        "DecayCorrectionDateTime": recipe.scan.strftime("%Y%m%d%H%M%S"), **top,
    })  # fmt: skip
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "enhanced.dcm").write_bytes(dataset_bytes(ds))
    return folder
