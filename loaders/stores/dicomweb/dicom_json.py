"""The DICOM JSON model (PS3.18 F) as the same plain values that the header scan gives."""

from __future__ import annotations

import base64
import binascii
import math
from typing import Any

from loaders.discovery.element_values import ElementValues
from loaders.discovery.element_walk import WantedTable
from loaders.discovery.header_scan import HeaderRecord
from loaders.discovery.wanted_elements import IMAGE_ELEMENTS

_PIXEL_KINDS = {"7FE00010": "int", "7FE00008": "float", "7FE00009": "double"}
_NUMBERS = frozenset({"DS", "IS", "US", "UL", "SS", "SL", "FL", "FD", "UV", "SV"})
_AVAILABLE_TRANSFER_SYNTAX = "00083002"
_MOST_VALUES = 1 << 20
_DEEPEST = 16


def text_of(item: dict[str, Any], tag: str) -> str:
    """Return the first value of an element of a JSON data set as text, or empty. A name gives its groups with ``=``."""
    element = item.get(tag)
    values = element.get("Value") if isinstance(element, dict) else None
    if not isinstance(values, list) or not values or values[0] is None:
        return ""
    return _name(values[0]) if isinstance(values[0], dict) else str(values[0]).strip()


def texts_of(item: dict[str, Any], tag: str) -> tuple[str, ...]:
    """Return all values of an element as text."""
    element = item.get(tag)
    values = element.get("Value") if isinstance(element, dict) else None
    return tuple(str(value) for value in values if value is not None) if isinstance(values, list) else ()


def header_record(item: dict[str, Any]) -> HeaderRecord:
    """Return one instance's metadata as a header record: geometry before pixels.

    The file is named by the SOP Instance UID. The transfer syntax is empty where the store does not say: the instance
    itself does. A store may leave the pixel element out; Rows and Columns then say that there is one.
    """
    elements = elements_of(item, IMAGE_ELEMENTS)
    kind = next((kind for tag, kind in _PIXEL_KINDS.items() if tag in item), "int" if "Rows" in elements else None)
    uid = str((elements.get("SOPInstanceUID") or [""])[0])
    record: HeaderRecord = {
        "file": {"path": uid or "-", "member": ""},
        "size": 0,
        "syntax": text_of(item, _AVAILABLE_TRANSFER_SYNTAX),
        "elements": elements,
        "guessed": False,
        "status": "object" if kind is None else "image",
    }
    if kind is not None:
        record["pixels"] = {"kind": kind, "offset": -1, "length": -1, "frames_whole": None}
    return record


def elements_of(item: dict[str, Any], wanted: WantedTable, depth: int = 0) -> ElementValues:
    """Return the wanted elements by keyword; what is malformed is absent."""
    found: ElementValues = {}
    for tag, wish in wanted.items():
        element = item.get(f"{tag:08X}")
        if not isinstance(element, dict):
            continue
        if wish.children is not None:
            values = element.get("Value")
            if isinstance(values, list) and depth < _DEEPEST:
                found[wish.keyword] = [
                    elements_of(each, wish.children, depth + 1) for each in values if isinstance(each, dict)
                ]
        elif wish.keyword == "LUTData":
            _add_words(element, found)
        else:
            values = element.get("Value")
            if isinstance(values, list) and values and len(values) <= _MOST_VALUES:
                found[wish.keyword] = [_value(each, wish.vr) for each in values]
    return found


def _value(value: object, vr: str) -> str | float | int | None:
    if vr == "PN":
        return _name(value)
    if vr in _NUMBERS or " or " in vr:
        return _number(value)
    return "" if value is None else str(value)


def _number(value: object) -> float | int | None:
    if isinstance(value, bool):
        return None
    if isinstance(value, int | float):
        return value if math.isfinite(value) else None
    if isinstance(value, str):
        try:
            number = float(value)
        except ValueError:
            return None
        if not math.isfinite(number):
            return None
        return int(number) if number.is_integer() and "." not in value and "e" not in value.lower() else number
    return None


def _name(value: object) -> str:
    if not isinstance(value, dict):
        return "" if value is None else str(value)
    groups = [str(value.get(group) or "") for group in ("Alphabetic", "Ideographic", "Phonetic")]
    return "=".join(groups).rstrip("=")


def _add_words(element: dict[str, Any], found: ElementValues) -> None:
    """Look-up table data: little-endian words in base64, or numbers."""
    inline, values = element.get("InlineBinary"), element.get("Value")
    if isinstance(inline, str):
        try:
            base64.b64decode(inline, validate=True)
        except (binascii.Error, ValueError):
            return
        found["LUTData"] = inline
    elif isinstance(values, list) and all(isinstance(each, int) and -32768 <= each < 65536 for each in values):
        words = b"".join((each & 0xFFFF).to_bytes(2, "little") for each in values)
        found["LUTData"] = base64.b64encode(words).decode("ascii")
