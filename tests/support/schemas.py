"""Holding a JSON document against its schema."""

from __future__ import annotations

import json
from importlib.resources import files
from typing import Any

from jsonschema import Draft202012Validator
from referencing import Registry, Resource


def check_document(document: Any, name: str) -> None:
    """Raise ``ValidationError`` where a document is not as ``resources/schemas/NAME.schema.json`` says."""
    # A schema may refer to another one by its file's name.
    beside: Registry[Any] = Registry().with_resources(
        (entry.name, Resource.from_contents(_schema(entry.name)))
        for entry in files("resources").joinpath("schemas").iterdir()
        if entry.name.endswith(".schema.json")
    )
    Draft202012Validator(_schema(f"{name}.schema.json"), registry=beside).validate(document)


def _schema(file_name: str) -> Any:
    return json.loads(files("resources").joinpath("schemas", file_name).read_text(encoding="utf-8"))
