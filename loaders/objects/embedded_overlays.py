"""Overlay planes within the unused bits of the pixels: taken out in a worker, where the file is parsed."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import numpy as np

from loaders.errors import DecodeError
from loaders.model.frame import Frame
from loaders.model.pixel_format import FileLocator, PixelFormat
from loaders.objects.object_reading import ObjectReader, with_task_bytes
from loaders.pixels.decoder_table import BIG_ENDIAN, NATIVE


def overlay_bits(reader: ObjectReader, frame: Frame, bit_position: int) -> bytes:
    """Return one embedded plane of a frame, packed, least significant bit first. Raises ``DecodeError``."""
    options = {"format": asdict(frame.format), "frame": frame.location.frame_index, "bit": bit_position}
    return reader.ask("overlay_bits", frame.location.file, options)


def read_overlay_bits_task(payload: bytes) -> bytes:
    """The ``overlay_bits`` task: one bit of every stored word of one frame."""
    return with_task_bytes(payload, _read)


def _read(file: FileLocator, data: bytes | None, facts: dict[str, Any]) -> bytes:
    from loaders.pixels.instance_pixels import open_instance  # noqa: PLC0415 - pydicom, only where it is needed

    format_ = PixelFormat(**facts["format"])
    bit, frame = int(facts["bit"]), int(facts["frame"])
    if format_.transfer_syntax_uid not in NATIVE or format_.bits_allocated not in {8, 16, 32}:
        raise DecodeError("overlay bits within compressed pixels are not read")
    if not 0 <= bit < format_.bits_allocated or format_.samples_per_pixel != 1:
        raise DecodeError("an overlay plane at a bit that the pixels do not have")
    size = format_.bits_allocated // 8
    length = format_.rows * format_.columns * size
    instance = open_instance(file, data, format_)
    try:
        stored = instance.native_bytes(frame * length, length)
    finally:
        instance.close()
    order = ">" if format_.transfer_syntax_uid == BIG_ENDIAN else "<"
    words = np.frombuffer(stored, dtype=f"{order}u{size}")
    return np.packbits((words >> bit & 1).astype(np.uint8), bitorder="little").tobytes()
