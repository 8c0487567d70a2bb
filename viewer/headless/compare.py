"""``compare --current PATH --prior PATH``: are they of one person, which series pair, and how would they be linked."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from compare.pairing.body_region import RegionShares
from compare.pairing.pairing_rule import PairingKnowledge
from compare.pairing.region_reading import regions_of, series_to_look_at
from compare.pairing.roles import study_key_of
from compare.pairing.series_pairs import pair_series
from loaders.model.stack import Stack
from loaders.model.volume import Volume
from loaders.objects.registration_reading import registrations_in
from viewer.headless.compare_document import ComparedStudies, choose_studies, comparison_document
from viewer.headless.opened_path import OpenedPath, opened_each
from viewer.headless.output import STANDARD_OUTPUT, verb_parser, write_json
from viewer.headless.selection import FrameChoice


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
    with opened_each([[options.current], [options.prior]]) as sources:
        studies = choose_studies(sources[0].catalogue, sources[1].catalogue)
        registrations = [each for opened in sources for each in registrations_in(opened.catalogue, opened.objects)]
        known = knowledge_of(studies, sources)
        document = comparison_document(studies, options.override_identity, registrations, known)
        if options.screenshot is not None:
            from viewer.app.comparison_picture import picture_of_comparison  # noqa: PLC0415 - Qt only where asked for

            paths = (options.current, options.prior)
            document["views"] = picture_of_comparison(
                studies, paths, options.screenshot, override_reason=options.override_identity
            )
        write_json(document, options.json or STANDARD_OUTPUT)
    return 0


def knowledge_of(studies: ComparedStudies, sources: Sequence[OpenedPath]) -> PairingKnowledge:
    """Return what a few slices of the CT series that would pair show. ``sources`` are the current's and the prior's."""
    paths = dict(zip((study_key_of(studies.current), study_key_of(studies.prior)), sources, strict=True))
    regions: dict[str, RegionShares] = {}
    tentative = pair_series(studies.current, studies.prior)
    for study in (studies.current, studies.prior):
        own = {series.uid for series in study.series}
        path = paths[study_key_of(study)]

        def load(stack: Stack, index: int, path: OpenedPath = path) -> Volume:
            return path.frame(FrameChoice(stack, index))

        regions |= regions_of([one for one in series_to_look_at(tentative) if one.uid in own], load)
    return PairingKnowledge(regions=regions)
