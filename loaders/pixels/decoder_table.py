"""Which decoder serves which transfer syntax: an explicit table, chosen by evidence (docs/decisions/0030).

The first decoder of a row is used; the second cross-checks it in the tests and steps in where the first refuses. No
decoder stands here that returns half a picture without an error.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from numpy.typing import NDArray

from loaders.errors import DecodeError
from loaders.model.pixel_format import PixelFormat
from loaders.pixels.codestream_header import RLE, require_agreement
from loaders.pixels.rle import decode_rle

Decode = Callable[[bytes, PixelFormat], NDArray[Any]]

NATIVE = frozenset(
    {
        "1.2.840.10008.1.2",
        "1.2.840.10008.1.2.1",
        "1.2.840.10008.1.2.1.99",
        "1.2.840.10008.1.2.2",
        "1.2.840.10008.1.2.1.98",
    },
)


class NamedDecoder(NamedTuple):
    """A decoder and the name under which tests and error messages know it."""

    name: str
    decode: Decode


def _jpeg8(data: bytes, layout: PixelFormat) -> NDArray[Any]:
    import imagecodecs  # noqa: PLC0415

    is_rgb = layout.photometric_interpretation == "RGB" or layout.samples_per_pixel == 1
    return imagecodecs.jpeg_decode(
        data,
        colorspace="RGB" if is_rgb and layout.samples_per_pixel == 3 else None,
        outcolorspace="RGB" if layout.samples_per_pixel == 3 else None,
    )


def _jpeg_lossless(data: bytes, _layout: PixelFormat) -> NDArray[Any]:
    import imagecodecs  # noqa: PLC0415

    return imagecodecs.ljpeg_decode(data)


def _jpeg_any(data: bytes, layout: PixelFormat) -> NDArray[Any]:
    return _jpeg8(data, layout) if layout.bits_allocated <= 8 else _jpeg_lossless(data, layout)


def _jpeg_ls(data: bytes, _layout: PixelFormat) -> NDArray[Any]:
    import imagecodecs  # noqa: PLC0415

    return imagecodecs.jpegls_decode(data)


def _jpeg_2000(data: bytes, _layout: PixelFormat) -> NDArray[Any]:
    import imagecodecs  # noqa: PLC0415

    return imagecodecs.jpeg2k_decode(data)


def _openjpeg(data: bytes, _layout: PixelFormat) -> NDArray[Any]:
    from openjpeg.utils import decode  # noqa: PLC0415

    pixels: NDArray[Any] = decode(data)
    return pixels


def _htj2k(data: bytes, _layout: PixelFormat) -> NDArray[Any]:
    import imagecodecs  # noqa: PLC0415

    return imagecodecs.htj2k_decode(data)


_J2K = (NamedDecoder("imagecodecs-openjpeg", _jpeg_2000), NamedDecoder("pylibjpeg-openjpeg", _openjpeg))
_HTJ2K = (NamedDecoder("imagecodecs-openjph", _htj2k), NamedDecoder("pylibjpeg-openjpeg", _openjpeg))
_LOSSLESS = (NamedDecoder("imagecodecs-ljpeg", _jpeg_lossless), NamedDecoder("imagecodecs-jpeg", _jpeg8))
_LS = (NamedDecoder("imagecodecs-charls", _jpeg_ls),)

DECODERS: dict[str, tuple[NamedDecoder, ...]] = {
    RLE: (NamedDecoder("imagecodecs-packbits", decode_rle),),
    "1.2.840.10008.1.2.4.50": (NamedDecoder("imagecodecs-jpeg", _jpeg8),),
    "1.2.840.10008.1.2.4.51": (NamedDecoder("imagecodecs-jpeg", _jpeg8),),
    "1.2.840.10008.1.2.4.57": _LOSSLESS,
    "1.2.840.10008.1.2.4.70": _LOSSLESS,
    "1.2.840.10008.1.2.4.80": _LS,
    "1.2.840.10008.1.2.4.81": _LS,
    "1.2.840.10008.1.2.4.90": _J2K,
    "1.2.840.10008.1.2.4.91": _J2K,
    "1.2.840.10008.1.2.4.201": _HTJ2K,
    "1.2.840.10008.1.2.4.202": _HTJ2K,
    "1.2.840.10008.1.2.4.203": _HTJ2K,
}


def decode_frame(data: bytes, layout: PixelFormat) -> NDArray[Any]:
    """Decode one compressed frame to (rows, columns[, 3]) as the codec gives it; values are not yet masked or mapped.

    Raises ``DecodeError`` when the syntax is not known, the codestream disagrees with the data set or is cut short,
    or every decoder refuses it.
    """
    decoders = DECODERS.get(layout.transfer_syntax_uid)
    if decoders is None:
        raise DecodeError(f"transfer syntax {layout.transfer_syntax_uid} is not supported")
    require_agreement(data, layout)
    reasons: list[str] = []
    for decoder in decoders:
        try:
            pixels = decoder.decode(data, layout)
        except Exception as error:  # noqa: BLE001  codecs raise what they like; the next one may do better
            reasons.append(f"{decoder.name}: {type(error).__name__}")
            continue
        if pixels.shape[:2] == (layout.rows, layout.columns):
            return pixels
        reasons.append(f"{decoder.name}: wrong shape {pixels.shape}")
    raise DecodeError("no decoder could read the frame (" + "; ".join(reasons) + ")")
