"""Overlay planes, contours and segments land on the pixels they belong to."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import highdicom
import numpy as np
import pytest
from numpy.typing import NDArray
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.sr.codedict import codes
from pydicom.uid import ExplicitVRLittleEndian

from loaders.discovery.frame_building import frames_of
from loaders.discovery.header_scan import read_header
from loaders.model.frame import Frame
from loaders.model.pixel_format import FileLocator
from loaders.objects.image_references import image_references
from loaders.objects.object_reading import read_object
from loaders.objects.overlay_planes import curve_names, overlay_planes
from loaders.objects.segmentation import Segmentation, segmentation
from loaders.objects.structure_set import structure_set
from tests.support.dicom_files import CORONAL, SeriesRecipe, dataset_bytes, slice_dataset, uid
from tests.support.dicom_objects import elements_of, item, object_dataset, reference

RECIPE = SeriesRecipe(rows=24, columns=32, spacing_mm_zyx=(2.0, 0.5, 0.75))
RTSTRUCT = "1.2.840.10008.5.1.4.1.1.481.3"


def _frame(index: int = 0, recipe: SeriesRecipe = RECIPE) -> Frame:
    return frames_of(read_header(dataset_bytes(slice_dataset(recipe, index))))[0]


def _with_plane(mask: NDArray[np.bool_], origin: tuple[int, int], frames: int = 1) -> Dataset:
    ds = slice_dataset(RECIPE, 0)
    rows, columns = mask.shape[-2:]
    for element, vr, value in (
        (0x0010, "US", rows), (0x0011, "US", columns), (0x0015, "IS", frames), (0x0040, "CS", "G"),
        (0x0050, "SS", list(origin)), (0x0100, "US", 1), (0x0102, "US", 0), (0x1500, "LO", "marks"),
        (0x3000, "OW", np.packbits(mask.reshape(-1), bitorder="little").tobytes() + b"\0"),
    ):  # fmt: skip
        ds.add_new(0x60020000 | element, vr, value)
    return ds


@pytest.mark.parametrize("origin", [(1, 1), (4, 7), (-2, 30)])
def test_a_plane_lies_at_its_origin(origin: tuple[int, int]) -> None:
    mask = np.random.default_rng(7).random((9, 11)) > 0.5
    (plane,) = overlay_planes(elements_of(_with_plane(mask, origin)))
    found = plane.mask(1, 24, 32)
    assert found is not None
    expected = np.zeros((24, 32), dtype=bool)
    for row in range(9):
        for column in range(11):
            at = (row + origin[0] - 1, column + origin[1] - 1)
            if 0 <= at[0] < 24 and 0 <= at[1] < 32:
                expected[at] = mask[row, column]
    np.testing.assert_array_equal(found, expected)
    assert (plane.label, plane.group) == ("marks", 0x6002)


def test_planes_of_several_frames_are_told_apart() -> None:
    masks = np.random.default_rng(3).random((3, 5, 7)) > 0.5
    (plane,) = overlay_planes(elements_of(_with_plane(masks, (1, 1), frames=3)))
    for number in (1, 2, 3):
        found = plane.mask(number, 5, 7)
        assert found is not None
        np.testing.assert_array_equal(found, masks[number - 1])
    assert plane.mask(4, 5, 7) is None


def test_a_plane_cut_short_is_none() -> None:
    ds = _with_plane(np.ones((20, 20), dtype=bool), (1, 1))
    ds[0x60023000].value = b"\xff\xff"
    (plane,) = overlay_planes(elements_of(ds))
    assert plane.mask(1, 24, 32) is None


def test_curves_are_named() -> None:
    ds = slice_dataset(RECIPE, 0)
    ds.add_new(0x50000005, "US", 2)
    ds.add_new(0x50000020, "CS", "ECG")
    assert curve_names(elements_of(ds)) == ("curve 5000 ECG",)


def _structures(points: NDArray[np.float64], frame_of_reference: str = "frame") -> Dataset:
    contour = item(
        ContourGeometricType="CLOSED_PLANAR",
        NumberOfContourPoints=len(points),
        ContourData=[f"{value:.4f}" for value in points.reshape(-1)],
        ContourImageSequence=None,
    )
    return object_dataset(
        RTSTRUCT,
        StructureSetLabel="PLAN",
        StructureSetROISequence=[
            item(ROINumber=4, ROIName="Liver", ReferencedFrameOfReferenceUID=uid(frame_of_reference))
        ],
        ROIContourSequence=[item(ReferencedROINumber=4, ROIDisplayColor=[255, 128, 0], ContourSequence=[contour])],
    )


@pytest.mark.parametrize("orientation", [RECIPE.orientation, CORONAL])
def test_a_contour_lies_where_its_points_are(orientation: tuple[float, ...]) -> None:
    recipe = replace(RECIPE, orientation=orientation)
    pixels = np.array([[3.0, 4.0], [20.0, 4.0], [20.0, 15.0]])
    right, down = np.array(orientation[:3]), np.array(orientation[3:])
    points = recipe.position_lps_mm(2) + pixels[:, :1] * 0.75 * right + pixels[:, 1:] * 0.5 * down
    found = structure_set(elements_of(_structures(points)))
    assert (found.label, found.structures[0].name) == ("PLAN", "Liver")
    (line,) = found.overlays(_frame(2, recipe)).lines
    np.testing.assert_allclose(line.points, pixels, atol=1e-3)
    assert (line.colour, line.is_closed) == ((255, 128, 0), True)
    for other in (0, 1, 3):
        assert found.overlays(_frame(other, recipe)).lines == ()


def test_contours_of_another_frame_of_reference_are_said_not_drawn() -> None:
    points = np.tile(RECIPE.position_lps_mm(0), (3, 1))
    found = structure_set(elements_of(_structures(points, "elsewhere"))).overlays(_frame())
    assert found.lines == ()
    assert found.not_drawn == ("Liver: drawn in another frame of reference",)


def _segmentation(kind: str, masks: NDArray[np.generic]) -> tuple[Segmentation, Dataset]:
    images = []
    for index in range(3):
        image = slice_dataset(RECIPE, index)
        image.file_meta = read_meta()
        image.StudyID, image.AccessionNumber, image.ReferringPhysicianName = "1", "", ""
        image.PatientPosition, image.Manufacturer = "HFS", ""
        images.append(image)
    described = highdicom.seg.SegmentDescription(
        segment_number=1,
        segment_label="lesion",
        segmented_property_category=codes.cid7150.Tissue,
        segmented_property_type=codes.cid7166.ConnectiveTissue,
        algorithm_type=highdicom.seg.SegmentAlgorithmTypeValues.MANUAL,
    )
    made = highdicom.seg.Segmentation(
        source_images=images,
        pixel_array=masks,
        segmentation_type=kind,
        segment_descriptions=[described],
        series_instance_uid=uid("seg series"),
        series_number=5,
        sop_instance_uid=uid("seg"),
        instance_number=1,
        manufacturer="x",
        manufacturer_model_name="x",
        software_versions="1",
        device_serial_number="1",
    )
    syntax = made.file_meta.TransferSyntaxUID
    return segmentation(read_object(FileLocator(Path("-")), dataset_bytes(made, syntax))), made


def read_meta() -> FileMetaDataset:
    meta = FileMetaDataset()
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    return meta


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("kind", ["BINARY", "FRACTIONAL", "LABELMAP"])
def test_segments_lie_on_the_slices_they_were_drawn_on(kind: str) -> None:
    masks = np.zeros((3, 24, 32), dtype=np.uint8 if kind != "FRACTIONAL" else np.float32)
    masks[1, 5:9, 10:20] = 1
    masks[2, 6:8, 12:15] = 1
    found, made = _segmentation(kind, masks)
    assert (found.kind, found.segments[-1].label) == (kind, "lesion")
    stored = made.pixel_array.reshape(-1, 24, 32)
    for index in (1, 2):
        wanted = found.frames_in(_frame(index))
        pixels = {each: stored[each.frame.frame_number - 1] for each in wanted}
        (mask,) = found.overlays(_frame(index), pixels).masks
        np.testing.assert_allclose(mask.opacity > 0, masks[index] > 0)
        assert mask.opacity.max() == pytest.approx(0.4)
        assert mask.label == "lesion"
    beyond = found.frames_in(_frame(8))
    assert beyond == ()


@pytest.mark.filterwarnings("ignore")
def test_segments_are_placed_on_another_matrix_by_millimetres() -> None:
    """The same place in the patient, on a picture of other pixels that begins elsewhere, without any reference."""
    masks = np.zeros((3, 24, 32), dtype=np.uint8)
    masks[1, 5:9, 10:20] = 1
    found, made = _segmentation("BINARY", masks)
    found = replace(found, frames=tuple(replace(each, references=()) for each in found.frames))
    other = replace(
        RECIPE, rows=30, columns=60, spacing_mm_zyx=(2.0, 1.0, 0.375), origin_lps_mm=(-103.0, -82.0, 40.0), name="other"
    )
    shown = _frame(1, other)
    stored = made.pixel_array.reshape(-1, 24, 32)
    pixels = {each: stored[each.frame.frame_number - 1] for each in found.frames_in(shown)}
    (mask,) = found.overlays(shown, pixels).masks
    rows, columns = np.nonzero(mask.opacity)
    x_mm, y_mm = -103.0 + columns * 0.375, -82.0 + rows * 1.0
    assert x_mm.min() == pytest.approx(-100 + 10 * 0.75, abs=0.4)
    assert x_mm.max() == pytest.approx(-100 + 19 * 0.75, abs=0.4)
    assert y_mm.min() == pytest.approx(-80 + 5 * 0.5, abs=0.5)
    assert y_mm.max() == pytest.approx(-80 + 8 * 0.5, abs=0.5)


def test_a_reference_names_frames() -> None:
    ds = object_dataset("1.2.3", ReferencedImageSequence=[reference("1.2", "9.9", ReferencedFrameNumber=[2, 3])])
    (found,) = image_references(elements_of(ds))
    frame = replace(_frame(), sop_instance_uid="9.9")
    assert [found.names(replace(frame, frame_number=n)) for n in (1, 2, 3)] == [False, True, True]
