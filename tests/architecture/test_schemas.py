"""Every JSON document has a schema, every schema is sound and has a test that holds a document against it."""

from __future__ import annotations

import json
import re
from importlib.util import find_spec
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from viewer.app.command_line import VERBS

ROOT = Path(__file__).resolve().parents[2]
SCHEMAS = sorted((ROOT / "resources" / "schemas").glob("*.schema.json"))
#: Verbs that write the document of another verb.
_SAME_DOCUMENT = {"map-points": "register"}
TESTS = [path for path in (ROOT / "tests").rglob("*.py") if path != Path(__file__)]


@pytest.mark.parametrize("path", SCHEMAS, ids=lambda path: path.name)
def test_a_schema_is_sound_closed_and_tested(path: Path) -> None:
    schema = json.loads(path.read_text(encoding="utf-8"))
    Draft202012Validator.check_schema(schema)
    assert schema["title"]
    closed = schema.get("additionalProperties", schema.get("unevaluatedProperties"))
    name = path.name.removesuffix(".schema.json")
    # A session of a later version may hold more, and is still read.
    assert closed is False or "oneOf" in schema or "anyOf" in schema or name == "session"
    in_full = re.compile(re.escape(path.name) + rf"""|check_document\([^()]*(\([^()]*\)[^()]*)*"{re.escape(name)}"\)""")

    def tests_it(text: str) -> bool:
        return bool(in_full.search(text)) or (".schema.json" in text and f'"{name}"' in text)

    assert any(tests_it(test.read_text(encoding="utf-8")) for test in TESTS)


@pytest.mark.parametrize("verb", VERBS)
def test_a_verb_with_a_document_has_its_schema(verb: str) -> None:
    module = VERBS[verb][0]
    spec = find_spec(module)
    assert spec is not None, f"the table of verbs names {module}, which does not exist"
    assert spec.origin is not None
    source = Path(spec.origin).read_text(encoding="utf-8")
    if "with_json=False" in source or "verb_parser(" not in source:
        pytest.skip("this verb writes no document of its own")
    assert (ROOT / "resources" / "schemas" / f"{_SAME_DOCUMENT.get(verb, verb)}.schema.json").exists()
