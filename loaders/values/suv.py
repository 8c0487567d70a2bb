"""Standardised uptake values: the factor from a PET series' values to SUV, or the reason why there is none.

Nothing is guessed. A factor is given only when every element it rests on is there, is plausible, is the same in all
slices and contradicts no other, and when a second calculation that shares nothing with this one comes to the same
(:mod:`loaders.values.suv_proof`). Sources: the vendor-neutral pseudo-code of the QIBA FDG-PET/CT profile, the IBSI's
list of reference objects, PS3.3 C.8.9.1.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise

from loaders.model.pet_facts import PetFacts
from loaders.model.stack import Stack, StackWarningCode
from loaders.values.body_size import CALCULATED, HEIGHT_M, SuvKind, normaliser
from loaders.values.decay_times import DecayTime, decay_time
from loaders.values.no_suv import ELEMENTS, NoSuv, SuvDoubt, contradiction, doubtful, missing
from loaders.values.one_value import common, number
from loaders.values.suv_proof import proven_factors

#: Below a megabecquerel nobody is scanned: such a dose is in MBq, kBq or mCi. Above, not even water is given.
_DOSE_BQ = (1e6, 2e10)
#: Half lives in seconds by element and mass; a file's own may differ by what tables differ (ICRP 107, NNDC).
_HALF_LIVES_S = {
    ("f", "fluorine", 18): 6586.2,
    ("c", "carbon", 11): 1221.8,
    ("n", "nitrogen", 13): 597.9,
    ("o", "oxygen", 15): 122.24,
    ("ga", "gallium", 68): 4062.6,
    ("cu", "copper", 64): 45723.0,
    ("rb", "rubidium", 82): 76.38,
    ("zr", "zirconium", 89): 282276.0,
    ("i", "iodine", 124): 360806.0,
}
_HALF_LIFE_TOLERANCE = 0.03
_HALF_LIFE_S = (30.0, 3e6)
#: Two calculations may differ by rounding, and no more.
_PROOF_TOLERANCE = 1e-6

#: SUV Type (0054,1006); absent means body weight (PS3.3 C.8.9.1).
_STATED_KINDS = {
    "": SuvKind.BODY_WEIGHT,
    "BW": SuvKind.BODY_WEIGHT,
    "LBM": SuvKind.LEAN_BODY_UNNAMED,
    "LBMJAMES128": SuvKind.LEAN_BODY_JAMES,
    "LBMJANMA": SuvKind.LEAN_BODY_JANMAHASATIAN,
    "BSA": SuvKind.BODY_SURFACE,
    "IBW": SuvKind.IDEAL_BODY,
}


@dataclass(frozen=True, slots=True)
class Correction:
    """A dose (Bq), weight (kg), height (m), half life (s) or time that the reader put in place of the file's.

    ``element`` is a name of :class:`PetFacts`; ``reason`` goes wherever a value goes that depends on it.
    """

    element: str
    value: float | str
    reason: str


#: What a reader may correct.
CORRECTABLE = ("dose_bq", "weight_kg", "height_m", "half_life_s", "start_datetime", "start_time")


@dataclass(frozen=True, slots=True)
class Suv:
    """The outcome. ``factor``: SUV per modality unit (after rescale); ``factors``: per stored value, one a frame.

    ``inputs`` holds what the factor rests on and the formula with its numbers; where ``is_available`` is false,
    ``factor`` is ``None`` and ``reason`` names the element. ``factors`` follows the stacks' frames, one behind the
    other.
    """

    is_available: bool
    kind: SuvKind | None
    factor: float | None = None
    factors: tuple[float, ...] = ()
    inputs: dict[str, object] = field(default_factory=dict)
    reason: str = ""
    doubt: SuvDoubt | None = None
    elements: tuple[str, ...] = ()


def suv_of_stacks(stacks: Sequence[Stack], kind: SuvKind | None = None, corrections: Sequence[Correction] = ()) -> Suv:
    """Return the SUV of all stacks of one PET series.

    Without a ``kind``: by body weight, or what a series already holds. A correction without a reason raises
    ``ValueError``.
    """
    inputs: dict[str, object] = {}
    try:
        facts = _corrected(_facts_of(stacks), corrections, inputs)
        _refuse_gaps(stacks)
        found_kind, factor, factors = _factors(facts, kind, inputs)
    except NoSuv as no:
        return Suv(
            is_available=False, kind=None, inputs=inputs, reason=no.sentence, doubt=no.doubt, elements=no.elements
        )
    return Suv(is_available=True, kind=found_kind, factor=factor, factors=factors, inputs=inputs)


def _facts_of(stacks: Sequence[Stack]) -> list[PetFacts]:
    frames = [frame for stack in stacks for frame in stack.frames]
    facts = [frame.pet for frame in frames if frame.pet is not None]
    if not facts or len(facts) != len(frames):
        raise NoSuv(SuvDoubt.NOT_PET, (), "This is no PET series: there is no uptake to standardise.")
    return facts


def _refuse_gaps(stacks: Sequence[Stack]) -> None:
    """A bed that is missing leaves a hole in the picture, and totals that are wrong."""
    for stack in stacks:
        for warning in stack.warnings:
            if warning.code is StackWarningCode.MISSING_SLICES and warning.slices:
                raise NoSuv(
                    SuvDoubt.INCOMPLETE,
                    ("number_of_slices",),
                    f"Slices are missing after slice {warning.slices[0]} (a step of {warning.amount:g} mm): a bed "
                    "position is not here.",
                )
    counts = sorted({len(stack.frames) for stack in stacks})
    if len(counts) > 1:
        raise NoSuv(
            SuvDoubt.INCOMPLETE,
            ("number_of_slices",),
            f"The series' time frames or gates have different numbers of slices ({counts[0]} to {counts[-1]}): some "
            "are not here.",
        )


def _corrected(facts: list[PetFacts], corrections: Sequence[Correction], inputs: dict[str, object]) -> list[PetFacts]:
    if not corrections:
        return facts
    for correction in corrections:
        if correction.element not in CORRECTABLE or not correction.reason.strip():
            raise ValueError(f"{correction.element} cannot be corrected, or not without a reason")
    changes: dict[str, object] = {each.element: each.value for each in corrections}
    if "start_datetime" in changes:
        changes.setdefault("start_time", "")
    inputs["corrected_by_reader"] = [
        {"element": ELEMENTS[each.element], "value": each.value, "reason": each.reason} for each in corrections
    ]
    return [replace(each, **changes) for each in facts]  # type: ignore[arg-type]


def _factors(
    facts: list[PetFacts], kind: SuvKind | None, inputs: dict[str, object]
) -> tuple[SuvKind, float, tuple[float, ...]]:
    _describe(facts, inputs)
    units = str(common(facts, "units"))
    slopes = _slopes(facts)
    if units in {"GML", "CM2ML"}:
        found, factor = _already_suv(facts, units, kind), 1.0
        inputs["formula"] = f"the series holds {found.value} itself ({ELEMENTS['units']} {units}): SUV = value"
    elif units in {"BQML", "CNTS"}:
        found = kind or SuvKind.BODY_WEIGHT
        if found not in CALCULATED:
            raise NoSuv(SuvDoubt.OTHER_TYPE, (), f"{found.value} is not calculated, only read where a file holds it.")
        _require_corrections(facts)
        factor = _of_activity(facts, units, found, inputs)
    else:
        raise NoSuv(SuvDoubt.UNIT, ("units",), f"{ELEMENTS['units']} {units} are not turned into SUV.")
    factors = tuple(factor * slope for slope in slopes)
    _prove(facts, found, factors)
    return found, factor, factors


def _describe(facts: list[PetFacts], inputs: dict[str, object]) -> None:
    """Put down what the headers say, found plausible or not, before anything is decided."""
    first = facts[0]
    inputs.update(
        units=first.units,
        suv_type=first.suv_type,
        corrected_image=list(first.corrected_image),
        decay_correction=first.decay_correction,
        weight_kg=first.weight_kg,
        height_m=first.height_m,
        sex=first.sex,
        dose_bq=first.dose_bq,
        half_life_s=first.half_life_s,
        radionuclide=first.radionuclide,
    )
    doubts = []
    height = first.height_m
    if height is not None and not HEIGHT_M[0] <= height <= HEIGHT_M[1]:
        doubts.append(f"{ELEMENTS['height_m']} is doubtful: {height:g} is no height of a patient in metres.")
    if any(each.intercept for each in facts):
        doubts.append(f"{ELEMENTS['intercept']} is not 0, as PET has it: factors per stored value leave it out.")
    inputs["doubts"] = doubts


def _slopes(facts: list[PetFacts]) -> list[float]:
    slopes = []
    for each in facts:
        if each.slope is None:
            raise missing("slope")
        if each.slope <= 0.0:
            raise doubtful("slope", f"{each.slope:g}", "is no scale of an uptake")
        slopes.append(each.slope)
    return slopes


def _already_suv(facts: list[PetFacts], units: str, kind: SuvKind | None) -> SuvKind:
    stated = str(common(facts, "suv_type", may_be_missing=True) or "")
    if stated not in _STATED_KINDS:
        raise doubtful("suv_type", stated, "is no type of SUV that is known")
    found = SuvKind.BODY_SURFACE if units == "CM2ML" and not stated else _STATED_KINDS[stated]
    if (units == "CM2ML") != (found is SuvKind.BODY_SURFACE):
        raise contradiction(
            ("units", "suv_type"),
            f"{ELEMENTS['units']} {units} and {ELEMENTS['suv_type']} {stated or '(absent: BW)'} contradict each other.",
        )
    if kind not in {None, found}:
        raise NoSuv(
            SuvDoubt.OTHER_TYPE,
            ("units", "suv_type"),
            f"The series holds {found.value} already ({ELEMENTS['units']} {units}); {kind} cannot be had from it.",
        )
    return found


def _require_corrections(facts: list[PetFacts]) -> None:
    corrections = common(facts, "corrected_image", may_be_missing=True)
    lacking = [term for term in ("ATTN", "DECY") if term not in (corrections or ())]  # type: ignore[operator]
    if lacking:
        words = {"ATTN": "attenuation (ATTN)", "DECY": "decay (DECY)"}
        raise NoSuv(
            SuvDoubt.NOT_CORRECTED,
            ("corrected_image",),
            f"{ELEMENTS['corrected_image']} does not list {' and '.join(words[term] for term in lacking)}: the values "
            "are no activity that SUV could be had from.",
        )


def _of_activity(facts: list[PetFacts], units: str, kind: SuvKind, inputs: dict[str, object]) -> float:
    scale, words = 1.0, ""
    if units == "CNTS":
        direct = number(facts, "philips_suv_factor", may_be_missing=True)
        activity = number(facts, "philips_activity_factor", may_be_missing=True)
        inputs.update(philips_suv_factor=direct, philips_activity_factor=activity)
        if direct and kind is SuvKind.BODY_WEIGHT:
            if direct < 0.0:
                raise doubtful("philips_suv_factor", f"{direct:g}", "is no scale of an uptake")
            inputs["formula"] = f"SUVbw = value [counts] x {direct!r} ({ELEMENTS['philips_suv_factor']})"
            return direct
        if not activity:
            raise missing("philips_suv_factor", "philips_activity_factor")
        if activity < 0.0:
            raise doubtful("philips_activity_factor", f"{activity:g}", "is no scale of an activity")
        scale, words = activity, f" x {activity!r} ({ELEMENTS['philips_activity_factor']})"
    spread = normaliser(
        kind,
        number(facts, "weight_kg", may_be_missing=True),
        number(facts, "height_m", may_be_missing=True),
        str(common(facts, "sex", may_be_missing=True) or ""),
    )
    dose = _dose_at_reference(facts, inputs)
    inputs["formula"] = (
        f"{kind.value} = value{words} x {spread:.6g} {'cm2' if kind is SuvKind.BODY_SURFACE else 'g'} / {dose:.8g} Bq; "
        f"{inputs['dose_formula']}"
    )
    del inputs["dose_formula"]
    return scale * spread / dose


def _dose_at_reference(facts: list[PetFacts], inputs: dict[str, object]) -> float:
    """Activity in Bq that the administered dose has at the time the values stand for."""
    dose = _dose(facts)
    correction = "START" if facts[0].is_enhanced else str(common(facts, "decay_correction"))
    if correction == "ADMIN":
        inputs["decay_time_s"] = 0.0
        inputs["dose_formula"] = "the values are corrected to the administration: no decay"
        return dose
    if correction != "START":
        why = "no term that is known"
        if correction == "NONE":
            why = f"the values are not corrected for decay, against {ELEMENTS['corrected_image']}"
        raise contradiction(
            ("decay_correction", "corrected_image"), f"{ELEMENTS['decay_correction']} {correction}: {why}."
        )
    half_life = _half_life(facts)
    found: DecayTime = decay_time(facts, half_life)
    decayed = dose * math.exp2(-found.seconds / half_life)
    inputs.update(
        reference=found.reference.isoformat(),
        reference_is=found.reference_is,
        administration=found.administration.isoformat(),
        decay_time_s=found.seconds,
        decayed_dose_bq=decayed,
        dose_formula=f"{decayed:.8g} Bq = {dose:.8g} Bq x 2^(-{found.seconds:g} s / {half_life:g} s)",
    )
    return decayed


def _dose(facts: list[PetFacts]) -> float:
    counts = {each.administrations for each in facts}
    if max(counts) > 1:
        raise NoSuv(
            SuvDoubt.CONTRADICTS,
            ("administrations",),
            f"{ELEMENTS['administrations']} has {max(counts)} items: to which dose the values belong is not known.",
        )
    dose = number(facts, "dose_bq") or 0.0
    if not _DOSE_BQ[0] <= dose <= _DOSE_BQ[1]:
        raise doubtful("dose_bq", f"{dose:g}", "is no administered dose in Bq; it may be in another unit")
    return dose


def _half_life(facts: list[PetFacts]) -> float:
    half_life = number(facts, "half_life_s") or 0.0
    if not _HALF_LIFE_S[0] <= half_life <= _HALF_LIFE_S[1]:
        raise doubtful("half_life_s", f"{half_life:g}", "is no half life in seconds of what PET is made with")
    known = half_life_of(str(common(facts, "radionuclide", may_be_missing=True) or ""))
    if known is not None and abs(half_life - known) > _HALF_LIFE_TOLERANCE * known:
        raise contradiction(
            ("half_life_s", "radionuclide"),
            f"{ELEMENTS['half_life_s']} {half_life:g} s is not that of {facts[0].radionuclide} ({known:g} s) in "
            f"{ELEMENTS['radionuclide']}.",
        )
    return half_life


def half_life_of(meaning: str) -> float | None:
    """Return the half life in seconds of a radionuclide by its name (``^18^Fluorine``, ``F-18``, ``18F``), if known."""
    parts = re.findall(r"[a-z]+|\d+", meaning.lower())
    neighbours = {frozenset(pair) for pair in pairwise(parts)}
    for (symbol, name, mass), half_life in _HALF_LIVES_S.items():
        if {frozenset({symbol, str(mass)}), frozenset({name, str(mass)})} & neighbours:
            return half_life
    return None


def _prove(facts: list[PetFacts], kind: SuvKind, factors: tuple[float, ...]) -> None:
    second = proven_factors(facts, kind.value)
    agree = len(second) == len(factors) and all(
        abs(ours - theirs) <= _PROOF_TOLERANCE * abs(ours) for ours, theirs in zip(factors, second, strict=True)
    )
    if not agree:
        raise NoSuv(SuvDoubt.UNPROVEN, (), "Two independent calculations of SUV disagree: no value is given.")
