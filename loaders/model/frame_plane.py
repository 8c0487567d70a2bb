"""Where one frame lies in the patient (PS3.3 C.7.6.2.1.1 Image Plane)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Vector3 = tuple[float, float, float]


@dataclass(frozen=True, slots=True)
class FramePlane:
    """Position and orientation of one frame; the pixel spacing stands beside it in ``Frame.spacing``.

    ``origin_lps_mm`` is the centre of pixel (0, 0). ``column_step_lps`` is the unit direction of increasing *column*
    (the first triple of Image Orientation (Patient)), ``row_step_lps`` of increasing *row* (the second triple).
    """

    origin_lps_mm: Vector3
    column_step_lps: Vector3
    row_step_lps: Vector3
    frame_of_reference_uid: str = ""

    @property
    def normal_lps(self) -> Vector3:
        """Unit normal: column direction x row direction, so that (column, row, normal) is right-handed."""
        cross = np.cross(self.column_step_lps, self.row_step_lps)
        unit = cross / np.linalg.norm(cross)
        return (float(unit[0]), float(unit[1]), float(unit[2]))

    @property
    def position_mm(self) -> float:
        """Signed distance of the plane from the frame of reference's origin along its own normal."""
        return float(np.dot(self.origin_lps_mm, self.normal_lps))

    def lps_of(self, right_mm: float, down_mm: float) -> NDArray[np.float64]:
        """Return the patient point, shape (3,), that lies so many mm along the column and the row direction."""
        return (
            np.asarray(self.origin_lps_mm)
            + right_mm * np.asarray(self.column_step_lps)
            + down_mm * np.asarray(self.row_step_lps)
        )

    def in_plane_mm(self, lps_mm: NDArray[np.float64]) -> tuple[float, float, float]:
        """Return (right, down, out of plane) in mm of a patient point, the inverse of :meth:`lps_of`."""
        offset = np.asarray(lps_mm, dtype=np.float64) - np.asarray(self.origin_lps_mm)
        return (
            float(offset @ np.asarray(self.column_step_lps)),
            float(offset @ np.asarray(self.row_step_lps)),
            float(offset @ np.asarray(self.normal_lps)),
        )
