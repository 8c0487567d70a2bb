"""Birth date and age on one line."""

from __future__ import annotations

from datetime import date

from PySide6.QtCore import QCoreApplication

from viewer.viewport.localised_dates import age_text, date_text


def birth_text(birth_date: date | None, on: date | None) -> str:
    """Return the birth date with the age on a day: ``12 Mar 1958 (67 y)``; what is missing is said."""
    if birth_date is None:
        return QCoreApplication.translate("Dates", "birth date not provided")
    age = age_text(birth_date, on)
    if not age:
        return date_text(birth_date)
    return QCoreApplication.translate("Dates", "{date} ({age})").format(date=date_text(birth_date), age=age)
