"""Volume doubling time with its confidence interval.

A doubling time without its uncertainty misleads: with thick slices the interval of a small nodule reaches from fast
growth to none (Nietert PJ et al., doi from PMC5989730). The interval here follows from the images' own grid.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

#: 95 % of a normal distribution.
_Z = 1.959964


@dataclass(frozen=True, slots=True)
class VolumeEstimate:
    """A lesion's volume at one examination and the relative standard error of measuring it."""

    volume_mm3: float
    relative_error: float


@dataclass(frozen=True, slots=True)
class DoublingTime:
    """Doubling time in days; negative is a halving time, infinite no change at all.

    ``growth_per_day`` is ln(V2/V1)/days, and its 95 % interval is ``low_per_day`` to ``high_per_day``. The interval is
    that of the growth rate, because a doubling time's own interval falls apart in two where the rate's contains zero:
    then ``is_certain`` is false and growth is not shown.
    """

    days: float
    growth_per_day: float
    low_per_day: float
    high_per_day: float

    @property
    def is_certain(self) -> bool:
        """Whether the interval leaves no doubt about the direction of change."""
        return self.low_per_day > 0.0 or self.high_per_day < 0.0

    @property
    def interval_days(self) -> tuple[float, float] | None:
        """The 95 % interval of the doubling (or halving) time in days, ``None`` where the direction is not certain."""
        if not self.is_certain:
            return None
        ends = sorted(abs(math.log(2.0) / rate) for rate in (self.low_per_day, self.high_per_day))
        return ends[0], ends[1]


def doubling_time(first: VolumeEstimate, second: VolumeEstimate, days: int) -> DoublingTime | None:
    """Return the doubling time by the exponential model (Schwartz, Cancer 1961;14:1272), or ``None`` without one.

    There is none without two positive volumes and at least one day between them.
    """
    if days <= 0 or first.volume_mm3 <= 0.0 or second.volume_mm3 <= 0.0:
        return None
    growth = math.log(second.volume_mm3 / first.volume_mm3)
    spread = _Z * math.hypot(first.relative_error, second.relative_error)
    rate = growth / days
    return DoublingTime(
        days=math.log(2.0) / rate if rate else math.inf,
        growth_per_day=rate,
        low_per_day=(growth - spread) / days,
        high_per_day=(growth + spread) / days,
    )


def relative_volume_error(size_mm: tuple[float, float, float], grid_mm: tuple[float, float, float]) -> float:
    """Return the relative standard error of a volume whose extents along the grid's axes are ``size_mm``.

    Each of the two borders along an axis is known to within one grid step, evenly distributed (standard error
    step / sqrt(12)); an extent has two of them (step / sqrt(6): what counting the steps in an extent at a random place
    has as its error), and a volume is the product of three extents. Grid steps along the normal are the slice spacing
    or the slice thickness, whichever is larger. Raises ``ValueError`` for empty extents.
    """
    if min(size_mm) <= 0.0 or min(grid_mm) <= 0.0:
        raise ValueError("extents and steps are positive")
    return math.sqrt(sum((step / math.sqrt(6.0) / size) ** 2 for size, step in zip(size_mm, grid_mm, strict=True)))


def ellipsoid_volume_mm3(long_mm: float, short_mm: float) -> float:
    """Return the volume of the ellipsoid whose third axis is taken to be as long as its short one: an estimate only."""
    return math.pi / 6.0 * long_mm * short_mm * short_mm
