"""Read one frame from its file and return its stored values. Runs in a worker process, never in the window's."""

from __future__ import annotations

import io
import zipfile
import zlib
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from loaders.errors import DecodeError, SourceError
from loaders.model.pixel_format import PixelFormat, PixelLocation
from loaders.pixels.decoder_table import NATIVE, decode_frame
from loaders.pixels.frame_values import colour_values, native_frame_bytes, native_values, stored_values

_DEFLATED = "1.2.840.10008.1.2.1.99"
#: No member of an archive and no deflated data set may grow beyond this.
MAX_INFLATED_BYTES = 1 << 31
_MAX_FRAME_BYTES = 1 << 30


def read_frame(location: PixelLocation, layout: PixelFormat, password: bytes = b"") -> NDArray[Any]:
    """Return stored values, (rows, columns) or RGB (rows, columns, 3), in ``layout.decoded_dtype``.

    Raises ``SourceError`` when the file cannot be read (any more) and ``DecodeError`` when its pixels cannot be had.
    """
    if not 0 < layout.decoded_bytes <= _MAX_FRAME_BYTES:
        raise DecodeError(f"a frame of {layout.rows} x {layout.columns} pixels is beyond any real image")
    try:
        if location.offset >= 0 and not location.file.member:
            return _read_directly(location, layout)
        return _read_parsed(location, layout, password)
    except OSError as error:
        raise SourceError(f"the file cannot be read any more: {error.strerror or type(error).__name__}") from error


def _read_directly(location: PixelLocation, layout: PixelFormat) -> NDArray[Any]:
    size = native_frame_bytes(layout)
    with location.file.path.open("rb", buffering=0) as stream:
        stream.seek(location.offset)
        data = stream.read(size)
    return _finish(native_values(data, layout), layout, is_native=True)


def _read_parsed(location: PixelLocation, layout: PixelFormat, password: bytes) -> NDArray[Any]:
    import pydicom  # noqa: PLC0415  uncompressed plain files need not wait for it

    with _open(location, password) as stream:
        try:
            data_set = pydicom.dcmread(stream, force=True)
        except (DecodeError, OSError):
            raise
        except Exception as error:
            raise DecodeError(f"the file cannot be parsed: {type(error).__name__}") from error
    raw, is_native = _raw_frame(data_set, location.frame_index, layout)
    if layout.photometric_interpretation == "PALETTE COLOR":
        return _through_palette(stored_values(raw, layout_without_colour(layout), is_native=is_native), data_set)
    return _finish(raw, layout, is_native=is_native)


def _finish(raw: NDArray[Any], layout: PixelFormat, *, is_native: bool) -> NDArray[Any]:
    if layout.is_colour:
        return colour_values(raw, layout)
    if raw.ndim != 2:
        raise DecodeError(f"a grey frame of shape {raw.shape} cannot be shown")
    return stored_values(raw, layout, is_native=is_native)


def _raw_frame(data_set: Any, index: int, layout: PixelFormat) -> tuple[NDArray[Any], bool]:  # noqa: ANN401
    element = next((k for k in ("PixelData", "FloatPixelData", "DoubleFloatPixelData") if k in data_set), "")
    if not element:
        raise DecodeError("the file has no pixel data")
    data: bytes = data_set[element].value
    if layout.transfer_syntax_uid in NATIVE and not _is_encapsulated(data_set, layout):
        return _native_part(data, index, layout), True
    encoded = _encoded_frame(data, index, int(data_set.get("NumberOfFrames") or 1))
    if layout.transfer_syntax_uid in NATIVE:  # encapsulated uncompressed
        return native_values(encoded, layout), True
    return decode_frame(encoded, layout), False


def _is_encapsulated(data_set: Any, layout: PixelFormat) -> bool:  # noqa: ANN401
    return layout.transfer_syntax_uid.endswith(".98") or bool(data_set["PixelData"].is_undefined_length)


def _native_part(data: bytes, index: int, layout: PixelFormat) -> NDArray[Any]:
    if layout.bits_allocated == 1:
        # One-bit frames follow each other without padding to whole bytes (PS3.5 8.1.1).
        pixels = layout.rows * layout.columns
        first = index * pixels
        part = np.unpackbits(np.frombuffer(data, np.uint8)[first // 8 :], bitorder="little")[first % 8 :]
        if part.size < pixels:
            raise DecodeError(f"the frame is cut short: {part.size} of {pixels} bits")
        return part[:pixels].reshape(layout.rows, layout.columns)
    size = native_frame_bytes(layout)
    return native_values(memoryview(data)[index * size : (index + 1) * size], layout)


def _encoded_frame(data: bytes, index: int, frames: int) -> bytes:
    from pydicom.encaps import get_frame  # noqa: PLC0415

    try:
        return get_frame(data, index, number_of_frames=frames)
    except Exception as error:
        raise DecodeError(f"the compressed frame cannot be found in its fragments: {type(error).__name__}") from error


def _through_palette(indices: NDArray[Any], data_set: Any) -> NDArray[np.uint8]:  # noqa: ANN401
    from pydicom.pixels.processing import apply_color_lut  # noqa: PLC0415

    try:
        rgb = apply_color_lut(indices, data_set)
    except Exception as error:
        raise DecodeError(f"the colour palette cannot be used: {type(error).__name__}") from error
    rgb = rgb[..., :3]
    return rgb.astype(np.uint8) if rgb.dtype.itemsize == 1 else (rgb >> 8).astype(np.uint8)


def layout_without_colour(layout: PixelFormat) -> PixelFormat:
    """Return the layout of a palette image's indices."""
    from dataclasses import replace  # noqa: PLC0415

    return replace(layout, photometric_interpretation="MONOCHROME2")


def _open(location: PixelLocation, password: bytes) -> BinaryIO:
    """Open a file or archive member as a stream whose deflated data set, if it has one, is inflated within bounds."""
    if location.file.member:
        return io.BytesIO(_inflated_if_deflated(_member(location, password)))
    with location.file.path.open("rb") as stream:
        head = stream.read(1024)
    if _DEFLATED.encode() in head:
        return io.BytesIO(_inflated_if_deflated(location.file.path.read_bytes()))
    return location.file.path.open("rb")


def _member(location: PixelLocation, password: bytes) -> bytes:
    import pyzipper  # noqa: PLC0415

    try:
        with (
            pyzipper.AESZipFile(location.file.path) as archive,
            archive.open(location.file.member, pwd=password or None) as member,
        ):
            data: bytes = member.read(MAX_INFLATED_BYTES + 1)
    except (RuntimeError, zipfile.BadZipFile, KeyError, zlib.error) as error:
        raise SourceError("the archive's member cannot be read") from error
    if len(data) > MAX_INFLATED_BYTES:
        raise DecodeError("the archive's member is larger than 2 GB")
    return data


def _inflated_if_deflated(data: bytes) -> bytes:
    """Return a file whose deflated data set has been inflated and is declared as plain explicit little endian."""
    if _DEFLATED.encode() not in data[:1024]:
        return data
    if data[128:132] != b"DICM" or data[132:138] != b"\x02\x00\x00\x00UL":
        raise DecodeError("the deflated file's meta information does not begin with its length")
    start = 144 + int.from_bytes(data[140:144], "little")
    inflater = zlib.decompressobj(-zlib.MAX_WBITS)
    body = inflater.decompress(data[start:], MAX_INFLATED_BYTES)
    if inflater.unconsumed_tail:
        raise DecodeError("the deflated data set is larger than 2 GB")
    # The declared syntax keeps its length, so that the group length stays right; trailing zeros are UID padding.
    plain = b"1.2.840.10008.1.2.1".ljust(len(_DEFLATED) + len(_DEFLATED) % 2, b"\0")
    return data[:start].replace(_DEFLATED.encode().ljust(len(plain), b"\0"), plain) + body
