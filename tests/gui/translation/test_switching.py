"""The window changes its language while it runs."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from PySide6.QtCore import QCoreApplication, QEvent, QLocale, QObject
from PySide6.QtWidgets import QApplication, QDialogButtonBox
from pytestqt.qtbot import QtBot

from viewer.main_window.theme import font_families
from viewer.panels.empty_state import EmptyState
from viewer.translation.languages import Languages, WordTranslator, language_of
from viewer.translation.word_table import Word, WordKey, read_table

pytestmark = pytest.mark.gui


@pytest.fixture
def languages(qapp: QApplication) -> Iterator[Languages]:
    made = Languages(qapp)
    made.use("en")
    yield made
    made.use("en")
    qapp.processEvents()


def test_an_open_panel_follows_every_change(qtbot: QtBot, languages: Languages) -> None:
    panel = EmptyState()
    qtbot.addWidget(panel)
    assert panel._folder_button.text() == "Open folder or disc"
    seen: list[str] = []
    languages.language_changed.connect(seen.append)
    for language, words in (
        ("zh_HK", "開啟資料夾或光碟"),
        ("zh_CN", "打开文件夹或光盘"),
        ("en", "Open folder or disc"),
    ):
        languages.use(language)
        QApplication.processEvents()
        assert panel._folder_button.text() == words
        assert languages.language == language
        assert QApplication.font().families() == panel._folder_button.font().families() == font_families(language)
    assert seen == ["zh_HK", "zh_CN", "en"]


def test_the_same_language_again_disturbs_nobody(qapp: QApplication, languages: Languages) -> None:
    events: list[QEvent.Type] = []

    class Listener(QObject):
        def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802
            if event.type() == QEvent.Type.LanguageChange:
                events.append(event.type())
            return False

    listener = Listener()
    qapp.installEventFilter(listener)
    languages.use("en")
    qapp.processEvents()
    qapp.removeEventFilter(listener)
    assert events == []


def test_qt_answers_from_the_table(qapp: QApplication, languages: Languages) -> None:
    for language in ("zh_HK", "zh_CN"):
        languages.use(language)
        for word in read_table():
            key = word.key
            answer = QCoreApplication.translate(key.context, key.english, key.note or None)
            assert answer == word.in_language(language)


def test_qts_own_buttons_change_too(qtbot: QtBot, languages: Languages) -> None:
    languages.use("zh_HK")
    box = QDialogButtonBox(QDialogButtonBox.StandardButton.Cancel)
    qtbot.addWidget(box)
    assert box.button(QDialogButtonBox.StandardButton.Cancel).text() == "取消"


def test_numbers_choose_their_form(qapp: QApplication) -> None:
    word = Word(WordKey("T", "%n files"), "%n 個檔案", "%n 个文件", "%n file")
    for language, wanted in {"en": ["1 file", "2 files"], "zh_HK": ["1 個檔案", "2 個檔案"]}.items():
        translator = WordTranslator(language, (word,))
        qapp.installTranslator(translator)
        assert [QCoreApplication.translate("T", "%n files", None, n) for n in (1, 2)] == wanted
        qapp.removeTranslator(translator)


def test_a_word_that_is_not_there_stays_english(qapp: QApplication, languages: Languages) -> None:
    languages.use("zh_HK")
    assert QCoreApplication.translate("Nowhere", "Not in the table") == "Not in the table"


def test_words_and_numbers_are_of_one_language(languages: Languages) -> None:
    languages.use("zh_CN")
    assert QLocale().language() == QLocale.Language.Chinese


@pytest.mark.parametrize(
    ("tags", "language"),
    [
        (["zh-Hant-HK"], "zh_HK"),
        (["zh-HK", "en-HK"], "zh_HK"),
        (["zh-TW"], "zh_HK"),
        (["yue-HK"], "zh_HK"),
        (["yue-Hans-CN"], "zh_CN"),
        (["zh-Hans-HK"], "zh_CN"),
        (["zh_CN"], "zh_CN"),
        (["zh"], "zh_CN"),
        (["en-HK", "zh-HK"], "en"),
        (["fr-FR", "zh-Hant-HK"], "zh_HK"),
        (["C"], "en"),
        ([], "en"),
    ],
)
def test_the_systems_language_is_understood(tags: list[str], language: str) -> None:
    assert language_of(tags) == language
