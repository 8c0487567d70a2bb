"""Transforms as files that SimpleITK, Slicer and elastix read (HDF5).

Direction: the file's transform maps points of the *current* to the *prior*, LPS mm, as ITK resampling wants it (fixed =
current, moving = prior). A deformable one is a composite: first the B-spline, in the current's space, then the rigid
part. Inside the body's box the file and :class:`DeformableTransform` are the same function; beyond it ITK's B-spline
is zero where ours keeps its border value.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import SimpleITK

from compare.linking.frame_graph import PointTransform, RigidTransform
from compare.registration.free_form import SplineField
from compare.registration.transforms import DeformableTransform
from loaders.errors import WorldError


def itk_transform(transform: PointTransform) -> SimpleITK.Transform:
    """Return the SimpleITK form of a rigid or deformable current-to-prior transform."""
    if isinstance(transform, RigidTransform):
        return _rigid(transform)
    if isinstance(transform, DeformableTransform):
        # A composite applies its last member first.
        return SimpleITK.CompositeTransform([_rigid(transform.rigid), _spline(transform.field)])
    raise TypeError(f"no file form for {type(transform).__name__}")


def write_transform(transform: PointTransform, path: Path) -> None:
    """Write as HDF5; the suffix must be .h5 or .hdf5. Raises ``OSError``."""
    try:
        SimpleITK.WriteTransform(itk_transform(transform), str(path))
    except RuntimeError as error:
        raise OSError(f"cannot write the transform to {path}") from error


class TransformUnreadable(WorldError):
    """A file holds no transform that can be used."""

    code = "transform_unreadable"


def read_rigid_transform(path: Path) -> RigidTransform:
    """Return the rigid transform of a file, from the points of the fixed image to those of the moving one, LPS mm.

    Raises :class:`TransformUnreadable` where there is none, or one that bends, shears or scales.
    """
    try:
        read = SimpleITK.ReadTransform(str(path))
    except RuntimeError as error:
        raise TransformUnreadable(f"{path.name} is no transform that can be read") from error
    if not read.IsLinear():
        raise TransformUnreadable(f"{path.name} holds a transform that bends; only a rigid one carries planes")
    corners = np.vstack((np.zeros(3), np.eye(3)))
    found = np.asarray([read.TransformPoint(point.tolist()) for point in corners])
    matrix = np.eye(4)
    matrix[:3, :3] = (found[1:] - found[0]).T
    matrix[:3, 3] = found[0]
    try:
        return RigidTransform(matrix)
    except ValueError as error:
        raise TransformUnreadable(f"{path.name} holds a transform that scales, shears or mirrors") from error


def _rigid(transform: RigidTransform) -> SimpleITK.Transform:
    rigid = SimpleITK.AffineTransform(3)
    rigid.SetMatrix(transform.matrix[:3, :3].ravel().tolist())
    rigid.SetTranslation(transform.matrix[:3, 3].tolist())
    return rigid


def _spline(field: SplineField) -> SimpleITK.Transform:
    steps = [axis.step * field.grid.spacing_mm for axis in field.splines.axes][::-1]
    mesh = [axis.nodes - 3 for axis in field.splines.axes][::-1]
    spline = SimpleITK.BSplineTransform(3, 3)
    spline.SetTransformDomainOrigin(np.asarray(field.grid.origin_lps_mm).tolist())
    spline.SetTransformDomainDirection(field.grid.axes_lps.ravel().tolist())
    spline.SetTransformDomainPhysicalDimensions([step * cells for step, cells in zip(steps, mesh, strict=True)])
    spline.SetTransformDomainMeshSize(mesh)
    turned = np.tensordot(field.grid.axes_lps, field.nodes.astype(np.float64), (1, 0))
    spline.SetParameters(turned.ravel().tolist())
    return spline
