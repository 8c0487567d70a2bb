"""A named way to make hostile input, and what must come of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from pydicom.uid import ExplicitVRLittleEndian

from tests.support.dicom_files import SeriesRecipe, dataset_bytes, slice_dataset


class Outcome(StrEnum):
    """What the reader sees of it. ``REFUSED``: a row, an error tile, or both, and no picture."""

    ROW = "row"
    TILE = "tile"
    REFUSED = "refused"
    SHOWN = "shown"
    ANY = "any"


@dataclass(frozen=True, slots=True)
class HostileInput:
    """Files by relative name; ``opened`` is what is dropped on the window (empty: the folder they lie in)."""

    name: str
    outcome: Outcome
    make: Callable[[], Mapping[str, bytes]]
    opened: str = ""
    #: Codes of which one must be among the rows or the reasons of failed frames; empty: any.
    codes: frozenset[str] = frozenset()


RECIPES: dict[str, HostileInput] = {}


def recipe(
    outcome: Outcome, *codes: str, opened: str = ""
) -> Callable[[Callable[[], bytes | Mapping[str, bytes]]], Callable[[], bytes | Mapping[str, bytes]]]:
    """Register a function that returns the bytes of one file, or several by name."""

    def register(make: Callable[[], bytes | Mapping[str, bytes]]) -> Callable[[], bytes | Mapping[str, bytes]]:
        name = make.__name__

        def files() -> Mapping[str, bytes]:
            made = make()
            return {"input.dcm": made} if isinstance(made, bytes) else made

        RECIPES[name] = HostileInput(name, outcome, files, opened, frozenset(codes))
        return make

    return register


def plain_slice(syntax: str = str(ExplicitVRLittleEndian), /, **overrides: object) -> bytes:
    """Return a sound CT slice, with elements replaced by keyword (``None`` removes)."""
    return dataset_bytes(slice_dataset(SeriesRecipe(rows=64, columns=80, overrides=overrides), 0), syntax)


def element(group: int, number: int, vr: bytes, value: bytes, length: int | None = None) -> bytes:
    """Return one explicit little-endian element, its length perhaps a lie."""
    head = group.to_bytes(2, "little") + number.to_bytes(2, "little") + vr
    claimed = len(value) if length is None else length
    if vr in (b"OB", b"OW", b"OF", b"SQ", b"UN", b"UT", b"UC"):
        return head + b"\0\0" + claimed.to_bytes(4, "little") + value
    return head + claimed.to_bytes(2, "little") + value


def swapped(data: bytes, group: int, number: int, vr: bytes, value: bytes) -> bytes:
    """Return a file with the short-form element's value replaced by one that no writer would accept."""
    head = group.to_bytes(2, "little") + number.to_bytes(2, "little") + vr
    at = data.index(head)
    length = int.from_bytes(data[at + 6 : at + 8], "little")
    return data[:at] + element(group, number, vr, value) + data[at + 8 + length :]
