"""Values, windows, padding, spacing basis and per-frame facts, from header to frame."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from pydicom.dataset import Dataset
from pydicom.uid import ComputedRadiographyImageStorage, ExplicitVRLittleEndian, JPEGBaseline8Bit

from loaders.discovery.frame_building import UnusablePixels, frames_of
from loaders.discovery.header_scan import read_header
from loaders.model.display import LookupTable, Padding, VoiFunction, Window
from loaders.model.frame import Frame
from loaders.model.units import SpacingBasis, ValueUnit
from tests.support.dicom_files import SeriesRecipe, dataset_bytes, enhanced_mr, slice_dataset, stored_values


def _frames(ds: Dataset, syntax: str = ExplicitVRLittleEndian) -> tuple[Frame, ...]:
    return frames_of(read_header(dataset_bytes(ds, syntax)))


def _one(recipe: SeriesRecipe | None = None, **overrides: Any) -> Frame:
    return _frames(slice_dataset(recipe or SeriesRecipe(overrides=overrides), 0))[0]


def _item(**elements: Any) -> Dataset:
    ds = Dataset()
    for keyword, value in elements.items():
        setattr(ds, keyword, value)
    return ds


@pytest.mark.parametrize(
    ("modality", "overrides", "unit"),
    [
        ("CT", {}, ValueUnit.HOUNSFIELD),
        ("CT", {"RescaleType": None}, ValueUnit.HOUNSFIELD),
        ("CT", {"RescaleType": "US"}, ValueUnit.STORED),
        ("CT", {"RescaleType": None, "ImageType": ["ORIGINAL", "PRIMARY", "LOCALIZER"]}, ValueUnit.STORED),
        ("MR", {"RescaleType": "HU"}, ValueUnit.OTHER),
        ("MR", {}, ValueUnit.STORED),
        ("PT", {"Units": "BQML"}, ValueUnit.BECQUEREL_PER_ML),
        ("PT", {"Units": "CNTS"}, ValueUnit.COUNTS),
        ("PT", {"Units": "PROPCPS"}, ValueUnit.PROPORTIONAL_COUNTS),
        ("PT", {"Units": "GML"}, ValueUnit.OTHER),
    ],
)
def test_hounsfield_only_for_ct_and_pet_by_its_units(modality: str, overrides: dict[str, Any], unit: ValueUnit) -> None:
    frame = _one(SeriesRecipe(modality=modality, slope=2.5, intercept=-7.0, overrides=overrides))
    assert frame.values.unit is unit
    assert (frame.values.slope, frame.values.intercept) == (2.5, -7.0)


def test_a_slope_of_zero_is_not_believed() -> None:
    assert _one(RescaleSlope=0).values.slope == 1.0
    assert _one(RescaleSlope=0).values.unit is ValueUnit.STORED


def test_modality_and_voi_tables_are_kept_with_signed_first_value() -> None:
    table = _item(
        LUTDescriptor=[3, -2 & 0xFFFF, 12], LUTExplanation="soft", LUTData=np.array([1, 7, 9], "<u2").tobytes()
    )
    table["LUTData"].VR = "OW"
    table["LUTDescriptor"].VR = "US"
    frame = _one(ModalityLUTSequence=[table], VOILUTSequence=[table], RescaleSlope=None, RescaleIntercept=None)
    expected = LookupTable(-2, 12, (1, 7, 9), "soft")
    assert frame.values.table == expected
    assert frame.display.voi_tables == (expected,)


def test_all_windows_are_kept_with_names_and_function() -> None:
    frame = _one(
        WindowCenter=[40, -600], WindowWidth=[400, 1500], WindowCenterWidthExplanation=["SOFT", "LUNG"],
        VOILUTFunction="SIGMOID",
    )  # fmt: skip
    assert frame.display.windows == (
        Window(40.0, 400.0, VoiFunction.SIGMOID, "SOFT"),
        Window(-600.0, 1500.0, VoiFunction.SIGMOID, "LUNG"),
    )


@pytest.mark.parametrize(("width", "count"), [(0, 0), (-5, 0), (1, 1)])
def test_a_window_without_width_is_none(width: float, count: int) -> None:
    assert len(_one(WindowWidth=width).display.windows) == count


@pytest.mark.parametrize(
    ("photometric", "shape", "is_inverted"),
    [
        ("MONOCHROME1", None, True),
        ("MONOCHROME1", "INVERSE", True),
        ("MONOCHROME2", "INVERSE", True),
        ("MONOCHROME2", "IDENTITY", False),
    ],
)
def test_polarity_is_stated_once(photometric: str, shape: str | None, *, is_inverted: bool) -> None:
    frame = _one(PhotometricInterpretation=photometric, PresentationLUTShape=shape)
    assert frame.display.is_inverted is is_inverted


@pytest.mark.parametrize(
    ("signed", "value", "limit", "expected"),
    [
        (True, 0xF830, None, Padding(-2000, -2000)),
        (False, 0xF830, None, Padding(0xF830, 0xF830)),
        (True, 0x8000, 0xF000, Padding(-32768, -4096)),
    ],
)
def test_padding_takes_the_sign_of_the_pixels(signed: bool, value: int, limit: int | None, expected: Padding) -> None:
    ds = slice_dataset(SeriesRecipe(signed=signed), 0)
    ds.add_new("PixelPaddingValue", "US", value)
    if limit is not None:
        ds.add_new("PixelPaddingRangeLimit", "US", limit)
    assert _frames(ds)[0].display.padding == expected


def _film(**overrides: Any) -> Frame:
    plain = {"SOPClassUID": ComputedRadiographyImageStorage, "Modality": "CR", "PixelSpacing": None}
    plain |= {"ImagePositionPatient": None, "ImageOrientationPatient": None, "FrameOfReferenceUID": None}
    return _one(SeriesRecipe(overrides=plain | overrides))


def _region(**facts: Any) -> Dataset:
    base = {"RegionSpatialFormat": 1, "RegionDataType": 1, "PhysicalUnitsXDirection": 3, "PhysicalUnitsYDirection": 3}
    base |= {"RegionLocationMinX0": 0, "RegionLocationMinY0": 0, "RegionLocationMaxX1": 63, "RegionLocationMaxY1": 63}
    return _item(**(base | {"PhysicalDeltaX": 0.03, "PhysicalDeltaY": 0.02} | facts))


@pytest.mark.parametrize(
    ("overrides", "basis", "row_mm", "column_mm"),
    [
        ({"PixelSpacing": [0.2, 0.1], "ImagerPixelSpacing": [0.2, 0.1]}, SpacingBasis.AT_DETECTOR, 0.2, 0.1),
        ({"PixelSpacing": [0.2, 0.1], "ImagerPixelSpacing": [0.3, 0.15]}, SpacingBasis.CALIBRATED, 0.2, 0.1),
        ({"PixelSpacing": [0.2, 0.1], "PixelSpacingCalibrationType": "FIDUCIAL"}, SpacingBasis.CALIBRATED, 0.2, 0.1),
        ({"PixelSpacing": [0.2, 0.1]}, SpacingBasis.AT_DETECTOR, 0.2, 0.1),
        ({"ImagerPixelSpacing": [0.2, 0.1]}, SpacingBasis.AT_DETECTOR, 0.2, 0.1),
        (
            {"ImagerPixelSpacing": [0.2, 0.1], "EstimatedRadiographicMagnificationFactor": 1.25},
            SpacingBasis.MAGNIFICATION_CORRECTED, 0.16, 0.08,
        ),
        ({"NominalScannedPixelSpacing": [0.2, 0.1]}, SpacingBasis.SCANNED, 0.2, 0.1),
        ({"SequenceOfUltrasoundRegions": [_region()]}, SpacingBasis.ULTRASOUND_REGION, 0.2, 0.3),
        (
            {"SequenceOfUltrasoundRegions": [_region(), _region(PhysicalDeltaX=0.05)]},
            SpacingBasis.PIXELS_ONLY, 1.0, 1.0,
        ),
        ({"SequenceOfUltrasoundRegions": [_region(PhysicalUnitsXDirection=4)]}, SpacingBasis.PIXELS_ONLY, 1.0, 1.0),
        # A spacing for the whole picture does not reach over what the regions say.
        (
            {"SequenceOfUltrasoundRegions": [_region()], "PixelSpacing": [0.7, 0.7]},
            SpacingBasis.ULTRASOUND_REGION, 0.2, 0.3,
        ),
        ({}, SpacingBasis.PIXELS_ONLY, 1.0, 1.0),
        ({"PixelAspectRatio": [2, 1]}, SpacingBasis.PIXELS_ONLY, 2.0, 1.0),
        ({"PixelSpacing": [0, 0]}, SpacingBasis.PIXELS_ONLY, 1.0, 1.0),
    ],
)  # fmt: skip
def test_what_a_millimetre_rests_on(
    overrides: dict[str, Any], basis: SpacingBasis, row_mm: float, column_mm: float
) -> None:
    spacing = _film(**overrides).spacing
    assert spacing.basis is basis
    assert (spacing.row_mm, spacing.column_mm) == pytest.approx((row_mm, column_mm))


def test_a_slice_in_the_patient_has_geometry() -> None:
    recipe = SeriesRecipe()
    frame = _one(recipe)
    assert frame.spacing.basis is SpacingBasis.GEOMETRY
    assert (frame.spacing.row_mm, frame.spacing.column_mm) == (0.7, 0.8)
    assert frame.plane is not None
    np.testing.assert_allclose(frame.plane.origin_lps_mm, recipe.position_lps_mm(0), atol=1e-6)


@pytest.mark.parametrize(
    "overrides",
    [
        {"ImagePositionPatient": None},
        {"ImageOrientationPatient": [1, 0, 0, 1, 0, 0]},
        {"ImageOrientationPatient": [0, 0, 0, 0, 0, 0]},
        {"ImagePositionPatient": [1e9, 0, 0]},
        {"ImageType": ["ORIGINAL", "PRIMARY", "M", "MOSAIC"]},
    ],
)
def test_geometry_that_cannot_be_believed_is_none(overrides: dict[str, Any]) -> None:
    assert _one(SeriesRecipe(overrides=overrides)).plane is None


def test_enhanced_frames_have_their_own_place_slope_and_discriminators() -> None:
    recipe = SeriesRecipe(modality="MR", orientation=(0.0, 1.0, 0.0, 0.0, 0.0, -1.0))
    order = [(1, 0.0), (1, 800.0), (0, 0.0), (0, 800.0)]
    ds = enhanced_mr(recipe, [(z, {"b_value": b, "slope": 1.0 + z, "center": 50.0 + z}) for z, b in order])
    data = dataset_bytes(ds)
    frames = frames_of(read_header(data))
    assert len(frames) == 4
    for frame, (z, b) in zip(frames, order, strict=True):
        assert frame.plane is not None
        np.testing.assert_allclose(frame.plane.origin_lps_mm, recipe.position_lps_mm(z))
        assert dict(frame.discriminators)["b_value"] == str(b)
        assert frame.values.slope == 1.0 + z
        assert frame.display.windows[0].center == 50.0 + z


def test_direct_offsets_of_a_multi_frame_give_each_frames_own_values() -> None:
    recipe = SeriesRecipe(modality="MR")
    data = dataset_bytes(enhanced_mr(recipe, [(z, {}) for z in (2, 0, 1)]))
    for z in (2, 0, 1):
        ds_frames = frames_of(read_header(data))
        place = ds_frames[(2, 0, 1).index(z)].location
        # Bytes alone carry no path: the record says where a frame would lie in the file.
        stored = np.frombuffer(data[place.offset : place.offset + place.length], "<i2").reshape(6, 8)
        np.testing.assert_array_equal(stored, stored_values(recipe, z))


@pytest.mark.parametrize(
    "overrides",
    [
        {"PhotometricInterpretation": "PALETTE COLOR"},
        {"HighBit": 15, "BitsStored": 12},
        {"BitsAllocated": 12, "BitsStored": 12, "HighBit": 11},
    ],
)
def test_what_needs_parsing_has_no_direct_offset(overrides: dict[str, Any]) -> None:
    assert _one(SeriesRecipe(overrides=overrides)).location.offset == -1


@pytest.mark.parametrize(
    "overrides",
    [
        {"Rows": None}, {"Rows": 0}, {"Columns": 0}, {"BitsAllocated": 24}, {"BitsAllocated": None},
        {"BitsStored": 17}, {"HighBit": 16}, {"SamplesPerPixel": 4},
    ],
)  # fmt: skip
def test_pixels_that_contradict_themselves_are_unusable(overrides: dict[str, Any]) -> None:
    with pytest.raises(UnusablePixels):
        _one(SeriesRecipe(overrides=overrides))


def test_lossy_is_said_by_tag_or_by_syntax() -> None:
    assert _one(LossyImageCompression="01", LossyImageCompressionRatio=[12.5]).badges.lossy_ratio == 12.5
    assert _one(LossyImageCompression="01").badges.is_lossy
    assert not _one().badges.is_lossy
    record = read_header(dataset_bytes(slice_dataset(SeriesRecipe(), 0)))
    record["syntax"] = JPEGBaseline8Bit
    assert frames_of(record)[0].badges.is_lossy


def test_burned_in_annotation_and_cine_rate() -> None:
    assert _one(BurnedInAnnotation="YES").badges.burned_in_annotation
    assert _one(FrameTime="33.5").frame_time_ms == 33.5
    assert _one(CineRate="25").frame_time_ms == 40.0
    assert _one().frame_time_ms is None


def test_ultrasound_regions_keep_their_units_and_lose_their_signs() -> None:
    sequence = [
        _region(PhysicalDeltaY=-0.02),
        _region(RegionSpatialFormat=2, PhysicalUnitsXDirection=4, PhysicalDeltaX=0.005, RegionLocationMinY0=40),
        _region(RegionSpatialFormat=4, PhysicalUnitsXDirection=4, PhysicalUnitsYDirection=0, PhysicalDeltaY=0.0),
        _region(PhysicalUnitsXDirection=0, PhysicalUnitsYDirection=0),
        _region(PhysicalUnitsXDirection=77, PhysicalUnitsYDirection=7),
        _region(RegionLocationMaxX1=None),
        _region(RegionLocationMinX0=64),
    ]
    frame = _film(SequenceOfUltrasoundRegions=sequence)
    assert [(one.is_picture, *one.calibration) for one in frame.ultrasound_regions] == [
        (True, "cm", "cm", 0.03, 0.02),
        (False, "s", "cm", 0.005, 0.02),
        (False, "s", "", 0.03, 0.0),
        (True, "", "cm/s", 0.0, 0.02),
    ]
    trace = frame.ultrasound_regions[1]
    assert (trace.first_column, trace.first_row, trace.last_column, trace.last_row) == (0, 40, 63, 63)
