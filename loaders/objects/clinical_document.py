"""HL7 CDA documents as plain text: header facts, then the narrative of each section. No style sheet, no fetching."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import ParseError, fromstring

from loaders.errors import WorldError

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

_HL7 = "{urn:hl7-org:v3}"
#: Narrative elements that end a line.
_BLOCKS = frozenset({"paragraph", "item", "tr", "caption", "br", "list", "table", "title"})
_DEEPEST = 100


class UnreadableClinicalDocument(WorldError):
    """An XML document that is no CDA, is broken, or declares entities."""

    code = "document_unreadable"


def clinical_document_text(document: bytes) -> str:
    """Return a CDA's title, date, author and sections. Raises ``UnreadableClinicalDocument``."""
    try:
        root = fromstring(document, forbid_dtd=True)
    except DefusedXmlException as error:
        raise UnreadableClinicalDocument("the XML declares a document type or entities: it is not opened") from error
    except (ParseError, ValueError, LookupError) as error:
        raise UnreadableClinicalDocument(f"the XML cannot be read: {error}") from error
    if root.tag != f"{_HL7}ClinicalDocument":
        raise UnreadableClinicalDocument("the XML is no clinical document")
    lines = [*_header(root), ""]
    body = root.find(f"{_HL7}component")
    if body is None:
        lines.append("[the document has no body]")
    else:
        if body.find(f"{_HL7}nonXMLBody") is not None:
            lines.append("[the document's body is not text and is not shown]")
        for section in body.findall(f".//{_HL7}section"):
            lines += [*_section(section), ""]
    return "\n".join(lines).strip()


def _header(root: Element) -> Iterator[str]:
    yield _plain(root.find(f"{_HL7}title")) or "Clinical document"
    effective = root.find(f"{_HL7}effectiveTime")
    if effective is not None and effective.get("value"):
        yield f"Date: {effective.get('value', '')[:8]}"
    for author in root.findall(f"{_HL7}author"):
        name = author.find(f".//{_HL7}assignedPerson/{_HL7}name")
        if name is not None:
            yield f"Author: {_plain(name)}"
    if root.find(f"{_HL7}legalAuthenticator") is None:
        yield "Not signed"


def _section(section: Element) -> Iterator[str]:
    title = _plain(section.find(f"{_HL7}title"))
    if title:
        yield title
    text = section.find(f"{_HL7}text")
    if text is None:
        yield "  [no text]"
        return
    narrative = "".join(_narrative(text, 0))
    for line in narrative.split("\n"):
        words = re.sub(r"[ \t]+", " ", line).strip()
        if words:
            yield f"  {words}"


def _narrative(element: Element, depth: int) -> Iterator[str]:
    if depth > _DEEPEST:
        yield "[deeper text is not shown]"
        return
    name = str(element.tag).rpartition("}")[2]
    if name in _BLOCKS:
        yield "\n"
    yield _flowing(element.text)
    for child in element:
        yield from _narrative(child, depth + 1)
        if child.tag in {f"{_HL7}td", f"{_HL7}th"}:
            yield " | "
        if child.tag == f"{_HL7}renderMultiMedia":
            yield "[picture]"
        yield _flowing(child.tail)
    if name in _BLOCKS:
        yield "\n"


def _flowing(text: str | None) -> str:
    return re.sub(r"\s+", " ", text) if text else ""


def _plain(element: Element | None) -> str:
    return "" if element is None else re.sub(r"\s+", " ", " ".join(element.itertext())).strip()
