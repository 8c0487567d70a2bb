"""CT numbers, noise, blur, partial volume and places, measured on pictures made as the demo's are."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from loaders.demo_patient import DemoSize, demo_truth
from loaders.demo_patient.ct_scan import CtScan
from loaders.demo_patient.examinations import CtPlan, Examination, examinations
from loaders.demo_patient.grids import AxialGrid
from loaders.demo_patient.motion import BodyMotion
from loaders.demo_patient.noise import NoiseField, NoiseSpectrum
from loaders.demo_patient.radiograph import line_integrals
from loaders.demo_patient.scene import Scene
from loaders.progress import CancelToken

CURRENT, PRIOR = examinations(DemoSize.MEDIUM)[:2]
TRUTH = demo_truth(DemoSize.MEDIUM)


def lesion(change: str) -> dict[str, Any]:
    (found,) = [entry for entry in TRUTH.lesions if entry["change"] == change]
    return found


def around(
    examination: Examination, centre_lps_mm: list[float], reach_mm: float = 9.0, *, with_noise: bool = False
) -> tuple[NDArray[np.float64], NDArray[np.float64], float]:
    """Values, positions (n, 3) in LPS mm and voxel volume of a box around a point, by the examination's own header."""
    scan = CtScan(examination)
    z_mm, y_mm, x_mm = scan.grid.steps_mm()
    low = [
        math.ceil((c - reach_mm - o) / s)
        for c, o, s in zip(centre_lps_mm, scan.grid.origin, (x_mm, y_mm, z_mm), strict=True)
    ]
    high = [
        math.floor((c + reach_mm - o) / s)
        for c, o, s in zip(centre_lps_mm, scan.grid.origin, (x_mm, y_mm, z_mm), strict=True)
    ]
    make = scan.slice_hu if with_noise else scan.clean_slice_hu
    box = np.stack([make(n)[low[1] : high[1] + 1, low[0] : high[0] + 1] for n in range(low[2], high[2] + 1)])
    z, y, x = np.meshgrid(*(np.arange(lo, hi + 1) for lo, hi in zip(low[::-1], high[::-1], strict=True)), indexing="ij")
    places = np.stack([x * x_mm, y * y_mm, z * z_mm], axis=-1).reshape(-1, 3) + np.asarray(scan.grid.origin)
    return box.ravel().astype(np.float64), places, x_mm * y_mm * z_mm


@pytest.mark.parametrize(("examination", "role"), [(CURRENT, "current"), (PRIOR, "prior")])
def test_a_nodule_lies_where_the_truth_says_and_is_blurred_as_asked(examination: Examination, role: str) -> None:
    entry = lesion("grown")
    with_it, places, volume = around(examination, entry[role]["centre_lps_mm"])
    other = replace(examination, is_current=not examination.is_current)
    without = around(other, entry[role]["centre_lps_mm"])[0]
    sign = 1.0 if examination.is_current else -1.0
    change = sign * (with_it - without)  # the ball of 11 mm less the ball of 5 mm, both blurred
    centroid = change @ places / change.sum()
    assert centroid == pytest.approx(entry[role]["centre_lps_mm"], abs=0.1)
    radii = (0.5 * entry["current"]["diameter_mm"], 0.5 * entry["prior"]["diameter_mm"])
    contrast = change.sum() * volume / (4 / 3 * math.pi * (radii[0] ** 3 - radii[1] ** 3))
    assert contrast == pytest.approx(45.0 + 868.0, rel=0.05)
    # The variance of a blurred ball's mass along an axis is r^2 / 5 + sigma^2; here of a difference of two balls.
    spread = change @ (places - centroid) ** 2 / change.sum()
    ball = (radii[0] ** 5 - radii[1] ** 5) / (5 * (radii[0] ** 3 - radii[1] ** 3))
    (told,) = [e for e in TRUTH.document["examinations"] if e["name"] == examination.name]
    blur = told["acquisition"]["blur_sigma_mm"]
    expected = np.array([blur["in_plane"], blur["in_plane"], blur["across_slices"]]) ** 2
    assert spread - ball == pytest.approx(expected, rel=0.12, abs=0.06)


@pytest.mark.parametrize(("examination", "role"), [(CURRENT, "current"), (PRIOR, "prior")])
def test_a_small_nodules_mass_survives_partial_volume_and_noise(examination: Examination, role: str) -> None:
    entry = lesion("unchanged")
    assert entry[role]["diameter_mm"] == 4.0
    values, places, volume = around(examination, entry[role]["centre_lps_mm"], 10.0, with_noise=True)
    distance = np.linalg.norm(places - entry[role]["centre_lps_mm"], axis=1)
    background = values[(distance > 7.0) & (distance < 10.0)].mean()
    mass = (values[distance < 7.0] - background).sum() * volume
    asked = (entry["hu"] - background) * 4 / 3 * math.pi * 2.0**3
    assert mass == pytest.approx(asked, rel=0.2)


@pytest.mark.parametrize("sigma_mm", [0.25, 0.4])
def test_the_skin_is_as_sharp_as_asked(sigma_mm: float) -> None:
    step = 0.05
    grid = AxialGrid((-185.0, 20.0, 130.0), 1.0, step, (1, 1, 800))
    row = Scene(grid, BodyMotion(), sigma_mm, is_current=True).paint_plane(0)[0].astype(np.float64)
    slope = np.gradient(row, step)
    edge_at = int(np.argmax(row > -485.0))
    inside = row[edge_at : edge_at + round(2.0 / step)].max()
    steepest = slope[edge_at - 20 : edge_at + 20].max()
    # A step of height h blurred by a Gaussian is steepest at its middle: h / (sigma * sqrt(2 pi)).
    assert (inside + 1000.0) / (steepest * math.sqrt(2 * math.pi)) == pytest.approx(sigma_mm, rel=0.06)


@pytest.mark.parametrize(("examination", "role"), [(CURRENT, "current"), (PRIOR, "prior")])
def test_bone_and_air_have_their_ct_numbers(examination: Examination, role: str) -> None:
    middle = [p for p in TRUTH.document["points"] if p["kind"] == "vertebra"][5]
    values, places, _ = around(examination, middle[f"{role}_lps_mm"], 6.0)
    near = np.linalg.norm(places - middle[f"{role}_lps_mm"], axis=1) < 4.5
    assert values[near].mean() == pytest.approx(190.0, abs=15.0)
    scan = CtScan(examination)
    sky = scan.slice_hu(scan.plan.slices // 2)[2:28, 40:-40]
    assert sky.mean() == pytest.approx(-1000.0, abs=1.5)
    assert sky.std() == pytest.approx(scan.plan.noise.sd_hu, rel=0.1)


@pytest.mark.parametrize(("sd_hu", "roll_off", "pixel_mm"), [(13.0, 0.34, 0.7), (20.0, 0.62, 0.5)])
def test_noise_has_its_strength_and_spectrum(sd_hu: float, roll_off: float, pixel_mm: float) -> None:
    spectrum = NoiseSpectrum(sd_hu, roll_off)
    shape = (128, 128)
    field = NoiseField(spectrum.gain(shape, pixel_mm), shape, seed=5)
    planes = np.stack([field.plane(n) for n in range(24)]).astype(np.float64)
    assert planes.std() == pytest.approx(sd_hu, rel=0.02)
    assert abs(planes.mean()) < 0.1 * sd_hu
    assert abs(np.corrcoef(planes[0].ravel(), planes[1].ravel())[0, 1]) < 0.1
    power = (np.abs(np.fft.fft2(planes)) ** 2).mean(axis=0)
    f = np.fft.fftfreq(128, pixel_mm)
    radius = np.hypot(f[:, None], f[None, :])
    bins = np.arange(0.0, radius.max(), 0.02)
    mean = [power[(radius >= b) & (radius < b + 0.02)].mean() for b in bins[:-1]]
    assert bins[int(np.argmax(mean))] + 0.01 == pytest.approx(spectrum.peak_per_mm, abs=0.06)
    peak = max(mean)
    assert power[0, 1] < 0.3 * peak
    assert mean[-1] < 0.2 * peak


def test_noise_of_a_slice_does_not_depend_on_what_was_made_before() -> None:
    small = examinations(DemoSize.SMALL)[0]
    one, two = CtScan(small), CtScan(small)
    forwards = [one.slice_hu(n) for n in (10, 11)]
    assert np.array_equal(two.slice_hu(11), forwards[1])


def test_a_nodule_casts_its_shadow_where_the_truth_says() -> None:
    size = DemoSize.SMALL
    (entry,) = [e for e in demo_truth(size).lesions if e["change"] == "new"]
    for examination in examinations(size)[2:]:
        shadows = [
            line_integrals(replace(examination, is_current=present), CancelToken()).astype(np.float64)
            for present in (True, False)
        ]
        row, column = entry[examination.name]["row"], entry[examination.name]["column"]
        r0, c0 = round(row) - 4, round(column) - 4
        shadow = (shadows[0] - shadows[1])[r0 : r0 + 9, c0 : c0 + 9]
        rows, columns = np.mgrid[r0 : r0 + 9, c0 : c0 + 9]
        assert (shadow * rows).sum() / shadow.sum() == pytest.approx(row, abs=0.3)
        assert (shadow * columns).sum() / shadow.sum() == pytest.approx(column, abs=0.3)


def test_slices_are_averaged_over_their_thickness() -> None:
    plan = CURRENT.plan
    assert isinstance(plan, CtPlan)
    thick = replace(CURRENT, plan=replace(plan, thickness_mm=5.7))
    fine = replace(CURRENT, plan=replace(plan, thickness_mm=plan.slice_step_mm / plan.finer_planes))
    one = CtScan(fine)
    step = plan.slice_step_mm / plan.finer_planes
    planes = [one._scene.paint_plane(2 * 60 + n) for n in range(-3, 4)]
    weights = np.array([0.5, 1, 1, 1, 1, 1, 0.5]) * step / 5.7
    assert CtScan(thick).clean_slice_hu(60) == pytest.approx(np.tensordot(weights, planes, 1), abs=0.05)
