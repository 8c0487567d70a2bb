"""A calibrated rectangle of an ultrasound picture (PS3.3 C.8.5.5): what one pixel across and one down stand for."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class RegionUnit(StrEnum):
    """What an axis of a region counts (PS3.3 C.8.5.5.1.15); ``NONE`` where it is not calibrated, or not known."""

    NONE = ""
    PERCENT = "%"
    DECIBEL = "dB"
    CENTIMETRE = "cm"
    SECOND = "s"
    HERTZ = "Hz"
    DECIBEL_PER_SECOND = "dB/s"
    CENTIMETRE_PER_SECOND = "cm/s"
    SQUARE_CENTIMETRE = "cm2"
    SQUARE_CENTIMETRE_PER_SECOND = "cm2/s"
    CUBIC_CENTIMETRE = "cm3"
    CUBIC_CENTIMETRE_PER_SECOND = "cm3/s"
    DEGREE = "deg"


@dataclass(frozen=True, slots=True)
class UltrasoundRegion:
    """A rectangle of pixels, counted from 0, its last row and column included.

    ``across_delta`` is what one column stands for in ``across_unit``, ``down_delta`` what one row does in
    ``down_unit``; both are positive, or 0 where the unit is ``NONE``.
    """

    first_column: int
    first_row: int
    last_column: int
    last_row: int
    across_unit: RegionUnit
    down_unit: RegionUnit
    across_delta: float
    down_delta: float
    #: A two-dimensional picture (Region Spatial Format 1), not a trace over time or a spectrum.
    is_picture: bool = True

    @property
    def is_length(self) -> bool:
        """Whether both axes are lengths, so that any line in the region has one."""
        return self.across_unit is RegionUnit.CENTIMETRE and self.down_unit is RegionUnit.CENTIMETRE

    @property
    def calibration(self) -> tuple[RegionUnit, RegionUnit, float, float]:
        """What makes two overlapping regions say the same of a line."""
        return self.across_unit, self.down_unit, self.across_delta, self.down_delta

    def holds(self, column: float, row: float) -> bool:
        """Whether a point lies in the region; pixel centres are whole numbers, a pixel reaches half to each side."""
        return (
            self.first_column - 0.5 <= column <= self.last_column + 0.5
            and self.first_row - 0.5 <= row <= self.last_row + 0.5
        )
