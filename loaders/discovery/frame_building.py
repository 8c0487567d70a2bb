"""From a header record to frames: one per picture, with place, pixel layout, value meaning and display defaults."""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

from loaders.discovery.display_attributes import display_defaults, frame_badges, value_mapping
from loaders.discovery.element_values import Elements
from loaders.discovery.frame_discriminators import (
    Discriminators,
    classic_discriminators,
    frame_type_of,
    grouped_discriminators,
)
from loaders.discovery.frame_planes import frame_plane
from loaders.discovery.header_scan import HeaderRecord, locator_of
from loaders.discovery.last_seen import LastSeen
from loaders.discovery.part10 import EXPLICIT_VR_LITTLE_ENDIAN, IMPLICIT_VR_LITTLE_ENDIAN
from loaders.discovery.pet_elements import pet_facts
from loaders.discovery.pixel_extent import bits_per_frame
from loaders.discovery.pixel_spacing import pixel_spacing
from loaders.discovery.ultrasound_regions import ultrasound_regions
from loaders.discovery.window_units import in_output_unit
from loaders.model.display import DisplayDefaults, FrameBadges, ValueMapping
from loaders.model.frame import Frame
from loaders.model.frame_plane import FramePlane
from loaders.model.pet_facts import PetFacts
from loaders.model.pixel_format import PixelFormat, PixelLocation
from loaders.model.ultrasound_region import UltrasoundRegion
from loaders.model.units import PixelSpacing, SpacingBasis

MAX_FRAMES = 200_000
_DIRECT_SYNTAXES = frozenset({IMPLICIT_VR_LITTLE_ENDIAN, EXPLICIT_VR_LITTLE_ENDIAN})
_DIRECT_COLOURS = frozenset({"MONOCHROME1", "MONOCHROME2", "RGB"})
_BITS = {"int": (1, 8, 12, 16, 32), "float": (32,), "double": (64,)}
#: Objects whose Pixel Spacing is geometry even in a frame that has lost its position.
_CROSS_SECTIONAL = (
    "1.2.840.10008.5.1.4.1.1.2", "1.2.840.10008.5.1.4.1.1.4", "1.2.840.10008.5.1.4.1.1.128",
    "1.2.840.10008.5.1.4.1.1.130", "1.2.840.10008.5.1.4.1.1.20", "1.2.840.10008.5.1.4.1.1.481.2",
)  # fmt: skip


class UnusablePixels(Exception):
    """The Image Pixel attributes describe no picture; the message says which one."""


def is_cross_sectional(sop_class_uid: str) -> bool:
    """Whether the object is an image in the patient's space by its SOP class: CT, MR, PET, NM, RT dose."""
    return any(sop_class_uid == uid or sop_class_uid.startswith(uid + ".") for uid in _CROSS_SECTIONAL) and (
        sop_class_uid != "1.2.840.10008.5.1.4.1.1.4.2"  # MR spectroscopy
    )


def pixel_format(record: HeaderRecord, top: Elements) -> PixelFormat:
    """Return the pixel layout. Raises UnusablePixels where it is missing or contradicts itself."""
    rows, columns = top.integer("Rows"), top.integer("Columns")
    if not rows or not columns or rows < 0 or columns < 0:
        raise UnusablePixels("rows and columns are missing or zero")
    if len(top.numbers("Rows") or ()) > 1 or len(top.numbers("Columns") or ()) > 1:
        # Written in another type than the standard's: readers that believe the file see another matrix.
        raise UnusablePixels("rows or columns are not one number of 16 bits")
    kind = record["pixels"]["kind"]
    samples = top.integer("SamplesPerPixel") or 1
    allocated = top.integer("BitsAllocated") or 0
    if allocated not in _BITS[kind]:
        raise UnusablePixels(f"{allocated} bits allocated are not read")
    if samples not in {1, 3}:
        raise UnusablePixels(f"{samples} samples per pixel are not read")
    stored = top.integer("BitsStored") or allocated
    high = top.integer("HighBit")
    high = stored - 1 if high is None else high
    if not 0 < stored <= allocated or not stored - 1 <= high < allocated:
        raise UnusablePixels(f"{stored} bits stored and high bit {high} do not fit in {allocated} bits allocated")
    photometric = top.text("PhotometricInterpretation").upper()
    return PixelFormat(
        rows=rows,
        columns=columns,
        samples_per_pixel=samples,
        photometric_interpretation=photometric or ("RGB" if samples == 3 else "MONOCHROME2"),
        bits_allocated=allocated,
        bits_stored=stored,
        high_bit=high,
        is_signed=top.integer("PixelRepresentation") == 1 and kind == "int",
        transfer_syntax_uid=record["syntax"],
        planar_configuration=top.integer("PlanarConfiguration") or 0,
        number_kind=kind,
    )


def frames_of(record: HeaderRecord) -> tuple[Frame, ...]:
    """Return all frames of one image record. Raises UnusablePixels."""
    return FrameBuilder().frames_of(record)


class FrameBuilder:
    """Makes frames, and shares between neighbouring files what their headers repeat. One thread's own."""

    def __init__(self) -> None:
        self._layouts: LastSeen[PixelFormat] = LastSeen(_LAYOUT)
        self._looks: LastSeen[_Looks] = LastSeen(_LOOKS)
        self._meanings: LastSeen[_Meaning] = LastSeen(_MEANING)

    def frames_of(self, record: HeaderRecord) -> tuple[Frame, ...]:
        """Return all frames of an image record. Raises UnusablePixels."""
        values = record["elements"]
        top = Elements(values)
        also = (record["syntax"], record["pixels"]["kind"])
        layout = self._layouts.get(values, also, lambda: pixel_format(record, top))
        count = frame_count(top)
        if count > MAX_FRAMES:
            raise UnusablePixels(f"{count} frames in one file are not read")
        shared = top.items("SharedFunctionalGroupsSequence")[:1]
        per_frame = top.items("PerFrameFunctionalGroupsSequence")
        if not shared and not per_frame:
            return self._classic_frames(record, top, layout, count)
        if per_frame and len(per_frame) != count:
            per_frame = ()  # frames and their descriptions cannot be matched: only what is shared is known
        return tuple(
            _frame(record, top, layout, index, per_frame[index : index + 1] + shared) for index in range(count)
        )

    def _classic_frames(
        self, record: HeaderRecord, top: Elements, layout: PixelFormat, count: int
    ) -> tuple[Frame, ...]:
        values = record["elements"]
        planes = [frame_plane(top, (), index) for index in range(count)]
        looks = self._looks.get(values, (planes[0] is None, layout), lambda: _looks(top, (), layout, planes[0]))
        meaning = self._meanings.get(values, None, lambda: _meaning(top, ()))
        discriminators = classic_discriminators(top)
        pet = pet_facts(top, ())
        return tuple(
            _assemble(
                record,
                top,
                layout,
                index,
                plane=plane,
                looks=looks,
                meaning=meaning,
                discriminators=discriminators,
                pet=pet,
            )
            for index, plane in enumerate(planes)
        )


class _Looks(NamedTuple):
    """What neighbouring slices share: spacing, badges, and the like."""

    spacing: PixelSpacing
    badges: FrameBadges
    frame_time_ms: float | None
    slice_thickness_mm: float | None
    patient_orientation: tuple[str, str] | None
    ultrasound_regions: tuple[UltrasoundRegion, ...]


class _Meaning(NamedTuple):
    """What values mean and how they ask to be shown; it may differ from slice to slice (PET, MR)."""

    values: ValueMapping
    display: DisplayDefaults


_LAYOUT = (
    "Rows", "Columns", "SamplesPerPixel", "BitsAllocated", "BitsStored", "HighBit", "PhotometricInterpretation",
    "PixelRepresentation", "PlanarConfiguration",
)  # fmt: skip
_LOOKS = (
    "SOPClassUID", "ImageType", "PixelSpacing", "ImagerPixelSpacing", "ImagePlanePixelSpacing",
    "EstimatedRadiographicMagnificationFactor", "NominalScannedPixelSpacing", "PixelSpacingCalibrationType",
    "SequenceOfUltrasoundRegions", "PixelAspectRatio", "LossyImageCompression", "LossyImageCompressionRatio",
    "LossyImageCompressionMethod", "BurnedInAnnotation", "FrameTime", "FrameTimeVector",
    "RecommendedDisplayFrameRate", "CineRate", "SliceThickness", "PatientOrientation", "ImageLaterality",
    "Laterality", "SeriesDescription", "ProtocolName", "OverlayRows", "ShutterShape", "ICCProfile",
    "PresentationIntentType", "DistanceSourceToDetector", "DistanceSourceToPatient", "Modality",
)  # fmt: skip
_MEANING = (
    "SOPClassUID", "ImageType", "RescaleSlope", "RescaleIntercept", "RescaleType", "Units", "DoseGridScaling",
    "DoseUnits", "ModalityLUTSequence", "VOILUTSequence", "PresentationLUTSequence", "PresentationLUTShape",
    "PhotometricInterpretation", "WindowCenter", "WindowWidth", "WindowCenterWidthExplanation", "VOILUTFunction",
    "PixelPaddingValue", "PixelPaddingRangeLimit", "BitsAllocated", "BitsStored", "PixelRepresentation",
)  # fmt: skip


def frame_count(top: Elements) -> int:
    """Number of frames, 1 where the header does not say."""
    return max(1, top.integer("NumberOfFrames") or 1)


def _frame(
    record: HeaderRecord,
    top: Elements,
    layout: PixelFormat,
    index: int,
    groups: tuple[Elements, ...],
) -> Frame:
    plane = frame_plane(top, groups, index)
    looks = _looks(top, groups, layout, plane)
    discriminators = grouped_discriminators(groups, looks.badges.image_type)
    meaning = _meaning(top, groups)
    return _assemble(
        record,
        top,
        layout,
        index,
        plane=plane,
        looks=looks,
        meaning=meaning,
        discriminators=discriminators,
        pet=pet_facts(top, groups),
    )


def _looks(top: Elements, groups: tuple[Elements, ...], layout: PixelFormat, plane: FramePlane | None) -> _Looks:
    is_in_patient = plane is not None or is_cross_sectional(top.text("SOPClassUID"))
    orientation = top.texts("PatientOrientation")
    thickness = [group.item("PixelMeasuresSequence").number("SliceThickness") for group in groups]
    spacing = pixel_spacing(top, groups, is_in_patient=is_in_patient)
    return _Looks(
        spacing=spacing,
        badges=frame_badges(top, frame_type_of(top, groups), layout.transfer_syntax_uid, groups),
        frame_time_ms=_frame_time_ms(top),
        slice_thickness_mm=_positive(*thickness, top.number("SliceThickness")),
        patient_orientation=(orientation[0], orientation[1]) if len(orientation) == 2 and all(orientation) else None,
        ultrasound_regions=() if spacing.basis is SpacingBasis.GEOMETRY else ultrasound_regions(top),
    )


def _meaning(top: Elements, groups: tuple[Elements, ...]) -> _Meaning:
    mapping, display = value_mapping(top, groups), display_defaults(top, groups)
    bits = top.integer("BitsStored") or top.integer("BitsAllocated") or 16
    least = -(1 << (bits - 1)) if top.integer("PixelRepresentation") == 1 else 0
    windows = in_output_unit(display.windows, mapping, (least, least + (1 << bits) - 1))
    return _Meaning(mapping, display if windows == display.windows else replace(display, windows=windows))


def _assemble(
    record: HeaderRecord,
    top: Elements,
    layout: PixelFormat,
    index: int,
    *,
    plane: FramePlane | None,
    looks: _Looks,
    meaning: _Meaning,
    discriminators: Discriminators,
    pet: PetFacts | None,
) -> Frame:
    return Frame(
        sop_instance_uid=top.text("SOPInstanceUID"),
        sop_class_uid=top.text("SOPClassUID"),
        instance_number=top.integer("InstanceNumber"),
        frame_number=index + 1,
        format=layout,
        location=_location(record, layout, index),
        spacing=looks.spacing,
        plane=plane,
        values=meaning.values,
        display=meaning.display,
        badges=looks.badges,
        frame_time_ms=looks.frame_time_ms,
        slice_thickness_mm=looks.slice_thickness_mm,
        patient_orientation=looks.patient_orientation,
        discriminators=discriminators,
        pet=pet,
        ultrasound_regions=looks.ultrasound_regions,
    )


def _location(record: HeaderRecord, layout: PixelFormat, index: int) -> PixelLocation:
    """Direct place of the frame's bytes where nothing but copying is needed, else -1."""
    file = locator_of(record)
    pixels = record["pixels"]
    is_direct = (
        pixels["offset"] >= 0
        and record["syntax"] in _DIRECT_SYNTAXES
        and layout.photometric_interpretation in _DIRECT_COLOURS
        and layout.bits_allocated % 8 == 0
        and layout.high_bit == layout.bits_stored - 1
    )
    bits = bits_per_frame(record["elements"])
    if not is_direct or bits is None or index >= (pixels["frames_whole"] or 0):
        is_alone = frame_count(Elements(record["elements"])) == 1
        return PixelLocation(file, index, items_offset=pixels.get("items", -1) if is_alone else -1)
    return PixelLocation(file, index, pixels["offset"] + index * (bits // 8), bits // 8)


def _positive(*numbers: float | None) -> float | None:
    return next((number for number in numbers if number is not None and number > 0.0), None)


def _frame_time_ms(top: Elements) -> float | None:
    """Time from frame to frame; of a vector of uneven times the mean (PS3.3 C.7.6.5: its first entry is nought)."""
    time = _positive(top.number("FrameTime"))
    if time is not None:
        return time
    vector = top.numbers("FrameTimeVector")
    if vector and len(vector) > 1:
        return _positive(sum(vector[1:]) / (len(vector) - 1))
    rate = _positive(top.number("RecommendedDisplayFrameRate"), top.number("CineRate"))
    return 1000.0 / rate if rate else None
