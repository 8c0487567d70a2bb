"""``compare --screenshot``: the real window on two studies, as a picture and as numbers."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from PySide6.QtWidgets import QApplication

from tests.support.dicom_files import SeriesRecipe, write_series
from viewer.app.command_line import run

pytestmark = pytest.mark.gui


def compared(folder: Path, *more: str) -> dict[str, Any]:
    out, picture = folder / "out.json", folder / "picture.png"
    arguments = ["compare", "--current", str(folder / "now"), "--prior", str(folder / "then")]
    assert run([*arguments, "--screenshot", str(picture), "--json", str(out), *more]) == 0
    with Image.open(picture) as image:
        assert image.size == (1600, 900)
    document: dict[str, Any] = json.loads(out.read_text("utf-8"))
    return document


def write_pair(folder: Path, *, prior_name: str = "TEST^SYNTHETIC") -> None:
    """Two studies whose matrices and pixel sizes differ; the middle of either is at the same patient point."""
    for name, date, pixels, spacing, patient in (
        ("now", "20250101", 40, 1.0, "TEST^SYNTHETIC"),
        ("then", "20240101", 25, 1.6, prior_name),
    ):
        recipe = SeriesRecipe(
            name=name, study=name, study_date=date, rows=pixels, columns=pixels, slices=5, patient_name=patient,
            spacing_mm_zyx=(3.0, spacing, spacing), frame_of_reference=name,
            origin_lps_mm=(-(pixels - 1) / 2 * spacing, -(pixels - 1) / 2 * spacing, 0.0),
        )  # fmt: skip
        write_series(folder / name, recipe)


def test_two_views_at_one_scale(qapp: QApplication, tmp_path: Path) -> None:
    write_pair(tmp_path)
    views = compared(tmp_path)["views"]
    assert [view["role"] for view in views] == ["current", "prior"]
    assert views[0]["mm_per_pixel"] == views[1]["mm_per_pixel"]
    # The middle slice of five, 3 mm apart, and the middle of the picture.
    assert [view["position_lps_mm"] for view in views] == [pytest.approx([0.0, 0.0, 6.0], abs=0.01)] * 2


def test_another_patient_is_not_shown_without_a_reason(qapp: QApplication, tmp_path: Path) -> None:
    write_pair(tmp_path, prior_name="OTHER^PERSON")
    document = compared(tmp_path)
    assert document["identity"]["verdict"] == "conflict"
    assert len(document["views"]) == 1
    shown = compared(tmp_path, "--override-identity", "the same person, wrongly typed at the laboratory")
    assert len(shown["views"]) == 2
