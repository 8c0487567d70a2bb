"""The elements that scanning keeps: what is needed to group, place, value, window and name an image, and no more."""

from __future__ import annotations

from loaders.discovery.element_dictionary import tag_and_vr
from loaders.discovery.element_walk import WantedElement, WantedTable
from loaders.discovery.pet_elements import ADMINISTRATION_KEYWORDS, PET_KEYWORDS, private_pet_elements

_Tree = dict[str, "_Tree | None"]


def _leaves(*keywords: str) -> _Tree:
    return dict.fromkeys(keywords)


_LUT: _Tree = _leaves("LUTDescriptor", "LUTExplanation", "ModalityLUTType", "LUTData")
_RESCALE = ("RescaleSlope", "RescaleIntercept", "RescaleType")
_WINDOW = ("WindowCenter", "WindowWidth", "WindowCenterWidthExplanation", "VOILUTFunction")

_FRAME_TYPE: _Tree = _leaves("FrameType", "ComplexImageComponent")

#: One item of the shared or per-frame functional groups (PS3.3 C.7.6.16).
_FUNCTIONAL_GROUPS: _Tree = {
    "PlanePositionSequence": _leaves("ImagePositionPatient"),
    "PlaneOrientationSequence": _leaves("ImageOrientationPatient"),
    "PixelMeasuresSequence": _leaves("PixelSpacing", "SliceThickness"),
    "FrameContentSequence": _leaves(
        "StackID", "InStackPositionNumber", "TemporalPositionIndex", "FrameReferenceDateTime",
        "FrameAcquisitionDateTime", "FrameAcquisitionNumber", "DimensionIndexValues",
    ),
    "PixelValueTransformationSequence": _leaves(*_RESCALE),
    "FrameVOILUTSequence": {**_leaves(*_WINDOW), "VOILUTSequence": _LUT},
    "MREchoSequence": _leaves("EffectiveEchoTime"),
    "MRDiffusionSequence": {
        "DiffusionBValue": None,
        "DiffusionDirectionality": None,
        "DiffusionGradientDirectionSequence": _leaves("DiffusionGradientOrientation"),
    },
    "MRImageFrameTypeSequence": _FRAME_TYPE,
    "CTImageFrameTypeSequence": _FRAME_TYPE,
    "PETFrameTypeSequence": _FRAME_TYPE,
    "CardiacSynchronizationSequence": _leaves("NominalPercentageOfCardiacPhase", "NominalCardiacTriggerDelayTime"),
    "RespiratorySynchronizationSequence": _leaves("NominalPercentageOfRespiratoryPhase"),
    "TemporalPositionSequence": _leaves("TemporalPositionTimeOffset"),
    "CTReconstructionSequence": _leaves("ConvolutionKernel"),
    "FrameAnatomySequence": _leaves("FrameLaterality"),
    "FramePixelDataPropertiesSequence": _leaves("ImagerPixelSpacing", "EstimatedRadiographicMagnificationFactor"),
}  # fmt: skip

_IDENTITY = (
    "SpecificCharacterSet", "ImageType", "SOPClassUID", "SOPInstanceUID", "StudyInstanceUID", "SeriesInstanceUID",
    "StudyDate", "StudyTime", "SeriesDate", "SeriesTime", "AcquisitionDate", "AcquisitionTime", "AcquisitionDateTime",
    "ContentTime", "AccessionNumber", "Modality", "Manufacturer", "InstitutionName", "StationName",
    "StudyDescription", "SeriesDescription", "ManufacturerModelName", "PatientName", "PatientID",
    "IssuerOfPatientID", "TypeOfPatientID", "PatientBirthDate", "PatientSex", "OtherPatientIDs", "BodyPartExamined",
    "ProtocolName", "ViewPosition", "Laterality", "ImageLaterality", "SeriesNumber", "AcquisitionNumber",
    "InstanceNumber", "NumberOfSeriesRelatedInstances", "ImagesInAcquisition",
    "InConcatenationTotalNumber", "NumberOfFrames", "ConversionType",
)  # fmt: skip

_TECHNIQUE = (
    "ConvolutionKernel", "KVP", "RepetitionTime", "EchoTime", "EchoNumbers", "InversionTime", "FlipAngle",
    "MagneticFieldStrength", "SequenceName", "ScanningSequence", "SequenceVariant", "ContrastBolusAgent",
    "ReconstructionDiameter", "XRayTubeCurrent", "Exposure", "ScanOptions",
)  # fmt: skip

_TIME_AND_PHASE = (
    "TemporalPositionIdentifier", "TriggerTime", "NominalPercentageOfCardiacPhase", "DiffusionBValue",
    "DiffusionGradientOrientation", "DiffusionDirectionality", "ComplexImageComponent", "FrameReferenceTime",
    "FrameTime", "FrameTimeVector", "CineRate", "RecommendedDisplayFrameRate",
)  # fmt: skip

_GEOMETRY = (
    "ImagePositionPatient", "ImageOrientationPatient", "FrameOfReferenceUID", "PixelSpacing", "ImagerPixelSpacing",
    "NominalScannedPixelSpacing", "PixelAspectRatio", "PixelSpacingCalibrationType", "SliceThickness",
    "EstimatedRadiographicMagnificationFactor", "ImagePlanePixelSpacing", "PatientOrientation",
    "GridFrameOffsetVector", "TotalPixelMatrixColumns", "DistanceSourceToDetector", "DistanceSourceToPatient",
    "SliceVector", "SpacingBetweenSlices",
)  # fmt: skip

_PIXELS = (
    "Rows", "Columns", "SamplesPerPixel", "PhotometricInterpretation", "BitsAllocated", "BitsStored", "HighBit",
    "PixelRepresentation", "PlanarConfiguration", "PixelPaddingValue", "PixelPaddingRangeLimit",
    "LossyImageCompression", "LossyImageCompressionRatio", "LossyImageCompressionMethod", "BurnedInAnnotation",
    "PresentationLUTShape", "PresentationIntentType", "ShutterShape", "Units", "DoseUnits",
    "DoseGridScaling", *_RESCALE, *_WINDOW,
)  # fmt: skip

#: What an object beside the images calls itself.
_OBJECT_NAMES = ("ContentLabel", "ContentDescription", "DocumentTitle", "StructureSetLabel")

_TOP: _Tree = {
    **_leaves(*_IDENTITY, *_TECHNIQUE, *_TIME_AND_PHASE, *_GEOMETRY, *_PIXELS, *_OBJECT_NAMES, *PET_KEYWORDS),
    "ConceptNameCodeSequence": _leaves("CodeMeaning"),
    "RadiopharmaceuticalInformationSequence": {
        **_leaves(*ADMINISTRATION_KEYWORDS),
        "RadionuclideCodeSequence": _leaves("CodeMeaning"),
    },
    "OtherPatientIDsSequence": _leaves("PatientID", "IssuerOfPatientID", "TypeOfPatientID"),
    "ModalityLUTSequence": _LUT,
    "VOILUTSequence": _LUT,
    "PresentationLUTSequence": _LUT,
    "SequenceOfUltrasoundRegions": _leaves(
        "RegionSpatialFormat", "RegionDataType", "PhysicalUnitsXDirection", "PhysicalUnitsYDirection",
        "PhysicalDeltaX", "PhysicalDeltaY", "RegionLocationMinX0", "RegionLocationMinY0", "RegionLocationMaxX1",
        "RegionLocationMaxY1",
    ),
    "DetectorInformationSequence": _leaves("ImagePositionPatient", "ImageOrientationPatient"),
    "SharedFunctionalGroupsSequence": _FUNCTIONAL_GROUPS,
    "PerFrameFunctionalGroupsSequence": _FUNCTIONAL_GROUPS,
}  # fmt: skip

_DIRECTORY: _Tree = {
    "DirectoryRecordSequence": _leaves(
        "DirectoryRecordType", "ReferencedFileID", "ReferencedSOPInstanceUIDInFile", "SeriesInstanceUID",
    ),
}  # fmt: skip


def _table(tree: _Tree) -> WantedTable:
    table: WantedTable = {}
    for keyword, children in tree.items():
        tag, vr = tag_and_vr(keyword)
        table[tag] = WantedElement(keyword, vr, None if children is None else _table(children))
    return table


IMAGE_ELEMENTS: WantedTable = {
    **_table(_TOP),
    **private_pet_elements(),
    # That there are overlay planes, and a colour profile, is said; they are read when they are asked for.
    **{group << 16 | 0x0010: WantedElement("OverlayRows", "US") for group in range(0x6000, 0x6020, 2)},
    0x00282000: WantedElement("ICCProfile", "CS"),
}
DIRECTORY_ELEMENTS: WantedTable = _table(_DIRECTORY)
