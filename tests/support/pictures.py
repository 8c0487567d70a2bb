"""Frames, stacks, series and studies by numbers, for tests that need headers but no files."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from loaders.model.frame import Frame
from loaders.model.frame_plane import FramePlane, Vector3
from loaders.model.pixel_format import FileLocator, PixelFormat, PixelLocation
from loaders.model.stack import Stack, StackKey, StackKind
from loaders.model.units import PixelSpacing, SpacingBasis

AXIAL: tuple[Vector3, Vector3] = ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0))
CORONAL: tuple[Vector3, Vector3] = ((1.0, 0.0, 0.0), (0.0, 0.0, -1.0))
SAGITTAL: tuple[Vector3, Vector3] = ((0.0, 1.0, 0.0), (0.0, 0.0, -1.0))
SOME_DAY = date(2026, 1, 10)


def make_frame(
    *,
    rows: int = 512,
    columns: int = 512,
    spacing_mm: tuple[float, float] = (0.7, 0.7),
    basis: SpacingBasis = SpacingBasis.GEOMETRY,
    origin: Vector3 | None = (0.0, 0.0, 0.0),
    axes: tuple[Vector3, Vector3] = AXIAL,
    frame_of_reference_uid: str = "1.2.3",
    sop_instance_uid: str = "1.2.3.4",
    patient_orientation: tuple[str, str] | None = None,
    thickness_mm: float | None = None,
) -> Frame:
    """A 16-bit grey frame; ``origin`` ``None`` leaves it without a place in the patient."""
    plane = None if origin is None else FramePlane(origin, axes[0], axes[1], frame_of_reference_uid)
    layout = PixelFormat(rows, columns, 1, "MONOCHROME2", 16, 16, 15, is_signed=True, transfer_syntax_uid="1.2.840")
    return Frame(
        sop_instance_uid=sop_instance_uid,
        sop_class_uid="1.2.840.10008.5.1.4.1.1.2",
        instance_number=1,
        frame_number=1,
        format=layout,
        location=PixelLocation(FileLocator(Path("none"))),
        spacing=PixelSpacing(spacing_mm[0], spacing_mm[1], basis),
        plane=plane,
        slice_thickness_mm=thickness_mm,
        patient_orientation=patient_orientation,
    )


def make_stack(
    *,
    slices: int = 11,
    step_mm: float = 5.0,
    start: Vector3 = (0.0, 0.0, 0.0),
    axes: tuple[Vector3, Vector3] = AXIAL,
    study: str = "study-1",
    series: str = "series-1",
    frame_of_reference_uid: str = "1.2.3",
    rows: int = 512,
    columns: int = 512,
    spacing_mm: tuple[float, float] = (0.7, 0.7),
    basis: SpacingBasis = SpacingBasis.GEOMETRY,
    has_geometry: bool = True,
    orientation: str = "axial",
    thickness_mm: float | None = None,
) -> Stack:
    """Parallel slices ``step_mm`` apart along column x row direction, from ``start``."""
    normal = FramePlane((0.0, 0.0, 0.0), axes[0], axes[1]).normal_lps
    frames = tuple(
        make_frame(
            rows=rows,
            columns=columns,
            spacing_mm=spacing_mm,
            basis=basis,
            origin=(
                start[0] + index * step_mm * normal[0],
                start[1] + index * step_mm * normal[1],
                start[2] + index * step_mm * normal[2],
            )
            if has_geometry
            else None,
            axes=axes,
            frame_of_reference_uid=frame_of_reference_uid,
            sop_instance_uid=f"{series}.{index + 1}",
            thickness_mm=thickness_mm,
        )
        for index in range(slices)
    )
    return Stack(
        key=StackKey(study, series, f"{series}-1"),
        kind=StackKind.SINGLE if slices == 1 else StackKind.STACK,
        frames=frames,
        orientation=orientation,
    )
