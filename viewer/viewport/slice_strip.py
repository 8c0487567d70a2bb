"""The strip at the right edge: one row per slice, its state and the current position; a click on it scrolls.

Rows are device pixels. With more slices than rows a row shows the state that most needs to be seen.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from loaders.model.frame_validity import FrameState

#: Width of the strip in logical pixels, and of the zone at the edge that answers the mouse.
STRIP_WIDTH_PX = 6
STRIP_REACH_PX = 12

#: What a row shows when it stands for several slices: the first of these that is among them.
_URGENCY = (
    FrameState.FAILED,
    FrameState.MISSING,
    FrameState.WAITING,
    FrameState.LOADING,
    FrameState.PREVIEW,
    FrameState.LOADED,
)
#: RGB per state. Each differs in brightness from its neighbours, so that the strip reads in grey too.
STATE_COLOURS: dict[FrameState, tuple[int, int, int]] = {
    FrameState.WAITING: (0x20, 0x24, 0x2A),
    FrameState.LOADING: (0x3D, 0x45, 0x50),
    FrameState.PREVIEW: (0x80, 0x78, 0x3A),
    FrameState.LOADED: (0x6E, 0x77, 0x84),
    FrameState.FAILED: (0xFF, 0x6B, 0x5E),
    FrameState.MISSING: (0xE8, 0xC5, 0x47),
}

#: Stated error of an alignment: up to so many mm, RGB. Each is brighter than the one before, to read in grey too.
ERROR_COLOURS: tuple[tuple[float, tuple[int, int, int]], ...] = (
    (2.0, (0x1E, 0x6E, 0x78)),
    (5.0, (0xC9, 0x8A, 0x2C)),
    (float("inf"), (0xFF, 0x9C, 0x8E)),
)
RIBBON_WIDTH_PX = 3


def strip_states(states: NDArray[np.uint8], rows: int) -> NDArray[np.uint8]:
    """Return the state of each row, shape (rows,), of a strip ``rows`` high over all slices from the first at the top.

    Raises ``ValueError`` without a slice or without a row.
    """
    count = len(states)
    if count == 0 or rows <= 0:
        raise ValueError("a strip needs at least one slice and one row")
    urgency = np.empty(len(_URGENCY), dtype=np.uint8)
    for rank, state in enumerate(_URGENCY):
        urgency[state] = rank
    if rows >= count:
        return states[np.arange(rows) * count // rows]
    starts = np.arange(rows) * count // rows
    most_urgent = np.minimum.reduceat(urgency[states], starts)
    return np.array([int(state) for state in _URGENCY], dtype=np.uint8)[most_urgent]


def strip_pixels(states: NDArray[np.uint8], rows: int) -> NDArray[np.uint8]:
    """Return the strip's colours, shape (rows, 3)."""
    table = np.zeros((len(FrameState), 3), dtype=np.uint8)
    for state, colour in STATE_COLOURS.items():
        table[state] = colour
    return table[strip_states(states, rows)]


def ribbon_pixels(errors_mm: Sequence[float | None], rows: int) -> NDArray[np.uint8]:
    """Return the colours of the stated error along the stack, shape (rows, 3); black where nothing is stated.

    A row that stands for several slices shows the worst of them.
    """
    count = len(errors_mm)
    known = np.array([-1.0 if error is None else error for error in errors_mm])
    if rows >= count:
        worst = known[np.arange(rows) * count // rows]
    else:
        worst = np.maximum.reduceat(known, np.arange(rows) * count // rows)
    table = np.array([(0, 0, 0), *(colour for _, colour in ERROR_COLOURS)], dtype=np.uint8)
    steps = np.array([0.0, *(limit for limit, _ in ERROR_COLOURS[:-1])])
    return table[np.searchsorted(steps, worst, side="right")]


def row_of_slice(frame_index: int, count: int, height: float) -> float:
    """Return the middle of a slice's row, in the unit of ``height``."""
    return (frame_index + 0.5) * height / count


def slice_at_row(y: float, count: int, height: float) -> int:
    """Return the index of the slice at a height, clamped to the stack."""
    if height <= 0:
        return 0
    return min(max(int(y * count / height), 0), count - 1)
