"""Two starts that failed make the third a careful one; one that worked forgets them."""

from __future__ import annotations

from pathlib import Path

import pytest

from viewer.app.start_attempts import StartAttempts


def test_the_third_start_after_two_failures_is_safe(tmp_path: Path) -> None:
    assert [StartAttempts(tmp_path).begin() for _ in range(4)] == [False, False, True, True]
    StartAttempts(tmp_path).succeed()
    assert StartAttempts(tmp_path).begin() is False


def test_a_start_that_worked_counts_for_nothing(tmp_path: Path) -> None:
    for _ in range(5):
        attempts = StartAttempts(tmp_path / "made when needed")
        assert attempts.begin() is False
        attempts.succeed()


@pytest.mark.parametrize("content", [b"", b"many", b"-3", b"\xff\xff", b"99999999999999999999"])
def test_a_damaged_count_keeps_nobody_from_starting(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "unfinished-starts").write_bytes(content)
    assert isinstance(StartAttempts(tmp_path).begin(), bool)


def test_a_folder_that_cannot_be_written_counts_nothing(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("in the way")
    assert [StartAttempts(file).begin() for _ in range(4)] == [False] * 4
    StartAttempts(file).succeed()
