"""Raw element bytes to values that JSON can carry, and typed reading of them. What cannot be read is absent.

A header record crosses a process boundary as JSON, so values are strings, numbers, lists and dictionaries only.
"""

from __future__ import annotations

import base64
import math
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from loaders.discovery.element_walk import RawElements, RawValue
from loaders.discovery.text_decoding import decode_text

_MAX_CODES_BYTES = 4096
_SHORT_BYTES = 1024
_BINARY = {"US": "H", "UL": "L", "SS": "h", "SL": "l", "FL": "f", "FD": "d"}
_TEXT = frozenset({"LO", "SH", "PN", "ST", "LT", "UT", "UC"})
#: Binary values that are kept as bytes, and the size of their words.
_WORDS = {"OB": 1, "OW": 2, "OL": 4, "OF": 4, "OD": 8, "OV": 8}

#: Values of one data set or sequence item by keyword.
ElementValues = dict[str, Any]


@dataclass(frozen=True, slots=True)
class ValueLimits:
    """How much of one value is kept, in bytes of the file, and whether text keeps its line breaks."""

    text_bytes: int = 4096
    numbers_bytes: int = 1 << 20
    keeps_lines: bool = False


SCAN_LIMITS = ValueLimits()


@dataclass(slots=True)
class _Conversion:
    """What is the same for all values of one data set, and what was found on the way."""

    declared: tuple[str, ...]
    limits: ValueLimits
    is_guessed: bool = False


def values_of(raw: RawElements, limits: ValueLimits = SCAN_LIMITS) -> tuple[ElementValues, bool]:
    """Convert what a walk kept; return the values and whether any text's character set was guessed."""
    conversion = _Conversion(_declared(raw), limits)
    values = _convert(raw, conversion)
    return values, conversion.is_guessed


def _declared(raw: RawElements) -> tuple[str, ...]:
    value = raw.get("SpecificCharacterSet")
    if not isinstance(value, RawValue):
        return ()
    text = value.data[:256].decode("ascii", "replace")
    return tuple(term.strip(" \0") for term in text.split("\\"))


def _convert(raw: RawElements, conversion: _Conversion) -> ElementValues:
    values: ElementValues = {}
    for keyword, value in raw.items():
        if isinstance(value, list):
            values[keyword] = [_convert(item, conversion) for item in value]
        elif value.data:
            values[keyword] = _value(keyword, value, conversion)
    return values


def _value(keyword: str, value: RawValue, conversion: _Conversion) -> Any:  # noqa: ANN401 (JSON)
    vr, data, limits = value.vr, value.data, conversion.limits
    if vr in _TEXT:
        texts, is_guess = _texts(data[: limits.text_bytes], vr, conversion.declared, limits.keeps_lines)
        conversion.is_guessed |= is_guess
        return texts
    if vr in {"DS", "IS"}:
        return _numbers(data) if len(data) <= _SHORT_BYTES else _numbers.__wrapped__(data[: limits.numbers_bytes])
    if keyword == "LUTData" or vr in _WORDS:
        return _words(value, _WORDS.get(vr, 2))
    if vr in _BINARY or " or " in vr:
        return _binary(_BINARY.get(vr, "H"), value, limits.numbers_bytes)
    return _codes(data[:_MAX_CODES_BYTES])


# The slices of a series repeat most of their values: each is converted once. The lists are shared and never changed.


@lru_cache(maxsize=4096)
def _texts(data: bytes, vr: str, declared: tuple[str, ...], keeps_lines: bool) -> tuple[list[str], bool]:  # noqa: FBT001 (a cache key)
    text, is_guess = decode_text(data, declared, is_person_name=vr == "PN", keeps_lines=keeps_lines)
    return ([text] if vr in {"ST", "LT", "UT"} else text.split("\\")), is_guess


@lru_cache(maxsize=4096)
def _numbers(data: bytes) -> list[float | int | None]:
    return [_number(part) for part in data.decode("ascii", "replace").split("\\")]


@lru_cache(maxsize=4096)
def _codes(data: bytes) -> list[str]:
    return [part.strip(" \0") for part in data.decode("ascii", "replace").split("\\")]


def _words(value: RawValue, size: int) -> str:
    words = value.data
    if value.is_big_endian and size > 1:
        whole = len(words) // size * size
        words = b"".join(words[at : at + size][::-1] for at in range(0, whole, size))
    return base64.b64encode(words).decode("ascii")


def _number(text: str) -> float | int | None:
    text = text.strip(" \0")
    if "_" in text:
        return None
    if "." not in text:  # asking for a whole number first costs most of the time where there is none
        try:
            return int(text)
        except ValueError:
            pass
    try:
        number = float(text)
    except ValueError:
        return None
    return number if math.isfinite(number) else None


def _binary(code: str, value: RawValue, most_bytes: int) -> list[float | int | None]:
    size = struct.calcsize("<" + code)
    count = min(len(value.data), most_bytes) // size
    order = ">" if value.is_big_endian else "<"
    numbers = struct.unpack_from(f"{order}{count}{code}", value.data)
    return [number if math.isfinite(number) else None for number in numbers]


class Elements:
    """Typed reading of one data set's or item's values. Absent, empty and unreadable are the same: not known."""

    __slots__ = ("_values",)

    def __init__(self, values: Mapping[str, Any]) -> None:
        self._values = values

    def __contains__(self, keyword: str) -> bool:
        return keyword in self._values

    def text(self, keyword: str) -> str:
        """The first value as text, or empty."""
        values = self._values.get(keyword)
        if not isinstance(values, list) or not values:
            return ""
        return str(values[0]).strip()

    def texts(self, keyword: str) -> tuple[str, ...]:
        """All values as text."""
        values = self._values.get(keyword)
        return tuple(str(value).strip() for value in values) if isinstance(values, list) else ()

    def number(self, keyword: str) -> float | None:
        """The first value as a number, or ``None``."""
        values = self._values.get(keyword)
        if not isinstance(values, list) or not values or not isinstance(values[0], int | float):
            return None
        try:
            return float(values[0])
        except OverflowError:
            return None

    def integer(self, keyword: str) -> int | None:
        """The first value as a whole number, or ``None``."""
        number = self.number(keyword)
        return int(number) if number is not None and number == int(number) else None

    def numbers(self, keyword: str, count: int | None = None) -> tuple[float, ...] | None:
        """All values as numbers; ``None`` when any is unreadable or there are not ``count`` of them."""
        values = self._values.get(keyword)
        if not isinstance(values, list) or not values or not all(isinstance(value, int | float) for value in values):
            return None
        if count is not None and len(values) != count:
            return None
        try:
            return tuple(float(value) for value in values)
        except OverflowError:
            return None

    def items(self, keyword: str) -> tuple[Elements, ...]:
        """The items of a sequence."""
        values = self._values.get(keyword)
        if not isinstance(values, list):
            return ()
        return tuple(Elements(value) for value in values if isinstance(value, dict))

    def item(self, keyword: str) -> Elements:
        """The first item of a sequence, or an empty one."""
        items = self.items(keyword)
        return items[0] if items else _NOTHING

    def renamed(self, keyword: str, name: str) -> Elements:
        """One element alone, under another name; empty where it is absent."""
        return Elements({name: self._values[keyword]} if keyword in self._values else {})

    def words(self, keyword: str) -> bytes:
        """Binary data (look-up tables, overlays) as little-endian bytes, or empty."""
        value = self._values.get(keyword)
        return base64.b64decode(value) if isinstance(value, str) else b""


_NOTHING = Elements({})
