"""The frame graph that headers alone give: same frames of reference, and one scanner's table."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from itertools import combinations

from compare.linking.frame_graph import FrameEdge, FrameGraph, IdentityTransform, LinkBasis, Space, space_of
from compare.pairing.roles import study_key_of
from loaders.model.series import Equipment, Series
from loaders.model.study import Study

#: Two studies with one Frame of Reference UID are believed to share it only within one visit.
ONE_VISIT_DAYS = 1


def graph_of(studies: Iterable[Study]) -> FrameGraph:
    """Return the transforms that the headers of these studies prove or suggest.

    One Frame of Reference UID in two studies is one space only when both were acquired within a day of each other: a
    patient does not lie still for a year, and copied or re-dated files keep their UIDs (decision 0040). Two spaces of
    one CT scanner get a table position edge, which serves linked scroll and nothing else.
    """
    spaces: dict[Space, tuple[Study, Series]] = {}
    for study in studies:
        for series in study.series:
            for stack in series.stacks:
                spaces.setdefault(space_of(stack, study_key_of(study)), (study, series))
    edges = []
    for (a, (study_a, series_a)), (b, (study_b, series_b)) in combinations(spaces.items(), 2):
        if is_one_frame(a, b, _acquired(study_a, series_a), _acquired(study_b, series_b)):
            edges.append(FrameEdge(a, b, LinkBasis.SAME_FRAME, IdentityTransform(), 0.0))
        elif series_a.modality == series_b.modality == "CT" and is_one_scanner(series_a.equipment, series_b.equipment):
            edges.append(FrameEdge(a, b, LinkBasis.TABLE_POSITION, IdentityTransform(), None))
    return FrameGraph(tuple(edges))


def is_one_frame(a: Space, b: Space, acquired_a: date | None, acquired_b: date | None) -> bool:
    """Whether equal UIDs in two studies mean equal coordinates."""
    if not a.frame_of_reference_uid or a.frame_of_reference_uid != b.frame_of_reference_uid:
        return False
    if acquired_a is None or acquired_b is None:
        return False
    return abs((acquired_a - acquired_b).days) <= ONE_VISIT_DAYS


def is_one_scanner(a: Equipment, b: Equipment) -> bool:
    """Whether two series were made by one machine: everything stated and equal. An empty field proves nothing."""
    return a == b and all((a.manufacturer, a.model, a.station, a.institution))


def _acquired(study: Study, series: Series) -> date | None:
    return series.acquisition_date or study.study_date
