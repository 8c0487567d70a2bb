"""Structured reports as plain text: the whole content tree, one line an item (PS3.3 A.35, C.17.3)."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from loaders.discovery.element_values import Elements
from loaders.discovery.header_facts import date_of, time_of

_INDENT = "  "
_DEEPEST = 40
_MAX_LINES = 50_000
_POINTS_SHOWN = 4

#: Relationships that are said before the item, since they change what it means.
_RELATIONSHIPS = {
    "HAS CONCEPT MOD": "modifier",
    "INFERRED FROM": "inferred from",
    "SELECTED FROM": "selected from",
    "HAS OBS CONTEXT": "context",
    "HAS ACQ CONTEXT": "acquisition",
    "HAS PROPERTIES": "",
    "CONTAINS": "",
}


def report_text(top: Elements) -> str:
    """Return the report: its title, who, when, in what state, then the content. Nothing of it is left out unsaid."""
    concept = _meaning(top.item("ConceptNameCodeSequence")) or "Structured report"
    lines = [concept, *_status(top), ""]
    content = 0
    for line in _items(top, 0):
        content += 1
        if content > _MAX_LINES:
            lines.append(f"[the report goes on: only {_MAX_LINES} lines are shown]")
            break
        lines.append(line)
    if not content:
        lines.append("[the report has no content]")
    return "\n".join(lines)


def _status(top: Elements) -> Iterator[str]:
    completion, verification = top.text("CompletionFlag"), top.text("VerificationFlag")
    preliminary = top.text("PreliminaryFlag")
    said = [word.lower() for word in (completion, verification, preliminary) if word]
    if said:
        yield f"Status: {', '.join(said)}"
    written = _moment(top.text("ContentDate"), top.text("ContentTime"))
    if written:
        yield f"Written: {written}"
    for observer in top.items("VerifyingObserverSequence"):
        name, at = _name(observer.text("VerifyingObserverName")), observer.text("VerificationDateTime")
        yield f"Verified by: {name} {_moment(at[:8], at[8:14])}".rstrip()
    for item in top.items("PredecessorDocumentsSequence")[:1]:
        if item.items("ReferencedSeriesSequence"):
            yield "Replaces an earlier report"


def _items(item: Elements, depth: int) -> Iterator[str]:
    if depth > _DEEPEST:
        yield f"{_INDENT * depth}[deeper content is not shown]"
        return
    for child in item.items("ContentSequence"):
        yield from _one(child, depth)
        yield from _items(child, depth + 1)


def _one(item: Elements, depth: int) -> Iterator[str]:
    kind = item.text("ValueType").upper()
    name = _meaning(item.item("ConceptNameCodeSequence"))
    relation = _RELATIONSHIPS.get(item.text("RelationshipType").upper(), item.text("RelationshipType").lower())
    value = _VALUES.get(kind, _unknown)(item)
    head = f"[{relation}] " if relation else ""
    label = name or ("" if value else kind.lower() or "item")
    first, *more = value.split("\n")
    joint = ": " if label and first else ""
    yield f"{_INDENT * depth}{head}{label}{joint}{first}"
    for line in more:
        yield f"{_INDENT * (depth + 2)}{line}"


def _meaning(code: Elements) -> str:
    return code.text("CodeMeaning") or code.text("CodeValue") or code.text("LongCodeValue")


def _name(value: str) -> str:
    groups = [" ".join(part for part in group.split("^") if part) for group in value.split("=")]
    return " ".join(group for group in groups if group)


def _moment(day: str, at: str) -> str:
    date, time = date_of(day), time_of(at)
    return " ".join(
        part for part in (date.isoformat() if date else day, time.isoformat("seconds") if time else "") if part
    )


def _number(item: Elements) -> str:
    measured = item.item("MeasuredValueSequence")
    qualifier = _meaning(item.item("NumericValueQualifierCodeSequence"))
    values = measured.texts("NumericValue")
    if not values:
        return qualifier or "no value"
    unit = measured.item("MeasurementUnitsCodeSequence")
    code = unit.text("CodeValue")
    # UCUM's "1" and its annotations in braces are no unit that anybody reads.
    shown = unit.text("CodeMeaning") if code.startswith("{") or code == "1" else code or unit.text("CodeMeaning")
    shown = "" if shown in {"no units", "1"} else shown
    return " ".join(part for part in ("\\".join(values), shown, f"({qualifier})" if qualifier else "") if part)


def _reference(item: Elements) -> str:
    said = []
    for reference in item.items("ReferencedSOPSequence"):
        uid = reference.text("ReferencedSOPInstanceUID")
        frames = ",".join(str(int(number)) for number in reference.numbers("ReferencedFrameNumber") or ())
        said.append(f"image {uid}" + (f" frame {frames}" if frames else ""))
    return "; ".join(said) or "image not named"


def _coordinates(item: Elements) -> str:
    kind = item.text("GraphicType").lower()
    numbers = item.numbers("GraphicData") or ()
    size = 3 if item.text("ValueType").upper() == "SCOORD3D" else 2
    points = [numbers[at : at + size] for at in range(0, len(numbers), size)]
    shown = " ".join("(" + ", ".join(f"{number:g}" for number in point) + ")" for point in points[:_POINTS_SHOWN])
    more = f" and {len(points) - _POINTS_SHOWN} more points" if len(points) > _POINTS_SHOWN else ""
    return f"{kind} {shown}{more}".strip()


def _table(item: Elements) -> str:
    return f"table of {item.integer('NumberOfTableRows') or '?'} rows, not shown"


def _times(item: Elements) -> str:
    offsets = item.numbers("ReferencedTimeOffsets") or item.numbers("ReferencedSamplePositions") or ()
    shown = ", ".join(f"{number:g}" for number in offsets[:_POINTS_SHOWN]) or ", ".join(
        item.texts("ReferencedDateTime")
    )
    return f"{item.text('TemporalRangeType').lower()} {shown}".strip()


def _container(item: Elements) -> str:
    return "" if item.items("ContentSequence") else "(empty)"


def _unknown(item: Elements) -> str:
    if item.numbers("ReferencedContentItemIdentifier"):
        path = ".".join(str(int(number)) for number in item.numbers("ReferencedContentItemIdentifier") or ())
        return f"see item {path}"
    return f"[a content item of type {item.text('ValueType') or 'unknown'} is not shown]"


_VALUES: dict[str, Callable[[Elements], str]] = {
    "CONTAINER": _container,
    "TEXT": lambda item: item.text("TextValue"),
    "CODE": lambda item: _meaning(item.item("ConceptCodeSequence")),
    "NUM": _number,
    "PNAME": lambda item: _name(item.text("PersonName")),
    "DATE": lambda item: _moment(item.text("Date"), ""),
    "TIME": lambda item: _moment("", item.text("Time")),
    "DATETIME": lambda item: _moment(item.text("DateTime")[:8], item.text("DateTime")[8:14]),
    "UIDREF": lambda item: item.text("UID"),
    "IMAGE": _reference,
    "COMPOSITE": _reference,
    "WAVEFORM": _reference,
    "SCOORD": _coordinates,
    "SCOORD3D": _coordinates,
    "TCOORD": _times,
    "TABLE": _table,
}
