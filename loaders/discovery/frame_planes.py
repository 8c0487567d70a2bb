"""Where the frames of an image lie in the patient (PS3.3 C.7.6.2, C.7.6.16.2.3, C.8.8.3.2)."""

from __future__ import annotations

import math

import numpy as np

from loaders.discovery.element_values import Elements
from loaders.model.frame_plane import FramePlane, Vector3

#: Direction cosines are given with few digits: unit length and right angle are believed within this.
_UNIT_WITHIN = 0.01
_FARTHEST_MM = 1e5
_NM = "1.2.840.10008.5.1.4.1.1.20"
_RT_DOSE = "1.2.840.10008.5.1.4.1.1.481.2"


def frame_plane(top: Elements, groups: tuple[Elements, ...], frame_index: int) -> FramePlane | None:
    """Return the plane of a frame, or ``None`` where the header gives none that can be believed.

    A mosaic (many slices tiled into one picture) has a position in the header that is true of none of its pixels.
    """
    if "MOSAIC" in (kind.upper() for kind in top.texts("ImageType")):
        return None
    positions = [group.item("PlanePositionSequence") for group in groups]
    orientations = [group.item("PlaneOrientationSequence") for group in groups]
    if not groups:
        positions, orientations = [top], [top]
    slices = None if groups else _tomographic_slices(top)
    if slices is not None:
        positions = orientations = [top.item("DetectorInformationSequence")]
    position = _first(positions, "ImagePositionPatient", 3)
    orientation = _first(orientations, "ImageOrientationPatient", 6)
    if position is None or orientation is None:
        return None
    plane = _plane(position, orientation, top.text("FrameOfReferenceUID"))
    if plane is not None and slices is not None:
        return _moved(plane, (slices[frame_index] - 1) * (top.number("SpacingBetweenSlices") or 0.0))
    if plane is None or groups or frame_index == 0:
        return plane if (groups or _frame_count(top) == 1 or _dose_offsets(top)) else None
    return _dose_plane(plane, top, frame_index)


def _first(places: list[Elements], keyword: str, count: int) -> tuple[float, ...] | None:
    for place in places:
        values = place.numbers(keyword, count)
        if values is not None:
            return values
    return None


def _frame_count(top: Elements) -> int:
    return top.integer("NumberOfFrames") or 1


def _plane(position: tuple[float, ...], orientation: tuple[float, ...], frame_of_reference: str) -> FramePlane | None:
    column, row = orientation[:3], orientation[3:]
    lengths = math.hypot(*column), math.hypot(*row)
    cosine = sum(a * b for a, b in zip(column, row, strict=True))
    if any(abs(length - 1.0) > _UNIT_WITHIN for length in lengths) or abs(cosine) > _UNIT_WITHIN:
        return None
    if any(abs(value) > _FARTHEST_MM for value in position):
        return None
    return FramePlane(
        (position[0], position[1], position[2]),
        _vector([value / lengths[0] for value in column]),
        _vector([value / lengths[1] for value in row]),
        frame_of_reference,
    )


def _vector(values: list[float]) -> Vector3:
    return (float(values[0]), float(values[1]), float(values[2]))


def _tomographic_slices(top: Elements) -> tuple[float, ...] | None:
    """The slice number of each frame of a reconstructed NM tomogram (PS3.3 C.8.4.8, C.8.4.15), else ``None``."""
    if top.text("SOPClassUID") != _NM or "RECON TOMO" not in (kind.upper() for kind in top.texts("ImageType")):
        return None
    slices = top.numbers("SliceVector") or tuple(float(number + 1) for number in range(_frame_count(top)))
    return slices if len(slices) == _frame_count(top) and top.number("SpacingBetweenSlices") else None


def _moved(plane: FramePlane, along_mm: float) -> FramePlane:
    origin = np.asarray(plane.origin_lps_mm) + along_mm * np.asarray(plane.normal_lps)
    return FramePlane(_vector(origin.tolist()), plane.column_step_lps, plane.row_step_lps, plane.frame_of_reference_uid)


def _dose_offsets(top: Elements) -> tuple[float, ...] | None:
    """Grid Frame Offset Vector of a dose grid: relative to the first plane when it starts at 0, else patient z."""
    if top.text("SOPClassUID") != _RT_DOSE:
        return None
    offsets = top.numbers("GridFrameOffsetVector")
    return offsets if offsets and len(offsets) == _frame_count(top) else None


def _dose_plane(first: FramePlane, top: Elements, frame_index: int) -> FramePlane | None:
    offsets = _dose_offsets(top)
    if offsets is None:
        return None
    if offsets[0] != 0.0 and abs(first.normal_lps[2]) < 0.999:
        return None  # absolute z of planes that are not axial has no meaning
    along = np.asarray(first.normal_lps if offsets[0] == 0.0 else (0.0, 0.0, 1.0))
    origin = np.asarray(first.origin_lps_mm) + (offsets[frame_index] - offsets[0]) * along
    return FramePlane(_vector(origin.tolist()), first.column_step_lps, first.row_step_lps, first.frame_of_reference_uid)
