"""Fusion of a 300-slice CT with its PET in nine planes, and the turning projection, on the processor.

The whole of a step is measured: three planes through both volumes at 300 x 300 pixels each, their windows and blends.
"""

from __future__ import annotations

import time

import numpy as np
from numpy.typing import NDArray

from compare.reformat.plane import anatomical_plane
from compare.reformat.sampled_volume import SampledVolume
from compare.reformat.stack_grid import StackGrid
from loaders.model.display import Window
from loaders.model.frame_plane import Vector3
from tests.benchmarks.reformat import p95
from tests.benchmarks.row import Row, absolute
from tests.support.pictures import make_stack
from viewer.rendering.colour_maps import coloured
from viewer.rendering.fusion import FusionLook, fused
from viewer.rendering.plane_picture import grey_of_values
from viewer.rendering.plane_sampler import PlaneSampler
from viewer.rendering.rotating_mip import TurningProjections

_CT_SPACING, _PET_SPACING = (3.0, 0.98, 0.98), (3.0, 4.07, 4.07)
_SIDE = 300
_STEPS = 60


def rows() -> list[Row]:
    """Return the rows of the PET part."""
    generator = np.random.default_rng(2)
    ct = _volume(generator.normal(0.0, 300.0, (300, 512, 512)).astype(np.int16), _CT_SPACING)
    pet = _volume(generator.gamma(1.0, 1.0, (300, 168, 168)).astype(np.float32), _PET_SPACING)
    frame = make_stack(slices=1).frames[0]
    look, window, sampler = FusionLook(0.0, 5.0, 0.5), Window(40.0, 400.0), PlaneSampler()
    uptake_window = Window(2.5, 5.0)

    def step(index: int) -> list[NDArray[np.uint8]]:
        centre = np.asarray(ct.grid.centre_lps_mm) + 0.7 * index
        point: Vector3 = (float(centre[0]), float(centre[1]), float(centre[2]))
        pictures = []
        for name in ("axial", "coronal", "sagittal"):
            plane = anatomical_plane(name, point, width=_SIDE, height=_SIDE, mm_per_pixel=1.6)
            anatomy, uptake = sampler.sample(ct, plane), sampler.sample(pet, plane)
            grey = grey_of_values(anatomy, frame, window)
            hot = coloured(grey_of_values(uptake, frame, uptake_window, is_inverted=True), "grey")
            pictures += [grey, hot, fused(grey, uptake, look)]
        return pictures

    drag = p95(step, _STEPS)
    started = time.perf_counter()
    projections = TurningProjections(pet)
    while not projections.is_complete:
        projections.work(12.0)
    made_s = time.perf_counter() - started
    count = len(projections.planes)
    made = [values for values in projections.values if values is not None]
    turn = p95(lambda index: grey_of_values(made[index % count], frame, uptake_window), _STEPS)
    sampler.close()
    once = Row(
        f"{count} projections of 300x168x168 computed once", float(f"{made_s:.3g}"), "s", note="in pieces of 12 ms"
    )
    return [
        absolute("fused 3x3, drag of the crosshair, p95", drag, "ms", 80.0, note="exact while moving"),
        absolute("turning projection, one step, p95", turn, "ms", 1000.0 / 15.0, note="from projections made before"),
        once,
    ]


def _volume(stored: NDArray[np.generic], spacing_mm_zyx: tuple[float, float, float]) -> SampledVolume:
    depth, rows_, columns = stored.shape
    affine = np.diag([*spacing_mm_zyx[::-1], 1.0])
    affine[:3, 3] = -affine.diagonal()[:3] * np.array((columns, rows_, depth)) / 2.0
    return SampledVolume(StackGrid((depth, rows_, columns), spacing_mm_zyx, affine, "1", (0.0, 0.0, 1.0)), stored)
