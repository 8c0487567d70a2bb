"""Jobs: one outcome, on the window's thread; a cancelled one paints nothing."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest
from pytestqt.qtbot import QtBot

from loaders.errors import SourceError
from loaders.progress import CancelToken, Progress, ProgressCallback
from viewer.jobs.job_runner import JobKind, JobRunner


@pytest.fixture
def runner(qtbot: QtBot) -> Iterator[JobRunner]:
    runner = JobRunner()
    yield runner
    runner.close()


def test_result_arrives_on_the_window_thread(qtbot: QtBot, runner: JobRunner) -> None:
    seen: list[tuple[int, int]] = []
    runner.start(
        JobKind.READ,
        "count",
        lambda _cancel, _progress: threading.get_ident(),
        on_result=lambda worker: seen.append((worker, threading.get_ident())),
    )
    qtbot.waitUntil(lambda: bool(seen))
    worker, receiver = seen[0]
    assert receiver == threading.get_ident()
    assert worker != receiver
    assert runner.running == ()


def test_an_error_of_the_world_reaches_its_handler(qtbot: QtBot, runner: JobRunner) -> None:
    errors: list[BaseException] = []

    def fail(_cancel: CancelToken, _progress: ProgressCallback) -> None:
        raise SourceError("the stick is gone")

    runner.start(JobKind.READ, "read", fail, on_result=lambda _: None, on_error=errors.append)
    qtbot.waitUntil(lambda: bool(errors))
    assert isinstance(errors[0], SourceError)


def test_a_cancelled_job_delivers_nothing(qtbot: QtBot, runner: JobRunner) -> None:
    release = threading.Event()
    results: list[str] = []
    ended: list[object] = []
    runner.job_ended.connect(ended.append)

    def wait(_cancel: CancelToken, _progress: ProgressCallback) -> str:
        release.wait(5)
        return "late"

    job = runner.start(JobKind.READ, "wait", wait, on_result=results.append)
    job.cancel()
    release.set()
    qtbot.waitUntil(lambda: bool(ended))
    assert results == []


def test_progress_is_throttled_to_ten_a_second(qtbot: QtBot, runner: JobRunner) -> None:
    reports: list[object] = []
    done: list[None] = []
    runner.job_progressed.connect(reports.append)

    def busy(_cancel: CancelToken, progress: ProgressCallback) -> None:
        for count in range(10_000):
            progress(Progress("files", count, 10_000))

    runner.start(JobKind.COMPUTE, "busy", busy, on_result=done.append)
    qtbot.waitUntil(lambda: bool(done))
    assert 1 <= len(reports) <= 20
