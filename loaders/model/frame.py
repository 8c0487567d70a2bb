"""One displayable frame: identity, place, pixel layout, meaning of its values, how it asks to be shown."""

from __future__ import annotations

from dataclasses import dataclass, field

from loaders.model.display import NO_DEFAULTS, DisplayDefaults, FrameBadges, ValueMapping
from loaders.model.frame_plane import FramePlane
from loaders.model.pet_facts import PetFacts
from loaders.model.pixel_format import PixelFormat, PixelLocation
from loaders.model.ultrasound_region import UltrasoundRegion
from loaders.model.units import PixelSpacing


@dataclass(frozen=True, slots=True)
class Frame:
    """A frame as known from headers, before any pixel is decoded. ``frame_number`` counts from 1 as on screen."""

    sop_instance_uid: str
    sop_class_uid: str
    instance_number: int | None
    frame_number: int
    format: PixelFormat
    location: PixelLocation
    spacing: PixelSpacing
    plane: FramePlane | None = None
    values: ValueMapping = ValueMapping()
    display: DisplayDefaults = NO_DEFAULTS
    badges: FrameBadges = FrameBadges()
    frame_time_ms: float | None = None
    slice_thickness_mm: float | None = None
    patient_orientation: tuple[str, str] | None = None
    #: What tells this frame from others at the same position: ("echo", "1"), ("b_value", "800"), ...
    discriminators: tuple[tuple[str, str], ...] = field(default=())
    #: What SUV rests on; ``None`` where the object is no PET image.
    pet: PetFacts | None = None
    #: Where an ultrasound picture is calibrated, and to what; empty where its spacing holds everywhere.
    ultrasound_regions: tuple[UltrasoundRegion, ...] = ()
