"""Response of FDG uptake by PERCIST 1.0, as a table: what was compared, what it needed, what came out.

Wahl et al., J Nucl Med 2009;50(Suppl 1):122S; comparability after O and Wahl, Radiology 2016;280:576. The hottest
lesion of each date is compared, which need not be the same one.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

#: The rule's numbers.
RELATIVE_CHANGE = 0.30
ABSOLUTE_CHANGE_SUL = 0.8
TOTAL_RISE = 0.75
UPTAKE_DIFFERENCE_MIN = 15.0
LIVER_RELATIVE = 0.20
LIVER_ABSOLUTE_SUL = 0.3
#: Lowest uptake that is measurable: 1.5 x liver + 2 SD, or 2 x blood pool + 2 SD where the liver is diseased.
LIVER_FACTOR, BLOOD_POOL_FACTOR, DEVIATIONS = 1.5, 2.0, 2.0
LIVER_RADIUS_MM = 15.0
_ROUNDING = 1e-9


class Response(StrEnum):
    """The outcome by the rule."""

    COMPLETE = "CMR"
    PARTIAL = "PMR"
    STABLE = "SMD"
    PROGRESSIVE = "PMD"


@dataclass(frozen=True, slots=True)
class PercistScan:
    """One date: SULpeak of its hottest lesion, ``None`` where no lesion stands out any more (a reader's finding)."""

    sul_peak: float | None
    total: float | None = None  # total lesion glycolysis of up to five lesions
    liver_mean: float | None = None
    liver_deviation: float | None = None
    uptake_minutes: float | None = None
    scanner: str = ""
    reconstruction: str = ""
    has_new_lesion: bool = False


@dataclass(frozen=True, slots=True)
class Check:
    """One condition of comparability: ``is_met`` ``None`` where a value is not known."""

    name: str
    baseline: float | str | None
    follow_up: float | str | None
    limit: str
    is_met: bool | None


@dataclass(frozen=True, slots=True)
class Change:
    """A quantity at both dates, its absolute change, and the relative one to the baseline."""

    name: str
    baseline: float | None
    follow_up: float | None
    absolute: float | None
    relative: float | None


@dataclass(frozen=True, slots=True)
class PercistTable:
    """``response`` ``None`` where nothing measurable was there at first; ``is_comparable`` ``None``: not known."""

    changes: tuple[Change, ...]
    checks: tuple[Check, ...]
    response: Response | None
    because: str
    is_comparable: bool | None


def measurable_from(mean: float, deviation: float, *, is_blood_pool: bool = False) -> float:
    """Return the lowest SULpeak that PERCIST measures at baseline, from a reference region's mean and deviation."""
    return (BLOOD_POOL_FACTOR if is_blood_pool else LIVER_FACTOR) * mean + DEVIATIONS * deviation


def percist(baseline: PercistScan, follow_up: PercistScan) -> PercistTable:
    """Return the table of two dates."""
    changes = (
        _change("SULpeak of the hottest lesion", baseline.sul_peak, follow_up.sul_peak),
        _change("total lesion glycolysis", baseline.total, follow_up.total),
        _change("liver, mean SUL", baseline.liver_mean, follow_up.liver_mean),
    )
    checks = _checks(baseline, follow_up)
    response, because = _response(baseline, follow_up, changes)
    met = [check.is_met for check in checks]
    comparable = False if False in met else None if None in met else True
    return PercistTable(changes, checks, response, because, comparable)


def _change(name: str, baseline: float | None, follow_up: float | None) -> Change:
    if baseline is None or follow_up is None:
        return Change(name, baseline, follow_up, None, None)
    absolute = follow_up - baseline
    return Change(name, baseline, follow_up, absolute, absolute / baseline if baseline > 0.0 else None)


def _checks(baseline: PercistScan, follow_up: PercistScan) -> tuple[Check, ...]:
    liver = _change("", baseline.liver_mean, follow_up.liver_mean)
    is_liver_alike = None
    if liver.absolute is not None and liver.relative is not None:
        is_liver_alike = abs(liver.relative) <= LIVER_RELATIVE and abs(liver.absolute) < LIVER_ABSOLUTE_SUL
    times = _change("", baseline.uptake_minutes, follow_up.uptake_minutes)
    is_time_alike = None if times.absolute is None else abs(times.absolute) <= UPTAKE_DIFFERENCE_MIN
    limits = f"within {LIVER_RELATIVE:.0%} and less than {LIVER_ABSOLUTE_SUL:g} SUL"
    return (
        Check("liver, mean SUL", baseline.liver_mean, follow_up.liver_mean, limits, is_liver_alike),
        Check(
            "uptake time, minutes",
            baseline.uptake_minutes,
            follow_up.uptake_minutes,
            f"within {UPTAKE_DIFFERENCE_MIN:g} minutes",
            is_time_alike,
        ),
        _same("scanner", baseline.scanner, follow_up.scanner),
        _same("reconstruction", baseline.reconstruction, follow_up.reconstruction),
    )


def _same(name: str, baseline: str, follow_up: str) -> Check:
    is_met = None if not baseline or not follow_up else baseline == follow_up
    return Check(name, baseline or None, follow_up or None, "the same", is_met)


def _response(
    baseline: PercistScan, follow_up: PercistScan, changes: tuple[Change, ...]
) -> tuple[Response | None, str]:
    if follow_up.has_new_lesion:
        return Response.PROGRESSIVE, "a new lesion"
    obstacle = _why_not_measurable(baseline)
    if obstacle:
        return None, obstacle
    if follow_up.sul_peak is None:
        return Response.COMPLETE, "no lesion stands out at the second date"
    return _by_change(changes)


def _why_not_measurable(baseline: PercistScan) -> str:
    if baseline.sul_peak is None:
        return "no lesion at the first date"
    if baseline.liver_mean is not None and baseline.liver_deviation is not None:
        lowest = measurable_from(baseline.liver_mean, baseline.liver_deviation)
        if baseline.sul_peak < lowest:
            return f"the first SULpeak, {baseline.sul_peak:.2f}, is not measurable: it is below {lowest:.2f}"
    return ""


def _by_change(changes: tuple[Change, ...]) -> tuple[Response, str]:
    peak, total = changes[0], changes[1]
    absolute, relative = peak.absolute or 0.0, peak.relative or 0.0
    words = f"SULpeak {absolute:+.2f} ({relative:+.0%})"
    # A change of exactly the limit counts; a sum of floats that misses it by rounding does, too.
    is_large = abs(relative) >= RELATIVE_CHANGE - _ROUNDING and abs(absolute) >= ABSOLUTE_CHANGE_SUL - _ROUNDING
    if is_large and absolute > 0.0:
        return Response.PROGRESSIVE, words
    if total.relative is not None and total.relative > TOTAL_RISE:
        return Response.PROGRESSIVE, f"total lesion glycolysis {total.relative:+.0%}"
    return (Response.PARTIAL if is_large else Response.STABLE), words
