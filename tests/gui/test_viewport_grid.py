"""The grid of viewports keeps its widgets through every change of layout."""

from __future__ import annotations

from PySide6.QtWidgets import QLabel, QWidget
from pytestqt.qtbot import QtBot

from compare.session.comparison_session import Layout
from viewer.main_window.viewport_grid import ViewportGrid


def _cell(index: int) -> QWidget:
    return QLabel(str(index))


def test_two_viewports_share_the_width(qtbot: QtBot) -> None:
    grid = ViewportGrid(_cell)
    qtbot.addWidget(grid)
    grid.resize(801, 400)
    grid.arrange(Layout(rows=1, columns=2))
    grid.show()
    left, right = grid.widgets
    assert left.width() == right.width() == 400
    assert left.height() == right.height() == 400


def test_maximise_and_restore_keep_the_widget(qtbot: QtBot) -> None:
    grid = ViewportGrid(_cell)
    qtbot.addWidget(grid)
    grid.resize(600, 600)
    grid.arrange(Layout(rows=2, columns=2))
    grid.show()
    before = list(grid.widgets)
    grid.arrange(Layout(rows=2, columns=2, maximised=3))
    assert [widget.isVisible() for widget in grid.widgets] == [False, False, False, True]
    assert grid.widgets[3].size() == grid.size()
    grid.arrange(Layout(rows=2, columns=2))
    assert list(grid.widgets) == before
    assert all(widget.isVisible() for widget in before)
