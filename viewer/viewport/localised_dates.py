"""Dates that cannot be read two ways, ages and intervals, in the language of the installed translator.

``10 Jan 2026`` in English, ``2026年1月10日`` in Chinese; never 10/01/26. The order of the parts is itself a translated
pattern, so that a language needs no code.
"""

from __future__ import annotations

from calendar import monthrange
from datetime import date, time

from PySide6.QtCore import QCoreApplication

translate = QCoreApplication.translate

_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_MONTHS_WORTH_SAYING = 2


def date_text(day: date | None) -> str:
    """Return the date with its month in letters or between year and day words; words where it is not known."""
    if day is None:
        return translate("Dates", "date not provided")
    pattern = translate("Dates", "{day} {month_name} {year}")
    return pattern.format(day=day.day, month=day.month, month_name=_MONTHS[day.month - 1], year=day.year)


def time_text(moment: time | None) -> str:
    """Return hours and minutes on the 24-hour clock, or empty."""
    return "" if moment is None else f"{moment.hour:02d}:{moment.minute:02d}"


def whole_months_between(earlier: date, later: date) -> int:
    """Count the calendar months completed from one day to a later one.

    The last day of a shorter month completes a month that began on a later day number (31 Jan to 28 Feb is one).
    """
    months = (later.year - earlier.year) * 12 + later.month - earlier.month
    last_day = monthrange(later.year, later.month)[1]
    return months - (1 if later.day < min(earlier.day, last_day) else 0)


def interval_text(day: date | None, newest: date | None) -> str:
    """Return how long before the newest study a study was made, or empty where a date is missing or it is not earlier.

    One year or more in years and months, two months or more in months, else in days.
    """
    if day is None or newest is None or day > newest:
        return ""
    if day == newest:
        return translate("Dates", "same day")
    months = whole_months_between(day, newest)
    if months >= 12:
        return translate("Dates", "{years} y {months} m earlier").format(years=months // 12, months=months % 12)
    if months >= _MONTHS_WORTH_SAYING:
        return translate("Dates", "{months} m earlier").format(months=months)
    return translate("Dates", "{days} d earlier").format(days=(newest - day).days)


def age_text(birth: date | None, on: date | None) -> str:
    """Return the age on a day: years, months below two years, days below two months; empty where it is not known."""
    if birth is None or on is None or birth > on:
        return ""
    months = whole_months_between(birth, on)
    if months >= 24:
        return translate("Dates", "{years} y").format(years=months // 12)
    if months >= _MONTHS_WORTH_SAYING:
        return translate("Dates", "{months} m").format(months=months)
    return translate("Dates", "{days} d").format(days=(on - birth).days)
