"""From a header record to frames: one per picture, with place, pixel layout, value meaning and display defaults."""

from __future__ import annotations

from loaders.discovery.display_attributes import display_defaults, frame_badges, value_mapping
from loaders.discovery.element_values import Elements
from loaders.discovery.frame_discriminators import classic_discriminators, frame_type_of, grouped_discriminators
from loaders.discovery.frame_planes import frame_plane
from loaders.discovery.header_scan import HeaderRecord, locator_of
from loaders.discovery.part10 import EXPLICIT_VR_LITTLE_ENDIAN, IMPLICIT_VR_LITTLE_ENDIAN
from loaders.discovery.pixel_extent import bits_per_frame
from loaders.discovery.pixel_spacing import pixel_spacing
from loaders.model.frame import Frame
from loaders.model.pixel_format import PixelFormat, PixelLocation

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
    """Return all frames of an image record. Raises UnusablePixels."""
    top = Elements(record["elements"])
    layout = pixel_format(record, top)
    count = frame_count(top)
    if count > MAX_FRAMES:
        raise UnusablePixels(f"{count} frames in one file are not read")
    shared = top.items("SharedFunctionalGroupsSequence")[:1]
    per_frame = top.items("PerFrameFunctionalGroupsSequence")
    if not shared and not per_frame:
        return _classic_frames(record, top, layout, count)
    if per_frame and len(per_frame) != count:
        per_frame = ()  # frames and their descriptions cannot be matched: only what is shared is known
    return tuple(_frame(record, top, layout, index, per_frame[index : index + 1] + shared) for index in range(count))


def frame_count(top: Elements) -> int:
    """Number of frames, 1 where the header does not say."""
    return max(1, top.integer("NumberOfFrames") or 1)


def _classic_frames(record: HeaderRecord, top: Elements, layout: PixelFormat, count: int) -> tuple[Frame, ...]:
    first = _frame(record, top, layout, 0, ())
    if count == 1:
        return (first,)
    return tuple(
        Frame(
            sop_instance_uid=first.sop_instance_uid,
            sop_class_uid=first.sop_class_uid,
            instance_number=first.instance_number,
            frame_number=index + 1,
            format=layout,
            location=_location(record, layout, index),
            spacing=first.spacing,
            plane=frame_plane(top, (), index),
            values=first.values,
            display=first.display,
            badges=first.badges,
            frame_time_ms=first.frame_time_ms,
            slice_thickness_mm=first.slice_thickness_mm,
            patient_orientation=first.patient_orientation,
            discriminators=first.discriminators,
        )
        for index in range(count)
    )


def _frame(
    record: HeaderRecord,
    top: Elements,
    layout: PixelFormat,
    index: int,
    groups: tuple[Elements, ...],
) -> Frame:
    plane = frame_plane(top, groups, index)
    sop_class = top.text("SOPClassUID")
    kinds = frame_type_of(top, groups)
    orientation = top.texts("PatientOrientation")
    thickness = [group.item("PixelMeasuresSequence").number("SliceThickness") for group in groups]
    return Frame(
        sop_instance_uid=top.text("SOPInstanceUID"),
        sop_class_uid=sop_class,
        instance_number=top.integer("InstanceNumber"),
        frame_number=index + 1,
        format=layout,
        location=_location(record, layout, index),
        spacing=pixel_spacing(top, groups, is_in_patient=plane is not None or is_cross_sectional(sop_class)),
        plane=plane,
        values=value_mapping(top, groups),
        display=display_defaults(top, groups),
        badges=frame_badges(top, kinds, layout.transfer_syntax_uid),
        frame_time_ms=_frame_time_ms(top),
        slice_thickness_mm=_positive(*thickness, top.number("SliceThickness")),
        patient_orientation=(orientation[0], orientation[1]) if len(orientation) == 2 and all(orientation) else None,
        discriminators=grouped_discriminators(groups, kinds) if groups else classic_discriminators(top),
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
        return PixelLocation(file, index)
    return PixelLocation(file, index, pixels["offset"] + index * (bits // 8), bits // 8)


def _positive(*numbers: float | None) -> float | None:
    return next((number for number in numbers if number is not None and number > 0.0), None)


def _frame_time_ms(top: Elements) -> float | None:
    """Time from frame to frame; a vector of times counts when even (PS3.3 C.7.6.5)."""
    time = _positive(top.number("FrameTime"))
    if time is not None:
        return time
    vector = top.numbers("FrameTimeVector")
    if vector and len(vector) > 1 and max(vector[1:]) - min(vector[1:]) <= 0.01 * max(vector[1:]):
        return _positive(vector[1])
    rate = _positive(top.number("RecommendedDisplayFrameRate"), top.number("CineRate"))
    return 1000.0 / rate if rate else None
