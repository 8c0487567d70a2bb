"""Softcopy presentation states: how somebody wanted images to be shown (PS3.3 A.33, PS3.4 N.2).

What a grey state does not state is identity, whatever the image itself says: modality LUT, VOI and polarity of the
image are replaced, not completed (PS3.4 N.2.1).
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from loaders.discovery.display_attributes import lookup_table, windows_of
from loaders.discovery.element_values import Elements
from loaders.model.display import DisplayDefaults, LookupTable, ValueMapping, Window
from loaders.model.frame import Frame
from loaders.model.units import ValueUnit
from loaders.objects.image_references import ImageReference, are_meant, image_references
from loaders.objects.overlay_planes import OverlayPlane, overlay_planes
from loaders.objects.shutters import Shutters, shutters_of
from loaders.objects.state_graphics import StateGraphics, graphics_of

STATE_CLASSES = {
    "1.2.840.10008.5.1.4.1.1.11.1": "grey",
    "1.2.840.10008.5.1.4.1.1.11.2": "colour",
    "1.2.840.10008.5.1.4.1.1.11.3": "pseudo colour",
    "1.2.840.10008.5.1.4.1.1.11.4": "blending",
    "1.2.840.10008.5.1.4.1.1.11.5": "XA/XRF",
}


@dataclass(frozen=True, slots=True)
class StateVoi:
    """Windows and tables for some of the images, or for all."""

    references: tuple[ImageReference, ...]
    windows: tuple[Window, ...]
    tables: tuple[LookupTable, ...]


@dataclass(frozen=True, slots=True)
class DisplayedArea:
    """What part of the image is to be shown: corners (column, row) from 1, as they shall stand on the screen."""

    references: tuple[ImageReference, ...]
    top_left: tuple[float, float]
    bottom_right: tuple[float, float]
    size_mode: str
    magnification: float | None = None

    @property
    def box(self) -> tuple[int, int, int, int]:
        """First column, first row, one past the last column and row, from 0, whatever the turn of the picture."""
        columns = sorted((self.top_left[0], self.bottom_right[0]))
        rows = sorted((self.top_left[1], self.bottom_right[1]))
        return int(columns[0]) - 1, int(rows[0]) - 1, int(columns[1]), int(rows[1])


@dataclass(frozen=True, slots=True)
class PaletteColours:
    """A palette that turns the grey output into colour: three tables of equal length."""

    red: LookupTable
    green: LookupTable
    blue: LookupTable

    def coloured(self, grey: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """Return RGB (..., 3) of grey levels: the tables spread over all of them (PS3.4 N.2.2)."""
        channels = []
        for table in (self.red, self.green, self.blue):
            entries = np.asarray(table.values, dtype=np.float64) / float((1 << table.bits) - 1)
            index = np.rint(grey / 255.0 * (len(entries) - 1)).astype(np.intp)
            channels.append(np.floor(np.clip(entries[index], 0.0, 1.0) * 255.0 + 0.5).astype(np.uint8))
        return np.stack(channels, axis=-1)


@dataclass(frozen=True, slots=True)
class Superimposed:
    """The images that a blending state lays over others, and how their values become the palette's input."""

    references: tuple[ImageReference, ...]
    modality: ValueMapping
    vois: tuple[StateVoi, ...]
    opacity: float

    def shown_as(self, frame: Frame) -> Frame:
        """Return one of these images with the grey pipeline of the state."""
        return _with_greys(frame, self.modality, self.vois, DisplayDefaults())


@dataclass(frozen=True, slots=True)
class PresentationState:
    """One presentation state. ``not_applied`` says in words what it asks for and does not get here."""

    sop_instance_uid: str
    kind: str
    label: str = ""
    description: str = ""
    creator: str = ""
    references: tuple[ImageReference, ...] = ()
    modality: ValueMapping = ValueMapping()
    vois: tuple[StateVoi, ...] = ()
    is_inverted: bool = False
    presentation_table: LookupTable | None = None
    palette: PaletteColours | None = None
    superimposed: Superimposed | None = None
    turns_clockwise: int = 0
    is_flipped: bool = False
    areas: tuple[DisplayedArea, ...] = ()
    graphics: StateGraphics = field(default_factory=StateGraphics)
    shutters: Shutters | None = None
    planes: tuple[OverlayPlane, ...] = ()
    not_applied: tuple[str, ...] = ()

    def applies_to(self, frame: Frame) -> bool:
        """Whether the state was made for this frame; one that names no image is for none."""
        return any(reference.names(frame) for reference in self.references)

    @property
    def has_grey(self) -> bool:
        """Whether the state says how grey values are shown; colour states leave the pixels as they are."""
        return self.kind in {"grey", "pseudo colour", "blending"}

    def area_of(self, frame: Frame) -> DisplayedArea | None:
        """Return the area to be shown of a frame; one that names the frame comes before one for all."""
        meant = [area for area in self.areas if are_meant(area.references, frame)]
        return max(meant, key=lambda area: bool(area.references)) if meant else None

    def shown_as(self, frame: Frame) -> Frame:
        """Return the frame with its grey pipeline replaced by the state's; colour frames are left as they are."""
        if frame.format.is_colour or not self.has_grey:
            return frame
        look = DisplayDefaults(is_inverted=self.is_inverted, presentation_table=self.presentation_table)
        return _with_greys(frame, self.modality, self.vois, look)


def _with_greys(frame: Frame, modality: ValueMapping, vois: tuple[StateVoi, ...], look: DisplayDefaults) -> Frame:
    meant = [voi for voi in vois if are_meant(voi.references, frame)]
    voi = max(meant, key=lambda each: bool(each.references)) if meant else StateVoi((), (), ())
    # The unit is the image's own where the state's line is the image's: then a window still means what it says.
    unit = frame.values.unit if _is_same_line(modality, frame.values) else modality.unit
    display = replace(look, windows=voi.windows, voi_tables=voi.tables, padding=frame.display.padding)
    return replace(frame, values=replace(modality, unit=unit), display=display)


def _is_same_line(one: ValueMapping, other: ValueMapping) -> bool:
    return (one.slope, one.intercept, one.table) == (other.slope, other.intercept, other.table)


def presentation_state(top: Elements) -> PresentationState:
    """Read a presentation state of any class. What cannot be read is absent; nothing is raised."""
    kind = STATE_CLASSES.get(top.text("SOPClassUID"), "other")
    table = lookup_table(top.item("PresentationLUTSequence"), is_signed=False)
    rotation = top.integer("ImageRotation") or 0
    # A blending state says of each of its two sets of images what other states say at the top.
    parts = {item.text("BlendingPosition").upper(): item for item in top.items("BlendingSequence")}
    own = parts.get("UNDERLYING", top) if kind == "blending" else top
    over = parts.get("SUPERIMPOSED")
    return PresentationState(
        sop_instance_uid=top.text("SOPInstanceUID"),
        kind=kind,
        label=top.text("ContentLabel"),
        description=top.text("ContentDescription") or top.text("SeriesDescription"),
        creator=top.text("ContentCreatorName").replace("^", " ").strip(),
        references=_references(own),
        modality=_modality(own),
        vois=_vois(own),
        is_inverted=top.text("PresentationLUTShape").upper() == "INVERSE",
        presentation_table=table,
        palette=_palette(top) if kind in {"pseudo colour", "blending"} else None,
        superimposed=_superimposed(over, top) if kind == "blending" and over is not None else None,
        turns_clockwise=rotation // 90 % 4,
        is_flipped=top.text("ImageHorizontalFlip").upper() == "Y",
        areas=tuple(area for item in top.items("DisplayedAreaSelectionSequence") if (area := _area(item))),
        graphics=graphics_of(top),
        shutters=shutters_of(top),
        planes=overlay_planes(top),
        not_applied=_not_applied(top, kind),
    )


def _modality(top: Elements) -> ValueMapping:
    table = lookup_table(top.item("ModalityLUTSequence"), is_signed=False)
    if table is not None:
        return ValueMapping(table=table, unit=ValueUnit.OTHER)
    slope = top.number("RescaleSlope")
    if not slope:
        return ValueMapping()
    unit = ValueUnit.HOUNSFIELD if top.text("RescaleType").upper() == "HU" else ValueUnit.OTHER
    return ValueMapping(slope, top.number("RescaleIntercept") or 0.0, unit)


def _references(place: Elements) -> tuple[ImageReference, ...]:
    return tuple(
        reference for series in place.items("ReferencedSeriesSequence") for reference in image_references(series)
    )


def _superimposed(item: Elements, top: Elements) -> Superimposed:
    opacity = top.number("RelativeOpacity")
    share = 0.5 if opacity is None else max(0.0, min(1.0, opacity))
    return Superimposed(_references(item), _modality(item), _vois(item), share)


def _vois(place: Elements) -> tuple[StateVoi, ...]:
    return tuple(_voi(item, place) for item in place.items("SoftcopyVOILUTSequence"))


def _voi(item: Elements, top: Elements) -> StateVoi:
    is_signed = (top.number("RescaleIntercept") or 0.0) < 0.0
    tables = tuple(table for each in item.items("VOILUTSequence") if (table := lookup_table(each, is_signed=is_signed)))
    return StateVoi(image_references(item), windows_of(item), tables)


def _area(item: Elements) -> DisplayedArea | None:
    first, last = (
        item.numbers("DisplayedAreaTopLeftHandCorner", 2),
        item.numbers("DisplayedAreaBottomRightHandCorner", 2),
    )
    if first is None or last is None:
        return None
    return DisplayedArea(
        image_references(item),
        (first[0], first[1]),
        (last[0], last[1]),
        item.text("PresentationSizeMode").upper(),
        item.number("PresentationPixelMagnificationRatio"),
    )


def _palette(top: Elements) -> PaletteColours | None:
    found = []
    for name in ("Red", "Green", "Blue"):
        start = f"{name}PaletteColorLookupTable"
        table = lookup_table(top, is_signed=False, descriptor=f"{start}Descriptor", data=f"{start}Data")
        if table is None:
            return None
        found.append(table)
    return PaletteColours(*found)


def _not_applied(top: Elements, kind: str) -> tuple[str, ...]:
    said = []
    if top.items("MaskSubtractionSequence"):
        said.append("the mask subtraction it asks for is not applied")
    if "ICCProfile" in top:
        said.append("its ICC profile is not applied")
    if kind == "other":
        said.append("presentation states of this class are not applied")
    if kind == "XA/XRF":
        said.append("only graphics, area, turn and shutters of an XA/XRF state are applied")
    return tuple(said)
