"""Start Diptych: ``python main.py`` opens the window, ``python main.py VERB ...`` works without one."""

from __future__ import annotations

import multiprocessing
import sys


def main() -> int:
    """Run what the command line asks for and return the exit status."""
    # First: workers of the frozen application start here too and go no further.
    if sys.argv[1:2] == ["--diptych-worker"]:
        from loaders.workers.worker_process import main as work  # noqa: PLC0415

        work()
    multiprocessing.freeze_support()
    from viewer.app.command_line import run  # noqa: PLC0415  after the line above, for the same reason

    return run(sys.argv[1:])


if __name__ == "__main__":
    sys.exit(main())
