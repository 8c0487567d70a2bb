"""The checks that guard every other test do bite."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.support import leaks
from tests.support.leaks import Leaks


@pytest.fixture(autouse=True)
def _short_grace(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(leaks, "GRACE_SECONDS", 0.1)


def test_a_left_thread_is_found() -> None:
    before, stop = Leaks.now(), threading.Event()
    thread = threading.Thread(target=stop.wait, name="forgotten")
    thread.start()
    try:
        assert before.left_behind() == ["thread forgotten"]
    finally:
        stop.set()
        thread.join()
    assert before.left_behind() == []


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="children are listed by /proc")
def test_a_left_process_is_found() -> None:
    before = Leaks.now()
    child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    try:
        assert any(line.startswith(f"process {child.pid} ") for line in before.left_behind())
    finally:
        child.communicate(b"\n")
    assert before.left_behind() == []


def test_a_left_window_is_found_and_closed(qtbot: Any) -> None:
    from PySide6.QtWidgets import QWidget

    before = Leaks.now()
    window = QWidget()
    window.setObjectName("forgotten")
    assert before.left_behind() == ["window QWidget 'forgotten'"]
    del window
    assert before.left_behind() == []


def test_a_running_timer_is_found_and_stopped(qtbot: Any) -> None:
    from PySide6.QtCore import QTimer

    before, timer = Leaks.now(), QTimer(interval=3_600_000)
    timer.start()
    assert before.left_behind() == ["running timer of 3600000 ms, parent None"]
    assert not timer.isActive()


def _bind_to_every_interface() -> None:
    with socket.socket() as server:
        server.bind(("0.0.0.0", 0))  # noqa: S104  refused, which is the point


@pytest.mark.parametrize(
    "reach",
    [
        lambda: socket.create_connection(("192.0.2.1", 80), timeout=0.1),
        lambda: socket.getaddrinfo("example.org", 443),
        _bind_to_every_interface,
    ],
)
def test_the_network_outside_is_refused(reach: Callable[[], object]) -> None:
    # create_server wraps the refusal in an OSError of its own, without our words.
    with pytest.raises(OSError, match=r"reached for the network|attempting to bind"):
        reach()


def test_loopback_is_open() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server, socket.create_connection(server.getsockname()) as client:
        assert client.getpeername() == server.getsockname()


def test_home_and_caches_are_the_tests_own(tmp_path_factory: pytest.TempPathFactory) -> None:
    import platformdirs

    base = tmp_path_factory.getbasetemp()
    for path in (Path.home(), platformdirs.user_config_path("diptych"), platformdirs.user_cache_path("diptych")):
        assert path.is_relative_to(base)
    assert Path(os.environ["XDG_RUNTIME_DIR"]).stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("round_", [1, 2])
def test_the_key_ring_is_in_memory_and_empty_each_time(round_: int) -> None:
    import keyring

    assert keyring.get_password("diptych", "someone") is None
    keyring.set_password("diptych", "someone", "secret")
    assert keyring.get_password("diptych", "someone") == "secret"
    assert type(keyring.get_keyring()).__name__ == "MemoryKeyring"
