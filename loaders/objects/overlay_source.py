"""Everything that may be laid over a frame, by the UID of the object it comes from. Reads and decodes: for jobs."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from loaders.cache.memory_budget import MemoryBudget
from loaders.errors import DecodeError, WorldError
from loaders.model.frame import Frame
from loaders.model.overlay import FrameOverlays, MaskOverlay, PictureOverlay
from loaders.model.stack import Stack, StackKey, StackKind
from loaders.model.study import Catalogue, NotDisplayed
from loaders.objects.embedded_overlays import overlay_bits
from loaders.objects.object_reading import ObjectReader
from loaders.objects.overlay_planes import curve_names, overlay_planes
from loaders.objects.plane_placing import lies_in, off_plane_mm, placed
from loaders.objects.presentation_state import STATE_CLASSES, PresentationState, presentation_state
from loaders.objects.segmentation import (
    SEGMENTATION_CLASSES,
    Segmentation,
    SegmentFrame,
    segmentation,
)
from loaders.objects.shutters import shutters_of
from loaders.objects.state_graphics import ShownArea
from loaders.objects.structure_set import StructureSet, structure_set
from loaders.pixels.volume_assembler import Arrivals, VolumeLoader
from loaders.stores.image_source import ImageSource
from loaders.values.display_pixels import choice_of_file, display_pixels
from loaders.workers.worker_pool import WorkerPool

_STRUCTURE_SET = "1.2.840.10008.5.1.4.1.1.481.3"


class ObjectNotFound(WorldError):
    """There is no object of that UID, or it is of another kind than was asked for."""

    code = "object_not_found"


class OverlaySource:
    """Finds objects of a catalogue, reads each once, and gives what they put over a frame."""

    def __init__(
        self, catalogue: Catalogue, pool: WorkerPool, reader: ObjectReader, source: ImageSource | None
    ) -> None:
        self._catalogue = catalogue
        self._pool = pool
        self._reader = reader
        self._source = source
        self._states: dict[str, PresentationState] = {}
        self._segmentations: dict[str, Segmentation] = {}
        self._structures: dict[str, StructureSet] = {}

    def row(self, uid: str, classes: frozenset[str]) -> NotDisplayed:
        """Return an object's row. Raises ``ObjectNotFound``."""
        row = self._catalogue.find_object(uid)
        if row is None:
            raise ObjectNotFound(f"no object {uid} here")
        if row.sop_class_uid not in classes:
            raise ObjectNotFound(f"object {uid} is a {row.sop_class}: not what was asked for")
        return row

    def state(self, uid: str) -> PresentationState:
        """Return a presentation state. Raises ``ObjectNotFound``, ``UnreadableObject``."""
        if uid not in self._states:
            row = self.row(uid, frozenset(STATE_CLASSES))
            self._states[uid] = presentation_state(self._reader.elements(row.file))
        return self._states[uid]

    def state_overlays(self, uid: str, frame: Frame) -> FrameOverlays:
        """Return graphics, shutters and overlay planes of a state for a frame it was made for."""
        state = self.state(uid)
        rows, columns = frame.format.rows, frame.format.columns
        area = state.area_of(frame)
        box = area.box if area else (0, 0, columns, rows)
        found = self._blended(state, frame)
        found += state.graphics.overlays(frame, ShownArea(box, state.turns_clockwise, state.is_flipped))
        if state.shutters is not None:
            found += FrameOverlays(shutter=state.shutters.open_pixels(rows, columns))
        masks = [plane.overlay(frame.frame_number, rows, columns) for plane in state.planes if not plane.is_embedded]
        return found + FrameOverlays(
            masks=tuple(mask for mask in masks if mask is not None), not_drawn=state.not_applied
        )

    def _blended(self, state: PresentationState, frame: Frame) -> FrameOverlays:
        """Return the superimposed image of a blending state in a frame's plane, coloured, or why there is none."""
        over, palette = state.superimposed, state.palette
        if over is None or palette is None:
            return FrameOverlays(
                not_drawn=("the blending state names no image or palette to lay over",) * (over is not None)
            )
        near = [
            (abs(distance), other)
            for study in self._catalogue.studies
            for series in study.series
            for stack in series.stacks
            for other in stack.frames
            if any(reference.names(other) for reference in over.references)
            and lies_in(other, frame)
            and (distance := off_plane_mm(other, frame)) is not None
        ]
        if not near:
            return FrameOverlays(not_drawn=("no image to be laid over lies in this slice",))
        other = min(near, key=lambda pair: pair[0])[1]
        (stored,) = self._frames((other,))
        shown = over.shown_as(other)
        grey = display_pixels(stored, shown, choice_of_file(shown))
        there = placed(palette.coloured(grey), other, frame)
        if there is None:
            return FrameOverlays(not_drawn=("the image to be laid over has no place in this slice",))
        opacity = there[1].astype(np.float32) * np.float32(over.opacity)
        return FrameOverlays(pictures=(PictureOverlay(there[0].astype(np.uint8), opacity, state.label),))

    def planes(self, frame: Frame) -> FrameOverlays:
        """Return the overlay planes and shutters within the image's own file; its curves are named, not drawn."""
        top = self._reader.elements(frame.location.file)
        rows, columns = frame.format.rows, frame.format.columns
        masks: list[MaskOverlay] = []
        not_drawn: list[str] = []
        for plane in overlay_planes(top):
            name = f"overlay {plane.group:04X}"
            try:
                bits = overlay_bits(self._reader, frame, plane.bit_position) if plane.is_embedded else b""
            except DecodeError as error:
                not_drawn.append(f"{name}: {error.message}")
                continue
            mask = plane.overlay(frame.frame_number, rows, columns, bits)
            if mask is None:
                not_drawn.append(f"{name}: no plane for this frame, or its data end early")
            else:
                masks.append(mask)
        shutters = shutters_of(top)
        shutter = shutters.open_pixels(rows, columns) if shutters else None
        not_drawn += curve_names(top)
        return FrameOverlays(masks=tuple(masks), shutter=shutter, not_drawn=tuple(not_drawn))

    def contours(self, uid: str, frame: Frame) -> FrameOverlays:
        """Return a structure set's contours in a frame. Raises ``ObjectNotFound``, ``UnreadableObject``."""
        if uid not in self._structures:
            row = self.row(uid, frozenset({_STRUCTURE_SET}))
            self._structures[uid] = structure_set(self._reader.elements(row.file))
        return self._structures[uid].overlays(frame)

    def segmentation(self, uid: str) -> Segmentation:
        """Return a segmentation without its pixels. Raises ``ObjectNotFound``, ``UnreadableObject``."""
        if uid not in self._segmentations:
            row = self.row(uid, SEGMENTATION_CLASSES)
            self._segmentations[uid] = segmentation(self._reader.record(row.file))
        return self._segmentations[uid]

    def segments(self, uid: str, frame: Frame) -> FrameOverlays:
        """Return the segments that lie in a frame as masks. Raises also ``DecodeError``."""
        found = self.segmentation(uid)
        wanted = found.frames_in(frame)
        return found.overlays(frame, self._pixels(wanted)) if wanted else FrameOverlays()

    def _pixels(self, wanted: tuple[SegmentFrame, ...]) -> Mapping[SegmentFrame, NDArray[np.generic]]:
        return dict(zip(wanted, self._frames(tuple(each.frame for each in wanted)), strict=True))

    def _frames(self, frames: tuple[Frame, ...]) -> list[NDArray[np.generic]]:
        """Decode frames, all or none. Raises ``DecodeError``."""
        stack = Stack(StackKey("", "", frames[0].sop_instance_uid), StackKind.STACK, frames)
        loader = VolumeLoader(stack, self._pool, MemoryBudget(), on_arrivals=_ignore, source=self._source)
        try:
            loader.start().wait()
            pixels = []
            for index in range(len(frames)):
                stored = loader.volume.frame_array(index)
                if stored is None:
                    raise DecodeError(loader.validity.reason(index) or "a frame to be laid over cannot be decoded")
                pixels.append(stored.copy())
            return pixels
        finally:
            loader.close()


def _ignore(_arrivals: Arrivals) -> None:
    """Only the end is waited for."""
