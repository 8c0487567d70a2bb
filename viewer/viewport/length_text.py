"""A length in words: value, unit, what its millimetres rest on; or why there is no value."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QCoreApplication

from compare.measuring.length import Length
from compare.measuring.ultrasound_scale import Extent
from loaders.model.units import SpacingBasis
from viewer.viewport.corner_texts import NO_BREAK, basis_note

translate = QCoreApplication.translate


def length_label(length: Length) -> str:
    """Return the words beside a measured line: ``23.4 mm · at detector``; never millimetres without their basis.

    A line on a trace or a spectrum says what lies along either axis: ``0.350 s × 12.3 mm · ultrasound region``.
    Only a millimetre in the patient by the image's own geometry stands alone.
    """
    if length.extents and length.value is None:
        return f"{extents_text(length.extents)} · {basis_note(length.basis)}"
    if length.value is None:
        reasons = {
            "pixels_not_square": translate("Viewport", "pixels not square, no scale"),
            "computations_disagree": translate("Viewport", "two computations disagree"),
        }
        reason = reasons.get(length.reason, translate("Viewport", "not a number"))
        return translate("Viewport", "withheld: {reason}").format(reason=reason)
    amount = f"{length.value:.{length.decimals}f}{NO_BREAK}{length.unit}"
    note = _note(length)
    return f"{amount} · {note}" if note else amount


def _note(length: Length) -> str:
    return "" if length.basis is SpacingBasis.GEOMETRY else region_note(length.note) or basis_note(length.basis)


def extents_text(extents: Sequence[Extent]) -> str:
    """Return what lies along the axes of an ultrasound trace: ``0.350 s × 12.3 mm``."""
    return " × ".join(f"{one.value:.{one.decimals}f}{NO_BREAK}{one.unit}" for one in extents)


def region_note(note: str) -> str:
    """Return why a calibrated ultrasound picture gives pixels only, by a length's note; else nothing."""
    notes = {
        "across_regions": translate("Viewport", "across ultrasound regions: pixels only"),
        "outside_regions": translate("Viewport", "outside the ultrasound regions: pixels only"),
        "regions_overlap": translate("Viewport", "ultrasound regions disagree here: pixels only"),
    }
    return notes.get(note, "")
