"""A volume seen as a whole, through VTK's ray casting: on the processor, or on a GPU that the probe trusts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from vtkmodules.util.numpy_support import numpy_to_vtk, vtk_to_numpy
from vtkmodules.vtkCommonCore import vtkDataArray, vtkLogger, vtkUnsignedCharArray
from vtkmodules.vtkCommonDataModel import vtkImageData, vtkPiecewiseFunction
from vtkmodules.vtkCommonMath import vtkMatrix4x4
from vtkmodules.vtkRenderingCore import (
    vtkColorTransferFunction,
    vtkRenderer,
    vtkRenderWindow,
    vtkVolume,
    vtkVolumeProperty,
)
from vtkmodules.vtkRenderingVolume import (
    vtkFixedPointVolumeRayCastMapper,
    vtkGPUVolumeRayCastMapper,
)

import vtkmodules.vtkRenderingOpenGL2  # isort: skip
import vtkmodules.vtkRenderingVolumeOpenGL2  # isort: skip  # noqa: F401 - registers the mappers

from compare.reformat.even_volume import thinned
from compare.reformat.sampled_volume import SampledVolume
from compare.viewing.volume_presets import VolumePreset
from loaders.model.display import Window
from viewer.rendering.choose_renderer import GlKind, probe_gl

_as_vtk: Callable[[NDArray[Any]], vtkDataArray] = numpy_to_vtk
_as_numpy: Callable[[vtkDataArray], NDArray[Any]] = vtk_to_numpy

#: Ray casting on the processor keeps three bytes of gradients a voxel; beyond this many every second voxel is taken.
MOST_VOXELS = 96_000_000
#: One ray for so many pixels squared while moving.
_COARSE_RAYS = 4.0
_MARGIN = 1.04


@dataclass(frozen=True, slots=True)
class VolumeView:
    """From where a volume is seen, by parallel light.

    ``azimuth_degrees`` 0 is from the front, 90 from the patient's left, 180 from behind; ``elevation_degrees`` rises
    towards the head.
    """

    azimuth_degrees: float = 0.0
    elevation_degrees: float = 0.0

    @property
    def towards_viewer_lps(self) -> NDArray[np.float64]:
        """Unit vector from the volume to the eye."""
        azimuth, elevation = np.radians(self.azimuth_degrees), np.radians(self.elevation_degrees)
        return np.array((np.cos(elevation) * np.sin(azimuth), -np.cos(elevation) * np.cos(azimuth), np.sin(elevation)))

    @property
    def up_lps(self) -> NDArray[np.float64]:
        """Unit vector that is up in the picture: towards the head, and over the poles what continues it."""
        azimuth, elevation = np.radians(self.azimuth_degrees), np.radians(self.elevation_degrees)
        return np.array((-np.sin(elevation) * np.sin(azimuth), np.sin(elevation) * np.cos(azimuth), np.cos(elevation)))


class VolumeRenderer:
    """Draws one volume. One thread's own, as its context is. Raises nothing where OpenGL is software only."""

    def __init__(self, *, uses_gpu: bool | None = None) -> None:
        """``uses_gpu`` ``None``: asks the probe, which starts a process and waits for it."""
        # VTK says on standard error which window systems it does without.
        verbosity = vtkLogger.GetCurrentVerbosityCutoff()
        vtkLogger.SetStderrVerbosity(vtkLogger.VERBOSITY_OFF)
        try:
            self._window = vtkRenderWindow()
            self._window.SetOffScreenRendering(1)
            self._window.SetMultiSamples(0)
            self._window.SetSize(16, 16)
            self._renderer = vtkRenderer()
            self._window.AddRenderer(self._renderer)
            self._window.Initialize()
        finally:
            vtkLogger.SetStderrVerbosity(verbosity)
        self.uses_gpu = probe_gl().kind is GlKind.HARDWARE if uses_gpu is None else uses_gpu
        self._mapper: vtkGPUVolumeRayCastMapper | vtkFixedPointVolumeRayCastMapper | None = None
        self._volume = vtkVolume()
        self._renderer.AddVolume(self._volume)
        self._shown: SampledVolume | None = None
        self.stride = 1

    def render(
        self,
        sampled: SampledVolume,
        preset: VolumePreset,
        view: VolumeView,
        *,
        width: int,
        height: int,
        window: Window | None = None,
        is_coarse: bool = False,
    ) -> NDArray[np.uint8]:
        """Return the picture, (height, width, 3). ``window`` gives a preset without a unit its values.

        :attr:`stride` says afterwards at which part of the resolution it was drawn (1: in full). Uneven stacks must
        have been brought to an even grid: raises ``ValueError``.
        """
        if not sampled.grid.is_even:
            raise ValueError("an uneven stack has no grid to cast rays through")
        mapper = self._mapper
        if mapper is None or self._shown is not sampled:
            mapper = self._show(sampled)
        self._volume.SetProperty(_property(sampled, preset, window))
        if preset.is_highest:
            mapper.SetBlendModeToMaximumIntensity()
        else:
            mapper.SetBlendModeToComposite()
        mapper.SetImageSampleDistance(_COARSE_RAYS if is_coarse else 1.0)
        self._window.SetSize(width, height)
        self._look(sampled, view, width / height)
        self._window.Render()
        pixels = vtkUnsignedCharArray()
        self._window.GetPixelData(0, 0, width - 1, height - 1, 0, pixels, 0)
        picture = _as_numpy(pixels).reshape(height, width, 3)
        return np.ascontiguousarray(picture[::-1])

    def _show(self, sampled: SampledVolume) -> vtkGPUVolumeRayCastMapper | vtkFixedPointVolumeRayCastMapper:
        whole, (sampled, self.stride) = sampled, thinned(sampled, MOST_VOXELS)
        array = np.ascontiguousarray(sampled.array)
        spacing = np.asarray(sampled.grid.spacing_mm_zyx[::-1])
        image = vtkImageData()
        image.SetDimensions(*array.shape[::-1])
        image.SetSpacing(*spacing)
        image.GetPointData().SetScalars(_as_vtk(array.reshape(-1)))
        mapper = vtkGPUVolumeRayCastMapper() if self.uses_gpu else vtkFixedPointVolumeRayCastMapper()
        mapper.SetAutoAdjustSampleDistances(0)
        mapper.SetSampleDistance(float(spacing.min()) / (2.0 if self.uses_gpu else 1.0))
        mapper.SetInputDataObject(image)
        self._volume.SetMapper(mapper)
        self._volume.SetUserMatrix(_placing(sampled))
        self._shown, self._mapper = whole, mapper
        return mapper

    def _look(self, sampled: SampledVolume, view: VolumeView, aspect: float) -> None:
        centre = np.asarray(sampled.grid.centre_lps_mm)
        corners = sampled.grid.corners_lps_mm() - centre
        reach = float(np.linalg.norm(corners, axis=1).max())
        # The scale stays while turning about the body's axis: as if the volume were its own turning circle.
        across = float(np.linalg.norm(corners[:, :2], axis=1).max())
        tall = abs(np.cos(np.radians(view.elevation_degrees))) * float(np.abs(corners[:, 2]).max())
        tall += abs(np.sin(np.radians(view.elevation_degrees))) * across
        camera = self._renderer.GetActiveCamera()
        camera.SetParallelProjection(1)
        camera.SetFocalPoint(*centre)
        camera.SetPosition(*(centre + 3.0 * reach * view.towards_viewer_lps))
        camera.SetViewUp(*view.up_lps)
        camera.SetParallelScale(_MARGIN * max(tall, across / aspect))
        camera.SetClippingRange(reach, 5.0 * reach)

    def close(self) -> None:
        """Let go of volume and context."""
        self._renderer.RemoveVolume(self._volume)
        self._shown = None
        self._window.Finalize()


def _placing(sampled: SampledVolume) -> vtkMatrix4x4:
    """The map from a grid that is square in itself to the patient, the shear of a tilted gantry included."""
    affine = sampled.grid.index_to_lps.copy()
    affine[:3, :3] /= np.asarray(sampled.grid.spacing_mm_zyx[::-1])
    matrix = vtkMatrix4x4()
    matrix.DeepCopy(affine.reshape(-1).tolist())
    return matrix


def _property(sampled: SampledVolume, preset: VolumePreset, window: Window | None) -> vtkVolumeProperty:
    def stored(value: float) -> float:
        if preset.unit is None:
            if window is None:
                raise ValueError(f"the preset {preset.code} needs a window")
            value = window.center + (value - 0.5) * window.width
        return (value - sampled.intercept) / sampled.slope

    opacity, colour = vtkPiecewiseFunction(), vtkColorTransferFunction()
    for value, amount in preset.opacity:
        opacity.AddPoint(stored(value), amount)
    for value, red, green, blue in preset.colour:
        colour.AddRGBPoint(stored(value), red, green, blue)
    made = vtkVolumeProperty()
    made.SetScalarOpacity(opacity)
    made.SetScalarOpacityUnitDistance(1.0)
    made.SetColor(colour)
    made.SetInterpolationTypeToLinear()
    if preset.is_shaded:
        made.ShadeOn()
        made.SetAmbient(0.25)
        made.SetDiffuse(0.75)
        made.SetSpecular(0.2)
        made.SetSpecularPower(12.0)
    return made
