"""A path as the verbs open it: scanned through confined workers, its stacks and frames loaded when asked for."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from functools import cached_property
from pathlib import Path

from loaders.cache.memory_budget import MemoryBudget
from loaders.discovery.pooled_headers import pooled_header_reader
from loaders.errors import DecodeError
from loaders.model.frame_validity import FrameState
from loaders.model.stack import Stack
from loaders.model.study import Catalogue
from loaders.model.volume import Volume
from loaders.objects.object_reading import ObjectReader
from loaders.pixels.single_frame import load_single_frame
from loaders.pixels.volume_assembler import Arrivals, VolumeLoader
from loaders.progress import CancelToken, no_progress
from loaders.stores.local_folder import LocalFolder
from loaders.workers.task_table import WARM_UP
from loaders.workers.worker_pool import WorkerPool
from viewer.headless.selection import FrameChoice


class OpenedPath:
    """A scanned path whose stacks and frames can be loaded, as long as its ``with`` block lasts."""

    def __init__(self, pool: WorkerPool, source: LocalFolder, catalogue: Catalogue, budget: MemoryBudget) -> None:
        self.pool, self.source, self.catalogue, self.budget = pool, source, catalogue, budget
        self._held: list[VolumeLoader] = []

    @cached_property
    def objects(self) -> ObjectReader:
        """What reads reports, states and segmentations beside the images."""
        return ObjectReader(self.pool, self.source.file_bytes)

    def volume(self, stack: Stack) -> Volume:
        """Load all frames of a stack, held until the block ends.

        Raises ``TooLarge``, and ``DecodeError`` when a frame cannot be decoded.
        """
        loader = self._loader(stack)
        self._held.append(loader)
        loader.start().wait()
        validity = loader.validity
        failed = [index for index in range(len(validity)) if validity[index] is not FrameState.LOADED]
        if failed:
            reason = validity.reason(failed[0]) or "it did not load"
            raise DecodeError(f"{len(failed)} of {len(validity)} slices are not there; slice {failed[0] + 1}: {reason}")
        return loader.volume

    @contextmanager
    def whatever_loads(self, stack: Stack) -> Iterator[Volume]:
        """Load what can be decoded of a stack, given back at once at the end; the rest is marked in its validity.

        Raises ``TooLarge``, and ``DecodeError`` when nothing can be decoded.
        """
        loader = self._loader(stack)
        try:
            loader.start().wait()
            if not loader.validity.count(FrameState.LOADED):
                raise DecodeError(f"no frame could be decoded; the first: {loader.validity.reason(0)}")
            yield loader.volume
        finally:
            loader.close()

    def frame(self, choice: FrameChoice) -> Volume:
        """Return a volume of the one chosen frame, decoded in a worker. Raises ``DecodeError``, ``TooLarge``."""
        volume = load_single_frame(choice.stack, choice.index, self.pool, self.budget, source=self.source)
        reason = volume.validity.reason(0)
        if reason and sys.stderr is not None:  # a windowed program has none
            sys.stderr.write(f"note: {reason}\n")
        return volume

    def close(self) -> None:
        """Give the memory back."""
        for loader in self._held:
            loader.close()

    def _loader(self, stack: Stack) -> VolumeLoader:
        return VolumeLoader(stack, self.pool, self.budget, on_arrivals=_ignore, source=self.source)


def _ignore(_arrivals: Arrivals) -> None:
    """Only the end is waited for."""


@contextmanager
def opened(*paths: Path, password: str | None = None, warm_up: tuple[str, ...] = WARM_UP) -> Iterator[OpenedPath]:
    """Scan folders, files, DICOMDIRs or archives as one catalogue. Raises ``WorldError``.

    ``warm_up`` names what the workers get ready for at once; nothing where only headers are read.
    """
    with opened_each([paths], password=password, warm_up=warm_up) as (only,):
        yield only


@contextmanager
def opened_each(
    groups: Sequence[Sequence[Path]], *, password: str | None = None, warm_up: tuple[str, ...] = WARM_UP
) -> Iterator[tuple[OpenedPath, ...]]:
    """Scan several groups of paths, each to a catalogue of its own, with the same workers and the same memory.

    Raises ``WorldError``.
    """
    with WorkerPool(warm_up=warm_up) as pool, ExitStack() as closing:
        budget = MemoryBudget()
        every: list[OpenedPath] = []
        for paths in groups:
            source = LocalFolder(paths, password=password, read_headers=pooled_header_reader(pool))
            closing.callback(source.close)
            catalogue = source.catalogue(on_found=_leave, progress=no_progress, cancel=CancelToken())
            every.append(OpenedPath(pool, source, catalogue, budget))
            closing.callback(every[-1].close)
        yield tuple(every)


def _leave(_catalogue: Catalogue) -> None:
    """Only the whole catalogue is waited for."""
