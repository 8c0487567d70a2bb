"""How a worker process comes to be: the interpreter alone on POSIX, ``multiprocessing`` on Windows.

On POSIX a worker is up in half the time that ``multiprocessing``'s spawn takes: no second helper process, no site
module, no import of the application's main module, and one socket that it inherits.
"""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from dataclasses import asdict, dataclass
from multiprocessing.connection import Connection
from typing import Protocol

from loaders.workers.channel import Channel
from loaders.workers.confinement import WorkerLimits
from loaders.workers.worker_process import WORKER_ARGUMENT, run_worker

_BOOT = (
    "import sys, json; sys.path[:] = json.loads(sys.argv[3]); from loaders.workers.worker_process import main; main()"
)


#: All that a worker needs of the environment; tokens and names that others put there are not its business.
_ENVIRONMENT = frozenset({"PATH", "LANG", "LC_ALL", "LC_CTYPE", "LD_LIBRARY_PATH", "TZ", "TMPDIR"})


class WorkerProcess(Protocol):
    """The handle on a worker, whoever started it."""

    @property
    def pid(self) -> int | None:
        """Its process number."""
        ...

    def is_alive(self) -> bool:
        """Whether it still runs."""
        ...

    def kill(self) -> None:
        """End it at once."""
        ...

    def join(self) -> None:
        """Wait until it has ended and let go of it."""
        ...


@dataclass(slots=True)
class _Child:
    child: subprocess.Popen[bytes]

    @property
    def pid(self) -> int | None:
        return self.child.pid

    def is_alive(self) -> bool:
        return self.child.poll() is None

    def kill(self) -> None:
        self.child.kill()

    def join(self) -> None:
        self.child.wait()


def launch(limits: WorkerLimits, warm_up: tuple[str, ...]) -> tuple[WorkerProcess, Channel | Connection]:
    """Start a worker; return its handle and our end of the channel. Call it on the thread that will keep it."""
    if sys.platform == "win32":
        return _launch_by_multiprocessing(limits, warm_up)
    ours, theirs = socket.socketpair()
    order = json.dumps({"socket": theirs.fileno(), "limits": asdict(limits), "warm_up": warm_up})
    try:
        child = subprocess.Popen(  # noqa: S603 - this interpreter, arguments of our own
            _command(order),
            pass_fds=[theirs.fileno()],
            stdin=subprocess.DEVNULL,
            close_fds=True,
            env={name: value for name, value in os.environ.items() if name in _ENVIRONMENT},
        )
    except OSError:
        ours.close()
        raise
    finally:
        theirs.close()
    return _Child(child), Channel(ours)


def _command(order: str) -> list[str]:
    if getattr(sys, "frozen", False):
        return [sys.executable, WORKER_ARGUMENT, order]
    path = json.dumps([os.path.abspath(entry) for entry in sys.path])  # noqa: PTH100 - "" is the working folder here
    # Isolated and without site: what the parent can import is passed on, nothing else is looked at.
    return [sys.executable, "-I", "-S", "-c", _BOOT, WORKER_ARGUMENT, order, path]


def _launch_by_multiprocessing(limits: WorkerLimits, warm_up: tuple[str, ...]) -> tuple[WorkerProcess, Connection]:
    """Not verified on a Windows machine."""
    import multiprocessing  # noqa: PLC0415 - slow to import, not needed elsewhere

    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe(duplex=True)
    process = context.Process(target=run_worker, args=(theirs, limits, warm_up), name="diptych-worker", daemon=True)
    process.start()
    theirs.close()
    return process, ours
