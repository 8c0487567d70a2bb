"""The demo patient's examinations as DICOM data sets: CT Image and Digital X-Ray Image (for presentation).

Attributes by PS3.3 A.3 (CT Image) and A.26 (Digital X-Ray Image). Every object says that its subject is a quality
control subject (0010,0200) and, in name and comments, that no such person lives.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import UID, CTImageStorage, DigitalXRayImageStorageForPresentation, ExplicitVRLittleEndian

from loaders.demo_patient.examinations import (
    GENERATOR_VERSION,
    PATIENT_BIRTH_DATE,
    PATIENT_COMMENTS,
    PATIENT_NAME,
    PATIENT_SEX,
    CtPlan,
    DemoSize,
    Examination,
    XrayPlan,
    fixed_uid,
)
from loaders.demo_patient.grids import AxialGrid

_IMPLEMENTATION_UID = UID(fixed_uid("implementation"))
_IMAGE_COMMENTS = "Computed picture of a fictitious patient. Not for diagnosis."


def decimal(value: float) -> str:
    """A decimal string of at most sixteen characters (PS3.5 6.2, DS), without trailing zeros."""
    text = f"{value:.6f}".rstrip("0").rstrip(".")
    return "0" if text in {"", "-0"} else text


def study_uid(examination: Examination, size: DemoSize) -> str:
    """Study Instance UID."""
    return fixed_uid(f"{size}/{examination.name}/study")


def series_uid(examination: Examination, size: DemoSize) -> str:
    """Series Instance UID."""
    return fixed_uid(f"{size}/{examination.name}/series")


def frame_of_reference_uid(examination: Examination, size: DemoSize) -> str:
    """Frame of Reference UID: each CT its own."""
    return fixed_uid(f"{size}/{examination.name}/frame-of-reference")


def _new_object(examination: Examination, size: DemoSize, sop_class: UID, number: int) -> Dataset:
    """Patient, study, series, equipment and SOP common modules."""
    instance_uid = UID(fixed_uid(f"{size}/{examination.name}/{number}"))
    meta = FileMetaDataset()
    meta.FileMetaInformationVersion = b"\x00\x01"
    meta.MediaStorageSOPClassUID = sop_class
    meta.MediaStorageSOPInstanceUID = instance_uid
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    meta.ImplementationClassUID = _IMPLEMENTATION_UID
    meta.ImplementationVersionName = f"DIPTYCH_DEMO_{GENERATOR_VERSION}"
    d = Dataset()
    d.file_meta = meta
    d.SpecificCharacterSet = "ISO_IR 192"
    d.SOPClassUID, d.SOPInstanceUID = sop_class, instance_uid
    d.StudyDate = d.SeriesDate = d.AcquisitionDate = d.ContentDate = d.InstanceCreationDate = examination.date
    d.StudyTime = d.SeriesTime = d.AcquisitionTime = d.ContentTime = d.InstanceCreationTime = examination.time
    d.AccessionNumber = f"DEMO{examination.date}{'C' if isinstance(examination.plan, CtPlan) else 'X'}"
    d.Manufacturer = examination.site.manufacturer
    d.InstitutionName = examination.site.institution
    d.ReferringPhysicianName = "DEMO^REFERRER"
    d.StationName = examination.site.station
    d.PatientName = PATIENT_NAME
    d.PatientID, d.IssuerOfPatientID = examination.site.patient_id, examination.site.issuer
    d.PatientBirthDate, d.PatientSex = PATIENT_BIRTH_DATE, PATIENT_SEX
    d.QualityControlSubject = "YES"
    d.PatientComments = PATIENT_COMMENTS
    d.PatientIdentityRemoved = "YES"
    d.DeidentificationMethod = "Computed: there never was a person"
    d.DeviceSerialNumber = f"DEMO-{examination.site.station}"
    d.SoftwareVersions = f"diptych demo patient {GENERATOR_VERSION}"
    d.StudyInstanceUID, d.SeriesInstanceUID = study_uid(examination, size), series_uid(examination, size)
    d.StudyID = examination.name.upper()
    d.SeriesNumber, d.InstanceNumber = 1, number
    d.ImageComments = _IMAGE_COMMENTS
    d.BurnedInAnnotation = "NO"
    return d


def _set_pixels(d: Dataset, pixels: NDArray[np.integer], *, bits_stored: int, signed: bool) -> None:
    d.SamplesPerPixel = 1
    d.Rows, d.Columns = pixels.shape
    d.BitsAllocated, d.BitsStored, d.HighBit = 16, bits_stored, bits_stored - 1
    d.PixelRepresentation = int(signed)
    d.PixelData = np.ascontiguousarray(pixels.astype("<i2" if signed else "<u2")).tobytes()


def ct_instance(
    examination: Examination,
    size: DemoSize,
    grid: AxialGrid,
    slice_number: int,
    hu: NDArray[np.int16],
) -> Dataset:
    """One CT slice. ``slice_number`` counts from 0 at the feet; Instance Number from 1 at the head.

    The current scanner stores signed Hounsfield units, the prior one unsigned values with an intercept of -1024.
    """
    plan = examination.plan
    if not isinstance(plan, CtPlan):
        raise TypeError(f"{examination.name} is not a CT")
    d = _new_object(examination, size, CTImageStorage, plan.slices - slice_number)
    d.ImageType = ["ORIGINAL", "PRIMARY", "AXIAL"]
    d.Modality = "CT"
    d.ManufacturerModelName = examination.site.ct_model
    d.StudyDescription, d.SeriesDescription = "CT THORAX DEMO", f"Thorax {decimal(plan.thickness_mm)} mm"
    d.ProtocolName = "DEMO THORAX"
    d.BodyPartExamined = "CHEST"
    d.PatientPosition = "HFS"
    d.KVP, d.ConvolutionKernel = "120", plan.kernel
    d.AcquisitionNumber = 1
    d.SliceThickness = decimal(plan.thickness_mm)
    d.SpacingBetweenSlices = decimal(plan.slice_step_mm)
    d.ReconstructionDiameter = decimal(plan.matrix * plan.pixel_mm)
    d.GantryDetectorTilt = "0"
    d.TableHeight = "150"
    z = grid.origin[2] + grid.plane_mm * slice_number
    d.ImagePositionPatient = [decimal(grid.origin[0]), decimal(grid.origin[1]), decimal(z)]
    d.ImageOrientationPatient = ["1", "0", "0", "0", "1", "0"]
    d.PixelSpacing = [decimal(plan.pixel_mm)] * 2
    d.SliceLocation = decimal(z)
    d.FrameOfReferenceUID = frame_of_reference_uid(examination, size)
    d.PositionReferenceIndicator = ""
    d.PhotometricInterpretation = "MONOCHROME2"
    d.WindowCenter, d.WindowWidth = ["40", "-600"], ["400", "1500"]
    d.WindowCenterWidthExplanation = ["MEDIASTINUM", "LUNG"]
    d.RescaleSlope, d.RescaleType = "1", "HU"
    if examination.is_current:
        d.RescaleIntercept = "0"
        _set_pixels(d, hu, bits_stored=16, signed=True)
    else:
        d.RescaleIntercept = "-1024"
        _set_pixels(d, hu.astype(np.int32) + 1024, bits_stored=12, signed=False)
    return d


def _code(value: str, scheme: str, meaning: str) -> Dataset:
    item = Dataset()
    item.CodeValue, item.CodingSchemeDesignator, item.CodeMeaning = value, scheme, meaning
    return item


def xray_magnification(plan: XrayPlan, patient_to_detector_mm: float) -> float:
    """How much larger the middle of the patient appears at the detector."""
    return plan.source_to_detector_mm / (plan.source_to_detector_mm - patient_to_detector_mm)


def xray_instance(
    examination: Examination,
    size: DemoSize,
    pixels: NDArray[np.uint16],
    patient_to_detector_mm: float,
) -> Dataset:
    """One postero-anterior radiograph, ``pixels`` 12 bit with dense tissue bright.

    Pixel Spacing is that of the middle of the patient, calibrated by the known geometry (PS3.3 10.7.1.3), Imager Pixel
    Spacing the detector's. The prior is MONOCHROME1, as older plates are.
    """
    plan = examination.plan
    if not isinstance(plan, XrayPlan):
        raise TypeError(f"{examination.name} is not a radiograph")
    d = _new_object(examination, size, DigitalXRayImageStorageForPresentation, 1)
    d.ImageType = ["ORIGINAL", "PRIMARY", ""]
    d.Modality, d.PresentationIntentType = "DX", "FOR PRESENTATION"
    d.ManufacturerModelName = examination.site.dx_model
    d.StudyDescription, d.SeriesDescription = "CHEST PA DEMO", "Chest PA"
    d.BodyPartExamined, d.ViewPosition = "CHEST", "PA"
    d.AnatomicRegionSequence = [_code("51185008", "SCT", "Chest")]
    d.ViewCodeSequence = [_code("399348003", "SCT", "postero-anterior")]
    d.ViewCodeSequence[0].ViewModifierCodeSequence = []
    d.ImageLaterality = "U"
    d.PatientOrientation = ["L", "F"]
    d.AcquisitionContextSequence = []
    d.KVP = "125"
    d.DetectorType, d.PositionerType = "DIRECT", "NONE"
    d.DistanceSourceToDetector = decimal(plan.source_to_detector_mm)
    d.DistanceSourceToPatient = decimal(plan.source_to_detector_mm - patient_to_detector_mm)
    magnification = xray_magnification(plan, patient_to_detector_mm)
    d.EstimatedRadiographicMagnificationFactor = decimal(magnification)
    d.ImagerPixelSpacing = [decimal(plan.detector_mm)] * 2
    d.PixelSpacing = [decimal(plan.detector_mm / magnification)] * 2
    d.PixelSpacingCalibrationType = "GEOMETRY"
    d.PixelSpacingCalibrationDescription = "Middle of the patient, known distances"
    d.RescaleIntercept, d.RescaleSlope, d.RescaleType = "0", "1", "US"
    d.PixelIntensityRelationship = "LOG"
    d.LossyImageCompression = "00"
    d.AcquisitionDeviceProcessingDescription = "demo: tissue equalisation"
    if examination.is_current:
        d.PhotometricInterpretation, d.PresentationLUTShape, sign = "MONOCHROME2", "IDENTITY", -1
    else:
        d.PhotometricInterpretation, d.PresentationLUTShape, sign = "MONOCHROME1", "INVERSE", 1
        pixels = (4095 - pixels).astype(np.uint16)
    d.PixelIntensityRelationshipSign = sign
    d.WindowCenter, d.WindowWidth = "2047.5", "4095"
    d.WindowCenterWidthExplanation = "NORMAL"
    _set_pixels(d, pixels, bits_stored=12, signed=False)
    return d
