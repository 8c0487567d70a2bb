"""Headers read in worker processes are the same as read here, and one bad file costs one row."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from loaders.discovery.header_scan import HeaderRecord, read_header
from loaders.discovery.pooled_headers import pooled_header_reader
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
