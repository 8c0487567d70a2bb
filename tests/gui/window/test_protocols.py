"""Hanging protocols as a reader meets them: stages by key, mammograms by themselves, a layout kept for next time."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from compare.session.comparison_session import ComparisonSession, Layout
from tests.gui.window.conftest import MakeWindow, hung, settle, write_study
from tests.support.dicom_files import SeriesRecipe, write_series
from viewer.main_window.main_window import MainWindow

pytestmark = pytest.mark.gui


def layout(window: MainWindow) -> tuple[int, int]:
    shown: Layout = window.session.session.layout
    return shown.rows, shown.columns


def test_stages_of_three_time_points(qtbot: QtBot, window: MainWindow, tmp_path: Path) -> None:
    for name, date in (("a", "20250602"), ("b", "20240517"), ("c", "20210108")):
        write_study(tmp_path / name, f"study {name}", date)
    window.open_paths([tmp_path])
    settle(qtbot, window)
    assert hung(window) == ["2025-06-02", "2024-05-17"]
    QTest.keyClick(window, Qt.Key.Key_Period)
    assert hung(window) == ["2025-06-02", "2024-05-17", "2021-01-08"]
    assert layout(window) == (1, 3)
    QTest.keyClick(window, Qt.Key.Key_Comma)
    assert hung(window) == ["2025-06-02", "2024-05-17"]
    QTest.keyClick(window, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert layout(window) == (1, 3)
    settle(qtbot, window)


def test_mammograms_hang_above_their_priors_by_themselves(qtbot: QtBot, window: MainWindow, tmp_path: Path) -> None:
    for study, date in (("now", "20250602"), ("then", "20230517")):
        for number, (view, side) in enumerate((v, s) for v in ("MLO", "CC") for s in ("L", "R")):
            overrides = {
                "Modality": "MG", "ImageLaterality": side, "Laterality": side, "ViewPosition": view,
                "SeriesNumber": number + 1, "IssuerOfPatientID": "H", "PatientBirthDate": "19600229",
                "ImagePositionPatient": None, "ImageOrientationPatient": None, "FrameOfReferenceUID": None,
            }  # fmt: skip
            recipe = SeriesRecipe(
                name=f"{study}{side}{view}", slices=1, rows=40, columns=30, study=study, study_date=date,
                overrides=overrides,
            )  # fmt: skip
            write_series(tmp_path / study / f"{side}{view}", recipe)
    window.open_paths([tmp_path])
    settle(qtbot, window)
    assert layout(window) == (2, 4)
    shown = [(m.study.study_date.year, m.series.laterality, m.series.view_position) for m in window.presenting.models
             if m.study and m.series and m.study.study_date]  # fmt: skip
    row = [("R", "CC"), ("L", "CC"), ("R", "MLO"), ("L", "MLO")]
    assert shown == [(2025, *view) for view in row] + [(2023, *view) for view in row]


def test_a_kept_layout_hangs_the_next_patient_too(qtbot: QtBot, make_window: MakeWindow, tmp_path: Path) -> None:
    settings = tmp_path / "config" / "settings.json"
    for patient in ("P1", "P2"):
        for name, date in (("a", "20250602"), ("b", "20240517")):
            study = f"{patient} {name}"
            write_study(tmp_path / patient / name, study, date, patient_id=patient, series=("lung", "soft tissue"))
    first = make_window(settings_file=settings)
    first.open_paths([tmp_path / "P1"])
    settle(qtbot, first)
    QTest.keyClick(first, Qt.Key.Key_Period)
    assert layout(first) == (2, 2)
    kept: ComparisonSession = first.session.session
    QTest.keyClick(first, Qt.Key.Key_L, Qt.KeyboardModifier.ControlModifier)
    assert len(list((settings.parent / "hanging_protocols").iterdir())) == 1
    settle(qtbot, first)
    second = make_window(settings_file=settings)
    second.open_paths([tmp_path / "P2"])
    settle(qtbot, second)
    assert layout(second) == (2, 2)
    descriptions = [model.series.description if model.series else "" for model in second.presenting.models]
    wanted = [first.session.index.series_of(one.stack) for one in kept.viewports if one.stack is not None]
    assert descriptions == [series.description for series in wanted if series is not None]


def test_nothing_fits_a_lonely_examination(qtbot: QtBot, window: MainWindow, tmp_path: Path) -> None:
    write_study(tmp_path, "alone", "20250602")
    window.open_paths([tmp_path])
    settle(qtbot, window)
    with qtbot.waitSignal(window.session.refused):
        QTest.keyClick(window, Qt.Key.Key_Period)
