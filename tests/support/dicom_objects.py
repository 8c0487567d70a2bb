"""Synthetic objects beside images, where real ones are not at hand: states, key objects, registrations, documents."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset
from pydicom.uid import (
    UID,
    BasicTextSRStorage,
    DeformableSpatialRegistrationStorage,
    EncapsulatedCDAStorage,
    KeyObjectSelectionDocumentStorage,
    SpatialRegistrationStorage,
)

from loaders.discovery.element_values import Elements
from loaders.model.pixel_format import FileLocator
from loaders.objects.object_reading import read_object
from tests.support.dicom_files import UNKNOWN_OF_STUDY, _item, _override, dataset_bytes, uid

_REGISTRATION = {
    "Modality": "REG", "Laterality": "", "PositionReferenceIndicator": "", "ContentDate": "20240104",
    "ContentTime": "120000", "ContentLabel": "SYNTHETIC", "ContentDescription": "", "Manufacturer": "SYNTHETIC",
    "ManufacturerModelName": "TEST", "DeviceSerialNumber": "1", "SoftwareVersions": "1",
}  # fmt: skip
IDENTITY = (1.0, 0.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 0.0, 1.0)
GREY_STATE, COLOUR_STATE, PSEUDO_STATE, BLENDING_STATE = (f"1.2.840.10008.5.1.4.1.1.11.{n}" for n in (1, 2, 3, 4))


def item(**elements: Any) -> Dataset:
    """One sequence item, unchecked."""
    return _item(**elements)


def elements_of(ds: Dataset) -> Elements:
    """The values of a data set as the product reads them from a file's bytes."""
    record = read_object(FileLocator(Path("-")), dataset_bytes(ds))
    assert record["status"] in {"object", "image"}, record
    return Elements(record["elements"])


def object_dataset(sop_class: str, name: str = "object", study: str = "study", **elements: Any) -> Dataset:
    """An object of one class with the identity that every object of the synthetic patient has."""
    ds = Dataset()
    ds.SOPClassUID, ds.SOPInstanceUID = UID(sop_class), uid(f"{study}/{name}")
    ds.PatientName, ds.PatientID, ds.PatientBirthDate, ds.PatientSex = "TEST^SYNTHETIC", "T0001", "19600229", "F"
    ds.StudyInstanceUID, ds.SeriesInstanceUID = uid(study), uid(f"{study}/{name}/series")
    ds.StudyDate, ds.StudyTime, ds.Modality, ds.SeriesNumber, ds.InstanceNumber = "20240102", "101112", "OT", 90, 1
    _override(ds, {**UNKNOWN_OF_STUDY, **elements})
    return ds


def lut(entries: Sequence[int], first: int = 0, bits: int = 8, kind: str = "") -> Dataset:
    """A look-up table item."""
    extra = {"ModalityLUTType": kind} if kind else {}
    data = np.asarray(entries, dtype="<u2").tobytes()
    return item(LUTDescriptor=[len(entries), first, bits], LUTData=data, **extra)


def reference(sop_class: str, sop_instance_uid: str, **elements: Any) -> Dataset:
    """A reference to an image."""
    return item(ReferencedSOPClassUID=sop_class, ReferencedSOPInstanceUID=sop_instance_uid, **elements)


def presentation_state_of(image: Dataset, sop_class: str = GREY_STATE, name: str = "state", **elements: Any) -> Dataset:
    """A presentation state for one image, with the whole of it as displayed area."""
    named = reference(image.SOPClassUID, image.SOPInstanceUID)
    area = item(
        DisplayedAreaTopLeftHandCorner=[1, 1],
        DisplayedAreaBottomRightHandCorner=[image.Columns, image.Rows],
        PresentationSizeMode="SCALE TO FIT",
        PresentationPixelAspectRatio=[1, 1],
    )
    given = {
        "Modality": "PR",
        "Laterality": "",
        "ContentLabel": "SYNTHETIC",
        "ContentDescription": "made for a test",
        "PresentationCreationDate": "20240103",
        "PresentationCreationTime": "101112",
        "ContentCreatorName": "TEST^AUTHOR",
        "ReferencedSeriesSequence": [item(SeriesInstanceUID=image.SeriesInstanceUID, ReferencedImageSequence=[named])],
        "DisplayedAreaSelectionSequence": [area],
        "PresentationLUTShape": "IDENTITY",
    }
    return object_dataset(sop_class, name, **{**given, **elements})


def code(meaning: str, value: str = "1", scheme: str = "DCM") -> Dataset:
    """A code item."""
    return item(CodeValue=value, CodingSchemeDesignator=scheme, CodeMeaning=meaning)


def content(value_type: str, name: str, relationship: str = "CONTAINS", **elements: Any) -> Dataset:
    """A content item of a structured report."""
    return item(ValueType=value_type, RelationshipType=relationship, ConceptNameCodeSequence=[code(name)], **elements)


def text_report(*items: Dataset, title: str = "Radiology Report") -> Dataset:
    """A basic text report."""
    return object_dataset(
        BasicTextSRStorage,
        "report",
        Modality="SR",
        CompletionFlag="COMPLETE",
        VerificationFlag="UNVERIFIED",
        ContentDate="20240104",
        ContentTime="120000",
        ReferencedPerformedProcedureStepSequence=[],
        PerformedProcedureCodeSequence=[],
        ValueType="CONTAINER",
        ContinuityOfContent="SEPARATE",
        ConceptNameCodeSequence=[code(title)],
        ContentSequence=list(items),
    )


def key_object(images: Sequence[Dataset], title: str = "For Surgery", description: str = "see the nodule") -> Dataset:
    """A key object selection of some images."""
    chosen = [
        item(
            ValueType="IMAGE",
            RelationshipType="CONTAINS",
            ReferencedSOPSequence=[reference(image.SOPClassUID, image.SOPInstanceUID)],
        )
        for image in images
    ]
    evidence = [
        item(
            StudyInstanceUID=image.StudyInstanceUID,
            ReferencedSeriesSequence=[
                item(
                    SeriesInstanceUID=image.SeriesInstanceUID,
                    ReferencedSOPSequence=[reference(image.SOPClassUID, image.SOPInstanceUID)],
                )
            ],
        )
        for image in images
    ]
    return object_dataset(
        KeyObjectSelectionDocumentStorage,
        "key",
        Modality="KO",
        ContentDate="20240104",
        ContentTime="120000",
        ReferencedPerformedProcedureStepSequence=[],
        CurrentRequestedProcedureEvidenceSequence=evidence,
        ValueType="CONTAINER",
        ContinuityOfContent="SEPARATE",
        ConceptNameCodeSequence=[code(title, "113003")],
        ContentSequence=[content("TEXT", "Key Object Description", TextValue=description), *chosen],
    )


def rigid_registration(source: str, registered: str, matrix: NDArray[np.float64], kind: str = "RIGID") -> Dataset:
    """A spatial registration that leads from one frame of reference to another."""
    step = item(
        FrameOfReferenceTransformationMatrix=[f"{value:.10g}" for value in matrix.reshape(-1)],
        FrameOfReferenceTransformationMatrixType=kind,
    )
    return object_dataset(
        SpatialRegistrationStorage,
        "registration",
        **_REGISTRATION,
        FrameOfReferenceUID=uid(registered),
        RegistrationSequence=[
            item(
                FrameOfReferenceUID=uid(registered),
                MatrixRegistrationSequence=[
                    item(
                        RegistrationTypeCodeSequence=[],
                        MatrixSequence=[
                            item(
                                FrameOfReferenceTransformationMatrix=list(IDENTITY),
                                FrameOfReferenceTransformationMatrixType="RIGID",
                            )
                        ],
                    )
                ],
            ),
            item(
                FrameOfReferenceUID=uid(source),
                MatrixRegistrationSequence=[item(MatrixSequence=[step], RegistrationTypeCodeSequence=[])],
            ),
        ],
    )


def deformable_registration(
    source: str, registered: str, vectors_mm: NDArray[np.float32], spacing_mm: float
) -> Dataset:
    """A deformable registration: ``vectors_mm`` (z, y, x, 3) on an axial grid that begins at the origin."""
    z, y, x = vectors_mm.shape[:3]
    grid = item(
        ImageOrientationPatient=[1, 0, 0, 0, 1, 0],
        ImagePositionPatient=[0, 0, 0],
        GridDimensions=[x, y, z],
        GridResolution=[spacing_mm] * 3,
        VectorGridData=vectors_mm.astype("<f4").tobytes(),
    )
    return object_dataset(
        DeformableSpatialRegistrationStorage,
        "deformable",
        **_REGISTRATION,
        FrameOfReferenceUID=uid(registered),
        DeformableRegistrationSequence=[
            item(
                SourceFrameOfReferenceUID=uid(source),
                RegistrationTypeCodeSequence=[],
                DeformableRegistrationGridSequence=[grid],
            )
        ],
    )


def encapsulated(document: bytes, mime_type: str, sop_class: str = EncapsulatedCDAStorage, title: str = "") -> Dataset:
    """An encapsulated document."""
    padded = document + b"\0" * (len(document) % 2)
    return object_dataset(
        sop_class,
        "document",
        Modality="DOC",
        ConversionType="WSD",
        ContentDate="",
        ContentTime="",
        AcquisitionDateTime="",
        BurnedInAnnotation="YES",
        ConceptNameCodeSequence=[],
        HL7InstanceIdentifier="2.25.1" if sop_class == EncapsulatedCDAStorage else None,
        DocumentTitle=title,
        MIMETypeOfEncapsulatedDocument=mime_type,
        EncapsulatedDocument=padded,
        EncapsulatedDocumentLength=len(document),
    )


CDA = """<?xml version="1.0" encoding="UTF-8"?>
<ClinicalDocument xmlns="urn:hl7-org:v3">
  <title>Radiology report 放射報告</title>
  <effectiveTime value="20240104120000"/>
  <author><assignedAuthor><assignedPerson><name><given>Ada</given> <family>Example</family></name></assignedPerson>
  </assignedAuthor></author>
  <component><structuredBody><component><section>
    <title>Findings</title>
    <text><paragraph>No <content styleCode="Bold">consolidation</content>.</paragraph>
      <table><tbody><tr><td>Nodule</td><td>7 mm</td></tr></tbody></table>
      <script>alert(1)</script></text>
  </section></component></structuredBody></component>
</ClinicalDocument>
""".encode()
