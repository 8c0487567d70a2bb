"""The three planes as part of the session: where they stand, how they are arranged and painted. Values only."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from compare.reformat.mpr_state import MprState
from loaders.model.display import Window
from loaders.model.stack import StackKey


class PlanesArrangement(StrEnum):
    """What stands in a row: the three planes, or they and the volume as a whole."""

    PLANES = "planes"
    WITH_VOLUME = "with_volume"


@dataclass(frozen=True, slots=True)
class FusionStyle:
    """How uptake is laid over anatomy. Below ``threshold_share`` of its window it is transparent, above it ``opacity``.

    Both are shares, 0 to 1.
    """

    colour_map: str = "hot_iron"
    opacity: float = 0.5
    threshold_share: float = 0.1

    def __post_init__(self) -> None:
        if not (0.0 <= self.opacity <= 1.0 and 0.0 <= self.threshold_share <= 1.0):
            raise ValueError("opacity and threshold are shares from 0 to 1")


@dataclass(frozen=True, slots=True)
class VolumeCamera:
    """From where the volumes are seen, all from the same side, and through which preset. Degrees."""

    preset: str = "bone"
    azimuth_degrees: float = 0.0
    elevation_degrees: float = 0.0


@dataclass(frozen=True, slots=True)
class RowWindow:
    """The window of one row's values in the unit that it was chosen in: it holds in no other."""

    unit: str
    window: Window


@dataclass(frozen=True, slots=True)
class PlanesView:
    """``mpr`` is in the space of the first of ``stacks``; ``windows`` follow the stacks, ``None``: the file's.

    ``maximised`` is (row, pane), counted from 0, of the plane that fills the panel.
    """

    stacks: tuple[StackKey, ...]
    mpr: MprState
    windows: tuple[RowWindow | None, ...] = ()
    arrangement: PlanesArrangement = PlanesArrangement.PLANES
    maximised: tuple[int, int] | None = None
    fusion: FusionStyle = FusionStyle()
    camera: VolumeCamera = VolumeCamera()
    is_open: bool = True
