"""Frames of real files with what the product decodes, and with what the formulas alone say they look like."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from loaders.cache.memory_budget import MemoryBudget
from loaders.discovery.pooled_headers import pooled_header_reader
from loaders.model.frame import Frame
from loaders.model.frame_validity import FrameState, FrameValidity
from loaders.model.stack import Stack, StackKey, StackKind
from loaders.model.volume import Volume
from loaders.pixels.volume_assembler import VolumeLoader
from loaders.progress import CancelToken, no_progress
from loaders.stores.local_folder import LocalFolder
from loaders.values.auto_window import auto_window
from loaders.workers.worker_pool import WorkerPool
from tests.support import grey_oracle


def stacks_of(source: LocalFolder) -> list[Stack]:
    """All stacks of a source."""
    catalogue = source.catalogue(on_found=lambda _found: None, progress=no_progress, cancel=CancelToken())
    return [stack for study in catalogue.studies for series in study.series for stack in series.stacks]


def sources_of(folder: Path, pool: WorkerPool) -> Iterator[LocalFolder]:
    """The folder as it is opened, and each file that it does not show since another has the same UID, alone."""
    source = LocalFolder([folder], read_headers=pooled_header_reader(pool))
    catalogue = source.catalogue(on_found=lambda _found: None, progress=no_progress, cancel=CancelToken())
    yield source
    shown = {frame.location.file.path for stack in stacks_of(source) for frame in stack.frames}
    for path in sorted({row.path for row in catalogue.problems if row.code == "conflict"} - shown):
        yield LocalFolder([path])


def decoded(
    frames: tuple[Frame, ...], stack: Stack, source: LocalFolder, pool: WorkerPool
) -> Iterator[tuple[Frame, NDArray[Any] | str]]:
    """Some frames of a stack with their stored values, or with the reason why they have none."""
    part = replace(stack, frames=frames, geometry=None, kind=StackKind.STACK)
    loader = VolumeLoader(part, pool, MemoryBudget(), on_arrivals=lambda _arrivals: None, source=source)
    try:
        loader.start().wait()
        for index, frame in enumerate(frames):
            stored = loader.volume.frame_array(index)
            yield frame, loader.validity.reason(index) if stored is None else stored.copy()
    finally:
        loader.close()


def single_volume(frame: Frame, stored: NDArray[Any]) -> Volume:
    """A volume of one frame that is there."""
    validity = FrameValidity(1)
    validity.mark(0, FrameState.LOADED)
    stack = Stack(StackKey("", "", ""), StackKind.SINGLE, (frame,))
    return Volume(stack, validity, stored[np.newaxis])


@lru_cache(maxsize=1)
def _dataset(path: Path) -> Any:
    return grey_oracle.read(path)


def expected_picture(frame: Frame, stored: NDArray[Any]) -> NDArray[np.uint8]:
    """What the formulas say; from the product's stored values only where pydicom cannot decode the file here."""
    automatic = auto_window(stored, frame) if stored.ndim == 2 else None
    window = (automatic.center, automatic.width, automatic.function.value) if automatic else None
    ds, index = _dataset(frame.location.file.path), frame.location.frame_index
    try:
        return grey_oracle.displayed(ds, index, window=window)
    except grey_oracle.NoSecondOpinion:
        return grey_oracle.displayed(ds, index, window=window, stored=stored)
