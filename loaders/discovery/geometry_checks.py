"""What is irregular about a stack, and whether it is a volume. Pure functions on ordered frames."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from loaders.discovery.slice_ordering import SAME_POSITION_MM, origins_lps_mm, positions_along_normal_mm
from loaders.model.frame import Frame
from loaders.model.frame_plane import FramePlane, Vector3
from loaders.model.stack import StackKind, StackWarning, StackWarningCode
from loaders.model.units import SpacingBasis
from loaders.model.volume_geometry import VolumeGeometry

#: Steps may differ by this and still be even: max(0.01 mm, 1 %).
_EVEN_MM = 0.01
_EVEN_SHARE = 0.01
#: A step this near to a whole number of ordinary steps is a gap left by slices that are not there.
_GAP_SHARE = 0.05
_GRID_SHARE = 0.05
_TILT_DEGREES = 0.1
_FEWEST_SLICES_OF_A_VOLUME = 3
#: Within this angle of an anatomical axis a plane bears that plane's name (30 degrees).
_NAMED_COSINE = 0.866


@dataclass(frozen=True, slots=True)
class GeometryFindings:
    """Outcome of the checks. ``step_mm`` is the ordinary distance of slices along the normal, where there is one."""

    kind: StackKind
    geometry: VolumeGeometry | None = None
    warnings: tuple[StackWarning, ...] = ()
    step_mm: float | None = None


def check_geometry(frames: Sequence[Frame]) -> GeometryFindings:
    """Check frames in display order (see :mod:`loaders.discovery.slice_ordering`), all parallel where they have planes.

    Slice numbers in warnings count from 1. For missing slices and uneven steps they name the slice *before* the odd
    step, and ``amount`` is the widest such step in mm; for gantry tilt ``amount`` is the angle in degrees.
    """
    alone = StackKind.SINGLE if len(frames) <= 1 else StackKind.STACK
    planes = [frame.plane for frame in frames if frame.plane is not None]
    if len(planes) != len(frames) or not planes:
        return GeometryFindings(alone)
    warnings = []
    if any(not plane.frame_of_reference_uid for plane in planes):
        warnings.append(StackWarning(StackWarningCode.MISSING_FRAME_OF_REFERENCE))
    if len(frames) == 1:
        return GeometryFindings(alone, None, tuple(warnings))
    positions = positions_along_normal_mm(frames)
    steps = np.diff(positions)
    is_repeat = steps < SAME_POSITION_MM
    if is_repeat.any():
        repeated = tuple(int(index) + 2 for index in np.flatnonzero(is_repeat))
        warnings.append(StackWarning(StackWarningCode.DUPLICATE_POSITIONS, repeated))
    real_steps = steps[~is_repeat]
    if not len(real_steps):
        return GeometryFindings(alone, None, tuple(warnings))
    step = _ordinary_step_mm(real_steps)
    warnings += _step_warnings(steps, is_repeat, step)
    tilt, is_straight = _tilt_degrees(frames, positions, step)
    if not is_straight and not any(w.code is StackWarningCode.UNEVEN_SPACING for w in warnings):
        warnings.append(StackWarning(StackWarningCode.UNEVEN_SPACING))
    if is_straight and tilt > _TILT_DEGREES:
        warnings.append(StackWarning(StackWarningCode.GANTRY_TILT, amount=round(tilt, 3)))
    is_even = bool(np.all(np.abs(steps - step) <= _tolerance_mm(step))) and _is_on_grid(positions, step)
    if not is_even and not is_repeat.any() and not any(w.code is StackWarningCode.UNEVEN_SPACING for w in warnings):
        warnings.append(StackWarning(StackWarningCode.UNEVEN_SPACING))
    if is_even and is_straight and len(frames) >= _FEWEST_SLICES_OF_A_VOLUME and _has_one_grid(frames):
        geometry = _volume_geometry(frames, planes[0])
        return GeometryFindings(StackKind.VOLUME, geometry, tuple(warnings), step)
    return GeometryFindings(alone, None, tuple(warnings), step)


def _tolerance_mm(step_mm: float) -> float:
    return max(_EVEN_MM, _EVEN_SHARE * step_mm)


def _is_on_grid(positions: NDArray[np.float64], step_mm: float) -> bool:
    """Whether small differences of steps do not add up: every slice lies where an even grid puts it, within 5 %."""
    grid = np.linspace(positions[0], positions[-1], len(positions))
    return bool(np.abs(positions - grid).max() <= max(_EVEN_MM, _GRID_SHARE * step_mm))


def _ordinary_step_mm(steps: NDArray[np.float64]) -> float:
    """The step of a complete stack: the smallest if all others are whole multiples of it, else the median."""
    small = float(np.median(steps[steps <= steps.min() * (1.0 + _EVEN_SHARE) + _EVEN_MM]))
    multiples = steps / small
    if np.all(np.abs(multiples - np.round(multiples)) <= _GAP_SHARE):
        return small
    return float(np.median(steps))


def _step_warnings(steps: NDArray[np.float64], is_repeat: NDArray[np.bool_], step: float) -> list[StackWarning]:
    warnings = []
    is_odd = (np.abs(steps - step) > _tolerance_mm(step)) & ~is_repeat
    if not is_odd.any():
        return []
    multiples = steps / step
    is_gap = is_odd & (np.round(multiples) >= 2) & (np.abs(multiples - np.round(multiples)) <= _GAP_SHARE)
    for code, which in ((StackWarningCode.MISSING_SLICES, is_gap), (StackWarningCode.UNEVEN_SPACING, is_odd)):
        if which.any():
            before = tuple(int(index) + 1 for index in np.flatnonzero(which))
            warnings.append(StackWarning(code, before, round(float(steps[which].max()), 4)))
    return warnings


def _tilt_degrees(frames: Sequence[Frame], positions: NDArray[np.float64], step: float) -> tuple[float, bool]:
    """Return the angle between the line of the slices and their normal, and whether it is a straight line at all."""
    origins = origins_lps_mm(frames)
    length = float(positions[-1] - positions[0])
    displacement = origins[-1] - origins[0]
    share = (positions - positions[0]) / length
    off_line = origins - (origins[0] + share[:, None] * displacement)
    distance = float(np.linalg.norm(displacement))
    tilt = float(np.degrees(np.arccos(np.clip(length / distance, -1.0, 1.0)))) if distance > 0 else 0.0
    return tilt, bool(np.linalg.norm(off_line, axis=1).max() <= _tolerance_mm(step))


def _has_one_grid(frames: Sequence[Frame]) -> bool:
    """Whether all frames share matrix and in-plane spacing in mm of the patient."""
    first = frames[0]
    if first.spacing.basis is not SpacingBasis.GEOMETRY:
        return False
    return all(
        (frame.format.rows, frame.format.columns) == (first.format.rows, first.format.columns)
        and abs(frame.spacing.row_mm - first.spacing.row_mm) <= _EVEN_SHARE / 10 * first.spacing.row_mm
        and abs(frame.spacing.column_mm - first.spacing.column_mm) <= _EVEN_SHARE / 10 * first.spacing.column_mm
        for frame in frames
    )


def _volume_geometry(frames: Sequence[Frame], plane: FramePlane) -> VolumeGeometry:
    origins = origins_lps_mm(frames)
    displacement = (origins[-1] - origins[0]) / (len(frames) - 1)
    length = float(np.linalg.norm(displacement))
    first = frames[0]
    return VolumeGeometry(
        shape_zyx=(len(frames), first.format.rows, first.format.columns),
        spacing_mm_zyx=(length, first.spacing.row_mm, first.spacing.column_mm),
        origin_lps_mm=plane.origin_lps_mm,
        column_step_lps=plane.column_step_lps,
        row_step_lps=plane.row_step_lps,
        slice_step_lps=_vector(displacement / length),
        frame_of_reference_uid=plane.frame_of_reference_uid,
    )


def _vector(values: NDArray[np.float64]) -> Vector3:
    return (float(values[0]), float(values[1]), float(values[2]))


def plane_name(plane: FramePlane | None) -> str:
    """Return ``axial``, ``coronal``, ``sagittal``, ``oblique`` (over 30 degrees off all three) or ``unknown``."""
    if plane is None:
        return "unknown"
    normal = np.abs(plane.normal_lps)
    axis = int(np.argmax(normal))
    return ("sagittal", "coronal", "axial")[axis] if normal[axis] >= _NAMED_COSINE else "oblique"
