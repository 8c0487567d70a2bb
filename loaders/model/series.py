"""A series as the headers tell it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, time

from loaders.model.stack import Stack


@dataclass(frozen=True, slots=True)
class Equipment:
    """What made the images; used to say whether two examinations are technically comparable."""

    manufacturer: str = ""
    model: str = ""
    station: str = ""
    institution: str = ""


@dataclass(frozen=True, slots=True)
class Series:
    """Series-level facts and its stacks. ``instances`` counts files shown, ``expected`` what the source announces."""

    uid: str
    modality: str
    description: str = ""
    number: int | None = None
    body_part: str = ""
    laterality: str = ""
    view_position: str = ""
    protocol: str = ""
    acquisition_date: date | None = None
    acquisition_time: time | None = None
    equipment: Equipment = Equipment()
    #: Technique in the file's own words and numbers: ("kernel", "B60f"), ("kVp", "120"), ("TR", "9000"), ...
    technique: tuple[tuple[str, str], ...] = ()
    stacks: tuple[Stack, ...] = ()
    instances: int = 0
    expected_instances: int | None = None
    character_set_guessed: bool = False

    @property
    def frames(self) -> int:
        """Number of displayable frames in all stacks."""
        return sum(len(stack.frames) for stack in self.stacks)
