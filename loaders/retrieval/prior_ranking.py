"""Which earlier studies are worth fetching beside a current one, best first, each with its reasons. Pure."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from loaders.stores.dicomweb.patient_search import FoundStudy

#: Parts of the body that are imaged together or mistaken for one another (BodyPartExamined, PS3.16 CID 4009, short).
_REGIONS: dict[str, frozenset[str]] = {
    "chest": frozenset({"CHEST", "THORAX", "LUNG", "HEART", "RIB", "BREAST", "CHESTABDPELVIS", "WHOLEBODY"}),
    "abdomen": frozenset({"ABDOMEN", "LIVER", "KIDNEY", "PELVIS", "ABDOMENPELVIS", "CHESTABDPELVIS", "WHOLEBODY"}),
    "head": frozenset({"HEAD", "BRAIN", "SKULL", "FACE", "SINUS", "HEADNECK", "WHOLEBODY"}),
    "neck": frozenset({"NECK", "HEADNECK", "CSPINE", "WHOLEBODY"}),
    "spine": frozenset({"SPINE", "CSPINE", "TSPINE", "LSPINE", "LSSPINE", "WHOLEBODY"}),
}
_KIN = {frozenset({"CR", "DX"}), frozenset({"CT", "PT"}), frozenset({"CT", "DX"}), frozenset({"MR", "CT"})}


@dataclass(frozen=True, slots=True)
class RankedPrior:
    """An earlier study and why it stands where it does. ``score`` is 0 to 1; ``reasons`` are stable words."""

    study: FoundStudy
    score: float
    reasons: tuple[str, ...]


def rank_priors(current: FoundStudy, studies: tuple[FoundStudy, ...]) -> tuple[RankedPrior, ...]:
    """Rank the studies before ``current``; studies on the same day or later, or without a date, are no priors."""
    ranked = [
        _ranked(current, study)
        for study in studies
        if study.study_uid != current.study_uid and study.date and current.date and study.date < current.date
    ]
    relevant = [each for each in ranked if each.score > 0]
    relevant.sort(key=lambda each: each.study.date, reverse=True)
    return tuple(sorted(relevant, key=lambda each: -each.score))


def _ranked(current: FoundStudy, study: FoundStudy) -> RankedPrior:
    score, reasons = 0.0, []
    mine, theirs = set(current.modalities), set(study.modalities)
    if mine & theirs:
        score += 0.4
        reasons.append("same_modality")
    elif any(frozenset({a, b}) in _KIN for a in mine for b in theirs):
        score += 0.15
        reasons.append("related_modality")
    parts, others = _parts(current), _parts(study)
    if parts & others:
        score += 0.4
        reasons.append("same_body_part")
    elif _regions(parts) & _regions(others):
        score += 0.25
        reasons.append("same_region")
    elif not parts or not others:
        reasons.append("body_part_unknown")
    else:
        return RankedPrior(study, 0.0, ("other_region",))
    if current.description and current.description.casefold() == study.description.casefold():
        score += 0.1
        reasons.append("same_description")
    years = _years(study.date, current.date)
    if years is not None:
        score += 0.1 / (1.0 + years)
        reasons.append("within_a_year" if years <= 1 else "older")
    return RankedPrior(study, round(min(score, 1.0), 4), tuple(reasons))


def _parts(study: FoundStudy) -> set[str]:
    return {part.upper().replace(" ", "") for part in study.body_parts if part}


def _regions(parts: set[str]) -> set[str]:
    return {region for region, members in _REGIONS.items() if parts & members}


def _years(earlier: str, later: str) -> float | None:
    try:
        days = (dt.date.fromisoformat(later) - dt.date.fromisoformat(earlier)).days
    except ValueError:
        return None
    return days / 365.25
