"""Overlay planes (60xx) and curves (50xx) of an image or a presentation state (PS3.3 C.9.2, PS3.3-2004 C.10.2)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from loaders.discovery.element_values import Elements
from loaders.model.overlay import WHITE, Colour, MaskOverlay
from loaders.objects.every_element import repeated

_GROUPS = range(0x6000, 0x6020, 2)
_CURVES = range(0x5000, 0x5020, 2)
_LARGEST_PIXELS = 1 << 28


@dataclass(frozen=True, slots=True)
class OverlayPlane:
    """One plane. ``bits`` is packed, least significant first; empty for a plane within the pixels' unused bits."""

    group: int
    rows: int
    columns: int
    origin: tuple[int, int]  # row and column of its first pixel in the image, from 1
    label: str = ""
    is_region: bool = False
    bits: bytes = b""
    bit_position: int = 0
    frames: int = 1
    first_image_frame: int = 1

    @property
    def is_embedded(self) -> bool:
        """Whether its bits stand among those of the pixels (retired in 2004, and still met)."""
        return not self.bits

    def mask(self, frame_number: int, rows: int, columns: int, bits: bytes = b"") -> NDArray[np.bool_] | None:
        """Return the plane in an image of so many rows and columns, or ``None`` where this frame has none.

        ``bits`` are an embedded plane's, packed, of this frame alone.
        """
        number = frame_number - self.first_image_frame
        if self.frames == 1 and self.first_image_frame == 1:
            number = 0  # one plane for all frames of the image
        if not 0 <= number < self.frames:
            return None
        size = self.rows * self.columns
        packed = np.frombuffer(bits or self.bits, dtype=np.uint8)
        first = 0 if bits else number * size
        values = np.unpackbits(packed[first // 8 : (first + size + 7) // 8], bitorder="little")[first % 8 :][:size]
        if values.size < size:
            return None
        plane = values.reshape(self.rows, self.columns).astype(np.bool_)
        return _placed(plane, self.origin[0] - 1, self.origin[1] - 1, rows, columns)

    def overlay(
        self, frame_number: int, rows: int, columns: int, bits: bytes = b"", colour: Colour = WHITE
    ) -> MaskOverlay | None:
        """Return :meth:`mask` as something to be drawn."""
        mask = self.mask(frame_number, rows, columns, bits)
        return None if mask is None else MaskOverlay(mask.astype(np.float32), colour, self.label)


def _placed(plane: NDArray[np.bool_], row: int, column: int, rows: int, columns: int) -> NDArray[np.bool_]:
    """Lay a plane on a matrix with its first pixel at (row, column), cutting what lies outside."""
    out: NDArray[np.bool_] = np.zeros((rows, columns), dtype=np.bool_)
    top, left = max(0, row), max(0, column)
    bottom, right = min(rows, row + plane.shape[0]), min(columns, column + plane.shape[1])
    if bottom > top and right > left:
        out[top:bottom, left:right] = plane[top - row : bottom - row, left - column : right - column]
    return out


def overlay_planes(top: Elements) -> tuple[OverlayPlane, ...]:
    """Return all planes whose description is whole; those that name neither bits nor a place for them are left out."""
    found = []
    for group in _GROUPS:
        rows, columns = (top.integer(repeated(name, group)) for name in ("OverlayRows", "OverlayColumns"))
        if not rows or not columns or rows < 0 or columns < 0 or rows * columns > _LARGEST_PIXELS:
            continue
        origin = top.numbers(repeated("OverlayOrigin", group), 2) or (1.0, 1.0)
        bits = top.words(repeated("OverlayData", group))
        position = top.integer(repeated("OverlayBitPosition", group)) or 0
        allocated = top.integer(repeated("OverlayBitsAllocated", group)) or 1
        if not bits and allocated <= 1:
            continue
        label = top.text(repeated("OverlayLabel", group)) or top.text(repeated("OverlayDescription", group))
        found.append(
            OverlayPlane(
                group,
                rows,
                columns,
                (_signed(origin[0]), _signed(origin[1])),
                label,
                top.text(repeated("OverlayType", group)).upper() == "R",
                bits,
                position,
                max(1, top.integer(repeated("NumberOfFramesInOverlay", group)) or 1),
                max(1, top.integer(repeated("ImageFrameOrigin", group)) or 1),
            )
        )
    return tuple(found)


def _signed(number: float) -> int:
    whole = int(number)
    return whole - 0x10000 if whole >= 0x8000 else whole


def curve_names(top: Elements) -> tuple[str, ...]:
    """Return what curves (50xx) there are, in words: they are listed and not drawn."""
    found = []
    for group in _CURVES:
        kind = top.text(repeated("TypeOfData", group))
        if kind or repeated("CurveDimensions", group) in top:
            label = top.text(repeated("CurveLabel", group)) or top.text(repeated("CurveDescription", group))
            found.append(f"curve {group:04X} {kind} {label}".strip())
    return tuple(found)
