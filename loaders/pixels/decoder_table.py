"""Which decoder decodes which transfer syntax: an explicit table, in the order that evidence gave.

Evidence (docs/decisions/0031): exactness on the NEMA WG04 references and on one CT slice in 16 codings, behaviour at
ten cut points, speed on a bare frame. No GPL code: pylibjpeg-libjpeg is not used.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from loaders.errors import DecodeError
from loaders.model.pixel_format import PixelFormat
from loaders.pixels.codestream_header import RLE_LOSSLESS, CodestreamHeader
from loaders.pixels.rle_planes import decode_planes
from loaders.pixels.sample_conversion import unpack_bits

Decoded = NDArray[Any]
Decode = Callable[[bytes, PixelFormat, CodestreamHeader], Decoded]


class CodecFailed(DecodeError):
    """A native codec gave up on a frame: its process is not to be trusted with another one."""

    code = "decode_failed"
    taints_worker = True


@dataclass(frozen=True, slots=True)
class FrameDecoder:
    """One way to decode: ``package`` must be importable, ``decode`` returns (rows, columns[, samples])."""

    name: str
    package: str
    decode: Decode
    is_native: bool = True

    @property
    def is_available(self) -> bool:
        """Whether the package it needs is installed."""
        return find_spec(self.package) is not None


def _imagecodecs(name: str, data: bytes, **options: object) -> Decoded:
    import imagecodecs  # noqa: PLC0415 - lazy: 0.15 s, in the worker only

    return cast("Decoded", getattr(imagecodecs, name)(data, **options))


def _jpeg_turbo(data: bytes, format_: PixelFormat, header: CodestreamHeader) -> Decoded:
    if header.samples != 3:
        return _imagecodecs("jpeg8_decode", data)
    is_lossless = header.process == 0xC3
    claimed = "" if is_lossless else header.colour_transform
    if not claimed:
        claimed = "ycc" if format_.photometric_interpretation.startswith("YBR") and not is_lossless else "rgb"
    return _imagecodecs("jpeg8_decode", data, colorspace="YCBCR" if claimed == "ycc" else "RGB", outcolorspace="RGB")


def _jpeg_sof3(data: bytes, _format: PixelFormat, _header: CodestreamHeader) -> Decoded:
    return _imagecodecs("jpegsof3_decode", data)


def _jpeg_ls(data: bytes, _format: PixelFormat, _header: CodestreamHeader) -> Decoded:
    return _imagecodecs("jpegls_decode", data)


def _jpeg_ls_by_pyjpegls(data: bytes, _format: PixelFormat, _header: CodestreamHeader) -> Decoded:
    import jpeg_ls  # noqa: PLC0415 - lazy, in the worker only

    return jpeg_ls.decode(np.frombuffer(data, dtype=np.uint8))


def _openjpeg_by_imagecodecs(data: bytes, _format: PixelFormat, _header: CodestreamHeader) -> Decoded:
    return _imagecodecs("jpeg2k_decode", data)


def _openjph(data: bytes, _format: PixelFormat, _header: CodestreamHeader) -> Decoded:
    return _imagecodecs("htj2k_decode", data)


def _openjpeg_by_pylibjpeg(data: bytes, _format: PixelFormat, _header: CodestreamHeader) -> Decoded:
    import openjpeg  # noqa: PLC0415 - lazy, in the worker only

    decoded: Decoded = getattr(openjpeg, "decode")(data)  # noqa: B009 - not in its __all__
    return decoded


def _pillow(data: bytes, _format: PixelFormat, _header: CodestreamHeader) -> Decoded:
    from PIL import Image  # noqa: PLC0415 - lazy, in the worker only

    with Image.open(io.BytesIO(data), formats=("JPEG",)) as picture:
        return np.asarray(picture.convert("RGB") if picture.mode not in ("L", "RGB") else picture)


def _rle_by_imagecodecs(data: bytes, format_: PixelFormat, _header: CodestreamHeader) -> Decoded:
    pixels = format_.rows * format_.columns
    if format_.bits_allocated == 1:
        # Bits are packed as in uncompressed pixel data before they are run-length encoded.
        packed = decode_planes(data, (pixels + 7) // 8, 1, 1)[0]
        return _rle_shape(unpack_bits(packed.data, 0, pixels), format_)
    return _rle_shape(
        decode_planes(data, pixels, format_.samples_per_pixel, format_.bits_allocated // 8).reshape(-1), format_
    )


def _rle_by_pydicom(data: bytes, format_: PixelFormat, _header: CodestreamHeader) -> Decoded:
    from pydicom.pixels.decoders.rle import _rle_decode_frame  # noqa: PLC0415 - there is no public one

    width = max(1, format_.bits_allocated // 8)
    planes = _rle_decode_frame(
        data, format_.rows, format_.columns, format_.samples_per_pixel, format_.bits_allocated, ">"
    )
    return _rle_shape(np.frombuffer(bytes(planes), dtype=f"<u{width}"), format_)


def _rle_shape(samples: Decoded, format_: PixelFormat) -> Decoded:
    pixels = format_.rows * format_.columns
    if samples.size < pixels * format_.samples_per_pixel:
        raise DecodeError("RLE segments are shorter than the frame")
    planes = samples[: pixels * format_.samples_per_pixel]
    if format_.samples_per_pixel == 1:
        return planes.reshape(format_.rows, format_.columns)
    return np.moveaxis(planes.reshape(format_.samples_per_pixel, format_.rows, format_.columns), 0, -1)


_JPEG_TURBO = FrameDecoder("imagecodecs jpeg8 (libjpeg-turbo)", "imagecodecs", _jpeg_turbo)
_JPEG_SOF3 = FrameDecoder("imagecodecs jpegsof3", "imagecodecs", _jpeg_sof3)
_CHARLS = FrameDecoder("imagecodecs jpegls (CharLS)", "imagecodecs", _jpeg_ls)
_CHARLS_2 = FrameDecoder("pyjpegls (CharLS)", "jpeg_ls", _jpeg_ls_by_pyjpegls)
_OPENJPEG = FrameDecoder("imagecodecs jpeg2k (OpenJPEG)", "imagecodecs", _openjpeg_by_imagecodecs)
_OPENJPEG_2 = FrameDecoder("pylibjpeg-openjpeg", "openjpeg", _openjpeg_by_pylibjpeg)
_OPENJPH = FrameDecoder("imagecodecs htj2k (OpenJPH)", "imagecodecs", _openjph)
_PILLOW = FrameDecoder("Pillow (libjpeg-turbo)", "PIL", _pillow)
_RLE = FrameDecoder("imagecodecs packbits", "imagecodecs", _rle_by_imagecodecs)
_RLE_2 = FrameDecoder("pydicom RLE", "pydicom", _rle_by_pydicom, is_native=False)

_JPEG = "1.2.840.10008.1.2.4."

#: Transfer syntax -> decoders, best first. The second is tried in a fresh worker when the first fails.
DECODERS: dict[str, tuple[FrameDecoder, ...]] = {
    RLE_LOSSLESS: (_RLE, _RLE_2),
    f"{_JPEG}50": (_JPEG_TURBO, _PILLOW),
    f"{_JPEG}51": (_JPEG_TURBO,),
    f"{_JPEG}53": (_JPEG_TURBO,),
    f"{_JPEG}55": (_JPEG_TURBO,),
    f"{_JPEG}57": (_JPEG_TURBO, _JPEG_SOF3),
    f"{_JPEG}70": (_JPEG_TURBO, _JPEG_SOF3),
    f"{_JPEG}80": (_CHARLS, _CHARLS_2),
    f"{_JPEG}81": (_CHARLS, _CHARLS_2),
    f"{_JPEG}90": (_OPENJPEG, _OPENJPEG_2),
    f"{_JPEG}91": (_OPENJPEG, _OPENJPEG_2),
    f"{_JPEG}201": (_OPENJPH, _OPENJPEG_2),
    f"{_JPEG}202": (_OPENJPH, _OPENJPEG_2),
    f"{_JPEG}203": (_OPENJPH, _OPENJPEG_2),
}

DEFLATED = "1.2.840.10008.1.2.1.99"
BIG_ENDIAN = "1.2.840.10008.1.2.2"
IMPLICIT_LITTLE_ENDIAN = "1.2.840.10008.1.2"
#: Native (uncompressed) pixel data in a dataset of its own encoding.
NATIVE = frozenset({IMPLICIT_LITTLE_ENDIAN, "1.2.840.10008.1.2.1", DEFLATED, BIG_ENDIAN})
#: Uncompressed pixel data in fragments (PS3.5 A.4.11).
ENCAPSULATED_UNCOMPRESSED = "1.2.840.10008.1.2.1.98"
#: Each frame deflated by itself (PS3.5 A.4.13): bits of segmentations, mostly.
DEFLATED_FRAMES = "1.2.840.10008.1.2.8.1"


def is_supported(transfer_syntax_uid: str) -> bool:
    """Whether frames of this syntax can be decoded with what is installed."""
    if transfer_syntax_uid in NATIVE or transfer_syntax_uid in {ENCAPSULATED_UNCOMPRESSED, DEFLATED_FRAMES}:
        return True
    return any(decoder.is_available for decoder in DECODERS.get(transfer_syntax_uid, ()))


def missing_for(transfer_syntax_uid: str) -> tuple[str, ...]:
    """Packages of which one would have to be installed for this syntax; empty when none is known to help."""
    if is_supported(transfer_syntax_uid):
        return ()
    return tuple(dict.fromkeys(decoder.package for decoder in DECODERS.get(transfer_syntax_uid, ())))


def available_decoders(transfer_syntax_uid: str) -> tuple[FrameDecoder, ...]:
    """Installed decoders of a syntax, best first. Raises ``DecodeError`` when there is none."""
    decoders = tuple(decoder for decoder in DECODERS.get(transfer_syntax_uid, ()) if decoder.is_available)
    if not decoders:
        needed = ", ".join(missing_for(transfer_syntax_uid))
        raise DecodeError(
            f"no decoder for transfer syntax {transfer_syntax_uid}" + (f": needs {needed}" if needed else "")
        )
    return decoders


def decode_codestream(data: bytes, format_: PixelFormat, header: CodestreamHeader, *, attempt: int = 0) -> Decoded:
    """Decode a checked codestream with the decoder of this attempt. Raises :class:`CodecFailed` or ``DecodeError``."""
    decoders = available_decoders(format_.transfer_syntax_uid)
    decoder = decoders[min(attempt, len(decoders) - 1)]
    if header.repair is not None:
        at, right = header.repair
        data = data[:at] + right + data[at + len(right) :]
    try:
        decoded = decoder.decode(data, format_, header)
    except DecodeError:
        raise
    except Exception as error:  # codecs raise whatever they like on hostile bytes
        raise CodecFailed(f"{decoder.name}: {type(error).__name__}: {error}") from error
    wanted = (format_.rows, format_.columns) + ((header.samples,) if header.samples > 1 else ())
    if decoded.shape != wanted and header.samples > 1 and decoded.shape == (header.samples, *wanted[:2]):
        decoded = np.moveaxis(decoded, 0, -1)
    if decoded.shape != wanted:
        raise CodecFailed(f"{decoder.name} returned {decoded.shape}, not {wanted}")
    return decoded
