"""Volumes with known values, and the plainest grey mapping there is, for tests of the renderers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from compare.viewing.view_state import Presentation
from loaders.model.display import DisplayDefaults, Padding, ValueMapping, VoiFunction, Window
from loaders.model.frame import Frame
from loaders.model.frame_plane import FramePlane, Vector3
from loaders.model.frame_validity import FrameState, FrameValidity
from loaders.model.pixel_format import FileLocator, PixelFormat, PixelLocation
from loaders.model.stack import Stack, StackKey, StackKind
from loaders.model.units import PixelSpacing, SpacingBasis
from loaders.model.volume import Volume
from loaders.model.volume_geometry import VolumeGeometry


def make_volume(
    stored: NDArray[Any],
    *,
    spacing_mm: tuple[float, float] = (1.0, 1.0),
    slope: float = 1.0,
    intercept: float = 0.0,
    photometric: str = "MONOCHROME2",
    padding: Padding | None = None,
    slice_mm: float = 1.0,
    origin_lps_mm: Vector3 = (0.0, 0.0, 0.0),
    axes: tuple[Vector3, Vector3] = ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0)),
    frame_of_reference_uid: str = "1.2.3",
) -> Volume:
    """A loaded volume of (frames, rows, columns[, 3]) whose slices follow each other along the normal."""
    is_colour = stored.ndim == 4
    layout = PixelFormat(
        rows=stored.shape[1],
        columns=stored.shape[2],
        samples_per_pixel=3 if is_colour else 1,
        photometric_interpretation="RGB" if is_colour else photometric,
        bits_allocated=stored.dtype.itemsize * 8,
        bits_stored=stored.dtype.itemsize * 8,
        high_bit=stored.dtype.itemsize * 8 - 1,
        is_signed=stored.dtype.kind == "i",
        transfer_syntax_uid="1.2.840.10008.1.2.1",
        number_kind="int" if stored.dtype.kind in "iu" else "float" if stored.dtype.itemsize == 4 else "double",
    )
    normal = np.asarray(np.cross(axes[0], axes[1]), dtype=np.float64)
    frames = []
    for index in range(stored.shape[0]):
        x, y, z = np.asarray(origin_lps_mm) + index * slice_mm * normal
        frames.append(
            Frame(
                sop_instance_uid=f"1.2.3.{index}",
                sop_class_uid="1.2.840.10008.5.1.4.1.1.2",
                instance_number=index + 1,
                frame_number=1,
                format=layout,
                location=PixelLocation(FileLocator(Path("none"))),
                spacing=PixelSpacing(spacing_mm[0], spacing_mm[1], SpacingBasis.GEOMETRY),
                plane=FramePlane((float(x), float(y), float(z)), axes[0], axes[1], frame_of_reference_uid),
                values=ValueMapping(slope=slope, intercept=intercept),
                display=DisplayDefaults(is_inverted=photometric == "MONOCHROME1", padding=padding),
            )
        )
    validity = FrameValidity(len(frames))
    for index in range(len(frames)):
        validity.mark(index, FrameState.LOADED)
    x, y, z = (float(part) for part in normal)
    geometry = VolumeGeometry(
        shape_zyx=(stored.shape[0], stored.shape[1], stored.shape[2]),
        spacing_mm_zyx=(slice_mm, spacing_mm[0], spacing_mm[1]),
        origin_lps_mm=origin_lps_mm,
        column_step_lps=axes[0],
        row_step_lps=axes[1],
        slice_step_lps=(x, y, z),
        frame_of_reference_uid=frame_of_reference_uid,
    )
    stack = Stack(StackKey("1.2", "1.2.3", "s"), StackKind.VOLUME, tuple(frames), geometry)
    return Volume(stack, validity, stored=stored)


def plain_grey(values: NDArray[np.float64], window: Window, *, is_inverted: bool = False) -> NDArray[np.float64]:
    """Grey 0 to 255, not rounded, by the formulas of PS3.3 C.11.2.1.2 and C.11.2.1.3, one value at a time."""
    greys = [_grey_of(float(value), window, is_inverted=is_inverted) for value in values.ravel()]
    return np.asarray(greys, dtype=np.float64).reshape(values.shape)


def _grey_of(value: float, window: Window, *, is_inverted: bool) -> float:
    center, width = window.center, window.width
    if window.function is VoiFunction.SIGMOID:
        grey = 255.0 / (1.0 + float(np.exp(-4.0 * (value - center) / width)))
    else:
        if window.function is VoiFunction.LINEAR:
            center, width = center - 0.5, width - 1.0
        if value <= center - width / 2.0:
            grey = 0.0
        elif value > center + width / 2.0:
            grey = 255.0
        else:
            grey = ((value - center) / width + 0.5) * 255.0
    return 255.0 - grey if is_inverted else grey


def plain_table(frame: Frame, presentation: Presentation) -> NDArray[np.uint8]:
    """A display table by the plain formulas; padding is black."""
    dtype = np.dtype(frame.format.decoded_dtype)
    info = np.iinfo(dtype)
    stored = np.arange(info.min, info.max + 1, dtype=np.float64)
    window = presentation.window or Window(0.0, 2.0)
    values = stored * frame.values.slope + frame.values.intercept
    is_inverted = frame.display.is_inverted != presentation.is_inverted
    grey = np.rint(vector_grey(values, window, is_inverted=is_inverted)).astype(np.uint8)
    padding = frame.display.padding
    if padding is not None:
        grey[(stored >= padding.low) & (stored <= padding.high)] = 0
    return grey


def vector_grey(values: NDArray[np.float64], window: Window, *, is_inverted: bool) -> NDArray[np.float64]:
    """The same as :func:`plain_grey`, for many values."""
    center, width = window.center, window.width
    if window.function is VoiFunction.SIGMOID:
        grey = 255.0 / (1.0 + np.exp(np.clip(-4.0 * (values - center) / width, -700.0, 700.0)))
    else:
        if window.function is VoiFunction.LINEAR:
            center, width = center - 0.5, width - 1.0
        if width <= 0.0:
            grey = np.where(values <= center, 0.0, 255.0)
        else:
            grey = np.clip(((values - center) / width + 0.5) * 255.0, 0.0, 255.0)
    grey = np.asarray(grey, dtype=np.float64)
    return np.asarray(255.0 - grey if is_inverted else grey, dtype=np.float64)


def plain_values(values: NDArray[np.float64], frame: Frame, presentation: Presentation) -> NDArray[np.uint8]:
    """Grey of stored values that have no table."""
    window = presentation.window or Window(0.0, 2.0)
    mapped = values * frame.values.slope + frame.values.intercept
    is_inverted = frame.display.is_inverted != presentation.is_inverted
    return np.rint(vector_grey(mapped, window, is_inverted=is_inverted)).astype(np.uint8)
