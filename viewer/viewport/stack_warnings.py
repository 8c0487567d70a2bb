"""The irregularities of a stack in words: gaps, tilt, uneven spacing ... are said on the picture they concern."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication

from loaders.model.stack import StackWarning, StackWarningCode

translate = QCoreApplication.translate


def warning_text(warning: StackWarning) -> str:
    """Return the short words for one irregularity, with its size where that is known."""
    code, amount = warning.code, warning.amount
    if code is StackWarningCode.GANTRY_TILT and amount is not None:
        return translate("StackWarnings", "gantry tilt {degrees}°").format(degrees=f"{amount:.1f}")
    if code is StackWarningCode.MISSING_SLICES and amount is not None:
        return translate("StackWarnings", "gap of {amount} mm").format(amount=f"{amount:.1f}")
    if code is StackWarningCode.UNEVEN_SPACING and amount is not None:
        return translate("StackWarnings", "uneven spacing, {amount} mm off").format(amount=f"{amount:.2g}")
    return _plain_words(code)


def _plain_words(code: StackWarningCode) -> str:
    words = {
        StackWarningCode.DUPLICATE_POSITIONS: translate("StackWarnings", "slices at one position"),
        StackWarningCode.MISSING_SLICES: translate("StackWarnings", "slices missing"),
        StackWarningCode.UNEVEN_SPACING: translate("StackWarnings", "uneven spacing"),
        StackWarningCode.GANTRY_TILT: translate("StackWarnings", "gantry tilt"),
        StackWarningCode.MIXED_ORIENTATION: translate("StackWarnings", "mixed orientation"),
        StackWarningCode.MIXED_MATRIX: translate("StackWarnings", "mixed image sizes"),
        StackWarningCode.MISSING_GEOMETRY: translate("StackWarnings", "position in the patient unknown"),
        StackWarningCode.MISSING_FRAME_OF_REFERENCE: translate("StackWarnings", "no frame of reference"),
        StackWarningCode.OVERLAPPING_SLICES: translate("StackWarnings", "overlapping slices"),
        StackWarningCode.INCOMPLETE: translate("StackWarnings", "incomplete series"),
    }
    return words[code]
