"""What hangs where: drags, double clicks, steps through pairs and priors, and the rail that tells of it."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from compare.session.comparison_session import Role
from loaders.model.series import Series
from tests.gui.window.conftest import drop, hung, settle, write_study
from tests.gui.window.test_identity import double_click, rail_stack
from viewer.main_window.main_window import MainWindow
from viewer.panels.rail_rows import SeriesRow
from viewer.panels.stack_mime import stack_to_mime

pytestmark = pytest.mark.gui


@pytest.fixture
def three_studies(qtbot: QtBot, window: MainWindow, tmp_path: Path) -> MainWindow:
    """One patient in 2025, 2024 and 2021, each with a lung and a soft tissue series of two kernels."""
    for name, date in (("a", "20250602"), ("b", "20240517"), ("c", "20210108")):
        write_study(tmp_path / name, f"study {name}", date, series=("lung", "soft tissue"))
    window.open_paths([tmp_path])
    settle(qtbot, window)
    return window


def descriptions(window: MainWindow) -> list[str]:
    series: list[Series | None] = [model.series for model in window.presenting.models]
    return [one.description if one else "" for one in series]


def roles(window: MainWindow) -> list[Role]:
    return [model.role for model in window.presenting.models]


def test_newest_and_its_best_prior_hang_by_themselves(three_studies: MainWindow) -> None:
    window = three_studies
    assert hung(window) == ["2025-06-02", "2024-05-17"]
    assert roles(window) == [Role.CURRENT, Role.PRIOR]
    assert descriptions(window)[0] == descriptions(window)[1]


def test_one_key_steps_through_the_pairs_and_round_again(qtbot: QtBot, three_studies: MainWindow) -> None:
    window = three_studies
    first = descriptions(window)
    QTest.keyClick(window, Qt.Key.Key_N)
    settle(qtbot, window)
    second = descriptions(window)
    assert second[0] == second[1] != first[0]
    assert hung(window) == ["2025-06-02", "2024-05-17"]
    QTest.keyClick(window, Qt.Key.Key_N)
    settle(qtbot, window)
    assert descriptions(window) == first
    QTest.keyClick(window, Qt.Key.Key_N, Qt.KeyboardModifier.ShiftModifier)
    settle(qtbot, window)
    assert descriptions(window) == second
    QTest.keyClick(window, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert descriptions(window) == first
    settle(qtbot, window)


def test_an_older_prior_comes_with_one_key_and_the_series_stays(qtbot: QtBot, three_studies: MainWindow) -> None:
    window = three_studies
    QTest.keyClick(window, Qt.Key.Key_N)
    settle(qtbot, window)
    shown = descriptions(window)
    QTest.keyClick(window, Qt.Key.Key_Down, Qt.KeyboardModifier.ControlModifier)
    settle(qtbot, window)
    assert hung(window) == ["2025-06-02", "2021-01-08"]
    assert descriptions(window) == shown
    QTest.keyClick(window, Qt.Key.Key_Down, Qt.KeyboardModifier.ControlModifier)
    settle(qtbot, window)
    assert window.notice.isVisible(), "there is no older one: that is said, not ignored"
    QTest.keyClick(window, Qt.Key.Key_Up, Qt.KeyboardModifier.ControlModifier)
    settle(qtbot, window)
    assert hung(window) == ["2025-06-02", "2024-05-17"]
    settle(qtbot, window)


def test_double_clicking_an_older_series_compares_it_with_the_newest(qtbot: QtBot, three_studies: MainWindow) -> None:
    window = three_studies
    key = rail_stack(window, "2021-01-08")
    double_click(window, key)
    settle(qtbot, window)
    assert hung(window) == ["2025-06-02", "2021-01-08"]
    assert window.session.session.viewports[1].stack == key


def test_a_dragged_series_takes_its_role_and_the_place_of_its_neighbour(
    qtbot: QtBot, three_studies: MainWindow
) -> None:
    window = three_studies
    window.bar.layout_chosen.emit(1, 3)
    settle(qtbot, window)
    QTest.keyClick(window, Qt.Key.Key_Home)
    key = rail_stack(window, "2021-01-08")
    assert drop(window.viewports()[2], stack_to_mime(key))
    settle(qtbot, window)
    assert hung(window) == ["2025-06-02", "2024-05-17", "2021-01-08"]
    assert roles(window) == [Role.CURRENT, Role.PRIOR, Role.PRIOR]
    views = [viewport.view for viewport in window.session.session.viewports]
    assert views[2].frame_index == views[0].frame_index == 0
    assert views[2].mm_per_pixel == views[0].mm_per_pixel


def test_the_rail_shows_thumbnails_and_the_numbers_of_pairs(qtbot: QtBot, three_studies: MainWindow) -> None:
    window = three_studies
    model = window.rail._model
    rows = [row for row in model.rows if isinstance(row, SeriesRow)]
    assert len(rows) == 6
    qtbot.waitUntil(lambda: all(model.thumbnail(row.stack.key) is not None for row in rows[:4]))
    picture = model.thumbnail(rows[0].stack.key)
    assert picture is not None
    grey = picture.toImage()
    values = {grey.pixelColor(x, y).lightness() for x in range(grey.width()) for y in range(grey.height())}
    assert len(values) > 10, "the picture of the ramp, not an empty tile"
    numbers = {
        (row.study.study_date.year if row.study.study_date else 0, row.series.description): model.pair_number(
            row.stack.key
        )
        for row in rows
    }
    assert numbers[2025, "lung"] == numbers[2024, "lung"]
    assert numbers[2025, "soft tissue"] == numbers[2024, "soft tissue"] != numbers[2025, "lung"]
    assert numbers[2021, "lung"] is None, "only what hangs is numbered"
