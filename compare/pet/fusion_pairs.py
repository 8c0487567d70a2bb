"""Which uptake may be laid over which anatomy: only in one space, and of several the attenuation-corrected first."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from compare.reformat.stack_grid import CannotReformat, StackGrid, grid_of
from loaders.errors import WorldError
from loaders.model.series import Series
from loaders.model.stack import Stack
from loaders.model.study import Study

UPTAKE_MODALITIES = frozenset({"PT", "NM"})
ANATOMY_MODALITIES = frozenset({"CT", "MR"})
#: Less of the uptake than this within the anatomy is no pair to propose (a thigh's CT beside a skull's PET).
_LEAST_OVERLAP = 0.1


class CannotFuse(WorldError):
    """Two series that must not be shown as one picture; the message says why."""

    code = "cannot_fuse"


@dataclass(frozen=True, slots=True)
class FusionPair:
    """An uptake on an anatomy. ``overlap``: the share of the uptake's extent that lies within the anatomy's."""

    anatomy: Stack
    uptake: Stack
    is_attenuation_corrected: bool
    overlap: float


def require_one_space(anatomy: Stack, uptake: Stack) -> None:
    """Raise ``CannotFuse`` unless both stacks state the same frame of reference.

    Overlap alone proves nothing: two examinations may lie at the same numbers and in different patients' places.
    """
    ours, theirs = anatomy.frame_of_reference_uid, uptake.frame_of_reference_uid
    for stack, uid in ((anatomy, ours), (uptake, theirs)):
        if not uid:
            raise CannotFuse(
                f"series {stack.key.series_uid} states no frame of reference (0020,0052): where it lies relative to "
                "another is not known"
            )
    if ours != theirs:
        raise CannotFuse(
            f"the series lie in different frames of reference (0020,0052), {ours} and {theirs}, and no registration "
            "between them is accepted"
        )


def require_modalities(base: Series, overlay: Series) -> None:
    """Raise ``CannotFuse`` unless an uptake is laid over an anatomy."""
    if overlay.modality not in UPTAKE_MODALITIES or base.modality not in ANATOMY_MODALITIES:
        names = [series.modality or "an unknown modality" for series in (overlay, base)]
        raise CannotFuse(f"{names[0]} on {names[1]} is no fusion: PET or NM is laid over CT or MR")


def pairs_of(study: Study) -> tuple[FusionPair, ...]:
    """Return the pairs of a study, best first: attenuation-corrected, then the most overlap, then the most slices.

    Only stacks that can be reformatted and share a frame of reference; pairs that hardly overlap are left out.
    """
    anatomies = _stacks(study, ANATOMY_MODALITIES)
    pairs = []
    for uptake, uptake_grid in _stacks(study, UPTAKE_MODALITIES):
        for anatomy, anatomy_grid in anatomies:
            if not uptake.frame_of_reference_uid or uptake.frame_of_reference_uid != anatomy.frame_of_reference_uid:
                continue
            overlap = overlap_of(uptake_grid, anatomy_grid)
            if overlap >= _LEAST_OVERLAP:
                pairs.append(FusionPair(anatomy, uptake, is_attenuation_corrected(uptake), overlap))
    return tuple(
        sorted(
            pairs,
            key=lambda pair: (
                not pair.is_attenuation_corrected,
                -round(pair.overlap, 2),
                -len(pair.anatomy.frames),
                pair.anatomy.key.series_uid,
            ),
        )
    )


def _stacks(study: Study, modalities: frozenset[str]) -> list[tuple[Stack, StackGrid]]:
    found = []
    for series in study.series:
        if series.modality not in modalities:
            continue
        for stack in series.stacks:
            try:
                found.append((stack, grid_of(stack)))
            except CannotReformat:
                continue
    return found


def is_attenuation_corrected(stack: Stack) -> bool:
    """Whether every frame lists attenuation among its corrections (0028,0051)."""
    return all(frame.pet is not None and "ATTN" in frame.pet.corrected_image for frame in stack.frames)


def overlap_of(inner: StackGrid, outer: StackGrid) -> float:
    """Return the share of a coarse raster over ``inner`` that lies within ``outer``, 0 to 1."""
    depth, rows, columns = inner.shape_zyx
    axes = [np.linspace(0.0, size - 1.0, 12) for size in (columns, rows, depth)]
    indices = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, 3)
    points = indices @ inner.index_to_lps[:3, :3].T + inner.index_to_lps[:3, 3]
    places = points @ outer.lps_to_index[:3, :3].T + outer.lps_to_index[:3, 3]
    sizes = np.asarray(outer.shape_zyx[::-1], dtype=np.float64)
    return float(np.mean(np.all((places >= -0.5) & (places <= sizes - 0.5), axis=-1)))
