"""What every test gets: a home of its own, no network but loopback, no key ring but memory, and a check for leaks."""

from __future__ import annotations

import ipaddress
import logging
import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from tests.support.leaks import Leaks
from tests.support.long_lists import IS_SOAK

_HOME_VARIABLES = {
    "HOME": "home",
    "USERPROFILE": "home",
    "APPDATA": "home/roaming",
    "LOCALAPPDATA": "home/local",
    "XDG_CONFIG_HOME": "home/config",
    "XDG_CACHE_HOME": "home/cache",
    "XDG_DATA_HOME": "home/data",
    "XDG_STATE_HOME": "home/state",
    "XDG_RUNTIME_DIR": "home/run",
}
_SCREEN_MARKS = ("gui", "vtk", "gpu")
_network_is_shut = False


def pytest_configure(config: pytest.Config) -> None:
    """Choose Qt's platform before anything imports Qt; the audit hook rests until a test runs."""
    if sys.platform.startswith("linux"):
        os.environ["QT_QPA_PLATFORM"] = "xcb" if os.environ.get("DISPLAY") else "offscreen"
    sys.addaudithook(_refuse_the_outside)
    # Hypothesis too looks longer in make soak; a test that sets its own number keeps it.
    settings.register_profile("soak", max_examples=2000, deadline=None, print_blob=True)
    if IS_SOAK:
        settings.load_profile("soak")


@pytest.hookimpl(tryfirst=True)  # before pytest-xdist reads the groups
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Keep all tests that share the screen in one process, and skip those that need one where there is none."""
    has_screen = bool(os.environ.get("DISPLAY")) or not sys.platform.startswith("linux")
    no_screen = pytest.mark.skip(reason="needs a screen: run 'make test', which brings its own")
    for item in items:
        # A forgotten mark would put a window over those of the process that has the screen.
        if {"qapp", "qtbot"} & set(getattr(item, "fixturenames", ())) and not item.get_closest_marker("gui"):
            item.add_marker(pytest.mark.gui)
        if any(item.get_closest_marker(name) for name in _SCREEN_MARKS):
            item.add_marker(pytest.mark.xdist_group("screen"))
            if not has_screen and item.get_closest_marker("gui"):
                item.add_marker(no_screen)


def _refuse_the_outside(event: str, arguments: tuple[object, ...]) -> None:
    if not _network_is_shut or event not in {"socket.connect", "socket.bind", "socket.sendto", "socket.getaddrinfo"}:
        return
    address = arguments[0] if event == "socket.getaddrinfo" else arguments[1]
    if event != "socket.getaddrinfo" and not isinstance(address, tuple):
        return  # a Unix socket
    host = address[0] if isinstance(address, tuple) else address
    if host in {None, "localhost", b"localhost"}:
        return
    text = host.decode() if isinstance(host, bytes) else str(host)
    try:
        is_loopback = ipaddress.ip_address(text.split("%")[0]).is_loopback
    except ValueError:
        is_loopback = False  # a name, or every interface at once
    if not is_loopback:
        raise PermissionError(f"a test reached for the network: {event} {text}")


@pytest.fixture(autouse=True)
def _home(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """A home, configuration, cache and runtime folder that this test alone sees."""
    root: Path = tmp_path_factory.mktemp("home")
    for variable, folder in _HOME_VARIABLES.items():
        path = root / folder
        path.mkdir(parents=True, exist_ok=True, mode=0o700)
        monkeypatch.setenv(variable, str(path))
    for name in ("LANGUAGE", "LC_ALL", "LC_MESSAGES"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("LANG", "C.UTF-8")


@pytest.fixture(autouse=True)
def _no_network() -> Iterator[None]:
    """Sockets reach this machine only."""
    global _network_is_shut  # noqa: PLW0603  an audit hook cannot be taken away again, only told to rest
    _network_is_shut = True
    yield
    _network_is_shut = False


@pytest.fixture(autouse=True)
def _keyring_in_memory(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """A key ring in memory, empty for each test, unless the test is marked ``real_keyring``."""
    if request.node.get_closest_marker("real_keyring"):
        monkeypatch.delenv("PYTHON_KEYRING_BACKEND", raising=False)
        if "keyring" in sys.modules:
            sys.modules["keyring"].core.init_backend()
        return
    # The variable reaches a first import within the test, and child processes.
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "tests.support.memory_keyring.MemoryKeyring")
    if "keyring" in sys.modules:
        from tests.support.memory_keyring import MemoryKeyring

        sys.modules["keyring"].set_keyring(MemoryKeyring())


class _Warnings(logging.Handler):
    """Collects warnings and worse of our own packages."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        if record.name.split(".")[0] in {"viewer", "compare", "loaders"}:
            self.lines.append(f"{record.levelname} {record.name}: {record.getMessage()}")


@pytest.fixture(autouse=True)
def _log_is_quiet(request: pytest.FixtureRequest) -> Iterator[None]:
    """Fail on a logged warning that the test did not ask for; a test with ``caplog`` looks at them itself."""
    handler = _Warnings()
    logging.getLogger().addHandler(handler)
    yield
    logging.getLogger().removeHandler(handler)
    if handler.lines and "caplog" not in request.fixturenames:
        pytest.fail("logged: " + "; ".join(handler.lines), pytrace=False)


@pytest.fixture(autouse=True)
def _leaks(request: pytest.FixtureRequest, _home: None, _no_network: None, _keyring_in_memory: None) -> Iterator[None]:
    """Fail the test that leaves a thread, a child process, a window or a running timer behind."""
    before = Leaks.now()
    yield
    left = before.left_behind()
    if left:
        pytest.fail("left behind: " + "; ".join(left), pytrace=False)
