"""Measurements leave the window as files: never over another, named by the masked identifier, said where."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from pydicom import dcmread
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from tests.gui.window.conftest import settle, write_study
from tests.support.reading import at_pixel, drag
from viewer.controllers.export_controller import Exported
from viewer.main_window.main_window import MainWindow
from viewer.panels.export_dialog import ExportChoice, ExportDialog, ExportKind

pytestmark = pytest.mark.gui


@pytest.fixture
def measured(qtbot: QtBot, window: MainWindow, tmp_path: Path) -> MainWindow:
    """One study open, one length and one ellipse drawn on it."""
    write_study(tmp_path / "disc", "now", "20250602")
    window.open_paths([tmp_path / "disc"])
    settle(qtbot, window)
    widget = window.viewports()[0]
    frame = widget.model.frame
    assert frame is not None
    far = min(frame.format.rows, frame.format.columns) - 2
    for key in (Qt.Key.Key_D, Qt.Key.Key_E):
        QTest.keyClick(window, key)
        drag(widget, at_pixel(widget, 1, 1), at_pixel(widget, far, far))
        QTest.keyClick(window, Qt.Key.Key_Down)
    assert len(window.session.session.measurements) == 2
    return window


def export(qtbot: QtBot, window: MainWindow, folder: Path, *kinds: ExportKind) -> Exported:
    with qtbot.waitSignal(window.exports.ended, timeout=60_000) as caught:
        window.exports.export(ExportChoice(kinds, folder))
    assert caught.args is not None
    exported = caught.args[0]
    assert isinstance(exported, Exported)
    return exported


def test_every_kind_is_written_and_read_by_others(qtbot: QtBot, measured: MainWindow, tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    exported = export(qtbot, measured, out, *ExportKind)
    assert exported.failed == ()
    by_ending = {"".join(path.name.rpartition(".")[2:]): path for path in exported.written}
    assert {"csv", "pdf", "png", "dcm"} <= set(by_ending)
    rows = list(csv.reader(io.StringIO(by_ending["csv"].read_text("utf-8-sig"))))
    length = next(row for row in rows if row[1:2] == ["length"])
    frame = measured.viewports()[0].model.frame
    assert frame is not None
    one = measured.session.session.measurements[0]
    wanted = float(np.hypot(*(np.array(one.points_mm[1]) - np.array(one.points_mm[0]))))
    assert float(length[6]) == pytest.approx(wanted, abs=0.06 if frame.spacing.is_mm else wanted)
    assert by_ending["pdf"].read_bytes().startswith(b"%PDF-")
    classes = {str(dcmread(path).SOPClassUID) for path in exported.written if path.suffix == ".dcm"}
    assert classes == {"1.2.840.10008.5.1.4.1.1.88.33", "1.2.840.10008.5.1.4.1.1.11.1"}
    with Image.open(by_ending["png"]) as picture:
        assert picture.size[0] > 200
    assert str(out) in measured.notice._words.text()


def test_nothing_is_replaced_and_no_name_holds_the_identifier(
    qtbot: QtBot, measured: MainWindow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("viewer.controllers.export_controller.base_name", lambda masked, _now: f"Diptych {masked[:2]}")
    first = export(qtbot, measured, tmp_path, ExportKind.TABLE).written
    before = first[0].read_bytes()
    second = export(qtbot, measured, tmp_path, ExportKind.TABLE).written
    assert second[0] != first[0]
    assert second[0].name.endswith(" (2).csv")
    assert first[0].read_bytes() == before
    models = measured.presenting.models
    identifier = models[0].study.patient.primary_identifier if models[0].study is not None else None
    assert identifier is not None
    assert identifier.value not in first[0].name


def test_a_folder_that_takes_nothing_is_told_of(qtbot: QtBot, measured: MainWindow, tmp_path: Path) -> None:
    exported = export(qtbot, measured, tmp_path / "missing", ExportKind.TABLE, ExportKind.PICTURE)
    assert exported.written == ()
    assert {kind for kind, _ in exported.failed} == {ExportKind.TABLE, ExportKind.PICTURE}
    assert measured.notice._words.text().startswith("Not written: csv. ")


def test_the_dialog_offers_what_there_is(qtbot: QtBot, measured: MainWindow, tmp_path: Path) -> None:
    QTest.keyClick(measured, Qt.Key.Key_E, Qt.KeyboardModifier.ControlModifier)
    dialog = measured.findChild(ExportDialog)
    assert dialog is not None
    assert all(box.isEnabled() for box in dialog._boxes.values())
    for kind, box in dialog._boxes.items():
        box.setChecked(kind is ExportKind.TABLE)
    dialog._folder.setText("")
    assert not dialog._write.isEnabled()
    dialog._folder.setText(str(tmp_path))
    with qtbot.waitSignal(measured.exports.ended, timeout=60_000):
        QTest.mouseClick(dialog._write, Qt.MouseButton.LeftButton)
    assert len(list(tmp_path.glob("Diptych*.csv"))) == 1


def is_marked(window: MainWindow) -> bool:
    return window.viewports()[0].model.is_key_image


def test_a_key_image_is_marked_listed_found_again_and_unmarked(qtbot: QtBot, measured: MainWindow) -> None:
    panel = measured.pictures.panel
    QTest.keyClick(measured, Qt.Key.Key_Home)
    assert not is_marked(measured)
    QTest.keyClick(measured, Qt.Key.Key_K)
    assert is_marked(measured)
    assert panel._cells(panel._rows[-1])[0] == "★ Key image"
    QTest.keyClick(measured, Qt.Key.Key_End)
    assert not is_marked(measured)
    panel.go_to_requested.emit(panel._rows[-1].identifier)
    assert is_marked(measured)
    QTest.keyClick(measured, Qt.Key.Key_K)
    assert not is_marked(measured)
    QTest.keyClick(measured, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert is_marked(measured)
    panel.remove_requested.emit(panel._rows[-1].identifier)
    assert measured.session.session.key_images == ()
