"""What a measurement says, in words: values with their units and what millimetres rest on, or why one is withheld."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

from PySide6.QtCore import QT_TRANSLATE_NOOP, QCoreApplication

from compare.measuring.values import MeasuredValue
from compare.session.measurement import REGIONS, MeasurementKind
from loaders.model.units import SpacingBasis
from viewer.viewport.corner_texts import NO_BREAK, basis_note

translate = QCoreApplication.translate

_REASONS = cast(
    "dict[str, str]",
    {
        "pixels_not_square": QT_TRANSLATE_NOOP("Viewport", "pixels not square, no scale"),
        "computations_disagree": QT_TRANSLATE_NOOP("Viewport", "two computations disagree"),
        "not_finite": QT_TRANSLATE_NOOP("Viewport", "not a number"),
        "no_angle": QT_TRANSLATE_NOOP("Viewport", "no angle between these points"),
        "not_loaded": QT_TRANSLATE_NOOP("Viewport", "the slice is not loaded"),
        "preview": QT_TRANSLATE_NOOP("Viewport", "only a preview is loaded"),
        "colour": QT_TRANSLATE_NOOP("Viewport", "a colour image has no values"),
        "empty": QT_TRANSLATE_NOOP("Viewport", "no pixel lies in it"),
        "no_values": QT_TRANSLATE_NOOP("Viewport", "padding only, no values"),
        "no_millimetres": QT_TRANSLATE_NOOP("Viewport", "the image has no millimetres"),
    },
)
#: Why a calibrated ultrasound picture gives pixels only.
_REGION_NOTES = cast(
    "dict[str, str]",
    {
        "across_regions": QT_TRANSLATE_NOOP("Viewport", "across ultrasound regions: pixels only"),
        "outside_regions": QT_TRANSLATE_NOOP("Viewport", "outside the ultrasound regions: pixels only"),
        "regions_overlap": QT_TRANSLATE_NOOP("Viewport", "ultrasound regions disagree here: pixels only"),
    },
)
_KINDS = cast(
    "dict[MeasurementKind, str]",
    {
        MeasurementKind.LENGTH: QT_TRANSLATE_NOOP("Viewport", "Length"),
        MeasurementKind.BIDIRECTIONAL: QT_TRANSLATE_NOOP("Viewport", "Two diameters"),
        MeasurementKind.ANGLE: QT_TRANSLATE_NOOP("Viewport", "Angle"),
        MeasurementKind.ELLIPSE: QT_TRANSLATE_NOOP("Viewport", "Ellipse"),
        MeasurementKind.RECTANGLE: QT_TRANSLATE_NOOP("Viewport", "Rectangle"),
        MeasurementKind.POLYGON: QT_TRANSLATE_NOOP("Viewport", "Polygon"),
        MeasurementKind.PROBE: QT_TRANSLATE_NOOP("Viewport", "Point value"),
        MeasurementKind.ARROW: QT_TRANSLATE_NOOP("Viewport", "Arrow"),
        MeasurementKind.TEXT: QT_TRANSLATE_NOOP("Viewport", "Text"),
    },
)
#: Units that stand for no unit at all are not shown.
_UNITS = {"deg": "°", "mm2": f"{NO_BREAK}mm²", "stored units": "", "other": "", "": ""}


def kind_text(kind: MeasurementKind) -> str:
    """Return what a kind is called."""
    return translate("Viewport", _KINDS[kind])


def value_lines(kind: MeasurementKind, values: Sequence[MeasuredValue] | None, text: str = "") -> tuple[str, ...]:
    """Return the lines beside a measurement: ``23.4 mm · at detector``; never millimetres without their basis.

    Only a millimetre in the patient by the image's own geometry stands alone. ``values`` ``None``: not yet computed.
    Arrows and texts say the words that the reader gave them.
    """
    if kind in {MeasurementKind.ARROW, MeasurementKind.TEXT}:
        return (text,) if text else ()
    if values is None:
        return (translate("Viewport", "measuring …"),)
    by_name = {value.name: value for value in values}
    if kind in REGIONS:
        return (*_statistics(by_name), _area(by_name))
    return _lines_of(by_name)


def _lines_of(values: dict[str, MeasuredValue]) -> tuple[str, ...]:
    if "across" in values and "down" in values:
        across, down = values["across"], values["down"]
        return (_with_basis(f"{_amount(across)} × {_amount(down)}", across),)
    withheld = next((value for value in values.values() if value.value is None), None)
    if withheld is not None:
        return (_withheld(withheld),)
    if "long_axis" in values:
        long, short = values["long_axis"], values["short_axis"]
        return (_with_basis(f"{_number(long)} × {_number(short)}{_unit(long)}", long),)
    return tuple(_with_basis(_amount(value), value) for value in values.values())


def _statistics(values: dict[str, MeasuredValue]) -> tuple[str, ...]:
    mean = values["mean"]
    if mean.value is None:
        return (_withheld(mean),)
    first = translate("Viewport", "mean {mean}  SD {deviation}").format(
        mean=_amount(mean), deviation=_number(values["standard_deviation"])
    )
    second = translate("Viewport", "min {low}  max {high}").format(
        low=_number(values["minimum"]), high=_amount(values["maximum"])
    )
    return first, second


def _area(values: dict[str, MeasuredValue]) -> str:
    area, pixels = values["area"], values["pixels"]
    parts = [_with_basis(_amount(area), area)] if area.value is not None else []
    if pixels.value is not None:
        parts.append(translate("Viewport", "pixels: {count}").format(count=_number(pixels)))
    return " · ".join(parts)


def _withheld(value: MeasuredValue) -> str:
    reason = translate("Viewport", _REASONS.get(value.reason, _REASONS["not_finite"]))
    return translate("Viewport", "withheld: {reason}").format(reason=reason)


def _with_basis(words: str, value: MeasuredValue) -> str:
    if value.reason in _REGION_NOTES:
        return f"{words} · {translate('Viewport', _REGION_NOTES[value.reason])}"
    if value.basis is None or value.basis is SpacingBasis.GEOMETRY:
        return words
    return f"{words} · {basis_note(value.basis)}"


def _amount(value: MeasuredValue) -> str:
    return f"{_number(value)}{_unit(value)}"


def _number(value: MeasuredValue) -> str:
    words = "" if value.value is None else f"{value.value:.{value.decimals}f}"
    return words.removeprefix("-") if words and float(words) == 0.0 else words


def _unit(value: MeasuredValue) -> str:
    return _UNITS.get(value.unit, f"{NO_BREAK}{value.unit}")
