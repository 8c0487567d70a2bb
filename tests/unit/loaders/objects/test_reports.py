"""Reports as plain text: content trees, clinical documents, PDFs, key objects; nothing hostile gets through."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from pydicom.uid import EncapsulatedPDFStorage

from loaders.errors import WorldError
from loaders.model.pixel_format import FileLocator
from loaders.objects.clinical_document import UnreadableClinicalDocument, clinical_document_text
from loaders.objects.document_text import UnreadableDocument, document_text
from loaders.objects.key_objects import key_images
from loaders.objects.real_world_values import real_world_maps
from loaders.objects.structured_report import report_text
from tests.support.dicom_files import SeriesRecipe, dataset_bytes, slice_dataset
from tests.support.dicom_objects import (
    CDA,
    code,
    content,
    elements_of,
    encapsulated,
    item,
    key_object,
    object_dataset,
    reference,
    text_report,
)
from tests.support.shared_data import real_path

HERE = FileLocator(Path("-"))


def _document(document: bytes, mime_type: str) -> dict[str, object]:
    return document_text(HERE, dataset_bytes(encapsulated(document, mime_type)))


def test_every_kind_of_content_is_told() -> None:
    number = content(
        "NUM",
        "Diameter",
        MeasuredValueSequence=[
            item(NumericValue="7.5", MeasurementUnitsCodeSequence=[code("millimeter", "mm", "UCUM")])
        ],
    )
    image = content(
        "IMAGE", "Source", "INFERRED FROM", ReferencedSOPSequence=[reference("1.2.840.10008.5.1.4.1.1.2", "1.2.3")]
    )
    report = text_report(
        content("TEXT", "Findings", TextValue="First line.\r\nSecond line."),
        content("CODE", "Finding Site", "HAS CONCEPT MOD", ConceptCodeSequence=[code("Lung")]),
        content("CONTAINER", "Measurements", ContentSequence=[number, image]),
        content("PNAME", "Observer", PersonName="Wong^Ada=黃^雅"),
        content("DATETIME", "When", DateTime="20240104113000"),
        content("SCOORD", "Outline", GraphicType="POLYLINE", GraphicData=[1.0, 2.0, 3.0, 4.0]),
    )
    report.SpecificCharacterSet = "ISO_IR 192"
    lines = report_text(elements_of(report)).split("\n")
    assert lines[:3] == ["Radiology Report", "Status: complete, unverified", "Written: 2024-01-04 12:00:00"]
    for line in (
        "Findings: First line.",
        "    Second line.",
        "[modifier] Finding Site: Lung",
        "  Diameter: 7.5 mm",
        "  [inferred from] Source: image 1.2.3",
        "Observer: Wong Ada 黃 雅",
        "When: 2024-01-04 11:30:00",
        "Outline: polyline (1, 2) (3, 4)",
    ):
        assert line in lines


def test_content_of_an_unknown_type_is_said_not_dropped() -> None:
    assert "[a content item of type HOLOGRAM is not shown]" in report_text(
        elements_of(text_report(content("HOLOGRAM", "Thing")))
    )


def test_markup_in_a_report_stays_text_and_control_characters_show() -> None:
    report = text_report(content("TEXT", "Findings", TextValue="<b>x</b>\x07\u202e"))
    report.SpecificCharacterSet = "ISO_IR 192"
    text = report_text(elements_of(report))
    assert "<b>x</b>" in text
    assert "\x07" not in text
    assert "\u202e" not in text


def test_deep_content_ends_in_words() -> None:
    tree = content("TEXT", "Bottom", TextValue="deep")
    for _ in range(80):
        tree = content("CONTAINER", "Level", ContentSequence=[tree])
    with pytest.raises(AssertionError, match="nested deeper"):
        elements_of(text_report(tree))


def test_a_clinical_document_gives_its_narrative() -> None:
    facts = _document(CDA, "text/xml")
    text = str(facts["text"])
    assert text.startswith("Radiology report 放射報告\nDate: 20240104\nAuthor: Ada Example")
    assert "  No consolidation." in text
    assert "Nodule | 7 mm" in text


@pytest.mark.parametrize(
    "attack",
    [
        b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>',
        b'<?xml version="1.0"?><!DOCTYPE a SYSTEM "http://198.51.100.1/a.dtd"><a/>',
        b'<?xml version="1.0"?><!DOCTYPE l [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]><l>&b;</l>',
    ],
)
def test_document_types_and_entities_are_refused(attack: bytes) -> None:
    with pytest.raises(UnreadableClinicalDocument, match="not opened"):
        clinical_document_text(attack)


@pytest.mark.parametrize("broken", [b"", b"<a", b"<?xml version='1.0'?><html/>", b"\xff\xfe\x00"])
def test_broken_xml_is_said(broken: bytes) -> None:
    with pytest.raises(WorldError, match=r"XML"):
        clinical_document_text(broken)


def test_a_broken_pdf_is_said() -> None:
    with pytest.raises(UnreadableDocument, match="PDF cannot be opened"):
        _document(b"%PDF-1.7 nothing more", "application/pdf")


def test_a_document_without_text_is_said() -> None:
    with pytest.raises(UnreadableDocument, match="model/stl"):
        _document(b"solid cube", "model/stl")


def test_a_real_pdf_gives_its_text() -> None:
    path = real_path("objects/encapsulated-pdf-stl/Database/sample-pdf.dcm")
    facts = document_text(FileLocator(path))
    assert "Dear Patient," in facts["text"]
    assert facts["mime_type"] == "application/pdf"


def test_a_pdf_made_here_gives_its_words() -> None:
    """A page written by hand, so that the words are known."""
    stream = b"BT /F1 12 Tf 72 720 Td (Stable nodule, 7 mm.) Tj ET"
    objects = [
        b"<</Type/Catalog/Pages 2 0 R/OpenAction<</S/JavaScript/JS(app.alert\\(1\\))>>>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 612 792]/Contents 4 0 R/Resources<</Font<</F1 5 0 R>>>>>>",
        b"<</Length %d>>stream\n%s\nendstream" % (len(stream), stream),
        b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
    ]
    body = b"%PDF-1.4\n" + b"".join(b"%d 0 obj%s endobj\n" % (n, each) for n, each in enumerate(objects, 1))
    facts = document_text(
        HERE,
        dataset_bytes(encapsulated(body + b"trailer<</Root 1 0 R>>\n%%EOF", "application/pdf", EncapsulatedPDFStorage)),
    )
    assert facts["text"] == "Stable nodule, 7 mm."


def test_key_images_are_named_with_their_title() -> None:
    images = [slice_dataset(SeriesRecipe(), index) for index in (1, 3)]
    found = key_images(elements_of(key_object(images)))
    assert (found.title, found.description) == ("For Surgery", "see the nodule")
    assert [each.sop_instance_uid for each in found.references] == [image.SOPInstanceUID for image in images]
    assert not found.is_rejection
    assert key_images(elements_of(key_object(images, "Rejected for Quality Reasons"))).is_rejection


def test_real_world_values_reach_no_further_than_their_range() -> None:
    mapping = item(
        RealWorldValueFirstValueMapped=0,
        RealWorldValueLastValueMapped=100,
        RealWorldValueSlope=0.5,
        RealWorldValueIntercept=-1.0,
        LUTLabel="SUV",
        MeasurementUnitsCodeSequence=[code("SUVbw", "{SUVbw}g/ml", "UCUM")],
    )
    ds = object_dataset(
        "1.2.840.10008.5.1.4.1.1.67",
        ReferencedImageRealWorldValueMappingSequence=[
            item(
                RealWorldValueMappingSequence=[mapping],
                ReferencedImageSequence=[reference("1.2.840.10008.5.1.4.1.1.128", "1.2.9")],
            )
        ],
    )
    (found,) = real_world_maps(elements_of(ds))
    assert (found.unit_code, found.label, found.references[0].sop_instance_uid) == ("{SUVbw}g/ml", "SUV", "1.2.9")
    np.testing.assert_allclose(found.values_of(np.array([0, 50, 100, 101])), [-1.0, 24.0, 49.0, np.nan])
