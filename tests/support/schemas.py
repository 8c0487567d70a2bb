"""Holding a JSON document against its schema."""

from __future__ import annotations

import json
from importlib.resources import files
from typing import Any

from jsonschema import Draft202012Validator


def check_document(document: Any, name: str) -> None:
    """Raise ``ValidationError`` where a document is not as ``resources/schemas/NAME.schema.json`` says."""
    schema = json.loads(files("resources").joinpath("schemas", f"{name}.schema.json").read_text(encoding="utf-8"))
    Draft202012Validator(schema).validate(document)
