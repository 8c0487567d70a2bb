"""DICOM dates and times to points in time (PS3.5 6.2: DA, TM, DT). What cannot be read is ``None``, never midnight."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

_DATE = re.compile(r"^(\d{4})\.?(\d{2})\.?(\d{2})$")
_TIME = re.compile(r"^(\d{2}):?(\d{2})(?::?(\d{2})(?:\.(\d{1,6}))?)?$")
_DATETIME = re.compile(r"^(\d{8})(\d{4}(?:\d{2}(?:\.\d{1,6})?)?)([+-]\d{4})?$")
_OFFSET = re.compile(r"^([+-])(\d{2})(\d{2})$")
#: PS3.5 6.2: offsets from UTC lie between -1200 and +1400.
_WESTERNMOST, _EASTERNMOST = timedelta(hours=-12), timedelta(hours=14)


@dataclass(frozen=True, slots=True)
class StatedTime:
    """A point in time as a file states it: local to ``offset`` from UTC, or to nobody knows where."""

    local: datetime
    offset: timedelta | None = None


def read_date(text: str) -> date | None:
    """Return the day of a DA value, the older form with full stops included."""
    match = _DATE.match(text.strip())
    if match is None:
        return None
    try:
        return date(int(match[1]), int(match[2]), int(match[3]))
    except ValueError:
        return None


def read_time(text: str) -> time | None:
    """Return the time of day of a TM value that tells at least the minute."""
    match = _TIME.match(text.strip())
    if match is None:
        return None
    try:
        return time(int(match[1]), int(match[2]), int(match[3] or 0), int((match[4] or "0").ljust(6, "0")))
    except ValueError:
        return None


def read_datetime(text: str) -> StatedTime | None:
    """Return the point in time of a DT value that tells at least the minute."""
    match = _DATETIME.match(text.strip())
    if match is None:
        return None
    day, clock = read_date(match[1]), read_time(match[2])
    offset = read_offset(match[3]) if match[3] else None
    if day is None or clock is None or (match[3] and offset is None):
        return None
    return StatedTime(datetime.combine(day, clock), offset)


def read_offset(text: str) -> timedelta | None:
    """Return an offset from UTC written as ``+HHMM`` or ``-HHMM``."""
    match = _OFFSET.match(text.strip())
    if match is None:
        return None
    size = timedelta(hours=int(match[2]), minutes=int(match[3]))
    offset = -size if match[1] == "-" else size
    return offset if int(match[3]) < 60 and _WESTERNMOST <= offset <= _EASTERNMOST else None


def joined(date_text: str, time_text: str) -> datetime | None:
    """Return the point in time of a DA and a TM value."""
    day, clock = read_date(date_text), read_time(time_text)
    return datetime.combine(day, clock) if day is not None and clock is not None else None
