"""How the stored pixels of a frame are laid out and where they lie (PS3.3 C.7.6.3)."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    # Workers read headers without numpy, which takes 0.1 s to import.
    from numpy.typing import DTypeLike


@dataclass(frozen=True, slots=True)
class PixelFormat:
    """Image Pixel attributes of one frame. ``number_kind`` is ``int``, ``float`` or ``double`` by the pixel element."""

    rows: int
    columns: int
    samples_per_pixel: int
    photometric_interpretation: str
    bits_allocated: int
    bits_stored: int
    high_bit: int
    is_signed: bool
    transfer_syntax_uid: str
    planar_configuration: int = 0
    number_kind: str = "int"

    @property
    def is_colour(self) -> bool:
        """Whether a decoded frame has three samples per pixel (palette colour is expanded on decoding)."""
        return self.samples_per_pixel == 3 or self.photometric_interpretation == "PALETTE COLOR"

    @property
    def decoded_dtype(self) -> DTypeLike:
        """The numpy type of a decoded frame: 8, 16 or 32 bit integers, or floats; colour is always ``uint8``."""
        if self.is_colour:
            return "u1"
        if self.number_kind != "int":
            return "f4" if self.number_kind == "float" else "f8"
        return f"{'i' if self.is_signed else 'u'}{self._sample_bytes}"

    @property
    def _sample_bytes(self) -> int:
        """Size of one decoded sample."""
        if self.is_colour:
            return 1
        if self.number_kind != "int":
            return 4 if self.number_kind == "float" else 8
        return 1 if self.bits_allocated <= 8 else 2 if self.bits_allocated <= 16 else 4

    @property
    def decoded_shape(self) -> tuple[int, ...]:
        """(rows, columns) or (rows, columns, 3)."""
        return (self.rows, self.columns, 3) if self.is_colour else (self.rows, self.columns)

    @property
    def decoded_bytes(self) -> int:
        """Size of one decoded frame in bytes."""
        return math.prod(self.decoded_shape) * self._sample_bytes


@dataclass(frozen=True, slots=True)
class FileLocator:
    """A file, or a member of a ZIP archive. Members are read into memory and never unpacked to disk."""

    path: Path
    member: str = ""


@dataclass(frozen=True, slots=True)
class PixelLocation:
    """Where the bytes of a frame are.

    ``offset`` and ``length`` are set when the frame is uncompressed and contiguous in a plain file, ``items_offset``
    (of the first item) when it is the only frame of encapsulated pixel data in a plain file: both can be read without
    parsing. Otherwise they are -1 and the file is parsed by the decode worker.
    """

    file: FileLocator
    frame_index: int = 0
    offset: int = -1
    length: int = 0
    items_offset: int = -1
