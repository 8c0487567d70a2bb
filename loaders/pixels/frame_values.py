"""From what a codec or a file gives to the stored values of a frame: order, bits, sign, colour (PS3.3 C.7.6.3)."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from loaders.errors import DecodeError
from loaders.model.pixel_format import PixelFormat
from loaders.pixels.codestream_header import JPEG_2000

_JPEG_LOSSY = frozenset({"1.2.840.10008.1.2.4.50", "1.2.840.10008.1.2.4.51"})
_BIG_ENDIAN = "1.2.840.10008.1.2.2"


def native_values(data: bytes | memoryview, layout: PixelFormat) -> NDArray[Any]:
    """Return the samples of an uncompressed frame as (rows, columns[, 3]), not yet masked.

    Raises ``DecodeError`` when there are fewer bytes than the frame needs.
    """
    rows, columns, samples = layout.rows, layout.columns, layout.samples_per_pixel
    count = rows * columns * samples
    if layout.bits_allocated == 1:
        _require(len(data) * 8, count, "bits")
        bits = np.unpackbits(np.frombuffer(data, np.uint8), count=count, bitorder="little")
        return bits.reshape(rows, columns)
    if layout.photometric_interpretation == "YBR_FULL_422":
        return _sampled_422(data, rows, columns)
    dtype = _native_dtype(layout)
    _require(len(data), count * dtype.itemsize, "bytes")
    flat = np.frombuffer(data, dtype, count=count)
    if samples == 1:
        return flat.reshape(rows, columns)
    if layout.planar_configuration == 1:
        return np.moveaxis(flat.reshape(samples, rows, columns), 0, -1)
    return flat.reshape(rows, columns, samples)


def native_frame_bytes(layout: PixelFormat) -> int:
    """Size in bytes of one uncompressed frame in its file; one-bit frames are packed without gaps between them."""
    samples = 2 if layout.photometric_interpretation == "YBR_FULL_422" else layout.samples_per_pixel
    bits = layout.rows * layout.columns * samples * layout.bits_allocated
    return (bits + 7) // 8


def stored_values(raw: NDArray[Any], layout: PixelFormat, *, is_native: bool) -> NDArray[Any]:
    """Return grey values in ``layout.decoded_dtype``: unused bits dropped, the sign extended from the high bit.

    Bits outside the stored ones can hold overlays or rubbish; codecs have already placed their values at bit 0.
    """
    target = np.dtype(layout.decoded_dtype)
    if target.kind == "f":
        return raw.astype(target, copy=False)
    allocated = 8 * target.itemsize
    unsigned = raw.astype(f"u{target.itemsize}", copy=False) if raw.dtype.kind == "u" else _as_unsigned(raw, target)
    shift = max(layout.high_bit + 1 - layout.bits_stored, 0) if is_native else 0
    if shift:
        unsigned = unsigned >> np.array(shift, unsigned.dtype)
    if layout.bits_stored < allocated:
        unsigned = unsigned & np.array((1 << layout.bits_stored) - 1, unsigned.dtype)
        if layout.is_signed:
            sign = np.array(1 << (layout.bits_stored - 1), unsigned.dtype)
            unsigned = (unsigned ^ sign) - sign
    return unsigned.view(target) if layout.is_signed else unsigned


def colour_values(raw: NDArray[Any], layout: PixelFormat) -> NDArray[np.uint8]:
    """Return RGB, uint8, of a decoded colour frame; YBR is converted where the codec has not done so already."""
    if raw.ndim != 3 or raw.shape[2] != 3:
        raise DecodeError(f"a colour frame of shape {raw.shape} cannot be shown")
    rgb = raw.astype(np.uint8) if raw.dtype.itemsize == 1 else (raw >> (layout.bits_stored - 8)).astype(np.uint8)
    syntax, photometric = layout.transfer_syntax_uid, layout.photometric_interpretation
    is_converted = syntax in _JPEG_LOSSY or (syntax in JPEG_2000 and photometric in {"YBR_RCT", "YBR_ICT"})
    if photometric.startswith("YBR") and not is_converted:
        return ybr_full_to_rgb(rgb)
    return rgb


def ybr_full_to_rgb(ybr: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Convert YBR_FULL to RGB (PS3.3 C.7.6.3.1.2, CCIR 601-2 with full range)."""
    y = ybr[..., 0].astype(np.float32)
    cb = ybr[..., 1].astype(np.float32) - 128.0
    cr = ybr[..., 2].astype(np.float32) - 128.0
    rgb = np.stack((y + 1.402 * cr, y - 0.344136 * cb - 0.714136 * cr, y + 1.772 * cb), axis=-1)
    levels: NDArray[np.uint8] = np.clip(np.rint(rgb), 0.0, 255.0).astype(np.uint8)
    return levels


def _native_dtype(layout: PixelFormat) -> np.dtype[Any]:
    order = ">" if layout.transfer_syntax_uid == _BIG_ENDIAN else "<"
    if layout.number_kind != "int":
        return np.dtype(f"{order}f{4 if layout.number_kind == 'float' else 8}")
    if layout.bits_allocated not in {8, 16, 32}:
        raise DecodeError(f"pixels of {layout.bits_allocated} allocated bits are not supported")
    return np.dtype(f"{order}u{layout.bits_allocated // 8}")


def _as_unsigned(raw: NDArray[Any], target: np.dtype[Any]) -> NDArray[Any]:
    return raw.astype(f"i{target.itemsize}", copy=False).view(f"u{target.itemsize}")


def _sampled_422(data: bytes | memoryview, rows: int, columns: int) -> NDArray[Any]:
    """YBR_FULL_422: Y1 Y2 Cb Cr for every pair of pixels in a row (PS3.3 C.7.6.3.1.2)."""
    _require(len(data), rows * columns * 2, "bytes")
    pairs = np.frombuffer(data, np.uint8, count=rows * columns * 2).reshape(rows, columns // 2, 4)
    out = np.empty((rows, columns, 3), np.uint8)
    out[:, 0::2, 0] = pairs[:, :, 0]
    out[:, 1::2, 0] = pairs[:, :, 1]
    out[:, :, 1] = np.repeat(pairs[:, :, 2], 2, axis=1)
    out[:, :, 2] = np.repeat(pairs[:, :, 3], 2, axis=1)
    return out


def _require(have: int, need: int, unit: str) -> None:
    if have < need:
        raise DecodeError(f"the frame is cut short: {have} of {need} {unit}")
