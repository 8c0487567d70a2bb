"""When a pair is hung without a question, and when the reader is asked; rules that answer for him next time."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from compare.pairing.pairing_rule import (
    PairingKnowledge,
    PairingRule,
    rule_name,
    with_rule,
    without_rules_of,
)
from compare.pairing.series_features import features_of
from compare.pairing.series_pairs import SeriesPair, pair_series
from loaders.model.series import Series
from tests.support.examinations import make_series, make_study
from tests.support.pictures import make_stack


def _ct(uid: str, text: str = "", kernel: str = "", **facts: object) -> Series:
    technique = (("kernel", kernel),) if kernel else ()
    return make_series(uid, description=text, stack=make_stack(slices=40), technique=technique, **facts)  # type: ignore[arg-type]


def _mr(uid: str, text: str = "", **times: str) -> Series:
    facts = tuple(times.items())
    return make_series(
        uid, modality="MR", description=text, stack=make_stack(slices=20), technique=facts, body_part="BRAIN"
    )


def _pairs(current: list[Series], prior: list[Series], known: PairingKnowledge | None = None) -> dict[str, SeriesPair]:
    found = pair_series(make_study("1", *current), make_study("2", *prior), known or PairingKnowledge())
    return {pair.current.uid: pair for pair in found.pairs}


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        ("CHEST LUNG AXIAL", "胸部 平扫 肺窗 轴位"),
        ("ABDOMEN PORTAL VENOUS C+", "腹部 增強 門脈期"),
        ("PLAIN BRAIN AX", "頭部 平掃 軸位"),
        ("CT THORAX", "胸"),
    ],
)
def test_one_thing_in_two_languages_is_certain(ours: str, theirs: str) -> None:
    assert _pairs([_ct("a", ours)], [_ct("b", theirs)])["a"].is_certain


@pytest.mark.parametrize(
    ("ours", "theirs", "doubt"),
    [
        ("", "", "region_unknown"),
        ("CHEST", "", "region_unknown"),
        ("CHEST", "腹部", "contradicts"),
        ("腹部 平掃", "腹部 增強", "contradicts"),
        ("腹部 动脉期", "腹部 延迟期", "contradicts"),
        ("胸部 肺窗", "胸部 纵隔 骨窗", "rival"),
    ],
)
def test_what_contradicts_or_is_not_known_is_asked(ours: str, theirs: str, doubt: str) -> None:
    rival = [_ct("c", theirs)] if doubt == "rival" else []
    pair = _pairs([_ct("a", ours)], [_ct("b", theirs), *rival]).get("a")
    assert pair is None or doubt in pair.doubts


def test_right_kernels_pair_for_sure_and_twins_are_asked() -> None:
    both = [_ct("lung", "胸部 肺窗"), _ct("soft", "胸部", "B30f")]
    pairs = _pairs(both, [_ct("p-soft", "CHEST", "STANDARD"), _ct("p-lung", "CHEST LUNG")])
    assert {uid: (pair.prior.uid, pair.is_certain) for uid, pair in pairs.items()} == {
        "lung": ("p-lung", True),
        "soft": ("p-soft", True),
    }
    twins = _pairs([_ct("a", "CHEST")], [_ct("b", "CHEST"), _ct("c", "CHEST")])
    assert twins["a"].doubts == ("rival",)


def test_mr_is_told_apart_by_its_times_without_a_word_and_asked_without_both() -> None:
    t1, t2 = {"TR": "500", "TE": "12"}, {"TR": "4200", "TE": "98"}
    flair = {"TR": "9000", "TE": "120", "TI": "2500"}
    pairs = _pairs(
        [_mr("t1", **t1), _mr("t2", **t2), _mr("fl", **flair)],
        [_mr("p-t2", "T2 加权"), _mr("p-fl", "压水 T2"), _mr("p-t1", "T1WI")],
    )
    assert {uid: (pair.prior.uid, pair.is_certain) for uid, pair in pairs.items()} == {
        "t1": ("p-t1", True), "t2": ("p-t2", True), "fl": ("p-fl", True),
    }  # fmt: skip
    assert "kind_unknown" in _pairs([_mr("a")], [_mr("b")])["a"].doubts


def test_what_the_pictures_show_outweighs_what_the_headers_say() -> None:
    known = PairingKnowledge(regions={"a": (("CHEST", 1.0),), "b": (("PELVIS", 1.0),), "c": (("CHEST", 0.9),)})
    assert "contradicts" in _pairs([_ct("a", "CHEST")], [_ct("b", "CHEST")], known)["a"].doubts
    assert _pairs([_ct("a")], [_ct("c")], known)["a"].is_certain
    assert _pairs([_ct("a")], [_ct("b"), _ct("c")], known)["a"].prior.uid == "c"


def test_a_rule_of_the_reader_joins_and_parts() -> None:
    ours, lung, soft = _ct("a", "CHEST", "B30f"), _ct("b", "CHEST LUNG"), _ct("c", "CHEST", "B31f")
    names = [rule_name(features) for one in (ours, lung) if (features := features_of(one))]
    join, part = PairingRule(names[0], names[1]), PairingRule(names[1], names[0], is_pair=False)
    assert _pairs([ours], [lung, soft])["a"].prior.uid == "c"
    joined = _pairs([ours], [lung, soft], PairingKnowledge((join,)))["a"]
    assert (joined.prior.uid, joined.is_certain, joined.reasons[0].code) == ("b", True, "rule")
    assert _pairs([ours], [lung], PairingKnowledge((join, part))) == {}


rules = st.builds(PairingRule, st.sampled_from("abcd"), st.sampled_from("wxyz"), st.booleans())


@given(st.lists(rules, max_size=12))
def test_rules_stay_one_to_one(made: list[PairingRule]) -> None:
    kept: tuple[PairingRule, ...] = ()
    for rule in made:
        kept = with_rule(kept, rule)
        assert kept[-1] == rule
    joined = [rule for rule in kept if rule.is_pair]
    assert (
        len({rule.current_description for rule in joined})
        == len({rule.prior_description for rule in joined})
        == len(joined)
    )
    assert all(rule.current_description != "a" for rule in without_rules_of(kept, "a", "") if rule.is_pair)


def test_a_rule_wins_over_two_pairs_that_would_be_better_together() -> None:
    ours = [_ct("lung", "CHEST LUNG"), _ct("soft", "CHEST SOFT")]
    theirs = [_ct("p-lung", "CHEST LUNG"), _ct("p-soft", "CHEST SOFT")]
    names = [rule_name(features) for one in (ours[0], theirs[1]) if (features := features_of(one))]
    pairs = _pairs(ours, theirs, PairingKnowledge((PairingRule(names[0], names[1]),)))
    assert pairs["lung"].prior.uid == "p-soft"
    assert pairs["lung"].is_certain
