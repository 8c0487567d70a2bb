"""``compare --current PATH --prior PATH``: are they of one person, which series pair, and how would they be linked."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Sequence
from pathlib import Path

from loaders.discovery.pooled_headers import pooled_header_reader
from loaders.model.study import Catalogue
from loaders.objects.object_reading import ObjectReader
from loaders.objects.registration_reading import registrations_in
from loaders.progress import CancelToken, no_progress
from loaders.stores.image_source import ImageSource
from loaders.stores.local_folder import LocalFolder
from loaders.workers.worker_pool import WorkerPool
from viewer.headless.compare_document import choose_studies, comparison_document
from viewer.headless.output import STANDARD_OUTPUT, verb_parser, write_json


def run(arguments: Sequence[str]) -> int:
    """Compare two paths and write the document, by default to standard output. Returns the exit status 0.

    Raises what the sources raise, ``NothingToCompare``, and what
    :func:`viewer.app.comparison_picture.picture_of_comparison` raises.
    """
    parser = verb_parser("compare", "Pair two studies of one patient and say how they are linked.")
    parser.add_argument("--current", metavar="PATH", type=Path, required=True, help="folder, file or archive")
    parser.add_argument("--prior", metavar="PATH", type=Path, required=True, help="folder, file or archive")
    parser.add_argument(
        "--override-identity",
        metavar="REASON",
        default="",
        help="pair the series although the identities conflict; the reason stands in the document",
    )
    parser.add_argument("--screenshot", metavar="PNG", type=Path, help="write a picture of the real window")
    options = parser.parse_args(arguments)
    with WorkerPool(warm_up=()) as pool:
        document = _compare(options, pool)
    write_json(document, options.json or STANDARD_OUTPUT)
    return 0


def _compare(options: Namespace, pool: WorkerPool) -> dict[str, object]:
    paths: tuple[Path, Path] = (options.current, options.prior)
    sources = [LocalFolder([path], read_headers=pooled_header_reader(pool)) for path in paths]
    try:
        catalogues = [_catalogue_of(source) for source in sources]
        studies = choose_studies(*catalogues)
        registrations = [
            each
            for source, catalogue in zip(sources, catalogues, strict=True)
            for each in registrations_in(catalogue, ObjectReader(pool, source.file_bytes))
        ]
        document = comparison_document(studies, options.override_identity, registrations)
        if options.screenshot is not None:
            from viewer.app.comparison_picture import picture_of_comparison  # noqa: PLC0415 - Qt only where asked for

            document["views"] = picture_of_comparison(
                studies, paths, options.screenshot, override_reason=options.override_identity
            )
    finally:
        for source in sources:
            source.close()
    return document


def _catalogue_of(source: ImageSource) -> Catalogue:
    return source.catalogue(on_found=lambda _catalogue: None, progress=no_progress, cancel=CancelToken())
