"""How a source that pushes instances as they come hands their frames to a volume."""

from __future__ import annotations

from typing import Any, Protocol, runtime_checkable

from numpy.typing import NDArray

from loaders.errors import WorldError
from loaders.model.stack import Stack
from loaders.stores.image_source import ImageSource


class FrameSink(Protocol):
    """A volume that is being filled. Frames are named by their index in the stack. Thread-safe."""

    def take_samples(self, index: int, samples: NDArray[Any]) -> None:
        """Take a frame that is ready: of the decoded shape and type, unused bits settled. It is copied."""
        ...

    def decode(self, indices: list[int]) -> None:
        """Decode frames in a worker; their bytes are asked from the source when a worker is free."""
        ...

    def fail(self, index: int, error: WorldError) -> None:
        """Note that a frame will not come."""
        ...


class Feed(Protocol):
    """A running delivery of one stack."""

    def look_at(self, frame_index: int) -> None:
        """Deliver what lies around this frame first."""
        ...

    def close(self) -> None:
        """Stop; nothing is delivered afterwards."""
        ...


@runtime_checkable
class FeedingSource(ImageSource, Protocol):
    """A source that knows best in which order, and over how many connections, a stack comes."""

    def feed(self, stack: Stack, sink: FrameSink, first_frame: int) -> Feed:
        """Begin to deliver every frame of a stack, around ``first_frame`` first."""
        ...
