"""The language of the window: which one the system asks for, and the change to another while the window is open."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache

from PySide6.QtCore import QLibraryInfo, QLocale, QObject, QTranslator, Signal
from PySide6.QtWidgets import QApplication

from viewer.main_window.theme import apply_theme
from viewer.settings.settings import LANGUAGES
from viewer.translation.word_table import Word, WordKey, read_table

#: Qt's own words (buttons of file dialogs, context menus of text fields) come with Qt; it has none for Hong Kong.
_QT_CATALOGUES = {"zh_HK": "qtbase_zh_TW", "zh_CN": "qtbase_zh_CN"}
_TRADITIONAL_REGIONS = frozenset({"HK", "MO", "TW"})


class WordTranslator(QTranslator):
    """Answers Qt's questions from the table of words."""

    def __init__(self, language: str, words: Sequence[Word], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._singulars: Mapping[WordKey, str] = {
            word.key: word.english_singular for word in words if language == "en" and word.english_singular
        }
        self._words: Mapping[WordKey, str] = {
            word.key: translated for word in words if (translated := word.in_language(language))
        }

    def translate(
        self,
        context: str,
        sourceText: str,  # noqa: N803  Qt's name
        disambiguation: str | None = None,
        n: int = -1,
    ) -> str | None:
        """Return the words, or ``None`` where the English source stands. Chinese has one form for every number."""
        key = WordKey(context, sourceText, disambiguation or "")
        return self._singulars.get(key) if n == 1 and self._singulars else self._words.get(key)

    def isEmpty(self) -> bool:  # noqa: N802  Qt's name
        """Whether there are no words at all; Qt installs no empty translator."""
        return not self._words and not self._singulars


def language_of(tags: Sequence[str]) -> str:
    """Return the window's language for a system's list of languages (BCP 47, the most wanted first).

    Traditional script, or a place that writes it, gives ``zh_HK``; other Chinese ``zh_CN``; anything unknown English.
    """
    for tag in tags:
        parts = tag.replace("_", "-").split("-")
        if parts[0].lower() in {"zh", "yue"}:
            is_traditional = "Hant" in parts or ("Hans" not in parts and bool(_TRADITIONAL_REGIONS & set(parts)))
            return "zh_HK" if is_traditional or (parts[0] == "yue" and "Hans" not in parts) else "zh_CN"
        if parts[0].lower() == "en":
            return "en"
    return "en"


class Languages(QObject):
    """Owns the installed translators. Signal: ``language_changed(str)`` when every widget has been told."""

    language_changed = Signal(str)

    def __init__(self, application: QApplication, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._application = application
        self._installed: list[QTranslator] = []
        self._language = ""

    @property
    def language(self) -> str:
        """The language in use: ``en``, ``zh_HK`` or ``zh_CN``; empty before the first :meth:`use`."""
        return self._language

    def use(self, wanted: str) -> None:
        """Change to a language; an empty or unknown one means the system's.

        Qt sends ``LanguageChange`` to every widget; the face for Chinese characters changes with the region.
        """
        language = wanted if wanted in LANGUAGES else language_of(QLocale.system().uiLanguages())
        if language == self._language:
            return
        for translator in self._installed:
            self._application.removeTranslator(translator)
            translator.deleteLater()
        self._installed = [*self._qt_words(language), *self._own_words(language)]
        self._language = language
        QLocale.setDefault(QLocale(language))
        apply_theme(self._application, language)
        for translator in self._installed:
            self._application.installTranslator(translator)
        self.language_changed.emit(language)

    def _own_words(self, language: str) -> list[QTranslator]:
        return [WordTranslator(language, _table(), self)]

    def _qt_words(self, language: str) -> list[QTranslator]:
        translator = QTranslator(self)
        folder = QLibraryInfo.path(QLibraryInfo.LibraryPath.TranslationsPath)
        is_there = language in _QT_CATALOGUES and translator.load(_QT_CATALOGUES[language], folder)
        return [translator] if is_there else []


@cache
def _table() -> tuple[Word, ...]:
    return read_table()
