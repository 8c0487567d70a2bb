"""One value for a whole series, or the reason why there is none."""

from __future__ import annotations

from collections.abc import Sequence

from loaders.model.pet_facts import PetFacts
from loaders.values.no_suv import ELEMENTS, NoSuv, SuvDoubt, missing


def common(facts: Sequence[PetFacts], element: str, *, may_be_missing: bool = False) -> object:
    """Return the value of an element that all slices share.

    Absent everywhere, it is ``None`` or empty where that is allowed. Raises ``NoSuv`` where slices disagree.
    """
    values = {getattr(each, element) for each in facts}
    if len(values) > 1:
        shown = ", ".join(sorted("(absent)" if value in {None, ""} else str(value) for value in values)[:4])
        raise NoSuv(SuvDoubt.DIFFERS, (element,), f"{ELEMENTS[element]} differs between slices: {shown}.")
    value = values.pop()
    if value in {None, ""} and not may_be_missing:
        raise missing(element)
    return value


def number(facts: Sequence[PetFacts], element: str, *, may_be_missing: bool = False) -> float | None:
    """Return :func:`common` for an element that holds a number."""
    value = common(facts, element, may_be_missing=may_be_missing)
    return float(value) if isinstance(value, int | float) else None
