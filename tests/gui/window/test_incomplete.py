"""A series that is not all there says so before it shows anything, and a slice that cannot be read keeps its place."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtGui import QImage
from pytestqt.qtbot import QtBot

from compare.session import commands
from loaders.model.frame_validity import FrameState
from tests.gui.window.conftest import settle
from tests.support.dicom_files import SeriesRecipe, write_series
from viewer.main_window.main_window import MainWindow
from viewer.viewport import palette
from viewer.viewport.absent_picture import absence_text
from viewer.viewport.badges import safety_badges

pytestmark = pytest.mark.gui

RECIPE = SeriesRecipe(
    slices=8, rows=32, columns=32, missing=frozenset({6}), overrides={"NumberOfSeriesRelatedInstances": 8}
)


def _said(window: MainWindow) -> list[str]:
    return [
        badge.text for badge in safety_badges(window.presenting.models[0]) if badge.code in {"incomplete", "loading"}
    ]


def _danger(window: MainWindow) -> int:
    """How many pixels of the first viewport have the colour of an error."""
    image = window.viewports()[0].grab().toImage().convertToFormat(QImage.Format.Format_RGB888)
    line = image.bytesPerLine()
    pixels = np.frombuffer(image.constBits(), dtype=np.uint8).reshape(image.height(), line)[:, : 3 * image.width()]
    danger = palette.DANGER
    return int(np.all(pixels.reshape(-1, 3) == (danger.red(), danger.green(), danger.blue()), axis=1).sum())


def test_what_is_missing_is_said_before_the_first_picture_and_the_failed_slice_is_a_tile(
    qtbot: QtBot, window: MainWindow, tmp_path: Path
) -> None:
    paths = write_series(tmp_path / "series", RECIPE)
    whole = paths[2].read_bytes()
    paths[2].write_bytes(whole[: len(whole) - 700])
    heard: list[list[str]] = []

    def listen(*_arguments: object) -> None:
        models = window.presenting.models
        if models and models[0].stack is not None:
            heard.append(_said(window))

    widget = window.viewports()[0]
    painted = widget.paintEvent

    def paint(event: object) -> None:
        listen()
        painted(event)  # type: ignore[arg-type]

    widget.paintEvent = paint  # type: ignore[method-assign,assignment]
    window.open_paths([tmp_path / "series"])
    qtbot.waitUntil(lambda: bool(window.presenting.models and window.presenting.models[0].volume), timeout=20_000)
    settle(qtbot, window)
    assert heard
    # At every paint, also while the scan has found only some of them.
    assert all(any(re.match(r"INCOMPLETE [1-6]/8", text) for text in said) for said in heard), heard

    # Eight expected, six received whole (one is not there, one is cut off), and what was decoded: all three numbers.
    assert _said(window) == ["INCOMPLETE 6/8, 6 of 7 slices decoded"]
    (model, *_) = window.presenting.models
    assert model.stack is not None
    assert model.volume is not None
    failed = [n for n in range(len(model.stack.frames)) if model.volume.validity[n] is FrameState.FAILED]
    assert failed == [2]
    others = _danger(window)

    stacks = window.session.stacks
    window.session.apply(lambda session: commands.scroll_to(session, index=0, frame_index=2, stacks=stacks))
    settle(qtbot, window)
    (model, *_) = window.presenting.models
    heading, reason = absence_text(model)
    assert heading == "Slice 3 could not be read"
    assert reason
    assert _danger(window) > others + 500, "the tile has a border and words in the colour of an error"
    # Its neighbours are where they were: the tile takes a place, it does not close the gap.
    assert model.stack is not None
    assert [frame.instance_number for frame in model.stack.frames] == [1, 2, 3, 4, 5, 6, 8]
