"""The stated error of every slice of the current or the prior, for the badge and the ribbon along its scrollbar."""

from __future__ import annotations

import numpy as np

from compare.linking.frame_graph import PointTransform
from compare.registration.error_map import ErrorMap
from loaders.model.stack import Stack

_SAMPLES = 9


def slice_errors_mm(error: ErrorMap, stack: Stack, to_current: PointTransform | None = None) -> list[float | None]:
    """Median stated error in the middle half of each frame, in frame order; ``None`` for a frame without a place.

    ``to_current`` leads from the stack's space to the current's, where the map lies; ``None`` for the current itself.
    """
    result: list[float | None] = []
    share = np.linspace(0.25, 0.75, _SAMPLES)
    for frame in stack.frames:
        if frame.plane is None:
            result.append(None)
            continue
        right, down = np.meshgrid(
            share * frame.format.columns * frame.spacing.column_mm, share * frame.format.rows * frame.spacing.row_mm
        )
        points = (
            np.asarray(frame.plane.origin_lps_mm)
            + right.reshape(-1, 1) * np.asarray(frame.plane.column_step_lps)
            + down.reshape(-1, 1) * np.asarray(frame.plane.row_step_lps)
        )
        if to_current is not None:
            points = to_current.map_points(points)
        result.append(float(np.median(error.at(points))))
    return result
