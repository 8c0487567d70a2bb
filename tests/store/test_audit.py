"""The chain of recorded accesses: every change is seen, nothing is lost, nothing is readable without the key."""

from __future__ import annotations

import json
import random
from pathlib import Path

import pytest

from loaders.audit.audit_event import AuditFacts, Deed
from loaders.audit.audit_queue import AuditBroken, AuditQueue
from loaders.auth.secret_keeper import MemoryKeeper
from tests.store.conftest import LastingKeeper

FACTS = AuditFacts("shop", "doctor", "doctor", "HA", "TREAT", "CANARY-ID", "1.2.3")


@pytest.fixture
def keeper() -> LastingKeeper:
    return LastingKeeper()


def recorded(keeper: LastingKeeper, folder: Path, count: int = 12) -> AuditQueue:
    queue = AuditQueue(keeper, folder)
    deeds = list(Deed)
    for number in range(count):
        queue.record(deeds[number % len(deeds)], FACTS)
    return queue


def test_events_are_fhir_audit_events_in_order(keeper: LastingKeeper, tmp_path: Path) -> None:
    events = recorded(keeper, tmp_path, len(Deed)).events()
    assert len(events) == len(Deed)
    assert {event["resourceType"] for event in events} == {"AuditEvent"}
    assert events[0]["subtype"][0]["code"] == "110122"
    assert events[-1]["type"]["code"] == "110113"
    assert all({"type", "action", "recorded", "outcome", "agent", "source"} <= event.keys() for event in events)
    assert [event["recorded"] for event in events] == sorted(event["recorded"] for event in events)


def test_another_run_goes_on_with_the_chain(keeper: LastingKeeper, tmp_path: Path) -> None:
    recorded(keeper, tmp_path, 3)
    verdict = recorded(keeper, tmp_path, 4).verify()
    assert (verdict.events, verdict.broken_at) == (7, None)


def test_nothing_of_a_patient_is_readable(keeper: LastingKeeper, tmp_path: Path) -> None:
    recorded(keeper, tmp_path)
    text = "".join(path.read_text() for path in tmp_path.iterdir())
    assert "CANARY" not in text
    assert "1.2.3" not in text


def test_every_edit_is_detected(keeper: LastingKeeper, tmp_path: Path) -> None:
    queue = recorded(keeper, tmp_path)
    path = tmp_path / "events.jsonl"
    whole = path.read_text()
    lines = whole.splitlines(keepends=True)
    chance = random.Random(3)  # noqa: S311 - the same edits at every run
    for _ in range(300):
        kind = chance.choice(["bit", "delete", "swap", "double", "cut", "renumber"])
        edited = list(lines)
        at = chance.randrange(len(lines))
        match kind:
            case "bit":
                text = bytearray(edited[at].encode())
                place = chance.randrange(len(text) - 1)
                text[place] ^= 1 << chance.randrange(5)
                edited[at] = text.decode("latin-1").replace("\n", "") + "\n"
            case "delete":
                del edited[at]
            case "swap":
                other = (at + 1 + chance.randrange(len(lines) - 1)) % len(lines)
                edited[at], edited[other] = edited[other], edited[at]
            case "double":
                edited.insert(at, edited[at])
            case "cut":
                edited = edited[:at]
            case "renumber":
                edited[at] = edited[at].replace(f'"n": {at + 1}', f'"n": {at + 2}')
        path.write_text("".join(edited), encoding="latin-1")
        is_same = kind == "bit" and _documents(edited) == _documents(lines)  # a blank between two values
        assert is_same or queue.verify().broken_at is not None, (kind, at)
    path.write_text(whole)
    assert queue.verify().broken_at is None


def _documents(lines: list[str]) -> list[object] | None:
    try:
        return [json.loads(line) for line in lines]
    except ValueError:
        return None


def test_a_whole_new_chain_in_its_place_is_detected(keeper: LastingKeeper, tmp_path: Path) -> None:
    queue = recorded(keeper, tmp_path / "a")
    attacker = LastingKeeper()
    recorded(attacker, tmp_path / "b")
    (tmp_path / "a" / "events.jsonl").write_bytes((tmp_path / "b" / "events.jsonl").read_bytes())
    assert queue.verify().broken_at == 1
    with pytest.raises(AuditBroken):
        queue.events()


def test_a_line_that_a_crash_cut_off_does_not_count_and_is_written_over(keeper: LastingKeeper, tmp_path: Path) -> None:
    queue = recorded(keeper, tmp_path, 3)
    with (tmp_path / "events.jsonl").open("a") as stream:
        stream.write('{"n": 4, "prev": "half')
    assert queue.verify().broken_at is None
    queue.record(Deed.OPEN, FACTS)
    verdict = queue.verify()
    assert (verdict.events, verdict.broken_at) == (4, None)


def test_events_are_sent_once_and_wait_while_the_store_is_away(keeper: LastingKeeper, tmp_path: Path) -> None:
    queue = recorded(keeper, tmp_path, 5)
    sent: list[dict[str, object]] = []

    def flaky(event: dict[str, object]) -> None:
        if len(sent) == 2:
            raise ConnectionError
        sent.append(event)

    with pytest.raises(ConnectionError):
        queue.send(flaky)
    assert queue.verify().unsent == 3
    assert AuditQueue(keeper, tmp_path).send(sent.append) == 3
    assert queue.send(sent.append) == 0
    assert len(sent) == 5


def test_without_a_real_key_ring_events_stay_in_memory(tmp_path: Path) -> None:
    queue = AuditQueue(MemoryKeeper(), tmp_path)
    queue.record(Deed.OPEN, FACTS)
    assert queue.verify().events == 1
    assert not queue.verify().is_lasting
    assert list(tmp_path.iterdir()) == []
