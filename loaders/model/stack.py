"""A displayable stack: the frames of a series that belong in one scroll."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from loaders.model.frame import Frame
from loaders.model.volume_geometry import VolumeGeometry


class StackKind(StrEnum):
    """``VOLUME``: evenly spaced parallel slices. ``STACK``: scrollable, no volume. ``SINGLE``: one frame."""

    VOLUME = "volume"
    STACK = "stack"
    SINGLE = "single"


class StackWarningCode(StrEnum):
    """Irregularities of a stack that are said in the viewport and the list."""

    DUPLICATE_POSITIONS = "duplicate_positions"
    MISSING_SLICES = "missing_slices"
    UNEVEN_SPACING = "uneven_spacing"
    GANTRY_TILT = "gantry_tilt"
    MIXED_ORIENTATION = "mixed_orientation"
    MIXED_MATRIX = "mixed_matrix"
    MISSING_GEOMETRY = "missing_geometry"
    MISSING_FRAME_OF_REFERENCE = "missing_frame_of_reference"
    OVERLAPPING_SLICES = "overlapping_slices"
    INCOMPLETE = "incomplete"


@dataclass(frozen=True, slots=True)
class StackWarning:
    """One irregularity, with the 1-based slice numbers it concerns and its size in mm or degrees where it has one."""

    code: StackWarningCode
    slices: tuple[int, ...] = ()
    amount: float | None = None


@dataclass(frozen=True, slots=True)
class StackKey:
    """Names one stack within a catalogue. ``stack_id`` is stable: the same files give the same identifier."""

    study_uid: str
    series_uid: str
    stack_id: str


@dataclass(frozen=True, slots=True)
class Stack:
    """Frames in display order: along the normal where geometry is known, else by instance and frame number."""

    key: StackKey
    kind: StackKind
    frames: tuple[Frame, ...]
    geometry: VolumeGeometry | None = None
    warnings: tuple[StackWarning, ...] = ()
    #: What sets this stack apart from its siblings in the series, e.g. (("b_value", "800"),).
    split_by: tuple[tuple[str, str], ...] = ()
    orientation: str = "unknown"  # axial, coronal, sagittal, oblique, unknown

    @property
    def frame_of_reference_uid(self) -> str:
        """The stack's frame of reference, empty when not stated or mixed."""
        uids = {frame.plane.frame_of_reference_uid for frame in self.frames if frame.plane}
        return uids.pop() if len(uids) == 1 else ""

    @property
    def decoded_bytes(self) -> int:
        """Memory that all frames take once decoded."""
        return sum(frame.format.decoded_bytes for frame in self.frames)
