"""Run a command on a screen: the one there is, or a virtual one of 1920x1080 that lives as long as the command.

``python with_display.py [--own] COMMAND ...``; ``--own`` takes a virtual screen even where there is a real one, so that
tests see the same screen everywhere. Standard library only: it runs before anything is installed.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from types import FrameType

_SCREEN = "1920x1080x24"
_NOT_FOUND = 127


def main(arguments: list[str]) -> int:
    """Run the command and return its exit status."""
    own = arguments[:1] == ["--own"]
    command = arguments[1:] if own else arguments
    if not command:
        sys.stderr.write("usage: with_display.py [--own] COMMAND ...\n")
        return 2
    has_screen = bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))
    if not sys.platform.startswith("linux") or (has_screen and not own):
        return _run(command, dict(os.environ))
    server_program = shutil.which("Xvfb")
    if server_program is None:
        sys.stderr.write("with_display: no screen and no Xvfb; 'make setup' says how to install it\n")
        return _NOT_FOUND
    return _run_on_virtual_screen(server_program, command)


def _run_on_virtual_screen(server_program: str, command: list[str]) -> int:
    # The server picks a free display number itself and tells it through the pipe once it answers.
    read_end, write_end = os.pipe()
    server = subprocess.Popen(
        [server_program, "-displayfd", str(write_end), "-screen", "0", _SCREEN, "-nolisten", "tcp", "-dpi", "96"],
        pass_fds=[write_end],
        stderr=subprocess.DEVNULL,
        start_new_session=True,  # Ctrl+C reaches the command first; the screen goes after it
    )
    os.close(write_end)
    try:
        with os.fdopen(read_end) as answer:
            number = answer.readline().strip()
        if not number:
            sys.stderr.write("with_display: Xvfb did not start\n")
            return _NOT_FOUND
        environment = {key: value for key, value in os.environ.items() if key != "WAYLAND_DISPLAY"}
        environment |= {"DISPLAY": f":{number}", "XDG_SESSION_TYPE": "x11", "QT_QPA_PLATFORM": "xcb"}
        environment.pop("XAUTHORITY", None)
        return _run(command, environment)
    finally:
        server.terminate()
        server.wait()


def _run(command: list[str], environment: dict[str, str]) -> int:
    child = subprocess.Popen(command, env=environment)

    def pass_on(number: int, _frame: FrameType | None) -> None:
        child.send_signal(number)

    signal.signal(signal.SIGTERM, pass_on)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the terminal sends Ctrl+C to the child too; wait for its answer
    status = child.wait()
    return status if status >= 0 else 128 - status


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
