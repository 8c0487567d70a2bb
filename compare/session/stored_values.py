"""Single values of a session file, checked: each reader raises ``KeyError``, ``TypeError`` or ``ValueError``."""

from __future__ import annotations

import math
from collections.abc import Iterable
from enum import StrEnum
from typing import Any, TypeVar

from compare.viewing.canvas import Point
from loaders.model.display import VoiFunction, Window
from loaders.model.stack import StackKey

#: A value as JSON holds it, before it is checked.
_Json = Any
_E = TypeVar("_E", bound=StrEnum)


def key_out(key: StackKey) -> dict[str, str]:
    """Return the entry of a stack's key."""
    return {"study_uid": key.study_uid, "series_uid": key.series_uid, "stack_id": key.stack_id}


def key_in(stored: _Json) -> StackKey:
    """Return the stack's key of an entry."""
    return StackKey(text_in(stored["study_uid"]), text_in(stored["series_uid"]), text_in(stored["stack_id"]))


def window_in(stored: _Json) -> Window:
    """Return the window of an entry, which has a width."""
    width = number_in(stored["width"])
    if width <= 0.0:
        raise ValueError("a window has a width")
    function = known_in(VoiFunction, stored.get("function"), VoiFunction.LINEAR)
    return Window(number_in(stored["center"]), width, function, text_in(stored.get("explanation", "")))


def point_in(stored: _Json) -> Point:
    """Return two numbers."""
    first, second = stored
    return (number_in(first), number_in(second))


def number_in(stored: _Json) -> float:
    """Return a finite number."""
    if isinstance(stored, bool) or not isinstance(stored, int | float) or not math.isfinite(stored):
        raise ValueError("not a number")
    return float(stored)


def index_in(stored: _Json) -> int:
    """Return a count from 0."""
    if isinstance(stored, bool) or not isinstance(stored, int) or stored < 0:
        raise ValueError("not a count")
    return stored


def text_in(stored: _Json) -> str:
    """Return a text."""
    if not isinstance(stored, str):
        raise TypeError("not a text")
    return stored


def known_in(kind: type[_E], stored: object, otherwise: _E) -> _E:
    """Return the member of a set of words, ``otherwise`` for a word that is none of them."""
    members: Iterable[_E] = kind
    return next((member for member in members if member.value == stored), otherwise)


def window_out(window: Window) -> dict[str, object]:
    """Return the entry of a window."""
    return {
        "center": window.center,
        "width": window.width,
        "function": window.function.value,
        "explanation": window.explanation,
    }
