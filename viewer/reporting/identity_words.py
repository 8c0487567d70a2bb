"""What must be said on paper where two studies' identity is not proven."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication

translate = QCoreApplication.translate


def matched_words() -> str:
    """Return the lasting tag of an identity that name, birth date and sex support but no identifier proves."""
    return translate("ComparisonSheet", "Studies matched by name, birth date and sex; no common identifier.")


def overridden_words(reason: str) -> str:
    """Return the banner of studies compared against contradicting identities, with the reader's reason."""
    return translate("ComparisonSheet", "THE STUDIES NAME DIFFERENT PATIENTS. Compared because: {reason}").format(
        reason=reason
    )
