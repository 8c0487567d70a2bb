"""Sizes, changes and doubling times in words, for the sheet and for the lesions panel."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication

from compare.following.lesion_table import Change

translate = QCoreApplication.translate


def change_text(change: Change | None) -> str:
    """Return ``+2.1 mm (+20 %)``, or a dash."""
    if change is None:
        return "–"
    text = mm_text(f"{change.absolute_mm:+.1f}")
    return text if change.relative_percent is None else f"{text} ({change.relative_percent:+.0f} %)"


def mm_text(size: str) -> str:
    """Return a size with its unit."""
    return translate("ComparisonSheet", "{size} mm").format(size=size)


def doubling_text(change: Change | None) -> str:
    """Return a doubling time with its 95 % interval, or why there is none to be shown."""
    doubling = change.doubling if change else None
    if doubling is None:
        return "–"
    interval = doubling.interval_days
    if interval is None:
        return translate("ComparisonSheet", "direction of change not certain")
    words = (
        translate("ComparisonSheet", "{days} d (95 %: {low} to {high} d)")
        if doubling.days > 0
        else translate("ComparisonSheet", "halved in {days} d (95 %: {low} to {high} d)")
    )
    return words.format(days=f"{abs(doubling.days):.0f}", low=f"{interval[0]:.0f}", high=f"{interval[1]:.0f}")
