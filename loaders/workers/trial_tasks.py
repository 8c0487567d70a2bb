"""Tasks that prove the pool itself: an echo, and the ways a worker can go wrong on purpose.

They are in the table of every build so that a start-up check and the tests try the same worker that clinicians use.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import time
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
    os.kill(os.getpid(), signal.SIGKILL if hasattr(signal, "SIGKILL") else signal.SIGTERM)
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
    "connect": _connect,
    "execute": _execute,
    "allocate": _allocate,
}
