"""One place in the pool: a thread that keeps one worker process alive, feeds it and hears it out."""

from __future__ import annotations

import contextlib
import threading
from collections import deque
from multiprocessing.connection import Connection
from typing import Protocol

from loaders.errors import DecodeError, PasswordNeeded, SourceError, TooLarge, WorldError
from loaders.workers.channel import Channel
from loaders.workers.confinement import WorkerLimits
from loaders.workers.messages import (
    FLAG_RECYCLE,
    FLAG_RETRY,
    LARGEST_REPLY,
    BadMessage,
    Message,
    MessageKind,
    pack,
    unpack,
)
from loaders.workers.shared_block import SharedBlock
from loaders.workers.task_group import Task, TaskGroup, TaskResult
from loaders.workers.worker_launch import WorkerProcess, launch

_ERRORS: dict[str, type[WorldError]] = {
    error.code: error for error in (DecodeError, PasswordNeeded, SourceError, TooLarge, WorldError)
}
_START_LIMIT_S = 20.0
_MOST_ATTEMPTS = 2


def _error_of(code: str, message: str) -> WorldError:
    """Rebuild a worker's error: its class where it is a common one, its own code (``truncated`` ...) in any case."""
    error = _ERRORS.get(code, WorldError)(message or code)
    error.code = code or error.code
    return error


class WorkerLost(WorldError):
    """A worker process died, or was killed at its time limit, while it did this task."""

    code = "worker_lost"


class Work(Protocol):
    """Where a seat gets its tasks from and hands results to: the pool."""

    def take(self, *, wait: bool) -> tuple[TaskGroup, list[tuple[Task, int]]] | None:
        """Return the next batch, or ``None`` when there is none (or the seat has something else to do)."""
        ...

    def finish(self, group: TaskGroup, result: TaskResult) -> None:
        """Pass a result on to the dispatcher."""
        ...

    @property
    def is_closing(self) -> bool:
        """Whether seats should end."""
        ...


class _InFlight:
    __slots__ = ("attempt", "group", "number", "owned", "task")

    def __init__(self, number: int, group: TaskGroup, task: Task, attempt: int) -> None:
        self.number = number
        self.group = group
        self.task = task
        self.attempt = attempt
        self.owned: tuple[SharedBlock, ...] = ()


class WorkerSeat:
    """Keeps one worker. All of its process's life happens on the seat's own thread (Linux ties the two together)."""

    def __init__(self, work: Work, limits: WorkerLimits, warm_up: tuple[str, ...], number: int) -> None:
        self._work = work
        self._limits = limits
        self._warm_up = warm_up
        self._process: WorkerProcess | None = None
        self._connection: Channel | Connection | None = None
        self._in_flight: deque[_InFlight] = deque()
        self._attached: set[int] = set()
        self._to_detach: deque[int] = deque()
        self._next_number = 1
        self._timeout_s = -1.0
        self._ready = threading.Event()
        self.confinement: tuple[str, ...] = ()
        self.thread = threading.Thread(target=self._run, name=f"worker-seat-{number}", daemon=True)

    @property
    def process_id(self) -> int | None:
        """The worker's process number, for tests and memory accounts."""
        process = self._process
        return process.pid if process is not None else None

    def wait_ready(self, timeout_s: float) -> bool:
        """Wait until the worker has said that it is up."""
        return self._ready.wait(timeout_s)

    def detach(self, block_id: int) -> None:
        """Have the worker let go of a block; done when it is next spoken to."""
        self._to_detach.append(block_id)

    def has_errand(self) -> bool:
        """Whether an idle seat has something to tell its worker, or must replace it."""
        process = self._process
        return bool(self._to_detach) or process is None or not process.is_alive()

    def kill(self) -> None:
        """End the worker at once, from any thread; the seat's thread hears it and tidies up."""
        process = self._process
        if process is not None:
            with contextlib.suppress(OSError, ValueError):
                process.kill()

    def _run(self) -> None:
        try:
            while not self._work.is_closing:
                if self._process is None:
                    self._start()
                self._step()
        finally:
            self._stop()

    def _step(self) -> None:
        try:
            self._tell_detached()
            # A second batch goes out while the last task of the first still runs: the worker never waits for us.
            if len(self._in_flight) <= 1:
                batch = self._work.take(wait=not self._in_flight)
                if batch is not None:
                    self._send(*batch)
            if self._in_flight:
                self._hear()
            elif self._process is not None and not self._process.is_alive():
                self._replace("the worker ended", blame_first=False)
        except (TimeoutError, BlockingIOError):
            self._replace("the time limit of one frame was exceeded")
        except (EOFError, OSError, BadMessage) as error:
            self._replace(f"the worker process ended ({type(error).__name__})")

    def _start(self) -> None:
        self._process, self._connection = launch(self._limits, self._warm_up)
        self._timeout_s = -1.0
        self._attached.clear()
        self._to_detach.clear()
        self._set_timeout(_START_LIMIT_S)

    def _set_timeout(self, seconds: float) -> None:
        """Bound every single read and write; the pipe that Windows has is polled instead."""
        if isinstance(self._connection, Channel) and seconds != self._timeout_s:
            self._connection.set_timeout(seconds)
            self._timeout_s = seconds

    def _tell_detached(self) -> None:
        while self._to_detach:
            block_id = self._to_detach.popleft()
            if block_id in self._attached and self._connection is not None:
                self._attached.discard(block_id)
                self._connection.send_bytes(pack(Message(MessageKind.DETACH, facts={"block": block_id})))

    def _send(self, group: TaskGroup, items: list[tuple[Task, int]]) -> None:
        # All of them count as in flight first: whatever goes wrong below, none is lost.
        added = []
        for task, attempt in items:
            added.append(_InFlight(self._next_number, group, task, attempt))
            self._next_number = self._next_number % 0xFFFFFFFF + 1
        self._in_flight.extend(added)
        parts: list[bytes] = []
        for entry in added:
            try:
                parts.append(self._packed(entry))
            except (OSError, EOFError):
                raise  # the worker's socket
            except Exception as error:  # noqa: BLE001 - a source that fails must cost its frame, not the seat
                self._in_flight.remove(entry)
                known = error if isinstance(error, WorldError) else SourceError(f"no input: {type(error).__name__}")
                self._finish(entry, TaskResult(entry.task.key, error=known))
        if parts and self._connection is not None:
            self._connection.send_bytes(b"".join(parts))

    def _packed(self, entry: _InFlight) -> bytes:
        made = entry.task.make_input(entry.attempt)
        entry.owned = made.owned
        for block in (*made.blocks, *made.owned):
            self._attach(block)
        facts = {"name": entry.task.name, "codec": int(entry.task.uses_codec)}
        return pack(Message(MessageKind.TASK, entry.number, facts, made.payload))

    def _attach(self, block: SharedBlock) -> None:
        if block.block_id in self._attached or self._connection is None:
            return
        connection = self._connection
        described = pack(Message(MessageKind.ATTACH, facts=block.describe()))
        block.share(lambda: connection.send_bytes(described), connection.fileno())
        self._attached.add(block.block_id)

    def _hear(self) -> None:
        connection = self._connection
        if connection is None:
            raise EOFError
        limit_s = self._in_flight[0].task.limit_s + (0 if self._ready.is_set() else _START_LIMIT_S)
        self._set_timeout(limit_s)
        if not isinstance(connection, Channel) and not connection.poll(limit_s):
            raise TimeoutError
        for message in unpack(connection.recv_bytes(LARGEST_REPLY)):
            self._take_reply(message)

    def _take_reply(self, message: Message) -> None:
        if message.kind is MessageKind.READY:
            self.confinement = tuple(str(name) for name in message.facts.get("confinement", ()))
            self._ready.set()
            return
        if not self._in_flight or message.task_id != self._in_flight[0].number:
            raise BadMessage("an answer nobody asked for")
        entry = self._in_flight.popleft()
        if message.kind is MessageKind.RESULT:
            self._finish(entry, TaskResult(entry.task.key, payload=message.blob))
        elif message.kind is MessageKind.ERROR:
            error = _error_of(str(message.facts.get("code", "")), str(message.facts.get("message", "")))
            self._fail(entry, error, retry=bool(message.flags & FLAG_RETRY))
        else:
            raise BadMessage("a worker does not say that")
        if message.flags & FLAG_RECYCLE:
            self._replace("recycled", blame_first=False)

    def _fail(self, entry: _InFlight, error: WorldError, *, retry: bool) -> None:
        if retry and entry.attempt + 1 < _MOST_ATTEMPTS and entry.group.may_retry():
            self._close_owned(entry)
            entry.group.give_back([(entry.task, entry.attempt + 1)])
        else:
            self._finish(entry, TaskResult(entry.task.key, error=error))

    def _finish(self, entry: _InFlight, result: TaskResult) -> None:
        self._close_owned(entry)
        self._work.finish(entry.group, result)

    def _close_owned(self, entry: _InFlight) -> None:
        for block in entry.owned:
            self.detach(block.block_id)
            block.close()
        entry.owned = ()

    def _replace(self, reason: str, *, blame_first: bool = True) -> None:
        """End the worker; the task it was at is to blame, the others go back to the queue."""
        self._stop()
        entries, self._in_flight = list(self._in_flight), deque()
        if blame_first and entries and not self._work.is_closing:
            self._fail(entries.pop(0), WorkerLost(reason), retry=True)
        for entry in reversed(entries):
            self._close_owned(entry)
            entry.group.give_back([(entry.task, entry.attempt)])

    def _stop(self) -> None:
        process, self._process = self._process, None
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()
        if process is not None:
            # It holds no state worth a farewell, and may be in the middle of an endless decode.
            process.kill()
            process.join()
        self._ready.clear()
