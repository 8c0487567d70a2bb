"""The window asks where a pair is not certain, and keeps what the reader answers or does himself."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from loaders.model.stack import StackKey
from tests.gui.window.conftest import MakeWindow, drop, hung, settle, write_study
from tests.gui.window.test_hanging import descriptions
from viewer.main_window.main_window import MainWindow
from viewer.panels.pairing_rules_dialog import PairingRulesDialog
from viewer.panels.stack_mime import stack_to_mime
from viewer.settings.settings import Settings, read_settings

pytestmark = pytest.mark.gui


def _open(qtbot: QtBot, window: MainWindow, folder: Path, ours: tuple[str, ...], theirs: tuple[str, ...]) -> None:
    """Two studies whose files name no part of the body but in their series' descriptions."""
    facts: dict[str, Any] = {"BodyPartExamined": "", "SpecificCharacterSet": "ISO_IR 192"}
    write_study(folder / "a", "study a", "20250602", series=ours, **facts)
    write_study(folder / "b", "study b", "20240517", series=theirs, **facts)
    window.open_paths([folder])
    settle(qtbot, window)
    assert hung(window) == ["2025-06-02", "2024-05-17"]


def _of_prior(window: MainWindow, description: str) -> StackKey:
    study = window.presenting.models[1].study
    assert study is not None
    return next(one for one in study.series if one.description == description).stacks[0].key


def test_a_pair_of_unknown_kind_is_asked_and_the_answer_kept(
    qtbot: QtBot, make_window: MakeWindow, tmp_path: Path
) -> None:
    file = tmp_path / "settings.json"
    window = make_window(settings_file=file)
    _open(qtbot, window, tmp_path / "images", ("recon 1",), ("series b",))
    assert window.pair_bar.is_asking
    assert window.pair_bar.isVisible()
    window.pair_bar.answered.emit(True)
    settle(qtbot, window)
    assert not window.pair_bar.isVisible()
    window.close()
    rules = read_settings(file).pairing_rules
    assert [rule.is_pair for rule in rules] == [True]
    again = make_window(settings=Settings(pairing_rules=rules))
    again.open_paths([tmp_path / "images"])
    settle(qtbot, again)
    assert hung(again) == ["2025-06-02", "2024-05-17"]
    assert not again.pair_bar.isVisible()


def test_an_answer_of_no_goes_on_being_said_and_can_be_taken_back(
    qtbot: QtBot, make_window: MakeWindow, tmp_path: Path
) -> None:
    window = make_window()
    _open(qtbot, window, tmp_path, ("recon 1",), ("series b",))
    window.pair_bar.answered.emit(False)
    settle(qtbot, window)
    assert window.pair_bar.isVisible()
    assert not window.pair_bar.is_asking
    window.pairing.open_rules()
    (dialog,) = window.findChildren(PairingRulesDialog)
    dialog.remove_chosen()
    dialog.accept()
    settle(qtbot, window)
    assert window.settings.settings.pairing_rules == ()
    assert window.pair_bar.is_asking


def test_a_certain_pair_is_not_asked(qtbot: QtBot, make_window: MakeWindow, tmp_path: Path) -> None:
    window = make_window()
    _open(qtbot, window, tmp_path, ("CHEST LUNG",), ("胸部 肺窗",))
    assert not window.pair_bar.isVisible()


def test_what_the_reader_drags_beside_each_other_goes_together_from_then_on(
    qtbot: QtBot, make_window: MakeWindow, tmp_path: Path
) -> None:
    window = make_window()
    names = ("chest lung", "chest soft tissue")
    _open(qtbot, window, tmp_path, names, names)
    first = descriptions(window)
    assert first[0] == first[1]
    other = next(name for name in names if name != first[0])
    drop(window.viewports()[1], stack_to_mime(_of_prior(window, other)))
    settle(qtbot, window)
    assert descriptions(window) == [first[0], other]
    assert len(window.settings.settings.pairing_rules) == 1
    QTest.keyClick(window, Qt.Key.Key_N)
    settle(qtbot, window)
    QTest.keyClick(window, Qt.Key.Key_N)
    settle(qtbot, window)
    assert descriptions(window) == [first[0], other]
