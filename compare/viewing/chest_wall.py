"""Where the chest wall lies on a mammogram: it is what two breasts, and two examinations, are compared from.

Only what the file itself says counts (Patient Orientation, PS3.3 C.7.6.1.1.1): rows that lead to the patient's back end
at the chest wall, rows that lead to the front begin there.
"""

from __future__ import annotations

from dataclasses import replace

from compare.viewing.view_state import ViewState
from loaders.model.frame import Frame

#: Digital Mammography for presentation and for processing, Breast Tomosynthesis, Breast Projection (both intents).
_MAMMOGRAMS = frozenset(
    {
        "1.2.840.10008.5.1.4.1.1.1.2",
        "1.2.840.10008.5.1.4.1.1.1.2.1",
        "1.2.840.10008.5.1.4.1.1.13.1.3",
        "1.2.840.10008.5.1.4.1.1.13.1.4",
        "1.2.840.10008.5.1.4.1.1.13.1.5",
    }
)
#: Rows that lead this much to the back or front of the patient (cosine) run along the breast's depth.
_ALONG = 0.8


def chest_wall_side(frame: Frame) -> int:
    """Return 1 where the chest wall is the right edge of the image, -1 for the left one, 0 where it is not known."""
    if frame.sop_class_uid not in _MAMMOGRAMS:
        return 0
    if frame.plane is not None:  # tomosynthesis: its place in the patient says the same
        back = frame.plane.column_step_lps[1]
        return (1 if back > 0 else -1) if abs(back) >= _ALONG else 0
    if frame.patient_orientation is None:
        return 0
    return {"P": 1, "A": -1}.get(frame.patient_orientation[0][:1], 0)


def distance_from_wall_mm(frame: Frame, right_mm: float) -> float:
    """Return how far an in-plane place is from the chest wall, in mm of the image; positive into the breast."""
    return chest_wall_side(frame) * (_wall_mm(frame) - right_mm)


def at_distance_mm(frame: Frame, distance_mm: float) -> float:
    """Return the in-plane place (right, in mm) that is so far from the chest wall."""
    return _wall_mm(frame) - chest_wall_side(frame) * distance_mm


def at_the_wall(view: ViewState, frame: Frame, canvas_width: float) -> ViewState:
    """Return the view with the chest wall at the edge of its canvas; a view on its side is left as it is."""
    if not chest_wall_side(frame) or view.quarter_turns % 2:
        return view
    right_mm = at_distance_mm(frame, canvas_width * view.mm_per_pixel / 2.0)
    return replace(view, centre_mm=(right_mm, view.centre_mm[1]))


def _wall_mm(frame: Frame) -> float:
    """The outer edge of the last column, or of the first."""
    return ((frame.format.columns - 0.5) if chest_wall_side(frame) > 0 else -0.5) * frame.spacing.column_mm
