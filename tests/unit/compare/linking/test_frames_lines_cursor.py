"""The frame graph, reference lines and the linked cursor."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from compare.linking.cursor import cursor_marks, follow_cursor
from compare.linking.frame_graph import FrameEdge, FrameGraph, LinkBasis, RigidTransform, Space, space_of
from compare.linking.link_status import LinkReason
from compare.linking.reference_lines import reference_lines
from compare.session.comparison_session import ComparisonSession, Layout, Viewport
from compare.viewing.view_state import ViewState
from loaders.model.stack import Stack
from tests.support.pictures import CORONAL, SAGITTAL, make_stack

A, B, C, D = (Space(name, "1.2.3") for name in "abcd")


def shifted(x: float, y: float, z: float) -> RigidTransform:
    matrix = np.eye(4)
    matrix[:3, 3] = (x, y, z)
    return RigidTransform(matrix)


def hung(*stacks: Stack, indices: tuple[int, ...]) -> ComparisonSession:
    viewports = tuple(
        Viewport(stack.key, stack.key.study_uid, view=ViewState(frame_index=index))
        for stack, index in zip(stacks, indices, strict=True)
    )
    return ComparisonSession(Layout(1, len(stacks)), viewports)


def test_what_is_not_joined_has_no_transform() -> None:
    graph = FrameGraph().with_edge(FrameEdge(A, B, LinkBasis.RIGID, shifted(1, 2, 3), 1.0))
    assert graph.between(A, C) is None
    assert graph.between(A, A) is not None
    # One UID in two studies is two spaces until an edge says otherwise.
    assert A.frame_of_reference_uid == C.frame_of_reference_uid


def test_a_chain_has_the_weakest_basis_and_all_the_error() -> None:
    graph = FrameGraph(
        (
            FrameEdge(A, B, LinkBasis.RIGID, shifted(1, 0, 0), 1.5),
            FrameEdge(C, B, LinkBasis.SPATIAL_REGISTRATION, shifted(0, 5, 0), 0.5),
            FrameEdge(C, D, LinkBasis.RIGID, shifted(0, 0, 9), None),
        )
    )
    link = graph.between(A, C)
    assert link is not None
    assert (link.basis, link.error_mm) == (LinkBasis.RIGID, 2.0)
    assert link.transform.map_points(np.zeros((1, 3))).tolist() == [[1.0, -5.0, 0.0]]
    further = graph.between(A, D)
    assert further is not None
    assert further.error_mm is None
    assert graph.between(A, D, frozenset({LinkBasis.RIGID})) is None


def test_a_new_edge_replaces_the_one_of_its_kind() -> None:
    graph = FrameGraph().with_edge(FrameEdge(A, B, LinkBasis.RIGID, shifted(1, 0, 0), 1.0))
    graph = graph.with_edge(FrameEdge(B, A, LinkBasis.RIGID, shifted(-2, 0, 0), 0.5))
    link = graph.between(A, B)
    assert link is not None
    assert link.error_mm == 0.5
    assert link.transform.map_points(np.zeros((1, 3))).tolist() == [[2.0, 0.0, 0.0]]


@given(st.lists(st.floats(-3, 3), min_size=3, max_size=3), st.lists(st.floats(-500, 500), min_size=6, max_size=6))
def test_there_and_back_is_where_one_was(angles: list[float], numbers: list[float]) -> None:
    c, s = np.cos(angles), np.sin(angles)
    turn = np.array([[c[0], -s[0], 0], [s[0], c[0], 0], [0, 0, 1]]) @ np.array(
        [[1, 0, 0], [0, c[1], -s[1]], [0, s[1], c[1]]]
    )
    matrix = np.eye(4)
    matrix[:3, :3], matrix[:3, 3] = turn, numbers[:3]
    graph = FrameGraph().with_edge(FrameEdge(A, B, LinkBasis.RIGID, RigidTransform(matrix), None))
    there, back = graph.between(A, B), graph.between(B, A)
    assert there is not None
    assert back is not None
    point = np.array([numbers[3:]])
    assert back.transform.map_points(there.transform.map_points(point)) == pytest.approx(point, abs=1e-9)


@pytest.mark.parametrize("matrix", [np.diag([-1, 1, 1, 1]), np.diag([2, 2, 2, 1]), np.eye(3), np.zeros((4, 4))])
def test_a_mirror_or_a_scaling_is_not_rigid(matrix: np.ndarray) -> None:
    with pytest.raises(ValueError, match="proper rotation"):
        RigidTransform(matrix)


def test_axial_cuts_coronal_in_a_horizontal_line_at_its_height() -> None:
    axial = make_stack(slices=11, step_mm=5.0, series="ax", start=(-175.0, -175.0, 0.0), rows=500, columns=500)
    coronal = make_stack(
        slices=3, series="cor", axes=CORONAL, start=(-175.0, 0.0, 100.0), rows=300, columns=500, spacing_mm=(0.7, 0.7)
    )
    stacks = {axial.key: axial, coronal.key: coronal}
    (line,) = reference_lines(hung(axial, coronal, indices=(8, 1)), 0, stacks, FrameGraph())
    # The axial slice lies at z = 40, 60 mm below the coronal's first row at z = 100.
    assert line.index == 1
    assert line.start_mm[1] == pytest.approx(60.0)
    assert line.end_mm[1] == pytest.approx(60.0)
    assert {round(line.start_mm[0], 6), round(line.end_mm[0], 6)} == {-0.35, 349.65}


def test_no_line_on_parallel_far_or_unrelated_pictures() -> None:
    axial = make_stack(series="ax")
    also = make_stack(series="ax2")
    sagittal_elsewhere = make_stack(series="sag", axes=SAGITTAL, frame_of_reference_uid="9.9", start=(50, 0, 100))
    far = make_stack(series="far", axes=SAGITTAL, start=(5000.0, 0.0, 100.0))
    stacks = {stack.key: stack for stack in (axial, also, sagittal_elsewhere, far)}
    session = hung(axial, also, sagittal_elsewhere, far, indices=(3, 4, 0, 0))
    assert reference_lines(session, 0, stacks, FrameGraph()) == ()


def test_the_cursor_is_where_the_transform_says_or_nowhere() -> None:
    current = make_stack(slices=11, step_mm=5.0, study="now", series="a", frame_of_reference_uid="1.1")
    registered = make_stack(slices=11, step_mm=5.0, study="then", series="b", frame_of_reference_uid="2.2")
    unknown = make_stack(slices=11, step_mm=5.0, study="once", series="c", frame_of_reference_uid="3.3")
    placeless = make_stack(slices=2, study="film", series="d", has_geometry=False)
    stacks = {stack.key: stack for stack in (current, registered, unknown, placeless)}
    edge = FrameEdge(space_of(current), space_of(registered), LinkBasis.RIGID, shifted(3, 4, 12), 1.8)
    graph = FrameGraph().with_edge(edge)
    session = hung(current, registered, unknown, placeless, indices=(2, 5, 0, 0))
    here, there, nowhere, film = cursor_marks(session, 0, np.array([10.0, 20.0, 10.0]), stacks, graph)
    assert (here.in_plane_mm, here.off_plane_mm) == ((10.0, 20.0), 0.0)
    assert there.in_plane_mm == (13.0, 24.0)
    assert there.off_plane_mm == pytest.approx(22.0 - 25.0)
    assert (there.basis, there.error_mm) == (LinkBasis.RIGID, 1.8)
    assert (nowhere.in_plane_mm, nowhere.reason) == (None, LinkReason.NO_TRANSFORM)
    assert film.reason is LinkReason.NO_GEOMETRY

    followed = follow_cursor(session, 0, np.array([10.0, 20.0, 10.0]), stacks, graph)
    assert [viewport.view.frame_index for viewport in followed.viewports] == [2, 4, 0, 0]
    unlinked = replace(session, is_linked=False)
    assert follow_cursor(unlinked, 0, np.array([10.0, 20.0, 10.0]), stacks, graph) == unlinked
    assert cursor_marks(unlinked, 0, np.zeros(3), stacks, graph)[1].reason is LinkReason.LINKS_OFF


def test_the_cursor_brings_a_crossing_plane_to_its_slice() -> None:
    axial = make_stack(slices=11, step_mm=5.0, series="ax")
    coronal = make_stack(slices=41, step_mm=5.0, series="cor", axes=CORONAL, start=(0.0, 0.0, 100.0))
    stacks = {axial.key: axial, coronal.key: coronal}
    session = follow_cursor(hung(axial, coronal, indices=(2, 0)), 0, np.array([9.0, 61.0, 10.0]), stacks, FrameGraph())
    assert session.viewports[1].view.frame_index == 12
