"""Start Diptych: ``python main.py`` opens the window, ``python main.py VERB ...`` works without one."""

from __future__ import annotations

import multiprocessing
import sys


def main() -> int:
    """Run what the command line asks for and return the exit status."""
    multiprocessing.freeze_support()  # first: a worker of the frozen application starts here too and goes no further
    from viewer.app.command_line import run  # noqa: PLC0415  after the line above, for the same reason

    return run(sys.argv[1:])


if __name__ == "__main__":
    sys.exit(main())
