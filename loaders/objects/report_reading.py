"""One report of any kind as plain text: read in a worker, the same for the window and the verbs."""

from __future__ import annotations

import json
from dataclasses import dataclass

from loaders.discovery.element_values import Elements
from loaders.model.study import NotDisplayed
from loaders.objects.key_objects import KEY_OBJECT_CLASS
from loaders.objects.object_reading import ObjectReader, UnreadableObject
from loaders.objects.structured_report import report_text

_REASONS = frozenset({"structured_report", "key_object_selection", "encapsulated_document"})


@dataclass(frozen=True, slots=True)
class Report:
    """Plain text, never to be taken for markup. ``notes`` say what of the document is not in it."""

    kind: str  # structured_report, key_object_selection, pdf, clinical_document, text
    title: str
    text: str
    notes: tuple[str, ...] = ()
    character_set_guessed: bool = False


def is_report(row: NotDisplayed) -> bool:
    """Whether an object beside the images has a text to read."""
    return row.reason in _REASONS


def read_report(row: NotDisplayed, reader: ObjectReader) -> Report:
    """Return a report's text. Blocks: for jobs. Raises ``WorldError`` where it cannot be read."""
    if row.reason == "encapsulated_document":
        return _document(row, reader)
    record = reader.record(row.file)
    top = Elements(record["elements"])
    kind = "key_object_selection" if row.sop_class_uid == KEY_OBJECT_CLASS else "structured_report"
    notes = ("the character set is a guess: names may be wrong",) if record["guessed"] else ()
    return Report(kind, row.label, report_text(top), notes, bool(record["guessed"]))


def _document(row: NotDisplayed, reader: ObjectReader) -> Report:
    try:
        facts = json.loads(reader.ask("document", row.file, {}))
        text, title, mime_type = (str(facts[name]) for name in ("text", "title", "mime_type"))
        notes = tuple(str(note) for note in facts["notes"])
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise UnreadableObject("an unreadable answer from a worker") from error
    kind = "pdf" if "pdf" in mime_type else "clinical_document" if "xml" in mime_type else "text"
    return Report(kind, title or row.label, text, notes)
