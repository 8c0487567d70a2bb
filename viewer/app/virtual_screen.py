"""A screen for a picture of the window: the one there is, or a virtual one that lives as long as the picture takes."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from loaders.errors import WorldError

_SCREEN = "1920x1080x24"


class NoScreen(WorldError):
    """There is no screen, and no program that could stand in for one."""

    code = "no_screen"


@contextmanager
def screen() -> Iterator[None]:
    """Make sure that Qt finds a screen. To be entered before the first ``QApplication``; raises ``NoScreen``."""
    has_screen = bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))
    if not sys.platform.startswith("linux") or has_screen or "QT_QPA_PLATFORM" in os.environ:
        yield
        return
    program = shutil.which("Xvfb")
    if program is None:
        raise NoScreen("there is no screen and no Xvfb: install xvfb, or run this where there is a screen")
    read_end, write_end = os.pipe()
    arguments = [program, "-displayfd", str(write_end), "-screen", "0", _SCREEN, "-nolisten", "tcp", "-dpi", "96"]
    server = subprocess.Popen(arguments, pass_fds=[write_end], stderr=subprocess.DEVNULL)  # noqa: S603 - a fixed program
    os.close(write_end)
    try:
        with os.fdopen(read_end) as answer:
            number = answer.readline().strip()
        if not number:
            raise NoScreen("Xvfb did not start")
        os.environ["DISPLAY"] = f":{number}"
        yield
    finally:
        os.environ.pop("DISPLAY", None)
        server.terminate()
        server.wait()
