"""Frames at a quarter of their resolution, where a wavelet codestream gives that for a fraction of the time.

JPEG 2000 by Pillow's ``reduce`` (13 times as fast as the whole frame), HTJ2K by OpenJPH's ``skipres`` (14 times).
"""

from __future__ import annotations

import io
from typing import Any

import numpy as np
from numpy.typing import NDArray

from loaders.errors import DecodeError
from loaders.model.pixel_format import PixelFormat
from loaders.pixels.codestream_header import CodestreamHeader
from loaders.pixels.decoder_table import CodecFailed

#: Wavelet levels left out: each halves rows and columns.
LEVELS = 2
FACTOR = 1 << LEVELS
_JPEG2000 = frozenset({"1.2.840.10008.1.2.4.90", "1.2.840.10008.1.2.4.91"})
_HTJ2K = frozenset({f"1.2.840.10008.1.2.4.20{number}" for number in (1, 2, 3)})


def can_reduce(format_: PixelFormat) -> bool:
    """Whether frames of this layout have a preview: grey, of a wavelet syntax, 8 or 16 bit.

    Pillow rounds a reduced size to the nearest where the standard rounds it up, and then reads no such frame.
    """
    syntax = format_.transfer_syntax_uid
    is_rounded_alike = all(size % FACTOR != 1 for size in (format_.rows, format_.columns))
    return (
        (syntax in _HTJ2K or (syntax in _JPEG2000 and is_rounded_alike))
        and format_.samples_per_pixel == 1
        and not format_.is_colour
        and format_.bits_allocated in (8, 16)
    )


def reduced_shape(format_: PixelFormat) -> tuple[int, int]:
    """(rows, columns) of a preview (T.800 B.5: sizes are rounded up)."""
    return -(-format_.rows // FACTOR), -(-format_.columns // FACTOR)


def decode_reduced(data: bytes, format_: PixelFormat, header: CodestreamHeader) -> NDArray[Any]:
    """Return samples of :func:`reduced_shape` as the codec gives them. Raises ``CodecFailed``, ``DecodeError``."""
    try:
        reduced = _by_openjph(data) if format_.transfer_syntax_uid in _HTJ2K else _by_pillow(data, header)
    except DecodeError:
        raise
    except Exception as error:  # codecs raise whatever they like on hostile bytes
        raise CodecFailed(f"preview: {type(error).__name__}: {error}") from error
    if reduced.shape != reduced_shape(format_):
        raise CodecFailed(f"a preview of {reduced.shape}, not {reduced_shape(format_)}")
    return reduced


def enlarge(reduced: NDArray[Any], format_: PixelFormat) -> NDArray[Any]:
    """Return a preview at the frame's own matrix, each sample repeated: it does not pretend to more than it is.

    The wavelets of T.800 keep every fourth sample in its place (F.3): sample n of a preview lies at 4 n, in the middle
    of what it stands for.
    """
    rows, columns = (
        np.minimum((np.arange(whole) + FACTOR // 2) // FACTOR, part - 1)
        for whole, part in zip((format_.rows, format_.columns), reduced.shape, strict=True)
    )
    whole: NDArray[Any] = np.ascontiguousarray(reduced[rows][:, columns])
    return whole


def _by_openjph(data: bytes) -> NDArray[Any]:
    import imagecodecs  # noqa: PLC0415 - lazy, in the worker only

    return imagecodecs.htj2k_decode(data, skipres=LEVELS)


def _by_pillow(data: bytes, header: CodestreamHeader) -> NDArray[Any]:
    """Pillow gives 16-bit samples raised to the top of the word, and signed ones moved up by half their range."""
    from PIL import Image  # noqa: PLC0415 - lazy, in the worker only

    with Image.open(io.BytesIO(data), formats=["JPEG2000"]) as image:
        image.reduce = LEVELS  # type: ignore[method-assign,assignment]  # this file format's own attribute of that name
        samples = np.asarray(image)
    if header.precision <= 8 and samples.dtype == np.uint8:
        lowered = samples.astype(np.int32) >> (8 - header.precision)
    elif samples.dtype == np.uint16:
        lowered = samples.astype(np.int32) >> (16 - header.precision)
    else:
        raise DecodeError(f"a preview of {samples.dtype}")
    return lowered - (1 << (header.precision - 1) if header.is_signed else 0)
