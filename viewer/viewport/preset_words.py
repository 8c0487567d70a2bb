"""Names of window presets in the reader's language."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication

translate = QCoreApplication.translate


def preset_text(code: str, explanation: str = "") -> str:
    """Return the name of a preset by its stable code; the file's own explanation where it is the file's window."""
    if code == "file":
        return explanation or translate("Presets", "as in the file")
    return _names().get(code, "")


def _names() -> dict[str, str]:
    return {
        "soft_tissue": translate("Presets", "soft tissue"),
        "lung": translate("Presets", "lung"),
        "mediastinum": translate("Presets", "mediastinum"),
        "bone": translate("Presets", "bone"),
        "brain": translate("Presets", "brain"),
        "liver": translate("Presets", "liver"),
        "abdomen": translate("Presets", "abdomen"),
        "angiography": translate("Presets", "angiography"),
        "stroke": translate("Presets", "stroke"),
        "suv_0_5": "SUV 0 – 5",
        "suv_0_7": "SUV 0 – 7",
        "suv_0_10": "SUV 0 – 10",
        "suv_0_20": "SUV 0 – 20",
        "automatic": translate("Presets", "automatic"),
        "higher_contrast": translate("Presets", "higher contrast"),
        "lower_contrast": translate("Presets", "lower contrast"),
        "whole_range": translate("Presets", "whole range"),
    }
