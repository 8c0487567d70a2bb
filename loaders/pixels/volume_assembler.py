"""From a stack's headers to a volume that fills: allocation, order of frames, validity, arrivals, cancelling."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from loaders.cache.memory_budget import MemoryBudget
from loaders.errors import DecodeError, TooLarge, WorldError
from loaders.model.frame import Frame
from loaders.model.frame_validity import FrameState, FrameValidity
from loaders.model.stack import Stack
from loaders.model.volume import Volume
from loaders.pixels.frame_request import FrameAnswer, FrameRequest
from loaders.pixels.frame_sink import Feed, FeedingSource
from loaders.pixels.shared_volume import SharedVolume
from loaders.pixels.straight_reader import can_read_straight
from loaders.stores.image_source import ImageSource
from loaders.workers.shared_block import SharedBlock
from loaders.workers.task_group import Task, TaskInput, TaskResult
from loaders.workers.worker_pool import WorkerPool

#: Bytes of uncompressed pixels, and of decoded ones, that go to a worker as one batch (about 3 ms each).
_STRAIGHT_BATCH_BYTES = 6 << 20
_CODEC_BATCH_BYTES = 128 << 10
#: The slowest acceptable codec on a large frame, added to the limit every task has.
_SLOWEST_BYTES_PER_SECOND = 2e6
_SHORTEST_LIMIT_S = 10.0


@dataclass(frozen=True, slots=True)
class Arrivals:
    """Frames that settled since the last report, by index from 0, and whether these were the last."""

    loaded: tuple[int, ...] = ()
    failed: tuple[int, ...] = ()
    is_settled: bool = False


OnArrivals = Callable[[Arrivals], None]


@dataclass(slots=True)
class ValueRange:
    """Smallest and largest stored value of each loaded frame, padding included; frames without one are absent."""

    low: dict[int, float] = field(default_factory=dict)
    high: dict[int, float] = field(default_factory=dict)

    def total(self) -> tuple[float, float] | None:
        """Range over all frames loaded so far."""
        if not self.low:
            return None
        return min(self.low.values()), max(self.high.values())


class VolumeLoader:
    """Loads one stack. Create it (memory is reserved: may raise ``TooLarge``), use :attr:`volume` at once, ``start``.

    ``on_arrivals`` is called on the pool's dispatcher thread (or a feeding source's), at most about every
    ``report_every_s``, and once at the end. ``priority``: lower loads first; a viewport in view gets 0, what is hidden
    more. Thread-safe.
    """

    def __init__(
        self,
        stack: Stack,
        pool: WorkerPool,
        budget: MemoryBudget,
        *,
        on_arrivals: OnArrivals,
        source: ImageSource | None = None,
        first_frame: int | None = None,
        priority: int = 0,
        report_every_s: float = 0.02,
    ) -> None:
        self._pool, self._budget, self._source = pool, budget, source
        self._on_arrivals, self._report_every_s = on_arrivals, report_every_s
        self._stack = stack
        budget.reserve(self, stack.decoded_bytes)
        try:
            self._memory = SharedVolume(stack)
        except WorldError:
            budget.release(self)
            raise
        self.validity = FrameValidity(len(stack.frames))
        self.volume = Volume(stack, self.validity, self._memory.stored, self._memory.frame_arrays)
        self.ranges = ValueRange()
        self._lock = threading.RLock()
        self._idle = threading.Condition(self._lock)
        self._writing = 0
        self._feed: Feed | None = None
        self._unreported: tuple[list[int], list[int]] = ([], [])
        self._reported_at = 0.0
        self._left = len(stack.frames)
        self._closed = False
        self._settled = threading.Event()
        self._instances = _SharedInstances(stack)
        self._looking_at = len(stack.frames) // 2 if first_frame is None else first_frame
        self._group = pool.group(self._take_result, priority=priority)
        self.look_at(self._looking_at)

    @property
    def priority(self) -> int:
        """Lower loads first."""
        return self._group.priority

    @priority.setter
    def priority(self, value: int) -> None:
        self._group.priority = value

    def start(self) -> VolumeLoader:
        """Queue all frames, or have a source that feeds begin to."""
        if isinstance(self._source, FeedingSource):
            self._feed = self._source.feed(self._stack, self, self._looking_at)
        else:
            self.decode(list(range(len(self._stack.frames))))
        return self

    def decode(self, indices: list[int]) -> None:
        """Queue some frames for the workers."""
        self._group.add([self._task(index) for index in indices])

    def take_samples(self, index: int, samples: NDArray[Any]) -> None:
        """Take a grey frame that its source has ready, of the decoded shape and type. Callable from any thread."""
        with self._lock:
            if self._closed:
                return
            self._writing += 1
        try:
            data = np.ascontiguousarray(samples).reshape(-1).view(np.uint8).data
            self._memory.block.write(self._memory.starts[index], data)
        finally:
            with self._lock:
                self._writing -= 1
                self._idle.notify_all()
        answer = FrameAnswer(samples.min().item(), samples.max().item())
        self._take_result(TaskResult(index, answer.to_bytes()))

    def fail(self, index: int, error: WorldError) -> None:
        """Note that a frame will not come."""
        self._take_result(TaskResult(index, error=error))

    def look_at(self, frame_index: int) -> None:
        """Load the frames around this one first, from what is not in flight yet. Cheap: call it on every scroll."""
        self._looking_at = frame_index
        if self._feed is not None:
            self._feed.look_at(frame_index)
        self._group.reorder(partial(_distance, frame_index))

    def wait(self, timeout_s: float | None = None) -> bool:
        """Block until every frame is loaded or failed (or the loader was closed)."""
        return self._settled.wait(timeout_s)

    def close(self) -> None:
        """Stop loading and give the memory back once no array of it is held any more."""
        with self._lock:
            if self._closed:
                return
            self._closed = True
            self._idle.wait_for(lambda: self._writing == 0)
        if self._feed is not None:
            self._feed.close()
        self._pool.close_group(self._group)
        self._pool.detach(self._memory.block)
        for block in self._instances.close():
            self._pool.detach(block)
        self._memory.close()
        self._budget.release(self)
        self._settled.set()

    def _task(self, index: int) -> Task:
        frame = self._stack.frames[index]
        size = frame.format.decoded_bytes
        is_straight = can_read_straight(self._request(frame, index))
        return Task(
            key=index,
            name="decode",
            make_input=partial(self._input, index),
            weight=size / (_STRAIGHT_BATCH_BYTES if is_straight else _CODEC_BATCH_BYTES),
            limit_s=_SHORTEST_LIMIT_S + size / _SLOWEST_BYTES_PER_SECOND,
            uses_codec=not is_straight,
        )

    def _request(self, frame: Frame, index: int) -> FrameRequest:
        return FrameRequest(frame.format, frame.location, self._memory.block.block_id, self._memory.starts[index])

    def _input(self, index: int, attempt: int) -> TaskInput:
        """Build the request just before it is sent (on a pool thread); the source is asked for bytes only then."""
        frame = self._stack.frames[index]
        request = self._request(frame, index)
        self.validity.mark(index, FrameState.LOADING)
        memory = self._memory.block
        shared = self._instances.get(frame, self._source) if self._source is not None else None
        if shared is None:
            return TaskInput(request.with_blob(0, 0, attempt).to_bytes(), (memory,))
        payload = request.with_blob(shared.block_id, shared.size, attempt).to_bytes()
        if self._instances.is_kept(frame):
            return TaskInput(payload, (memory, shared))
        return TaskInput(payload, (memory,), owned=(shared,))

    def _take_result(self, result: TaskResult) -> None:
        index = int(str(result.key))
        with self._lock:
            if self._closed:
                return
            self._left -= 1
            is_last = self._left == 0
            self._note(index, result)
            now = time.monotonic()
            if not is_last and now - self._reported_at < self._report_every_s and not self._is_first():
                return
            self._reported_at = now
            loaded, failed = self._unreported
            self._unreported = ([], [])
        if is_last:
            for block in self._instances.close():
                self._pool.detach(block)
        self._on_arrivals(Arrivals(tuple(loaded), tuple(failed), is_last))
        if is_last:
            self._settled.set()

    def _is_first(self) -> bool:
        """The first frames of a load are reported at once: someone waits for a picture."""
        return self._left >= len(self._stack.frames) - 2

    def _note(self, index: int, result: TaskResult) -> None:
        error = result.error
        if error is None:
            try:
                answer = FrameAnswer.from_bytes(result.payload)
            except DecodeError as unreadable:
                error = unreadable
            else:
                if answer.low is not None and answer.high is not None:
                    self.ranges.low[index], self.ranges.high[index] = answer.low, answer.high
                self.validity.mark(index, FrameState.LOADED, answer.note)
                self._unreported[0].append(index)
                return
        self.validity.mark(index, FrameState.FAILED, f"{error.code}: {error.message}")
        self._unreported[1].append(index)


def _distance(centre: int, key: Hashable) -> float:
    """Nearest first; of two at the same distance the one behind, where scrolling goes more often."""
    offset = int(str(key)) - centre
    return 2 * abs(offset) - (offset > 0)


class _SharedInstances:
    """Instances a source hands out as bytes. One of several frames is shared once and kept until the load ends."""

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
