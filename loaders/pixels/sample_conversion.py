"""From samples as stored to samples as the volume keeps them: bits, sign, planes, palette, colour space.

Pure numpy. Sources: PS3.5 8.1 and 8.2 (bit and byte order), PS3.3 C.7.6.3.1 (planar configuration, photometric
interpretation), C.7.9 (palette colour lookup tables, segmented ones in C.7.9.2).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from loaders.errors import DecodeError
from loaders.model.pixel_format import PixelFormat

Samples = NDArray[Any]


def unpack_bits(data: bytes | memoryview, first_bit: int, count: int) -> NDArray[np.uint8]:
    """Return ``count`` one-bit samples from ``first_bit`` on; the least significant bit comes first (PS3.5 8.1.1)."""
    first_byte = first_bit // 8
    used = np.frombuffer(data, dtype=np.uint8)[first_byte : (first_bit + count + 7) // 8]
    bits = np.unpackbits(used, bitorder="little")[first_bit - 8 * first_byte :][:count]
    if bits.size < count:
        raise DecodeError("fewer pixel bytes than the header promises")
    return bits


def settle_bits(samples: Samples, format_: PixelFormat, *, precision: int | None = None) -> None:
    """Keep only the stored bits, in place, moved down from an odd high bit and sign-extended (PS3.5 8.1.1).

    Bits outside may hold overlays. ``precision`` is a codestream's own depth where it is smaller.
    """
    if samples.dtype.kind == "f":
        return
    width = samples.dtype.itemsize * 8
    bits = format_.bits_stored if precision is None else min(precision, format_.bits_stored)
    shift_down = format_.high_bit + 1 - format_.bits_stored if precision is None else 0
    if not 0 < bits <= width or not 0 <= shift_down <= width - bits:
        raise DecodeError(f"impossible bits: {bits} stored, high bit {format_.high_bit}, {width} allocated")
    if bits == width:
        return
    raise_by = width - bits - shift_down
    if format_.is_signed:
        # The arithmetic shift down carries the sign.
        np.left_shift(samples, raise_by, out=samples)
        np.right_shift(samples, width - bits, out=samples)
        return
    if shift_down:
        np.right_shift(samples, shift_down, out=samples)
    np.bitwise_and(samples, np.array((1 << bits) - 1, dtype=samples.dtype), out=samples)


def as_destination_type(decoded: Samples, format_: PixelFormat) -> Samples:
    """Return decoded grey samples in the type the volume has, wrapping two's complement where a codec knows no sign."""
    wanted = np.dtype(format_.decoded_dtype)
    if decoded.dtype == wanted:
        return decoded
    if decoded.dtype.kind not in "iu":
        raise DecodeError(f"the codec returned {decoded.dtype}")
    if decoded.dtype.itemsize == wanted.itemsize and decoded.dtype.isnative and wanted.kind in "iu":
        return decoded.view(wanted)
    return decoded.astype(wanted, casting="unsafe")


def to_eight_bits(colour: Samples, bits: int) -> NDArray[np.uint8]:
    """Reduce colour samples of more than eight bits to their eight most significant ones."""
    if colour.dtype == np.uint8 and bits <= 8:
        return colour
    shifted = np.right_shift(colour, max(0, bits - 8))
    return np.minimum(shifted, 255).astype(np.uint8)


def ybr_full_to_rgb(ybr: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Convert (..., 3) from YBR_FULL to RGB (PS3.3 C.7.6.3.1.2; the inverse of the matrix given there)."""
    luma = ybr[..., 0].astype(np.float32)
    blue = ybr[..., 1].astype(np.float32) - 128
    red = ybr[..., 2].astype(np.float32) - 128
    rgb = np.stack([luma + 1.402 * red, luma - 0.344136 * blue - 0.714136 * red, luma + 1.772 * blue], axis=-1)
    result: NDArray[np.uint8] = np.clip(np.rint(rgb), 0, 255).astype(np.uint8)
    return result


def spread_422(data: NDArray[np.uint8], rows: int, columns: int) -> NDArray[np.uint8]:
    """Give every pixel its chroma: stored as Y Y Cb Cr for two pixels (PS3.3 C.7.6.3.1.2, YBR_FULL_422)."""
    if columns % 2 or data.size < rows * columns * 2:
        raise DecodeError("YBR_FULL_422 of a wrong length")
    pairs = data[: rows * columns * 2].reshape(rows, columns // 2, 4)
    full = np.empty((rows, columns, 3), dtype=np.uint8)
    full[:, 0::2, 0], full[:, 1::2, 0] = pairs[..., 0], pairs[..., 1]
    for plane in (1, 2):
        full[:, 0::2, plane] = full[:, 1::2, plane] = pairs[..., plane + 1]
    return full


@dataclass(frozen=True, slots=True)
class Palette:
    """A palette as 8-bit RGB, shape (entries, 3); ``first_mapped`` is the stored value of entry 0."""

    first_mapped: int
    rgb: NDArray[np.uint8]

    def apply(self, stored: Samples) -> NDArray[np.uint8]:
        """Return RGB of stored values; values outside take the end entries (PS3.3 C.7.6.3.1.5), never beyond."""
        index = np.clip(stored.astype(np.int64) - self.first_mapped, 0, len(self.rgb) - 1)
        result: NDArray[np.uint8] = self.rgb[index]
        return result


def expand_segmented(words: NDArray[np.integer[Any]], entries: int) -> NDArray[np.int64]:
    """Expand segmented palette data (PS3.3 C.7.9.2): discrete, linear and indirect segments.

    Raises ``DecodeError`` for anything that does not give exactly ``entries`` values.
    """
    values: list[int] = []
    starts: list[int] = []
    data = [int(word) for word in words]
    at = 0
    while at + 1 < len(data) and len(values) < entries:
        code = data[at]
        if code in (0, 1):
            starts.append(at)
            at = _one_segment(data, at, values)
        elif code == 2:
            if at + 3 >= len(data):
                raise DecodeError("a cut palette segment")
            offset = data[at + 2] | data[at + 3] << 16
            if offset not in starts:
                raise DecodeError("an indirect palette segment that points nowhere")
            inner = offset
            for _ in range(data[at + 1]):
                if len(values) > entries or inner + 1 >= len(data) or data[inner] not in (0, 1):
                    raise DecodeError("an indirect palette segment that does not repeat plain ones")
                inner = _one_segment(data, inner, values)
            at += 4
        else:
            raise DecodeError(f"palette segment of unknown kind {code}")
    if len(values) != entries:
        raise DecodeError(f"a segmented palette of {len(values)} entries, {entries} promised")
    return np.asarray(values, dtype=np.int64)


def _one_segment(data: list[int], at: int, values: list[int]) -> int:
    """Append the values of the discrete or linear segment at ``at``; return where the next one begins."""
    code, length = data[at], data[at + 1]
    if code == 0:
        if at + 2 + length > len(data):
            raise DecodeError("a cut palette segment")
        values.extend(data[at + 2 : at + 2 + length])
        return at + 2 + length
    if at + 2 >= len(data) or not values:
        raise DecodeError("a linear palette segment without a beginning")
    start, end = values[-1], data[at + 2]
    values.extend(round(start + (end - start) * step / length) for step in range(1, length + 1))
    return at + 3
