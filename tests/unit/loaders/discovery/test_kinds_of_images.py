"""Kinds of images that no real file here shows: tomosynthesis, tomographic NM, concatenations, magnification."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydicom.dataset import Dataset

from loaders.discovery.element_values import Elements
from loaders.discovery.frame_building import frames_of
from loaders.discovery.header_facts import expected_instances
from loaders.discovery.header_scan import read_header
from loaders.discovery.laterality import laterality_of, sides_named
from loaders.discovery.series_grouping import group_series
from loaders.model.frame import Frame
from loaders.model.stack import StackKind
from loaders.model.units import SpacingBasis
from tests.support.dicom_files import SeriesRecipe, _override, dataset_bytes, enhanced_mr, slice_dataset
from tests.support.dicom_objects import elements_of, item, lut

TOMO = "1.2.840.10008.5.1.4.1.1.13.1.3"
NM = "1.2.840.10008.5.1.4.1.1.20"


def _frames(ds: Dataset) -> tuple[Frame, ...]:
    return frames_of(read_header(dataset_bytes(ds)))


def _multi(frames: int, overrides: Mapping[str, Any]) -> Dataset:
    ds = slice_dataset(SeriesRecipe(), 0)
    for keyword in ("ImagePositionPatient", "ImageOrientationPatient", "RescaleSlope", "RescaleIntercept"):
        delattr(ds, keyword)
    ds.NumberOfFrames = frames
    ds.PixelData = ds.PixelData * frames
    _override(ds, overrides)
    return ds


@pytest.mark.parametrize("spacing", [4.0, -4.0])
def test_slices_of_an_nm_tomogram_lie_along_the_detector(spacing: float) -> None:
    """PS3.3 C.8.4.15: slice n lies (n - 1) times the signed spacing along the normal of the detector's plane."""
    detector = item(ImagePositionPatient=[10, 20, 30], ImageOrientationPatient=[1, 0, 0, 0, 1, 0])
    ds = _multi(
        5,
        {
            "SOPClassUID": NM, "Modality": "NM", "ImageType": ["ORIGINAL", "PRIMARY", "RECON TOMO", "EMISSION"],
            "DetectorInformationSequence": [detector], "SpacingBetweenSlices": spacing, "SliceVector": [1, 2, 3, 4, 5],
        },
    )  # fmt: skip
    frames = _frames(ds)
    z = [frame.plane.origin_lps_mm[2] for frame in frames if frame.plane]
    assert z == pytest.approx([30 + spacing * n for n in range(5)])
    (stack,) = group_series(frames, "1", "2")
    assert stack.kind is StackKind.VOLUME
    assert stack.geometry is not None
    assert stack.geometry.spacing_mm_zyx[0] == pytest.approx(4.0)


def test_a_planar_nm_image_has_no_place() -> None:
    ds = _multi(3, {"SOPClassUID": NM, "Modality": "NM", "ImageType": ["ORIGINAL", "PRIMARY", "DYNAMIC", "EMISSION"]})
    assert [frame.plane for frame in _frames(ds)] == [None] * 3


def test_tomosynthesis_slices_make_a_stack_in_order() -> None:
    groups = [
        item(
            PlanePositionSequence=[item(ImagePositionPatient=[0, z, 0])],
            FrameVOILUTSequence=[item(WindowCenter=500 + z, WindowWidth=900)],
        )
        for z in (3.0, 1.0, 2.0, 0.0)
    ]
    shared = item(
        PlaneOrientationSequence=[item(ImageOrientationPatient=[0, 0, -1, 1, 0, 0])],
        PixelMeasuresSequence=[item(PixelSpacing=[0.1, 0.1], SliceThickness=1.0)],
        FrameAnatomySequence=[item(FrameLaterality="R")],
    )
    ds = _multi(
        4,
        {
            "SOPClassUID": TOMO, "Modality": "MG", "ImageType": ["DERIVED", "PRIMARY", "TOMOSYNTHESIS", "NONE"],
            "PerFrameFunctionalGroupsSequence": groups, "SharedFunctionalGroupsSequence": [shared],
        },
    )  # fmt: skip
    (stack,) = group_series(_frames(ds), "1", "2")
    along = [frame.plane.position_mm for frame in stack.frames if frame.plane]
    assert along == sorted(along)
    assert len(along) == 4
    assert (stack.kind, stack.frames[0].badges.laterality, stack.frames[0].badges.is_derived) == (
        StackKind.VOLUME, "R", True,
    )  # fmt: skip
    windows = {frame.frame_number: frame.display.windows[0].center for frame in stack.frames}
    assert windows == {1: 503.0, 2: 501.0, 3: 502.0, 4: 500.0}


def test_a_voi_table_may_stand_in_a_frames_own_group() -> None:
    ds = enhanced_mr(SeriesRecipe(modality="MR", signed=False), [(0, {}), (1, {})])
    group = ds.PerFrameFunctionalGroupsSequence[1].FrameVOILUTSequence[0]
    del group.WindowCenter, group.WindowWidth
    group.VOILUTSequence = [lut(range(256), first=7)]
    first, second = _frames(ds)
    assert (len(first.display.windows), len(first.display.voi_tables)) == (1, 0)
    assert (second.display.windows, second.display.voi_tables[0].first_mapped) == ((), 7)


@pytest.mark.parametrize(
    ("overrides", "row_mm", "basis"),
    [
        ({"ImagerPixelSpacing": [0.2, 0.2]}, 0.2, SpacingBasis.AT_DETECTOR),
        (
            {"ImagerPixelSpacing": [0.2, 0.2], "EstimatedRadiographicMagnificationFactor": 1.25},
            0.16, SpacingBasis.MAGNIFICATION_CORRECTED,
        ),
        (
            {"ImagerPixelSpacing": [0.3, 0.3], "DistanceSourceToDetector": 1200, "DistanceSourceToPatient": 800},
            0.2, SpacingBasis.MAGNIFICATION_CORRECTED,
        ),
        (
            {"ImagerPixelSpacing": [0.3, 0.3], "DistanceSourceToDetector": 800, "DistanceSourceToPatient": 1200},
            0.3, SpacingBasis.AT_DETECTOR,
        ),
        (
            {
                "Modality": "DX", "ImagerPixelSpacing": [0.3, 0.3], "DistanceSourceToDetector": 1200,
                "DistanceSourceToPatient": 800,
            },
            0.3, SpacingBasis.AT_DETECTOR,
        ),
        ({"PixelSpacing": [0.15, 0.15], "ImagerPixelSpacing": [0.2, 0.2]}, 0.15, SpacingBasis.CALIBRATED),
        ({"NominalScannedPixelSpacing": [0.1, 0.1]}, 0.1, SpacingBasis.SCANNED),
        ({}, 1.0, SpacingBasis.PIXELS_ONLY),
    ],
)  # fmt: skip
def test_millimetres_of_a_projection(overrides: dict[str, Any], row_mm: float, basis: SpacingBasis) -> None:
    ds = slice_dataset(SeriesRecipe(), 0)
    for keyword in ("ImagePositionPatient", "ImageOrientationPatient", "FrameOfReferenceUID", "PixelSpacing"):
        delattr(ds, keyword)
    _override(ds, {"SOPClassUID": "1.2.840.10008.5.1.4.1.1.12.1", "Modality": "XA", **overrides})
    (frame,) = _frames(ds)
    assert frame.spacing.row_mm == pytest.approx(row_mm)
    assert frame.spacing.basis is basis


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ([{"ImagesInAcquisition": [9], "AcquisitionNumber": [1], "InstanceNumber": [n]} for n in (1, 2)], 9),
        ([{"ImagesInAcquisition": [9], "AcquisitionNumber": [n], "InstanceNumber": [n]} for n in (1, 2)], None),
        ([{"ImagesInAcquisition": [1], "AcquisitionNumber": [1], "InstanceNumber": [n]} for n in (1, 2)], None),
        ([{"ImagesInAcquisition": [9], "AcquisitionNumber": [1], "InstanceNumber": [n]} for n in (1, 12)], None),
        ([{"InConcatenationTotalNumber": [4]}, {"InConcatenationTotalNumber": [4]}], 4),
        ([{}], None),
        ([], None),
    ],
)
def test_expectations_are_believed_only_where_they_agree(files: list[dict[str, Any]], expected: int | None) -> None:
    assert expected_instances(files) == expected


@given(
    st.lists(st.sampled_from(["L", "R", "B", "U", "", "X"]), min_size=2, max_size=2), st.sampled_from(["", "L", "R"])
)
def test_two_sides_are_no_side(stated: list[str], frame_side: str) -> None:
    top = Elements({"ImageLaterality": [stated[0]], "Laterality": [stated[1]]})
    groups = (Elements({"FrameAnatomySequence": [{"FrameLaterality": [frame_side]}]}),)
    sides = {side for side in (*stated, frame_side) if side in {"L", "R", "B", "U"}}
    expected = "?" if len(sides) > 1 else next(iter(sides), "")
    assert laterality_of(top, groups) == expected


@pytest.mark.parametrize(
    ("text", "sides"),
    [("Rt knee RIGHT ap", {"R"}), ("LCC", {"L"}), ("左膝", {"L"}), ("left and right", {"L", "R"}), ("LEFTOVER", set())],
)
def test_sides_in_words(text: str, sides: set[str]) -> None:
    assert sides_named(text) == sides


def test_what_is_present_and_not_shown_is_known_from_the_header() -> None:
    ds = slice_dataset(SeriesRecipe(), 0)
    ds.add_new(0x60020010, "US", 4)
    ds.ShutterShape = "RECTANGULAR"
    ds.ICCProfile = b"\0" * 8
    ds.PresentationIntentType = "FOR PROCESSING"
    badges = _frames(ds)[0].badges
    assert (badges.has_overlay, badges.has_shutter, badges.has_icc_profile, badges.for_processing) == (True,) * 4
    plain = _frames(slice_dataset(SeriesRecipe(), 0))[0].badges
    assert (plain.has_overlay, plain.has_shutter, plain.has_icc_profile, plain.for_processing) == (False,) * 4


@pytest.mark.parametrize(
    ("character_set", "name", "encoding", "is_guess"),
    [
        (("", "ISO 2022 IR 58"), "Wang^XiaoDong=王^小东", "iso2022", False),
        (("", "ISO 2022 IR 58"), "Wang^XiaoDong=王^小东", "gb2312", True),  # its escapes left out
        ("GB18030", "Wang^XiaoDong=王^小东", "gb18030", False),
        ("GBK", "Wang^XiaoDong=王^小东", "gbk", False),
        ("ISO_IR 192", "Wong^Siu Ming=黃^小明", "utf-8", False),
        ("ISO_IR 100", "黃^小明", "big5", True),
        (None, "黃^小明", "big5", True),
    ],
)  # fmt: skip
def test_names_in_every_declared_set_and_undeclared_big5(
    character_set: Any, name: str, encoding: str, is_guess: bool
) -> None:
    ds = slice_dataset(SeriesRecipe(), 0)
    ds.SpecificCharacterSet = list(character_set) if isinstance(character_set, tuple) else character_set or ""
    written = name.encode("gb2312" if encoding == "iso2022" else encoding)
    if encoding == "iso2022":
        for part in ("王", "小东"):
            written = written.replace(part.encode("gb2312"), b"\x1b$)A" + part.encode("gb2312"))
    written += b" " * (len(written) % 2)
    ds.PatientName = "X" * len(written)
    data = dataset_bytes(ds).replace(b"X" * len(written), written)
    record = read_header(data)
    assert record["guessed"] is is_guess
    assert str(record["elements"]["PatientName"][0]).strip() == name


def test_numbers_of_frames_come_from_the_vector() -> None:
    ds = _multi(4, {"FrameTimeVector": [0, 40, 40, 40]})
    assert [frame.frame_time_ms for frame in _frames(ds)] == [40.0] * 4


@pytest.mark.parametrize(
    ("slope", "window", "expected"),
    [
        (0.0003, (5000, 10000), (1.5, 3.0)),  # SUV-scaled PET, window in stored values: all black otherwise
        (0.0003, (4, 8), (4, 8)),  # in SUV, as the standard has it
        (2.1, (177, 308), (177, 308)),
        (1.0, (40, 400), (40, 400)),
        (0.0003, (9e6, 10), (9e6, 10)),  # sense in neither unit: as written
    ],
)
def test_a_window_is_read_in_the_unit_it_was_written_for(
    slope: float, window: tuple[float, float], expected: tuple[float, float]
) -> None:
    ds = slice_dataset(SeriesRecipe(slope=slope, intercept=0.0), 0)
    ds.WindowCenter, ds.WindowWidth = window
    (found,) = _frames(ds)[0].display.windows
    assert (found.center, found.width) == pytest.approx(expected)
    assert ("stored values" in found.explanation) is (window != expected)


@pytest.mark.parametrize(
    ("modality", "stated", "description", "side"),
    [
        ("DX", "R", "RIGHT KNEE AP", "R"),
        ("DX", "R", "LEFT KNEE AP", "?"),
        ("MG", "L", "R_CC", "L"),
        ("MG", "L", "RCC", "?"),
        ("CR", "L", "右膝", "?"),
        ("CR", "L", "BOTH LEFT AND RIGHT", "L"),
        ("CR", "", "LEFT HAND", ""),
        ("CT", "R", "LEFT KNEE", "R"),
    ],
)
def test_a_description_makes_a_side_doubtful_but_never_states_one(
    modality: str, stated: str, description: str, side: str
) -> None:
    overrides = {"Modality": modality, "ImageLaterality": stated, "SeriesDescription": description}
    ds = slice_dataset(SeriesRecipe(overrides=overrides), 0)
    ds.SpecificCharacterSet = "ISO_IR 192"
    assert laterality_of(elements_of(ds)) == side
