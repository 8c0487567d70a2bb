"""Volumes on screen: never more than the budget, what is shown stays, a series that grows keeps its picture."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from pytestqt.qtbot import QtBot

from loaders.cache.memory_budget import MemoryBudget
from loaders.model.frame_validity import FrameState
from loaders.model.stack import Stack, StackKey
from loaders.workers.worker_pool import WorkerPool
from tests.integration.test_volume_loader import raw_stack
from viewer.controllers.volume_store import VolumeStore

pytestmark = pytest.mark.gui


@pytest.fixture
def pool() -> Iterator[WorkerPool]:
    with WorkerPool(2, warm_up=()) as started:
        yield started


def stacks(folder: Path, count: int, frames: int = 40) -> list[Stack]:
    made = []
    for number in range(count):
        place = folder / str(number)
        place.mkdir()
        stack, _ = raw_stack(place, frames)
        made.append(replace(stack, key=StackKey("1.2", f"1.2.{number}", "a")))
    return made


def test_ten_series_never_exceed_the_budget_and_the_oldest_go_first(
    pool: WorkerPool, tmp_path: Path, qtbot: QtBot
) -> None:
    series = stacks(tmp_path, 10)
    one = series[0].decoded_bytes
    # Above the size that is granted without counting, so that the budget is felt.
    assert one < 1 << 20
    budget = MemoryBudget(int(3.5 * one))
    store = VolumeStore(pool, budget)
    budget_needs = [one]
    from loaders.cache import memory_budget

    original, memory_budget._NEEDED_WITHOUT_A_NUMBER = memory_budget._NEEDED_WITHOUT_A_NUMBER, 0
    try:
        for index, stack in enumerate(series):
            shown = [(stack, 0)] if index == 0 else [(series[0], 0), (stack, 0)]
            store.show(shown)
            budget_needs.append(budget.held_bytes)
            assert store.volume(series[0]) is not None, "what is on screen was evicted"
            assert store.volume(stack) is not None
        qtbot.waitUntil(lambda: store.is_settled, timeout=10_000)
        assert max(budget_needs) <= budget.limit_bytes
        kept = [stack for stack in series if store.volume(stack) is not None]
        assert kept == [series[0], *series[-2:]]
    finally:
        memory_budget._NEEDED_WITHOUT_A_NUMBER = original
        store.close()
    assert budget.held_bytes == 0


def test_what_can_never_fit_is_refused_once_and_costs_nothing(pool: WorkerPool, tmp_path: Path, qtbot: QtBot) -> None:
    small, other = stacks(tmp_path, 2)
    frame = replace(small.frames[0], format=replace(small.frames[0].format, rows=3000, columns=3000))
    huge = Stack(StackKey("1.2", "1.9", "a"), small.kind, (frame,) * 500)
    store = VolumeStore(pool, MemoryBudget(1 << 30))
    store.show([(small, 0)])
    refusals: list[object] = []
    store.failed.connect(lambda key, error: refusals.append((key, error.facts["needed_mb"])))
    for index in range(5):
        store.show([(other, 0), (huge, index)])
    assert refusals == [(huge.key, "9000")]
    assert store.volume(small) is not None, "another series was given up for one that does not fit anyway"
    store.close()


def test_a_series_that_grows_keeps_the_frames_around_the_one_in_view(
    pool: WorkerPool, tmp_path: Path, qtbot: QtBot
) -> None:
    whole, truth = raw_stack(tmp_path, 60)
    store = VolumeStore(pool, MemoryBudget())
    half = replace(whole, frames=whole.frames[10:40])
    store.show([(half, 5)])
    qtbot.waitUntil(lambda: store.is_settled, timeout=10_000)
    store.show([(whole, 15)])
    assert store.volume(half) is None
    volume = store.volume(whole)
    assert volume is not None
    assert volume.validity[15] is FrameState.LOADED, "the picture went away while the series grew"
    np.testing.assert_array_equal(volume.frame_array(15), truth[15])
    qtbot.waitUntil(lambda: store.is_settled, timeout=10_000)
    assert volume.stored is not None
    np.testing.assert_array_equal(volume.stored, truth)
    store.close()
