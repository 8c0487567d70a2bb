"""Every named hostile recipe is decided, as what it is, without a crash, a stall or a wrong picture."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

import tests.fuzz.header_recipes
import tests.fuzz.media_recipes
import tests.fuzz.pixel_recipes  # noqa: F401 - these three register their recipes
from loaders.workers.worker_pool import WorkerPool
from tests.fuzz.campaign import Heartbeat, Verdict, judge, put
from tests.fuzz.recipe import RECIPES, HostileInput, Outcome

pytestmark = [pytest.mark.filterwarnings("ignore"), pytest.mark.xdist_group("fuzz")]

_LONGEST_S = 10.0
_LONGEST_STALL_S = 0.1


@pytest.fixture
def _leaks() -> None:
    """Between these tests the shared pool replaces workers that met an error: those are no leak."""


@pytest.fixture(scope="module")
def pool() -> Iterator[WorkerPool]:
    with WorkerPool(2) as started:
        started.wait_ready()
        yield started


def test_there_are_at_least_sixty_classes() -> None:
    assert len(RECIPES) >= 60


@pytest.mark.parametrize("hostile", RECIPES.values(), ids=RECIPES.keys())
def test_the_input_is_decided_as_what_it_is(hostile: HostileInput, pool: WorkerPool, tmp_path: Path) -> None:
    put(tmp_path, hostile.make())
    before = sorted(path for path in tmp_path.rglob("*"))
    with Heartbeat() as heart:
        verdict = judge([tmp_path / hostile.opened if hostile.opened else tmp_path], pool)
    assert verdict.slowest_s < _LONGEST_S
    assert heart.longest_stall_s < _LONGEST_STALL_S
    assert sorted(path for path in tmp_path.rglob("*")) == before, "something was written"
    assert not hostile.codes or hostile.codes & verdict.codes.keys(), verdict
    _check(hostile.outcome, verdict)


def _check(outcome: Outcome, verdict: Verdict) -> None:
    said = sum(count for code, count in verdict.codes.items() if code)
    if outcome is Outcome.SHOWN:
        assert verdict.shown, verdict
    elif outcome is Outcome.ANY:
        assert verdict.shown or said, verdict
    else:
        assert not verdict.shown, verdict
        assert said, verdict
    if outcome is Outcome.ROW:
        assert not verdict.failed_frames, verdict
    if outcome is Outcome.TILE:
        assert verdict.failed_frames, verdict
