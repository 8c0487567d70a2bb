"""Two patients under one Study Instance UID are two: nothing of one may stand under the other's name."""

from __future__ import annotations

import unicodedata
from collections.abc import Collection
from datetime import date
from typing import NamedTuple

from loaders.model.patient import Patient


class PatientMark(NamedTuple):
    """What a file says of its patient, folded so that spellings compare equal. Empty is not stated."""

    identifier: str
    issuer: str
    birth_date: str
    alphabetic: str
    ideographic: str


def mark_of(patient: Patient) -> PatientMark:
    """Return the folded statement of a patient."""
    primary = patient.primary_identifier
    birth: date | None = patient.birth_date
    return PatientMark(
        primary.normal if primary else "",
        primary.issuer.casefold() if primary else "",
        birth.isoformat() if birth else "",
        _folded(patient.name.alphabetic),
        _folded(patient.name.ideographic),
    )


def _folded(name: str) -> str:
    text = unicodedata.normalize("NFKC", name).casefold()
    return "^".join(part.strip() for part in text.split("^")).rstrip("^ ")


def contradicts(first: PatientMark, second: PatientMark) -> bool:
    """Whether two statements cannot be of one patient: a field that both state differs."""
    return any(one and other and one != other for one, other in zip(first, second, strict=True))


def parted(marks: Collection[PatientMark]) -> dict[PatientMark, int]:
    """Number the patients among the statements of one study: the fullest statements first, the rest join them."""
    persons: list[list[PatientMark]] = []
    numbers: dict[PatientMark, int] = {}
    for mark in sorted(marks, key=lambda mark: (-sum(map(bool, mark)), mark)):
        for number, person in enumerate(persons):
            if not any(contradicts(mark, other) for other in person):
                person.append(mark)
                numbers[mark] = number
                break
        else:
            numbers[mark] = len(persons)
            persons.append([mark])
    return numbers
