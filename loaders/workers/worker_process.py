"""The life of one worker: confine itself, say it is ready, do tasks in order, end when the application does.

Imports nothing heavy at the top: numpy, pydicom and the codecs come while the worker waits, or with the first task
that needs them.
"""

from __future__ import annotations

import json
import os
import socket
import sys
import time
from collections import deque
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from loaders.errors import WorldError
from loaders.workers import attachments
from loaders.workers.channel import Channel
from loaders.workers.confinement import WorkerLimits, confine
from loaders.workers.messages import FLAG_RECYCLE, FLAG_RETRY, Message, MessageKind, pack, unpack
from loaders.workers.shared_block import SharedBlock
from loaders.workers.task_table import TaskFunction, load_task

if TYPE_CHECKING:
    from multiprocessing.connection import Connection

#: First argument of a process that is a worker; what it needs to know follows as JSON.
WORKER_ARGUMENT = "--diptych-worker"
_LONGEST_MESSAGE = 400
_LONGEST_HOLD_S = 0.004
#: What takes long to import and may never be needed waits for so long a silence: a task must not wait for it.
_SILENCE_S = {"imagecodecs": 0.1, "pydicom.filereader": 0.5}


def main() -> None:
    """Be the worker that ``sys.argv[1:3]`` describes. Never returns."""
    order = json.loads(sys.argv[2])
    channel = Channel(socket.socket(fileno=order["socket"]))
    run_worker(channel, WorkerLimits(**order["limits"]), tuple(order["warm_up"]))


def run_worker(connection: Channel | Connection, limits: WorkerLimits, warm_up: tuple[str, ...]) -> None:
    """Serve one application process over ``connection`` until it says stop or goes away."""
    sys.dont_write_bytecode = True
    # One thread each: the pool is the parallelism.
    os.environ.update(OPENBLAS_NUM_THREADS="1", OMP_NUM_THREADS="1", MKL_NUM_THREADS="1")
    in_force = confine(limits)
    worker = _Worker(connection, limits, warm_up)
    try:
        connection.send_bytes(pack(Message(MessageKind.READY, facts={"confinement": list(in_force)})))
        worker.serve()
    except (EOFError, OSError, KeyboardInterrupt):
        pass  # the application has gone: so does its worker
    # Nothing here owns a file or a lock, and a codec's exit handlers have no business any more.
    os._exit(0)


class _Worker:
    def __init__(self, connection: Channel | Connection, limits: WorkerLimits, warm_up: tuple[str, ...]) -> None:
        self._connection = connection
        self._limits = limits
        self._warm_up = deque(warm_up)
        self._functions: dict[str, TaskFunction] = {}
        self._tasks_done = 0
        self._codec_frames = 0
        self._answers: list[bytes] = []
        self._flushed_at = 0.0

    def serve(self) -> None:
        while True:
            while self._warm_up and not self._connection.poll(_SILENCE_S.get(self._warm_up[0], 0.0)):
                self._import_next()
            for message in unpack(self._connection.recv_bytes()):
                if message.kind is MessageKind.STOP:
                    return
                self._handle(message)
            self._flush()

    def _import_next(self) -> None:
        try:
            import_module(self._warm_up.popleft())
        except ImportError:
            return  # a codec that is not installed is told when a frame asks for it

    def _handle(self, message: Message) -> None:
        if message.kind is MessageKind.ATTACH:
            attachments.attach(SharedBlock.receive(message.facts, self._connection.fileno()))
        elif message.kind is MessageKind.DETACH:
            attachments.detach(int(message.facts["block"]))
        elif message.kind is MessageKind.TASK:
            if message.facts.get("codec") or message.facts.get("name") != "decode":
                # Should this task kill the process, the answers of those before it must be out: it alone is to blame.
                self._flush()
            self._answers.append(pack(self._answer(message)))
            if time.monotonic() - self._flushed_at > _LONGEST_HOLD_S:
                self._flush()

    def _flush(self) -> None:
        """Send the answers held back: one wake-up of the application for several quick tasks."""
        if self._answers:
            self._connection.send_bytes(b"".join(self._answers))
            self._answers.clear()
        self._flushed_at = time.monotonic()

    def _answer(self, message: Message) -> Message:
        try:
            name = str(message.facts["name"])
            if name not in self._functions:
                self._functions[name] = load_task(name)
            blob = self._functions[name](message.blob)
        except WorldError as error:
            return self._refusal(message, error.code, error.message, getattr(error, "taints_worker", False))
        except Exception as error:  # noqa: BLE001 - hostile input makes parsers raise anything; pydicom does
            return self._refusal(message, "decode_failed", f"{type(error).__name__}: {error}", tainted=True)
        self._tasks_done += 1
        self._codec_frames += message.facts.get("codec", 0)
        return Message(MessageKind.RESULT, message.task_id, blob=blob, flags=FLAG_RECYCLE if self._is_worn() else 0)

    def _refusal(self, message: Message, code: str, text: str, tainted: bool) -> Message:  # noqa: FBT001
        printable = "".join(letter if letter.isprintable() else "?" for letter in text[:_LONGEST_MESSAGE])
        flags = FLAG_RECYCLE | FLAG_RETRY if tainted else 0
        return Message(MessageKind.ERROR, message.task_id, {"code": code, "message": printable}, flags=flags)

    def _is_worn(self) -> bool:
        if self._codec_frames >= self._limits.codec_frames_before_recycling:
            return True
        return self._tasks_done % 64 == 0 and _private_bytes() > self._limits.private_bytes_before_recycling


def _private_bytes() -> int:
    """Resident memory without shared pages; 0 where the system does not tell."""
    try:
        resident, shared = Path("/proc/self/statm").read_text(encoding="ascii").split()[1:3]
    except (OSError, ValueError):
        return 0
    return (int(resident) - int(shared)) * os.sysconf("SC_PAGE_SIZE")
