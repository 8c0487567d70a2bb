"""Thumbnails for the time rail: one frame of each series in sight, decoded by a worker, drawn in a job.

The reference renderer draws them. A thumbnail carries no text: no name and no identifier.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QImage

from loaders.cache.memory_budget import MemoryBudget
from loaders.errors import WorldError
from loaders.model.frame_validity import FrameState
from loaders.model.stack import Stack, StackKey, StackKind
from loaders.model.volume import Volume
from loaders.pixels.volume_assembler import Arrivals, VolumeLoader
from loaders.progress import CancelToken, ProgressCallback
from loaders.workers.worker_pool import WorkerPool
from viewer.controllers.volume_store import SourceOf
from viewer.jobs.job_runner import JobKind, JobRunner
from viewer.rendering.slice_renderer import SliceRenderer
from viewer.rendering.thumbnails import thumbnail
from viewer.viewport.kept_picture import image_of

_SIDE_PX = 96
_AT_ONCE = 4
#: Behind everything that is on screen.
_PRIORITY = 10
_MOST_WAITING = 200


class ThumbnailController(QObject):
    """Signal: ``thumbnail_ready(StackKey, QImage)``. A series that cannot be read has none; its row says the rest."""

    thumbnail_ready = Signal(object, object)

    def __init__(
        self,
        pool: WorkerPool,
        budget: MemoryBudget,
        jobs: JobRunner,
        renderer: SliceRenderer,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._pool, self._budget, self._jobs, self._renderer = pool, budget, jobs, renderer
        self._waiting: OrderedDict[StackKey, Stack] = OrderedDict()
        self._loaders: dict[StackKey, VolumeLoader] = {}
        self.source_of: SourceOf = lambda _stack: None
        self._drawing = threading.Lock()
        self._is_closed = False

    def want(self, keys: Sequence[StackKey], stack_of: Callable[[StackKey], Stack | None]) -> None:
        """Make thumbnails of these; the latest wishes come first, since they are what is in sight now."""
        for key in reversed(keys):
            stack = stack_of(key)
            if stack is not None and stack.frames and key not in self._loaders:
                self._waiting[key] = stack
                self._waiting.move_to_end(key)
        while len(self._waiting) > _MOST_WAITING:
            self._waiting.popitem(last=False)
        self._start_more()

    @property
    def is_settled(self) -> bool:
        """Whether no thumbnail is on its way."""
        return not self._waiting and not self._loaders

    def close(self) -> None:
        """Stop loading."""
        self._is_closed = True
        self._waiting.clear()
        for loader in self._loaders.values():
            loader.close()
        self._loaders.clear()

    def _start_more(self) -> None:
        while self._waiting and len(self._loaders) < _AT_ONCE and not self._is_closed:
            key, stack = self._waiting.popitem(last=True)
            shown = stack.frames[len(stack.frames) // 2]
            middle = replace(stack, kind=StackKind.SINGLE, frames=(shown,), geometry=None)
            try:
                loader = VolumeLoader(
                    middle,
                    self._pool,
                    self._budget,
                    on_arrivals=partial(self._arrived, key),
                    source=self.source_of(stack),
                    priority=_PRIORITY,
                )
            except WorldError:
                continue  # too large for what is free; the row stays without a picture
            self._loaders[key] = loader
            loader.start()

    def _arrived(self, key: StackKey, arrivals: Arrivals) -> None:
        """Called on the pool's thread."""
        if arrivals.is_settled:
            self._jobs.call_on_window_thread(partial(self._draw, key))

    def _draw(self, key: StackKey) -> None:
        loader = self._loaders.get(key)
        if loader is None:
            return
        if loader.validity[0] is not FrameState.LOADED:
            self._finish(key, None)
            return
        volume = loader.volume

        def work(_cancel: CancelToken, _progress: ProgressCallback) -> NDArray[np.uint8] | None:
            return self._picture(volume)

        self._jobs.start(JobKind.READ, "quiet thumbnail", work, on_result=partial(self._finish, key))

    def _picture(self, volume: Volume) -> NDArray[np.uint8] | None:
        with self._drawing:  # a renderer serves one thread at a time
            picture = thumbnail(volume, 0, _SIDE_PX, self._renderer)
            self._renderer.release(volume)
        return picture

    def _finish(self, key: StackKey, picture: NDArray[np.uint8] | None) -> None:
        loader = self._loaders.pop(key, None)
        if loader is not None:
            loader.close()
        if picture is not None:
            image: QImage = image_of(picture)
            self.thumbnail_ready.emit(key, image)
        self._start_more()
