"""SUV a second time, from the text of the formulas alone: it shares no function with :mod:`loaders.values.suv`.

It assumes what the first calculation has checked, decides again which times count, does its own calendar and its own
decay, and gives up with an empty result rather than with an error.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from loaders.model.pet_facts import PetFacts

_DAY_S = 86400.0


def proven_factors(facts: Sequence[PetFacts], kind: str) -> tuple[float, ...]:
    """Return SUV per stored value of each frame, or nothing where the text of the formulas does not lead to it."""
    try:
        return tuple(_per_stored_value(each, facts, kind) for each in facts)
    except (ValueError, TypeError, ZeroDivisionError, OverflowError, IndexError):
        return ()


def _per_stored_value(frame: PetFacts, series: Sequence[PetFacts], kind: str) -> float:
    slope = _given(frame.slope)
    if frame.units in ("GML", "CM2ML"):
        return slope
    becquerel_per_value = slope
    if frame.units == "CNTS":
        if kind == "SUVbw" and frame.philips_suv_factor:
            return frame.philips_suv_factor * slope
        becquerel_per_value = slope * _given(frame.philips_activity_factor)
    # SUV = concentration x normalisation / dose, the dose at the time that the concentration stands for.
    dose = _given(frame.dose_bq)
    if not (frame.decay_correction == "ADMIN" and not frame.is_enhanced):
        half_life = _given(frame.half_life_s)
        dose *= math.exp(-_uptake_s(series, half_life) * math.log(2.0) / half_life)
    return becquerel_per_value * _normalisation(frame, kind) / dose


def _normalisation(frame: PetFacts, kind: str) -> float:
    kilograms = _given(frame.weight_kg)
    if kind == "SUVbw":
        return 1e3 * kilograms
    centimetres = 1e2 * _given(frame.height_m)
    if kind == "SUVbsa":
        # DuBois and DuBois 1916: square metres of kilograms and centimetres.
        return 1e4 * 0.007184 * math.exp(0.425 * math.log(kilograms) + 0.725 * math.log(centimetres))
    is_man = {"M": True, "F": False}.get(frame.sex)
    if is_man is None:
        raise ValueError(frame.sex)
    if kind == "SUVlbm-james":
        if is_man:
            return 1e3 * (1.1 * kilograms - 128.0 * kilograms * kilograms / (centimetres * centimetres))
        return 1e3 * (1.07 * kilograms - 148.0 * kilograms * kilograms / (centimetres * centimetres))
    if kind == "SUVlbm-janmahasatian":
        mass_index = kilograms / (centimetres / 100.0) ** 2
        if is_man:
            return 1e3 * 9.27e3 * kilograms / (6.68e3 + 216 * mass_index)
        return 1e3 * 9.27e3 * kilograms / (8.78e3 + 244 * mass_index)
    raise ValueError(kind)


def _uptake_s(series: Sequence[PetFacts], half_life: float) -> float:
    """Seconds from the administration to the time to which the series was corrected."""
    first = series[0]
    reference = _reference_s(series, half_life)
    if first.start_datetime:
        return reference - _moment_of(first.start_datetime, first.timezone_offset)
    # A date is not stated: the last time the clock showed that time before the reference.
    return (reference - _clock_s(first.start_time)) % _DAY_S


def _reference_s(series: Sequence[PetFacts], half_life: float) -> float:
    first = series[0]
    if first.is_enhanced:
        return _moment_of(first.decay_correction_datetime, first.timezone_offset)
    series_s = _day_number(first.series_date) * _DAY_S + _clock_s(first.series_time)
    counting = [_day_number(each.acquisition_date) * _DAY_S + _clock_s(each.acquisition_time) for each in series]
    if series_s <= min(counting) + 1.0:
        return series_s
    if first.ge_scan_datetime:
        return _moment_of(first.ge_scan_datetime, first.timezone_offset)
    if first.frame_reference_time_ms is None:
        return min(counting)
    begun = []
    for each, at in zip(series, counting, strict=True):
        length = _given(each.frame_duration_ms) / 1000.0
        constant = math.log(2.0) / half_life
        average = math.log(constant * length / (1.0 - math.exp(-constant * length))) / constant
        begun.append(at + average - _given(each.frame_reference_time_ms) / 1000.0)
    return 0.5 * (min(begun) + max(begun))


def _moment_of(text: str, file_zone: str) -> float:
    """Seconds of a DT since the calendar's beginning, in the zone of the file."""
    stamp, zone = text.strip(), ""
    for sign in "+-":
        if sign in stamp:
            cut = stamp.index(sign)
            stamp, zone = stamp[:cut], stamp[cut:]
    moment = _day_number(stamp[:8]) * _DAY_S + _clock_s(stamp[8:])
    if zone and file_zone:
        moment += 60.0 * (_zone_minutes(file_zone) - _zone_minutes(zone))
    return moment


def _zone_minutes(zone: str) -> int:
    size = 60 * int(zone[1:3]) + int(zone[3:5])
    return -size if zone[0] == "-" else size


def _clock_s(text: str) -> float:
    digits = text.strip().replace(":", "")
    seconds = digits[4:]
    return 3600.0 * int(digits[:2]) + 60.0 * int(digits[2:4]) + (float(seconds) if seconds else 0.0)


def _day_number(text: str) -> int:
    """Julian day number of a Gregorian date (Fliegel and Van Flandern, CACM 1968)."""
    digits = text.strip().replace(".", "")
    year, month, day = int(digits[:4]), int(digits[4:6]), int(digits[6:8])
    early = (14 - month) // 12
    years, months = year + 4800 - early, month + 12 * early - 3
    return day + (153 * months + 2) // 5 + 365 * years + years // 4 - years // 100 + years // 400 - 32045


def _given(number: float | None) -> float:
    if number is None:
        raise ValueError("a number that the formula needs is not there")
    return number
