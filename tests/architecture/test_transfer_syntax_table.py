"""The conformance table of transfer syntaxes says what the decoder table and the tests say."""

from __future__ import annotations

import ast
import re

from loaders.pixels.decoder_table import (
    DECODERS,
    DEFLATED_FRAMES,
    ENCAPSULATED_UNCOMPRESSED,
    NATIVE,
    is_supported,
)
from tests.support.shared_data import REPOSITORY

_TABLE = (REPOSITORY / "docs" / "dicom_conformance.md").read_text(encoding="utf-8")
_ROW = re.compile(r"^\|[^|]*\| `(1\.2\.840\.10008\.[0-9.]+)` \| shown", re.MULTILINE)
_TEST = re.compile(r"`(tests/[a-z0-9_/]+\.py)::(\w+)`")


def test_every_syntax_that_is_decoded_has_a_row_and_no_other() -> None:
    rows = _ROW.findall(_TABLE)
    assert len(rows) == len(set(rows))
    assert set(rows) == {*DECODERS, *NATIVE, ENCAPSULATED_UNCOMPRESSED, DEFLATED_FRAMES}
    assert all(is_supported(uid) for uid in rows), "a decoder's package is not installed"


def test_every_test_that_is_named_exists() -> None:
    named = _TEST.findall(_TABLE)
    assert named
    for path, function in named:
        tree = ast.parse((REPOSITORY / path).read_text(encoding="utf-8"))
        assert function in {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}, (path, function)


def test_compressed_syntaxes_have_two_decoders_but_for_those_that_are_said() -> None:
    alone = {uid for uid, decoders in DECODERS.items() if len(decoders) < 2}
    assert alone == {f"1.2.840.10008.1.2.4.{number}" for number in (51, 53, 55)}
