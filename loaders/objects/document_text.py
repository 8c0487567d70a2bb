"""Encapsulated documents as plain text: PDF and CDA, opened in a worker only (PS3.3 A.45).

A PDF's pages go through PDFium without forms and scripts; XML is read with its document type forbidden, so that no
entity grows and nothing is fetched.
"""

from __future__ import annotations

import base64
import io
import json
from typing import Any

from pydicom.datadict import tag_for_keyword

from loaders.discovery.element_values import Elements, ValueLimits
from loaders.discovery.element_walk import WantedElement
from loaders.discovery.header_scan import Wish, read_header, read_header_stream
from loaders.discovery.text_decoding import printable
from loaders.errors import WorldError
from loaders.model.pixel_format import FileLocator
from loaders.objects.object_reading import with_task_bytes

_MAX_DOCUMENT_BYTES = 96 << 20
_MAX_PAGES = 1000
_MAX_TEXT = 4 << 20
_WANTED = {
    "SpecificCharacterSet": "CS",
    "SOPClassUID": "UI",
    "DocumentTitle": "ST",
    "MIMETypeOfEncapsulatedDocument": "LO",
    "EncapsulatedDocument": "OB",
    "EncapsulatedDocumentLength": "UL",
}
_WISH = Wish({tag_for_keyword(name) or 0: WantedElement(name, vr) for name, vr in _WANTED.items()}, ValueLimits())


class UnreadableDocument(WorldError):
    """An encapsulated document is broken, protected, or of a kind that has no text here."""

    code = "document_unreadable"


def read_document_task(payload: bytes) -> bytes:
    """The ``document`` task: the text of the document within one file, as JSON {title, mime_type, text, notes}."""
    return with_task_bytes(payload, _read)


def _read(file: FileLocator, data: bytes | None, _facts: dict[str, Any]) -> bytes:
    return json.dumps(document_text(file, data)).encode("ascii")


def document_text(file: FileLocator, data: bytes | None = None) -> dict[str, Any]:
    """Return title, MIME type, text and notes of an encapsulated document. Raises ``UnreadableDocument``."""
    record = read_header(file, _WISH) if data is None else read_header_stream(io.BytesIO(data), len(data), file, _WISH)
    if record["status"] not in {"image", "object"}:
        raise UnreadableDocument(str(record.get("message", "no DICOM object")))
    top = Elements(record["elements"])
    document = base64.b64decode(record["elements"].get("EncapsulatedDocument", ""))
    length = top.integer("EncapsulatedDocumentLength")
    document = document[:length] if length else document
    if not document:
        raise UnreadableDocument("the object holds no document")
    if len(document) > _MAX_DOCUMENT_BYTES:
        raise UnreadableDocument(f"a document of {len(document)} bytes is not opened")
    mime_type = top.text("MIMETypeOfEncapsulatedDocument").lower()
    text, notes = _text_of(document, mime_type)
    if len(text) > _MAX_TEXT:
        text = text[:_MAX_TEXT]
        notes.append("the text goes on: only its beginning is shown")
    title = top.text("DocumentTitle")
    return {"title": title, "mime_type": mime_type, "text": printable(text, keeps_lines=True), "notes": notes}


def _text_of(document: bytes, mime_type: str) -> tuple[str, list[str]]:
    """Choose by what the document is, not by what it says it is."""
    if document[:1024].lstrip().startswith(b"%PDF-"):
        return _pdf_text(document)
    if mime_type in {"text/xml", "application/xml"} or document.lstrip()[:5] == b"<?xml":
        from loaders.objects.clinical_document import clinical_document_text  # noqa: PLC0415 - XML, in the worker only

        return clinical_document_text(document), []
    if mime_type == "text/plain":
        return document.decode("utf-8", "replace"), []
    raise UnreadableDocument(f"a document of type {mime_type or 'unknown'} has no text here")


def _pdf_text(document: bytes) -> tuple[str, list[str]]:
    import pypdfium2  # noqa: PLC0415 - a native library, in the worker only

    try:
        pdf = pypdfium2.PdfDocument(document)
    except RuntimeError as error:  # what PDFium's binding raises
        raise UnreadableDocument(f"the PDF cannot be opened: {error}") from error
    notes: list[str] = []
    pages: list[str] = []
    try:
        count = len(pdf)
        for number in range(min(count, _MAX_PAGES)):
            page = pdf[number]
            text = page.get_textpage().get_text_bounded().strip()
            if not text:
                notes.append(f"page {number + 1} has no text: it may be a picture")
            pages.append(text)
        if count > _MAX_PAGES:
            notes.append(f"only {_MAX_PAGES} of {count} pages are shown")
    except RuntimeError as error:  # what PDFium's binding raises
        raise UnreadableDocument(f"page {len(pages) + 1} of the PDF cannot be read: {error}") from error
    finally:
        pdf.close()
    return "\n\f\n".join(pages), notes
