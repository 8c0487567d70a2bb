"""The comparison sheet is one page that says what the session says, in three languages, read back by PDFium."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import numpy as np
import pypdfium2
import pytest
from PySide6.QtWidgets import QApplication

from compare.following.criteria import growth_rules, recist
from compare.following.lesion import Lesion, LesionRole
from compare.following.lesion_table import lesion_rows
from compare.following.recist import evaluate
from compare.following.time_points import LesionSize, TimePoint
from compare.reporting.findings import Findings
from loaders.model.identifiers import PatientIdentifier
from loaders.model.patient import Patient, PersonName
from viewer.reporting.comparison_sheet import comparison_sheet
from viewer.reporting.sheet_content import SheetContent, SheetExamination, SheetPicture
from viewer.translation.languages import Languages

pytestmark = pytest.mark.gui


@pytest.fixture
def languages(qapp: QApplication) -> Iterator[Languages]:
    changed = Languages(qapp)
    yield changed
    changed.use("en")


def content(count: int = 2, tag: str = "") -> SheetContent:
    points = (TimePoint("old", "1.1", date(2024, 5, 17)), TimePoint("new", "1.2", date(2025, 6, 2)))
    lesions = tuple(Lesion(f"2.25.{n}", f"結節 {n + 1}", LesionRole.TARGET) for n in range(count))
    grid = (0.7, 0.7, 2.0)
    sizes = {
        (lesion.tracking_uid, key): LesionSize(size, size, 2.0, grid, measurement="m")
        for lesion in lesions
        for key, size in (("old", 11.0), ("new", 18.5))
    }
    pixels = np.full((100, 100), 90, np.uint8)
    picture = SheetPicture(pixels, (0.7, 0.7), (35.0, 35.0), (((30.0, 35.0), (40.0, 35.0)),), 12)
    return SheetContent(
        patient=Patient(
            PersonName("CHAN^TAI MAN", "陳^大文"), (PatientIdentifier("A123456(3)", ""),), date(1958, 3, 12), "M"
        ),
        examinations=(
            SheetExamination("new", date(2025, 6, 2), "CT CHEST", "Hospital A"),
            SheetExamination("old", date(2024, 5, 17), "CT Thorax", "Lab B"),
        ),
        findings=Findings(
            points, (), lesion_rows(lesions, points, sizes, growth_rules()), evaluate(lesions, points, sizes, recist())
        ),
        pictures={(lesions[0].tracking_uid, key): picture for key in ("old", "new")},
        made_on=date(2025, 6, 3),
        identity_tag=tag,
    )


def words_of(pdf: bytes) -> tuple[int, str]:
    document = pypdfium2.PdfDocument(pdf)
    try:
        page = document[0]
        text_page = page.get_textpage()
        text = text_page.get_text_bounded()
        text_page.close()
        page.close()
        # The fonts' maps answer with radicals in place of some characters.
        return len(document), unicodedata.normalize("NFKC", " ".join(text.split()))
    finally:
        document.close()


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("en", ["Comparison of examinations", "2 Jun 2025", "1 y 0 m earlier", "Not for primary diagnosis", "結節 1"]),
        ("zh_HK", ["檢查比較", "2025年6月2日", "倍增時間", "不作初級診斷用途", "結節 1"]),
        # Qt writes no character map for part of the simplified face: what is seen is right, what is copied is not.
        ("zh_CN", ["2025年6月2日", "层面 12"]),
    ],
)
def test_the_page_says_everything(languages: Languages, language: str, said: list[str]) -> None:
    languages.use(language)
    pages, text = words_of(comparison_sheet(content(), language))
    assert pages == 1
    for words in (*said, "CHAN TAI MAN", "陳大文", "A123456(3)", "Hospital A", "Lab B", "18.5", "+7.5", "PD"):
        assert words in text, text


def test_a_doubtful_identity_stands_on_the_page(languages: Languages) -> None:
    languages.use("en")
    assert "matched by name" in words_of(comparison_sheet(content(tag="Studies matched by name"), "en"))[1]


def test_lesions_that_do_not_fit_are_counted(languages: Languages) -> None:
    languages.use("en")
    pages, text = words_of(comparison_sheet(content(count=20), "en"))
    assert pages == 1
    assert "8 more lesions are not on this page" in text


def test_both_cut_outs_have_one_scale(languages: Languages, tmp_path: Path) -> None:
    """Ten pixels of 0.7 mm and five of 1.4 mm are as long on paper: the mark's length in both rendered pictures."""
    base = content(count=1)
    key = base.findings.rows[0].lesion.tracking_uid
    dark = np.zeros((200, 200), np.uint8)
    line = (((30.0, 35.0), (50.0, 35.0)),)
    pictures = {
        (key, "new"): SheetPicture(dark, (0.7, 0.7), (40.0, 35.0), line, 1),
        (key, "old"): SheetPicture(dark[:100, :100], (1.4, 1.4), (40.0, 35.0), line, 1),
    }
    sheet = SheetContent(base.patient, base.examinations, base.findings, pictures, base.made_on)
    languages.use("en")
    document = pypdfium2.PdfDocument(comparison_sheet(sheet, "en"))
    rendered = document[0].render(scale=4).to_numpy().astype(int)
    document.close()
    marked = (rendered[..., 0] < 140) & (rendered[..., 2] > 200) | (rendered[..., 2] < 140) & (rendered[..., 0] > 200)
    columns = np.flatnonzero(marked.any(axis=0))
    runs = np.split(columns, np.flatnonzero(np.diff(columns) > 20) + 1)
    assert len(runs) == 2
    lengths = [run[-1] - run[0] for run in runs]
    # 20 mm of the patient are 20 * 58 / 60 mm of paper, at 4 * 72 dots an inch.
    assert lengths == pytest.approx([20 * 58 / 60 / 25.4 * 288] * 2, abs=5)
