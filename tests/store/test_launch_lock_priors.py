"""Launch addresses, the lock's state machine, ranking of priors: pure rules."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loaders.auth.workstation_lock import LockEffect, LockEvent, WorkstationLock
from loaders.retrieval.launch_request import LaunchRefused, parse_launch
from loaders.retrieval.prior_ranking import rank_priors
from loaders.stores.dicomweb.dicom_json import header_record
from loaders.stores.dicomweb.patient_search import FoundStudy

_GOOD = "diptych://open?store=shop&patient=A123456%283%29&birth-date=1961-02-03&study=1.2.3"


def test_a_launch_address_is_read() -> None:
    request = parse_launch(_GOOD)
    assert (request.store, request.patient_id, request.study_uid) == ("shop", "A123456(3)", "1.2.3")
    assert request.with_priors
    assert not parse_launch(_GOOD + "&priors=0").with_priors


@pytest.mark.parametrize(
    "address",
    [
        "", "diptych://open", "http://open?store=a", "diptych://delete?store=shop", _GOOD + "&study=9", _GOOD + "&x=1",
        _GOOD.replace("A123456%283%29", "*"), _GOOD.replace("A123456%283%29", ""), _GOOD.replace("1961-02-03", "x"),
        _GOOD.replace("shop", "..%2Fshop"), _GOOD.replace("1.2.3", "1.2;rm"), _GOOD + "#f",
        _GOOD + "\n", _GOOD + "&priors=2",
        _GOOD.replace("A123456%283%29", "a%00b"), _GOOD + "&" + "y" * 3000, "diptych://open/etc?" + _GOOD.split("?")[1],
    ],
)  # fmt: skip
def test_a_doubtful_launch_address_is_refused(address: str) -> None:
    with pytest.raises(LaunchRefused):
        parse_launch(address)


@given(st.text(max_size=200))
def test_no_launch_address_raises_anything_else(text: str) -> None:
    for address in (text, f"diptych://open?{text}"):
        with contextlib.suppress(LaunchRefused):
            parse_launch(address)


def test_an_idle_workstation_covers_first_and_drops_keys_and_tokens() -> None:
    lock, _ = WorkstationLock(0.0, idle_s=300).after(LockEvent.SIGNED_IN, 0.0, "doctor")
    lock, effects = lock.after(LockEvent.TICK, 299.9)
    assert effects == ()
    lock, effects = lock.after(LockEvent.TICK, 300.0)
    assert effects[0] is LockEffect.COVER_WINDOWS
    assert {LockEffect.DROP_STUDY_KEYS, LockEffect.DROP_TOKENS} < set(effects)
    assert lock.is_locked


@pytest.mark.parametrize("event", [LockEvent.SYSTEM_LOCKED, LockEvent.SUSPENDED, LockEvent.ASKED_TO_LOCK])
def test_the_system_and_the_person_lock_at_once(event: LockEvent) -> None:
    lock, _ = WorkstationLock(0.0).after(LockEvent.SIGNED_IN, 0.0, "doctor")
    lock, effects = lock.after(event, 1.0)
    assert lock.is_locked
    assert effects[0] is LockEffect.COVER_WINDOWS


def test_activity_after_the_limit_is_too_late() -> None:
    """A workstation that slept through its limit must not be woken by the first mouse move of a stranger."""
    lock, _ = WorkstationLock(0.0, idle_s=10).after(LockEvent.SIGNED_IN, 0.0, "doctor")
    assert lock.after(LockEvent.ACTIVITY, 11.0)[0].is_locked


@given(st.lists(st.sampled_from([e for e in LockEvent if e is not LockEvent.SIGNED_IN]), max_size=20))
def test_only_the_same_persons_sign_in_unlocks(events: list[LockEvent]) -> None:
    lock, _ = WorkstationLock(0.0).after(LockEvent.SIGNED_IN, 0.0, "doctor")
    lock, _ = lock.after(LockEvent.ASKED_TO_LOCK, 1.0)
    for number, event in enumerate(events):
        lock, effects = lock.after(event, 2.0 + number)
        assert lock.is_locked
        assert effects == ()
    assert lock.after(LockEvent.SIGNED_IN, 99.0, "somebody else")[0].is_locked
    unlocked, effects = lock.after(LockEvent.SIGNED_IN, 99.0, "doctor")
    assert (unlocked.is_locked, effects) == (False, (LockEffect.UNCOVER_WINDOWS,))


def study(uid: str, date: str, modality: str, part: str, description: str = "") -> FoundStudy:
    return FoundStudy(uid, date, description, (modality,), "", "advanced", 1, 1, (part,) if part else ())


def test_priors_are_ranked_by_what_they_show() -> None:
    current = study("now", "2026-01-10", "CT", "CHEST", "CT THORAX")
    ranked = rank_priors(
        current,
        (
            study("knee", "2025-12-01", "DX", "KNEE"),
            study("old", "2015-01-01", "CT", "CHEST"),
            study("later", "2026-02-01", "CT", "CHEST"),
            study("undated", "", "CT", "CHEST"),
            study("best", "2025-10-01", "CT", "CHEST", "ct thorax"),
            study("film", "2025-11-01", "DX", "CHEST"),
            study("lung", "2025-11-02", "CT", "LUNG"),
            study("unknown", "2025-11-03", "CT", ""),
            current,
        ),
    )
    assert [each.study.study_uid for each in ranked] == ["best", "old", "lung", "film", "unknown"]
    assert ranked[0].reasons == ("same_modality", "same_body_part", "same_description", "within_a_year")
    assert ranked[2].reasons[:2] == ("same_modality", "same_region")


@given(st.dictionaries(st.sampled_from(["00100010", "00080060", "00200032", "00280010", "52009229", "00080018"]),
                       st.recursive(st.none() | st.booleans() | st.floats() | st.text(max_size=5),
                                    lambda inner: st.lists(inner, max_size=3)
                                    | st.dictionaries(st.sampled_from(["vr", "Value", "Alphabetic"]), inner),
                                    max_leaves=8)))  # fmt: skip
def test_any_metadata_become_a_record(item: dict[str, object]) -> None:
    record = header_record(item)
    assert record["status"] in {"image", "object"}
