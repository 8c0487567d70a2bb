"""Dates nobody can misread, and intervals between examinations, in the reader's language."""

from __future__ import annotations

from datetime import date
from typing import cast

from PySide6.QtCore import QT_TRANSLATE_NOOP, QCoreApplication

from loaders.model.patient import age_in_years

_CONTEXT = "DateText"

_MONTHS = cast(
    "tuple[str, ...]",
    (
        QT_TRANSLATE_NOOP("DateText", "Jan"),
        QT_TRANSLATE_NOOP("DateText", "Feb"),
        QT_TRANSLATE_NOOP("DateText", "Mar"),
        QT_TRANSLATE_NOOP("DateText", "Apr"),
        QT_TRANSLATE_NOOP("DateText", "May"),
        QT_TRANSLATE_NOOP("DateText", "Jun"),
        QT_TRANSLATE_NOOP("DateText", "Jul"),
        QT_TRANSLATE_NOOP("DateText", "Aug"),
        QT_TRANSLATE_NOOP("DateText", "Sep"),
        QT_TRANSLATE_NOOP("DateText", "Oct"),
        QT_TRANSLATE_NOOP("DateText", "Nov"),
        QT_TRANSLATE_NOOP("DateText", "Dec"),
    ),
)


def date_text(day: date | None) -> str:
    """Return ``10 Jan 2026`` or ``2026年1月10日``: never figures whose order must be guessed."""
    if day is None:
        return QCoreApplication.translate("DateText", "date not provided")
    return QCoreApplication.translate("DateText", "{day} {month} {year}").format(
        day=day.day,
        month=QCoreApplication.translate(_CONTEXT, _MONTHS[day.month - 1]),
        year=f"{day.year:04d}",
    )


def months_and_days(earlier: date, later: date) -> tuple[int, int]:
    """Return whole calendar months and the days left over from one day to a later one."""
    months = (later.year - earlier.year) * 12 + later.month - earlier.month
    if later.day >= earlier.day:
        return months, later.day - earlier.day
    months -= 1
    year, month = divmod(earlier.year * 12 + earlier.month - 1 + months, 12)
    # The day of month may not exist there (31 January plus one month): the month's last day stands in.
    anniversary = date(year, month + 1, min(earlier.day, _days_in_month(year, month + 1)))
    return months, (later - anniversary).days


def _days_in_month(year: int, month: int) -> int:
    following = date(year + month // 12, month % 12 + 1, 1) if (year, month) != (date.max.year, 12) else None
    return 31 if following is None else (following - date(year, month, 1)).days


def interval_text(earlier: date, later: date) -> str:
    """Return ``1 y 0 m earlier``, ``3 m earlier``, ``12 d earlier`` or ``same day``."""
    months, days = months_and_days(earlier, later)
    if months >= 12:
        text = QCoreApplication.translate("DateText", "{years} y {months} m earlier")
        return text.format(years=months // 12, months=months % 12)
    if months:
        return QCoreApplication.translate("DateText", "{months} m earlier").format(months=months)
    if days:
        return QCoreApplication.translate("DateText", "{days} d earlier").format(days=days)
    return QCoreApplication.translate("DateText", "same day")


def birth_text(birth_date: date | None, on: date | None) -> str:
    """Return the birth date with the age on a day: ``12 Mar 1958 (67 y)``; what is missing is said."""
    if birth_date is None:
        return QCoreApplication.translate("DateText", "birth date not provided")
    if on is None or on < birth_date:
        return date_text(birth_date)
    return QCoreApplication.translate("DateText", "{date} ({years} y)").format(
        date=date_text(birth_date),
        years=age_in_years(birth_date, on),
    )
