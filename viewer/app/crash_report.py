"""Our own faults: caught once, at the top, and shown as a report that the reader can read before anyone else does.

A report holds the traceback (files, lines, function names) and versions. It holds no local variables and no exception
*arguments*, because those can carry a patient's name or a path that identifies one.
"""

from __future__ import annotations

import logging
import platform
import sys
import threading
import traceback
from collections.abc import Callable
from types import TracebackType

from loaders.errors import WorldError

_LOG = logging.getLogger(__name__)

ReportHandler = Callable[[str], None]


def report_of(error: BaseException) -> str:
    """Return the text of a report: versions, then the traceback of the error and its causes."""
    lines = [f"Python {platform.python_version()} on {platform.system()} {platform.release()}"]
    seen: BaseException | None = error
    while seen is not None:
        lines.append(f"{type(seen).__module__}.{type(seen).__qualname__}")
        lines.extend(
            f"  {_module_path(entry.filename)}:{entry.lineno} in {entry.name}"
            for entry in traceback.extract_tb(seen.__traceback__)
        )
        seen = seen.__cause__ or (None if seen.__suppress_context__ else seen.__context__)
    return "\n".join(lines)


def _module_path(filename: str) -> str:
    """Keep the end of a path: the part above the program can hold a user's name."""
    return "/".join(filename.replace("\\", "/").split("/")[-3:])


def install(on_crash: ReportHandler, on_world_error: Callable[[WorldError], None]) -> Callable[[], None]:
    """Route uncaught exceptions of every thread to the handlers; return a function that undoes it.

    The handlers are called on the thread where the exception was raised. Ctrl+C keeps its meaning.
    """
    before, before_thread = sys.excepthook, threading.excepthook

    def handle(error: BaseException) -> None:
        if isinstance(error, WorldError):
            _LOG.warning("not handled where it happened: %s", error.code)
            on_world_error(error)
            return
        report = report_of(error)
        _LOG.critical("%s", report)
        on_crash(report)

    def hook(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        if issubclass(kind, KeyboardInterrupt):
            before(kind, error, trace)
        else:
            handle(error)

    def thread_hook(arguments: threading.ExceptHookArgs) -> None:
        if arguments.exc_value is not None and not isinstance(arguments.exc_value, SystemExit):
            handle(arguments.exc_value)

    sys.excepthook = hook
    threading.excepthook = thread_hook

    def undo() -> None:
        sys.excepthook, threading.excepthook = before, before_thread

    return undo
