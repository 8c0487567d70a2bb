"""Values on a plane or through a slab, fast: VTK's multi-threaded reslice over the volume's own memory.

No copy is made and no GPU is needed. It works in index space, where a sheared grid is an ordinary one: the plane is
carried there by one affine map. Uneven grids, which are none, go to :func:`compare.reformat.sampling.sample_plane`,
which is also the oracle of the tests.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from vtkmodules.util.numpy_support import numpy_to_vtk, vtk_to_numpy
from vtkmodules.util.vtkConstants import VTK_FLOAT
from vtkmodules.vtkCommonCore import vtkDataArray
from vtkmodules.vtkCommonDataModel import vtkImageData
from vtkmodules.vtkCommonMath import vtkMatrix4x4
from vtkmodules.vtkImagingCore import vtkImageReslice

from compare.reformat.plane import ReformatPlane, SlabMode
from compare.reformat.sampled_volume import SampledVolume
from compare.reformat.sampling import highest_is_highest, inside, plane_indices, present, sample_plane

# VTK's own bridge to numpy carries no types. It shares memory with the array and keeps it alive.
_as_vtk: Callable[[NDArray[Any]], vtkDataArray] = numpy_to_vtk
_as_numpy: Callable[[vtkDataArray], NDArray[Any]] = vtk_to_numpy

#: Volumes whose VTK image is kept: prior and current with a PET each.
_KEPT = 4
#: While moving a slab is sampled at whole voxels, and pixels are this many times larger.
COARSE_FACTOR = 2


@dataclass(slots=True)
class _Kept:
    sampled: SampledVolume
    image: vtkImageData
    reslice: vtkImageReslice


class PlaneSampler:
    """Samples planes of volumes. Not thread-safe: one thread's own."""

    def __init__(self) -> None:
        self._kept: OrderedDict[int, _Kept] = OrderedDict()

    def sample(
        self, sampled: SampledVolume, plane: ReformatPlane, *, is_coarse: bool = False, step_mm: float | None = None
    ) -> NDArray[np.float32]:
        """Return the values on a plane, (height, width) float32, NaN where there is no voxel.

        As :func:`compare.reformat.sampling.sample_plane`, within rounding; ``step_mm`` is the distance of samples
        through a slab. ``is_coarse``, for a picture while moving, takes every second pixel and, in a slab, the nearest
        voxels; its pixels are repeated to the same raster.
        """
        if is_coarse:
            return self._coarse(sampled, plane)
        if not sampled.grid.is_even:
            return sample_plane(sampled, plane, step_mm=step_mm)
        return self._resliced(sampled, plane, step_mm=step_mm or sampled.grid.finest_mm / 2.0, is_linear=True)

    def _coarse(self, sampled: SampledVolume, plane: ReformatPlane) -> NDArray[np.float32]:
        reduced = plane.reduced(COARSE_FACTOR)
        if sampled.grid.is_even:
            is_slab = plane.slab_mm > 0.0
            values = self._resliced(sampled, reduced, step_mm=sampled.grid.finest_mm, is_linear=not is_slab)
        else:
            values = sample_plane(sampled, reduced, step_mm=2.0 * sampled.grid.finest_mm)
        enlarged = values.repeat(COARSE_FACTOR, axis=0).repeat(COARSE_FACTOR, axis=1)
        return np.ascontiguousarray(enlarged[: plane.height, : plane.width])

    def _resliced(
        self, sampled: SampledVolume, plane: ReformatPlane, *, step_mm: float, is_linear: bool
    ) -> NDArray[np.float32]:
        reslice = self._of(sampled).reslice
        reslice.SetResliceAxes(_index_axes(sampled, plane))
        reslice.SetOutputExtent(0, plane.width - 1, 0, plane.height - 1, 0, 0)
        if is_linear:
            reslice.SetInterpolationModeToLinear()
        else:
            reslice.SetInterpolationModeToNearestNeighbor()
        offsets = plane.slab_offsets_mm(step_mm)
        reslice.SetSlabNumberOfSlices(len(offsets))
        reslice.SetSlabSliceSpacingFraction(float(offsets[1] - offsets[0]) if len(offsets) > 1 else 1.0)
        _set_mode(reslice, highest_is_highest(plane.mode, sampled.slope))
        reslice.Update()
        scalars = _as_numpy(reslice.GetOutput().GetPointData().GetScalars())
        values: NDArray[np.float32] = scalars.reshape(plane.height, plane.width).copy()
        if sampled.slope != 1.0:
            values *= np.float32(sampled.slope)
        if sampled.intercept != 0.0:
            values += np.float32(sampled.intercept)
        if sampled.absent is not None:
            _blank_absent(values, sampled, plane)
        return values

    def _of(self, sampled: SampledVolume) -> _Kept:
        known = self._kept.get(id(sampled.array))
        if known is not None and known.sampled.array is sampled.array:
            self._kept.move_to_end(id(sampled.array))
            return known
        kept = _Kept(sampled, *_pipeline(sampled))
        self._kept[id(sampled.array)] = kept
        while len(self._kept) > _KEPT:
            self._kept.popitem(last=False)
        return kept

    def arrived(self, sampled: SampledVolume) -> None:
        """Say that frames of the volume have come in since the last picture."""
        known = self._kept.get(id(sampled.array))
        if known is not None:
            known.image.Modified()

    def close(self) -> None:
        """Forget all volumes."""
        self._kept.clear()


def _pipeline(sampled: SampledVolume) -> tuple[vtkImageData, vtkImageReslice]:
    depth, rows, columns = sampled.array.shape
    image = vtkImageData()
    image.SetDimensions(columns, rows, depth)
    image.GetPointData().SetScalars(_as_vtk(sampled.array.reshape(-1)))
    reslice = vtkImageReslice()
    reslice.SetInputData(image)
    reslice.SetOutputDimensionality(2)
    reslice.SetOutputSpacing(1.0, 1.0, 1.0)
    reslice.SetOutputOrigin(0.0, 0.0, 0.0)
    reslice.SetOutputScalarType(VTK_FLOAT)
    reslice.SetBackgroundLevel(float("nan"))
    reslice.SetBorder(1)
    reslice.SetSlabTrapezoidIntegration(1)
    return image, reslice


def _index_axes(sampled: SampledVolume, plane: ReformatPlane) -> vtkMatrix4x4:
    """The map from (column, row, mm along the normal) of the raster to (x, y, z) indices of the volume."""
    raster: NDArray[np.float64] = np.eye(4, dtype=np.float64)
    raster[:3, 0] = np.asarray(plane.right_lps) * plane.mm_per_pixel
    raster[:3, 1] = np.asarray(plane.down_lps) * plane.mm_per_pixel
    raster[:3, 2] = plane.normal_lps
    raster[:3, 3] = plane.origin_lps_mm
    matrix = sampled.grid.lps_to_index @ raster
    # A coordinate that is whole but for rounding must not fall beyond the outermost voxel.
    whole = np.rint(matrix * 1e9) / 1e9
    axes = vtkMatrix4x4()
    axes.DeepCopy(whole.reshape(-1).tolist())
    return axes


def _set_mode(reslice: vtkImageReslice, mode: SlabMode) -> None:
    if mode is SlabMode.MIP:
        reslice.SetSlabModeToMax()
    elif mode is SlabMode.MINIP:
        reslice.SetSlabModeToMin()
    else:
        reslice.SetSlabModeToMean()


def _blank_absent(values: NDArray[np.float32], sampled: SampledVolume, plane: ReformatPlane) -> None:
    """Blank pixels whose voxels, anywhere through the slab, are not in memory: what is not there is not air."""
    assert sampled.absent is not None  # noqa: S101 - the caller asked
    for offset in {0.0, *(float(each) for each in plane.slab_offsets_mm(max(sampled.grid.spacing_mm_zyx)))}:
        indices = plane_indices(sampled.grid, plane.moved(offset))
        is_blank = inside(sampled.grid, indices) & ~present(sampled.absent, indices[..., 2])
        values[is_blank] = np.nan
