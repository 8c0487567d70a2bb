"""The time between two studies, in numbers: words and order belong to the language shown."""

from __future__ import annotations

from calendar import monthrange
from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, slots=True)
class Interval:
    """Whole years, months and days, all of one sign; and the days in all."""

    years: int
    months: int
    days: int
    total_days: int


def interval_between(earlier: date, later: date) -> Interval:
    """Return the calendar interval; where ``later`` lies before ``earlier`` all numbers are negative or zero.

    A month is counted from a day to the same day of the next, or to its last day where it has none: from 31 January to
    28 February is one month.
    """
    if later < earlier:
        back = interval_between(later, earlier)
        return Interval(-back.years, -back.months, -back.days, -back.total_days)
    months = (later.year - earlier.year) * 12 + later.month - earlier.month
    if _after_months(earlier, months) > later:
        months -= 1
    days = (later - _after_months(earlier, months)).days
    return Interval(months // 12, months % 12, days, (later - earlier).days)


def _after_months(start: date, months: int) -> date:
    year, month0 = divmod(start.year * 12 + start.month - 1 + months, 12)
    return date(year, month0 + 1, min(start.day, monthrange(year, month0 + 1)[1]))
