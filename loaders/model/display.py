"""How a file asks to be shown: modality LUT, VOI, presentation LUT, padding (PS3.3 C.11, PS3.4 N.2)."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from loaders.model.units import ValueUnit


@dataclass(frozen=True, slots=True)
class LookupTable:
    """A DICOM LUT (PS3.3 C.11.1.1): ``values[0]`` belongs to ``first_mapped``; inputs outside take the end entries."""

    first_mapped: int
    bits: int
    values: tuple[int, ...]
    explanation: str = ""


@dataclass(frozen=True, slots=True)
class ValueMapping:
    """The modality LUT of one frame: stored value to a value with a unit. A table, when present, replaces the line."""

    slope: float = 1.0
    intercept: float = 0.0
    unit: ValueUnit = ValueUnit.STORED
    table: LookupTable | None = None


class VoiFunction(StrEnum):
    """VOI LUT Function (0028,1056)."""

    LINEAR = "LINEAR"
    LINEAR_EXACT = "LINEAR_EXACT"
    SIGMOID = "SIGMOID"


@dataclass(frozen=True, slots=True)
class Window:
    """A window in the unit of the modality LUT's output."""

    center: float
    width: float
    function: VoiFunction = VoiFunction.LINEAR
    explanation: str = ""


@dataclass(frozen=True, slots=True)
class Padding:
    """Pixel Padding Value and Range Limit (0028,0120), (0028,0121): stored values, both ends included."""

    low: int
    high: int


@dataclass(frozen=True, slots=True)
class DisplayDefaults:
    """What the file says about display. ``is_inverted`` joins MONOCHROME1 and an INVERSE presentation LUT shape."""

    windows: tuple[Window, ...] = ()
    voi_tables: tuple[LookupTable, ...] = ()
    is_inverted: bool = False
    padding: Padding | None = None
    presentation_table: LookupTable | None = None


NO_DEFAULTS = DisplayDefaults()


@dataclass(frozen=True, slots=True)
class FrameBadges:
    """Facts that must be said on the picture."""

    is_lossy: bool = False
    lossy_ratio: float | None = None
    lossy_method: str = ""
    burned_in_annotation: bool = False
    image_type: tuple[str, ...] = field(default=())
    #: ``L``, ``R``, ``B`` (both), ``U`` (unpaired), empty where not stated, ``?`` where the file contradicts itself.
    laterality: str = ""
    has_overlay: bool = False
    has_shutter: bool = False
    has_icc_profile: bool = False
    for_processing: bool = False

    @property
    def is_derived(self) -> bool:
        """Whether the pixels were calculated from others (Image Type value 1)."""
        return bool(self.image_type) and self.image_type[0].upper() == "DERIVED"

    @property
    def is_localizer(self) -> bool:
        """Whether the image is there to plan or to find others."""
        return not {"LOCALIZER", "SCOUT", "TOPOGRAM"}.isdisjoint(kind.upper() for kind in self.image_type)
