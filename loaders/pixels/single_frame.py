"""One frame of a stack, decoded by a worker, without the rest of it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from loaders.cache.memory_budget import MemoryBudget
from loaders.errors import DecodeError
from loaders.model.frame_validity import FrameState, FrameValidity
from loaders.model.stack import Stack, StackKind
from loaders.model.volume import Volume
from loaders.pixels.volume_assembler import Arrivals, VolumeLoader
from loaders.progress import CancelToken
from loaders.stores.image_source import ImageSource
from loaders.workers.worker_pool import WorkerPool

_CANCEL_CHECK_S = 0.05


def single_frame_of(volume: Volume, index: int) -> Volume | None:
    """Return one frame of a volume that has it at full resolution, without a copy; else ``None``."""
    stored = volume.frame_array(index)
    if stored is None or volume.validity[index] is not FrameState.LOADED:
        return None
    validity = FrameValidity(1)
    validity.mark(0, FrameState.LOADED, volume.validity.reason(index))
    return Volume(_alone(volume.stack, index), validity, stored[np.newaxis])


def load_single_frame(
    stack: Stack,
    index: int,
    pool: WorkerPool,
    budget: MemoryBudget,
    *,
    source: ImageSource | None,
    priority: int = 0,
    cancel: CancelToken | None = None,
) -> Volume:
    """Return a volume of one frame of a stack, in memory of its own. Waits.

    Raises ``DecodeError``, ``TooLarge``, and ``Cancelled`` soon after ``cancel`` was.
    """
    alone = _alone(stack, index)
    loader = VolumeLoader(alone, pool, budget, on_arrivals=_ignore, source=source, priority=priority)
    try:
        loader.start()
        while not loader.wait(_CANCEL_CHECK_S):
            if cancel is not None:
                cancel.raise_if_cancelled()
        if loader.validity[0] is not FrameState.LOADED:
            raise DecodeError(loader.validity.reason(0) or "the frame could not be decoded")
        stored = loader.volume.frame_array(0)
        assert stored is not None  # noqa: S101 - it is LOADED
        return Volume(alone, loader.validity, stored.copy()[np.newaxis])
    finally:
        loader.close()


def _alone(stack: Stack, index: int) -> Stack:
    return replace(stack, kind=StackKind.SINGLE, frames=(stack.frames[index],), geometry=None, warnings=())


def _ignore(_arrivals: Arrivals) -> None:
    """Only the end is waited for."""
