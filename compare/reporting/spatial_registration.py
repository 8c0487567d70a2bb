"""An accepted alignment as a DICOM registration object, read back and compared before it is offered.

The current's frame of reference is the registered one, the prior's the source. A rigid alignment is a Spatial
Registration (PS3.3 A.39.1) whose matrix leads from the prior to the current; a deformable one a Deformable Spatial
Registration (A.39.2), which leads the other way, from the current to the prior (C.20.3.1.1).
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
from pydicom.sequence import Sequence as Items
from pydicom.uid import UID, ExplicitVRLittleEndian, generate_uid
from pydicom.valuerep import DSfloat

from compare.linking.frame_graph import PointTransform, RigidTransform
from compare.linking.registration_edges import transform_of
from compare.linking.stack_places import frame_of_reference_of
from compare.registration.transforms import DeformableTransform, displacement_lps_mm
from compare.registration.work_grid import WorkGrid
from compare.reporting.refusal import ReportRefused
from loaders.model.series import Series
from loaders.model.stack import Stack
from loaders.model.study import Study
from loaders.objects.registration_reading import registrations_in_bytes

_RIGID_CLASS = UID("1.2.840.10008.5.1.4.1.1.66.1")
_DEFORMABLE_CLASS = UID("1.2.840.10008.5.1.4.1.1.66.3")
_SERIES_NUMBER = 9003
#: The grid is sampled finer until the linear interpolation of whoever reads it is this close to the spline.
_GRID_STEPS_MM = (4.0, 2.0)
_CLOSE_MM = 0.3
_COMPARED_POINTS = 2000
_SEED = 7


@dataclass(frozen=True, slots=True)
class RegisteredSeries:
    """One side: what was registered and whose it is."""

    study: Study
    series: Series
    stack: Stack


def spatial_registration(current_to_prior: PointTransform, current: RegisteredSeries, prior: RegisteredSeries) -> bytes:
    """Return the file of the registration object; LPS mm on both sides.

    Raises :class:`ReportRefused` where a side has no frame of reference, both have the same one (an object could not
    tell them apart), or the object, read back, does not map points as the alignment does, to 0.3 mm.
    """
    uids = [frame_of_reference_of(side.stack) for side in (current, prior)]
    if not all(uids) or uids[0] == uids[1]:
        raise ReportRefused("a registration object needs two frames of reference, and here is but one, or none")
    if isinstance(current_to_prior, RigidTransform):
        data = _written(_rigid(current_to_prior, uids, (current, prior)), _RIGID_CLASS, current, prior)
        if _miss_mm(data, current_to_prior, current.stack) <= _CLOSE_MM:
            return data
    elif isinstance(current_to_prior, DeformableTransform):
        for step_mm in _GRID_STEPS_MM:
            content = _deformable(current_to_prior, uids, prior, step_mm)
            data = _written(content, _DEFORMABLE_CLASS, current, prior)
            if _miss_mm(data, current_to_prior, current.stack, current_to_prior.field.grid) <= _CLOSE_MM:
                return data
    raise ReportRefused("the registration object, read back, does not map as the alignment does; it was not written")


def _rigid(transform: RigidTransform, uids: list[str], sides: tuple[RegisteredSeries, RegisteredSeries]) -> Dataset:
    content = Dataset()
    content.FrameOfReferenceUID = uids[0]
    content.RegistrationSequence = Items()
    for uid, matrix, side in zip(uids, (np.eye(4), transform.inverse().matrix), sides, strict=True):
        item = Dataset()
        item.FrameOfReferenceUID = uid
        item.ReferencedImageSequence = _images(side.stack)
        chain = Dataset()
        chain.FrameOfReferenceTransformationComment = "Diptych"
        chain.RegistrationTypeCodeSequence = Items()
        chain.MatrixSequence = Items([_matrix(matrix)])
        item.MatrixRegistrationSequence = Items([chain])
        content.RegistrationSequence.append(item)
    return content


def _deformable(transform: DeformableTransform, uids: list[str], prior: RegisteredSeries, step_mm: float) -> Dataset:
    grid = transform.field.grid.at_spacing(step_mm)
    index = np.stack([part.ravel() for part in np.indices(grid.shape_zyx, dtype=np.float64)], axis=1)
    vectors = displacement_lps_mm(transform.field, grid.to_lps(index)).astype("<f4")
    z, y, x = grid.shape_zyx
    cells = Dataset()
    cells.ImagePositionPatient = _numbers(np.asarray(grid.origin_lps_mm))
    cells.ImageOrientationPatient = _numbers(grid.axes_lps[:, :2].T)
    cells.GridDimensions = [x, y, z]
    cells.GridResolution = [grid.spacing_mm] * 3
    cells.VectorGridData = vectors.tobytes()
    item = Dataset()
    item.SourceFrameOfReferenceUID = uids[1]
    item.ReferencedImageSequence = _images(prior.stack)
    item.DeformableRegistrationGridSequence = Items([cells])
    item.PreDeformationMatrixRegistrationSequence = Items([_matrix(np.eye(4))])
    item.PostDeformationMatrixRegistrationSequence = Items([_matrix(transform.rigid.matrix)])
    item.RegistrationTypeCodeSequence = Items()
    content = Dataset()
    content.FrameOfReferenceUID = uids[0]
    content.DeformableRegistrationSequence = Items([item])
    return content


def _matrix(matrix: NDArray[np.float64]) -> Dataset:
    item = Dataset()
    item.FrameOfReferenceTransformationMatrix = _numbers(matrix)
    item.FrameOfReferenceTransformationMatrixType = "RIGID"
    return item


def _numbers(values: NDArray[np.float64]) -> list[DSfloat]:
    """As decimal strings of at most sixteen characters (PS3.5 6.2); a negative zero would only puzzle."""
    return [DSfloat(float(value) + 0.0, auto_format=True) for value in values.ravel()]


def _images(stack: Stack) -> Items:
    seen = dict.fromkeys((frame.sop_class_uid, frame.sop_instance_uid) for frame in stack.frames)
    items = Items()
    for class_uid, instance_uid in seen:
        item = Dataset()
        item.ReferencedSOPClassUID = class_uid
        item.ReferencedSOPInstanceUID = instance_uid
        items.append(item)
    return items


def _written(content: Dataset, class_uid: UID, current: RegisteredSeries, prior: RegisteredSeries) -> bytes:
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = UID(class_uid)
    meta.MediaStorageSOPInstanceUID = generate_uid(None)
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    file = FileDataset("", content, file_meta=meta, preamble=b"\0" * 128)
    file.SOPClassUID, file.SOPInstanceUID = class_uid, meta.MediaStorageSOPInstanceUID
    _say_whose(file, current.study)
    _say_what(file, datetime.now(UTC).astimezone())
    file.ReferencedSeriesSequence = Items([_series(current)])
    other = Dataset()
    other.StudyInstanceUID = prior.study.uid
    other.ReferencedSeriesSequence = Items([_series(prior)])
    file.StudiesContainingOtherReferencedInstancesSequence = Items([other])
    stream = io.BytesIO()
    file.save_as(stream, enforce_file_format=True)
    return stream.getvalue()


def _series(side: RegisteredSeries) -> Dataset:
    item = Dataset()
    item.SeriesInstanceUID = side.series.uid
    item.ReferencedInstanceSequence = _images(side.stack)
    return item


def _say_whose(file: Dataset, study: Study) -> None:
    """Patient and study, as the catalogue knows them: what it does not know stays empty."""
    patient = study.patient
    name = (patient.name.alphabetic, patient.name.ideographic, patient.name.phonetic)
    identifier = patient.identifiers[0] if patient.identifiers else None
    file.SpecificCharacterSet = "ISO_IR 192"
    file.PatientName = "=".join(name).rstrip("=")
    file.PatientID = identifier.value if identifier else ""
    if identifier and identifier.issuer:
        file.IssuerOfPatientID = identifier.issuer
    file.PatientBirthDate = patient.birth_date.strftime("%Y%m%d") if patient.birth_date else ""
    file.PatientSex = patient.sex
    file.StudyInstanceUID = study.uid
    file.StudyDate = study.study_date.strftime("%Y%m%d") if study.study_date else ""
    file.StudyTime = study.study_time.strftime("%H%M%S") if study.study_time else ""
    file.ReferringPhysicianName = file.StudyID = ""
    file.AccessionNumber = study.accession_number


def _say_what(file: Dataset, now: datetime) -> None:
    file.Modality, file.SeriesInstanceUID, file.SeriesNumber = "REG", generate_uid(None), _SERIES_NUMBER
    file.SeriesDescription, file.InstanceNumber = "Alignment with a prior", 1
    file.PositionReferenceIndicator = file.Laterality = ""
    file.Manufacturer = file.ManufacturerModelName = "Diptych"
    file.DeviceSerialNumber, file.SoftwareVersions = "none", "1"
    file.ContentDate, file.ContentTime = now.strftime("%Y%m%d"), now.strftime("%H%M%S")
    file.ContentLabel, file.ContentDescription, file.ContentCreatorName = "DIPTYCH", "Alignment with a prior", ""


def _miss_mm(data: bytes, transform: PointTransform, current: Stack, grid: WorkGrid | None = None) -> float:
    """By how much the object maps points of the current otherwise, at worst; within the grid where there is one."""
    found = [one for one in registrations_in_bytes(data) if one.registered_uid == frame_of_reference_of(current)]
    if len(found) != 1:
        return float("inf")
    back = transform_of(found[0]).inverse()
    share = np.random.default_rng(_SEED).random((_COMPARED_POINTS, 3))
    points = share * 600.0 - 300.0 if grid is None else grid.to_lps(share * (np.array(grid.shape_zyx) - 1.0))
    return float(np.linalg.norm(back.map_points(points) - transform.map_points(points), axis=1).max())
