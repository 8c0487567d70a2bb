"""Tasks that prove the pool itself: an echo, and the ways a worker can go wrong on purpose.

They are in the table of every build so that a start-up check and the tests try the same worker that clinicians use.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import time
from collections.abc import Callable
from pathlib import Path

from loaders.errors import DecodeError


def echo_task(payload: bytes) -> bytes:
    """Return the payload."""
    return payload


def trial_task(payload: bytes) -> bytes:
    """Do what ``{"do": ...}`` says: die, hang, fail, report its process, or try what confinement must forbid."""
    order = json.loads(payload)
    return _TRIALS[order["do"]](order)


def _die(order: dict[str, str]) -> bytes:
    marker = order.get("unless_exists")
    if marker and Path(marker).exists():
        return b"survived"
    signal.raise_signal(signal.SIGKILL if hasattr(signal, "SIGKILL") else signal.SIGTERM)
    time.sleep(5)
    return b"immortal"


def _hang(order: dict[str, str]) -> bytes:
    time.sleep(float(order.get("seconds", "60")))
    return b"awake"


def _fail(order: dict[str, str]) -> bytes:
    raise DecodeError(order.get("message", "asked to fail"))


def _process(_order: dict[str, str]) -> bytes:
    return str(os.getpid()).encode()


def _write(order: dict[str, str]) -> bytes:
    try:
        Path(order["path"]).write_bytes(b"written")
    except OSError as error:
        return f"refused {error.errno}".encode()
    return b"written"


def _change(order: dict[str, str]) -> bytes:
    """Change a file that is there by one call; ``how`` names it."""
    path = Path(order["path"])
    calls: dict[str, Callable[[], object]] = {
        "append": lambda: os.open(path, os.O_WRONLY | os.O_APPEND),
        "truncate": lambda: os.truncate(path, 0),
        "unlink": path.unlink,
        "rename": lambda: path.rename(path.with_suffix(".moved")),
        "link": lambda: path.with_suffix(".link").symlink_to(path),
        "mkdir": path.with_suffix(".folder").mkdir,
        "chmod": lambda: path.chmod(0o600),
        "utime": lambda: os.utime(path, (1, 1)),
        "fifo": lambda: os.mkfifo(path.with_suffix(".fifo")),
    }
    try:
        calls[order["how"]]()
    except OSError as error:
        return f"refused {error.errno}".encode()
    return b"changed"


def _datagram(order: dict[str, str]) -> bytes:
    try:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as channel:
            channel.sendto(b"x", ("127.0.0.1", int(order["port"])))
    except OSError as error:
        return f"refused {error.errno}".encode()
    return b"sent"


def _signal(order: dict[str, str]) -> bytes:
    try:
        os.kill(int(order["process"]), 0)
    except OSError as error:
        return f"refused {error.errno}".encode()
    return b"signalled"


def _look(_order: dict[str, str]) -> bytes:
    """Name what was handed down from the application: open descriptors and environment variables."""
    named = []
    for entry in Path("/proc/self/fd").iterdir():
        try:
            named.append(str(entry.readlink()))
        except OSError:
            continue  # the listing's own
    return json.dumps({"descriptors": named, "environment": sorted(os.environ)}).encode()


def _connect(order: dict[str, str]) -> bytes:
    try:
        with socket.create_connection(("127.0.0.1", int(order["port"])), timeout=2):
            return b"connected"
    except OSError as error:
        return f"refused {error.errno}".encode()


def _execute(_order: dict[str, str]) -> bytes:
    try:
        os.execv("/bin/true", ["true"])  # noqa: S606 - the trial is whether this is refused
    except OSError as error:
        return f"refused {error.errno}".encode()


def _allocate(order: dict[str, str]) -> bytes:
    try:
        block = bytearray(int(order["bytes"]))
    except MemoryError:
        return b"refused"
    return str(len(block)).encode()


_TRIALS = {
    "die": _die,
    "hang": _hang,
    "fail": _fail,
    "process": _process,
    "write": _write,
    "change": _change,
    "connect": _connect,
    "datagram": _datagram,
    "signal": _signal,
    "look": _look,
    "execute": _execute,
    "allocate": _allocate,
}
