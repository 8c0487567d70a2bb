"""``register --current A --prior B --json F --transform F.h5``: align two examinations and say how well."""

from __future__ import annotations

import argparse
import time
from collections.abc import Sequence
from pathlib import Path

from compare.registration.register import Method, Registration, register
from compare.registration.registration_image import WORKING_DETAIL_MM
from compare.registration.transform_file import write_transform
from compare.reporting.spatial_registration import RegisteredSeries, spatial_registration
from viewer.headless.output import STANDARD_OUTPUT, OutputError, verb_parser, write_bytes, write_json
from viewer.headless.registration_document import registration_document
from viewer.headless.registration_input import LoadedPair, load_pair, no_alignment, say_progress

#: Small nodules and lesions want finer pixels than registration does.
CHANGE_DETAIL_MM = 0.6


def run(arguments: Sequence[str]) -> int:
    """Register and write the document, by default to standard output. Returns the exit status 0.

    Raises :class:`NoReliableAlignment` where there is none, after the document (``accepted`` false, with its reason)
    was written; no transform file is written then.
    """
    parser = verb_parser("register", "Align a prior with the current examination and state the error.")
    add_pair_arguments(parser)
    parser.add_argument(
        "--transform", metavar="FILE.h5", type=Path, help="current to prior, LPS mm, as SimpleITK reads it"
    )
    parser.add_argument("--reg", metavar="OUT.dcm", type=Path, help="the same as a DICOM registration object")
    options = parser.parse_args(arguments)
    if options.transform is not None and options.transform.suffix.lower() not in {".h5", ".hdf5"}:
        parser.error("--transform writes HDF5: the name must end in .h5")
    pair, outcome, seconds = register_pair(options)
    write_json(registration_document(pair, outcome, seconds), options.json or STANDARD_OUTPUT)
    if outcome.best is None:
        raise no_alignment(outcome.refusal.value if outcome.refusal else "error_too_large")
    if options.transform is not None:
        try:
            write_transform(outcome.best.current_to_prior, options.transform)
        except OSError as error:
            raise OutputError(str(error)) from error
    if options.reg is not None:
        sides = [RegisteredSeries(one.study, one.series, one.stack) for one in (pair.current, pair.prior)]
        write_bytes(spatial_registration(outcome.best.current_to_prior, *sides), options.reg)
    return 0


def add_pair_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of every verb that works on a registered pair."""
    parser.add_argument("--current", metavar="PATH", type=Path, required=True, help="folder, file or archive")
    parser.add_argument("--prior", metavar="PATH", type=Path, required=True, help="folder, file or archive")
    parser.add_argument("--series", metavar=("CURRENT", "PRIOR"), nargs=2, help="series UIDs instead of the best pair")
    parser.add_argument("--method", choices=[method.value for method in Method], default=Method.AUTO.value)
    parser.add_argument("--override-identity", metavar="REASON", default="", help="although the identities conflict")


def register_pair(
    options: argparse.Namespace, *, detail_mm: float = WORKING_DETAIL_MM
) -> tuple[LoadedPair, Registration, dict[str, float]]:
    """Load what the arguments of :func:`add_pair_arguments` name, and register.

    The last value tells the seconds of loading, and from its end to the stages.
    """
    started = time.perf_counter()
    series = None if options.series is None else (options.series[0], options.series[1])
    pair = load_pair(
        options.current, options.prior, series, override_identity=options.override_identity, detail_mm=detail_mm
    )
    loaded = time.perf_counter()
    seconds = {"loading": round(loaded - started, 2)}

    def note(stage: str) -> None:
        seconds[stage] = round(time.perf_counter() - loaded, 2)

    outcome = register(
        pair.current.image,
        pair.prior.image,
        Method(options.method),
        progress=say_progress,
        on_usable=lambda _matrix: note("usable"),
        on_stage=note,
    )
    note("final")
    return pair, outcome, seconds
