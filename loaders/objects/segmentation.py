"""Segmentations: which of their frames belong to a picture, and what of them lies in it (PS3.3 A.51, C.8.20)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from loaders.discovery.element_values import Elements
from loaders.discovery.frame_building import FrameBuilder, UnusablePixels
from loaders.discovery.header_scan import HeaderRecord
from loaders.model.frame import Frame
from loaders.model.overlay import Colour, FrameOverlays, MaskOverlay
from loaders.objects.cielab import colour_of
from loaders.objects.image_references import ImageReference, image_references
from loaders.objects.object_reading import UnreadableObject
from loaders.objects.plane_placing import lies_in, off_plane_mm, placed

SEGMENTATION_CLASSES = frozenset({"1.2.840.10008.5.1.4.1.1.66.4", "1.2.840.10008.5.1.4.1.1.66.7"})
#: Colours for segments that recommend none, told apart without red against green.
_COLOURS: tuple[Colour, ...] = (
    (230, 159, 0),
    (86, 180, 233),
    (0, 158, 115),
    (240, 228, 66),
    (204, 121, 167),
    (213, 94, 0),
)
#: How much of the picture a full segment covers: what lies under it must be seen.
_STRENGTH = 0.4


@dataclass(frozen=True, slots=True)
class Segment:
    """One segment: what it is, and how it asks to be coloured."""

    number: int
    label: str
    meaning: str
    colour: Colour
    algorithm: str = ""


@dataclass(frozen=True, slots=True)
class SegmentFrame:
    """One frame of a segmentation; ``segment`` is ``None`` in a label map, where pixels name their segments."""

    frame: Frame
    segment: int | None
    references: tuple[ImageReference, ...]

    def lies_in(self, shown: Frame) -> bool:
        """Whether this frame is in the plane of a picture, or, without planes, was drawn on it."""
        if any(reference.names(shown) for reference in self.references):
            return True
        return lies_in(self.frame, shown)


@dataclass(frozen=True, slots=True)
class Segmentation:
    """A whole segmentation, without its pixels."""

    sop_instance_uid: str
    kind: str  # BINARY, FRACTIONAL, LABELMAP
    label: str
    segments: tuple[Segment, ...]
    frames: tuple[SegmentFrame, ...]
    largest: float = 1.0  # the stored value that means 1

    def frames_in(self, shown: Frame) -> tuple[SegmentFrame, ...]:
        """Return the frames that lie in a picture: the nearest plane's alone, where several are within reach."""
        found = [each for each in self.frames if each.lies_in(shown)]
        named = [each for each in found if any(reference.names(shown) for reference in each.references)]
        if named:
            return tuple(named)
        best: dict[int | None, float] = {}
        for each in found:
            distance = _distance_mm(each.frame, shown)
            best[each.segment] = min(distance, best.get(each.segment, distance))
        return tuple(each for each in found if _distance_mm(each.frame, shown) <= best[each.segment] + 1e-6)

    def overlays(self, shown: Frame, stored: Mapping[SegmentFrame, NDArray[np.generic]]) -> FrameOverlays:
        """Return the segments as masks over a picture, from the stored pixels of its :meth:`frames_in`."""
        segments = {segment.number: segment for segment in self.segments}
        masks: list[MaskOverlay] = []
        not_drawn: list[str] = []
        for each, pixels in stored.items():
            placed = _placed(pixels, each.frame, shown)
            if placed is None:
                not_drawn.append("a segmentation of another matrix, without a position in the patient")
                continue
            for number in [each.segment] if each.segment is not None else _numbers_in(placed, each.frame):
                opacity = placed == number if each.segment is None else np.clip(placed / self.largest, 0.0, 1.0)
                segment = segments.get(number) or _unknown_segment(number)
                if np.any(opacity):
                    masks.append(MaskOverlay((opacity * _STRENGTH).astype(np.float32), segment.colour, segment.label))
        return FrameOverlays(masks=tuple(masks), not_drawn=tuple(dict.fromkeys(not_drawn)))


def _distance_mm(mine: Frame, shown: Frame) -> float:
    return abs(off_plane_mm(mine, shown) or 0.0)


def _placed(stored: NDArray[np.generic], mine: Frame, shown: Frame) -> NDArray[np.float64] | None:
    """Return stored values at the pixels of a picture, background outside; ``None`` where it is not known where."""
    found = placed(stored, mine, shown, mine.display.padding.low if mine.display.padding is not None else 0)
    return None if found is None else found[0]


def _numbers_in(placed: NDArray[np.float64], frame: Frame) -> list[int]:
    """The segments that a label map names, its background left out: its padding value, or 0 where it states none."""
    padding = frame.display.padding
    background = {0} if padding is None else set(range(padding.low, padding.high + 1))
    return sorted({int(number) for number in np.unique(placed)} - background)


def _unknown_segment(number: int) -> Segment:
    return Segment(number, f"segment {number}", "", _COLOURS[number % len(_COLOURS)])


def segmentation(record: HeaderRecord) -> Segmentation:
    """Read a segmentation's record. Raises ``UnreadableObject`` where it has no frames that could be placed."""
    top = Elements(record["elements"])
    if record["status"] != "image":
        raise UnreadableObject("the segmentation has no pixels")
    kind = top.text("SegmentationType").upper()
    try:
        frames = FrameBuilder().frames_of(record)
    except UnusablePixels as error:
        raise UnreadableObject(f"the segmentation's pixels describe no picture: {error}") from error
    groups = top.items("PerFrameFunctionalGroupsSequence")
    shared = top.item("SharedFunctionalGroupsSequence")
    if len(groups) != len(frames):
        raise UnreadableObject("the segmentation does not say which frame is of which segment")
    is_map = kind == "LABELMAP"
    found = []
    for frame, group in zip(frames, groups, strict=True):
        # A label map's numbers are wanted, not the colours it may carry for them.
        layout = replace(frame.format, photometric_interpretation="MONOCHROME2")
        numbers = [
            place.item("SegmentIdentificationSequence").integer("ReferencedSegmentNumber") for place in (group, shared)
        ]
        segment = next((number for number in numbers if number is not None), None)
        if segment is None and not is_map:
            continue
        found.append(SegmentFrame(replace(frame, format=layout), None if is_map else segment, _sources(group)))
    return Segmentation(
        top.text("SOPInstanceUID"),
        kind,
        top.text("ContentLabel") or top.text("SeriesDescription"),
        tuple(_segment(item) for item in top.items("SegmentSequence")),
        tuple(found),
        (top.number("MaximumFractionalValue") or 255.0) if kind == "FRACTIONAL" else 1.0,
    )


def _sources(group: Elements) -> tuple[ImageReference, ...]:
    return tuple(
        reference
        for item in group.items("DerivationImageSequence")
        for reference in image_references(item, "SourceImageSequence")
    )


def _segment(item: Elements) -> Segment:
    number = item.integer("SegmentNumber") or 0
    return Segment(
        number,
        item.text("SegmentLabel"),
        item.item("SegmentedPropertyTypeCodeSequence").text("CodeMeaning"),
        colour_of(item, "RecommendedDisplayCIELabValue") or _COLOURS[number % len(_COLOURS)],
        item.text("SegmentAlgorithmName") or item.text("SegmentAlgorithmType"),
    )
