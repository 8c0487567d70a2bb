"""What an uptake is normalised to: body weight, lean body mass, body surface."""

from __future__ import annotations

from enum import StrEnum

from loaders.model.units import ValueUnit
from loaders.values.no_suv import NoSuv, SuvDoubt, doubtful, missing

#: Outside these a value is more likely a wrong unit than a patient: grams, centimetres, inches, feet.
WEIGHT_KG = (0.5, 400.0)
HEIGHT_M = (0.3, 2.5)
BODY_MASS_INDEX = (8.0, 90.0)


class SuvKind(StrEnum):
    """By what the uptake is normalised. The words are those of the result's ``type``."""

    BODY_WEIGHT = "SUVbw"
    LEAN_BODY_JAMES = "SUVlbm-james"
    LEAN_BODY_JANMAHASATIAN = "SUVlbm-janmahasatian"
    BODY_SURFACE = "SUVbsa"
    LEAN_BODY_UNNAMED = "SUVlbm"  # only as a file's own type: by a formula that the file does not name
    IDEAL_BODY = "SUVibw"  # only as a file's own type

    @property
    def unit(self) -> ValueUnit:
        """The unit of values; two windows are equal only within one unit."""
        if self is SuvKind.BODY_WEIGHT:
            return ValueUnit.SUV_BODY_WEIGHT
        if self is SuvKind.BODY_SURFACE:
            return ValueUnit.SUV_BODY_SURFACE
        return ValueUnit.OTHER if self is SuvKind.IDEAL_BODY else ValueUnit.SUV_LEAN_BODY_MASS


#: The kinds that can be calculated.
CALCULATED = (
    SuvKind.BODY_WEIGHT,
    SuvKind.LEAN_BODY_JAMES,
    SuvKind.LEAN_BODY_JANMAHASATIAN,
    SuvKind.BODY_SURFACE,
)


def normaliser(kind: SuvKind, weight_kg: float | None, height_m: float | None, sex: str) -> float:
    """Return what the dose is spread over: grams, or square centimetres for the body's surface.

    Lean body mass after James (1976, with 128 for men) or Janmahasatian (Clin Pharmacokinet 2005;44:1051), surface
    after DuBois (1916). Raises ``NoSuv``.
    """
    weight = _weight(weight_kg)
    if kind is SuvKind.BODY_WEIGHT:
        return weight * 1000.0
    height = _height(height_m)
    index = weight / height**2
    if not BODY_MASS_INDEX[0] <= index <= BODY_MASS_INDEX[1]:
        raise NoSuv(
            SuvDoubt.CONTRADICTS,
            ("weight_kg", "height_m"),
            f"Patient's Weight (0010,1030) {weight:g} kg and Patient's Size (0010,1020) {height:g} m do not fit: "
            f"a body mass index of {index:.1f}.",
        )
    if kind is SuvKind.BODY_SURFACE:
        return float(0.007184 * weight**0.425 * (height * 100.0) ** 0.725 * 10_000.0)
    if sex not in {"M", "F"}:
        raise missing("sex") if not sex else doubtful("sex", sex, "has no formula of lean body mass")
    if kind is SuvKind.LEAN_BODY_JANMAHASATIAN:
        resistance = 6680.0 + 216.0 * index if sex == "M" else 8780.0 + 244.0 * index
        return 9270.0 * weight / resistance * 1000.0
    return _james_kg(weight, height, sex) * 1000.0


def _james_kg(weight: float, height: float, sex: str) -> float:
    linear, square = (1.10, 128.0) if sex == "M" else (1.07, 148.0)
    ratio = weight / (height * 100.0)
    if linear - 2.0 * square * ratio / (height * 100.0) <= 0.0:
        raise NoSuv(
            SuvDoubt.IMPLAUSIBLE,
            ("weight_kg", "height_m"),
            f"James's formula does not hold for {weight:g} kg at {height:g} m, where it falls with rising weight; "
            "Janmahasatian's does.",
        )
    return linear * weight - square * ratio**2


def _weight(weight_kg: float | None) -> float:
    if weight_kg is None:
        raise missing("weight_kg")
    if not WEIGHT_KG[0] <= weight_kg <= WEIGHT_KG[1]:
        raise doubtful("weight_kg", f"{weight_kg:g}", "is no weight of a patient in kg")
    return weight_kg


def _height(height_m: float | None) -> float:
    if height_m is None:
        raise missing("height_m")
    if not HEIGHT_M[0] <= height_m <= HEIGHT_M[1]:
        raise doubtful("height_m", f"{height_m:g}", "is no height of a patient in metres")
    return height_m
