"""The verb ``compare``: its document fits the schema and says what it must, on made and on real studies."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date
from importlib.resources import files
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from loaders.errors import WorldError
from loaders.model.stack import StackKind
from loaders.model.study import Catalogue, Study
from tests.support.examinations import make_patient, make_series, make_study
from tests.support.pictures import make_stack
from tests.support.shared_data import real_path
from viewer.headless.compare import run
from viewer.headless.compare_document import (
    ComparedStudies,
    NothingToCompare,
    choose_studies,
    comparison_document,
)


def schema() -> dict[str, Any]:
    stored: dict[str, Any] = json.loads(files("resources").joinpath("schemas/compare.schema.json").read_text("utf-8"))
    return stored


def chest(uid: str, day: date, identifier: str = "H123") -> Study:
    stack = replace(make_stack(slices=30, frame_of_reference_uid=uid), kind=StackKind.VOLUME)
    series = make_series(f"{uid}-s", stack=stack, study=uid, description="CHEST", body_part="CHEST")
    return make_study(uid, series, day=day, patient=make_patient(identifier=identifier))


NOW, THEN = chest("now", date(2026, 1, 10)), chest("then", date(2025, 1, 10))


def test_the_document_fits_its_schema_and_names_the_link() -> None:
    document: Any = comparison_document(ComparedStudies(NOW, THEN))
    jsonschema.validate(document, schema())
    assert document["identity"]["verdict"] == "agree"
    (pair,) = document["pairs"]
    assert (pair["current_series"], pair["prior_series"]) == ("now-s", "then-s")
    assert pair["link"] == {"basis": "relative", "error_mm": None, "reason": None}
    assert document["interval"] == {"years": 1, "months": 0, "days": 0, "total_days": 365}
    assert document["order"] == "as_named"
    assert comparison_document(ComparedStudies(THEN, NOW))["order"] == "reversed"


def test_a_conflict_pairs_nothing_until_a_reason_is_given() -> None:
    stranger = ComparedStudies(NOW, chest("then", date(2025, 1, 10), identifier="H999"))
    blocked: Any = comparison_document(stranger)
    jsonschema.validate(blocked, schema())
    assert blocked["identity"]["verdict"] == "conflict"
    assert blocked["pairs"] == []
    opened: Any = comparison_document(stranger, "same person, number changed")
    jsonschema.validate(opened, schema())
    assert len(opened["pairs"]) == 1
    assert opened["identity"]["override_reason"] == "same person, number changed"


def test_the_newest_study_of_either_path_is_taken_and_never_one_twice() -> None:
    older = chest("older", date(2020, 1, 1))
    chosen = choose_studies(Catalogue((older, NOW)), Catalogue((older, NOW, THEN)))
    assert (chosen.current.uid, chosen.prior.uid) == ("now", "then")
    for current, prior in ((Catalogue(), Catalogue((NOW,))), (Catalogue((NOW,)), Catalogue((NOW,)))):
        with pytest.raises(NothingToCompare):
            choose_studies(current, prior)


def test_a_path_that_is_not_there_is_the_worlds_fault(tmp_path: Path) -> None:
    with pytest.raises(WorldError):
        run(["--current", str(tmp_path / "no"), "--prior", str(tmp_path / "none")])


@pytest.mark.real
def test_a_real_pair_of_chest_ct(tmp_path: Path) -> None:
    folder, target = real_path("pairs/ct-known-change-1"), tmp_path / "out.json"
    assert run(["--current", str(folder), "--prior", str(folder), "--json", str(target)]) == 0
    document = json.loads(target.read_text("utf-8"))
    jsonschema.validate(document, schema())
    assert document["identity"]["verdict"] == "agree"
    assert document["order"] == "as_named"
    assert len(document["pairs"]) == 1
    assert document["pairs"][0]["link"]["basis"] == "relative"


@pytest.mark.real
def test_a_copy_dated_years_later_does_not_share_its_frame_of_reference(tmp_path: Path) -> None:
    folder, target = real_path("pairs/orthanc-patient-with-2-studies"), tmp_path / "out.json"
    assert run(["--current", str(folder), "--prior", str(folder), "--json", str(target)]) == 0
    (pair,) = json.loads(target.read_text("utf-8"))["pairs"]
    assert pair["link"]["basis"] != "same_frame"


@pytest.mark.real
@pytest.mark.parametrize("name", ["ms-longitudinal-01", "ms-longitudinal-12"])
def test_a_head_tilted_otherwise_is_still_linked_relatively(name: str, tmp_path: Path) -> None:
    folder, target = real_path(f"pairs/{name}"), tmp_path / "out.json"
    assert run(["--current", str(folder), "--prior", str(folder), "--json", str(target)]) == 0
    (pair,) = json.loads(target.read_text("utf-8"))["pairs"]
    assert pair["link"]["basis"] == "relative"
