"""Real worker processes: confined, replaced when they fail, gone when the application is."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from loaders.workers.shared_block import SharedBlock
from loaders.workers.task_group import Task, TaskGroup, TaskInput, TaskResult
from loaders.workers.worker_pool import WorkerPool
from loaders.workers.worker_seat import WorkerLost
from tests.support.shared_data import REPOSITORY

linux_only = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="confinement is Linux's")


class Inbox:
    """Collects results and lets a test wait for a number of them."""

    def __init__(self) -> None:
        self.results: list[TaskResult] = []
        self._arrived = threading.Condition()

    def __call__(self, result: TaskResult) -> None:
        with self._arrived:
            self.results.append(result)
            self._arrived.notify_all()

    def wait(self, count: int, timeout_s: float = 20.0) -> list[TaskResult]:
        with self._arrived:
            assert self._arrived.wait_for(lambda: len(self.results) >= count, timeout_s), self.results
        return self.results


@pytest.fixture
def pool() -> Iterator[WorkerPool]:
    with WorkerPool(2, warm_up=()) as started:
        assert started.wait_ready()
        yield started


def trial(key: Any, limit_s: float = 10.0, **order: Any) -> Task:
    return Task(key, "trial", lambda _attempt: TaskInput(json.dumps(order).encode()), limit_s=limit_s)


def echo(key: int, weight: float = 1.0) -> Task:
    return Task(key, "echo", lambda _attempt: TaskInput(str(key).encode()), weight=weight)


def run(pool: WorkerPool, tasks: list[Task]) -> dict[Any, TaskResult]:
    inbox = Inbox()
    group = pool.group(inbox)
    group.add(tasks)
    found = {result.key: result for result in inbox.wait(len(tasks))}
    pool.close_group(group)
    return found


@linux_only
def test_a_worker_cannot_write_connect_or_start_programs(pool: WorkerPool, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        results = run(
            pool,
            [
                trial("write", do="write", path=str(tmp_path / "evil")),
                trial("connect", do="connect", port=port),
                trial("execute", do="execute"),
                trial("allocate", do="allocate", bytes=16 << 30),
            ],
        )
    if "landlock" not in pool.confinement:
        pytest.skip("this kernel has no Landlock")
    for key, result in results.items():
        assert result.error is None, key
        assert result.payload.startswith(b"refused"), (key, result.payload)
    assert not (tmp_path / "evil").exists()


@linux_only
def test_a_worker_cannot_change_files_or_reach_other_processes(pool: WorkerPool, tmp_path: Path) -> None:
    ways = ("append", "truncate", "unlink", "rename", "link", "mkdir", "chmod", "utime", "fifo")
    files = {way: tmp_path / way for way in ways}
    for file in files.values():
        file.write_text("as it was")
    before = {path: path.stat() for path in tmp_path.iterdir()}
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as listener:
        listener.bind(("127.0.0.1", 0))
        listener.setblocking(False)
        results = run(
            pool,
            [
                *(trial(way, do="change", how=way, path=str(file)) for way, file in files.items()),
                trial("datagram", do="datagram", port=listener.getsockname()[1]),
                trial("signal", do="signal", process=os.getpid()),
            ],
        )
        with pytest.raises(BlockingIOError):
            listener.recv(1)
    if not {"landlock", "seccomp"} <= set(pool.confinement):
        pytest.skip("this kernel has not both Landlock and seccomp")
    for key, result in results.items():
        assert result.error is None, key
        assert result.payload.startswith(b"refused"), (key, result.payload)
    assert {path: path.stat() for path in tmp_path.iterdir()} == before


@linux_only
def test_a_worker_gets_nothing_from_the_application_but_its_socket(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No open file, no key or token in an environment variable, even where the application itself leaks them."""
    monkeypatch.setenv("DIPTYCH_SECRET_TOKEN", "canary")
    secret = tmp_path / "keys"
    secret.write_text("canary")
    with secret.open() as held, socket.socket() as also_held:
        os.set_inheritable(held.fileno(), True)
        os.set_inheritable(also_held.fileno(), True)
        with WorkerPool(1, warm_up=()) as pool:
            found = json.loads(run(pool, [trial("look", do="look")])["look"].payload)
    assert "DIPTYCH_SECRET_TOKEN" not in found["environment"]
    assert not [name for name in found["descriptors"] if name == str(secret)]
    assert len([name for name in found["descriptors"] if name.startswith("socket:")]) == 1


def test_tasks_that_fail_cleanly_keep_their_worker(pool: WorkerPool) -> None:
    before = set(pool.process_ids)
    result = run(pool, [trial(1, do="fail", message="bad\x07 frame")])[1]
    assert result.error is not None
    assert (result.error.code, result.error.message) == ("decode_failed", "bad? frame")
    assert set(pool.process_ids) == before


def test_an_unknown_task_fails_alone(pool: WorkerPool) -> None:
    results = run(pool, [Task(1, "os:system", lambda _a: TaskInput(b"")), echo(2)])
    assert results[1].error is not None
    assert results[2].payload == b"2"


def test_a_dead_worker_costs_its_task_only_and_is_back_within_a_second(pool: WorkerPool) -> None:
    results = run(pool, [echo(1, 0.1), echo(2, 0.1), trial(3, do="die"), *[echo(n, 0.1) for n in range(4, 30)]])
    assert isinstance(results[3].error, WorkerLost)
    assert all(results[n].payload == str(n).encode() for n in range(30) if n not in (0, 3))
    for process_id in pool.process_ids:
        os.kill(process_id, signal.SIGKILL)
    started = time.monotonic()
    assert pool.wait_ready(10)
    # A second on a free machine; the bound leaves room for a busy one.
    assert time.monotonic() - started < 5


def test_a_task_that_only_kills_its_first_worker_is_retried(pool: WorkerPool, tmp_path: Path) -> None:
    marker = tmp_path / "second try"

    def make_input(attempt: int) -> TaskInput:
        if attempt:
            marker.touch()
        return TaskInput(json.dumps({"do": "die", "unless_exists": str(marker)}).encode())

    result = run(pool, [Task(1, "trial", make_input)])[1]
    assert result.payload == b"survived"


def test_a_worker_over_its_time_limit_is_killed(pool: WorkerPool) -> None:
    started = time.monotonic()
    result = run(pool, [trial(1, limit_s=0.3, do="hang", seconds=30)])[1]
    assert isinstance(result.error, WorkerLost)
    assert time.monotonic() - started < 10


def test_an_input_that_cannot_be_made_costs_its_task_only(pool: WorkerPool) -> None:
    def broken(_attempt: int) -> TaskInput:
        raise KeyError("a source with a fault")

    results = run(pool, [Task(1, "echo", broken), echo(2)])
    assert results[1].error is not None
    assert results[1].error.code == "source_unreadable"
    assert results[2].payload == b"2"


def test_what_waits_can_be_reordered_and_cancelled() -> None:
    with WorkerPool(1, warm_up=()) as single:
        assert single.wait_ready()
        inbox = Inbox()
        blocker, group = single.group(Inbox()), single.group(inbox, priority=1)
        blocker.add([trial("busy", do="hang", seconds=0.5)])
        time.sleep(0.1)
        group.add([echo(n) for n in range(20)])
        group.reorder(lambda key: abs(int(str(key)) - 13))
        inbox.wait(20)
        order = [int(str(result.key)) for result in inbox.results]
        assert order[0] == 13
        assert [abs(n - 13) for n in order] == sorted(abs(n - 13) for n in order)

        late = Inbox()
        doomed = single.group(late, priority=2)
        blocker.add([trial("busy again", do="hang", seconds=0.3)])
        doomed.add([echo(n) for n in range(20)])
        single.close_group(doomed)
        run(single, [echo(1)])
        assert late.results == []


def test_the_lower_number_goes_first_and_equals_take_turns() -> None:
    with WorkerPool(1, warm_up=()) as single:
        assert single.wait_ready()
        inbox = Inbox()
        blocker = single.group(Inbox(), priority=-5)
        blocker.add([trial("busy", do="hang", seconds=0.5)])
        time.sleep(0.1)
        groups: dict[str, TaskGroup] = {
            name: single.group(inbox, priority=priority) for name, priority in (("c", 7), ("a", 1), ("b", 1))
        }
        for name, group in groups.items():
            group.add([Task((name, n), "echo", lambda _a: TaskInput(b"")) for n in range(3)])
        order = "".join(str(result.key)[2] for result in inbox.wait(9))
        assert sorted(order[:6]) == list("aaabbb")
        assert order[:2] in ("ab", "ba")
        assert order[6:] == "ccc"


def test_a_closed_block_does_not_derail_the_worker(pool: WorkerPool) -> None:
    block = SharedBlock.create(4096)
    block.close()
    results = run(pool, [Task(1, "echo", lambda _a: TaskInput(b"x", (block,))), echo(2)])
    assert results[1].error is not None
    assert results[2].payload == b"2"


def test_closing_leaves_no_process_and_no_thread() -> None:
    threads = set(threading.enumerate())
    started = WorkerPool(2, warm_up=()).start()
    assert started.wait_ready()
    processes = started.process_ids
    group = started.group(Inbox())
    group.add([trial(n, do="hang", seconds=60) for n in range(4)])
    time.sleep(0.2)
    before = time.monotonic()
    started.close()
    assert time.monotonic() - before < 5
    assert not any(alive(number) for number in processes)
    assert set(threading.enumerate()) - threads == set()


def alive(process_id: int) -> bool:
    try:
        state = Path(f"/proc/{process_id}/stat").read_text(encoding="ascii").rsplit(")", 1)[1].split()[0]
    except OSError:
        return False
    return state != "Z"


@linux_only
def test_workers_die_with_a_killed_application(tmp_path: Path) -> None:
    script = tmp_path / "application.py"
    script.write_text(
        "import sys, time, json\n"
        f"sys.path.insert(0, {str(REPOSITORY)!r})\n"
        "from loaders.workers.worker_pool import WorkerPool\n"
        "from loaders.workers.task_group import Task, TaskInput\n"
        "if __name__ == '__main__':\n"
        "    pool = WorkerPool(2, warm_up=()).start()\n"
        "    pool.wait_ready()\n"
        "    group = pool.group(print)\n"
        "    hang = json.dumps({'do': 'hang', 'seconds': 60}).encode()\n"
        "    group.add([Task(1, 'trial', lambda a: TaskInput(hang), limit_s=60)])\n"
        "    print(*pool.process_ids, flush=True)\n"
        "    time.sleep(60)\n"
    )
    with subprocess.Popen([sys.executable, str(script)], stdout=subprocess.PIPE, text=True) as application:
        assert application.stdout is not None
        workers = [int(number) for number in application.stdout.readline().split()]
        assert len(workers) == 2
        application.kill()
        application.wait()
    deadline = time.monotonic() + 5
    while any(alive(number) for number in workers) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not any(alive(number) for number in workers)


@linux_only
def test_a_block_cannot_be_resized_and_its_view_not_written() -> None:
    block = SharedBlock.create(8192)
    try:
        block.write(4090, memoryview(b"across a page"))
        view = block.readable()
        assert view[4090:4103] == b"across a page"
        with pytest.raises(TypeError):
            view[0] = 1
        with pytest.raises(ValueError, match="outside"):
            block.write(8190, memoryview(b"beyond"))
        with pytest.raises(OSError, match="not permitted"):
            os.ftruncate(block._descriptor, 16)
        view.close()
    finally:
        block.close()


def test_what_waits_can_be_taken_back_for_another_group() -> None:
    first, second = (TaskGroup(lambda _result: None, 0, lambda: None) for _ in range(2))
    first.add([echo(number) for number in range(5)])
    first.reorder(lambda key: -float(str(key)))
    second.add(first.withdraw(3))
    assert first.withdraw(3) == []
    assert [task.key for task, _ in first.take(2.5)] == [4, 2, 1]
    assert [task.key for task in second.withdraw()] == [3]
    assert not second.has_pending()
    assert [task.key for task, _ in first.take(9)] == [0]
