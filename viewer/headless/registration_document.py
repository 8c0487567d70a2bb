"""The JSON document of a registration, the same for every verb that computes one."""

from __future__ import annotations

from compare.linking.frame_graph import RigidTransform
from compare.registration.acceptance import LIMIT_MM
from compare.registration.register import Aligned, Registration
from compare.registration.slice_errors import slice_errors_mm
from compare.registration.transforms import DeformableTransform
from viewer.headless.registration_input import LoadedPair


def registration_document(pair: LoadedPair, outcome: Registration, seconds: dict[str, float]) -> dict[str, object]:
    """Describe the outcome; ``seconds`` tells when what was ready, counted from the end of loading."""
    best = outcome.best
    reason = outcome.refusal or (outcome.deformable_refusal if outcome.deformable is None else None)
    return {
        "accepted": best is not None,
        "kind": None if best is None else best.kind.value,
        "reason": None if reason is None else reason.value,
        "direction": "current_to_prior",
        "current_series": pair.current.series.uid,
        "prior_series": pair.prior.series.uid,
        "matrix_current_to_prior": None if best is None else _matrix(best),
        "error_mm": None if best is None else _error(best, pair),
        "rigid_error_mm": None if outcome.rigid is None else round(outcome.rigid.typical_error_mm, 2),
        "similarity": {"correlation": round(outcome.fit.correlation, 4), "overlap": round(outcome.fit.overlap, 4)},
        "jacobian": {
            "smallest": round(outcome.smallest_jacobian, 4),
            "share_at_or_below_zero": round(outcome.folded_share, 6),
        },
        "notes": sorted({*pair.current.image.notes, *pair.prior.image.notes}),
        "seconds": seconds,
    }


def _matrix(best: Aligned) -> list[list[float]]:
    transform = best.current_to_prior
    rigid = transform.rigid if isinstance(transform, DeformableTransform) else transform
    if not isinstance(rigid, RigidTransform):
        raise TypeError("an accepted alignment is rigid or deformable")
    return [[round(float(value), 9) for value in row] for row in rigid.matrix]


def _error(best: Aligned, pair: LoadedPair) -> dict[str, object]:
    slices = slice_errors_mm(best.error, pair.current.stack)
    return {
        "typical": round(best.typical_error_mm, 2),
        "worst": round(best.worst_error_mm, 2),
        "limit": LIMIT_MM,
        "per_slice": [None if error is None else round(error, 2) for error in slices],
    }
