"""Alignments as registration objects: what they map, read with pydicom alone, and what the validator says."""

from __future__ import annotations

import io
import shutil
import subprocess
from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import pytest
from pydicom import Dataset, dcmread
from scipy.interpolate import RegularGridInterpolator

from compare.linking.frame_graph import PointTransform, RigidTransform
from compare.registration.free_form import SplineField
from compare.registration.spline_grid import spline_grid
from compare.registration.transforms import DeformableTransform
from compare.registration.work_grid import WorkGrid
from compare.reporting.refusal import ReportRefused
from compare.reporting.spatial_registration import RegisteredSeries, spatial_registration
from loaders.model.series import Series
from loaders.model.study import Study
from tests.support.examinations import make_patient
from tests.support.phantom_stacks import PhantomGeometry, phantom_stack

_CT = "1.2.840.10008.5.1.4.1.1.2"


def side(number: int, frame_of_reference_uid: str) -> RegisteredSeries:
    geometry = PhantomGeometry(tuple(float(z) for z in range(6)), frame_of_reference_uid=frame_of_reference_uid)
    stack = phantom_stack(geometry)
    frames = tuple(
        replace(frame, sop_instance_uid=f"1.2.{number}.1.{index}", sop_class_uid=_CT)
        for index, frame in enumerate(stack.frames, start=1)
    )
    stack = replace(stack, frames=frames)
    series = Series(uid=f"1.2.{number}.1", modality="CT", stacks=(stack,))
    return RegisteredSeries(
        Study(f"1.2.{number}", make_patient(), study_date=date(2025, 6, number), series=(series,)), series, stack
    )


def turned(degrees: float, shift_mm: tuple[float, float, float]) -> RigidTransform:
    matrix = np.eye(4)
    c, s = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    matrix[:2, :2] = [[c, -s], [s, c]]
    matrix[:3, 3] = shift_mm
    return RigidTransform(matrix)


def bent() -> DeformableTransform:
    rigid = turned(4.0, (12.0, -7.0, 85.0))
    grid = WorkGrid(np.array([-40.0, -35.0, -50.0]), turned(9.0, (0.0, 0.0, 0.0)).matrix[:3, :3], 2.0, (41, 36, 38))
    splines = spline_grid(grid.shape_zyx, 4.0)
    nodes = np.random.default_rng(3).normal(0.0, 1.0, (3, *splines.shape_zyx)).astype(np.float32)
    return DeformableTransform(rigid, SplineField(grid, splines, nodes))


def read(transform: PointTransform) -> tuple[bytes, Dataset]:
    data = spatial_registration(transform, side(2, "1.9.2"), side(1, "1.9.1"))
    return data, dcmread(io.BytesIO(data))


def test_a_rigid_object_leads_from_the_prior_to_the_current() -> None:
    transform = turned(11.0, (12.5, -7.25, 85.0))
    _, found = read(transform)
    assert found.FrameOfReferenceUID == "1.9.2"
    item = next(item for item in found.RegistrationSequence if item.FrameOfReferenceUID == "1.9.1")
    numbers = item.MatrixRegistrationSequence[0].MatrixSequence[0].FrameOfReferenceTransformationMatrix
    matrix = np.array([float(number) for number in numbers]).reshape(4, 4)
    here = np.array([30.0, -20.0, 10.0])
    there = transform.map_points(here[None])[0]
    assert (matrix @ [*there, 1.0])[:3] == pytest.approx(here, abs=1e-6)
    assert len(item.ReferencedImageSequence) == 6


def test_a_deformable_object_displaces_on_its_grid_and_then_moves_rigidly() -> None:
    transform = bent()
    _, found = read(transform)
    item = found.DeformableRegistrationSequence[0]
    assert item.SourceFrameOfReferenceUID == "1.9.1"
    cells = item.DeformableRegistrationGridSequence[0]
    x, y, z = cells.GridDimensions
    vectors = np.frombuffer(cells.VectorGridData, dtype="<f4").reshape(z, y, x, 3)
    across, down = (np.array(cells.ImageOrientationPatient[part], dtype=float) for part in (slice(3), slice(3, 6)))
    axes = np.stack([across, down, np.cross(across, down)], axis=1)
    origin, step = np.array(cells.ImagePositionPatient, dtype=float), float(cells.GridResolution[0])
    local = np.random.default_rng(1).uniform(0.05, 0.95, (200, 3)) * (np.array([x, y, z]) - 1.0)
    points = origin + local * step @ axes.T
    look_up = RegularGridInterpolator([np.arange(size) for size in (z, y, x)], vectors)
    moved = points + look_up(local[:, ::-1])
    numbers = item.PostDeformationMatrixRegistrationSequence[0].FrameOfReferenceTransformationMatrix
    after = np.array([float(number) for number in numbers]).reshape(4, 4)
    expected = transform.map_points(points)
    assert np.abs(moved @ after[:3, :3].T + after[:3, 3] - expected).max() < 0.3


@pytest.mark.parametrize("transform", [turned(11.0, (12.5, -7.25, 85.0)), bent()], ids=["rigid", "deformable"])
@pytest.mark.skipif(shutil.which("dciodvfy") is None, reason="dicom3tools is not installed")
def test_the_validator_has_nothing_against_it(transform: PointTransform, tmp_path: Path) -> None:
    data, _ = read(transform)
    (tmp_path / "reg.dcm").write_bytes(data)
    said = subprocess.run(
        [str(shutil.which("dciodvfy")), str(tmp_path / "reg.dcm")], capture_output=True, text=True, check=False
    )
    assert [line for line in said.stderr.splitlines() if line.startswith("Error")] == []


def test_one_frame_of_reference_for_both_is_refused() -> None:
    with pytest.raises(ReportRefused, match="two frames of reference"):
        spatial_registration(turned(1.0, (0.0, 0.0, 0.0)), side(2, "1.9.1"), side(1, "1.9.1"))
