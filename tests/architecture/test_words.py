"""Every string a reader can see is marked, stands in the table of words, and is translated into both Chineses."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from string import Formatter

import pytest

from viewer.panels.problem_words import problem_words
from viewer.translation.marked_strings import Findings, read_source, read_sources
from viewer.translation.update_table import TABLE, updated
from viewer.translation.word_table import TableFault, Word, WordKey, parse_table, read_table, table_text

ROOT = Path(__file__).resolve().parents[2]
WORDS = read_table()
FOUND = read_sources(ROOT / "viewer")

#: The order and kind of a date's parts is itself translated; the code offers the month as name and as number.
_DATE_PARTS = {"day", "month", "month_name", "year"}

#: Words of Taiwan or the mainland that a Hong Kong hospital does not use.
_NOT_HONG_KONG = ("電腦斷層", "磁振", "超音波", "網路", "軟體", "登錄", "影像", "信息", "視頻", "質量")
_NOT_MAINLAND = ("病人", "电脑扫描", "磁力共振", "切面", "储存", "量度", "视窗", "软体", "档案")


def _of(findings: Findings, source: str) -> Findings:
    read_source(source, "sample.py", findings)
    return findings


def test_every_string_is_marked() -> None:
    assert FOUND.faults == []


def test_the_table_holds_the_strings_of_the_sources_and_no_other() -> None:
    """``make translations`` puts this right."""
    in_table = {word.key for word in WORDS}
    assert sorted(set(FOUND.marked) - in_table) == []
    assert sorted(in_table - set(FOUND.marked)) == []


def test_every_string_is_translated() -> None:
    assert [word.key for word in WORDS if not (word.zh_hk and word.zh_cn)] == []
    assert [word.key for word in WORDS if "%n" in word.key.english and not word.english_singular] == []


def _placeholders(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name is not None} | set(re.findall("%n", text))


def _texts(word: Word) -> Iterator[str]:
    yield from filter(None, (word.zh_hk, word.zh_cn, word.english_singular))


def test_translations_keep_the_placeholders() -> None:
    wrong = []
    for word in WORDS:
        wanted = _placeholders(word.key.english)
        for text in _texts(word):
            is_date = word.key.context == "Dates" and _placeholders(text) <= _DATE_PARTS
            if _placeholders(text) != wanted and not is_date:
                wrong.append((word.key, text))
    assert wrong == []


def test_translations_keep_line_breaks_and_the_spaces_at_their_ends() -> None:
    for word in WORDS:
        for text in _texts(word):
            assert text.count("\n") == word.key.english.count("\n"), word.key
            assert text == text.strip(), word.key


@pytest.mark.parametrize(("column", "charset"), [("zh_hk", "big5hkscs"), ("zh_cn", "gb2312")])
def test_each_column_is_in_its_own_script(column: str, charset: str) -> None:
    """GB 2312 holds no traditional form, Big5-HKSCS hardly a simplified one: what cannot be written is misplaced."""
    wrong = []
    for word in WORDS:
        for letter in getattr(word, column):
            try:
                letter.encode(charset)
            except UnicodeEncodeError:
                if "㐀" <= letter <= "鿿":
                    wrong.append((word.key.english, letter))
    assert wrong == []


def test_the_words_are_those_of_the_place() -> None:
    assert [word.zh_hk for word in WORDS if any(term in word.zh_hk for term in _NOT_HONG_KONG)] == []
    assert [word.zh_cn for word in WORDS if any(term in word.zh_cn for term in _NOT_MAINLAND)] == []


@pytest.mark.parametrize(
    ("english", "zh_hk", "zh_cn"),
    [
        (r"\bviewports?\b", "檢視窗", "视图窗口"),
        (r"\bprior\b", "過往檢查", "既往检查"),
        (r"\bslices?\b", "切面", "层"),
        (r"\bseries\b", "序列", "序列"),
        (r"\b(lossy|with loss)\b", "有損", "有损"),
        (r"\bpatients?\b", "病人", "患者"),
        (r"not for primary diagnosis", "不作初級診斷用途", "不用于原始诊断"),
        (r"\bgantry\b", "機架", "机架"),
    ],
)
def test_the_glossary_is_kept(english: str, zh_hk: str, zh_cn: str) -> None:
    found = [word for word in WORDS if re.search(english, word.key.english, re.IGNORECASE)]
    assert found
    assert [word.key.english for word in found if zh_hk not in word.zh_hk or zh_cn not in word.zh_cn] == []


def test_the_file_is_as_the_tool_writes_it() -> None:
    assert TABLE.read_text(encoding="utf-8") == table_text(updated(WORDS, FOUND))


def _error_codes() -> Iterator[tuple[str, str]]:
    """Codes of the error classes below the window, and where each stands."""
    for path in sorted([*(ROOT / "loaders").rglob("*.py"), *(ROOT / "compare").rglob("*.py")]):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.ClassDef):
                continue
            for line in node.body:
                match line:
                    case ast.Assign(targets=[ast.Name(id="code")], value=ast.Constant(value=str(code))):
                        yield code, f"{path.relative_to(ROOT)}:{line.lineno}"


@pytest.mark.parametrize(("code", "place"), sorted(_error_codes()))
def test_every_error_has_words_of_its_own(code: str, place: str) -> None:
    if code == "world_error":
        pytest.skip("the root of the tree is never raised itself")
    assert problem_words(code, "MESSAGE").reason != "MESSAGE", f"{place}: no words in viewer/panels/problem_words.py"


# The tool itself.


def test_strings_are_found_however_they_are_written() -> None:
    found = _of(
        Findings(),
        "from x import QCoreApplication\ntranslate = QCoreApplication.translate\n"
        "class Panel:\n"
        "    def words(self):\n"
        '        self.tr("one " "joined")\n'
        '        return [self.tr("two", "a note") for _ in range(3)]\n'
        'translate("Place", "three")\nQCoreApplication.translate("Place", "three", "other")\n'
        'TABLE = {1: QT_TRANSLATE_NOOP("Place", "four")}\nline.translate(0, 16)\n',
    )
    assert found.faults == []
    assert set(found.marked) == {
        WordKey("Panel", "one joined"),
        WordKey("Panel", "two", "a note"),
        WordKey("Place", "three"),
        WordKey("Place", "three", "other"),
        WordKey("Place", "four"),
    }


@pytest.mark.parametrize(
    "line",
    [
        'label.setText("Open")',
        'label.setText(f"Open {name}")',
        'label.setText("Open {}".format(name))',
        'label.setToolTip("Open" if ready else "")',
        'QPushButton(icon, "Open", self)',
        'menu.addAction("Open", self._open)',
        'painter.drawText(area, flags, "no image")',
        'painter.drawText(area, flags, "冇圖像")',
        'table.setHorizontalHeaderLabels(["", "Study"])',
        'Badge("lossy", "LOSSY", tone, why)',
        'JobLine(number, title="Reading files")',
        'self.tr(f"Open {name}")',
        'self.tr("Open " + name)',
        'tr("outside a class")',
    ],
)
def test_a_string_that_is_not_marked_is_reported(line: str) -> None:
    assert len(_of(Findings(), line).faults) == 1


@pytest.mark.parametrize(
    "line",
    [
        'label.setText("")',
        'label.setText("1×1")',
        'label.setText(f"{width} mm")',
        'label.setText(" · ".join(parts))',
        'label.setText(translate("Place", "Open"))',
        'label.setText(translate("Place", "{count} files").format(count=3))',
        'dress(button, Icon.CLOSE, words, "Ctrl+C")',
        '_LOG.warning("settings could not be written")',
        'self.setWindowTitle("Diptych")',
        'label.setObjectName("heading")',
        'Badge("lossy", words, tone)',
    ],
)
def test_what_is_no_language_is_left_alone(line: str) -> None:
    assert _of(Findings(), line).faults == []


def test_a_table_survives_writing_and_reading() -> None:
    words = (
        Word(WordKey("A", "tab\tbreak\nslash\\n"), "一", "一"),
        Word(WordKey("A", "%n files", "note"), "%n", "%n", "%n file"),
    )
    assert set(parse_table(table_text(words))) == set(words)


@pytest.mark.parametrize(
    "row", ["<<<<<<< ours", "A\tb\tc\td\te", "A\tone\t一\t一\t\t\nA\tone\t二\t二\t\t"], ids=["marker", "short", "twice"]
)
def test_a_broken_table_is_refused(row: str) -> None:
    with pytest.raises(TableFault):
        parse_table(f"context\tenglish\tzh_HK\tzh_CN\tnote\tenglish_singular\n{row}\n")


def test_the_tool_chooses_between_two_branches_words() -> None:
    text = "A\tone\t\t\t\t\nA\tone\t一\t一\t\t\n"
    assert parse_table(text, lambda first, second: first if first.zh_hk else second)[0].zh_hk == "一"


def test_a_new_string_takes_its_twins_words_and_an_old_one_goes() -> None:
    old = (Word(WordKey("A", "Close"), "關閉", "关闭"), Word(WordKey("A", "Gone"), "去", "去"))
    found = Findings({WordKey("A", "Close"): "a:1", WordKey("B", "Close"): "b:1", WordKey("B", "New"): "b:2"})
    assert updated(old, found) == (
        Word(WordKey("A", "Close"), "關閉", "关闭"),
        Word(WordKey("B", "Close"), "關閉", "关闭"),
        Word(WordKey("B", "New")),
    )
