"""A lesion as the reader follows it: one identity across all examinations."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class LesionRole(StrEnum):
    """What a lesion counts as in the response criteria (RECIST 1.1 sections 3 and 4)."""

    TARGET = "target"
    NON_TARGET = "non_target"
    NEW = "new"
    UNCLASSIFIED = "unclassified"  # followed, but no part of any criterion


class NonTargetState(StrEnum):
    """The reader's judgement of a non-target lesion at one examination (RECIST 1.1 section 4.3.3)."""

    PRESENT = "present"
    ABSENT = "absent"
    UNEQUIVOCAL_PROGRESSION = "unequivocal_progression"
    NOT_EVALUATED = "not_evaluated"


@dataclass(frozen=True, slots=True)
class Lesion:
    """One lesion. ``tracking_uid`` joins its measurements and the groups of a structured report (TID 1501).

    ``is_lymph_node`` makes the short axis count instead of the longest diameter. ``organ`` is the reader's word;
    RECIST allows two targets an organ. ``states`` hold the reader's judgements, in order
    of study key.
    """

    tracking_uid: str
    label: str
    role: LesionRole = LesionRole.UNCLASSIFIED
    is_lymph_node: bool = False
    organ: str = ""
    states: tuple[tuple[str, NonTargetState], ...] = ()

    def state_at(self, study_key: str) -> NonTargetState | None:
        """The judgement at one examination, or ``None`` where there is none."""
        return dict(self.states).get(study_key)
