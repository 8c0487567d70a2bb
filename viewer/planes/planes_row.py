"""One examination in the three planes: its volume, what it is called, and how it lies to the first one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from compare.linking.frame_graph import LinkBasis, PointTransform
from compare.pet.carried_volume import carried
from compare.pet.fusion_pairs import CannotFuse
from compare.reformat.sampled_volume import SampledVolume, sampled
from compare.reformat.stack_grid import CannotReformat, StackGrid, grid_of
from compare.session.planes_view import FusionStyle
from loaders.model.display import Window
from loaders.model.volume import Volume
from viewer.rendering.fusion import FusionLook

_WINDOW_A_PIXEL = 1.0 / 300.0


@dataclass(slots=True, eq=False)
class PlanesRow:
    """One examination. ``transform`` carries points of the first row's space here; ``basis`` says on what it rests.

    Without a transform the planes turn, thicken and scale alike, and their place is kept relative to the two volumes'
    middles: ``basis`` is ``None`` then, and the pane says so. ``factor`` brings values into ``unit`` (SUV).
    ``is_uptake``: dark on white. ``uptake`` is the row whose values are laid over this one's in colour; both lie in one
    frame of reference, or in two that a transform joins. ``style`` is how it is laid over. ``uptake_carried_by``
    leads points from the uptake's space into this row's where they are two.
    """

    volume: Volume
    titles: tuple[str, ...]
    window: Window | None
    transform: PointTransform | None = None
    basis: LinkBasis | None = None
    factor: float = 1.0
    unit: str = ""
    is_uptake: bool = False
    uptake: PlanesRow | None = None
    uptake_carried_by: PointTransform | None = None
    whole: SampledVolume | None = None
    style: FusionStyle = field(default_factory=FusionStyle)
    _carried: tuple[SampledVolume, SampledVolume] | None = None

    @property
    def layers(self) -> tuple[SampledVolume, ...]:
        """The volumes that a pane of this row is drawn from; none where one of them cannot be cut."""
        if self.whole is None:
            return ()
        if self.uptake is None:
            return (self.whole,)
        if self.uptake.whole is None:
            return ()
        if self.uptake_carried_by is None:
            return (self.whole, self.uptake.whole)
        if self._carried is None or self._carried[0] is not self.uptake.whole:
            try:
                self._carried = (self.uptake.whole, carried(self.uptake.whole, self.uptake_carried_by))
            except CannotFuse:
                return ()
        return (self.whole, self._carried[1])

    @property
    def window_unit(self) -> str:
        """The unit that the window is in: the kind of SUV, else the series' own."""
        return self.unit if self.is_uptake else self.volume.unit.value

    @property
    def look(self) -> FusionLook | None:
        """How the uptake is painted: by the window of its own row, in the row's style."""
        window = self.uptake.window if self.uptake is not None else None
        if window is None:
            return None
        low = window.center - window.width / 2.0
        threshold = low + self.style.threshold_share * window.width
        return FusionLook(low, low + window.width, threshold, self.style.opacity, self.style.colour_map)


class ShiftedPlace:
    """Keeps the place relative to two volumes' middles where nothing is known of how they lie."""

    def __init__(self, offset_mm: NDArray[np.float64]) -> None:
        self._offset_mm = offset_mm

    def map_points(self, lps_mm: NDArray[np.float64]) -> NDArray[np.float64]:
        """Shift points, (n, 3)."""
        return lps_mm + self._offset_mm

    def inverse(self) -> ShiftedPlace:
        """Shift back."""
        return ShiftedPlace(-self._offset_mm)


def take_values(row: PlanesRow) -> None:
    """Look at a row's volume as values in its unit; ``whole`` is ``None`` where it makes none."""
    try:
        grid_of(row.volume.stack)
        whole = sampled(row.volume)
        row.whole = replace(whole, slope=whole.slope * row.factor, intercept=whole.intercept * row.factor)
    except CannotReformat:
        row.whole = None


def carry_unregistered(rows: Sequence[PlanesRow]) -> None:
    """Keep the place by the volumes' middles in rows that nothing joins to the first."""
    first = next((row.whole for row in rows if row.whole is not None), None)
    for row in rows:
        if first is not None and row.whole is not None and row.transform is None:
            offset = np.asarray(row.whole.grid.centre_lps_mm) - np.asarray(first.grid.centre_lps_mm)
            row.transform = ShiftedPlace(offset)


def fitting_scale(grid: StackGrid, canvases: Sequence[tuple[int, int]]) -> float:
    """Millimetres of a pixel at which the whole volume fits into the smallest canvas, (width, height) each."""
    corners = grid.corners_lps_mm()
    extent = float((corners.max(axis=0) - corners.min(axis=0)).max())
    return max(extent / max(min((min(size) for size in canvases), default=256), 64), 0.02)


def drag_window(rows: Sequence[PlanesRow], dragged: PlanesRow, dx: float, dy: float) -> bool:
    """Widen and shift a row's window by pixels of a drag; return whether there was one.

    A window holds in one unit only; rows that had the same one in the same unit keep it together.
    """
    before = dragged.window
    if before is None:
        return False
    width = max(before.width * (1.0 + dx * _WINDOW_A_PIXEL), 1.0 if not dragged.is_uptake else 0.01)
    after = replace(before, center=before.center + dy * _WINDOW_A_PIXEL * before.width, width=width)
    for row in rows:
        if row is dragged or (row.window_unit == dragged.window_unit and row.window == before):
            row.window = after
    return True
