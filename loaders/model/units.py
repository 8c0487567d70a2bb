"""What a pixel value means and what a millimetre rests on. Both travel beside the numbers everywhere."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class ValueUnit(StrEnum):
    """The unit of a value after the modality LUT. Two series share a window only when these are equal."""

    HOUNSFIELD = "HU"
    BECQUEREL_PER_ML = "Bq/ml"
    COUNTS = "counts"
    PROPORTIONAL_COUNTS = "proportional counts"
    SUV_BODY_WEIGHT = "SUVbw"
    SUV_LEAN_BODY_MASS = "SUVlbm"
    SUV_BODY_SURFACE = "SUVbsa"
    OPTICAL_DENSITY = "OD"
    GRAY = "Gy"
    STORED = "stored units"
    COLOUR = "colour"
    OTHER = "other"


class SpacingBasis(StrEnum):
    """Where the millimetres of an image come from (PS3.3 10.7). Only some of them are millimetres in the patient."""

    GEOMETRY = "geometry"  # position and orientation in the patient: CT, MR, PET
    CALIBRATED = "calibrated"  # Pixel Spacing with a Calibration Type, or differing from Imager Pixel Spacing
    AT_DETECTOR = "at detector"  # Imager Pixel Spacing only, or Pixel Spacing equal to it
    MAGNIFICATION_CORRECTED = "magnification corrected"  # Imager Pixel Spacing over the estimated magnification
    SCANNED = "scanned"  # Nominal Scanned Pixel Spacing of a digitised film
    ULTRASOUND_REGION = "ultrasound region"
    PIXELS_ONLY = "pixels only"


#: Bases on which two images may be brought to the same scale in millimetres.
COMPARABLE_BASES = frozenset(
    {SpacingBasis.GEOMETRY, SpacingBasis.CALIBRATED, SpacingBasis.MAGNIFICATION_CORRECTED},
)


@dataclass(frozen=True, slots=True)
class PixelSpacing:
    """Distance between the centres of neighbouring pixels.

    ``row_mm`` is between rows (down the image), ``column_mm`` between columns (across), in the order of (0028,0030).
    With ``PIXELS_ONLY`` both are 1.0 times the pixel aspect ratio and are *not* millimetres.
    """

    row_mm: float
    column_mm: float
    basis: SpacingBasis

    @property
    def is_mm(self) -> bool:
        """Whether the numbers are millimetres at all."""
        return self.basis is not SpacingBasis.PIXELS_ONLY

    @property
    def is_comparable(self) -> bool:
        """Whether the scale may be equalised with another study's in millimetres of the patient."""
        return self.basis in COMPARABLE_BASES
