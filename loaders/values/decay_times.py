"""To which time PET values were corrected for decay, and how long after the administration that was.

After the vendor-neutral pseudo-code of the QIBA FDG-PET/CT profile (appendix G) and PS3.3 C.8.9.1.1.5, C.8.9.4.1.5.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from loaders.model.pet_facts import PetFacts
from loaders.values.dicom_times import joined, read_datetime, read_offset, read_time
from loaders.values.no_suv import NoSuv, SuvDoubt, contradiction, doubtful, missing
from loaders.values.one_value import common

#: Clocks of one machine may disagree by rounding: Siemens writes a series 15 microseconds after its first image.
_ROUNDING = timedelta(seconds=1)
#: A series whose counting begins this long after the series did is not one scan.
_LONGEST_SERIES = timedelta(hours=6)
#: Starts worked out of different beds must agree this well.
_SAME_START_S = 2.0
#: More decay than this leaves nothing to see (a thousandth of the dose).
_MOST_HALF_LIVES = 10.0
#: Without a date the day of the administration is clear only for what is gone the next day ...
_LONGEST_UNDATED_HALF_LIFE_S = 10 * 3600.0
#: ... and a time later than the scan's is taken as the evening before only for an uptake that is usual.
_LONGEST_OVER_MIDNIGHT = timedelta(hours=8)
_MOST_HALF_LIVES_OVER_MIDNIGHT = 5.0


@dataclass(frozen=True, slots=True)
class DecayTime:
    """``reference``: the time the values stand for; ``seconds`` from the administration to it."""

    reference: datetime
    reference_is: str
    administration: datetime
    seconds: float


def decay_time(facts: Sequence[PetFacts], half_life_s: float) -> DecayTime:
    """Return the decay time of values corrected to the start of the scan. Raises ``NoSuv``."""
    reference, reference_is = _scan_start(facts, half_life_s)
    administration = _administration(facts, reference, half_life_s)
    elapsed = reference - administration
    seconds = elapsed.total_seconds()
    if seconds < 0.0:
        raise contradiction(
            ("start_datetime", "start_time", reference_is),
            f"The decay time is negative: the administration at {administration} (Radiopharmaceutical Start "
            f"(0018,1072) or (0018,1078)) lies after the scan's start at {reference}.",
        )
    if seconds > _MOST_HALF_LIVES * half_life_s:
        raise contradiction(
            ("start_datetime", "start_time", "half_life_s"),
            f"The decay time of {elapsed} is {seconds / half_life_s:.1f} half lives (Radionuclide Half Life "
            f"(0018,1075) {half_life_s:g} s): the dates or times of administration (0018,1072), (0018,1078) and scan "
            "do not belong together.",
        )
    return DecayTime(reference, reference_is, administration, seconds)


def _scan_start(facts: Sequence[PetFacts], half_life_s: float) -> tuple[datetime, str]:
    if facts[0].is_enhanced:
        text = common(facts, "decay_correction_datetime")
        stated = read_datetime(str(text))
        if stated is None:
            raise doubtful("decay_correction_datetime", text, "cannot be read")
        return _in_file_zone(stated.local, stated.offset, facts, "decay_correction_datetime"), "decay correction time"
    series = joined(str(common(facts, "series_date")), str(common(facts, "series_time")))
    if series is None:
        raise NoSuv(
            SuvDoubt.UNREADABLE,
            ("series_date", "series_time"),
            "Series Date (0008,0021) or Series Time (0008,0031) cannot be read.",
        )
    earliest = min(_acquisitions(facts))
    if series - earliest > _ROUNDING:
        return _start_of_processed(facts, series, earliest, half_life_s)
    if earliest - series > _LONGEST_SERIES:
        raise contradiction(
            ("series_date", "series_time", "acquisition_date", "acquisition_time"),
            f"Series Date and Time (0008,0021), (0008,0031) {series} lie {earliest - series} before the first "
            f"Acquisition Date and Time (0008,0022), (0008,0032) {earliest}.",
        )
    return series, "series time"


def _acquisitions(facts: Sequence[PetFacts]) -> list[datetime]:
    starts = []
    common(facts, "timezone_offset", may_be_missing=True)
    for each in facts:
        absent = [name for name in ("acquisition_date", "acquisition_time") if not getattr(each, name)]
        if absent:
            raise missing(*absent)
        start = joined(each.acquisition_date, each.acquisition_time)
        if start is None:
            text = f"{each.acquisition_date} {each.acquisition_time}"
            raise doubtful("acquisition_time", text, "cannot be read as date and time")
        starts.append(start)
    return starts


def _start_of_processed(
    facts: Sequence[PetFacts], series: datetime, earliest: datetime, half_life_s: float
) -> tuple[datetime, str]:
    """The scan's start where the series' own time is that of a later processing."""
    if any(each.ge_scan_datetime for each in facts):
        text = common(facts, "ge_scan_datetime")
        stated = read_datetime(str(text))
        if stated is None:
            raise doubtful("ge_scan_datetime", text, "cannot be read")
        scan = _in_file_zone(stated.local, stated.offset, facts, "ge_scan_datetime")
        if not -_ROUNDING <= earliest - scan <= _LONGEST_SERIES:
            raise contradiction(
                ("ge_scan_datetime", "acquisition_date", "acquisition_time"),
                f"PET scan_datetime (0009,xx0D) {scan} does not fit the first Acquisition Date and Time (0008,0022), "
                f"(0008,0032) {earliest}.",
            )
        return scan, "private scan time"
    if facts[0].manufacturer.upper().startswith("GE"):
        # GE counts the frame reference time from the frame's beginning: it cannot be worked back.
        raise contradiction(
            ("series_date", "series_time", "ge_scan_datetime"),
            f"Series Date and Time (0008,0021), (0008,0031) {series} lie after the first acquisition {earliest}, and "
            "the scan's own time, PET scan_datetime (0009,xx0D), is missing.",
        )
    if all(each.frame_reference_time_ms is None and each.frame_duration_ms is None for each in facts):
        return _first_acquisition(facts, series, earliest), "first acquisition time"
    return _worked_back(facts, half_life_s), "frame reference time"


def _first_acquisition(facts: Sequence[PetFacts], series: datetime, earliest: datetime) -> datetime:
    announced = facts[0].number_of_slices
    if announced is not None and announced > len(facts):
        raise NoSuv(
            SuvDoubt.INCOMPLETE,
            ("number_of_slices", "series_date", "series_time"),
            f"Series Date and Time (0008,0021), (0008,0031) {series} lie after the first acquisition here, and of "
            f"{announced} slices (Number of Slices (0054,0081)) only {len(facts)} are here: the first bed may be "
            "missing.",
        )
    return earliest


def _worked_back(facts: Sequence[PetFacts], half_life_s: float) -> datetime:
    """From each bed's beginning back by its frame reference time, less the time of its average activity."""
    rate = math.log(2.0) / half_life_s
    starts = []
    for each, acquisition in zip(facts, _acquisitions(facts), strict=True):
        if each.frame_reference_time_ms is None or each.frame_duration_ms is None:
            absent = ("frame_reference_time_ms", "frame_duration_ms")
            raise missing(*(name for name in absent if getattr(each, name) is None))
        if each.frame_reference_time_ms <= 0.0 or each.frame_duration_ms <= 0.0:
            name = "frame_duration_ms" if each.frame_duration_ms <= 0.0 else "frame_reference_time_ms"
            raise doubtful(name, f"{getattr(each, name):g} ms", "leaves the scan's start unknown")
        decay = rate * each.frame_duration_ms / 1000.0
        average_s = math.log(decay / -math.expm1(-decay)) / rate
        starts.append(acquisition - timedelta(seconds=each.frame_reference_time_ms / 1000.0 - average_s))
    if (max(starts) - min(starts)).total_seconds() > _SAME_START_S:
        raise contradiction(
            ("frame_reference_time_ms", "acquisition_time"),
            "Frame Reference Time (0054,1300) and Acquisition Time (0008,0032) of the slices lead to different starts "
            f"of the scan, {min(starts)} to {max(starts)}.",
        )
    return min(starts) + (max(starts) - min(starts)) / 2


def _administration(facts: Sequence[PetFacts], reference: datetime, half_life_s: float) -> datetime:
    date_text = str(common(facts, "start_datetime", may_be_missing=True) or "")
    time_text = str(common(facts, "start_time", may_be_missing=True) or "")
    if not date_text and not time_text:
        raise missing("start_time", "start_datetime")
    clock = read_time(time_text) if time_text else None
    if time_text and clock is None:
        raise doubtful("start_time", time_text, "cannot be read as a time")
    if date_text:
        stated = read_datetime(date_text)
        if stated is None:
            raise doubtful("start_datetime", date_text, "cannot be read as date and time")
        if stated.offset is not None and not facts[0].timezone_offset and clock is not None:
            # The time beside it is in the file's own zone: where both read alike, so are the zones.
            local = stated.local
        else:
            local = _in_file_zone(stated.local, stated.offset, facts, "start_datetime")
        if clock is not None and abs((datetime.combine(local.date(), clock) - local).total_seconds()) > 1.0:
            raise contradiction(
                ("start_time", "start_datetime"),
                f"Radiopharmaceutical Start Time (0018,1072) {time_text} and Start DateTime (0018,1078) {date_text} "
                "contradict each other.",
            )
        return local
    assert clock is not None  # noqa: S101 - one of the two was there
    if half_life_s >= _LONGEST_UNDATED_HALF_LIFE_S:
        raise NoSuv(
            SuvDoubt.MISSING,
            ("start_datetime",),
            f"Radiopharmaceutical Start DateTime (0018,1078) is missing: with a half life of {half_life_s / 3600:.1f} "
            "h, Start Time (0018,1072) alone leaves the day open.",
        )
    return _undated(datetime.combine(reference.date(), clock), reference, half_life_s)


def _undated(same_day: datetime, reference: datetime, half_life_s: float) -> datetime:
    """The administration on the day of the scan, or in the evening before a scan soon after midnight."""
    if same_day <= reference:
        return same_day
    evening_before = same_day - timedelta(days=1)
    uptake = reference - evening_before
    longest_s = min(_LONGEST_OVER_MIDNIGHT.total_seconds(), _MOST_HALF_LIVES_OVER_MIDNIGHT * half_life_s)
    if uptake.total_seconds() <= longest_s:
        return evening_before
    raise contradiction(
        ("start_time", "series_time"),
        f"The decay time is negative: Radiopharmaceutical Start Time (0018,1072) {same_day.time()} lies after the "
        f"scan's start at {reference.time()}, and {uptake} from the day before is no usual uptake time.",
    )


def _in_file_zone(local: datetime, offset: timedelta | None, facts: Sequence[PetFacts], element: str) -> datetime:
    """Return a DT value in the zone of the file's dates and times. Raises ``NoSuv`` where the zone is not known."""
    if offset is None:
        return local
    text = common(facts, "timezone_offset", may_be_missing=True)
    if not text:
        raise NoSuv(
            SuvDoubt.MISSING,
            ("timezone_offset", element),
            "Timezone Offset From UTC (0008,0201) is missing, while another time is given with its zone.",
        )
    own = read_offset(str(text))
    if own is None:
        raise doubtful("timezone_offset", text, "is no offset from UTC")
    return local - offset + own
