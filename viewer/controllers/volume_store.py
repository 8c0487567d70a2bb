"""The volumes of the stacks on screen: asked for by key, filled by workers, announced about 30 times a second."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import partial

from PySide6.QtCore import QObject, QTimer, Signal

from loaders.cache.memory_budget import MemoryBudget
from loaders.errors import WorldError
from loaders.model.stack import Stack, StackKey
from loaders.model.volume import Volume
from loaders.pixels.volume_assembler import Arrivals, VolumeLoader
from loaders.stores.image_source import ImageSource
from loaders.workers.worker_pool import WorkerPool

#: Who hands out a stack's instances where they are no plain files, or ``None``.
SourceOf = Callable[[Stack], ImageSource | None]

#: What is on screen takes turns; what has left it loads on when nothing on screen waits.
_SHOWN, _HIDDEN = 0, 1
#: One repaint for all frames that arrived in between, however fast they come.
_FLUSH_MS = 33


class VolumeStore(QObject):
    """Owns the loaders. What is on screen loads first; what has left it is kept until memory is needed."""

    frames_arrived = Signal(object)
    failed = Signal(object, object)
    #: The volume that was given up: whoever keeps pictures or tables of it must let go, or its memory stays.
    dropped = Signal(object)

    def __init__(self, pool: WorkerPool, budget: MemoryBudget, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._pool = pool
        self.budget = budget
        self.source_of: SourceOf = lambda _stack: None
        self._loaders: dict[StackKey, VolumeLoader] = {}
        self._refused: dict[StackKey, WorldError] = {}
        self._arrived: set[StackKey] = set()
        self._timer = QTimer(self)
        self._timer.setInterval(_FLUSH_MS)
        self._timer.timeout.connect(self._flush)

    def volume(self, stack: Stack) -> Volume | None:
        """The volume of a stack, perhaps still empty, or ``None`` when it is not on its way.

        A volume made for another state of the stack (it has grown since) is never given out: its frames are others.
        """
        loader = self._loaders.get(stack.key)
        return loader.volume if loader and loader.volume.stack is stack else None

    def refusal(self, key: StackKey) -> WorldError | None:
        """Why a stack cannot be held in memory, or ``None``."""
        return self._refused.get(key)

    @property
    def pool(self) -> WorkerPool:
        """The workers."""
        return self._pool

    @property
    def is_settled(self) -> bool:
        """Whether nothing more will arrive."""
        return not self._arrived and all(loader.validity.is_settled for loader in self._loaders.values())

    def show(self, shown: Sequence[tuple[Stack, int]]) -> None:
        """Load these stacks together, each around the frame it shows; the first one's frame goes first."""
        keep = {stack.key for stack, _ in shown}
        for key, loader in self._loaders.items():
            if key not in keep:
                loader.priority = _HIDDEN
        for stack, frame_index in shown:
            there = self._loaders.get(stack.key)
            if there is None or there.volume.stack is not stack:
                if stack.key not in self._refused or self.budget.room_bytes() >= stack.decoded_bytes:
                    self._open(stack, frame_index, keep)
            else:
                there.priority = _SHOWN
                there.look_at(frame_index)
            if stack.key in self._loaders:
                # Most recently shown last: the order in which memory is taken back.
                self._loaders[stack.key] = self._loaders.pop(stack.key)
        if any(not loader.validity.is_settled for loader in self._loaders.values()):
            self._timer.start()

    def forget(self, keys: Iterable[StackKey]) -> None:
        """Stop loading these stacks and give their memory back: nobody may see them any more."""
        for key in keys:
            self._refused.pop(key, None)
            gone = self._loaders.pop(key, None)
            if gone is not None:
                gone.close()
                self.dropped.emit(gone.volume)

    def close(self) -> None:
        """Stop all loading and give the memory back."""
        self._timer.stop()
        for loader in self._loaders.values():
            loader.close()
        self._loaders.clear()

    def _open(self, stack: Stack, frame_index: int, keep: set[StackKey]) -> None:
        """Make room, if need be at the cost of what is not shown, and start to load."""
        outgrown = self._loaders.pop(stack.key, None)
        loader: VolumeLoader | None = None
        while loader is None:
            try:
                loader = VolumeLoader(
                    stack,
                    self._pool,
                    self.budget,
                    on_arrivals=partial(self._note, stack.key),
                    source=self.source_of(stack),
                    first_frame=frame_index,
                    priority=_SHOWN,
                )
            except WorldError as error:
                if outgrown is not None:
                    outgrown.close()
                    outgrown = None
                elif not self._can_make_room(stack, keep) or not self._evict_oldest(keep):
                    self._refused[stack.key] = error
                    self.failed.emit(stack.key, error)
                    return
        if outgrown is not None:
            loader.adopt(outgrown)
            outgrown.close()
            self.dropped.emit(outgrown.volume)
        self._refused.pop(stack.key, None)
        self._loaders[stack.key] = loader
        loader.start()

    def _can_make_room(self, stack: Stack, keep: set[StackKey]) -> bool:
        """Whether the stack would fit once all that is not shown is gone: else nothing is given up for it."""
        given_up = sum(loader.volume.stack.decoded_bytes for key, loader in self._loaders.items() if key not in keep)
        return stack.decoded_bytes <= self.budget.room_bytes() + given_up

    def _evict_oldest(self, keep: set[StackKey]) -> bool:
        for key in list(self._loaders):
            if key not in keep:
                gone = self._loaders.pop(key)
                gone.close()
                self.dropped.emit(gone.volume)
                return True
        return False

    def _note(self, key: StackKey, _arrivals: Arrivals) -> None:
        """Called on the pool's thread: only remembers; the timer tells."""
        self._arrived.add(key)

    def _flush(self) -> None:
        arrived, self._arrived = self._arrived, set()
        for key in arrived:
            self.frames_arrived.emit(key)
        if not arrived and self.is_settled:
            self._timer.stop()
