"""Per-frame state of a volume that is still being filled. Black never means 'not there yet'."""

from __future__ import annotations

from enum import IntEnum

import numpy as np
from numpy.typing import NDArray


class FrameState(IntEnum):
    """What the memory of one frame holds."""

    WAITING = 0
    LOADING = 1
    PREVIEW = 2  # reduced resolution: shown, marked, not measurable
    LOADED = 3
    FAILED = 4  # an error tile keeps its place
    MISSING = 5  # known to belong here, but no file


class FrameValidity:
    """States of all frames, written by the loading job's owner only, read by anyone."""

    def __init__(self, frame_count: int) -> None:
        self._states: NDArray[np.uint8] = np.zeros(frame_count, dtype=np.uint8)
        self._reasons: dict[int, str] = {}

    def __len__(self) -> int:
        return len(self._states)

    def __getitem__(self, frame_index: int) -> FrameState:
        return FrameState(int(self._states[frame_index]))

    def mark(self, frame_index: int, state: FrameState, reason: str = "") -> None:
        """Record a frame's state; a failure carries its reason in words."""
        self._states[frame_index] = state
        if reason:
            self._reasons[frame_index] = reason

    def reason(self, frame_index: int) -> str:
        """Why a frame failed, or empty."""
        return self._reasons.get(frame_index, "")

    def count(self, state: FrameState) -> int:
        """Number of frames in a state."""
        return int(np.count_nonzero(self._states == state))

    @property
    def is_complete(self) -> bool:
        """Whether every frame is loaded at full resolution."""
        return self.count(FrameState.LOADED) == len(self)

    @property
    def is_settled(self) -> bool:
        """Whether nothing more will come: every frame loaded, failed or missing."""
        return bool(np.all(self._states >= FrameState.LOADED))

    def snapshot(self) -> NDArray[np.uint8]:
        """A copy of all states, shape (frames,)."""
        return self._states.copy()
