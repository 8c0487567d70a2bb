"""Registration objects become edges of the frame graph, the right way round."""

from __future__ import annotations

import zipfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from compare.linking.frame_graph import FrameGraph, LinkBasis, Space
from compare.linking.registration_edges import AffineTransform, GridTransform, registration_edges
from loaders.discovery import header_scan
from loaders.discovery.pooled_headers import pooled_header_reader
from loaders.objects import object_reading
from loaders.objects.object_reading import ObjectReader
from loaders.objects.registration_reading import registrations_in
from loaders.objects.spatial_registration import DeformationGrid, registrations_of
from loaders.progress import CancelToken, no_progress
from loaders.stores.local_folder import LocalFolder
from loaders.workers.worker_pool import WorkerPool
from tests.support.dicom_files import dataset_bytes, uid
from tests.support.dicom_objects import deformable_registration, elements_of, rigid_registration

PRIOR, CURRENT = Space("s1", uid("prior frame")), Space("s2", uid("current frame"))
POINTS = np.array([[10.0, 20.0, 30.0], [-5.0, 0.0, 7.5]])


def _matrix(degrees: float, shift: tuple[float, float, float]) -> np.ndarray:
    angle = np.radians(degrees)
    matrix = np.eye(4)
    matrix[:2, :2] = [[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]]
    matrix[:3, 3] = shift
    return matrix


@given(st.floats(-180, 180), st.tuples(*[st.floats(-200, 200)] * 3))
def test_a_rigid_registration_leads_from_its_source(degrees: float, shift: tuple[float, float, float]) -> None:
    matrix = _matrix(degrees, shift)
    found = registrations_of(elements_of(rigid_registration("prior frame", "current frame", matrix)))
    assert [each.source_uid for each in found] == [uid("prior frame")]
    (edge,) = registration_edges(found, [PRIOR, CURRENT])
    assert edge.basis is LinkBasis.SPATIAL_REGISTRATION
    graph = FrameGraph().with_edge(edge)
    there = graph.between(PRIOR, CURRENT)
    back = graph.between(CURRENT, PRIOR)
    assert there is not None
    assert back is not None
    expected = np.array([(matrix @ [*point, 1.0])[:3] for point in POINTS])
    np.testing.assert_allclose(there.transform.map_points(POINTS), expected, atol=1e-5)
    np.testing.assert_allclose(back.transform.map_points(expected), POINTS, atol=1e-5)


def test_a_scaling_registration_is_affine() -> None:
    matrix = np.diag([1.1, 1.1, 1.1, 1.0])
    found = registrations_of(elements_of(rigid_registration("prior frame", "current frame", matrix, "RIGID_SCALE")))
    (edge,) = registration_edges(found, [PRIOR, CURRENT])
    assert isinstance(edge.transform, AffineTransform)
    np.testing.assert_allclose(edge.transform.map_points(POINTS), 1.1 * POINTS)


def test_frames_that_nothing_lies_in_make_no_edge() -> None:
    found = registrations_of(elements_of(rigid_registration("elsewhere", "current frame", np.eye(4))))
    assert registration_edges(found, [PRIOR, CURRENT]) == ()


@pytest.mark.parametrize("bad", [np.zeros((4, 4)), np.diag([1.0, 1.0, 0.0, 1.0]), np.full((4, 4), 2.0)])
def test_a_matrix_that_flattens_space_is_refused(bad: np.ndarray) -> None:
    assert registrations_of(elements_of(rigid_registration("prior frame", "current frame", bad))) == ()


def test_a_deformable_registration_displaces_registered_points_to_the_source() -> None:
    z, y, x = np.mgrid[0:8, 0:8, 0:8]
    vectors = np.stack([0.02 * x * 5, np.zeros_like(y) + 3.0, -0.01 * z * 5], axis=-1).astype(np.float32)
    found = registrations_of(elements_of(deformable_registration("prior frame", "current frame", vectors, 5.0)))
    (edge,) = registration_edges(found, [PRIOR, CURRENT])
    graph = FrameGraph().with_edge(edge)
    to_prior, to_current = graph.between(CURRENT, PRIOR), graph.between(PRIOR, CURRENT)
    assert to_prior is not None
    assert to_current is not None
    points = np.array([[12.0, 8.0, 20.0], [3.5, 30.0, 1.0]])
    expected = points + np.stack([0.02 * points[:, 0], [3.0, 3.0], -0.01 * points[:, 2]], axis=-1)
    np.testing.assert_allclose(to_prior.transform.map_points(points), expected, atol=1e-4)
    np.testing.assert_allclose(to_current.transform.map_points(expected), points, atol=1e-3)


def test_outside_its_grid_nothing_is_displaced() -> None:
    grid = DeformationGrid(np.eye(4), np.ones((2, 2, 2, 3), dtype=np.float32))
    transform = GridTransform(grid, np.eye(4), np.eye(4))
    points = np.array([[0.5, 0.5, 0.5], [5.0, 0.5, 0.5]])
    np.testing.assert_allclose(transform.map_points(points), [[1.5, 1.5, 1.5], [5.0, 0.5, 0.5]])


def test_a_grid_of_a_wrong_length_is_refused() -> None:
    vectors = np.zeros((2, 2, 2, 3), dtype=np.float32)
    ds = deformable_registration("prior frame", "current frame", vectors, 5.0)
    grid = ds.DeformableRegistrationSequence[0].DeformableRegistrationGridSequence[0]
    grid.GridDimensions = [2, 2, 3]
    assert registrations_of(elements_of(ds)) == ()


def test_registrations_are_read_by_workers_also_out_of_archives(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    matrix = _matrix(30.0, (1.0, 2.0, 3.0))
    whole = dataset_bytes(rigid_registration("prior frame", "current frame", matrix))
    archive = tmp_path / "reg.zip"
    with zipfile.ZipFile(archive, "w") as writer:
        writer.writestr("reg.dcm", whole)
        writer.writestr("bad.dcm", whole[:-200])

    def never(*_arguments: object) -> None:
        raise AssertionError("an object was walked in the application's process")

    monkeypatch.setattr(object_reading, "read_object", never)
    monkeypatch.setattr(header_scan, "read_header_stream", never)
    with WorkerPool(1) as pool:
        source = LocalFolder([archive], read_headers=pooled_header_reader(pool))
        catalogue = source.catalogue(on_found=lambda _found: None, progress=no_progress, cancel=CancelToken())
        found = registrations_in(catalogue, ObjectReader(pool, source.file_bytes))
        source.close()
    assert [each.source_uid for each in found] == [uid("prior frame")]
