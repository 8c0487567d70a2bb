"""Everything a measurement says in numbers, each with its unit, what it rests on, and why it is withheld if it is."""

from __future__ import annotations

from dataclasses import dataclass

from compare.measuring.angle import angle_between
from compare.measuring.length import Length, length_between
from compare.measuring.region import Region
from compare.measuring.statistics import RegionStatistics, statistics_of, value_at
from compare.session.measurement import REGIONS, Measurement, MeasurementKind
from loaders.model.frame import Frame
from loaders.model.units import SpacingBasis
from loaders.model.volume import Volume


@dataclass(frozen=True, slots=True)
class MeasuredValue:
    """One number. ``name`` is a stable word (``length``, ``long_axis``, ``short_axis``, ``angle``, ``mean`` ...).

    ``across`` and ``down`` are what lies along the axes of an ultrasound region that counts other things than lengths.
    ``value`` is ``None`` where it is withheld, and ``reason`` is a stable word for why; for a length in pixels it says
    why an ultrasound calibration does not hold there. ``basis`` is set for lengths and areas. ``decimals`` is the
    precision it deserves.
    """

    name: str
    value: float | None
    unit: str
    decimals: int = 1
    basis: SpacingBasis | None = None
    uncertainty: float | None = None
    reason: str = ""

    @property
    def rounded(self) -> float | None:
        """The value at the precision it really has."""
        return None if self.value is None else round(self.value, self.decimals)


def values_of(measurement: Measurement, volume: Volume) -> tuple[MeasuredValue, ...]:
    """Return all values of a measurement on the volume of its stack; none for arrows and texts.

    Raises ``ValueError`` when the volume does not hold the frame it was drawn on.
    """
    frame_index = _frame_index(measurement, volume)
    frame = volume.frame(frame_index)
    if measurement.kind is MeasurementKind.PROBE:
        value, reason = value_at(measurement.points_mm[0], volume, frame_index)
        return (MeasuredValue("value", value, frame.values.unit.value, _decimals(value), reason=reason),)
    if measurement.kind in REGIONS:
        return _region_values(statistics_of(Region.of(measurement), volume, frame_index), frame.spacing.basis)
    return values_on_frame(measurement, frame)


def values_on_frame(measurement: Measurement, frame: Frame) -> tuple[MeasuredValue, ...]:
    """Return what the frame's header alone gives: lengths, angles, areas; values of pixels are ``not_loaded``."""
    points, kind = measurement.points_mm, measurement.kind
    if kind is MeasurementKind.LENGTH:
        length = length_between(points[0], points[1], frame)
        return (_length("length", length), *_extents(length))
    if kind is MeasurementKind.BIDIRECTIONAL:
        lengths = (length_between(points[0], points[1], frame), length_between(points[2], points[3], frame))
        # The reader may draw them in either order: the longer one is the long axis.
        longest, shortest = sorted(lengths, key=lambda length: -(length.value or 0.0))
        return (_length("long_axis", longest), _length("short_axis", shortest))
    if kind is MeasurementKind.ANGLE:
        angle = angle_between(points[0], points[1], points[2], frame)
        return (MeasuredValue("angle", angle.degrees, "deg", 1, reason=angle.reason),)
    if kind is MeasurementKind.PROBE:
        return (MeasuredValue("value", None, frame.values.unit.value, reason="not_loaded"),)
    if kind in REGIONS:
        area = Region.of(measurement).area_mm2 if frame.spacing.is_mm else None
        found = RegionStatistics(frame.values.unit, area_mm2=area, reason="not_loaded")
        return _region_values(found, frame.spacing.basis)
    return ()


def _frame_index(measurement: Measurement, volume: Volume) -> int:
    for index, frame in enumerate(volume.stack.frames):
        if measurement.is_on(frame.sop_instance_uid, frame.frame_number):
            return index
    raise ValueError("the measurement was drawn on a frame that is not here")


def _length(name: str, length: Length) -> MeasuredValue:
    return MeasuredValue(
        name,
        length.value,
        length.unit,
        length.decimals,
        length.basis,
        length.uncertainty,
        length.reason or length.note,
    )


def _extents(length: Length) -> tuple[MeasuredValue, ...]:
    """What lies along the axes of a trace or a spectrum, where there is no length."""
    if length.reason != "not_a_length":
        return ()
    return tuple(MeasuredValue(one.axis, one.value, one.unit, one.decimals, length.basis) for one in length.extents)


def _region_values(found: RegionStatistics, basis: SpacingBasis) -> tuple[MeasuredValue, ...]:
    unit, reason = found.unit.value, found.reason
    numbers = (
        ("mean", found.mean),
        ("standard_deviation", found.standard_deviation),
        ("minimum", found.minimum),
        ("maximum", found.maximum),
    )
    values = [MeasuredValue(name, number, unit, _decimals(number), reason=reason) for name, number in numbers]
    values.append(MeasuredValue("pixels", float(found.pixels) if not reason else None, "", 0, reason=reason))
    area_reason = "" if found.area_mm2 is not None else "no_millimetres"
    values.append(MeasuredValue("area", found.area_mm2, "mm2", 1, basis, reason=area_reason))
    return tuple(values)


def _decimals(value: float | None) -> int:
    """Whole numbers where values are large, three figures where they are small (SUV, ADC)."""
    size = abs(value or 0.0)
    return 1 if size >= 10.0 else 2 if size >= 1.0 else 4
