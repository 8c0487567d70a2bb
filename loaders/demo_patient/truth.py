"""What is known about the demo patient's pictures: for tests and benchmarks, never read by the program itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from loaders.demo_patient.ct_scan import slice_grid, slice_sigma_mm
from loaders.demo_patient.dicom_objects import frame_of_reference_uid, series_uid, study_uid
from loaders.demo_patient.examinations import GENERATOR_VERSION, CtPlan, DemoSize, Examination, examinations
from loaders.demo_patient.lesions import LESIONS, NODULE_HU
from loaders.demo_patient.motion import BodyMotion
from loaders.demo_patient.radiograph import beam_grid
from loaders.demo_patient.trunk import RIB_PITCH_MM, body_distance
from loaders.demo_patient.vasculature import tube_groups

Points = NDArray[np.float64]
_FIELD_STEP_MM = 20.0
_FORKS, _INNER_POINTS = 160, 120


@dataclass(frozen=True, slots=True)
class DemoTruth:
    """The truth as plain JSON values; all points are LPS mm in the named examination's frame of reference."""

    size: DemoSize
    document: dict[str, Any]

    @property
    def lesions(self) -> list[dict[str, Any]]:
        """One entry a nodule: change, and centre and diameter in each CT."""
        found: list[dict[str, Any]] = self.document["lesions"]
        return found


def _rounded(values: NDArray[np.float64], digits: int = 3) -> list[Any]:
    listed: list[Any] = (np.round(values, digits) + 0.0).tolist()
    return listed


def _motion(motion: BodyMotion) -> dict[str, Any]:
    return {
        "rotation_deg_about_xyz": list(motion.angles_deg),
        "shift_lps_mm": list(motion.shift_lps_mm),
        "breath_mm": {
            "diaphragm_up": motion.breath.diaphragm_mm,
            "front_in": motion.breath.front_mm,
            "side_in": motion.breath.side_mm,
        },
    }


def _acquisition(examination: Examination) -> dict[str, Any]:
    plan = examination.plan
    if isinstance(plan, CtPlan):
        grid = slice_grid(examination)
        return {
            "shape_zyx": list(grid.shape),
            "spacing_mm_zyx": list(grid.steps_mm()),
            "origin_lps_mm": list(grid.origin),
            "slice_thickness_mm": plan.thickness_mm,
            "kernel": plan.kernel,
            "blur_sigma_mm": {"in_plane": plan.sigma_mm, "across_slices": round(slice_sigma_mm(plan), 4)},
            "noise": {"sd_hu": plan.noise.sd_hu, "peak_frequency_per_mm": round(plan.noise.peak_per_mm, 4)},
        }
    return {
        "shape_rows_columns": [plan.rows, plan.columns],
        "detector_pixel_mm": plan.detector_mm,
        "source_to_detector_mm": plan.source_to_detector_mm,
        "blur_sigma_mm": plan.sigma_mm,
    }


def _lesions(current: Examination, prior: Examination, radiographs: tuple[Examination, ...]) -> list[dict[str, Any]]:
    entries = []
    for lesion in LESIONS:
        centre = np.asarray([lesion.centre_mm])
        entry: dict[str, Any] = {"name": lesion.name, "change": str(lesion.change), "hu": NODULE_HU}
        for label, examination in (("current", current), ("prior", prior)):
            entry[label] = {
                "centre_lps_mm": _rounded(examination.motion.push(centre)[0]),
                "diameter_mm": lesion.diameter_mm(is_current=examination.is_current),
            }
        for examination in radiographs:
            place = beam_grid(examination).locate(examination.motion.push(centre))[0]
            entry[examination.name] = {"row": round(float(place[1]), 2), "column": round(float(place[2]), 2)}
        entries.append(entry)
    return entries


def _landmarks() -> list[tuple[str, Points]]:
    """Named points of the anatomy: vessel forks, middles of vertebrae, points inside the soft tissue."""
    forks = next(group.tubes for group in tube_groups() if group.name == "lung vessels")
    order = np.argsort(-forks.end_radius, kind="stable")
    largest = forks.end[order[: 4 * _FORKS]][::4]
    bones = np.asarray([[0.0, 61.0, (level + 0.1) * RIB_PITCH_MM] for level in range(1, 12)])
    random = np.random.Generator(np.random.PCG64(77))
    cloud = random.random((4 * _INNER_POINTS, 3)) * (300.0, 210.0, 280.0) + (-150.0, -105.0, 10.0)
    x, y, z = (cloud[:, i].astype(np.float32) for i in range(3))
    inside = cloud[body_distance(x, y, z) > 6.0][:_INNER_POINTS]
    return [("vessel fork", largest), ("vertebra", bones), ("inside body", inside)]


def _points(current: Examination, prior: Examination) -> list[dict[str, Any]]:
    listed = []
    for kind, points in _landmarks():
        now, then = current.motion.push(points), prior.motion.push(points)
        listed += [
            {"kind": kind, "current_lps_mm": _rounded(a), "prior_lps_mm": _rounded(b)}
            for a, b in zip(now, then, strict=True)
        ]
    return listed


def _field(current: Examination, prior: Examination) -> dict[str, Any]:
    """Where points of the current CT lay in the prior one, on a regular grid in the current frame of reference."""
    low = np.asarray([-160.0, -120.0, 0.0]) + current.motion.shift_lps_mm
    counts = (16, 13, 17)  # z, y, x
    axes = [low[2 - i] + _FIELD_STEP_MM * np.arange(n) for i, n in enumerate(counts)]
    z, y, x = np.meshgrid(*axes, indexing="ij")
    rest = np.stack(current.motion.pull(x.ravel(), y.ravel(), z.ravel()), axis=1)
    moved = prior.motion.push(rest).reshape(*counts, 3)
    return {
        "from": "current",
        "to": "prior",
        "origin_lps_mm": _rounded(low),
        "step_mm": _FIELD_STEP_MM,
        "shape_zyx": list(counts),
        "positions_lps_mm": _rounded(moved),
    }


def demo_truth(size: DemoSize) -> DemoTruth:
    """Compute the truth for a size; no picture is made."""
    everything = examinations(size)
    current, prior = everything[0], everything[1]
    document = {
        "generator_version": GENERATOR_VERSION,
        "size": str(size),
        "coordinates": "LPS mm; diameters in mm; blur is the standard deviation of a Gaussian",
        "examinations": [
            {
                "name": e.name,
                "folder": e.folder,
                "role": "current" if e.is_current else "prior",
                "date": e.date,
                "modality": "CT" if isinstance(e.plan, CtPlan) else "DX",
                "study_uid": study_uid(e, size),
                "series_uid": series_uid(e, size),
                "frame_of_reference_uid": frame_of_reference_uid(e, size) if isinstance(e.plan, CtPlan) else None,
                "acquisition": _acquisition(e),
                "motion": _motion(e.motion),
            }
            for e in everything
        ],
        "lesions": _lesions(current, prior, everything[2:]),
        "points": _points(current, prior),
        "deformation": _field(current, prior),
    }
    return DemoTruth(size, document)
