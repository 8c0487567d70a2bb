"""Patient identifiers: type, issuer, normal form, masking, and the Hong Kong identity card's check digit."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

_HKID = re.compile(r"^([A-Z]{1,2})([0-9]{6})\(?([0-9A])\)?$")
_WEIGHTS = (9, 8, 7, 6, 5, 4, 3, 2)
_MISSING_FIRST_LETTER = 36


@dataclass(frozen=True, slots=True)
class PatientIdentifier:
    """One identifier of a patient (PS3.3 C.7.1.1: Patient ID, Issuer of Patient ID, Other Patient IDs Sequence).

    ``issuer`` is empty where the file names none: two identifiers without an issuer are not known to be of one kind.
    """

    value: str
    issuer: str = ""
    kind: str = ""

    @property
    def normal(self) -> str:
        """Upper case, full-width forms folded, spaces and separators removed; an HKID in the form ``A123456(3)``."""
        return normal_identifier(self.value)

    @property
    def is_hkid(self) -> bool:
        """Whether the value is a well-formed HKID with a right check digit. Well-formed says nothing of whose it is."""
        return hkid_check_digit_is_right(self.value)

    @property
    def masked(self) -> str:
        """The identifier for titles, logs and thumbnails: ``A12****(*)`` for an HKID, two characters for any other."""
        return masked_identifier(self.value)


def normal_identifier(value: str) -> str:
    """Return the form in which two spellings of one identifier are equal."""
    folded = unicodedata.normalize("NFKC", value).upper()
    compact = re.sub(r"[\s\-./]", "", folded)
    match = _HKID.match(compact)
    if match and _check_digit(match[1], match[2]) == match[3]:
        return f"{match[1]}{match[2]}({match[3]})"
    return compact


def hkid_check_digit_is_right(value: str) -> bool:
    """Whether the value is an HKID whose check digit agrees (letters A=10..Z=35, weights 9 to 2, modulo 11)."""
    compact = re.sub(r"[\s\-./]", "", unicodedata.normalize("NFKC", value).upper())
    match = _HKID.match(compact)
    return bool(match) and _check_digit(match[1], match[2]) == match[3]  # type: ignore[index]


def _check_digit(letters: str, digits: str) -> str:
    values = [ord(letter) - 55 for letter in letters]
    if len(values) == 1:
        values.insert(0, _MISSING_FIRST_LETTER)
    values += [int(digit) for digit in digits]
    remainder = sum(weight * value for weight, value in zip(_WEIGHTS, values, strict=True)) % 11
    digit = (11 - remainder) % 11
    return "A" if digit == 10 else str(digit)


def masked_identifier(value: str) -> str:
    """Hide all but the first characters, so that a title or a log line cannot identify a person."""
    normal = normal_identifier(value)
    match = _HKID.match(normal)
    if match:
        keep = len(match[1]) + 2
        return f"{normal[:keep]}****(*)"
    if not normal:
        return ""
    return f"{normal[: min(2, len(normal) // 2)]}****"
