"""From a stack's headers to a volume that fills: allocation, order of frames, validity, arrivals, cancelling."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from loaders.cache.memory_budget import MemoryBudget
from loaders.errors import DecodeError, WorldError
from loaders.model.frame import Frame
from loaders.model.frame_validity import FrameState, FrameValidity
from loaders.model.stack import Stack
from loaders.model.volume import Volume
from loaders.pixels.decoding_cost import batch_share, has_preview_that_pays
from loaders.pixels.frame_request import FrameAnswer, FrameRequest
from loaders.pixels.frame_sink import Feed, FeedingSource
from loaders.pixels.preview_task import preview_of_answer
from loaders.pixels.reduced_decoding import enlarge
from loaders.pixels.shared_instances import SharedInstances
from loaders.pixels.shared_volume import SharedVolume
from loaders.pixels.straight_reader import can_read_straight
from loaders.stores.image_source import ImageSource
from loaders.workers.task_group import Task, TaskGroup, TaskInput, TaskResult
from loaders.workers.worker_pool import WorkerPool

#: What is kept of a volume that its stack has outgrown: the frames around the one in view, at most so many bytes.
_MOST_ADOPTED_BYTES = 32 << 20
#: Priorities of the pool that one priority of a loader takes up.
_STEPS = 3
#: The slowest acceptable codec on a large frame, added to the limit every task has.
_SLOWEST_BYTES_PER_SECOND = 2e6
_SHORTEST_LIMIT_S = 10.0


@dataclass(frozen=True, slots=True)
class Arrivals:
    """Frames that settled, or got a preview, since the last report, by index from 0; whether these were the last."""

    loaded: tuple[int, ...] = ()
    failed: tuple[int, ...] = ()
    is_settled: bool = False
    previewed: tuple[int, ...] = ()


OnArrivals = Callable[[Arrivals], None]


@dataclass(slots=True)
class _Unreported:
    loaded: list[int] = field(default_factory=list)
    failed: list[int] = field(default_factory=list)
    previewed: list[int] = field(default_factory=list)

    def as_arrivals(self, *, is_settled: bool) -> Arrivals:
        return Arrivals(tuple(self.loaded), tuple(self.failed), is_settled, tuple(self.previewed))


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

    Where a series is slow to decode and its codestreams allow it, all frames but the one looked at come at reduced
    resolution first (state ``PREVIEW``).
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
        self._unreported = _Unreported()
        self._reported_at = 0.0
        self._left = len(stack.frames)
        self._closed = False
        self._settled = threading.Event()
        self._instances = SharedInstances(stack)
        self._looking_at = len(stack.frames) // 2 if first_frame is None else first_frame
        self._group = pool.group(self._take_result)
        #: The frame in view, and previews of all others: only where previews pay.
        self._in_view: TaskGroup | None = None
        self._previews: TaskGroup | None = None
        is_fed = isinstance(source, FeedingSource)
        if self._memory.is_uniform and not is_fed and has_preview_that_pays(stack):
            self._in_view = pool.group(self._take_result)
            self._previews = pool.group(self._take_preview)
        self.priority = priority
        self.look_at(self._looking_at)

    @property
    def priority(self) -> int:
        """Lower loads first."""
        return self._priority

    @priority.setter
    def priority(self, value: int) -> None:
        self._priority = value
        # The frame in view before all previews, those before the rest; a series without previews beside the previews.
        if self._in_view is None or self._previews is None:
            self._group.priority = _STEPS * value + 1
            return
        self._in_view.priority, self._previews.priority = _STEPS * value, _STEPS * value + 1
        self._group.priority = _STEPS * value + 2

    @property
    def _groups(self) -> tuple[TaskGroup, ...]:
        return tuple(group for group in (self._in_view, self._previews, self._group) if group is not None)

    def start(self) -> VolumeLoader:
        """Queue all frames that are not there yet, or have a source that feeds begin to."""
        missing = [index for index in range(len(self.validity)) if self.validity[index] is FrameState.WAITING]
        if not missing:
            self._on_arrivals(Arrivals(tuple(range(len(self.validity))), is_settled=True))
            self._settled.set()
            return self
        if isinstance(self._source, FeedingSource):
            self._feed = self._source.feed(self._stack, self, self._looking_at)
            return self
        self._group.add([self._task(index) for index in missing])
        if self._previews is not None:
            # The frame in view is decoded whole at once: its preview would only be in the way.
            self._previews.add([self._preview_task(index) for index in missing if index != self._looking_at])
        self.look_at(self._looking_at)
        return self

    def decode(self, indices: list[int]) -> None:
        """Queue frames whose source has their bytes now. Callable from any thread, as all of ``FrameSink`` is."""
        self._group.add([self._task(index) for index in indices if self._is_wanted(index)])

    def take_samples(self, index: int, samples: NDArray[Any]) -> None:
        """Take a grey frame that its source has ready, of the decoded shape and type."""
        with self._lock:
            if self._closed or not self._is_wanted(index):
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
        if self._is_wanted(index):
            self._take_result(TaskResult(index, error=error))

    def _is_wanted(self, index: int) -> bool:
        return self.validity[index] not in {FrameState.LOADED, FrameState.FAILED}

    def adopt(self, outgrown: VolumeLoader) -> None:
        """Take over what another loader has of the same frames around the one looked at. Before :meth:`start`.

        A series that is still being found grows under the reader's eyes: the picture must not go away meanwhile.
        """
        theirs = {(f.sop_instance_uid, f.frame_number): n for n, f in enumerate(outgrown.volume.stack.frames)}
        left = _MOST_ADOPTED_BYTES
        for index in sorted(range(len(self._stack.frames)), key=partial(_distance, self._looking_at)):
            frame = self._stack.frames[index]
            number = theirs.get((frame.sop_instance_uid, frame.frame_number))
            left -= frame.format.decoded_bytes
            if left < 0:
                break
            if number is not None and outgrown.volume.stack.frames[number].format == frame.format:
                self._adopt_frame(index, outgrown, number)

    def _adopt_frame(self, index: int, outgrown: VolumeLoader, number: int) -> None:
        pixels = outgrown.volume.frame_array(number)
        if pixels is None or outgrown.validity[number] is not FrameState.LOADED:
            return
        self._memory.block.write(self._memory.starts[index], pixels.reshape(-1).view(np.uint8).data)
        for mine, theirs in ((self.ranges.low, outgrown.ranges.low), (self.ranges.high, outgrown.ranges.high)):
            if number in theirs:
                mine[index] = theirs[number]
        self.validity.mark(index, FrameState.LOADED, outgrown.validity.reason(number))
        self._left -= 1

    def look_at(self, frame_index: int) -> None:
        """Load the frames around this one first, from what is not in flight yet. Cheap: call it on every scroll."""
        self._looking_at = frame_index
        if self._feed is not None:
            self._feed.look_at(frame_index)
        for group in self._groups:
            group.reorder(partial(_distance, frame_index))
        if self._in_view is not None:
            # One that was passed over goes back to the others.
            self._group.add(self._in_view.withdraw())
            self._in_view.add(self._group.withdraw(frame_index))

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
        for group in self._groups:
            self._pool.close_group(group)
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
            weight=batch_share(frame.format, is_straight=is_straight),
            limit_s=_SHORTEST_LIMIT_S + size / _SLOWEST_BYTES_PER_SECOND,
            uses_codec=not is_straight,
        )

    def _preview_task(self, index: int) -> Task:
        format_ = self._stack.frames[index].format
        return Task(
            key=index,
            name="preview",
            make_input=partial(self._preview_input, index),
            weight=batch_share(format_, is_preview=True),
            limit_s=_SHORTEST_LIMIT_S,
            uses_codec=True,
        )

    def _request(self, frame: Frame, index: int) -> FrameRequest:
        return FrameRequest(frame.format, frame.location, self._memory.block.block_id, self._memory.starts[index])

    def _input(self, index: int, attempt: int) -> TaskInput:
        """Build the request just before it is sent (on a pool thread); the source is asked for bytes only then."""
        with self._lock:  # from here on no preview is written there
            if self.validity[index] is FrameState.WAITING:
                self.validity.mark(index, FrameState.LOADING)
        return self._instance_input(index, attempt)

    def _preview_input(self, index: int, attempt: int) -> TaskInput:
        if self.validity[index] is not FrameState.WAITING:
            raise DecodeError("its full resolution is on its way")
        return self._instance_input(index, attempt)

    def _instance_input(self, index: int, attempt: int) -> TaskInput:
        frame = self._stack.frames[index]
        request = self._request(frame, index)
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
            unreported, self._unreported = self._unreported, _Unreported()
        if is_last:
            if self._previews is not None:
                self._pool.close_group(self._previews)
            for block in self._instances.close():
                self._pool.detach(block)
        self._on_arrivals(unreported.as_arrivals(is_settled=is_last))
        if is_last:
            self._settled.set()

    def _take_preview(self, result: TaskResult) -> None:
        """Put a preview where the frame will be, unless that is on its way already. A failed one is not missed."""
        index = int(str(result.key))
        format_ = self._stack.frames[index].format
        if result.error is not None:
            return
        try:
            pixels = enlarge(preview_of_answer(result.payload, format_), format_)
        except DecodeError:
            return
        with self._lock:
            if self._closed or self.validity[index] is not FrameState.WAITING:
                return
            self._memory.block.write(self._memory.starts[index], pixels.reshape(-1).view(np.uint8).data)
            self.validity.mark(index, FrameState.PREVIEW)
            self._unreported.previewed.append(index)
            now = time.monotonic()
            if now - self._reported_at < self._report_every_s:
                return
            self._reported_at = now
            unreported, self._unreported = self._unreported, _Unreported()
        self._on_arrivals(unreported.as_arrivals(is_settled=False))

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
                self._unreported.loaded.append(index)
                return
        self.validity.mark(index, FrameState.FAILED, f"{error.code}: {error.message}")
        self._unreported.failed.append(index)


def _distance(centre: int, key: Hashable) -> float:
    """Nearest first; of two at the same distance the one behind, where scrolling goes more often."""
    offset = int(str(key)) - centre
    return 2 * abs(offset) - (offset > 0)
