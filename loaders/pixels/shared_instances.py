"""Instances that a source hands out as bytes, on their way to the workers in shared blocks."""

from __future__ import annotations

import threading
from collections import Counter

from loaders.errors import DecodeError, TooLarge
from loaders.model.frame import Frame
from loaders.model.stack import Stack
from loaders.stores.image_source import ImageSource
from loaders.workers.shared_block import SharedBlock


class SharedInstances:
    """The instances of one stack. One of several frames is shared once and kept until the load ends."""

    def __init__(self, stack: Stack) -> None:
        self._lock = threading.Lock()
        self._blocks: dict[str, SharedBlock] = {}
        self._frames_of = Counter(frame.sop_instance_uid for frame in stack.frames)

    def is_kept(self, frame: Frame) -> bool:
        """Whether the frame's block serves other frames too."""
        return self._frames_of[frame.sop_instance_uid] > 1

    def get(self, frame: Frame, source: ImageSource) -> SharedBlock | None:
        """Return the frame's instance in a shared block, ``None`` when its file can be read directly."""
        if not self.is_kept(frame):
            return _share(source.frame_bytes(frame))
        with self._lock:
            if frame.sop_instance_uid not in self._blocks:
                block = _share(source.frame_bytes(frame))
                if block is None:
                    return None
                self._blocks[frame.sop_instance_uid] = block
            return self._blocks[frame.sop_instance_uid]

    def close(self) -> list[SharedBlock]:
        """Close all blocks and return them, for the workers to let go of."""
        with self._lock:
            blocks = list(self._blocks.values())
            self._blocks.clear()
        for block in blocks:
            block.close()
        return blocks


def _share(data: bytes | None) -> SharedBlock | None:
    if data is None:
        return None
    if not data:
        raise DecodeError("the source gave an empty instance")
    try:
        block = SharedBlock.create(len(data))
    except OSError as error:
        raise TooLarge(f"no memory for {len(data)} bytes of one instance") from error
    block.write(0, memoryview(data))
    return block
