"""The four examinations of the demo patient and what each scanner was asked to do, for three sizes."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from enum import StrEnum

from loaders.demo_patient.motion import BodyMotion, Breath
from loaders.demo_patient.noise import NoiseSpectrum

#: Raised whenever the pictures change, so that no two versions share a UID.
GENERATOR_VERSION = 1
_NAMESPACE = uuid.UUID("5d1f4c1e-6a0b-5b52-9d3e-0c5a5f1d7e10")

PATIENT_NAME = "DEMO^NOT A REAL PATIENT=示範^病人"
PATIENT_BIRTH_DATE, PATIENT_SEX = "19610815", "M"
PATIENT_COMMENTS = "Fictitious patient, computed. NOT A REAL PERSON. 虛構病人，並非真人。"


def fixed_uid(name: str) -> str:
    """A DICOM UID that is always the same for a name (PS3.5 B.2: 2.25. and the integer of a UUID)."""
    return f"2.25.{uuid.uuid5(_NAMESPACE, f'{GENERATOR_VERSION}/{name}').int}"


class DemoSize(StrEnum):
    """How much to write."""

    SMALL = "small"
    MEDIUM = "medium"
    LARGE = "large"


@dataclass(frozen=True, slots=True)
class Site:
    """An institution with its own patient register and equipment."""

    institution: str
    patient_id: str
    issuer: str
    manufacturer: str
    ct_model: str
    dx_model: str
    station: str


CURRENT_SITE = Site(
    institution="DEMO HOSPITAL 示範醫院",
    patient_id="DEMO-0001",
    issuer="DEMO HOSPITAL REGISTER",
    manufacturer="Diptych demo",
    ct_model="Virtual CT A",
    dx_model="Virtual DX A",
    station="DEMOA",
)
PRIOR_SITE = Site(
    institution="DEMO IMAGING CENTRE 示範造影中心",
    patient_id="QC77-4312",
    issuer="DEMO IMAGING CENTRE",
    manufacturer="Diptych demo",
    ct_model="Virtual CT B",
    dx_model="Virtual DX B",
    station="DEMOB",
)


@dataclass(frozen=True, slots=True)
class CtPlan:
    """One CT: matrix, spacing, blur, noise.

    ``sigma_mm`` is the Gaussian blur in all directions before the slice's own thickness; ``finer_planes`` planes per
    slice distance are painted and averaged over ``thickness_mm``.
    """

    matrix: int
    pixel_mm: float
    slices: int
    slice_step_mm: float
    thickness_mm: float
    finer_planes: int
    sigma_mm: float
    noise: NoiseSpectrum
    kernel: str


@dataclass(frozen=True, slots=True)
class XrayPlan:
    """One radiograph: detector matrix and pitch, distances, and how coarse the planes of the line integral are."""

    rows: int
    columns: int
    detector_mm: float
    source_to_detector_mm: float
    plane_mm: float
    sigma_mm: float


@dataclass(frozen=True, slots=True)
class Examination:
    """One examination: when and where, how the patient lay, how it was acquired."""

    name: str
    folder: str
    is_current: bool
    date: str
    site: Site
    time: str
    motion: BodyMotion
    origin_z_mm: float
    plan: CtPlan | XrayPlan
    seed: int


_CURRENT_CT_MOTION = BodyMotion((0.0, 0.0, 0.0), (2.5, -1.0, 812.0))
_PRIOR_CT_MOTION = BodyMotion((1.6, -1.2, 2.3), (-4.0, 3.5, -236.5), Breath(16.0, 3.5, 2.0))
_CURRENT_DX_MOTION = BodyMotion((0.0, 0.0, 1.0), (0.0, 0.0, 0.0), Breath(3.0, 0.5, 0.5))
_PRIOR_DX_MOTION = BodyMotion((0.0, 1.3, -1.6), (-6.0, 0.0, 5.0), Breath(12.0, 2.0, 1.5))

_CT_PLANS = {
    DemoSize.SMALL: (
        CtPlan(72, 5.1, 40, 7.5, 7.5, 2, 2.8, NoiseSpectrum(10.0, 0.30), "DEMO-STANDARD"),
        CtPlan(64, 5.8, 36, 8.2, 8.2, 2, 3.1, NoiseSpectrum(14.0, 0.22), "DEMO-SOFT"),
    ),
    DemoSize.MEDIUM: (
        CtPlan(256, 1.44, 160, 1.9, 2.2, 2, 0.95, NoiseSpectrum(13.0, 0.34), "DEMO-STANDARD"),
        CtPlan(256, 1.50, 110, 2.75, 3.2, 2, 1.20, NoiseSpectrum(18.0, 0.24), "DEMO-SOFT"),
    ),
    DemoSize.LARGE: (
        CtPlan(512, 0.72, 1000, 0.305, 0.61, 1, 0.55, NoiseSpectrum(20.0, 0.62), "DEMO-SHARP"),
        CtPlan(512, 0.75, 244, 1.25, 1.5, 2, 0.75, NoiseSpectrum(15.0, 0.40), "DEMO-STANDARD"),
    ),
}  # fmt: skip

_XRAY_PLANS = {
    DemoSize.SMALL: (XrayPlan(96, 96, 4.4, 1800.0, 12.0, 4.0), XrayPlan(88, 92, 4.5, 1500.0, 12.0, 4.2)),
    DemoSize.MEDIUM: (XrayPlan(480, 480, 0.875, 1800.0, 3.4, 0.95), XrayPlan(440, 460, 0.915, 1500.0, 3.4, 1.05)),
    DemoSize.LARGE: (XrayPlan(920, 920, 0.46, 1800.0, 2.2, 0.6), XrayPlan(840, 880, 0.48, 1500.0, 2.2, 0.65)),
}


def examinations(size: DemoSize) -> tuple[Examination, ...]:
    """The four examinations in the order in which they are written."""
    current_ct, prior_ct = _CT_PLANS[size]
    current_dx, prior_dx = _XRAY_PLANS[size]
    now, then = ("20260316", CURRENT_SITE), ("20250314", PRIOR_SITE)
    return (
        Examination("current-ct", "CURRENT_CT", True, *now, "093000", _CURRENT_CT_MOTION, 812.0, current_ct, 101),
        Examination("prior-ct", "PRIOR_CT", False, *then, "141500", _PRIOR_CT_MOTION, -236.5, prior_ct, 202),
        Examination("current-dx", "CURRENT_DX", True, *now, "085000", _CURRENT_DX_MOTION, 0.0, current_dx, 303),
        Examination("prior-dx", "PRIOR_DX", False, *then, "133000", _PRIOR_DX_MOTION, 0.0, prior_dx, 404),
    )
