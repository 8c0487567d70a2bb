"""A chest radiograph of the same anatomy: attenuation summed along every ray of a diverging beam.

The sum is what a detector measures after the logarithm; a processing step as in every digital system then narrows the
range between the lungs and what lies between them, so that both can be seen at one window.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from loaders.demo_patient.examinations import Examination, XrayPlan
from loaders.demo_patient.grids import BeamGrid
from loaders.demo_patient.noise import NoiseField, NoiseSpectrum
from loaders.demo_patient.profiles import Floats
from loaders.demo_patient.scene import Scene
from loaders.progress import CancelToken

#: Linear attenuation of water at the beam's mean energy (about 60 keV), per mm.
WATER_PER_MM = 0.0206
#: Depth of the space that is summed, in front of and behind the anatomy's origin.
_FRONT_MM, _BACK_MM = -134.0, 134.0
_MIDDLE_Z_MM = 152.0
_NOISE_SD, _NOISE_ROLL_OFF = 9.0, 1.6


def patient_to_detector_mm() -> float:
    """Distance from the middle of the patient to the detector."""
    return -_FRONT_MM


def beam_grid(examination: Examination) -> BeamGrid:
    """The rays of a radiograph, as planes from the detector backwards."""
    plan = examination.plan
    if not isinstance(plan, XrayPlan):
        raise TypeError(f"{examination.name} is not a radiograph")
    planes = int(np.ceil((_BACK_MM - _FRONT_MM) / plan.plane_mm))
    return BeamGrid(
        (0.0, _FRONT_MM, _MIDDLE_Z_MM), plan.source_to_detector_mm, plan.plane_mm, plan.detector_mm,
        (planes, plan.rows, plan.columns),
    )  # fmt: skip


def relative_attenuation(hu: Floats) -> Floats:
    """Attenuation over that of water; bone attenuates more at a radiograph's energy than its CT number says."""
    mu = np.maximum(np.float32(1.0) + hu * np.float32(1e-3), np.float32(0.0))
    result: Floats = mu + np.float32(0.9) * np.maximum(hu - np.float32(160.0), np.float32(0.0)) * np.float32(1e-3)
    return result


def line_integrals(examination: Examination, cancel: CancelToken) -> Floats:
    """Water-equivalent path of every ray in mm, shape (rows, columns). Memory: a few planes."""
    plan = examination.plan
    grid = beam_grid(examination)
    if not isinstance(plan, XrayPlan):
        raise TypeError(f"{examination.name} is not a radiograph")
    scene = Scene(grid, examination.motion, plan.sigma_mm, is_current=examination.is_current)
    total = np.zeros(grid.shape[1:], dtype=np.float32)
    for plane in range(grid.shape[0]):
        cancel.raise_if_cancelled()
        total += relative_attenuation(scene.paint_plane(plane))
    path: Floats = total * grid.path_mm()
    return path


def _smoothed(picture: Floats, sigma_pixels: float) -> Floats:
    """Gaussian low pass with the border repeated, so that the edges do not darken."""
    pad = int(3 * sigma_pixels)
    wide = np.pad(picture, pad, mode="edge")
    fy = np.fft.fftfreq(wide.shape[0])[:, None]
    fx = np.fft.rfftfreq(wide.shape[1])[None, :]
    gain = np.exp(-2.0 * (np.pi * sigma_pixels) ** 2 * (fx * fx + fy * fy)).astype(np.float32)
    low = np.fft.irfft2(np.fft.rfft2(wide) * gain, s=wide.shape)
    rows, columns = picture.shape
    smooth: Floats = low[pad : pad + rows, pad : pad + columns].astype(np.float32)
    return smooth


def developed(path_mm: Floats, examination: Examination) -> NDArray[np.uint16]:
    """The processed picture, 12 bit, dense tissue bright, shape (rows, columns)."""
    plan = examination.plan
    if not isinstance(plan, XrayPlan):
        raise TypeError(f"{examination.name} is not a radiograph")
    density = np.sqrt(np.maximum(path_mm, 0.0) * np.float32(WATER_PER_MM) + np.float32(0.05))
    broad = _smoothed(density, 34.0 / plan.detector_mm)
    near = _smoothed(density, 5.0 / plan.detector_mm)
    equal = density - np.float32(0.55) * broad + np.float32(0.6) * (density - near)
    inside = path_mm > 20.0
    low, high = np.quantile(equal[inside], (0.005, 0.995)) if inside.any() else (0.0, 1.0)
    tone = np.clip((equal - np.float32(low)) / np.float32(high - low), -0.12, 1.15) * np.float32(0.78) + np.float32(
        0.12
    )
    tone = np.where(inside, tone, np.minimum(tone, np.float32(0.02) + np.float32(0.004) * path_mm))
    spectrum = NoiseSpectrum(_NOISE_SD, _NOISE_ROLL_OFF)
    noise = NoiseField(spectrum.gain(tone.shape, plan.detector_mm), tone.shape, examination.seed).plane(0)
    result: NDArray[np.uint16] = np.clip(np.rint(tone * np.float32(4095.0) + noise), 0, 4095).astype(np.uint16)
    return result
