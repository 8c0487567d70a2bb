"""Dates nobody can misread, and intervals between examinations, in the reader's language.

The context of translation is ``Dates``, shared with the viewport, so that one interval reads the same everywhere.
"""

from __future__ import annotations

from calendar import monthrange
from datetime import date

from PySide6.QtCore import QCoreApplication

from loaders.model.patient import age_in_years

_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_MONTHS_WORTH_SAYING = 2


def date_text(day: date | None) -> str:
    """Return ``10 Jan 2026`` or ``2026年1月10日``: never figures whose order must be guessed."""
    if day is None:
        return QCoreApplication.translate("Dates", "date not provided")
    pattern = QCoreApplication.translate("Dates", "{day} {month_name} {year}")
    return pattern.format(day=day.day, month=day.month, month_name=_MONTHS[day.month - 1], year=day.year)


def whole_months(earlier: date, later: date) -> int:
    """Count calendar months completed; a shorter month's last day completes one (31 Jan to 28 Feb is one month)."""
    months = (later.year - earlier.year) * 12 + later.month - earlier.month
    last_day = monthrange(later.year, later.month)[1]
    return months - (1 if later.day < min(earlier.day, last_day) else 0)


def interval_text(earlier: date, later: date) -> str:
    """Return ``1 y 0 m earlier``, ``3 m earlier``, ``12 d earlier`` or ``same day``."""
    if earlier == later:
        return QCoreApplication.translate("Dates", "same day")
    months = whole_months(earlier, later)
    if months >= 12:
        text = QCoreApplication.translate("Dates", "{years} y {months} m earlier")
        return text.format(years=months // 12, months=months % 12)
    if months >= _MONTHS_WORTH_SAYING:
        return QCoreApplication.translate("Dates", "{months} m earlier").format(months=months)
    return QCoreApplication.translate("Dates", "{days} d earlier").format(days=(later - earlier).days)


def birth_text(birth_date: date | None, on: date | None) -> str:
    """Return the birth date with the age on a day: ``12 Mar 1958 (67 y)``; what is missing is said."""
    if birth_date is None:
        return QCoreApplication.translate("Dates", "birth date not provided")
    if on is None or on < birth_date:
        return date_text(birth_date)
    return QCoreApplication.translate("Dates", "{date} ({years} y)").format(
        date=date_text(birth_date),
        years=age_in_years(birth_date, on),
    )
