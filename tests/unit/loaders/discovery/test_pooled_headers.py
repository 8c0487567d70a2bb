"""Headers read in worker processes are the same as read here, and one bad file costs one row."""

from __future__ import annotations

import io
import struct
from collections.abc import Iterator
from pathlib import Path

import pytest

from loaders.discovery import file_heads
from loaders.discovery.file_heads import FileHead, read_head
from loaders.discovery.header_scan import HeaderRecord, read_header, read_header_stream
from loaders.discovery.pooled_headers import pooled_header_reader
from loaders.errors import SourceError
from loaders.model.pixel_format import FileLocator
from loaders.workers.worker_pool import WorkerPool
from tests.support.dicom_files import SeriesRecipe, write_series


@pytest.fixture
def pool() -> Iterator[WorkerPool]:
    with WorkerPool(2) as running:
        yield running


def _by_path(records: list[HeaderRecord]) -> list[HeaderRecord]:
    return sorted(records, key=lambda record: str(record["file"]["path"]))


def test_workers_give_the_same_records(tmp_path: Path, pool: WorkerPool) -> None:
    files = [FileLocator(path) for path in write_series(tmp_path, SeriesRecipe(slices=70))]
    files.append(FileLocator(tmp_path / "not there"))
    assert _by_path(list(pooled_header_reader(pool)(files))) == _by_path([read_header(file) for file in files])


def test_no_files_give_no_records(pool: WorkerPool) -> None:
    assert list(pooled_header_reader(pool)([])) == []


def test_stopping_early_leaves_nothing_waiting(tmp_path: Path, pool: WorkerPool) -> None:
    files = [FileLocator(path) for path in write_series(tmp_path, SeriesRecipe(slices=70))]
    records = pooled_header_reader(pool)(files)
    next(records)
    records.close()  # type: ignore[attr-defined]  # a generator
    assert len(list(pooled_header_reader(pool)(files[:3]))) == 3


# ---- beginnings of what is no plain file


def _head(number: int, data: bytes, asked: list[int] | None = None) -> FileHead:
    def read(count: int) -> bytes:
        if asked is not None:
            asked.append(count)
        return data[:count]

    return FileHead(FileLocator(Path("a.zip"), f"m{number}"), len(data), read)


def _with_long_header(data: bytes, length: int) -> bytes:
    """A file whose first group after the meta information holds a private element of ``length`` bytes."""
    start = 132 + 12 + struct.unpack_from("<I", data, 140)[0]
    return data[:start] + struct.pack("<HH2sHI", 0x0007, 0x1001, b"OB", 0, length) + bytes(length) + data[start:]


def test_heads_give_what_whole_files_give(tmp_path: Path, pool: WorkerPool) -> None:
    plain = [path.read_bytes() for path in write_series(tmp_path, SeriesRecipe(slices=45))]
    held = [
        *plain,
        _with_long_header(plain[0], 100_000),
        _with_long_header(plain[1], 3_000_000),
        b"",
        b"no DICOM",
        b"x",
    ]
    held += [plain[2][:300], plain[3][:-10]]
    asked: list[int] = []
    heads = [_head(number, data, asked) for number, data in enumerate(held)]
    expected = [
        read_header_stream(io.BytesIO(data), len(data), head.file) for data, head in zip(held, heads, strict=True)
    ]
    records = list(pooled_header_reader(pool)(heads))
    assert sorted(records, key=lambda each: each["file"]["member"]) == sorted(
        expected, key=lambda each: each["file"]["member"]
    )
    assert [read_head(head) for head in heads] == expected
    # Most members are inflated no further than the first piece.
    assert sum(count > 1 << 15 for count in asked) <= 2 * 8


def test_a_damaged_member_is_a_row_of_its_own(tmp_path: Path, pool: WorkerPool) -> None:
    (path,) = write_series(tmp_path, SeriesRecipe(slices=1))

    def broken(_count: int) -> bytes:
        raise SourceError("this member of the archive is damaged")

    good = _head(0, path.read_bytes())
    bad = FileHead(FileLocator(Path("a.zip"), "bad"), 4000, broken)
    found = {each["file"]["member"]: each for each in pooled_header_reader(pool)([bad, good])}
    assert found["m0"]["status"] == "image"
    assert (found["bad"]["status"], found["bad"]["code"]) == ("problem", "unreadable")


def test_members_of_archives_are_parsed_by_workers_only(
    tmp_path: Path, pool: WorkerPool, monkeypatch: pytest.MonkeyPatch
) -> None:
    def never(*_arguments: object, **_named: object) -> HeaderRecord:
        raise AssertionError("a header was parsed in the application's process")

    (path,) = write_series(tmp_path, SeriesRecipe(slices=1))
    head = _head(0, path.read_bytes())
    monkeypatch.setattr(file_heads, "read_header_stream", never)
    (record,) = pooled_header_reader(pool)([head])
    assert record["status"] == "image"
    with pytest.raises(AssertionError):
        read_head(head)
