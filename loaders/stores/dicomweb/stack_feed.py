"""One stack from a store into a volume: uncompressed grey frames at once, everything else through a decode worker."""

from __future__ import annotations

import threading
from collections import defaultdict

import numpy as np

from loaders.discovery.part10 import EXPLICIT_VR_LITTLE_ENDIAN, IMPLICIT_VR_LITTLE_ENDIAN
from loaders.errors import WorldError
from loaders.model.frame import Frame
from loaders.model.pixel_format import PixelFormat
from loaders.model.stack import Stack
from loaders.pixels.frame_sink import FrameSink
from loaders.pixels.sample_conversion import settle_bits
from loaders.retrieval.expected_instance import ExpectedInstance
from loaders.retrieval.retrieval_status import RetrievalStatus
from loaders.retrieval.series_retrieval import OnReceived, OnStatus, Received, SeriesRetrieval
from loaders.stores.dicomweb.dicomweb_client import DicomwebClient

_DIRECT_SYNTAXES = frozenset({EXPLICIT_VR_LITTLE_ENDIAN, IMPLICIT_VR_LITTLE_ENDIAN})


class StackFeed:
    """Runs a ``SeriesRetrieval`` for the instances of one stack.

    ``keep`` is called with every checked instance before its frames are used (the encrypted library); what it raises
    as ``WorldError`` does not stop the picture.
    """

    def __init__(
        self,
        client: DicomwebClient,
        stack: Stack,
        expected: dict[str, ExpectedInstance],
        sink: FrameSink,
        *,
        first_frame: int,
        series_size: int,
        on_status: OnStatus,
        keep: OnReceived | None = None,
    ) -> None:
        self._stack, self._sink, self._keep = stack, sink, keep
        self._places: dict[str, list[int]] = defaultdict(list)
        for index, frame in enumerate(stack.frames):
            self._places[frame.sop_instance_uid].append(index)
        self._order = list(self._places)
        self._held: dict[str, tuple[bytes, int]] = {}
        self._lock = threading.Lock()
        self.retrieval = SeriesRetrieval(
            client,
            [expected[uid] for uid in self._order],
            on_received=self._receive,
            on_failed=self._fail,
            on_status=on_status,
            first=self._instance_of(first_frame),
            series_size=series_size,
        ).start()

    @property
    def status(self) -> RetrievalStatus:
        """How the retrieval stands."""
        return self.retrieval.status

    def look_at(self, frame_index: int) -> None:
        """Fetch around this frame first."""
        self.retrieval.look_at(self._instance_of(frame_index))

    def close(self) -> None:
        """Stop, and forget what waits to be decoded."""
        self.retrieval.close()
        with self._lock:
            self._held.clear()

    def held_bytes(self, frame: Frame) -> bytes | None:
        """Return an instance that came and waits for a worker; dropped with its last frame."""
        with self._lock:
            held = self._held.get(frame.sop_instance_uid)
            return held[0] if held else None

    def decoded(self, frame: Frame) -> None:
        """Count down; the bytes go when no frame of the instance waits any more."""
        with self._lock:
            data, left = self._held.pop(frame.sop_instance_uid, (b"", 0))
            if left > 1:
                self._held[frame.sop_instance_uid] = (data, left - 1)

    def _instance_of(self, frame_index: int) -> int:
        return self._order.index(self._stack.frames[frame_index].sop_instance_uid)

    def _receive(self, received: Received) -> None:
        if self._keep is not None:
            self._keep(received)
        places = self._places[received.expected.sop_uid]
        format_ = self._stack.frames[places[0]].format
        offset = _direct_offset(received, format_) if len(places) == 1 else None
        if offset is None:
            with self._lock:
                self._held[received.expected.sop_uid] = (bytes(received.data), len(places))
            self._sink.decode(places)
            return
        end = offset + format_.decoded_bytes
        samples = np.frombuffer(received.data[offset:end], dtype=format_.decoded_dtype).reshape(format_.decoded_shape)
        if format_.bits_stored != format_.bits_allocated:
            samples = samples.copy()
            settle_bits(samples, format_)
        self._sink.take_samples(places[0], samples)

    def _fail(self, expected: ExpectedInstance, error: WorldError) -> None:
        for index in self._places[expected.sop_uid]:
            self._sink.fail(index, error)


def _direct_offset(received: Received, format_: PixelFormat) -> int | None:
    """Return where an uncompressed grey frame begins in the instance, ``None`` where a worker must look at it.

    Raises nothing: an instance whose header contradicts the store's metadata goes to the worker, which refuses it.
    """
    record = received.record
    pixels = record.get("pixels")
    if pixels is None or record["syntax"] not in _DIRECT_SYNTAXES or pixels["kind"] != "int":
        return None
    elements = record["elements"]
    same = (
        _whole(elements, "Rows") == format_.rows
        and _whole(elements, "Columns") == format_.columns
        and _whole(elements, "BitsAllocated") == format_.bits_allocated
        and _whole(elements, "BitsStored") == format_.bits_stored
        and _whole(elements, "HighBit") == format_.high_bit
        and (_whole(elements, "PixelRepresentation") == 1) == format_.is_signed
        and (_whole(elements, "NumberOfFrames") or 1) == 1
    )
    is_grey = not format_.is_colour and format_.samples_per_pixel == 1 and format_.number_kind == "int"
    itemsize = np.dtype(format_.decoded_dtype).itemsize
    fits = itemsize * 8 == format_.bits_allocated and pixels["frames_whole"] == 1
    return int(pixels["offset"]) if same and is_grey and fits and pixels["offset"] >= 0 else None


def _whole(elements: dict[str, list[int]], keyword: str) -> int | None:
    values = elements.get(keyword)
    return values[0] if values else None


