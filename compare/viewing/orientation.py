"""The letters at the four edges of a picture: which way the patient lies.

From geometry where the frame has a place in the patient, else from Patient Orientation (0020,0020), else unknown:
never a guess. Letters are those of PS3.3 C.7.6.1.1.1: A anterior, P posterior, R right, L left, H head, F foot.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from compare.viewing.canvas import Point, picture_axes
from compare.viewing.view_state import ViewState
from loaders.model.frame import Frame
from loaders.model.frame_plane import Vector3

#: A direction gets a second (or third) letter from this many degrees off the axis before it.
SECOND_LETTER_FROM_DEGREES = 15.0
_SECOND_LETTER_FROM = float(np.sin(np.radians(SECOND_LETTER_FROM_DEGREES)))

_AXES = (("L", "R"), ("P", "A"), ("H", "F"))
_OPPOSITE = {"A": "P", "P": "A", "R": "L", "L": "R", "H": "F", "F": "H"}


@dataclass(frozen=True, slots=True)
class EdgeLetters:
    """What lies towards each edge of the canvas."""

    left: str
    top: str
    right: str
    bottom: str


def orientation_letters(view: ViewState, frame: Frame) -> EdgeLetters | None:
    """Return the letters for the four edges of the canvas, or ``None`` where the orientation is not known."""
    right_letters, down_letters = _letters_of_stored_axes(frame)
    if not right_letters or not down_letters:
        return None
    axis_right, axis_down = picture_axes(view)
    towards = {
        _edge(axis_right): right_letters,
        _edge((-axis_right[0], -axis_right[1])): opposite(right_letters),
        _edge(axis_down): down_letters,
        _edge((-axis_down[0], -axis_down[1])): opposite(down_letters),
    }
    return EdgeLetters(**towards)


def letters_of_direction(direction_lps: Vector3) -> str:
    """Return the letters of a direction, strongest first: ``L``, ``LP``, ``HAL``; empty for no direction at all."""
    length = float(np.linalg.norm(direction_lps))
    if not np.isfinite(length) or length == 0.0:
        return ""
    parts = [
        (abs(component) / length, letters[0] if component > 0 else letters[1])
        for component, letters in zip(direction_lps, _AXES, strict=True)
    ]
    parts.sort(key=lambda part: -part[0])  # a stable sort: equal components keep the order L/R, P/A, H/F
    return parts[0][1] + "".join(letter for size, letter in parts[1:] if size >= _SECOND_LETTER_FROM)


def opposite(letters: str) -> str:
    """Return the letters of the opposite direction, or empty where a letter is not one of a person's directions."""
    if any(letter not in _OPPOSITE for letter in letters):
        return ""
    return "".join(_OPPOSITE[letter] for letter in letters)


def _letters_of_stored_axes(frame: Frame) -> tuple[str, str]:
    """Letters towards increasing column and increasing row."""
    if frame.plane is not None:
        return letters_of_direction(frame.plane.column_step_lps), letters_of_direction(frame.plane.row_step_lps)
    if frame.patient_orientation is None:
        return "", ""
    right, down = (text.strip().upper() for text in frame.patient_orientation)
    # Animals' codes (LE, RT, CR, CD, D, V ...) share letters with ours: what cannot be turned round is not shown.
    return (right, down) if opposite(right) and opposite(down) else ("", "")


def _edge(axis: Point) -> str:
    if abs(axis[0]) > abs(axis[1]):
        return "right" if axis[0] > 0 else "left"
    return "bottom" if axis[1] > 0 else "top"
