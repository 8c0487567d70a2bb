"""The ``decode`` task: runs in a worker, fills one frame of a shared volume, answers with its range of values."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from loaders.errors import DecodeError
from loaders.pixels.bare_codestream import can_read_bare, read_bare
from loaders.pixels.frame_request import FrameAnswer, FrameRequest
from loaders.pixels.straight_reader import can_read_straight, read_straight
from loaders.workers import attachments


def decode_task(payload: bytes) -> bytes:
    """Decode the frame a :class:`FrameRequest` names into its shared block; answer a :class:`FrameAnswer`."""
    request = FrameRequest.from_bytes(payload)
    format_ = request.format
    if format_.decoded_bytes <= 0:
        raise DecodeError("an image of no pixels")
    block = attachments.attached(request.block)
    # Imports only where they are needed: pydicom takes a worker 0.2 s.
    if can_read_straight(request):
        frame, note = read_straight(request), ""
    elif can_read_bare(request):
        from loaders.pixels.frame_reader import check_samples, frame_of_fragments  # noqa: PLC0415

        check_samples(format_)
        frame, note = frame_of_fragments(*read_bare(request), request)
    else:
        from loaders.pixels.frame_reader import read_parsed  # noqa: PLC0415
        from loaders.pixels.kept_instance import open_kept  # noqa: PLC0415

        frame, note = read_parsed(request, open_kept(request))
    block.write(request.start, frame.reshape(-1).view(np.uint8).data)
    return _answer(frame, request, note).to_bytes()


def _answer(frame: NDArray[Any], request: FrameRequest, note: str) -> FrameAnswer:
    if request.format.is_colour:
        return FrameAnswer(note=note)
    if frame.dtype.kind == "f":
        finite = frame[np.isfinite(frame)]
        if not finite.size:
            return FrameAnswer(note=note)
        return FrameAnswer(float(finite.min()), float(finite.max()), note)
    return FrameAnswer(int(frame.min()), int(frame.max()), note)
