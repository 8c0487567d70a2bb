"""The patient as a file states it. What is missing stays missing: ``None`` or empty, never a guess."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from loaders.model.identifiers import PatientIdentifier


@dataclass(frozen=True, slots=True)
class PersonName:
    """The three component groups of a PN value (PS3.5 6.2.1), each ``FAMILY^GIVEN^MIDDLE^PREFIX^SUFFIX``."""

    alphabetic: str = ""
    ideographic: str = ""
    phonetic: str = ""
    character_set_guessed: bool = False

    @property
    def alphabetic_text(self) -> str:
        """Family name first, components parted by spaces."""
        return " ".join(part for part in self.alphabetic.split("^") if part)

    @property
    def ideographic_text(self) -> str:
        """Family and given name without a space, as Chinese names are written."""
        return "".join(part for part in self.ideographic.split("^") if part)

    def __bool__(self) -> bool:
        return bool(self.alphabetic.strip("^ ") or self.ideographic.strip("^ "))


@dataclass(frozen=True, slots=True)
class Patient:
    """Who a study says it is of. ``sex`` is ``M``, ``F``, ``O`` or empty; ``birth_date`` ``None`` when not provided."""

    name: PersonName
    identifiers: tuple[PatientIdentifier, ...] = ()
    birth_date: date | None = None
    sex: str = ""

    @property
    def primary_identifier(self) -> PatientIdentifier | None:
        """The Patient ID (0010,0020), or ``None`` where the file has none."""
        return self.identifiers[0] if self.identifiers else None


def age_in_years(birth_date: date, on: date) -> int:
    """Whole years of life completed on a day; negative where the day lies before birth."""
    had_birthday = (on.month, on.day) >= (birth_date.month, birth_date.day)
    return on.year - birth_date.year - (0 if had_birthday else 1)
