"""Two series loaded through the workers as images that registration and change maps take."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

from compare.identity.verdict import Verdict, compare_identity
from compare.pairing.series_pairs import pair_series
from compare.registration.acceptance import RefusalReason
from compare.registration.registration_image import (
    WORKING_DETAIL_MM,
    NotRegistrable,
    RegistrationImage,
    registration_image,
)
from loaders.errors import WorldError
from loaders.model.series import Series
from loaders.model.stack import Stack
from loaders.model.study import Catalogue, Study
from loaders.progress import Progress
from viewer.headless.compare_document import choose_studies
from viewer.headless.opened_path import OpenedPath, opened, opened_each
from viewer.headless.selection import NothingSelected


class NoReliableAlignment(WorldError):
    """The two examinations cannot be aligned in a way to rely on; ``facts["reason"]`` is the stable word why."""

    code = "no_reliable_alignment"


#: What each reason means, for the one line on standard error.
_WORDS = {
    "identity_conflict": "the two studies do not seem to be of one patient",
    "no_body": "one of the two shows no body (empty, or next to nothing above the background)",
    "modality_differs": "the two series are of different modalities",
    "modality_unsupported": "only CT and MR volumes are registered",
    "no_overlap": "the two show no common part of the body",
    "not_alike": "the anatomy does not match: another patient, another part of the body, or too different a technique",
    "mirrored": "the two match better when one is mirrored or turned over: an orientation in the headers is wrong",
    "error_too_large": "the estimated error is above its limit in most of the picture",
    "folded": "the deformation folds",
    "too_few_slices": "a volume of at least five slices over 20 mm is needed on both sides",
    "no_geometry": "positions or spacings are missing",
    "mixed_geometry": "the slices do not lie parallel on one matrix",
    "no_values": "hardly any slice has usable values",
    "colour": "colour pictures cannot be registered",
    "no_pair": "no series of the two studies belong together; name them with --series",
}


def no_alignment(reason: str) -> NoReliableAlignment:
    """The error for a reason, in words."""
    return NoReliableAlignment(f"no reliable alignment: {_WORDS.get(reason, reason)}", reason=reason)


@dataclass(frozen=True, eq=False)
class LoadedImage:
    """A series' registration image and where it comes from."""

    image: RegistrationImage
    stack: Stack
    series: Series
    study: Study


@dataclass(frozen=True, eq=False)
class LoadedPair:
    """Current and prior."""

    current: LoadedImage
    prior: LoadedImage


def say_progress(progress: Progress) -> None:
    """One line on standard error per stage and percent."""
    sys.stderr.write(f"progress: {progress.stage} {progress.done}/{progress.total or '?'}\n")
    sys.stderr.flush()


def load_pair(
    current: Path,
    prior: Path,
    series: tuple[str, str] | None = None,
    *,
    override_identity: str = "",
    detail_mm: float = WORKING_DETAIL_MM,
) -> LoadedPair:
    """Load the pair of series that belongs together, or the two named ones.

    Raises :class:`NoReliableAlignment` where identities conflict, nothing pairs or a side is no volume, and what
    loading raises.
    """
    with opened_each([[current], [prior]]) as sides:
        chosen = _choose([side.catalogue for side in sides], series, override_identity)
        images = [_load(side, *which, detail_mm) for side, which in zip(sides, chosen, strict=True)]
    return LoadedPair(images[0], images[1])


def load_registration_image(path: Path, detail_mm: float = WORKING_DETAIL_MM) -> LoadedImage:
    """Load the largest CT or MR stack under a path. Raises as :func:`load_pair`."""
    with opened(path) as images:
        found = [(study, one) for study in images.catalogue.studies for one in study.series if one.stacks]
        if not found:
            raise NothingSelected("nothing to register: no images here")
        study, one = max(found, key=lambda pair: (pair[1].modality in ("CT", "MR"), _largest(pair[1])))
        return _load(images, study, one, detail_mm)


def _choose(
    catalogues: list[Catalogue], series: tuple[str, str] | None, override_identity: str
) -> list[tuple[Study, Series]]:
    if series is not None:
        chosen = [_named(catalogue, uid) for catalogue, uid in zip(catalogues, series, strict=True)]
        studies = [study for study, _ in chosen]
    else:
        both = choose_studies(*catalogues)
        studies = [both.current, both.prior]
    verdict = compare_identity(studies[0], studies[1]).verdict
    if verdict is Verdict.CONFLICT and not override_identity.strip():
        raise no_alignment(RefusalReason.IDENTITY_CONFLICT.value)
    if series is not None:
        return chosen
    pairs = pair_series(studies[0], studies[1]).pairs
    volumes = [pair for pair in pairs if min(_largest(pair.current), _largest(pair.prior)) > 1] or list(pairs)
    if not volumes:
        raise no_alignment("no_pair")
    best = max(volumes, key=lambda p: (p.current.modality in ("CT", "MR"), round(p.score, 2), _largest(p.current)))
    return [(studies[0], best.current), (studies[1], best.prior)]


def _named(catalogue: Catalogue, uid: str) -> tuple[Study, Series]:
    for study in catalogue.studies:
        for one in study.series:
            if one.uid == uid and one.stacks:
                return study, one
    raise NothingSelected(f"no series {uid} with images here")


def _largest(series: Series) -> int:
    return max((len(stack.frames) for stack in series.stacks), default=0)


def _load(side: OpenedPath, study: Study, series: Series, detail_mm: float) -> LoadedImage:
    stack = max(series.stacks, key=lambda one: len(one.frames))
    try:
        with side.whatever_loads(stack) as volume:
            image = registration_image(volume, series.modality, detail_mm=detail_mm)
    except NotRegistrable as refused:
        raise no_alignment(refused.code) from refused
    return LoadedImage(image, stack, series, study)
