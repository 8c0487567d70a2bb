"""From two images and their alignment to the list of changed places, by what the images are."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from compare.change.aligned_pair import aligned_pair
from compare.change.candidates import Changes
from compare.change.ct_change import BONE, CT_GRID_MM, LUNG, SOFT, ct_candidates, ct_change_map, region_of
from compare.change.mr_change import mr_candidates, mr_change_map
from compare.linking.frame_graph import RigidTransform
from compare.registration.register import Aligned
from compare.registration.registration_image import RegistrationImage
from compare.registration.rigid_alignment import subject_of
from compare.registration.work_grid import box_around

PRESETS = {preset.name: preset for preset in (LUNG, BONE, SOFT)}
_LEAST_LUNG_SHARE = 0.03


@dataclass(frozen=True, eq=False)
class ListedChanges:
    """Candidates and their label grid; ``index_to_lps`` (4, 4) takes labels' (z, y, x, 1) to the current's LPS."""

    changes: Changes
    index_to_lps: NDArray[np.float64]
    unit: str


def list_changes(
    current: RegistrationImage, prior: RegistrationImage, aligned: Aligned, preset_name: str | None = None
) -> ListedChanges:
    """List changed places. CT: the named preset, else lung where there is lung and soft tissue otherwise; MR: brain.

    Raises ``ValueError`` for other modalities: registration has refused them before.
    """
    subject = subject_of(current)
    if current.modality == "MR":
        if not isinstance(aligned.current_to_prior, RigidTransform):
            raise ValueError("the MR change map is for rigidly aligned heads")
        found = mr_change_map(subject, subject_of(prior), aligned.current_to_prior, aligned.typical_error_mm)
        return ListedChanges(mr_candidates(found), found.half_to_current @ found.grid.index_to_lps, "z")
    if current.modality != "CT":
        raise ValueError(f"no change map for {current.modality}")
    grid = box_around(subject.body_points_lps_mm, current.axes_lps, CT_GRID_MM)
    pair = aligned_pair(current, prior, aligned, grid)
    if preset_name is not None:
        preset = PRESETS[preset_name]
    else:
        share = float(region_of(pair, LUNG).mean())
        preset = LUNG if share > _LEAST_LUNG_SHARE else SOFT
    found_ct = ct_change_map(pair, preset)
    return ListedChanges(ct_candidates(pair, found_ct, preset), grid.index_to_lps, "HU")
