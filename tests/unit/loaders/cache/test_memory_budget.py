"""What memory there is, and that nobody gets more: artificial budgets, control groups made of files, a real limit."""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from loaders.cache import memory_budget
from loaders.cache.memory_budget import MemoryBudget
from loaders.errors import TooLarge
from tests.support.dicom_files import SeriesRecipe, dataset_bytes, slice_dataset, uid

_ROOT = Path(__file__).parents[4]


def test_what_does_not_fit_is_refused_with_both_numbers() -> None:
    budget = MemoryBudget(100_000_000)
    budget.reserve("prior", 60_000_000)
    with pytest.raises(TooLarge) as refused:
        budget.reserve("current", 70_000_000)
    assert refused.value.facts == {"needed_mb": "70", "free_mb": "40"}
    budget.release("prior")
    budget.reserve("current", 70_000_000)
    assert budget.held_bytes == 70_000_000


def test_many_threads_never_get_more_than_there_is() -> None:
    budget = MemoryBudget(50_000_000)
    granted = []

    def ask(number: int) -> None:
        try:
            budget.reserve(number, 2_000_000)
        except TooLarge:
            return
        granted.append(number)

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(60)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(granted) == 25
    assert budget.held_bytes <= budget.limit_bytes


def _group(folder: Path, limit: str, used: int, cached: int = 0) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "memory.max").write_text(limit)
    (folder / "memory.current").write_text(str(used))
    (folder / "memory.stat").write_text(f"anon 5\ninactive_file {cached}\n")


def test_control_groups_around_the_process_count_too(tmp_path: Path) -> None:
    groups = tmp_path / "cgroup"
    groups.write_text("0::/user.slice/viewer.scope\n1:name=systemd:/\n")
    _group(tmp_path / "fs/user.slice", "8000000000", 2_500_000_000, cached=500_000_000)
    _group(tmp_path / "fs/user.slice/viewer.scope", "max", 1_000_000_000)
    assert memory_budget._cgroup_limits(groups, tmp_path / "fs") == [(8_000_000_000, 2_000_000_000)]


def test_version_one_writes_no_limit_as_a_large_number(tmp_path: Path) -> None:
    groups = tmp_path / "cgroup"
    groups.write_text("4:memory:/box\n")
    box = tmp_path / "fs/memory/box"
    box.mkdir(parents=True)
    for limit, found in (("9223372036854771712", []), ("4000000000", [(4_000_000_000, 1_000_000_000)])):
        (box / "memory.limit_in_bytes").write_text(limit)
        (box / "memory.usage_in_bytes").write_text("1000000000")
        assert memory_budget._cgroup_limits(groups, tmp_path / "fs") == found


def test_a_group_that_is_nearly_full_leaves_little_room(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory_budget, "_cgroup_limits", lambda: [(4_000_000_000, 3_000_000_000)])
    budget = MemoryBudget()
    assert budget.limit_bytes <= 2_400_000_000
    assert budget.room_bytes() <= 850_000_000


@pytest.mark.skipif(sys.platform != "linux", reason="address space can be limited on Linux")
def test_two_gigabytes_of_memory_give_a_clear_message(tmp_path: Path) -> None:
    """The whole verb, in a process that may have 2 GB: 80 slices of 3000 x 3000 are more than its share."""
    recipe = SeriesRecipe(rows=3000, columns=3000, slices=80)
    small = SeriesRecipe(rows=2, columns=2, slices=80)
    for index in range(recipe.slices):
        ds = slice_dataset(small, index)
        ds.Rows = ds.Columns = 3000
        ds.SOPInstanceUID = uid(f"large/{index}")
        data = bytearray(dataset_bytes(ds))
        at = data.rindex(b"\xe0\x7f\x10\x00OW")
        data[at + 8 : at + 12] = (18_000_000).to_bytes(4, "little")
        path = tmp_path / f"{index:03d}.dcm"
        with path.open("wb") as file:  # sparse: no block of the disk is taken
            file.write(data[: at + 12])
            file.truncate(at + 12 + 18_000_000)

    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_AS, (2 << 30, 2 << 30))

    out = tmp_path / "load.json"
    done = subprocess.run(
        [sys.executable, "main.py", "load", str(tmp_path), "--json", str(out)],
        cwd=_ROOT,
        preexec_fn=limit,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 1, done.stderr
    assert done.stderr.count("\n") == 1
    assert "1440 MB are needed" in done.stderr
    assert not out.exists() or json.loads(out.read_text())
