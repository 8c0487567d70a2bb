"""When a registration is not to be believed, and why: a confident wrong alignment is worse than none."""

from __future__ import annotations

from enum import StrEnum

import numpy as np

from compare.registration.error_map import ErrorMap, Witnesses
from compare.registration.rigid_alignment import RigidResult, Subject, merit


class RefusalReason(StrEnum):
    """Why there is no reliable alignment. Stable words for JSON and translation."""

    NO_BODY = "no_body"
    MODALITY_DIFFERS = "modality_differs"
    MODALITY_UNSUPPORTED = "modality_unsupported"
    NO_OVERLAP = "no_overlap"
    NOT_ALIKE = "not_alike"
    MIRRORED = "mirrored"
    ERROR_TOO_LARGE = "error_too_large"
    FOLDED = "folded"
    IDENTITY_CONFLICT = "identity_conflict"


_LEAST_BODY_ML = 60.0
#: HU or stored units between dark and bright: less is a picture of nothing.
_LEAST_SPAN = 1.0
_LEAST_OVERLAP = 0.25
#: Measured: one patient 0.88 and more, two patients' chests at most 0.31 (decision 0151).
_LEAST_CORRELATION = 0.42
_LEAST_LEAD_OVER_MIRRORED = 0.02
LIMIT_MM = 5.0
_MOST_SHARE_OVER_LIMIT = 0.5
_MOST_FOLDED = 0.001
#: Local dissimilarity (1 - correlation, 0 to 2) in the middle of the body. Measured: one patient 0.04 to 0.14, two
#: patients 0.45 and more (decision 0151).
_MOST_UNLIKE = 0.35
_SUPPORTED = frozenset({"CT", "MR"})


def refusal_beforehand(current: Subject, prior: Subject) -> RefusalReason | None:
    """Judge the two images before anything is aligned."""
    if current.image.modality != prior.image.modality:
        return RefusalReason.MODALITY_DIFFERS
    if current.image.modality not in _SUPPORTED:
        return RefusalReason.MODALITY_UNSUPPORTED
    return RefusalReason.NO_BODY if _is_empty(current) or _is_empty(prior) else None


def _is_empty(subject: Subject) -> bool:
    body_ml = float(subject.body.sum()) * subject.grid.spacing_mm**3 / 1000.0
    few = subject.image.values[::4, ::4, ::4]
    return body_ml < _LEAST_BODY_ML or float(np.ptp(np.percentile(few, (1.0, 99.0)))) <= _LEAST_SPAN


def refusal_of_rigid(found: RigidResult) -> RefusalReason | None:
    """Judge a rigid alignment by its fit, and by whether a mirrored one would fit better."""
    if found.fit.overlap < _LEAST_OVERLAP:
        return RefusalReason.NO_OVERLAP
    if found.fit.correlation < _LEAST_CORRELATION:
        return RefusalReason.NOT_ALIKE
    if found.mirrored_fit is not None and merit(found.mirrored_fit) > merit(found.fit) - _LEAST_LEAD_OVER_MIRRORED:
        return RefusalReason.MIRRORED
    return None


def refusal_of_outcome(seen: Witnesses, error: ErrorMap, *, folded_share: float = 0.0) -> RefusalReason | None:
    """Judge what the witnesses say of the finished alignment."""
    if folded_share > _MOST_FOLDED:
        return RefusalReason.FOLDED
    known = np.isfinite(seen.unlike)
    if not known.any():
        return RefusalReason.NO_OVERLAP
    if float(np.median(seen.unlike[known])) > _MOST_UNLIKE:
        return RefusalReason.NOT_ALIKE
    if float(np.mean(error.error_mm[known] > LIMIT_MM)) > _MOST_SHARE_OVER_LIMIT:
        return RefusalReason.ERROR_TOO_LARGE
    return None
