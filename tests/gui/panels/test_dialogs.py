"""Password, about, fault report; and that no widget takes text for HTML."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QCheckBox, QLabel, QLineEdit, QPushButton
from pytestqt.qtbot import QtBot

from tests.gui.panels.study_samples import HOSTILE
from viewer.panels.about_dialog import AboutDialog
from viewer.panels.error_dialog import ErrorDialog
from viewer.panels.password_dialog import PasswordDialog
from viewer.panels.plain_text import ElidedLabel, PlainLabel, plain_tooltip, shown_text

pytestmark = pytest.mark.gui


def test_a_password_is_hidden_handed_on_once_and_forgotten(qtbot: QtBot) -> None:
    dialog = PasswordDialog(HOSTILE)
    qtbot.addWidget(dialog)
    dialog.open()
    field = dialog.findChild(QLineEdit)
    assert isinstance(field, QLineEdit)
    assert field.echoMode() == QLineEdit.EchoMode.Password
    assert not dialog._open_button.isEnabled()
    assert HOSTILE in [label.text() for label in dialog.findChildren(QLabel)]
    given: list[str] = []
    dialog.password_given.connect(given.append)
    QTest.keyClicks(field, " s3cret ")
    QTest.keyClick(field, Qt.Key.Key_Return)
    assert given == [" s3cret "]
    assert field.text() == ""
    assert not dialog.isVisible()


def test_a_cancelled_password_is_forgotten_too(qtbot: QtBot) -> None:
    dialog = PasswordDialog("a.zip", was_wrong=True)
    qtbot.addWidget(dialog)
    dialog.open()
    assert "That password does not open it." in [label.text() for label in dialog.findChildren(QLabel)]
    QTest.keyClicks(dialog._field, "abc")
    with qtbot.assertNotEmitted(dialog.password_given):
        QTest.keyClick(dialog, Qt.Key.Key_Escape)
    assert dialog._field.text() == ""


def test_a_password_can_be_looked_at(qtbot: QtBot) -> None:
    dialog = PasswordDialog("a.zip")
    qtbot.addWidget(dialog)
    box = dialog.findChild(QCheckBox)
    assert isinstance(box, QCheckBox)
    box.setChecked(True)
    assert dialog._field.echoMode() == QLineEdit.EchoMode.Normal


def test_about_says_what_it_is_not_for(qtbot: QtBot) -> None:
    dialog = AboutDialog("0.1.0", is_first_start=True)
    qtbot.addWidget(dialog)
    words = " ".join(label.text() for label in dialog.findChildren(QLabel))
    assert "Not for primary diagnosis." in words
    assert "Not a medical device" in words
    assert "0.1.0" in words
    dialog.open()
    QTest.mouseClick(dialog.findChildren(QPushButton)[0], Qt.MouseButton.LeftButton)
    assert dialog.result() == AboutDialog.DialogCode.Accepted


def test_a_fault_report_can_be_read_and_copied(qtbot: QtBot) -> None:
    dialog = ErrorDialog("Python 3\nbuiltins.ValueError")
    qtbot.addWidget(dialog)
    dialog.open()
    for number in range(40):
        dialog.add_report(f"report {number}")
    copy = next(button for button in dialog.findChildren(QPushButton) if button.text() == "Copy the report")
    QTest.mouseClick(copy, Qt.MouseButton.LeftButton)
    copied = QGuiApplication.clipboard().text()
    assert copied.startswith("Python 3\nbuiltins.ValueError")
    assert "report 18" in copied
    assert "report 19" not in copied


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("CHAN\u202e)3(654321A", "CHAN\ufffd)3(654321A"),
        ("a\nb\tc\u2028d", "a b c d"),
        ("zero\u200bwidth\u2066", "zero\ufffdwidth\ufffd"),
        ("null\x00bell\x07", "null\ufffdbell\ufffd"),
        ("陳大文 \U00020bb7 \ue000 Müller", "陳大文 \U00020bb7 \ue000 Müller"),
        (HOSTILE, HOSTILE),
        ("x" * 5000, "x" * 1023 + "…"),
    ],
)
def test_hostile_text_is_made_visible(text: str, shown: str) -> None:
    assert shown_text(text) == shown


def test_a_tooltip_never_obeys_what_it_shows() -> None:
    assert plain_tooltip(HOSTILE, "", "second") == (
        "<qt>&lt;img src=x onerror=alert(1)&gt;&lt;b&gt;bold&lt;/b&gt;&amp;amp;<br>second</qt>"
    )
    assert plain_tooltip("") == ""


def test_labels_take_html_for_text(qtbot: QtBot) -> None:
    label = PlainLabel("<h1>x</h1>")
    plain = PlainLabel("xh1xxx/h1x")
    for item in (label, plain):
        qtbot.addWidget(item)
    assert label.textFormat() == Qt.TextFormat.PlainText
    assert label.sizeHint().height() == plain.sizeHint().height()


def test_what_an_elided_label_hides_is_in_its_tooltip(qtbot: QtBot) -> None:
    label = ElidedLabel("a long line of text <b> that does not fit")
    qtbot.addWidget(label)
    label.resize(60, 20)
    label.show()
    label.grab()
    assert "&lt;b&gt; that does not fit" in label.toolTip()
    label.resize(900, 20)
    label.grab()
    assert label.toolTip() == ""
