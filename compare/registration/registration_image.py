"""The picture as registration sees it: values with a unit on an evenly spaced grid, no finer than is of use."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from compare.errors import Refused
from loaders.model.stack import StackWarningCode
from loaders.model.volume import Volume
from loaders.values.modality_lut import apply_modality_lut

Floats = NDArray[np.float32]
Points = NDArray[np.float64]

#: In-plane detail below this is averaged away while loading: twice what the finest step of the registration resolves.
WORKING_DETAIL_MM = 1.0
#: Slices further apart than this many ordinary steps leave a hole that must not be filled.
_LARGEST_GAP_STEPS = 2.5
_FEWEST_SLICES = 5
_SHORTEST_EXTENT_MM = 20.0


class NotRegistrable(Refused):
    """The stack cannot be brought onto a grid in the patient; ``code`` says why."""


@dataclass(frozen=True, eq=False)
class RegistrationImage:
    """Values in the modality's unit, shape (z, y, x), float32 and finite, on a grid in the patient.

    ``index_to_lps`` (4, 4) takes (z, y, x, 1) to LPS mm and may be sheared (gantry tilt): sampling goes through it, so
    a tilted stack needs no resampling. ``is_known`` (z,) is ``False`` for slices that were interpolated over a gap or
    had no usable value. ``notes`` are stable words about what was done to the stack.
    """

    values: Floats
    index_to_lps: NDArray[np.float64]
    modality: str
    is_known: NDArray[np.bool_]
    notes: tuple[str, ...] = field(default=())

    @property
    def spacing_mm_zyx(self) -> tuple[float, float, float]:
        """Distances between neighbouring voxels along each array axis."""
        z, y, x = np.linalg.norm(self.index_to_lps[:3, :3], axis=0)
        return float(z), float(y), float(x)

    @property
    def axes_lps(self) -> NDArray[np.float64]:
        """Orthonormal, right-handed axes as columns (x, y, z): column direction, row direction, slice normal."""
        x = self.index_to_lps[:3, 2] / np.linalg.norm(self.index_to_lps[:3, 2])
        y = self.index_to_lps[:3, 1] - x * float(x @ self.index_to_lps[:3, 1])
        y /= np.linalg.norm(y)
        return np.stack([x, y, np.cross(x, y)], axis=1)

    @property
    def corners_lps_mm(self) -> Points:
        """The eight outer voxel centres, shape (8, 3)."""
        last = np.array(self.values.shape, dtype=np.float64) - 1.0
        picks = np.array(np.meshgrid((0, 1), (0, 1), (0, 1), indexing="ij")).reshape(3, 8).T * last
        corners: Points = picks @ self.index_to_lps[:3, :3].T + self.index_to_lps[:3, 3]
        return corners


def registration_image(volume: Volume, modality: str, *, detail_mm: float = WORKING_DETAIL_MM) -> RegistrationImage:
    """Bring a loaded volume onto an even grid: values through the modality LUT, fine pixels averaged to ``detail_mm``.

    Even stacks, tilted ones included, keep their slices. Uneven ones are resampled to their ordinary step along the
    normal, linearly, which is noted as ``resampled_evenly``; slices inside a gap are not ``is_known``. Raises
    :class:`NotRegistrable` for colour, fewer than five slices, no geometry, mixed matrices or directions, no values.
    """
    positions, origins = _places(volume)
    order = np.argsort(positions, kind="stable")
    order = order[np.r_[True, np.diff(positions[order]) > 1e-3]]  # of several at one place the first
    used = [int(index) for index in order]
    if len(used) < _FEWEST_SLICES:
        raise NotRegistrable("too_few_slices")
    values, factors, has_value = _averaged(volume, used, detail_mm)
    if not np.count_nonzero(has_value) >= _FEWEST_SLICES:
        raise NotRegistrable("no_values")
    kept_positions, kept_origins = positions[order], origins[order]
    if kept_positions[-1] - kept_positions[0] < _SHORTEST_EXTENT_MM:
        raise NotRegistrable("too_few_slices")
    spacing = volume.frame(used[0]).spacing
    plane = volume.frame(used[0]).plane
    assert plane is not None  # noqa: S101 - _places saw it
    columns = np.stack(
        [
            np.asarray(plane.row_step_lps) * spacing.row_mm * factors[0],
            np.asarray(plane.column_step_lps) * spacing.column_mm * factors[1],
        ],
        axis=1,
    )
    corner = 0.5 * (factors[0] - 1) * spacing.row_mm * np.asarray(plane.row_step_lps) + 0.5 * (
        factors[1] - 1
    ) * spacing.column_mm * np.asarray(plane.column_step_lps)
    return _even(values, kept_positions, kept_origins + corner, columns, has_value, modality=modality)


def _places(volume: Volume) -> tuple[NDArray[np.float64], Points]:
    """Positions along the normal (n,) and origins (n, 3) of all frames; refuses what has no one grid."""
    frames = volume.stack.frames
    first = frames[0]
    if first.format.is_colour:
        raise NotRegistrable("colour")
    codes = {warning.code for warning in volume.stack.warnings}
    if codes & {StackWarningCode.MIXED_ORIENTATION, StackWarningCode.MIXED_MATRIX}:
        raise NotRegistrable("mixed_geometry")
    planes = [frame.plane for frame in frames]
    if any(plane is None for plane in planes) or not first.spacing.is_mm:
        raise NotRegistrable("no_geometry")
    known = [plane for plane in planes if plane is not None]
    normal = np.asarray(known[0].normal_lps)
    if min(float(np.dot(plane.normal_lps, normal)) for plane in known) < np.cos(np.radians(1.0)):
        raise NotRegistrable("mixed_geometry")
    origins = np.array([plane.origin_lps_mm for plane in known], dtype=np.float64)
    return origins @ normal, origins


def _averaged(
    volume: Volume, used: Sequence[int], detail_mm: float
) -> tuple[Floats, tuple[int, int], NDArray[np.bool_]]:
    """Values of the used frames, averaged in blocks of whole pixels; which frames have finite values at all."""
    first = volume.frame(used[0])
    rows, columns = first.format.rows, first.format.columns
    factors = (
        max(1, min(rows, int(detail_mm * 1.45 / first.spacing.row_mm))),
        max(1, min(columns, int(detail_mm * 1.45 / first.spacing.column_mm))),
    )
    tall, wide = rows // factors[0], columns // factors[1]
    values = np.zeros((len(used), tall, wide), dtype=np.float32)
    has_value = np.zeros(len(used), dtype=np.bool_)
    for place, index in enumerate(used):
        stored = volume.frame_array(index)
        frame = volume.frame(index)
        if stored is None or stored.shape != (rows, columns):
            continue
        plane = apply_modality_lut(stored, frame.values)
        padding = frame.display.padding
        is_bad = ~np.isfinite(plane)
        if padding is not None:
            is_bad |= np.greater_equal(stored, padding.low) & np.less_equal(stored, padding.high)
        if is_bad.any():
            good = plane[~is_bad]
            plane[is_bad] = float(good.min()) if good.size else 0.0
            if good.size < 0.02 * plane.size:
                continue
        cut = plane[: tall * factors[0], : wide * factors[1]]
        values[place] = cut.reshape(tall, factors[0], wide, factors[1]).mean(axis=(1, 3))
        has_value[place] = True
    return values, factors, has_value


def _even(
    values: Floats,
    positions: NDArray[np.float64],
    origins: Points,
    in_plane: NDArray[np.float64],
    has_value: NDArray[np.bool_],
    *,
    modality: str,
) -> RegistrationImage:
    """Put slices at arbitrary positions onto an even grid along the line of their origins."""
    steps = np.diff(positions)
    step = float(np.median(steps))
    length = positions[-1] - positions[0]
    line = (origins[-1] - origins[0]) / length  # per mm along the normal: holds the tilt
    is_even = bool(np.abs(steps - step).max() <= 0.05 * step) and bool(has_value.all())
    affine = np.eye(4)
    affine[:3, 1:3] = in_plane
    affine[:3, 3] = origins[0]
    if is_even:
        affine[:3, 0] = line * length / (len(positions) - 1)
        return RegistrationImage(values, affine, modality, has_value)
    kept = np.flatnonzero(has_value)
    positions, values = positions[kept], values[kept]
    affine[:3, 3] = origins[kept[0]]
    count = round(float((positions[-1] - positions[0]) / step)) + 1
    wanted = positions[0] + step * np.arange(count)
    affine[:3, 0] = line * step
    after = np.clip(np.searchsorted(positions, wanted), 1, len(positions) - 1)
    gap = positions[after] - positions[after - 1]
    share = np.clip((wanted - positions[after - 1]) / gap, 0.0, 1.0).astype(np.float32)[:, None, None]
    even = values[after - 1] * (1 - share) + values[after] * share
    near = np.minimum(np.abs(wanted - positions[after - 1]), np.abs(wanted - positions[after]))
    is_known = (gap <= _LARGEST_GAP_STEPS * step) | (near <= 0.5 * step)
    return RegistrationImage(even, affine, modality, is_known, ("resampled_evenly",))
