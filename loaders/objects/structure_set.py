"""RT structure sets: contours of regions in the patient (PS3.3 C.8.8.5, C.8.8.6)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from loaders.discovery.element_values import Elements
from loaders.model.frame import Frame
from loaders.model.overlay import WHITE, Colour, FrameOverlays, LineOverlay
from loaders.objects.image_references import ImageReference, image_references

#: A contour belongs to a slice when it lies within half a slice of it; this, where no thickness is known.
_UNKNOWN_HALF_MM = 0.5
_MAX_POINTS = 2_000_000


@dataclass(frozen=True, slots=True, eq=False)
class Contour:
    """One contour: ``points_lps_mm`` (n, 3)."""

    kind: str
    points_lps_mm: NDArray[np.float64]
    references: tuple[ImageReference, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Structure:
    """One region of interest and all its contours."""

    number: int
    name: str
    frame_of_reference_uid: str
    colour: Colour
    contours: tuple[Contour, ...]


@dataclass(frozen=True, slots=True, eq=False)
class StructureSet:
    """All structures of one object."""

    sop_instance_uid: str
    label: str
    structures: tuple[Structure, ...]

    def overlays(self, frame: Frame) -> FrameOverlays:
        """Return the contours that lie in a frame, as lines in its pixels."""
        plane = frame.plane
        if plane is None:
            return FrameOverlays(not_drawn=("contours need an image with a position in the patient",))
        lines = []
        elsewhere = set()
        for structure in self.structures:
            for contour in structure.contours:
                is_named = any(reference.names(frame) for reference in contour.references)
                if not is_named and structure.frame_of_reference_uid != plane.frame_of_reference_uid:
                    elsewhere.add(structure.name)
                    continue
                points = _in_frame(contour.points_lps_mm, frame)
                if points is not None:
                    is_closed = contour.kind in {"CLOSED_PLANAR", "CLOSEDPLANAR_XOR", "CLOSED_PLANAR_XOR"}
                    lines.append(LineOverlay(points, structure.colour, structure.name, is_closed=is_closed))
        not_drawn = tuple(f"{name}: drawn in another frame of reference" for name in sorted(elsewhere))
        return FrameOverlays(lines=tuple(lines), not_drawn=not_drawn)


def _in_frame(points_lps_mm: NDArray[np.float64], frame: Frame) -> NDArray[np.float64] | None:
    """Return points as (column, row) of the frame where all of them lie within half a slice of its plane."""
    plane, spacing = frame.plane, frame.spacing
    assert plane is not None  # noqa: S101 - the caller has seen it
    offsets = points_lps_mm - np.asarray(plane.origin_lps_mm)
    half_mm = frame.slice_thickness_mm / 2.0 if frame.slice_thickness_mm else _UNKNOWN_HALF_MM
    distances = offsets @ np.asarray(plane.normal_lps)
    # The far side's bound is open: a contour midway between two slices belongs to one of them.
    if not np.all((distances > -half_mm) & (distances <= half_mm)):
        return None
    columns = offsets @ np.asarray(plane.column_step_lps) / spacing.column_mm
    rows = offsets @ np.asarray(plane.row_step_lps) / spacing.row_mm
    return np.stack([columns, rows], axis=-1)


def structure_set(top: Elements) -> StructureSet:
    """Read a structure set. Contours that are no list of points are left out."""
    names = {
        item.integer("ROINumber"): (item.text("ROIName"), item.text("ReferencedFrameOfReferenceUID"))
        for item in top.items("StructureSetROISequence")
    }
    structures = []
    for item in top.items("ROIContourSequence"):
        number = item.integer("ReferencedROINumber")
        name, frame_of_reference = names.get(number, ("", ""))
        colour = item.numbers("ROIDisplayColor", 3)
        contours = tuple(found for each in item.items("ContourSequence") if (found := _contour(each)))
        structures.append(
            Structure(
                number or 0,
                name,
                frame_of_reference,
                _rgb(colour) if colour else WHITE,
                contours,
            )
        )
    label = top.text("StructureSetLabel") or top.text("StructureSetName")
    return StructureSet(top.text("SOPInstanceUID"), label, tuple(structures))


def _rgb(numbers: tuple[float, ...]) -> Colour:
    red, green, blue = (max(0, min(255, int(number))) for number in numbers)
    return (red, green, blue)


def _contour(item: Elements) -> Contour | None:
    numbers = item.numbers("ContourData")
    if not numbers or len(numbers) % 3 or len(numbers) > 3 * _MAX_POINTS:
        return None
    points = np.asarray(numbers, dtype=np.float64).reshape(-1, 3)
    return Contour(item.text("ContourGeometricType").upper(), points, image_references(item, "ContourImageSequence"))
