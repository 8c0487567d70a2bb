"""Finds in Python sources the strings marked for translation, and those a reader would see that are not marked.

Qt's own extractor does not follow Python: it misses ``translate = QCoreApplication.translate`` and joins no literals.
Here the syntax tree is read: ``self.tr("...")`` belongs to the class around it, ``translate("Context", "...")`` and
``QT_TRANSLATE_NOOP("Context", "...")`` name their context.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from viewer.translation.word_table import WordKey

_WITH_CONTEXT = frozenset({"translate", "QT_TRANSLATE_NOOP", "QT_TRANSLATE_NOOP3"})

#: Calls that put words before a reader: Qt's, and our own widgets and values that pass words on.
_SHOWING = frozenset({
    "setText", "setToolTip", "setStatusTip", "setWhatsThis", "setWindowTitle", "setTitle", "setPlaceholderText",
    "setAccessibleName", "setAccessibleDescription", "setLabelText", "setInformativeText", "setDetailedText",
    "setHorizontalHeaderLabels", "setVerticalHeaderLabels", "setHeaderLabels", "setTabText", "setItemText",
    "setPrefix", "setSuffix", "setSpecialValueText", "addAction", "addMenu", "addItem", "addItems", "addTab", "addRow",
    "addSection", "showMessage", "drawText", "drawStaticText",
    "QLabel", "QPushButton", "QToolButton", "QCheckBox", "QRadioButton", "QGroupBox", "QAction", "QMenu", "QStaticText",
    "QProgressDialog", "getOpenFileName", "getOpenFileNames", "getSaveFileName", "getExistingDirectory", "getText",
    "information", "question", "warning", "critical",
    "PlainLabel", "ElidedLabel", "dress", "Badge", "CornerText", "JobLine", "KeyLine", "KeyGroup",
})  # fmt: skip
#: A logger's methods have names like a message box's.
_NOT_SHOWING_OWNERS = frozenset({"_LOG", "LOG", "logger", "logging", "warnings", "parser"})
#: First arguments of our own values that name a kind and are never shown.
_KIND_FIRST = frozenset({"Badge", "CornerText"})
_KIND_KEYWORDS = frozenset({"code", "badge_code", "identifier"})

#: What is the same in every language: the product's name, units, names of keys, names in the standard.
_SAME_EVERYWHERE = re.compile(
    r"\b(Diptych|mm|cm|px|HU|SUV|GB|MB|DICOM|UID|VOI|Hz|fps|bpm|kV|mAs?|mGy|"
    r"Ctrl|Shift|Alt|Esc|Del|Enter|Tab|Home|End|PgUp|PgDn|Space|F\d{1,2})\b"
)
_WORD = re.compile(r"[A-Za-z]{2,}|[㐀-鿿]")


@dataclass(slots=True)
class Findings:
    """What one or more sources hold: keys and where they stand, and faults as ``path:line: what``."""

    marked: dict[WordKey, str] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)


def read_sources(root: Path) -> Findings:
    """Read every Python file below a folder."""
    findings = Findings()
    for path in sorted(root.rglob("*.py")):
        read_source(path.read_text(encoding="utf-8"), path.relative_to(root.parent).as_posix(), findings)
    return findings


def read_source(text: str, name: str, findings: Findings) -> None:
    """Read one source text and add to the findings."""
    _Reader(name, findings).visit(ast.parse(text))


class _Reader(ast.NodeVisitor):
    def __init__(self, name: str, findings: Findings) -> None:
        self._name = name
        self._findings = findings
        self._classes: list[str] = []

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        self._classes.append(node.name)
        self.generic_visit(node)
        self._classes.pop()

    def visit_Call(self, node: ast.Call) -> None:
        name = _called(node)
        if name == "tr" and node.args:
            self._mark(node, self._classes[-1] if self._classes else "", node.args)
        elif name in _WITH_CONTEXT and len(node.args) >= 2 and isinstance(context := _literal(node.args[0]), str):
            self._mark(node, context, node.args[1:])
        elif name in _SHOWING and _owner(node) not in _NOT_SHOWING_OWNERS:
            self._check_shown(node, name)
        self.generic_visit(node)

    def _mark(self, node: ast.Call, context: str, arguments: list[ast.expr]) -> None:
        source = _literal(arguments[0])
        note = _literal(arguments[1]) if len(arguments) > 1 else ""
        if isinstance(source, str) and context:
            key = WordKey(context, source, note if isinstance(note, str) else "")
            self._findings.marked.setdefault(key, f"{self._name}:{node.lineno}")
        elif isinstance(arguments[0], ast.JoinedStr | ast.BinOp) or list(_unmarked_literals(arguments[0])):
            self._fault(node, "a string that is put together cannot be translated; use {name} and .format()")
        elif isinstance(source, str):
            self._fault(node, "tr() outside a class has no context; use translate(context, text)")

    def _check_shown(self, node: ast.Call, name: str) -> None:
        arguments = [*node.args[1 if name in _KIND_FIRST else 0 :]]
        arguments += [keyword.value for keyword in node.keywords if keyword.arg not in _KIND_KEYWORDS]
        for argument in arguments:
            for literal in _unmarked_literals(argument):
                if _WORD.search(_SAME_EVERYWHERE.sub("", literal)):
                    self._fault(node, f"not marked for translation: {literal!r} in {name}(...)")

    def _fault(self, node: ast.AST, words: str) -> None:
        self._findings.faults.append(f"{self._name}:{getattr(node, 'lineno', 0)}: {words}")


def _called(node: ast.Call) -> str:
    match node.func:
        case ast.Attribute(attr=name) | ast.Name(id=name):
            return name
    return ""


def _owner(node: ast.Call) -> str:
    match node.func:
        case ast.Attribute(value=ast.Name(id=name)) | ast.Attribute(value=ast.Attribute(attr=name)):
            return name
    return ""


def _literal(node: ast.expr) -> object:
    return node.value if isinstance(node, ast.Constant) else None


def _unmarked_literals(node: ast.expr) -> Iterator[str]:
    """Text that reaches the call as it stands: through joining, choosing and formatting, never through another call."""
    match node:
        case ast.Constant(value=str(text)):
            yield text
        case ast.JoinedStr(values=values):
            for value in values:
                if isinstance(value, ast.Constant):
                    yield str(value.value)
                elif isinstance(value, ast.FormattedValue):
                    yield from _unmarked_literals(value.value)
        case ast.BinOp(left=left, right=right):
            yield from _unmarked_literals(left)
            yield from _unmarked_literals(right)
        case ast.IfExp(body=body, orelse=other):
            yield from _unmarked_literals(body)
            yield from _unmarked_literals(other)
        case ast.BoolOp(values=parts) | ast.List(elts=parts) | ast.Tuple(elts=parts):
            for part in parts:
                yield from _unmarked_literals(part)
        case ast.Call(func=ast.Attribute(value=ast.Constant() as text, attr="format" | "join")):
            yield from _unmarked_literals(text)
