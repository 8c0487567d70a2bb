"""The table of words: one tab-separated line for each string a reader can see, in every language of the window.

It is read as it stands: nothing is compiled, so no stale file can be shown. Lines are sorted, and git joins the lines
of two branches (``.gitattributes``), so that two people can add words at a time.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from importlib.resources import files

#: Languages with a column of their own; English is the source.
TRANSLATED = ("zh_HK", "zh_CN")
_HEADER = ("context", "english", *TRANSLATED, "note", "english_singular")
_ESCAPES = {"\\": "\\\\", "\t": "\\t", "\n": "\\n"}
_UNESCAPES = {"\\\\": "\\", "\\t": "\t", "\\n": "\n"}


@dataclass(frozen=True, slots=True, order=True)
class WordKey:
    """What tells one string from another for Qt: context, English source, and a note where one source has two uses."""

    context: str
    english: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class Word:
    """One string in all languages. ``english_singular`` is only for sources with ``%n``."""

    key: WordKey
    zh_hk: str = ""
    zh_cn: str = ""
    english_singular: str = ""

    def in_language(self, language: str) -> str:
        """Return the translation, empty where there is none (yet); English has none but the plural's."""
        return {"zh_HK": self.zh_hk, "zh_CN": self.zh_cn}.get(language, "")


class TableFault(ValueError):
    """The table is not well formed: a conflict marker, a missing column, one key twice."""


def read_table() -> tuple[Word, ...]:
    """Read the table of the application. Raises ``TableFault``."""
    return parse_table(files("resources").joinpath("translations", "words.tsv").read_text(encoding="utf-8"))


def parse_table(text: str, on_twice: Callable[[Word, Word], Word] | None = None) -> tuple[Word, ...]:
    """Parse a table's text. Raises ``TableFault`` with the number of the line.

    Two branches may have translated one string differently, and git keeps both lines: ``on_twice`` chooses.
    """
    words: dict[WordKey, Word] = {}
    for number, line in enumerate(text.split("\n"), start=1):
        cells = [re.sub(r"\\[\\tn]", lambda found: _UNESCAPES[found.group()], cell) for cell in line.split("\t")]
        if not line or tuple(cells) == _HEADER:
            continue
        if len(cells) != len(_HEADER):
            raise TableFault(f"words.tsv:{number}: {len(cells)} columns instead of {len(_HEADER)}")
        context, english, zh_hk, zh_cn, note, singular = cells
        word = Word(WordKey(context, english, note), zh_hk, zh_cn, singular)
        if words.setdefault(word.key, word) != word:
            if on_twice is None:
                raise TableFault(f"words.tsv:{number}: translated twice, differently: {context}: {english!r}")
            words[word.key] = on_twice(words[word.key], word)
    return tuple(words.values())


def table_text(words: Iterable[Word]) -> str:
    """Return the table's text, sorted, one line each."""
    rows = [
        (word.key.context, word.key.english, word.zh_hk, word.zh_cn, word.key.note, word.english_singular)
        for word in sorted(words, key=lambda word: word.key)
    ]
    return "".join("\t".join(map(_escaped, row)) + "\n" for row in (_HEADER, *rows))


def _escaped(cell: str) -> str:
    return re.sub(r"[\\\t\n]", lambda found: _ESCAPES[found.group()], cell)
