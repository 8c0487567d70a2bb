"""One stack from a store into a volume, as its instances come."""

from __future__ import annotations

from loaders.errors import WorldError
from loaders.model.frame import Frame
from loaders.model.stack import Stack
from loaders.pixels.frame_sink import FrameSink
from loaders.pixels.instance_delivery import InstanceDelivery
from loaders.retrieval.expected_instance import ExpectedInstance
from loaders.retrieval.series_retrieval import OnReceived, OnStatus, Received, SeriesRetrieval
from loaders.stores.dicomweb.dicomweb_client import DicomwebClient


class StackFeed:
    """Runs a ``SeriesRetrieval`` for the instances of one stack.

    ``keep`` is called with every checked instance after its frames are on their way (the encrypted library: commits
    may lag behind the picture); it must not raise.
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
        self._delivery, self._keep = InstanceDelivery(stack, sink), keep
        self.stack_key, self.is_closed = stack.key, False
        self.retrieval = SeriesRetrieval(
            client,
            [expected[uid] for uid in self._delivery.order],
            on_received=self._receive,
            on_failed=self._fail,
            on_status=on_status,
            first=self._delivery.instance_of(first_frame),
            series_size=series_size,
        ).start()

    def look_at(self, frame_index: int) -> None:
        """Fetch around this frame first."""
        self.retrieval.look_at(self._delivery.instance_of(frame_index))

    def take_held(self, frame: Frame) -> bytes | None:
        """Return the frame's instance if it came and waits for a worker."""
        return self._delivery.take_held(frame)

    def close(self) -> None:
        """Stop, and forget what waits to be decoded."""
        self.is_closed = True
        self.retrieval.close()
        self._delivery.forget()

    def _receive(self, received: Received) -> None:
        self._delivery.deliver(received.expected.sop_uid, received.record, received.data)
        if self._keep is not None:
            self._keep(received)

    def _fail(self, expected: ExpectedInstance, error: WorldError) -> None:
        self._delivery.fail(expected.sop_uid, error)
