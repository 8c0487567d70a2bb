"""``info PATH --series UID``: how a series is displayed, in words and numbers, and what must be said of it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from loaders.errors import WorldError
from loaders.model.series import Series
from loaders.model.stack import Stack
from loaders.model.study import Catalogue, Study
from loaders.model.volume import Volume
from viewer.headless.info_beside import read_beside
from viewer.headless.info_document import info_document
from viewer.headless.opened_path import OpenedPath, opened
from viewer.headless.output import STANDARD_OUTPUT, verb_parser, write_json
from viewer.headless.selection import FrameChoice, NothingSelected, choose_stacks


def run(arguments: Sequence[str]) -> int:
    """Write what there is to say of one series as JSON, by default to standard output. Returns the exit status 0.

    The middle frame of each stack is decoded where its file names no window. Raises ``WorldError``.
    """
    parser = verb_parser("info", "Say how a series is displayed: greys, millimetres, sides, completeness.")
    parser.add_argument("path", metavar="PATH", type=Path, help="folder, file, DICOMDIR or ZIP archive")
    parser.add_argument("--series", metavar="UID", help="the series, where there are several")
    options = parser.parse_args(arguments)
    with opened(options.path) as source:
        study, series = choose_series(source.catalogue, options.series)
        beside = read_beside(source.catalogue, study, series, source.objects)
        decoded = {stack.key.stack_id: _middle(stack, source) for stack in series.stacks}
    write_json(info_document(source.catalogue, study, series, decoded, beside), options.json or STANDARD_OUTPUT)
    return 0


def choose_series(catalogue: Catalogue, series_uid: str | None) -> tuple[Study, Series]:
    """Return the series that was named, or the only one there is. Raises ``NothingSelected``."""
    stacks = choose_stacks(catalogue, series_uid)
    uids = {stack.key.series_uid for stack in stacks}
    if len(uids) > 1:
        raise NothingSelected(f"{len(uids)} series here; name one with --series")
    (uid,) = uids
    found = [(study, series) for study in catalogue.studies for series in study.series if series.uid == uid]
    return found[0]


def _middle(stack: Stack, source: OpenedPath) -> Volume | str | None:
    """The middle frame, decoded, where its file leaves the window open; the reason where it cannot be decoded."""
    index = len(stack.frames) // 2
    frame = stack.frames[index]
    if frame.format.is_colour or frame.display.windows or frame.display.voi_tables:
        return None
    try:
        return source.frame(FrameChoice(stack, index))
    except WorldError as error:
        return error.message
