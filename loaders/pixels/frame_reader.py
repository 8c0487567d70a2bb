"""One frame of a parsed instance into memory: checked against its header, decoded, brought into the volume's form."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from loaders.errors import DecodeError
from loaders.model.pixel_format import PixelFormat
from loaders.pixels.codestream_header import CodestreamHeader, TruncatedFrame, read_header
from loaders.pixels.decoder_table import (
    BIG_ENDIAN,
    DEFLATED_FRAMES,
    ENCAPSULATED_UNCOMPRESSED,
    NATIVE,
    decode_codestream,
)
from loaders.pixels.frame_request import FrameRequest
from loaders.pixels.sample_conversion import (
    Palette,
    Samples,
    as_destination_type,
    settle_bits,
    spread_422,
    to_eight_bits,
    unpack_bits,
    ybr_full_to_rgb,
)

if TYPE_CHECKING:
    # It parses with pydicom, which a worker that reads codestreams by their offset does without.
    from loaders.pixels.instance_pixels import InstancePixels


def read_parsed(request: FrameRequest, instance: InstancePixels) -> tuple[Samples, str]:
    """Return a frame, C-contiguous, of the format's decoded shape and type, and a flaw that is to be said, or ``""``.

    Raises ``DecodeError`` and its kinds where the pixels cannot be trusted.
    """
    if not request.format.transfer_syntax_uid:
        request = replace(request, format=replace(request.format, transfer_syntax_uid=instance.transfer_syntax_uid))
    format_, number = request.format, request.location.frame_index
    check_samples(format_)
    if number >= instance.frame_count:
        raise DecodeError("there is no such frame in the file")
    if format_.transfer_syntax_uid in NATIVE:
        return _in_volume_form(_native_samples(request, instance), format_, instance.palette), ""
    flaw = instance.index.note if instance.index else ""
    return frame_of_fragments(instance.codestream(number), flaw, request, instance.palette)


def check_samples(format_: PixelFormat) -> None:
    """Raise ``DecodeError`` unless the frame has one sample a pixel, or three."""
    if format_.samples_per_pixel not in (1, 3):
        raise DecodeError(f"{format_.samples_per_pixel} samples per pixel are not supported")


def frame_of_fragments(
    data: bytes, flaw: str, request: FrameRequest, palette: Callable[[], Palette] | None = None
) -> tuple[Samples, str]:
    """Return a frame and its flaw, as :func:`read_parsed` does, of the joined fragments of one frame."""
    format_ = request.format
    syntax = format_.transfer_syntax_uid
    if syntax == ENCAPSULATED_UNCOMPRESSED:
        return _in_volume_form(_samples_of(data, format_), format_, palette), flaw
    if syntax == DEFLATED_FRAMES:
        return _in_volume_form(_samples_of(_inflated(data, format_), format_), format_, palette), flaw
    header = read_header(data, format_)
    flaw = header.note or flaw
    decoded = decode_codestream(data, format_, header, attempt=request.attempt)
    if format_.is_colour and format_.samples_per_pixel == 3:
        colour = _colour_from_codec(decoded, format_, header.colour_transform, header.process)
        return np.ascontiguousarray(colour), flaw
    return _in_volume_form(settled_grey(decoded, format_, header), format_, palette), flaw


def settled_grey(decoded: Samples, format_: PixelFormat, header: CodestreamHeader) -> Samples:
    """Return grey samples (or palette indices) of a codec as stored: their own type, sign and bits."""
    samples: Samples = np.ascontiguousarray(as_destination_type(decoded, _index_format(format_)))
    if not (header.is_signed and format_.is_signed):
        samples = samples if samples.flags.writeable else samples.copy()
        settle_bits(samples, format_, precision=header.precision)
    return samples


def _index_format(format_: PixelFormat) -> PixelFormat:
    """The format of palette *indices*: grey of the same bits."""
    if format_.photometric_interpretation != "PALETTE COLOR":
        return format_
    return PixelFormat(
        format_.rows,
        format_.columns,
        1,
        "MONOCHROME2",
        format_.bits_allocated,
        format_.bits_stored,
        format_.high_bit,
        format_.is_signed,
        format_.transfer_syntax_uid,
    )


def _in_volume_form(samples: Samples, format_: PixelFormat, palette: Callable[[], Palette] | None) -> Samples:
    """Bring samples into the shape and type the volume keeps."""
    if format_.photometric_interpretation == "PALETTE COLOR":
        if palette is None:
            raise DecodeError("palette colour without its palette")
        samples = palette().apply(samples)
    elif format_.samples_per_pixel == 3:
        samples = to_eight_bits(samples, format_.bits_stored)
        if format_.photometric_interpretation.startswith("YBR"):
            samples = _ybr_to_rgb(samples, format_)
    return np.ascontiguousarray(samples.astype(format_.decoded_dtype, casting="safe", copy=False))


def _ybr_to_rgb(samples: NDArray[Any], format_: PixelFormat) -> NDArray[np.uint8]:
    if format_.photometric_interpretation not in ("YBR_FULL", "YBR_FULL_422"):
        raise DecodeError(f"{format_.photometric_interpretation} without compression is not supported")
    return ybr_full_to_rgb(samples)


def _native_samples(request: FrameRequest, instance: InstancePixels) -> NDArray[Any]:
    format_, frame = request.format, request.location.frame_index
    pixels = format_.rows * format_.columns
    if format_.bits_allocated == 1:
        first_bit = frame * pixels
        last_byte = (first_bit + pixels + 7) // 8
        data = instance.native_bytes(first_bit // 8, last_byte - first_bit // 8)
        return unpack_bits(data, first_bit % 8, pixels).reshape(format_.rows, format_.columns)
    length = _native_frame_bytes(format_)
    return _samples_of(instance.byte_samples(frame * length, length), format_)


def _native_frame_bytes(format_: PixelFormat) -> int:
    pixels = format_.rows * format_.columns
    samples = 2 if format_.photometric_interpretation == "YBR_FULL_422" else format_.samples_per_pixel
    return (pixels * samples * format_.bits_allocated + 7) // 8


def _inflated(data: bytes, format_: PixelFormat) -> bytes:
    """Inflate one frame to no more than it must have; trailing padding of the fragment is not read."""
    inflater = zlib.decompressobj(-zlib.MAX_WBITS)
    needed = _native_frame_bytes(format_)
    try:
        inflated = inflater.decompress(data, needed + 2)
    except zlib.error as error:
        raise DecodeError("a deflated frame that cannot be inflated") from error
    if len(inflated) > needed + 1:
        raise DecodeError("a deflated frame is larger than its header says")
    if not inflater.eof:
        raise TruncatedFrame("a deflated frame that ends too early")
    return inflated


def _samples_of(data: bytes, format_: PixelFormat) -> NDArray[Any]:
    """Return settled samples, (rows, columns) or (rows, columns, 3), from the bytes of one uncompressed frame."""
    if format_.bits_allocated == 1:
        return unpack_bits(data, 0, format_.rows * format_.columns).reshape(format_.rows, format_.columns)
    if format_.bits_allocated not in (8, 16, 32, 64):
        raise DecodeError(f"{format_.bits_allocated} bits allocated are not supported")
    order = ">" if format_.transfer_syntax_uid == BIG_ENDIAN else "<"
    kind = "f" if format_.number_kind != "int" else "i" if format_.is_signed else "u"
    needed = _native_frame_bytes(format_)
    if len(data) < needed:
        raise TruncatedFrame(f"{len(data)} bytes of pixels, {needed} are needed")
    stored = np.frombuffer(
        data, dtype=f"{order}{kind}{format_.bits_allocated // 8}", count=needed * 8 // format_.bits_allocated
    )
    samples = stored.astype(stored.dtype.newbyteorder("="))
    settle_bits(samples, format_)
    if format_.photometric_interpretation == "YBR_FULL_422":
        return spread_422(samples.astype(np.uint8), format_.rows, format_.columns)
    if format_.samples_per_pixel == 1:
        return samples.reshape(format_.rows, format_.columns)
    if format_.planar_configuration == 1:
        return np.moveaxis(samples.reshape(3, format_.rows, format_.columns), 0, -1)
    return samples.reshape(format_.rows, format_.columns, 3)


def _colour_from_codec(decoded: NDArray[Any], format_: PixelFormat, transform: str, process: int) -> NDArray[np.uint8]:
    """Return RGB of what a codec gave. Lossy JPEG comes as RGB already, JPEG 2000 with a component transform too."""
    colour = to_eight_bits(decoded, format_.bits_stored)
    is_lossy_jpeg = process in (0xC0, 0xC1, 0xC2)
    if is_lossy_jpeg or transform == "rgb":
        return colour
    if format_.photometric_interpretation in ("YBR_FULL", "YBR_FULL_422"):
        return ybr_full_to_rgb(np.ascontiguousarray(colour))
    return colour
