"""The table a reader wants: each lesion at each examination, the change, and what the named rules say of it."""

from __future__ import annotations

from dataclasses import dataclass

from compare.following.criteria import GrowthRule
from compare.following.doubling_time import (
    DoublingTime,
    VolumeEstimate,
    doubling_time,
    ellipsoid_volume_mm3,
    relative_volume_error,
)
from compare.following.lesion import Lesion
from compare.following.recist import counted_mm
from compare.following.time_points import LesionSize, Sizes, TimePoint


@dataclass(frozen=True, slots=True)
class RuleVerdict:
    """What one growth rule says, under its own name. ``is_growth`` ``None``: the rule does not speak of this case."""

    rule: str
    is_growth: bool | None


@dataclass(frozen=True, slots=True)
class Change:
    """From an earlier examination to a later one, of the diameter that counts for this lesion."""

    days: int | None
    absolute_mm: float
    relative_percent: float | None
    doubling: DoublingTime | None
    rules: tuple[RuleVerdict, ...]


@dataclass(frozen=True, slots=True)
class LesionCell:
    """One lesion at one examination. Changes are ``None`` where one of the two sizes is missing."""

    size: LesionSize
    counted_mm: float | None
    from_previous: Change | None = None
    from_first: Change | None = None


@dataclass(frozen=True, slots=True)
class LesionRow:
    """One lesion through time; ``cells`` stand in the order of the time points."""

    lesion: Lesion
    cells: tuple[LesionCell, ...]


def lesion_rows(
    lesions: tuple[Lesion, ...], points: tuple[TimePoint, ...], sizes: Sizes, rules: tuple[GrowthRule, ...]
) -> tuple[LesionRow, ...]:
    """Return one row a lesion. ``points`` are in order of date."""
    return tuple(_row(lesion, points, sizes, rules) for lesion in lesions)


def _row(lesion: Lesion, points: tuple[TimePoint, ...], sizes: Sizes, rules: tuple[GrowthRule, ...]) -> LesionRow:
    measured: list[tuple[TimePoint, LesionSize]] = []
    cells: list[LesionCell] = []
    for point in points:
        size = sizes[lesion.tracking_uid, point.study_key]
        value = counted_mm(lesion, size)
        if value is None:
            cells.append(LesionCell(size, None))
            continue
        previous = _change(lesion, measured[-1], (point, size), rules) if measured else None
        first = _change(lesion, measured[0], (point, size), rules) if measured else None
        cells.append(LesionCell(size, value, previous, first))
        measured.append((point, size))
    return LesionRow(lesion, tuple(cells))


def _change(
    lesion: Lesion,
    before: tuple[TimePoint, LesionSize],
    after: tuple[TimePoint, LesionSize],
    rules: tuple[GrowthRule, ...],
) -> Change | None:
    old, new = counted_mm(lesion, before[1]), counted_mm(lesion, after[1])
    if old is None or new is None:
        return None
    dates = (before[0].study_date, after[0].study_date)
    days = (dates[1] - dates[0]).days if dates[0] is not None and dates[1] is not None else None
    return Change(
        days=days,
        absolute_mm=new - old,
        relative_percent=(new - old) / old * 100.0 if old else None,
        doubling=_doubling(before[1], after[1], days),
        rules=tuple(_verdict(rule, before[1], after[1], days) for rule in rules),
    )


def _verdict(rule: GrowthRule, before: LesionSize, after: LesionSize, days: int | None) -> RuleVerdict:
    if days is None or before.mean_mm is None or after.mean_mm is None:
        return RuleVerdict(rule.code, None)
    return RuleVerdict(rule.code, rule.is_growth(round(after.mean_mm - before.mean_mm, 6), days))


def _doubling(before: LesionSize, after: LesionSize, days: int | None) -> DoublingTime | None:
    first, second = _volume(before), _volume(after)
    if days is None or first is None or second is None:
        return None
    return doubling_time(first, second, days)


def _volume(size: LesionSize) -> VolumeEstimate | None:
    """Volume from two axes, and its error from the grid; ``None`` where the grid is not known."""
    if size.long_mm is None or not size.short_mm or size.grid_mm is None:
        return None
    extents = (size.long_mm, size.short_mm, size.short_mm)
    return VolumeEstimate(
        ellipsoid_volume_mm3(size.long_mm, size.short_mm), relative_volume_error(extents, size.grid_mm)
    )
