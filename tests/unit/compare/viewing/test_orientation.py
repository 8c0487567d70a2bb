"""Orientation letters against a table that is built another way: by moving a labelled block, not by our transform."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from compare.viewing.orientation import EdgeLetters, letters_of_direction, opposite, orientation_letters
from compare.viewing.view_state import ViewState
from loaders.model.frame_plane import Vector3
from tests.support.pictures import AXIAL, CORONAL, SAGITTAL, make_frame

_NAMES: dict[Vector3, str] = {
    (1.0, 0.0, 0.0): "L",
    (-1.0, 0.0, 0.0): "R",
    (0.0, 1.0, 0.0): "P",
    (0.0, -1.0, 0.0): "A",
    (0.0, 0.0, 1.0): "H",
    (0.0, 0.0, -1.0): "F",
}
#: All ways in which two perpendicular axes of the patient can become right and down of a picture.
_ORIENTATIONS = [(right, down) for right, down in itertools.product(_NAMES, _NAMES) if np.dot(right, down) == 0.0]
_PICTURE_CHANGES = list(itertools.product(range(4), (False, True)))


def test_there_are_24_orientations_and_8_changes() -> None:
    assert len(_ORIENTATIONS) == 24
    assert len(_PICTURE_CHANGES) == 8


def _letters_by_moving_a_block(right: str, down: str, turns: int, flipped: bool) -> EdgeLetters:
    """Write the letters around the edge of a 3 x 3 block and turn the block as numpy turns arrays."""
    pairs = {"L": "R", "R": "L", "P": "A", "A": "P", "H": "F", "F": "H"}
    block = np.array([["", pairs[down], ""], [pairs[right], "", right], ["", down, ""]])
    if flipped:
        block = np.fliplr(block)
    block = np.rot90(block, -turns)
    return EdgeLetters(left=block[1, 0], top=block[0, 1], right=block[1, 2], bottom=block[2, 1])


@pytest.mark.parametrize(("turns", "flipped"), _PICTURE_CHANGES)
@pytest.mark.parametrize("axes", _ORIENTATIONS, ids=lambda axes: f"{_NAMES[axes[0]]}-{_NAMES[axes[1]]}")
def test_letters_of_all_orientations_and_flips(axes: tuple[Vector3, Vector3], turns: int, flipped: bool) -> None:
    view = ViewState(quarter_turns=turns, flipped=flipped)
    wanted = _letters_by_moving_a_block(_NAMES[axes[0]], _NAMES[axes[1]], turns, flipped)

    assert orientation_letters(view, make_frame(axes=axes)) == wanted
    by_tag = make_frame(origin=None, patient_orientation=(_NAMES[axes[0]], _NAMES[axes[1]]))
    assert orientation_letters(view, by_tag) == wanted


@pytest.mark.parametrize(
    ("axes", "letters"),
    [
        (AXIAL, EdgeLetters(left="R", top="A", right="L", bottom="P")),
        (CORONAL, EdgeLetters(left="R", top="H", right="L", bottom="F")),
        (SAGITTAL, EdgeLetters(left="A", top="H", right="P", bottom="F")),
    ],
)
def test_the_three_planes_as_radiology_shows_them(axes: tuple[Vector3, Vector3], letters: EdgeLetters) -> None:
    assert orientation_letters(ViewState(), make_frame(axes=axes)) == letters


def test_oblique_directions_get_a_second_letter_late() -> None:
    def at(degrees: float) -> str:
        angle = np.radians(degrees)
        return letters_of_direction((float(np.cos(angle)), float(np.sin(angle)), 0.0))

    assert at(5) == "L"
    assert at(20) == "LP"
    assert at(44) == "LP"
    assert at(46) == "PL"
    assert at(80) == "P"
    assert letters_of_direction((-0.6, -0.5, 0.62)) == "HRA"


def test_what_is_not_known_is_not_guessed() -> None:
    assert orientation_letters(ViewState(), make_frame(origin=None)) is None
    assert orientation_letters(ViewState(), make_frame(origin=None, patient_orientation=("", "F"))) is None
    # A horse's codes (PS3.3 C.7.6.1.1.1, quadruped) are not a person's.
    assert orientation_letters(ViewState(), make_frame(origin=None, patient_orientation=("CD", "V"))) is None
    assert letters_of_direction((0.0, 0.0, 0.0)) == ""
    assert letters_of_direction((float("nan"), 0.0, 0.0)) == ""


def test_a_mammogram_is_lettered_from_patient_orientation() -> None:
    frame = make_frame(origin=None, patient_orientation=("P", "FR"))
    assert orientation_letters(ViewState(), frame) == EdgeLetters(left="A", top="HL", right="P", bottom="FR")
    assert opposite("FR") == "HL"
