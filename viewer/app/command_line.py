"""The command line: which verb is which module. Modules load when asked for, so that ``scan`` starts without Qt."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Sequence
from importlib import metadata
from pathlib import Path
from typing import cast

from loaders.errors import Cancelled, WorldError
from viewer.headless.output import say_error

Run = Callable[[Sequence[str]], int]

#: Exit statuses of every verb.
SUCCESS, FAILURE, WRONG_USAGE = 0, 1, 2
_INTERRUPTED = 130  # 128 + SIGINT, as shells say it

_WINDOW_MODULE = "viewer.app.window_app"

#: Verb, its module (with ``run(arguments) -> int``), what it does.
VERBS: dict[str, tuple[str, str]] = {
    "scan": ("viewer.headless.scan", "list the studies, series and stacks in folders, discs and archives"),
    "render": ("viewer.headless.render", "write one slice as it is displayed, or its values"),
    "info": ("viewer.headless.info", "say how a series is displayed: greys, millimetres, sides, completeness"),
    "report": ("viewer.headless.report", "print a structured report, PDF or clinical document as text"),
    "compare": ("viewer.headless.compare", "pair two studies of one patient and say how they are linked"),
    "demo": ("viewer.headless.demo", "write the demo patient as DICOM files"),
    "register": ("viewer.headless.register", "align a prior with the current examination and state the error"),
    "map-points": ("viewer.headless.map_points", "map points of the prior to the current examination"),
    "changes": ("viewer.headless.changes", "list the places that differ between two aligned examinations"),
    "load": ("viewer.headless.load", "load all pixels of a series and say how long it took"),
    "suv": ("viewer.headless.suv", "say the factor from a PET series to SUV, or why there is none"),
    "mpr": ("viewer.headless.mpr", "write the values and the picture of a plane or slab in a volume"),
    "measure": ("viewer.headless.measure", "compute a saved session's measurements from the images"),
    "export": ("viewer.headless.export", "write a saved session's measurements as DICOM SR or GSPS, CSV or PDF"),
    "vr": ("viewer.headless.vr", "write a picture of a volume as a whole"),
    "fuse": ("viewer.headless.fuse", "lay PET or NM in colour over CT or MR"),
    "pet-volume": ("viewer.headless.pet_volume", "grow a volume of uptake from a point and measure it"),
    "percist": ("viewer.headless.percist", "say the response between two dates by PERCIST"),
    "bench": ("viewer.headless.bench", "measure scrolling, zooming and windowing of the real viewports"),
    "store": ("viewer.headless.store", "sign in to an image store, find a patient's studies, fetch them"),
    "library": ("viewer.headless.library", "list, verify or purge the studies that are kept encrypted"),
    "audit": ("viewer.headless.audit", "check the record of accesses"),
}
OPEN = "open"


def run(arguments: Sequence[str]) -> int:
    """Do what the arguments ask for; return 0 (done), 1 (the world's fault, one line said) or 2 (wrong usage).

    Without a verb, or with ``open``, or with an existing file or folder as first argument, the window opens.
    """
    first = arguments[0] if arguments else OPEN
    if first in {"-h", "--help", "help"}:
        sys.stdout.write(usage())
        return SUCCESS
    if first in {"-V", "--version", "version"}:
        sys.stdout.write(f"Diptych {version()}\n")
        return SUCCESS
    if first in VERBS:
        return _guarded(lambda: _run_of(VERBS[first][0])(arguments[1:]))
    if first == OPEN:
        return _guarded(lambda: _run_window(arguments[1:]))
    if first.startswith(("-", "diptych:")) or Path(first).exists():
        return _guarded(lambda: _run_window(arguments))
    sys.stderr.write(f"error: unknown_verb: {first!r} is neither a verb nor an existing file or folder; see --help\n")
    return WRONG_USAGE


def usage() -> str:
    """Return the text of ``--help``."""
    rows = [*((verb, words) for verb, (_, words) in VERBS.items()), (OPEN, "open the window; also without any verb")]
    listing = "\n".join(f"  {verb:12}{words}" for verb, words in rows)
    return (
        "usage: diptych [VERB] [ARGUMENTS]\n"
        "       diptych [FILE, FOLDER OR ARCHIVE ...]\n\n"
        f"Compare a prior and a current examination side by side.\n\nverbs:\n{listing}\n\n"
        "'diptych VERB --help' describes one verb; docs/cli.md describes all, with their JSON documents.\n"
        "Exit status: 0 done, 1 something outside the program is wrong (one line says what), 2 wrong usage.\n"
    )


def version() -> str:
    """Return the version: of the installed distribution, or of the source tree the program runs from."""
    source = Path(__file__).resolve().parents[2] / "pyproject.toml"
    if source.is_file():
        import tomllib  # noqa: PLC0415  only the source tree needs it

        return str(tomllib.loads(source.read_text(encoding="utf-8"))["project"]["version"])
    return metadata.version("diptych")


def _run_of(module: str) -> Run:
    return cast("Run", importlib.import_module(module).run)


def _run_window(arguments: Sequence[str]) -> int:
    return cast("Run", importlib.import_module(_WINDOW_MODULE).run_window)(arguments)


def _guarded(work: Callable[[], int]) -> int:
    """Turn the world's faults into one line; ours keep their traceback, which is a crash report."""
    try:
        return work()
    except WorldError as error:
        say_error(error)
        return FAILURE
    except Cancelled:
        sys.stderr.write("error: cancelled\n")
        return FAILURE
    except KeyboardInterrupt:
        return _INTERRUPTED
    except SystemExit as stop:  # argparse: 0 after --help, 2 after wrong arguments
        return stop.code if isinstance(stop.code, int) else FAILURE
