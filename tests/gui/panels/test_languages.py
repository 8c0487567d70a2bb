"""Every word of every panel goes through translation, also while it is on the screen."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path

import pytest
from PySide6.QtCore import Qt, QTranslator
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QApplication,
    QHeaderView,
    QLabel,
    QLineEdit,
    QWidget,
)
from pytestqt.qtbot import QtBot

from compare.identity.verdict import compare_identity
from compare.measuring.values import MeasuredValue
from compare.session.comparison_session import Role
from compare.session.measurement import MeasurementKind
from loaders.errors import SourceError
from loaders.model.stack import StackWarningCode
from loaders.model.study import Catalogue, NotDisplayed, Problem
from loaders.model.units import SpacingBasis
from tests.gui.panels.study_samples import CHAN, CURRENT, OTHER_PATIENT, PRIOR, series, study
from viewer.panels.about_dialog import AboutDialog
from viewer.panels.bottom_strip import BottomStrip, JobLine
from viewer.panels.empty_state import EmptyState
from viewer.panels.error_dialog import ErrorDialog
from viewer.panels.help_overlay import HelpOverlay
from viewer.panels.identity_bar import IdentityBar
from viewer.panels.identity_dialog import IdentityDialog
from viewer.panels.layout_picker import LayoutPicker
from viewer.panels.measurements_panel import MeasurementRow, MeasurementsPanel
from viewer.panels.notice_bar import NoticeBar
from viewer.panels.password_dialog import PasswordDialog
from viewer.panels.problems_panel import ProblemsPanel
from viewer.panels.rail_rows import RailFilter, SeriesRow, rail_rows
from viewer.panels.rail_text import warning_word
from viewer.panels.scan_progress import ScanProgress, ScanState
from viewer.panels.time_rail import TimeRail
from viewer.panels.top_bar import LANGUAGE_NAMES, TopBar

pytestmark = pytest.mark.gui

#: What is not translated: numbers, names, units, codes of modalities, what a file says, and languages' own names.
_DATA = {"◧ Diptych", "◧ Diptych 0.1", "1×1", "name.zip", "a report", "IMG1", "SR", "71", *LANGUAGE_NAMES.values()}


class Brackets(QTranslator):
    """Translates everything into itself between brackets."""

    def translate(
        self,
        context: str,
        sourceText: str,  # noqa: N803
        disambiguation: str | None = None,
        n: int = -1,
    ) -> str:
        if context.startswith("Q"):
            return ""  # Qt's own words
        return f"⟦{sourceText}⟧"

    def isEmpty(self) -> bool:  # noqa: N802
        return False


@pytest.fixture
def brackets(qapp: QApplication) -> Iterator[Callable[[], None]]:
    translator = Brackets()

    def install() -> None:
        qapp.installTranslator(translator)
        qapp.processEvents()

    yield install
    qapp.removeTranslator(translator)
    qapp.processEvents()


def words_of(widget: QWidget) -> list[str]:
    """Every text a reader could meet on a widget."""
    found = [label.text() for label in widget.findChildren(QLabel)]
    for button in widget.findChildren(QAbstractButton):
        found += [button.text(), button.toolTip()]
        if button.property("menu") is None and hasattr(button, "menu") and button.menu():
            found += [action.text() for action in button.menu().actions()]
    for field in widget.findChildren(QLineEdit):
        found.append(field.placeholderText())
    for view in widget.findChildren(QAbstractItemView):
        model = view.model()
        if isinstance(view, QHeaderView) or isinstance(widget, TimeRail):
            continue
        for column in range(model.columnCount()):
            found.append(str(model.headerData(column, Qt.Orientation.Horizontal)))
            found += [str(model.index(row, column).data()) for row in range(model.rowCount())]
    return [text for text in found if text]


def untranslated(texts: list[str]) -> list[str]:
    """Texts of words that never went through translation and are no data."""
    return [text for text in texts if text not in _DATA and "⟦" not in text and re.search(r"[A-Za-z]{2,}", text)]


def make_rail() -> TimeRail:
    rail = TimeRail()
    rail.set_catalogue(Catalogue((CURRENT, PRIOR)))
    rail._head.filter_changed.emit(RailFilter(text=" "))
    return rail


def make_strip() -> BottomStrip:
    strip = BottomStrip()
    strip.set_memory(10**9, 8 * 10**9)
    strip.set_problem_count(1, 1)
    strip.set_jobs((JobLine(1, "⟦given⟧", 0.5), JobLine(2, "⟦given⟧", 0.5)))
    return strip


def make_bar() -> TopBar:
    bar = TopBar()
    bar.set_patient(None)
    return bar


def make_problems() -> ProblemsPanel:
    panel = ProblemsPanel()
    report = NotDisplayed(Path("SR"), "a report", "structured_report")
    panel.set_catalogue(Catalogue((), (Problem(Path("IMG1"), "duplicate", ""),), (report,)))
    return panel


def make_measurements() -> MeasurementsPanel:
    panel = MeasurementsPanel()
    withheld = MeasuredValue("length", None, "mm", basis=SpacingBasis.GEOMETRY, reason="pixels_not_square")
    kind = MeasurementKind.LENGTH
    row = MeasurementRow("a", kind, (withheld,), "", "", Role.CURRENT, date(2025, 1, 1), "", 71)
    panel.set_rows([row])
    return panel


def make_identity(number: int) -> Callable[[], IdentityBar]:
    def make() -> IdentityBar:
        bar = IdentityBar()
        bar.set_state(compare_identity(CURRENT, (PRIOR, OTHER_PATIENT, PRIOR)[number]), is_confirmed=number == 2)
        return bar

    return make


def make_scan() -> ScanProgress:
    line = ScanProgress()
    line.set_state(ScanState("", 1, 2, 3, 4, 5))
    return line


def make_notice() -> NoticeBar:
    notice = NoticeBar()
    notice.show_error(SourceError(""))
    return notice


RUNNING: list[Callable[[], QWidget]] = [
    make_rail,
    make_strip,
    make_bar,
    make_problems,
    make_measurements,
    make_identity(0),
    make_identity(1),
    make_identity(2),
    make_scan,
    make_notice,
    EmptyState,
    LayoutPicker,
]
OPENED_ANEW: list[Callable[[], QWidget]] = [
    lambda: AboutDialog("0.1"),
    lambda: ErrorDialog(""),
    lambda: PasswordDialog("name.zip", was_wrong=True),
    lambda: IdentityDialog(compare_identity(CURRENT, CURRENT), "", ""),
]


@pytest.mark.parametrize("make", RUNNING)
def test_a_change_of_language_reaches_every_word_on_the_screen(
    qtbot: QtBot, brackets: Callable[[], None], make: Callable[[], QWidget]
) -> None:
    widget = make()
    qtbot.addWidget(widget)
    assert untranslated(words_of(widget)), "nothing to translate: the test would see nothing"
    brackets()
    assert untranslated(words_of(widget)) == []


@pytest.mark.parametrize("make", OPENED_ANEW)
def test_a_dialog_speaks_the_language_it_is_opened_in(
    qtbot: QtBot, brackets: Callable[[], None], make: Callable[[], QWidget]
) -> None:
    brackets()
    widget = make()
    qtbot.addWidget(widget)
    values = {"A123456(3)", "CHAN TAI MAN 陳大文"}
    assert [text for text in untranslated(words_of(widget)) if text not in values] == []


def test_the_help_follows_too(qtbot: QtBot, brackets: Callable[[], None]) -> None:
    host = QWidget()
    qtbot.addWidget(host)
    overlay = HelpOverlay(host)
    brackets()
    assert untranslated(words_of(overlay)) == []


def test_rows_of_the_rail_ask_for_their_words_while_painting(qtbot: QtBot, brackets: Callable[[], None]) -> None:
    rail = make_rail()
    qtbot.addWidget(rail)
    rail.show()
    before = rail._view.viewport().grab().toImage()
    brackets()
    assert rail._view.viewport().grab().toImage() != before


@pytest.mark.parametrize("code", list(StackWarningCode))
def test_every_irregularity_has_a_word(brackets: Callable[[], None], code: StackWarningCode) -> None:
    brackets()
    one = study("1", date(2020, 1, 1), CHAN, listed=(series("1", 1, warning=code),))
    row = next(row for row in rail_rows([one]).rows if isinstance(row, SeriesRow))
    assert re.fullmatch(r"⟦[a-z]+⟧", warning_word(row))
