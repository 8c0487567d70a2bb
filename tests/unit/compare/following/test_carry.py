"""A lesion carried through a known transform: the ring is the sphere's cut, and nothing is carried without one."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from compare.following.carry import CarriedLesion, carried_lesions
from compare.following.lesion import Lesion
from compare.linking.frame_graph import FrameEdge, FrameGraph, LinkBasis, RigidTransform, Space
from compare.session.comparison_session import ComparisonSession, Viewport
from compare.session.measurement import Measurement, MeasurementKind
from loaders.model.stack import StackKey
from loaders.model.volume import Volume
from tests.support.reading import volume

_LESION = Lesion("2.25.1", "nodule")


def shift(x: float, y: float, z: float) -> RigidTransform:
    matrix = np.eye(4)
    matrix[:3, 3] = (x, y, z)
    return RigidTransform(matrix)


def study_of(key: StackKey) -> str:
    return key.study_uid


def marked(current: Volume, prior: Volume, *, is_carried: bool = False) -> tuple[ComparisonSession, Viewport]:
    """Two diameters of 8 and 6 mm about (40, 50) on the fifth slice of the current; the prior as target."""
    frame = current.stack.frames[4]
    one = Measurement(
        "m", MeasurementKind.BIDIRECTIONAL, current.stack.key, frame.sop_instance_uid, frame.frame_number,
        ((36.0, 50.0), (44.0, 50.0), (40.0, 47.0), (40.0, 53.0)), lesion=_LESION.tracking_uid, is_carried=is_carried,
    )  # fmt: skip
    target = Viewport(prior.stack.key, study_of(prior.stack.key))
    return ComparisonSession(measurements=(one,), lesions=(_LESION,)), target


def carried(
    transform: RigidTransform | None, error_mm: float | None = 1.5, *, is_carried: bool = False
) -> tuple[Volume, tuple[CarriedLesion, ...]]:
    current, prior = volume("1.1"), volume("1.2", frame_of_reference_uid="1.8")
    session, target = marked(current, prior, is_carried=is_carried)
    graph = FrameGraph()
    if transform is not None:
        edge = FrameEdge(Space("1.1", "1.9"), Space("1.2", "1.8"), LinkBasis.RIGID, transform, error_mm)
        graph = graph.with_edge(edge)
    stacks = {one.stack.key: one.stack for one in (current, prior)}
    return prior, carried_lesions(session, target, stacks, graph, study_of)


@given(st.floats(-8.0, 8.0), st.floats(-8.0, 8.0), st.integers(-3, 3))
def test_a_shift_carries_the_points_and_the_ring_holds_the_error(x: float, y: float, slices: int) -> None:
    prior, (one,) = carried(shift(x, y, slices * 2.0))
    assert one.nearest_frame(prior.stack) == 4 + slices
    frame = prior.stack.frames[4 + slices]
    cut = one.ring_on(frame)
    assert cut is not None
    assert cut[0] == pytest.approx((40.0 + x, 50.0 + y))
    assert cut[1] == pytest.approx(4.0 + 1.5)
    points = one.points_on(frame)
    assert points[0] == pytest.approx((36.0 + x, 50.0 + y))


def test_off_its_slice_the_ring_is_the_cut_of_a_sphere_and_then_none() -> None:
    prior, (one,) = carried(shift(0.0, 0.0, 0.0))
    beside = one.ring_on(prior.stack.frames[6])  # 4 mm away
    assert beside is not None
    assert beside[1] == pytest.approx(math.sqrt(5.5**2 - 4.0**2))
    assert one.ring_on(prior.stack.frames[7]) is None  # 6 mm away


def test_without_a_transform_nothing_is_carried() -> None:
    assert carried(None)[1] == ()


def test_an_unknown_error_stays_unknown() -> None:
    (one,) = carried(shift(1.0, 0.0, 0.0), None)[1]
    assert one.error_mm is None


def test_what_is_measured_there_already_is_not_carried_and_what_was_carried_is_no_source() -> None:
    assert carried(shift(0.0, 0.0, 0.0), is_carried=True)[1] == ()
    current, prior = volume("1.1"), volume("1.2", frame_of_reference_uid="1.8")
    session, target = marked(current, prior)
    there = replace(session.measurements[0], identifier="n", stack=prior.stack.key)
    both = replace(session, measurements=(*session.measurements, there))
    edge = FrameEdge(Space("1.1", "1.9"), Space("1.2", "1.8"), LinkBasis.RIGID, shift(0.0, 0.0, 0.0), 1.0)
    stacks = {one.stack.key: one.stack for one in (current, prior)}
    assert carried_lesions(both, target, stacks, FrameGraph((edge,)), study_of) == ()
