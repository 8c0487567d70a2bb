"""The JSON document of ``compare``: identity, pairs with their reasons, and how each pair would be linked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from compare.hanging.hang import hang_pair, stacks_of
from compare.identity.verdict import IdentityVerdict, Verdict, compare_identity
from compare.linking.frame_graph import FrameGraph
from compare.linking.known_frames import graph_of
from compare.linking.link_status import LinkStatus
from compare.linking.propagate import link_statuses
from compare.linking.registration_edges import with_registrations
from compare.pairing.interval import interval_between
from compare.pairing.pairing_rule import NOTHING_KNOWN, PairingKnowledge
from compare.pairing.roles import newest_first, roles_of, study_key_of
from compare.pairing.series_features import features_of
from compare.pairing.series_pairs import SeriesPair, pair_series
from compare.session.comparison_session import ComparisonSession, LinkedAction, Role
from loaders.errors import WorldError
from loaders.model.study import Catalogue, Study
from loaders.objects.spatial_registration import Registration


class NothingToCompare(WorldError):
    """A path holds no study with pictures, or both hold the same one."""

    code = "nothing_to_compare"


@dataclass(frozen=True, slots=True)
class ComparedStudies:
    """The two studies that a comparison is about, in the roles that the command line gave them."""

    current: Study
    prior: Study


def choose_studies(current: Catalogue, prior: Catalogue) -> ComparedStudies:
    """Choose the newest study with pictures of either catalogue, never one study twice.

    Raises ``NothingToCompare`` where one side has none.
    """
    ours = _with_pictures(current)
    if not ours:
        raise NothingToCompare("the current path holds no study with pictures")
    theirs = [study for study in _with_pictures(prior) if study_key_of(study) != study_key_of(ours[0])]
    if not theirs:
        raise NothingToCompare("the prior path holds no other study with pictures")
    return ComparedStudies(ours[0], theirs[0])


def comparison_document(
    studies: ComparedStudies,
    override_reason: str = "",
    registrations: Sequence[Registration] = (),
    known: PairingKnowledge = NOTHING_KNOWN,
) -> dict[str, object]:
    """Return the document; ``registrations`` are those that objects beside the images state.

    ``known`` is what the pictures show of the body. Identities that conflict leave ``pairs`` empty unless a reason
    overrides them.
    """
    current, prior = studies.current, studies.prior
    identity = compare_identity(current, prior)
    is_open = identity.verdict is not Verdict.CONFLICT or bool(override_reason.strip())
    pairing = pair_series(current, prior, known) if is_open else None
    graph = with_registrations(graph_of((current, prior)), registrations, (current, prior))
    pairs = [] if pairing is None else [_pair(pair, studies, graph) for pair in pairing.pairs]
    return {
        "identity": _identity(identity, override_reason),
        "order": _order(studies),
        "interval": _interval(studies),
        "pairs": pairs,
        "unpaired": {
            "current": [] if pairing is None else [series.uid for series in pairing.unpaired_current],
            "prior": [] if pairing is None else [series.uid for series in pairing.unpaired_prior],
        },
    }


def _with_pictures(catalogue: Catalogue) -> list[Study]:
    return [study for study in newest_first(catalogue.studies) if any(map(features_of, study.series))]


def _identity(identity: IdentityVerdict, override_reason: str) -> dict[str, object]:
    document: dict[str, object] = {
        "verdict": identity.verdict.value,
        "fields": [
            {
                "field": row.field,
                "current": row.current,
                "prior": row.prior,
                "result": row.result.value,
                "reason": row.reason,
            }
            for row in identity.fields
        ],
    }
    if identity.verdict is Verdict.CONFLICT and override_reason.strip():
        document["override_reason"] = override_reason.strip()
    return document


def _order(studies: ComparedStudies) -> str:
    """Whether the dates bear out which one is called current."""
    roles = roles_of((studies.current, studies.prior))
    role = roles[study_key_of(studies.current)]
    return {Role.CURRENT: "as_named", Role.PRIOR: "reversed", Role.UNKNOWN: "unknown"}[role]


def _interval(studies: ComparedStudies) -> dict[str, int] | None:
    earlier, later = studies.prior.study_date, studies.current.study_date
    if earlier is None or later is None:
        return None
    interval = interval_between(earlier, later)
    return {
        "years": interval.years,
        "months": interval.months,
        "days": interval.days,
        "total_days": interval.total_days,
    }


def _pair(pair: SeriesPair, studies: ComparedStudies, graph: FrameGraph) -> dict[str, object]:
    return {
        "current_series": pair.current.uid,
        "prior_series": pair.prior.uid,
        "score": pair.score,
        "is_certain": pair.is_certain,
        "doubts": list(pair.doubts),
        "reasons": [
            {
                "code": reason.code,
                "agreement": round(reason.agreement, 4),
                "weight": reason.weight,
                "current": reason.current,
                "prior": reason.prior,
            }
            for reason in pair.reasons
        ],
        "link": _link(pair, studies, graph),
    }


def _link(pair: SeriesPair, studies: ComparedStudies, graph: FrameGraph) -> dict[str, object]:
    """How linked scroll would work between the two, from the view in which they hang."""
    both = (studies.current, studies.prior)
    session = hang_pair(ComparisonSession(), pair, both, (1000, 500), graph)
    statuses: tuple[LinkStatus, ...] = link_statuses(session, 0, LinkedAction.SCROLL, stacks_of(both), graph)
    status = statuses[0]
    return {
        "basis": None if status.basis is None else status.basis.value,
        "error_mm": status.error_mm,
        "reason": None if status.reason is None else status.reason.value,
    }
