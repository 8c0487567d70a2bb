"""Whose pictures stand side by side: three verdicts, and no way around the guard."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel, QLineEdit
from pytestqt.qtbot import QtBot

from compare.session.comparison_session import Layout
from loaders.model.stack import StackKey
from tests.gui.window.conftest import drop, has_picture, hung, settle, write_study
from viewer.main_window.main_window import MainWindow
from viewer.panels.rail_rows import SeriesRow
from viewer.panels.stack_mime import stack_to_mime
from viewer.viewport.badges import safety_badges

pytestmark = pytest.mark.gui

REASON = "The registry confirmed one person"


def badges(window: MainWindow, index: int) -> list[str]:
    return [badge.text for badge in safety_badges(window.presenting.models[index])]


def rail_stack(window: MainWindow, date: str) -> StackKey:
    """The first stack of the study of a date, as the rail lists it."""
    for row in window.rail._model.rows:
        if isinstance(row, SeriesRow) and row.study.study_date and row.study.study_date.isoformat() == date:
            return row.stack.key
    raise AssertionError(f"no study of {date} in the rail")


def double_click(window: MainWindow, key: StackKey) -> None:
    view, model = window.rail._view, window.rail._model
    place = next(place for place, row in enumerate(model.rows) if isinstance(row, SeriesRow) and row.stack.key == key)
    view.scrollTo(model.index(place))
    at = view.visualRect(model.index(place)).center()
    QTest.mouseClick(view.viewport(), Qt.MouseButton.LeftButton, pos=at)
    QTest.mouseDClick(view.viewport(), Qt.MouseButton.LeftButton, pos=at)


@pytest.fixture
def two_patients(qtbot: QtBot, window: MainWindow, tmp_path: Path) -> MainWindow:
    """CHAN of 2025 on screen, WONG of 2023 in the rail, and an empty second viewport."""
    window.open_paths([write_study(tmp_path / "a", "now", "20250602")])
    settle(qtbot, window)
    other = write_study(
        tmp_path / "b", "other", "20230109", patient_id="Z9999", name="WONG^SIU LING", birth_date="19710303"
    )
    window.open_paths([other])
    settle(qtbot, window)
    window.bar.layout_chosen.emit(1, 2)
    settle(qtbot, window)
    return window


def type_reason(qtbot: QtBot, window: MainWindow, reason: str) -> None:
    qtbot.waitUntil(lambda: window.identity_guard.dialog is not None)
    dialog = window.identity_guard.dialog
    assert dialog is not None
    field = dialog.findChild(QLineEdit)
    assert field is not None
    QTest.keyClicks(field, reason)
    QTest.mouseClick(dialog._open_button, Qt.MouseButton.LeftButton)


def test_agreeing_studies_need_no_answer(qtbot: QtBot, window: MainWindow, tmp_path: Path) -> None:
    write_study(tmp_path / "a", "now", "20250602")
    write_study(tmp_path / "b", "then", "20240517")
    window.open_paths([tmp_path])
    settle(qtbot, window)
    assert hung(window) == ["2025-06-02", "2024-05-17"]
    assert window.identity.isHidden()
    assert not any("IDENTITY" in text or "matched" in text for text in badges(window, 0) + badges(window, 1))


def test_unproven_takes_one_click_and_leaves_a_tag_on_both_viewports(
    qtbot: QtBot, window: MainWindow, tmp_path: Path
) -> None:
    write_study(tmp_path / "a", "now", "20250602", issuer="HOSPITAL A")
    write_study(tmp_path / "b", "then", "20240517", issuer="LABORATORY B", patient_id="L77")
    window.open_paths([tmp_path])
    settle(qtbot, window)
    assert hung(window) == ["2025-06-02", "2024-05-17"]
    assert "IDENTITY NOT CONFIRMED" in badges(window, 0)
    assert "IDENTITY NOT CONFIRMED" in badges(window, 1)
    QTest.mouseClick(window.identity._confirm_button, Qt.MouseButton.LeftButton)
    for index in (0, 1):
        assert "matched by name, birth date, sex" in badges(window, index)
    assert window.identity.isVisible(), "the tag in the bar stays too"
    QTest.keyClick(window, Qt.Key.Key_Down)
    assert "matched by name, birth date, sex" in badges(window, 1)
    QTest.keyClick(window, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    QTest.keyClick(window, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert "IDENTITY NOT CONFIRMED" in badges(window, 1), "an answer that was undone no longer counts"
    QTest.keyClick(window, Qt.Key.Key_Y, Qt.KeyboardModifier.ControlModifier)
    assert "matched by name, birth date, sex" in badges(window, 1)


def test_two_patients_opened_together_are_kept_apart_and_said_to_be(
    qtbot: QtBot, window: MainWindow, tmp_path: Path
) -> None:
    write_study(tmp_path / "a", "now", "20250602")
    write_study(tmp_path / "b", "other", "20230109", patient_id="Z9999", birth_date="19710303")
    window.open_paths([tmp_path])
    settle(qtbot, window)
    assert hung(window) == ["2025-06-02"]
    assert window.identity.isVisible()
    QTest.mouseClick(window.identity._details_button, Qt.MouseButton.LeftButton)
    dialog = window.identity_guard.dialog
    assert dialog is not None
    words = " ".join(label.text() for label in dialog.findChildren(QLabel))
    assert "T0001" in words
    assert "Z9999" in words
    assert "CONFLICT" in words
    type_reason(qtbot, window, REASON)
    settle(qtbot, window)
    assert hung(window) == ["2025-06-02", "2023-01-09"]
    assert all(not cell.banner.isHidden() and REASON in cell.banner.text() for cell in window.grid.cells)


def drag(window: MainWindow) -> None:
    assert drop(window.viewports()[1], stack_to_mime(rail_stack(window, "2023-01-09")))


def show_from_menu(window: MainWindow) -> None:
    QTest.mouseClick(window.viewports()[1], Qt.MouseButton.LeftButton)
    window.rail.show_requested.emit(rail_stack(window, "2023-01-09"))


@pytest.mark.parametrize("way", [drag, show_from_menu])
def test_a_series_of_another_patient_does_not_get_beside_this_one(
    qtbot: QtBot, two_patients: MainWindow, way: Callable[[MainWindow], None]
) -> None:
    window = two_patients
    way(window)
    assert hung(window) == ["2025-06-02", ""]
    assert window.identity_guard.dialog is not None
    window.identity_guard.dialog.reject()
    assert hung(window) == ["2025-06-02", ""]
    way(window)
    type_reason(qtbot, window, "short")
    assert hung(window) == ["2025-06-02", ""], "five letters are no reason"
    type_reason(qtbot, window, f" {REASON}")
    settle(qtbot, window)
    assert hung(window) == ["2025-06-02", "2023-01-09"]
    assert all(not cell.banner.isHidden() for cell in window.grid.cells)
    assert "IDENTITY CONFLICT, OVERRIDDEN" in badges(window, 0)
    assert "IDENTITY CONFLICT, OVERRIDDEN" in badges(window, 1)
    QTest.keyClick(window, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert hung(window) == ["2025-06-02", ""]
    assert all(cell.banner.isHidden() for cell in window.grid.cells)
    assert not window.session.session.identity_overrides, "undo takes the reason back with the picture"


def test_double_clicking_another_patient_shows_that_patient_alone(qtbot: QtBot, two_patients: MainWindow) -> None:
    window = two_patients
    double_click(window, rail_stack(window, "2023-01-09"))
    settle(qtbot, window)
    assert [date for date in hung(window) if date] == ["2023-01-09"]
    assert window.identity_guard.dialog is None
    assert not window.session.identity.pairs


def test_a_session_file_is_no_way_around(qtbot: QtBot, two_patients: MainWindow, tmp_path: Path) -> None:
    window = two_patients
    drag(window)
    type_reason(qtbot, window, REASON)
    settle(qtbot, window)
    saved = tmp_path / "session.json"
    window.session_files.save(saved)
    qtbot.waitUntil(saved.exists)
    saved.write_text(saved.read_text().replace(REASON, ""))
    for _ in range(2):
        QTest.keyClick(window, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    window.session_files.load(saved)
    qtbot.waitUntil(lambda: window.identity_guard.dialog is not None)
    assert "2023-01-09" not in hung(window)


def test_what_the_guard_blocks_is_dark_even_if_it_hangs(qtbot: QtBot, two_patients: MainWindow) -> None:
    """The last line of defence: a session that holds two patients, however it came to, shows one."""
    window = two_patients
    drag(window)
    type_reason(qtbot, window, REASON)
    settle(qtbot, window)
    from dataclasses import replace

    forged = replace(window.session.session, identity_overrides=())
    window.session.restart(forged)
    assert has_picture(window, 0)
    assert not has_picture(window, 1)
    assert "Patients do not match" in window.presenting.models[1].blocked_reason
    assert window.session.session.layout == Layout(1, 2)
