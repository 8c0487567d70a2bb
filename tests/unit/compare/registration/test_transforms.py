"""Transforms: there and back, against SimpleITK, folding, and the spline's own mathematics."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import SimpleITK

from compare.linking.frame_graph import FrameGraph, LinkBasis, RigidTransform, Space
from compare.registration.error_map import ErrorMap
from compare.registration.free_form import SplineField
from compare.registration.register import Aligned, Method, Registration
from compare.registration.registration_edge import with_registration
from compare.registration.rigid_refine import Fit
from compare.registration.rigid_search import turn
from compare.registration.spline_grid import refit, spline_grid
from compare.registration.transform_file import write_transform
from compare.registration.transforms import DeformableTransform, jacobian_determinants, unfolded
from compare.registration.work_grid import WorkGrid

RNG = np.random.default_rng(4)
AXES = turn(2, 20.0) @ turn(0, 10.0)
GRID = WorkGrid(np.array([-40.0, 10.0, 200.0]), AXES, 4.0, (20, 24, 28))


def field(size_mm: float = 3.0) -> SplineField:
    splines = spline_grid(GRID.shape_zyx, 4.0)
    return SplineField(GRID, splines, RNG.normal(0, size_mm, (3, *splines.shape_zyx)).astype(np.float32))


def rigid() -> RigidTransform:
    matrix = np.eye(4)
    matrix[:3, :3] = turn(1, 7.0) @ turn(0, -5.0)
    matrix[:3, 3] = (5.0, -80.0, 300.0)
    return RigidTransform(matrix)


def inner_points(count: int = 300) -> np.ndarray:
    return GRID.to_lps(RNG.uniform(0.2, 0.8, (count, 3)) * (np.array(GRID.shape_zyx) - 1.0))


def test_the_file_is_the_same_function_in_simpleitk(tmp_path: Path) -> None:
    transform = DeformableTransform(rigid(), field())
    write_transform(transform, tmp_path / "t.h5")
    read = SimpleITK.ReadTransform(str(tmp_path / "t.h5"))
    points = inner_points()
    theirs = np.array([read.TransformPoint(point.tolist()) for point in points])
    np.testing.assert_allclose(transform.map_points(points), theirs, atol=2e-3)


def test_a_rigid_file_is_the_same_function_in_simpleitk(tmp_path: Path) -> None:
    write_transform(rigid(), tmp_path / "t.h5")
    read = SimpleITK.ReadTransform(str(tmp_path / "t.h5"))
    points = inner_points(20)
    theirs = np.array([read.TransformPoint(point.tolist()) for point in points])
    np.testing.assert_allclose(rigid().map_points(points), theirs, atol=1e-6)


def test_there_and_back_is_where_it_began() -> None:
    transform = DeformableTransform(rigid(), field(1.2))
    points = inner_points()
    back = transform.inverse().map_points(transform.map_points(points))
    assert np.abs(back - points).max() < 0.02
    assert transform.inverse().inverse() is transform


def test_the_dense_field_is_the_field_at_its_voxels() -> None:
    some = field()
    index = np.array([[3, 5, 7], [10, 12, 20], [19, 23, 27]])
    dense = some.dense()[:, index[:, 0], index[:, 1], index[:, 2]].T @ AXES.T
    points = GRID.to_lps(index.astype(np.float64))
    still = RigidTransform(np.eye(4))
    np.testing.assert_allclose(DeformableTransform(still, some).map_points(points) - points, dense, atol=1e-4)


def test_gathering_is_the_adjoint_of_expanding() -> None:
    splines = spline_grid((9, 10, 11), 3.0)
    nodes = RNG.normal(size=(2, *splines.shape_zyx)).astype(np.float32)
    voxels = RNG.normal(size=(2, 4, 10, 11)).astype(np.float32)
    forth = splines.expand_slab(splines.expand_plane(nodes), 3, 7)
    back = splines.gather_slab(voxels, 3)
    assert float(np.vdot(forth, voxels)) == pytest.approx(float(np.vdot(nodes, back)), rel=1e-4)


def test_splines_sum_to_one_and_refitting_keeps_a_straight_field() -> None:
    old, new = spline_grid((12, 12, 12), 2.0), spline_grid((23, 23, 23), 3.0)
    ramp = np.broadcast_to((np.arange(old.shape_zyx[2]) - 1.0) * 2.0 * 8.0, (3, *old.shape_zyx)).astype(np.float32)
    grid = WorkGrid(np.zeros(3), np.eye(3), 4.0, (23, 23, 23))
    dense = SplineField(grid, new, refit(ramp.copy(), old, 8.0, new, 4.0)).dense()
    inner = dense[0, 11, 11, 7:-7]
    np.testing.assert_allclose(np.diff(inner), 4.0, atol=0.15)
    np.testing.assert_allclose(new.axes[0].weights.sum(axis=1), 1.0, atol=1e-6)


def test_folding_is_measured_and_repaired() -> None:
    wild = field(12.0)
    assert jacobian_determinants(wild).min() < 0.0
    assert jacobian_determinants(unfolded(wild, rounds=60)).min() > 0.0


def test_linked_views_take_the_best_accepted_alignment_and_its_local_error() -> None:
    here, there = Space("now", "1.2"), Space("then", "1.3")
    values = np.linspace(0.5, 8.5, 20 * 24 * 28).reshape(20, 24, 28).astype(np.float32)
    error = ErrorMap(GRID, values)
    aligned = Aligned(Method.DEFORMABLE, DeformableTransform(rigid(), field(1.0)), error, 1.0, 3.0)
    plain = Aligned(Method.RIGID, rigid(), error, 4.0, 6.0)
    graph = with_registration(FrameGraph(), here, there, Registration(plain, None, Fit(0.9, 1.0)))
    graph = with_registration(graph, here, there, Registration(plain, aligned, Fit(0.9, 1.0)))
    forth, back = graph.between(here, there), graph.between(there, here)
    assert forth is not None
    assert back is not None
    assert forth.basis is back.basis is LinkBasis.DEFORMABLE
    point = inner_points(1)
    expected = float(error.at(point)[0])
    assert forth.error_at(point[0]) == pytest.approx(expected)
    assert back.error_at(forth.transform.map_points(point)[0]) == pytest.approx(expected, abs=0.05)
    assert with_registration(graph, here, there, Registration(None, None, Fit(0.0, 0.0))).between(here, there) is None
