"""Under which transform one picture may be laid over another: by hand first, then by what is known, else none."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from compare.linking.frame_graph import FrameEdge, FrameGraph, IdentityTransform, LinkBasis, RigidTransform, space_of
from compare.linking.same_place import ShiftTransform, flicker_pair, place_link
from compare.session.comparison_session import ComparisonSession, Layout, ManualOffset, Role, Viewport
from compare.viewing.view_state import ViewState
from loaders.model.frame_plane import Vector3
from loaders.model.stack import Stack
from tests.support.pictures import AXIAL, CORONAL, make_stack

_MM = st.floats(-200.0, 200.0)


def hung(stack: Stack, frame_index: int = 0, centre_mm: tuple[float, float] = (0.0, 0.0)) -> Viewport:
    return Viewport(stack.key, stack.key.study_uid, view=ViewState(frame_index, centre_mm))


def pair(**changes: object) -> tuple[Stack, Stack]:
    current = make_stack(study="a", series="a1", frame_of_reference_uid="1.1", start=(0.0, 0.0, 100.0))
    prior = make_stack(study="b", series="b1", frame_of_reference_uid="2.2", slices=21, step_mm=2.5, **changes)  # type: ignore[arg-type]
    return current, prior


def test_without_a_basis_there_is_no_transform() -> None:
    current, prior = pair()
    stacks = {one.key: one for one in (current, prior)}
    assert place_link(hung(current), hung(prior), (), stacks, FrameGraph()) is None


@given(start=st.tuples(_MM, _MM, _MM), here=st.tuples(_MM, _MM), there=st.tuples(_MM, _MM))
def test_matched_slices_lay_middle_on_middle_and_slice_on_slice(
    start: Vector3, here: tuple[float, float], there: tuple[float, float]
) -> None:
    current, prior = pair(start=start)
    stacks = {one.key: one for one in (current, prior)}
    # Slice 3 of the current (z = 115) was declared to match slice 8 of the prior (20 mm above its first).
    offset = ManualOffset(current.key, prior.key, start[2] + 20.0 - 115.0)
    found = place_link(hung(current, 5, here), hung(prior, 11, there), (offset,), stacks, FrameGraph())
    assert found is not None
    assert found.link.basis is LinkBasis.MANUAL_OFFSET
    assert found.offset_mm == pytest.approx(start[2] - 95.0)
    # The middle of the current's view, on its slice 5 (z = 125), lies 10 mm above what was matched.
    mapped = found.link.transform.map_points(np.array([[here[0], here[1], 125.0]]))[0]
    assert mapped == pytest.approx((start[0] + there[0], start[1] + there[1], start[2] + 30.0))
    back = found.link.transform.inverse().map_points(mapped[np.newaxis])[0]
    assert back == pytest.approx((here[0], here[1], 125.0))


def test_the_readers_offset_goes_before_a_registration_and_that_before_the_table() -> None:
    current, prior = pair(start=(0.0, 0.0, 110.0))
    stacks = {one.key: one for one in (current, prior)}
    spaces = space_of(current, "a"), space_of(prior, "b")
    table = FrameEdge(*spaces, LinkBasis.TABLE_POSITION, IdentityTransform())
    rigid = FrameEdge(*spaces, LinkBasis.RIGID, RigidTransform(np.eye(4)), 1.5)
    views = hung(current), hung(prior)

    by_table = place_link(*views, (), stacks, FrameGraph((table,)))
    assert by_table is not None
    assert by_table.link.basis is LinkBasis.TABLE_POSITION
    registered = place_link(*views, (), stacks, FrameGraph((table, rigid)))
    assert registered is not None
    assert registered.link.basis is LinkBasis.RIGID
    assert registered.link.error_mm == 1.5
    by_hand = place_link(*views, (ManualOffset(current.key, prior.key, 4.0),), stacks, FrameGraph((table, rigid)))
    assert by_hand is not None
    assert by_hand.link.transform == ShiftTransform((0.0, 0.0, 4.0))


def test_tables_that_do_not_meet_say_nothing() -> None:
    current, prior = pair(start=(0.0, 0.0, 900.0))
    stacks = {one.key: one for one in (current, prior)}
    edge = FrameEdge(space_of(current, "a"), space_of(prior, "b"), LinkBasis.TABLE_POSITION, IdentityTransform())
    assert place_link(hung(current), hung(prior), (), stacks, FrameGraph((edge,))) is None


def test_the_prior_of_the_same_plane_is_shown_in_the_active_currents_viewport() -> None:
    axial = make_stack(study="a", series="a1", axes=AXIAL)
    coronal = make_stack(study="a", series="a2", axes=CORONAL)
    old_axial = make_stack(study="b", series="b1", axes=AXIAL)
    old_coronal = make_stack(study="b", series="b2", axes=CORONAL)
    stacks = {one.key: one for one in (axial, coronal, old_axial, old_coronal)}
    viewports = (
        replace(hung(axial), role=Role.CURRENT),
        replace(hung(old_axial), role=Role.PRIOR),
        replace(hung(coronal), role=Role.CURRENT),
        replace(hung(old_coronal), role=Role.PRIOR),
    )
    session = ComparisonSession(Layout(2, 2), viewports)
    assert flicker_pair(session, stacks) == (0, 1)
    assert flicker_pair(replace(session, active=2), stacks) == (2, 3)
    assert flicker_pair(replace(session, active=3), stacks) == (0, 1)  # from a prior: the first current
    assert flicker_pair(replace(session, viewports=viewports[:1]), stacks) is None
