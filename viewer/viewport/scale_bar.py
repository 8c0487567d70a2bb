"""The scale bar: a round length in millimetres of whatever the image's spacing rests on, or none."""

from __future__ import annotations

from dataclasses import dataclass

from loaders.model.frame import Frame
from viewer.viewport.corner_texts import NO_BREAK, basis_note

#: The bar is the longest round length within this share of the pane's width.
_LONGEST_SHARE = 0.25
_SHORTEST_PX = 24
_ROUND_MM = tuple(step * 10.0**power for power in range(-3, 4) for step in (1.0, 2.0, 5.0))


@dataclass(frozen=True, slots=True)
class ScaleBar:
    """A bar of ``length_mm`` that is ``length_px`` device pixels long, with its label."""

    length_mm: float
    length_px: float
    label: str


def scale_bar(frame: Frame, mm_per_pixel: float, width_px: float) -> ScaleBar | None:
    """Return the bar for a pane ``width_px`` device pixels wide, or ``None`` where there are no millimetres."""
    if not frame.spacing.is_mm or mm_per_pixel <= 0:
        return None
    fitting = [mm for mm in _ROUND_MM if mm / mm_per_pixel <= width_px * _LONGEST_SHARE]
    if not fitting or fitting[-1] / mm_per_pixel < _SHORTEST_PX:
        return None
    length_mm = fitting[-1]
    note = basis_note(frame.spacing.basis)
    label = f"{length_text(length_mm)} {note}" if note else length_text(length_mm)
    return ScaleBar(length_mm, length_mm / mm_per_pixel, label)


def length_text(length_mm: float) -> str:
    """Return a round length in the unit that keeps it short: cm from 10 mm."""
    if length_mm >= 10.0:
        return f"{length_mm / 10.0:g}{NO_BREAK}cm"
    return f"{length_mm:g}{NO_BREAK}mm"
