"""The ``preview`` task: runs in a worker, answers with one frame at reduced resolution.

The answer travels as bytes, not through the shared volume: only the application decides whether it still wants it.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from loaders.errors import DecodeError
from loaders.model.pixel_format import PixelFormat
from loaders.pixels.bare_codestream import can_read_bare, read_bare
from loaders.pixels.codestream_header import read_header
from loaders.pixels.frame_reader import settled_grey
from loaders.pixels.frame_request import FrameRequest
from loaders.pixels.reduced_decoding import can_reduce, decode_reduced, reduced_shape


def preview_task(payload: bytes) -> bytes:
    """Return the samples of a frame's preview, row by row, in the volume's type and this machine's byte order."""
    request = FrameRequest.from_bytes(payload)
    if not can_reduce(request.format):
        raise DecodeError("no preview of such a frame")
    if can_read_bare(request):
        data, _ = read_bare(request)
    else:
        from loaders.pixels.kept_instance import open_kept  # noqa: PLC0415 - imports pydicom

        data = open_kept(request).codestream(request.location.frame_index)
    header = read_header(data, request.format)
    reduced = settled_grey(decode_reduced(data, request.format, header), request.format, header)
    return reduced.astype(request.format.decoded_dtype).tobytes()


def preview_of_answer(payload: bytes, format_: PixelFormat) -> NDArray[Any]:
    """Read a worker's answer; raises ``DecodeError`` when it is not of the size a preview has."""
    shape, kind = reduced_shape(format_), np.dtype(format_.decoded_dtype)
    if len(payload) != shape[0] * shape[1] * kind.itemsize:
        raise DecodeError("a preview of another size than was asked for")
    return np.frombuffer(payload, dtype=kind).reshape(shape)
