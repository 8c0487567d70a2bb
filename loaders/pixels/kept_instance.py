"""The last multi-frame instance a worker parsed, kept open: its next frame needs no parsing."""

from __future__ import annotations

from loaders.pixels.frame_request import FrameRequest
from loaders.pixels.instance_pixels import InstancePixels, open_instance
from loaders.workers import attachments

_kept: list[tuple[tuple[object, ...], InstancePixels]] = []


def open_kept(request: FrameRequest) -> InstancePixels:
    """Return the request's instance, parsed now or before. A file that changed in between is parsed again."""
    where = request.location.file
    if request.blob_block:
        if _kept and _kept[0][0] == ("blob", request.blob_block):
            return _kept[0][1]
        forget()
        block = attachments.attached(request.blob_block)
        with block.readable() as mapping:
            data = mapping[: request.blob_bytes]
        instance = open_instance(where, data, request.format)
        _kept.append((("blob", request.blob_block), instance))
        return instance
    try:
        facts = where.path.stat()
        identity = (where.path, where.member, facts.st_mtime_ns, facts.st_size)
    except OSError:
        identity = (where.path, where.member, 0, -1)
    if _kept and _kept[0][0] == identity:
        return _kept[0][1]
    forget()
    instance = open_instance(where, None, request.format)
    _kept.append((identity, instance))
    return instance


def forget() -> None:
    """Close what is kept."""
    while _kept:
        _kept.pop()[1].close()
