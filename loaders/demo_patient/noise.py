"""Image noise with an asked standard deviation and spectrum, the same for the same seed."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from loaders.demo_patient.profiles import Floats


@dataclass(frozen=True, slots=True)
class NoiseSpectrum:
    """Noise of a filtered back projection: a ramp times a Gaussian roll-off.

    The power spectrum is proportional to ``f * exp(-(f / roll_off)**2)`` with the radial frequency f in cycles per mm,
    plus a floor of one fiftieth of its peak so that no frequency is empty; its peak lies at ``roll_off / sqrt(2)``.
    ``sd_hu`` is the standard deviation of the whole spectrum that the pixel grid can hold.
    """

    sd_hu: float
    roll_off_per_mm: float

    @property
    def peak_per_mm(self) -> float:
        """Frequency of the greatest power, in cycles per mm."""
        return float(self.roll_off_per_mm / np.sqrt(2.0))

    def power(self, frequency_per_mm: Floats) -> Floats:
        """Relative power at radial frequencies in cycles per mm; 1 at the peak."""
        t = frequency_per_mm / np.float32(self.roll_off_per_mm)
        ramp = np.float32(np.sqrt(2.0) * np.exp(0.5)) * t * np.exp(-t * t)
        power: Floats = ramp + np.float32(0.02)
        return power

    def gain(self, shape: tuple[int, int], pixel_mm: float) -> Floats:
        """Gain on the real transform of white noise of unit variance, shape (rows, columns // 2 + 1)."""
        rows, columns = shape
        fy = np.fft.fftfreq(rows, pixel_mm).astype(np.float32)[:, None]
        fx = np.fft.rfftfreq(columns, pixel_mm).astype(np.float32)[None, :]
        power = self.power(np.sqrt(fx * fx + fy * fy))
        whole = self.power(np.sqrt(np.fft.fftfreq(columns, pixel_mm).astype(np.float32)[None, :] ** 2 + fy * fy))
        gain: Floats = (self.sd_hu * np.sqrt(power / whole.mean())).astype(np.float32)
        return gain


@dataclass(frozen=True, slots=True)
class NoiseField:
    """Independent noise planes: plane n is the same whenever it is asked for."""

    gain: Floats
    shape: tuple[int, int]
    seed: int

    def plane(self, number: int) -> Floats:
        """Noise of one plane in HU, shape (rows, columns)."""
        random = np.random.Generator(np.random.PCG64([self.seed, number + 1_000_000]))
        white = random.standard_normal(self.shape, dtype=np.float32)
        field: Floats = np.fft.irfft2(np.fft.rfft2(white) * self.gain, s=self.shape).astype(np.float32, copy=False)
        return field
