"""The order of frames in a scroll: by position along the normal, never by instance number or slice location.

Where there is no position, instance and frame number are all there is, and nothing spatial is concluded from them.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from loaders.model.frame import Frame

#: Frames nearer to each other than this along the normal are at one position.
SAME_POSITION_MM = 0.01
_LAST = 1 << 62


def frame_name(frame: Frame) -> tuple[str, int, str, str]:
    """What names a frame, so that the same files give the same result in whatever order they come."""
    file = frame.location.file
    return frame.sop_instance_uid, frame.frame_number, str(file.path), file.member


def positions_along_normal_mm(frames: Sequence[Frame]) -> NDArray[np.float64]:
    """Return the positions of parallel frames along their common normal in mm, shape (frames,).

    The normal is that of the frame whose name sorts first. Every frame must have a plane.
    """
    reference = min(frames, key=frame_name).plane
    if reference is None:
        raise ValueError("frames without a plane have no position")
    positions: NDArray[np.float64] = origins_lps_mm(frames) @ np.asarray(reference.normal_lps, dtype=np.float64)
    return positions


def origins_lps_mm(frames: Sequence[Frame]) -> NDArray[np.float64]:
    """Return the frames' origins in LPS mm, shape (frames, 3)."""
    return np.array([frame.plane.origin_lps_mm for frame in frames if frame.plane], dtype=np.float64).reshape(-1, 3)


def position_groups(positions_mm: NDArray[np.float64]) -> NDArray[np.int64]:
    """Return a number per frame, equal for frames at one position, rising along the normal."""
    order = np.argsort(positions_mm, kind="stable")
    steps = np.diff(positions_mm[order]) >= SAME_POSITION_MM
    groups: NDArray[np.int64] = np.empty(len(positions_mm), dtype=np.int64)
    groups[order] = np.concatenate(([0], np.cumsum(steps))) if len(order) else []
    return groups


def ordered(frames: Sequence[Frame]) -> tuple[Frame, ...]:
    """Return the frames in display order; the order they come in does not matter."""
    if frames and all(frame.plane is not None for frame in frames):
        groups = position_groups(positions_along_normal_mm(frames))
        ranked = sorted(zip(groups.tolist(), frames, strict=True), key=lambda pair: (pair[0], _by_number(pair[1])))
        return tuple(frame for _, frame in ranked)
    return tuple(sorted(frames, key=_by_number))


def _by_number(frame: Frame) -> tuple[int, tuple[str, int], tuple[str, int, str, str]]:
    number = _LAST if frame.instance_number is None else frame.instance_number
    return number, (frame.sop_instance_uid, frame.frame_number), frame_name(frame)
