"""The identity guard as the reader meets it."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel
from pytestqt.qtbot import QtBot

from compare.identity.verdict import Verdict, compare_identity
from tests.gui.panels.study_samples import CHAN, CURRENT, HOSTILE, OTHER_PATIENT, PRIOR, study
from viewer.panels.identity_bar import IdentityBar
from viewer.panels.identity_dialog import IdentityDialog
from viewer.panels.identity_text import identity_lines, matched_tag

pytestmark = pytest.mark.gui

SAME = compare_identity(CURRENT, replace(CURRENT, uid="2"))
UNPROVEN = compare_identity(CURRENT, PRIOR)
CONFLICT = compare_identity(CURRENT, OTHER_PATIENT)


@pytest.fixture
def bar(qtbot: QtBot) -> IdentityBar:
    widget = IdentityBar()
    qtbot.addWidget(widget)
    widget.resize(1000, 40)
    return widget


def test_the_samples_are_the_three_verdicts() -> None:
    assert [item.verdict for item in (SAME, UNPROVEN, CONFLICT)] == [
        Verdict.AGREE,
        Verdict.UNPROVEN,
        Verdict.CONFLICT,
    ]


def test_agreement_needs_no_words(bar: IdentityBar) -> None:
    bar.set_state(SAME)
    assert not bar.isVisible()
    bar.set_state(None)
    assert not bar.isVisible()


def test_unproven_takes_one_click_and_leaves_a_lasting_tag(bar: IdentityBar, qtbot: QtBot) -> None:
    bar.set_state(UNPROVEN)
    assert bar.isVisible()
    assert bar.property("tone") == "warning"
    assert "name, birth date, sex" in bar._words.text()
    with qtbot.waitSignal(bar.confirmed):
        QTest.mouseClick(bar._confirm_button, Qt.MouseButton.LeftButton)
    bar.set_state(UNPROVEN, is_confirmed=True)
    assert bar.isVisible()
    assert bar._words.text() == "matched by name, birth date, sex"
    assert not bar._confirm_button.isVisible()


def test_a_conflict_cannot_be_confirmed_by_a_click(bar: IdentityBar, qtbot: QtBot) -> None:
    bar.set_state(CONFLICT, is_confirmed=True)
    assert not bar._confirm_button.isVisible()
    assert bar._words.text() == "PATIENTS DO NOT MATCH. The studies are not shown side by side."
    assert bar.property("tone") == "danger"
    with qtbot.waitSignal(bar.details_requested):
        QTest.mouseClick(bar._details_button, Qt.MouseButton.LeftButton)


def test_an_override_stays_in_red_with_its_reason(bar: IdentityBar) -> None:
    bar.set_state(CONFLICT, override_reason=f"twin brothers {HOSTILE}")
    assert bar._words.text() == f"PATIENTS DO NOT MATCH. Opened by the reader: twin brothers {HOSTILE}"
    assert bar._words.textFormat() == Qt.TextFormat.PlainText
    assert bar.property("tone") == "danger"


def dialog_for(qtbot: QtBot, verdict: object) -> IdentityDialog:
    dialog = IdentityDialog(verdict, "2 Jun 2025 · CT CHEST", "9 Jan 2023 · PET-CT")  # type: ignore[arg-type]
    qtbot.addWidget(dialog)
    dialog.open()
    return dialog


def test_the_table_shows_both_sides_whole(qtbot: QtBot) -> None:
    dialog = dialog_for(qtbot, CONFLICT)
    texts = [label.text() for label in dialog.findChildren(QLabel)]
    for text in ("A123456(3)", "G123456(A)", "12 Mar 1958", "1 Dec 1971", "CURRENT\n2 Jun 2025 · CT CHEST"):
        assert text in texts
    assert texts.count("CONFLICT") == 3
    assert all(label.textFormat() == Qt.TextFormat.PlainText for label in dialog.findChildren(QLabel))


@pytest.mark.parametrize("reason", ["", "x", "         x          ", "too short"])
def test_a_conflict_needs_a_reason_worth_reading(qtbot: QtBot, reason: str) -> None:
    dialog = dialog_for(qtbot, CONFLICT)
    dialog._reason.setText(reason)
    assert not dialog._open_button.isEnabled()
    with qtbot.assertNotEmitted(dialog.overridden):
        QTest.mouseClick(dialog._open_button, Qt.MouseButton.LeftButton)


def test_a_typed_reason_opens_it(qtbot: QtBot) -> None:
    dialog = dialog_for(qtbot, CONFLICT)
    QTest.keyClicks(dialog._reason, "  registered twice   after a marriage ")
    with qtbot.waitSignal(dialog.overridden) as caught:
        QTest.mouseClick(dialog._open_button, Qt.MouseButton.LeftButton)
    assert caught.args == ["registered twice after a marriage"]
    assert not dialog.isVisible()


@pytest.mark.parametrize("key", [Qt.Key.Key_Return, Qt.Key.Key_Escape])
def test_enter_and_escape_keep_patients_apart(qtbot: QtBot, key: Qt.Key) -> None:
    dialog = dialog_for(qtbot, CONFLICT)
    dialog._reason.setText("registered twice after a marriage")
    with qtbot.assertNotEmitted(dialog.overridden), qtbot.assertNotEmitted(dialog.confirmed):
        QTest.keyClick(dialog._reason, key)
    assert not dialog.isVisible()


def test_an_unproven_match_is_confirmed_in_the_table_too(qtbot: QtBot) -> None:
    dialog = dialog_for(qtbot, UNPROVEN)
    assert not dialog._reason.isVisible()
    assert not dialog._open_button.isVisible()
    with qtbot.waitSignal(dialog.confirmed):
        QTest.mouseClick(dialog._confirm_button, Qt.MouseButton.LeftButton)


def test_words_of_the_table() -> None:
    lines = identity_lines(UNPROVEN)
    assert [line.field for line in lines] == ["identifier", "name", "birth date", "sex"]
    assert lines[0].result == "proves nothing: not of one kind"
    assert lines[0].tone == "warning"
    assert [line.result for line in lines[1:]] == ["same"] * 3


def test_what_is_missing_is_named_and_not_counted_as_a_match() -> None:
    nameless = study("3", date(2020, 1, 1), replace(CHAN, identifiers=(), birth_date=None))
    verdict = compare_identity(CURRENT, nameless)
    assert identity_lines(verdict)[2].prior == "not provided"
    assert matched_tag(verdict) == "matched by name, sex"
