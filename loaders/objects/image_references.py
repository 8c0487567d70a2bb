"""Which images, and which of their frames, an object is about (PS3.3 10.3, C.11.11)."""

from __future__ import annotations

from dataclasses import dataclass

from loaders.discovery.element_values import Elements
from loaders.model.frame import Frame


@dataclass(frozen=True, slots=True)
class ImageReference:
    """One image; ``frames`` count from 1, none means all of them."""

    sop_instance_uid: str
    frames: tuple[int, ...] = ()
    segments: tuple[int, ...] = ()

    def names(self, frame: Frame) -> bool:
        """Whether the frame is meant."""
        is_instance = frame.sop_instance_uid == self.sop_instance_uid
        return is_instance and (not self.frames or frame.frame_number in self.frames)


def image_references(item: Elements, keyword: str = "ReferencedImageSequence") -> tuple[ImageReference, ...]:
    """Return what the items of a reference macro name; those without a UID name nothing."""
    found = []
    for reference in item.items(keyword):
        uid = reference.text("ReferencedSOPInstanceUID")
        if uid:
            numbers = [_whole(reference, name) for name in ("ReferencedFrameNumber", "ReferencedSegmentNumber")]
            found.append(ImageReference(uid, *numbers))
    return tuple(found)


def _whole(item: Elements, keyword: str) -> tuple[int, ...]:
    return tuple(int(number) for number in item.numbers(keyword) or ())


def are_meant(references: tuple[ImageReference, ...], frame: Frame) -> bool:
    """Whether a part of an object is about a frame: it names it, or names nothing and is about all."""
    return not references or any(reference.names(frame) for reference in references)
