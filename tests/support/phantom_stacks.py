"""Volumes in memory with any geometry: tilted, anisotropic, sagittal, unevenly spaced; and fields to fill them with."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from loaders.discovery.geometry_checks import check_geometry
from loaders.model.display import ValueMapping
from loaders.model.frame_plane import FramePlane
from loaders.model.frame_validity import FrameState, FrameValidity
from loaders.model.stack import Stack
from loaders.model.units import PixelSpacing, SpacingBasis, ValueUnit
from loaders.model.volume import Volume
from tests.support.pictures import make_stack


@dataclass(frozen=True, slots=True)
class PhantomGeometry:
    """``positions_mm`` of the slices along their normal, and how far each is shifted down its own rows."""

    positions_mm: tuple[float, ...]
    spacing_mm_yx: tuple[float, float] = (0.7, 0.8)
    rows: int = 40
    columns: int = 48
    column_step_lps: tuple[float, float, float] = (1.0, 0.0, 0.0)
    row_step_lps: tuple[float, float, float] = (0.0, 1.0, 0.0)
    corner_lps_mm: tuple[float, float, float] = (-20.0, -15.0, 30.0)
    tilt_degrees: float = 0.0
    frame_of_reference_uid: str = "1.2.3"

    @property
    def normal_lps(self) -> NDArray[np.float64]:
        return np.cross(self.column_step_lps, self.row_step_lps).astype(np.float64)

    def origin_lps_mm(self, position_mm: float) -> NDArray[np.float64]:
        shear = position_mm * float(np.tan(np.radians(self.tilt_degrees)))
        return np.asarray(
            np.asarray(self.corner_lps_mm) + position_mm * self.normal_lps + shear * np.asarray(self.row_step_lps),
            dtype=np.float64,
        )


EVEN = tuple(2.0 * index for index in range(20))
GEOMETRIES = {
    "axial": PhantomGeometry(EVEN),
    "anisotropic": PhantomGeometry(tuple(5.0 * index for index in range(12)), (0.5, 0.5)),
    "tilted": PhantomGeometry(EVEN, tilt_degrees=17.5),
    "sagittal": PhantomGeometry(EVEN, column_step_lps=(0.0, 1.0, 0.0), row_step_lps=(0.0, 0.0, -1.0)),
    "oblique": PhantomGeometry(EVEN, column_step_lps=(0.8, 0.6, 0.0), row_step_lps=(-0.36, 0.48, -0.8)),
}
UNEVEN = PhantomGeometry((0.0, 2.0, 4.0, 6.0, 7.0, 8.0, 9.0, 12.0, 15.0, 18.0, 20.0, 21.5, 23.0))


def phantom_stack(
    geometry: PhantomGeometry, values: ValueMapping = ValueMapping(1.0, 0.0, ValueUnit.HOUNSFIELD)
) -> Stack:
    """Return a stack of that geometry, its kind and warnings as the discovery finds them."""
    stack = make_stack(slices=len(geometry.positions_mm), rows=geometry.rows, columns=geometry.columns)
    frames = []
    for frame, position in zip(stack.frames, geometry.positions_mm, strict=True):
        origin = geometry.origin_lps_mm(position)
        plane = FramePlane(
            (float(origin[0]), float(origin[1]), float(origin[2])),
            geometry.column_step_lps,
            geometry.row_step_lps,
            geometry.frame_of_reference_uid,
        )
        spacing = PixelSpacing(*geometry.spacing_mm_yx, SpacingBasis.GEOMETRY)
        frames.append(replace(frame, plane=plane, spacing=spacing, values=values))
    findings = check_geometry(frames)
    return replace(
        stack, frames=tuple(frames), kind=findings.kind, geometry=findings.geometry, warnings=findings.warnings
    )


def phantom_volume(stack: Stack, stored: NDArray[np.generic]) -> Volume:
    """Return a loaded volume of given stored values, (frames, rows, columns)."""
    validity = FrameValidity(len(stack.frames))
    for index in range(len(stack.frames)):
        validity.mark(index, FrameState.LOADED)
    stored.setflags(write=False)
    return Volume(stack, validity, stored)


def textured(shape_zyx: tuple[int, int, int], seed: int = 0) -> NDArray[np.int16]:
    """Return smooth structure with noise on it, about -1000 to 1500, as CT has."""
    generator = np.random.default_rng(seed)
    smooth = ndimage.gaussian_filter(generator.normal(size=shape_zyx), 2.0)
    smooth *= 600.0 / np.abs(smooth).max()
    return np.asarray(smooth + generator.normal(scale=20.0, size=shape_zyx), dtype=np.int16)
