"""Real world value maps: what stored values are in a unit, beside the modality LUT (PS3.3 C.7.6.16.2.11, A.46)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from loaders.discovery.element_values import Elements
from loaders.objects.image_references import ImageReference, image_references


@dataclass(frozen=True, slots=True)
class RealWorldMap:
    """A line or a table for stored values ``first`` to ``last``; outside these there is no value."""

    references: tuple[ImageReference, ...]
    first: float
    last: float
    slope: float
    intercept: float
    table: tuple[float, ...] = ()
    unit_code: str = ""
    unit_meaning: str = ""
    label: str = ""
    explanation: str = ""

    def values_of(self, stored: NDArray[np.generic]) -> NDArray[np.float64]:
        """Return real world values of stored ones, NaN where the map does not reach."""
        numbers: NDArray[np.float64] = stored.astype(np.float64)
        if self.table:
            entries = np.asarray(self.table)
            index = np.clip(np.rint(numbers - self.first), 0, len(entries) - 1).astype(np.intp)
            values: NDArray[np.float64] = entries[index]
        else:
            values = numbers * self.slope + self.intercept
        values[(numbers < self.first) | (numbers > self.last)] = np.nan
        return values


def real_world_maps(top: Elements, *, is_signed: bool = False) -> tuple[RealWorldMap, ...]:
    """Read the maps of a real world value mapping object, or those within an image.

    ``is_signed`` says how the images' pixels are stored: the range is written in their representation.
    """
    places = [(item, image_references(item)) for item in top.items("ReferencedImageRealWorldValueMappingSequence")]
    places.append((top, ()))
    for keyword in ("SharedFunctionalGroupsSequence", "PerFrameFunctionalGroupsSequence"):
        places += [(group, ()) for group in top.items(keyword)[:1]]
    return tuple(
        found
        for place, references in places
        for item in place.items("RealWorldValueMappingSequence")
        if (found := _map(item, references, is_signed=is_signed))
    )


def _map(item: Elements, references: tuple[ImageReference, ...], *, is_signed: bool) -> RealWorldMap | None:
    first, last = (_end(item, name, is_signed=is_signed) for name in ("First", "Last"))
    slope, table = item.number("RealWorldValueSlope"), item.numbers("RealWorldValueLUTData") or ()
    if first is None or last is None or (slope is None and not table):
        return None
    unit = item.item("MeasurementUnitsCodeSequence")
    return RealWorldMap(
        references,
        first,
        last,
        slope if slope is not None else 1.0,
        item.number("RealWorldValueIntercept") or 0.0,
        table,
        unit.text("CodeValue"),
        unit.text("CodeMeaning"),
        item.text("LUTLabel"),
        item.text("LUTExplanation"),
    )


def _end(item: Elements, which: str, *, is_signed: bool) -> float | None:
    exact = item.number(f"DoubleFloatRealWorldValue{which}ValueMapped")
    value = exact if exact is not None else item.number(f"RealWorldValue{which}ValueMapped")
    return value - 0x10000 if exact is None and value is not None and is_signed and value >= 0x8000 else value
