"""One frame of a stack, decoded by a worker, without the rest of it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from loaders.cache.memory_budget import MemoryBudget
from loaders.errors import DecodeError
from loaders.model.frame_validity import FrameState
from loaders.model.stack import Stack, StackKind
from loaders.model.volume import Volume
from loaders.pixels.volume_assembler import Arrivals, VolumeLoader
from loaders.stores.image_source import ImageSource
from loaders.workers.worker_pool import WorkerPool


def load_single_frame(
    stack: Stack, index: int, pool: WorkerPool, budget: MemoryBudget, *, source: ImageSource | None, priority: int = 0
) -> Volume:
    """Return a volume of one frame of a stack, in memory of its own. Waits. Raises ``DecodeError``, ``TooLarge``."""
    alone = replace(stack, kind=StackKind.SINGLE, frames=(stack.frames[index],), geometry=None, warnings=())
    loader = VolumeLoader(alone, pool, budget, on_arrivals=_ignore, source=source, priority=priority)
    try:
        loader.start().wait()
        if loader.validity[0] is not FrameState.LOADED:
            raise DecodeError(loader.validity.reason(0) or "the frame could not be decoded")
        stored = loader.volume.frame_array(0)
        assert stored is not None  # noqa: S101 - it is LOADED
        return Volume(alone, loader.validity, stored.copy()[np.newaxis])
    finally:
        loader.close()


def _ignore(_arrivals: Arrivals) -> None:
    """Only the end is waited for."""
