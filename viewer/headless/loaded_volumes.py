"""Whole stacks in memory for the verbs that compute on volumes."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from loaders.cache.memory_budget import MemoryBudget
from loaders.discovery.pooled_headers import pooled_header_reader
from loaders.errors import DecodeError
from loaders.model.frame_validity import FrameState
from loaders.model.stack import Stack
from loaders.model.study import Catalogue
from loaders.model.volume import Volume
from loaders.pixels.volume_assembler import Arrivals, VolumeLoader
from loaders.progress import CancelToken, no_progress
from loaders.stores.local_folder import LocalFolder
from loaders.workers.worker_pool import WorkerPool


class OpenedPath:
    """A scanned path whose stacks can be loaded, as long as its ``with`` block lasts."""

    def __init__(self, pool: WorkerPool, source: LocalFolder, catalogue: Catalogue) -> None:
        self.catalogue = catalogue
        self._pool, self._source, self._budget = pool, source, MemoryBudget()
        self._loaders: list[VolumeLoader] = []

    def volume(self, stack: Stack) -> Volume:
        """Load all frames of a stack. Raises ``TooLarge``, and ``DecodeError`` when a frame cannot be decoded."""
        loader = VolumeLoader(stack, self._pool, self._budget, on_arrivals=_ignore, source=self._source)
        self._loaders.append(loader)
        loader.start().wait()
        validity = loader.validity
        failed = [index for index in range(len(validity)) if validity[index] is not FrameState.LOADED]
        if failed:
            reason = validity.reason(failed[0]) or "it did not load"
            raise DecodeError(f"{len(failed)} of {len(validity)} slices are not there; slice {failed[0] + 1}: {reason}")
        return loader.volume

    def close(self) -> None:
        """Give the memory back."""
        for loader in self._loaders:
            loader.close()


def _ignore(_arrivals: Arrivals) -> None:
    """Only the end is waited for."""


@contextmanager
def opened(path: Path) -> Iterator[OpenedPath]:
    """Scan a folder, file, DICOMDIR or archive. Raises ``WorldError``."""
    with WorkerPool() as pool:
        source = LocalFolder([path], read_headers=pooled_header_reader(pool))
        try:
            catalogue = source.catalogue(on_found=lambda _found: None, progress=no_progress, cancel=CancelToken())
            holder = OpenedPath(pool, source, catalogue)
            try:
                yield holder
            finally:
                holder.close()
        finally:
            source.close()


def largest(stacks: list[Stack]) -> Stack:
    """Return the stack with the most frames; among several it is named on standard error."""
    stack = max(stacks, key=lambda each: len(each.frames))
    if len(stacks) > 1:
        sys.stderr.write(f"note: {len(stacks)} stacks, taking {stack.key.stack_id} of series {stack.key.series_uid}\n")
    return stack
