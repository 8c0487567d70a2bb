"""A length in words: value, unit, what its millimetres rest on; or why there is no value."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication

from compare.measuring.length import Length
from loaders.model.units import SpacingBasis
from viewer.viewport.corner_texts import NO_BREAK, basis_note

translate = QCoreApplication.translate


def length_label(length: Length) -> str:
    """Return the words beside a measured line: ``23.4 mm · at detector``; never millimetres without their basis.

    Only a millimetre in the patient by the image's own geometry stands alone.
    """
    if length.value is None:
        reasons = {
            "pixels_not_square": translate("Viewport", "pixels not square, no scale"),
            "computations_disagree": translate("Viewport", "two computations disagree"),
        }
        reason = reasons.get(length.reason, translate("Viewport", "not a number"))
        return translate("Viewport", "withheld: {reason}").format(reason=reason)
    amount = f"{length.value:.{length.decimals}f}{NO_BREAK}{length.unit}"
    note = "" if length.basis is SpacingBasis.GEOMETRY else basis_note(length.basis)
    return f"{amount} · {note}" if note else amount
