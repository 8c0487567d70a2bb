"""What stands on a comparison sheet, before a page is laid out."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np
from numpy.typing import NDArray

from compare.reporting.findings import Findings
from compare.session.measurement import InPlanePoint
from loaders.model.patient import Patient


@dataclass(frozen=True, slots=True)
class SheetPicture:
    """A slice with what was measured on it: (rows, columns[, 3]) grey levels, ``spacing_mm`` down and across.

    ``lines_mm`` are polylines in in-plane mm of the slice; ``centre_mm`` is what the cut-out is centred on.
    ``is_mm`` is false where the spacing is pixels only: then no scale bar is drawn.
    """

    pixels: NDArray[np.uint8]
    spacing_mm: tuple[float, float]
    centre_mm: InPlanePoint
    lines_mm: tuple[tuple[InPlanePoint, ...], ...]
    slice_number: int
    is_mm: bool = True


@dataclass(frozen=True, slots=True)
class SheetExamination:
    """One examination as the sheet names it."""

    study_key: str
    study_date: date | None
    description: str
    institution: str


@dataclass(frozen=True, slots=True)
class SheetContent:
    """Everything on the sheet. ``pictures`` are by (tracking UID, study key).

    ``identity_tag`` is a translated sentence that must stand on it where the identity of the studies is not proven.
    """

    patient: Patient
    examinations: tuple[SheetExamination, ...]  # newest first
    findings: Findings
    pictures: dict[tuple[str, str], SheetPicture]
    made_on: date
    identity_tag: str = ""
