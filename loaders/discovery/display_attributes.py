"""How a header asks its values to be read and shown (PS3.3 C.11.1, C.11.2, C.7.5.1.1.2, C.8.9.1)."""

from __future__ import annotations

import struct

from loaders.discovery.element_values import Elements
from loaders.discovery.laterality import laterality_of
from loaders.model.display import (
    DisplayDefaults,
    FrameBadges,
    LookupTable,
    Padding,
    ValueMapping,
    VoiFunction,
    Window,
)
from loaders.model.units import ValueUnit

_CT_CLASSES = frozenset(
    {"1.2.840.10008.5.1.4.1.1.2", "1.2.840.10008.5.1.4.1.1.2.1", "1.2.840.10008.5.1.4.1.1.2.2"},
)
_PET_UNITS = {
    "BQML": ValueUnit.BECQUEREL_PER_ML,
    "CNTS": ValueUnit.COUNTS,
    "PROPCNTS": ValueUnit.PROPORTIONAL_COUNTS,
    "PROPCPS": ValueUnit.PROPORTIONAL_COUNTS,
}
_RESCALE_TYPES = {"HU": ValueUnit.HOUNSFIELD, "OD": ValueUnit.OPTICAL_DENSITY}
#: Transfer syntaxes that always lose something; JPEG 2000, JPEG-LS and HTJ2K part 2 may, and then the tags say it.
_LOSSY_SYNTAXES = frozenset({"1.2.840.10008.1.2.4.50", "1.2.840.10008.1.2.4.51", "1.2.840.10008.1.2.4.81"})
_MAX_LUT_ENTRIES = 65536


def value_mapping(top: Elements, groups: tuple[Elements, ...]) -> ValueMapping:
    """Return the modality LUT of a frame: its table, else the rescale nearest to the frame, else stored values."""
    is_signed = top.integer("PixelRepresentation") == 1
    tables = [table for item in top.items("ModalityLUTSequence") if (table := lookup_table(item, is_signed=is_signed))]
    places = [group.item("PixelValueTransformationSequence") for group in groups] + [top]
    rescale = next((place for place in places if place.number("RescaleSlope") is not None), None)
    if tables:
        kind = top.item("ModalityLUTSequence").text("ModalityLUTType").upper()
        return ValueMapping(unit=_unit(top, kind, is_stated=True), table=tables[0])
    dose = top.number("DoseGridScaling")
    if dose is not None and top.text("DoseUnits").upper() == "GY":
        return ValueMapping(dose, 0.0, ValueUnit.GRAY)
    if rescale is None:
        return ValueMapping(unit=_pet_unit(top) or ValueUnit.STORED)
    slope, intercept = rescale.number("RescaleSlope"), rescale.number("RescaleIntercept")
    if slope is None or slope == 0.0:
        # A slope of zero would show every pixel as one value: the stored values are all that is known.
        return ValueMapping()
    return ValueMapping(slope, intercept or 0.0, _unit(top, rescale.text("RescaleType").upper(), is_stated=True))


def _unit(top: Elements, rescale_type: str, *, is_stated: bool) -> ValueUnit:
    """HU only for CT whose rescale type says HU or nothing at all (PS3.3 C.8.2.1.1.2: HU is then implied)."""
    is_ct = top.text("SOPClassUID") in _CT_CLASSES
    if rescale_type in {"", "US"}:
        is_implied = is_ct and is_stated and not rescale_type and "LOCALIZER" not in top.texts("ImageType")
        return ValueUnit.HOUNSFIELD if is_implied else _pet_unit(top) or ValueUnit.STORED
    unit = _RESCALE_TYPES.get(rescale_type, ValueUnit.OTHER)
    if unit is ValueUnit.HOUNSFIELD and not is_ct:
        return ValueUnit.OTHER
    return unit


def _pet_unit(top: Elements) -> ValueUnit | None:
    units = top.text("Units").upper()
    return _PET_UNITS.get(units, ValueUnit.OTHER) if units else None


def lookup_table(
    item: Elements, *, is_signed: bool, descriptor: str = "LUTDescriptor", data: str = "LUTData"
) -> LookupTable | None:
    """Return a DICOM LUT, or ``None`` where descriptor and data disagree (PS3.3 C.11.1.1.1).

    The number of entries 0 means 65536; ``is_signed`` says whether the table's input may be negative, and so whether
    the first mapped value is to be read as signed.
    """
    described, words = item.numbers(descriptor, 3), item.words(data)
    if described is None or not words:
        return None
    count = int(described[0]) & 0xFFFF or _MAX_LUT_ENTRIES
    first, bits = int(described[1]) & 0xFFFF, int(described[2])
    if not 8 <= bits <= 16:
        return None
    if is_signed and first >= 0x8000:
        first -= 0x10000
    if len(words) >= 2 * count:
        values: tuple[int, ...] = struct.unpack_from(f"<{count}H", words)
    elif len(words) >= count:
        values = tuple(words[:count])
    else:
        return None
    return LookupTable(first, bits, values, item.text("LUTExplanation"))


def display_defaults(top: Elements, groups: tuple[Elements, ...]) -> DisplayDefaults:
    """Return windows, VOI tables, polarity and padding of a frame."""
    places = [group.item("FrameVOILUTSequence") for group in groups] + [top]
    voi = next((place for place in places if "WindowCenter" in place), top)
    shapes = top.text("PresentationLUTShape").upper()
    is_monochrome1 = top.text("PhotometricInterpretation").upper() == "MONOCHROME1"
    # The input of a VOI table is the modality LUT's output: negative where the pixels are, or the line leads below 0.
    is_signed = top.integer("PixelRepresentation") == 1 or (top.number("RescaleIntercept") or 0.0) < 0.0
    items = next((place.items("VOILUTSequence") for place in places if place.items("VOILUTSequence")), ())
    tables = tuple(table for item in items if (table := lookup_table(item, is_signed=is_signed)))
    presentation = lookup_table(top.item("PresentationLUTSequence"), is_signed=False)
    return DisplayDefaults(
        windows=windows_of(voi),
        voi_tables=tables,
        # MONOCHROME1 with an INVERSE shape is one statement made twice (PS3.3 C.8.11.3.1.1), not two inversions.
        is_inverted=is_monochrome1 or shapes == "INVERSE",
        padding=_padding(top),
        presentation_table=presentation,
    )


def windows_of(place: Elements) -> tuple[Window, ...]:
    """Return the windows that a data set or item offers, by name; those of an impossible width are left out."""
    centres, widths = place.numbers("WindowCenter"), place.numbers("WindowWidth")
    if not centres or not widths:
        return ()
    try:
        function = VoiFunction(place.text("VOILUTFunction").upper() or "LINEAR")
    except ValueError:
        function = VoiFunction.LINEAR
    names = place.texts("WindowCenterWidthExplanation")
    smallest = 1.0 if function is VoiFunction.LINEAR else 0.0
    return tuple(
        Window(centre, width, function, names[index] if index < len(names) else "")
        for index, (centre, width) in enumerate(zip(centres, widths, strict=False))
        if (width >= smallest and width > 0.0)
    )


def _padding(top: Elements) -> Padding | None:
    """Padding in stored values: 16-bit patterns read in the sign and width of the pixels (PS3.3 C.7.5.1.1.2)."""
    value = top.integer("PixelPaddingValue")
    if value is None:
        return None
    limit = top.integer("PixelPaddingRangeLimit")
    bits = min(top.integer("BitsAllocated") or 16, 16)
    is_signed = top.integer("PixelRepresentation") == 1
    ends = sorted(_as_stored(end, bits, is_signed=is_signed) for end in (value, value if limit is None else limit))
    return Padding(ends[0], ends[1])


def _as_stored(pattern: int, bits: int, *, is_signed: bool) -> int:
    value = pattern & ((1 << bits) - 1)
    return value - (1 << bits) if is_signed and value >= 1 << (bits - 1) else value


def frame_badges(
    top: Elements, frame_type: tuple[str, ...], transfer_syntax_uid: str, groups: tuple[Elements, ...] = ()
) -> FrameBadges:
    """Return what must be said on the picture: loss, burned-in annotation, image type, side, what is not applied."""
    lossy_tag = top.text("LossyImageCompression") in {"01", "1", "YES"}
    return FrameBadges(
        is_lossy=lossy_tag or transfer_syntax_uid in _LOSSY_SYNTAXES,
        lossy_ratio=top.number("LossyImageCompressionRatio"),
        lossy_method=top.text("LossyImageCompressionMethod"),
        burned_in_annotation=top.text("BurnedInAnnotation").upper() == "YES",
        image_type=frame_type,
        laterality=laterality_of(top, groups),
        has_overlay="OverlayRows" in top,
        has_shutter=bool(top.texts("ShutterShape")),
        has_icc_profile="ICCProfile" in top,
        for_processing=top.text("PresentationIntentType").upper() == "FOR PROCESSING",
    )
