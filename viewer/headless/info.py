"""``info PATH --series UID``: how a series is displayed, in words and numbers, and what must be said of it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from loaders.discovery.pooled_headers import pooled_header_reader
from loaders.errors import WorldError
from loaders.model.series import Series
from loaders.model.stack import Stack
from loaders.model.study import Catalogue, Study
from loaders.model.volume import Volume
from loaders.objects.object_reading import ObjectReader
from loaders.progress import CancelToken, no_progress
from loaders.stores.local_folder import LocalFolder
from loaders.workers.worker_pool import WorkerPool
from viewer.headless.info_beside import read_beside
from viewer.headless.info_document import info_document
from viewer.headless.output import STANDARD_OUTPUT, verb_parser, write_json
from viewer.headless.render import load_frame
from viewer.headless.selection import FrameChoice, NothingSelected, choose_stacks


def run(arguments: Sequence[str]) -> int:
    """Write what there is to say of one series as JSON, by default to standard output. Returns the exit status 0.

    The middle frame of each stack is decoded where its file names no window. Raises ``WorldError``.
    """
    parser = verb_parser("info", "Say how a series is displayed: greys, millimetres, sides, completeness.")
    parser.add_argument("path", metavar="PATH", type=Path, help="folder, file, DICOMDIR or ZIP archive")
    parser.add_argument("--series", metavar="UID", help="the series, where there are several")
    options = parser.parse_args(arguments)
    with WorkerPool() as pool:
        source = LocalFolder([options.path], read_headers=pooled_header_reader(pool))
        try:
            catalogue = source.catalogue(on_found=lambda _found: None, progress=no_progress, cancel=CancelToken())
            study, series = choose_series(catalogue, options.series)
            reader = ObjectReader(pool, source.file_bytes)
            beside = read_beside(catalogue, study, series, reader)
            decoded = {stack.key.stack_id: _middle(stack, pool, source) for stack in series.stacks}
        finally:
            source.close()
    write_json(info_document(catalogue, study, series, decoded, beside), options.json or STANDARD_OUTPUT)
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


def _middle(stack: Stack, pool: WorkerPool, source: LocalFolder) -> Volume | str | None:
    """The middle frame, decoded, where its file leaves the window open; the reason where it cannot be decoded."""
    index = len(stack.frames) // 2
    frame = stack.frames[index]
    if frame.format.is_colour or frame.display.windows or frame.display.voi_tables:
        return None
    try:
        return load_frame(FrameChoice(stack, index), pool, source)
    except WorldError as error:
        return error.message
