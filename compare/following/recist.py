"""RECIST 1.1 over all time points: sums, changes, and the response they mean. A help that states its rule."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from enum import StrEnum

from compare.following.criteria import ResponseCriteria
from compare.following.lesion import Lesion, LesionRole, NonTargetState
from compare.following.time_points import LesionSize, Sizes, TimePoint


class Response(StrEnum):
    """Response categories; the words are stable."""

    BASELINE = "baseline"
    COMPLETE = "CR"
    PARTIAL = "PR"
    STABLE = "SD"
    PROGRESSION = "PD"
    NEITHER = "non-CR/non-PD"
    NOT_EVALUABLE = "NE"
    NO_TARGETS = "none"  # there is no lesion of that role


@dataclass(frozen=True, slots=True)
class Evaluation:
    """One time point. ``sum_mm`` is ``None`` where a target was not measured: then nothing is judged from it.

    ``reasons`` are stable words, with the lesion's label after a colon where they concern one.
    """

    point: TimePoint
    sum_mm: float | None
    from_baseline_percent: float | None
    from_nadir_percent: float | None
    from_nadir_mm: float | None
    nadir_mm: float | None
    targets: Response
    non_targets: Response
    has_new_lesion: bool
    overall: Response
    reasons: tuple[str, ...] = ()


def counted_mm(lesion: Lesion, size: LesionSize) -> float | None:
    """Return the diameter that counts: the short axis of a lymph node, else the longest diameter."""
    return size.short_mm if lesion.is_lymph_node else size.long_mm


def why_not_target(lesion: Lesion, size: LesionSize, criteria: ResponseCriteria) -> str:
    """Return why a lesion is not measurable at baseline (section 3.1), or an empty string."""
    diameter = counted_mm(lesion, size)
    if diameter is None:
        return "no_short_axis" if lesion.is_lymph_node and size.long_mm is not None else "not_measured"
    if lesion.is_lymph_node:
        return "" if diameter >= criteria.measurable_node_mm else "node_too_small"
    thickness = size.slice_thickness_mm or 0.0
    least = max(criteria.measurable_diameter_mm, criteria.measurable_slice_thicknesses * thickness)
    return "" if diameter >= least else "too_small"


def evaluate(
    lesions: tuple[Lesion, ...], points: tuple[TimePoint, ...], sizes: Sizes, criteria: ResponseCriteria
) -> tuple[Evaluation, ...]:
    """Return the evaluation of every time point; the first one is the baseline. ``points`` are in order of date."""
    case = _Case(lesions, sizes, criteria)
    results: list[Evaluation] = []
    for point in points:
        results.append(case.follow_up(point, results) if results else case.baseline(point))
    return tuple(results)


def target_faults(
    lesions: tuple[Lesion, ...], baseline: TimePoint, sizes: Sizes, criteria: ResponseCriteria
) -> tuple[str, ...]:
    """Return what of the choice of targets the criteria do not allow, as ``code`` or ``code:label``."""
    targets = [lesion for lesion in lesions if lesion.role is LesionRole.TARGET]
    faults = [
        f"{why}:{lesion.label}"
        for lesion in targets
        if (why := why_not_target(lesion, sizes[lesion.tracking_uid, baseline.study_key], criteria))
    ]
    if len(targets) > criteria.most_targets:
        faults.append("too_many_targets")
    organs = Counter(lesion.organ.strip().casefold() for lesion in targets if lesion.organ.strip())
    faults += [
        f"too_many_in_organ:{organ}" for organ, count in organs.items() if count > criteria.most_targets_per_organ
    ]
    return tuple(faults)


@dataclass(frozen=True, slots=True)
class _Case:
    """One patient's lesions, their sizes, and the criteria they are judged by."""

    lesions: tuple[Lesion, ...]
    sizes: Sizes
    criteria: ResponseCriteria

    def of_role(self, role: LesionRole) -> list[Lesion]:
        return [lesion for lesion in self.lesions if lesion.role is role]

    def diameters(self, point: TimePoint) -> dict[str, float | None]:
        """What each target adds to the sum; 0 where the reader said that it is gone."""
        return {
            lesion.tracking_uid: 0.0
            if lesion.state_at(point.study_key) is NonTargetState.ABSENT
            else counted_mm(lesion, self.sizes[lesion.tracking_uid, point.study_key])
            for lesion in self.of_role(LesionRole.TARGET)
        }

    def baseline(self, point: TimePoint) -> Evaluation:
        sum_mm, missing = self._sum(point)
        return Evaluation(
            point=point,
            sum_mm=sum_mm,
            from_baseline_percent=None,
            from_nadir_percent=None,
            from_nadir_mm=None,
            nadir_mm=None,
            targets=Response.BASELINE,
            non_targets=Response.BASELINE,
            has_new_lesion=False,
            overall=Response.BASELINE,
            reasons=(*missing, *target_faults(self.lesions, point, self.sizes, self.criteria)),
        )

    def follow_up(self, point: TimePoint, earlier: list[Evaluation]) -> Evaluation:
        sum_mm, missing = self._sum(point)
        nadir = min((one.sum_mm for one in earlier if one.sum_mm is not None), default=None)
        new = [lesion for lesion in self.of_role(LesionRole.NEW) if _is_seen(lesion, point, self.sizes)]
        targets = self._targets(point, sum_mm, earlier[0].sum_mm, nadir)
        others = _non_target_response(self.of_role(LesionRole.NON_TARGET), point)
        return Evaluation(
            point=point,
            sum_mm=sum_mm,
            from_baseline_percent=_percent(sum_mm, earlier[0].sum_mm),
            from_nadir_percent=_percent(sum_mm, nadir),
            from_nadir_mm=sum_mm - nadir if sum_mm is not None and nadir is not None else None,
            nadir_mm=nadir,
            targets=targets,
            non_targets=others,
            has_new_lesion=bool(new),
            overall=_overall(targets, others, has_new=bool(new)),
            reasons=(*missing, *(f"new_lesion:{lesion.label}" for lesion in new)),
        )

    def _sum(self, point: TimePoint) -> tuple[float | None, list[str]]:
        at = self.diameters(point)
        missing = [
            f"not_measured:{lesion.label}"
            for lesion in self.of_role(LesionRole.TARGET)
            if at[lesion.tracking_uid] is None
        ]
        known = [value for value in at.values() if value is not None]
        return (sum(known) if at and not missing else None), missing

    def _targets(self, point: TimePoint, sum_mm: float | None, baseline: float | None, nadir: float | None) -> Response:
        lesions, at = self.of_role(LesionRole.TARGET), self.diameters(point)
        if not lesions:
            return Response.NO_TARGETS
        if sum_mm is None:
            # What was measured may already have grown past the limit on its own (section 4.4.2, table 1).
            measured = sum(value for value in at.values() if value is not None)
            return Response.PROGRESSION if _has_grown(measured, nadir, self.criteria) else Response.NOT_EVALUABLE
        if all(_is_gone(lesion, at[lesion.tracking_uid], self.criteria) for lesion in lesions):
            return Response.COMPLETE
        if _has_grown(sum_mm, nadir, self.criteria):
            return Response.PROGRESSION
        change = _percent(sum_mm, baseline)
        if change is None:
            return Response.NOT_EVALUABLE
        return Response.PARTIAL if change <= self.criteria.partial_response_percent else Response.STABLE


def _is_gone(lesion: Lesion, diameter_mm: float | None, criteria: ResponseCriteria) -> bool:
    if diameter_mm is None:
        return False
    return diameter_mm < criteria.normal_node_mm if lesion.is_lymph_node else diameter_mm == 0.0


def _has_grown(sum_mm: float, nadir: float | None, criteria: ResponseCriteria) -> bool:
    if nadir is None:
        return False
    grown = sum_mm - nadir
    return grown >= criteria.progression_mm and grown * 100.0 >= criteria.progression_percent * nadir


def _non_target_response(lesions: list[Lesion], point: TimePoint) -> Response:
    """Section 4.3.3, from the reader's judgements alone."""
    states = [lesion.state_at(point.study_key) for lesion in lesions]
    if not states:
        return Response.NO_TARGETS
    if any(state is NonTargetState.UNEQUIVOCAL_PROGRESSION for state in states):
        return Response.PROGRESSION
    if any(state is None or state is NonTargetState.NOT_EVALUATED for state in states):
        return Response.NOT_EVALUABLE
    if all(state is NonTargetState.ABSENT for state in states):
        return Response.COMPLETE
    return Response.NEITHER


def _overall(targets: Response, others: Response, *, has_new: bool) -> Response:
    """Tables 1 and 2 of the guideline."""
    if has_new or Response.PROGRESSION in {targets, others}:
        return Response.PROGRESSION
    if targets is Response.NO_TARGETS:
        return others
    if targets is Response.COMPLETE:
        return Response.COMPLETE if others in {Response.COMPLETE, Response.NO_TARGETS} else Response.PARTIAL
    return targets


def _is_seen(lesion: Lesion, point: TimePoint, sizes: Sizes) -> bool:
    state = lesion.state_at(point.study_key)
    if state is not None:
        return state in {NonTargetState.PRESENT, NonTargetState.UNEQUIVOCAL_PROGRESSION}
    return bool(sizes[lesion.tracking_uid, point.study_key].long_mm)


def _percent(now: float | None, before: float | None) -> float | None:
    return None if now is None or not before else (now - before) / before * 100.0
