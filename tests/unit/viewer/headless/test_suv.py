"""The verb ``suv``: its document fits the schema, its values are those of the reference objects."""

from __future__ import annotations

import json
from dataclasses import replace
from importlib.resources import files
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from loaders.errors import WorldError
from tests.support.pet_objects import PetRecipe, write_pet
from viewer.headless.suv import run


def document_of(folder: Path, *arguments: str) -> dict[str, Any]:
    out = folder.parent / "suv.json"
    assert run([str(folder), *arguments, "--json", str(out)]) == 0
    document: dict[str, Any] = json.loads(out.read_text("utf-8"))
    schema = json.loads(files("resources").joinpath("schemas/suv.schema.json").read_text("utf-8"))
    jsonschema.validate(document, schema, cls=jsonschema.Draft202012Validator)
    return document


def test_values_at_points(tmp_path: Path) -> None:
    folder = write_pet(tmp_path / "pet", PetRecipe())
    # Pixels are 4 mm from (-100, -80, 40); the bands are four columns wide.
    document = document_of(folder, "--at", "-96", "-70", "43", "--at", "-64", "-70", "46", "--at", "0", "0", "0")
    assert document["available"]
    assert document["type"] == "SUVbw"
    first, second, outside = document["values"]
    assert first["suv"] == pytest.approx(0.2, rel=1e-3)
    assert second["suv"] == pytest.approx(4.0, rel=1e-3)
    assert (first["slice"], second["slice"], first["column"], second["column"]) == (2, 3, 1, 9)
    assert outside["suv"] is None
    assert outside["slice"] is None


def test_no_suv_is_no_failure(tmp_path: Path) -> None:
    folder = write_pet(tmp_path / "pet", replace(PetRecipe(), overrides={"PatientWeight": None}))
    document = document_of(folder, "--at", "-96", "-70", "43")
    assert set(document) == {"available", "type", "factor", "factors", "inputs", "reason", "values"}
    assert not document["available"]
    assert "(0010,1030)" in document["reason"]
    assert document["values"][0]["suv"] is None
    assert document["values"][0]["value"] > 0
    corrected = document_of(folder, "--correct", "weight_kg=75", "--reason", "asked the patient")
    assert corrected["available"]


@pytest.mark.parametrize(
    "arguments",
    [
        ["--correct", "weight_kg=75"],
        ["--correct", "age=75", "--reason", "x"],
        ["--correct", "dose_bq=much", "--reason", "x"],
    ],
)
def test_corrections_that_are_none(tmp_path: Path, arguments: list[str]) -> None:
    with pytest.raises(SystemExit):
        run([str(tmp_path), "--correct", *arguments])


def test_an_unknown_series(tmp_path: Path) -> None:
    folder = write_pet(tmp_path / "pet", PetRecipe())
    with pytest.raises(WorldError):
        run([str(folder), "--series", "1.2.3"])
