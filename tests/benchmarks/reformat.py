"""Planes and slabs through 1000 x 512 x 512 x 16 bit, beside VTK's own reslice mapper and SimpleITK, on the processor.

A frame here is the finished grey picture in memory: sampling and window. Painting it adds what ``view`` measures.
"""

from __future__ import annotations

import importlib
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from vtkmodules.util.numpy_support import numpy_to_vtk
from vtkmodules.vtkCommonDataModel import vtkImageData, vtkPlane
from vtkmodules.vtkRenderingCore import vtkImageSlice, vtkRenderer, vtkRenderWindow
from vtkmodules.vtkRenderingImage import vtkImageResliceMapper

import vtkmodules.vtkRenderingOpenGL2  # isort: skip  # noqa: F401 - registers the windows

from compare.reformat.plane import ReformatPlane, SlabMode, anatomical_plane
from compare.reformat.sampled_volume import SampledVolume
from compare.reformat.stack_grid import StackGrid
from loaders.model.display import Window
from tests.benchmarks.row import Row, absolute, beside
from tests.support.pictures import make_stack
from viewer.rendering.plane_picture import grey_of_values
from viewer.rendering.plane_sampler import PlaneSampler

SIDE = 900
_SPACING = (0.6, 0.7, 0.7)
_FRAMES = 40
_PEER_FRAMES = 7
_SLAB_MM = 20.0
_WINDOW = Window(40.0, 400.0)
_as_vtk: Callable[[NDArray[Any]], Any] = numpy_to_vtk


def workload(slices: int = 1000) -> SampledVolume:
    """CT-like noise that differs from slice to slice."""
    base = np.random.default_rng(1).normal(0.0, 300.0, (512, 512)).astype(np.int16)
    stored = np.empty((slices, 512, 512), dtype=np.int16)
    for index in range(slices):
        stored[index] = np.roll(base, index * 7, axis=1)
    affine = np.diag([*_SPACING[::-1], 1.0])
    return SampledVolume(StackGrid((slices, 512, 512), _SPACING, affine, "1", (0.0, 0.0, 1.0)), stored)


def oblique(whole: SampledVolume, index: int) -> ReformatPlane:
    """The plane of one step of a drag: turned by a little more each time."""
    centre = whole.grid.centre_lps_mm
    plane = anatomical_plane("axial", centre, width=SIDE, height=SIDE, mm_per_pixel=0.5)
    return plane.turned((1.0, 0.3, 0.0), 20.0 + 1.1 * index, centre)


def times_ms(work: Callable[[int], object], count: int) -> NDArray[np.float64]:
    """Milliseconds of each of ``count`` steps, after one that is not counted."""
    work(0)
    found = []
    for index in range(count):
        started = time.perf_counter()
        work(index)
        found.append((time.perf_counter() - started) * 1e3)
    return np.asarray(found)


def p95(work: Callable[[int], object], count: int = _FRAMES) -> float:
    """The 95th percentile of the steps' times in milliseconds."""
    return float(np.percentile(times_ms(work, count), 95))


def rows() -> list[Row]:
    """Return the rows of the reformatting part."""
    whole, sampler = workload(), PlaneSampler()
    frame = make_stack(slices=1).frames[0]

    def picture(index: int, **change: Any) -> NDArray[np.uint8]:
        is_coarse = bool(change.pop("is_coarse", False))
        plane = replace(oblique(whole, index), **change)
        values = sampler.sample(whole, plane, is_coarse=is_coarse, step_mm=whole.grid.finest_mm)
        return grey_of_values(values, frame, _WINDOW)

    name = f"oblique MPR {SIDE}x{SIDE}"
    moving = p95(lambda index: picture(index, is_coarse=True))
    found = [
        absolute(f"{name} while dragged, p95", moving, "ms", 50.0, note="every second pixel; to the finished picture"),
        beside(f"{name} exact, p95", p95(picture), "ms", "SimpleITK resample of the same plane", _simpleitk_ms(whole)),
    ]
    mapper_ms = _reslice_mapper_ms(whole)
    peer = "vtkImageResliceMapper, same slab, off-screen"
    for mode in SlabMode:
        slab = p95(lambda index, mode=mode: picture(index, slab_mm=_SLAB_MM, mode=mode, is_coarse=True))  # type: ignore[misc]
        label = f"{_SLAB_MM:g} mm {mode.value} slab {SIDE}x{SIDE} while moving, p95"
        goal = 0.2 if mode is SlabMode.MIP else None
        found.append(
            beside(label, slab, "ms", peer, mapper_ms, at_most=goal, note="every second pixel, nearest voxels")
        )
    still = float(np.median(times_ms(lambda index: picture(index, slab_mm=_SLAB_MM), _PEER_FRAMES)))
    found.append(beside(f"{_SLAB_MM:g} mm mip slab {SIDE}x{SIDE} when still, median", still, "ms", peer, mapper_ms))
    sampler.close()
    return found


def _simpleitk_ms(whole: SampledVolume) -> float:
    simple_itk: Any = importlib.import_module("SimpleITK")
    image = simple_itk.GetImageFromArray(whole.array)
    image.SetSpacing(_SPACING[::-1])

    def resample(index: int) -> object:
        plane = oblique(whole, index)
        target = simple_itk.Image(SIDE, SIDE, 1, simple_itk.sitkFloat32)
        target.SetOrigin(plane.origin_lps_mm)
        target.SetSpacing((plane.mm_per_pixel, plane.mm_per_pixel, 1.0))
        axes = np.stack([plane.right_lps, plane.down_lps, plane.normal_lps], axis=1)
        target.SetDirection(axes.reshape(-1).tolist())
        return simple_itk.Resample(image, target, simple_itk.Transform(), simple_itk.sitkLinear, 0.0)

    return p95(resample, 2 * _PEER_FRAMES)


def _reslice_mapper_ms(whole: SampledVolume) -> float:
    image = vtkImageData()
    image.SetDimensions(*whole.array.shape[::-1])
    image.SetSpacing(*_SPACING[::-1])
    image.GetPointData().SetScalars(_as_vtk(whole.array.reshape(-1)))
    mapper, plane = vtkImageResliceMapper(), vtkPlane()
    mapper.SetInputData(image)
    mapper.SetSlicePlane(plane)
    mapper.SetSlabThickness(_SLAB_MM)
    mapper.SetSlabTypeToMax()
    mapper.SliceFacesCameraOff()
    shown = vtkImageSlice()
    shown.SetMapper(mapper)
    shown.GetProperty().SetColorLevel(_WINDOW.center)
    shown.GetProperty().SetColorWindow(_WINDOW.width)
    renderer, window = vtkRenderer(), vtkRenderWindow()
    window.SetOffScreenRendering(1)
    window.SetMultiSamples(0)
    window.SetSize(SIDE, SIDE)
    window.AddRenderer(renderer)
    renderer.AddViewProp(shown)
    camera = renderer.GetActiveCamera()
    camera.SetParallelProjection(1)
    camera.SetParallelScale(SIDE * 0.5 / 2.0)

    def draw(index: int) -> None:
        wanted = oblique(whole, index)
        centre, normal = np.asarray(wanted.centre_lps_mm), np.asarray(wanted.normal_lps)
        plane.SetOrigin(*centre)
        plane.SetNormal(*normal)
        camera.SetFocalPoint(*centre)
        camera.SetPosition(*(centre - 1000.0 * normal))
        camera.SetViewUp(*(-np.asarray(wanted.down_lps)))
        camera.SetClippingRange(500.0, 1500.0)
        window.Render()
        window.WaitForCompletion()

    found = p95(draw, _PEER_FRAMES)
    window.Finalize()
    return found
