"""Hanging protocols: files that explain themselves, cells that get the right series, layouts that can be kept."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date
from importlib.resources import files

import jsonschema
import pytest

from compare.hanging.hang_stage import fill_stage, hang_stage, protocol_of, with_usable_stages
from compare.hanging.protocol import (
    Cell,
    ProtocolError,
    SeriesSelector,
    Stage,
    built_in_protocols,
    protocol_from_json,
    protocol_to_json,
)
from compare.hanging.protocol_choice import choose_protocol, match_protocol
from compare.linking.known_frames import graph_of
from compare.session.comparison_session import ComparisonSession, Role
from loaders.model.study import Study
from tests.support.examinations import make_series, make_study
from tests.support.pictures import make_stack

PROTOCOLS = {protocol.code: protocol for protocol in built_in_protocols()}


def mammography(name: str, year: int) -> Study:
    views = [(view, side) for view in ("MLO", "CC") for side in ("L", "R")]
    series = [
        make_series(
            f"{name}-{side}{view}",
            modality="MG",
            laterality=side,
            view_position=view,
            study=name,
            number=number,
            stack=make_stack(slices=1, has_geometry=False, study=name),
        )
        for number, (view, side) in enumerate(views, start=1)
    ]
    return make_study(name, *series, day=date(year, 1, 5))


def chest_ct(name: str, year: int, *, sharp: bool = True) -> Study:
    series = [make_series(f"{name}-soft", study=name, number=2, description="CHEST AX SOFT", body_part="CHEST")]
    if sharp:
        series.append(make_series(f"{name}-lung", study=name, number=3, description="CHEST AX LUNG", body_part="CHEST"))
    return make_study(name, *series, day=date(year, 1, 5))


def uids(filled: tuple[object, ...]) -> list[str]:
    return ["" if place is None else place[1].uid for place in filled]  # type: ignore[index]


def test_every_protocol_of_the_program_fits_the_schema_and_comes_back() -> None:
    schema = json.loads(files("resources").joinpath("schemas/hanging_protocol.schema.json").read_text("utf-8"))
    assert {"compare", "mammography", "three_time_points"} <= PROTOCOLS.keys()
    for protocol in PROTOCOLS.values():
        text = protocol_to_json(protocol)
        jsonschema.validate(json.loads(text), schema)
        assert protocol_from_json(text) == protocol


def test_the_most_specific_fitting_protocol_is_chosen_and_says_why() -> None:
    old, new, oldest = mammography("old", 2020), mammography("new", 2021), chest_ct("ct1", 2018)
    protocols = tuple(PROTOCOLS.values())
    for studies, code in (
        ([new], "mammography"),
        ([new, old], "mammography_compare"),
        ([chest_ct("ct2", 2021), oldest], "compare"),
    ):
        match = choose_protocol(protocols, studies)
        assert match is not None
        assert match.protocol.code == code
        assert match.fits
    assert choose_protocol(protocols, [oldest]) is None
    failed = match_protocol(PROTOCOLS["mammography_compare"], [oldest])
    assert {(one.code, one.asked, one.found, one.holds) for one in failed.results} == {
        ("modality", "MG", "CT", False),
        ("priors", "1", "0", False),
    }


def test_mammograms_stand_right_and_left_above_their_priors() -> None:
    studies = [mammography("new", 2021), mammography("old", 2020)]
    filled = fill_stage(PROTOCOLS["mammography_compare"].stages[0], studies)
    views = ["RCC", "LCC", "RMLO", "LMLO"]
    assert uids(filled) == [f"new-{view}" for view in views] + [f"old-{view}" for view in views]


def test_a_missing_view_leaves_its_cell_empty_and_moves_no_other() -> None:
    whole = mammography("new", 2021)
    study = replace(whole, series=tuple(one for one in whole.series if one.uid != "new-LCC"))
    assert uids(fill_stage(PROTOCOLS["mammography"].stages[0], [study])) == ["new-RCC", "", "new-RMLO", "new-LMLO"]


def with_tomosynthesis(study: Study) -> Study:
    tomo = [
        make_series(
            f"{one.uid}-tomo", modality="MG", laterality=one.laterality, view_position=one.view_position,
            study=study.uid, number=10 + (one.number or 0),
            stack=make_stack(slices=30, has_geometry=False, study=study.uid),
        )
        for one in study.series
    ]  # fmt: skip
    return replace(study, series=(*tomo, *study.series))


def test_tomosynthesis_stands_beside_its_synthetic_view() -> None:
    study = with_tomosynthesis(mammography("m", 2026))
    protocol = with_usable_stages(PROTOCOLS["mammography"], [study])
    stages = {stage.title: uids(fill_stage(stage, [study])) for stage in protocol.stages}
    assert stages["cc_tomosynthesis"] == ["m-RCC", "m-RCC-tomo", "m-LCC-tomo", "m-LCC"]
    assert stages["mlo_tomosynthesis"] == ["m-RMLO", "m-RMLO-tomo", "m-LMLO-tomo", "m-LMLO"]
    assert stages["four_views"] == ["m-RCC", "m-LCC", "m-RMLO", "m-LMLO"]


def test_without_tomosynthesis_there_is_no_stage_for_it() -> None:
    plain = with_usable_stages(PROTOCOLS["mammography"], [mammography("m", 2026)])
    assert [stage.title for stage in plain.stages] == ["four_views", "cc_views", "mlo_views"]
    only = replace(
        with_tomosynthesis(mammography("m", 2026)), series=with_tomosynthesis(mammography("m", 2026)).series[:4]
    )
    assert uids(fill_stage(plain.stages[0], [only])) == ["m-RCC-tomo", "m-LCC-tomo", "m-RMLO-tomo", "m-LMLO-tomo"]


@pytest.mark.parametrize(
    ("written", "is_frontal"), [("AP (ERECT)", True), ("PA", True), ("LL", False), ("LAPSE", False)]
)
def test_a_view_is_read_as_detectors_write_it(written: str, is_frontal: bool) -> None:
    film = make_series(
        "film",
        modality="DX",
        view_position=written,
        stack=make_stack(slices=1, has_geometry=False, study="x"),
        study="x",
    )
    stage = Stage("frontal", 1, 1, (Cell(series=SeriesSelector(modality="DX", view="FRONTAL")),))
    assert uids(fill_stage(stage, [make_study("x", film)])) == (["film"] if is_frontal else [""])


def test_partners_follow_the_pairing_and_nothing_hangs_twice() -> None:
    studies = [chest_ct("new", 2021), chest_ct("old", 2020)]
    stage = PROTOCOLS["compare"].stages[1]
    found = uids(fill_stage(stage, studies))
    assert found[1] == found[0].replace("new", "old")
    assert found[3] == found[2].replace("new", "old")
    assert len(set(found)) == 4
    lonely = uids(fill_stage(stage, [studies[0], chest_ct("old", 2020, sharp=False)]))
    assert lonely.count("") == 1


def test_a_hung_stage_has_roles_and_keeps_what_the_session_holds() -> None:
    studies = [chest_ct("new", 2021), chest_ct("old", 2020)]
    base = ComparisonSession(identity_confirmed=frozenset({("a", "b")}))
    session = hang_stage(PROTOCOLS["compare"].stages[0], studies, (1600, 800), graph_of(studies), base)
    assert [viewport.role for viewport in session.viewports] == [Role.CURRENT, Role.PRIOR]
    assert session.identity_confirmed == base.identity_confirmed
    scales = {viewport.view.mm_per_pixel for viewport in session.viewports}
    assert len(scales) == 1


def test_a_layout_kept_for_studies_like_this_hangs_the_next_ones_alike() -> None:
    studies = [chest_ct("new", 2021), chest_ct("old", 2020)]
    session = hang_stage(PROTOCOLS["compare"].stages[1], studies, (1600, 800), graph_of(studies), ComparisonSession())
    series = {one.uid: one for study in studies for one in study.series}
    kept = protocol_of(session, studies, series, code="own-1", title="mine")
    again = protocol_from_json(protocol_to_json(kept), is_own=True)
    assert again == kept
    others = [chest_ct("x", 2025), chest_ct("y", 2024)]
    match = choose_protocol((*PROTOCOLS.values(), again), others)
    assert match is not None
    assert match.protocol.code == "own-1"
    before = [name.replace("new", "x").replace("old", "y") for name in uids(fill_stage(kept.stages[0], studies))]
    assert uids(fill_stage(again.stages[0], others)) == before


@pytest.mark.parametrize(
    "text",
    [
        "", "[]", "{}", '{"code": 1, "title": "", "stages": []}', '{"code": "a", "title": "b", "stages": []}',
        '{"code": "a", "title": "b", "stages": [{"title": "", "rows": 9, "columns": 1, "cells": []}]}',
        '{"code": "a", "title": "b", "stages": [{"title": "", "rows": 1, "columns": 1, "cells": [{}, {}]}]}',
        '{"code": "a", "title": "b", "stages": [{"rows": 1, "columns": 1, "cells": [{"series": {"partner_of": 0}}]}]}',
    ],
)  # fmt: skip
def test_an_unsound_file_is_refused_in_a_sentence(text: str) -> None:
    with pytest.raises(ProtocolError, match="protocol"):
        protocol_from_json(text)
