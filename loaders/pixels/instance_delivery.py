"""Instances in memory into a volume: uncompressed grey frames at once, everything else through a decode worker."""

from __future__ import annotations

import threading
from collections import defaultdict
from typing import Any

import numpy as np

from loaders.errors import WorldError
from loaders.model.frame import Frame
from loaders.model.pixel_format import PixelFormat
from loaders.model.stack import Stack
from loaders.pixels.frame_sink import FrameSink
from loaders.pixels.sample_conversion import settle_bits

#: Implicit and explicit VR little endian.
_DIRECT_SYNTAXES = frozenset({"1.2.840.10008.1.2", "1.2.840.10008.1.2.1"})


class InstanceDelivery:
    """Knows which frames of a stack are of which instance. Thread-safe."""

    def __init__(self, stack: Stack, sink: FrameSink) -> None:
        self._stack, self._sink = stack, sink
        self._places: dict[str, list[int]] = defaultdict(list)
        for index, frame in enumerate(stack.frames):
            self._places[frame.sop_instance_uid].append(index)
        #: SOP Instance UIDs in the order of the stack.
        self.order = list(self._places)
        self._held: dict[str, tuple[bytes, int]] = {}
        self._lock = threading.Lock()

    def instance_of(self, frame_index: int) -> int:
        """Index within :attr:`order` of a frame's instance."""
        return self.order.index(self._stack.frames[frame_index].sop_instance_uid)

    def deliver(self, sop_uid: str, record: dict[str, Any], data: memoryview) -> None:
        """Hand over a checked instance. ``record`` is its header record; ``data`` may be used again afterwards."""
        places = self._places[sop_uid]
        format_ = self._stack.frames[places[0]].format
        offset = _direct_offset(record, format_) if len(places) == 1 else None
        if offset is None:
            with self._lock:
                self._held[sop_uid] = (bytes(data), len(places))
            self._sink.decode(places)
            return
        end = offset + format_.decoded_bytes
        samples = np.frombuffer(data[offset:end], dtype=format_.decoded_dtype).reshape(format_.decoded_shape)
        if format_.bits_stored != format_.bits_allocated:
            samples = samples.copy()
            settle_bits(samples, format_)
        self._sink.take_samples(places[0], samples)

    def fail(self, sop_uid: str, error: WorldError) -> None:
        """Say of every frame of an instance that it will not come."""
        for index in self._places[sop_uid]:
            self._sink.fail(index, error)

    def take_held(self, frame: Frame) -> bytes | None:
        """Return an instance that waits for a worker, ``None`` where none does; dropped with its last frame."""
        with self._lock:
            data, left = self._held.pop(frame.sop_instance_uid, (None, 0))
            if data is not None and left > 1:
                self._held[frame.sop_instance_uid] = (data, left - 1)
            return data

    def forget(self) -> None:
        """Drop what waits."""
        with self._lock:
            self._held.clear()


def _direct_offset(record: dict[str, Any], format_: PixelFormat) -> int | None:
    """Return where an uncompressed grey frame begins in the instance, ``None`` where a worker must look at it.

    An instance whose header contradicts what the stack was built from goes to the worker too, which refuses it.
    """
    pixels = record.get("pixels")
    if pixels is None or record.get("syntax") not in _DIRECT_SYNTAXES or pixels["kind"] != "int":
        return None
    elements = record["elements"]
    is_same = (
        _whole(elements, "Rows") == format_.rows
        and _whole(elements, "Columns") == format_.columns
        and _whole(elements, "BitsAllocated") == format_.bits_allocated
        and _whole(elements, "BitsStored") == format_.bits_stored
        and _whole(elements, "HighBit") == format_.high_bit
        and (_whole(elements, "PixelRepresentation") == 1) == format_.is_signed
        and (_whole(elements, "NumberOfFrames") or 1) == 1
    )
    is_grey = not format_.is_colour and format_.samples_per_pixel == 1 and format_.number_kind == "int"
    is_kept_size = np.dtype(format_.decoded_dtype).itemsize * 8 == format_.bits_allocated
    if not (is_same and is_grey and is_kept_size and pixels["frames_whole"] == 1 and pixels["offset"] >= 0):
        return None
    return int(pixels["offset"])


def _whole(elements: dict[str, Any], keyword: str) -> int | None:
    values = elements.get(keyword)
    return values[0] if values else None
