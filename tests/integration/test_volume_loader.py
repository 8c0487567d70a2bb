"""Stacks loaded by real workers into shared memory: order, failures, limits, and what is left behind."""

from __future__ import annotations

import io
import os
import signal
import threading
import time
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from pydicom import dcmread

from loaders.cache.memory_budget import MemoryBudget
from loaders.errors import TooLarge
from loaders.model.frame import Frame
from loaders.model.frame_validity import FrameState
from loaders.model.pixel_format import FileLocator, PixelFormat, PixelLocation
from loaders.model.stack import Stack
from loaders.model.study import Catalogue
from loaders.pixels.volume_assembler import Arrivals, VolumeLoader
from loaders.progress import CancelToken, ProgressCallback, no_progress
from loaders.stores.image_source import CatalogueCallback
from loaders.stores.local_folder import LocalFolder
from loaders.workers.worker_pool import WorkerPool
from tests.support.coded_series import slice_pixels, write_series
from tests.support.file_frames import PIXELS, frames_of_file, stack_of
from tests.support.shared_data import real_path
from tests.unit.loaders.pixels.test_frame_reader import write
from tests.unit.loaders.pixels.test_truncation import encoded

_FORMAT = PixelFormat(16, 20, 1, "MONOCHROME2", 16, 16, 15, True, "1.2.840.10008.1.2.1")


@pytest.fixture
def pool() -> Iterator[WorkerPool]:
    with WorkerPool(2) as started:
        yield started


def ignore(_arrivals: Arrivals) -> None:
    return


def raw_stack(folder: Path, count: int, format_: PixelFormat = _FORMAT) -> tuple[Stack, np.ndarray]:
    """Frames of noise, each at an offset of its own file."""
    shape = (count, *format_.decoded_shape)
    truth = np.random.default_rng(3).integers(-30000, 30000, shape).astype(format_.decoded_dtype)
    frames = []
    for index in range(count):
        path = folder / f"{index}"
        path.write_bytes(b"h" * (index + 1) + truth[index].tobytes())
        location = PixelLocation(FileLocator(path), 0, index + 1, format_.decoded_bytes)
        frames.append(Frame(f"1.2.{index}", "1.2", index + 1, 1, format_, location, PIXELS))
    return stack_of(tuple(frames)), truth


def test_every_frame_arrives_and_the_window_cannot_write(pool: WorkerPool, tmp_path: Path) -> None:
    stack, truth = raw_stack(tmp_path, 50)
    reports: list[Arrivals] = []
    budget = MemoryBudget(10 << 20)
    loader = VolumeLoader(stack, pool, budget, on_arrivals=reports.append)
    assert loader.volume.frame_array(0) is None
    assert loader.start().wait(20)
    assert loader.validity.is_complete
    assert loader.volume.stored is not None
    np.testing.assert_array_equal(loader.volume.stored, truth)
    assert not loader.volume.stored.flags.writeable
    with pytest.raises(ValueError, match="WRITEABLE"):
        loader.volume.stored.flags.writeable = True
    assert sorted(index for report in reports for index in report.loaded) == list(range(50))
    assert [report.is_settled for report in reports] == [False] * (len(reports) - 1) + [True]
    assert loader.ranges.total() == (truth.min(), truth.max())
    assert budget.held_bytes == stack.decoded_bytes
    loader.close()
    assert budget.held_bytes == 0


def test_frames_come_around_the_one_looked_at(tmp_path: Path) -> None:
    format_ = replace(_FORMAT, rows=1000, columns=1000)
    stack, _ = raw_stack(tmp_path, 24, format_)
    order: list[int] = []
    with WorkerPool(1) as pool:
        loader = VolumeLoader(
            stack, pool, MemoryBudget(), on_arrivals=lambda a: order.extend(a.loaded), first_frame=20, report_every_s=0
        )
        assert loader.start().wait(20)
        loader.close()
    assert order[0] == 20
    assert [abs(index - 20) for index in order] == sorted(abs(index - 20) for index in order)


def test_a_bad_frame_keeps_its_place_and_says_why(pool: WorkerPool, tmp_path: Path) -> None:
    stack, truth = raw_stack(tmp_path, 6)
    (tmp_path / "2").write_bytes(b"short")
    (tmp_path / "4").unlink()
    reports: list[Arrivals] = []
    loader = VolumeLoader(stack, pool, MemoryBudget(), on_arrivals=reports.append)
    assert loader.start().wait(20)
    assert loader.validity.is_settled
    assert not loader.validity.is_complete
    for index, code in ((2, "truncated"), (4, "source_unreadable")):
        assert loader.validity[index] is FrameState.FAILED
        assert loader.validity.reason(index).startswith(code)
        assert loader.volume.frame_array(index) is None
    last = loader.volume.frame_array(5)
    np.testing.assert_array_equal(last, truth[5])
    assert sorted(index for report in reports for index in report.failed) == [2, 4]
    loader.close()


def test_a_worker_killed_mid_volume_costs_no_frame(pool: WorkerPool, tmp_path: Path) -> None:
    format_ = replace(_FORMAT, rows=500, columns=500)
    stack, truth = raw_stack(tmp_path, 200, format_)
    first = threading.Event()
    loader = VolumeLoader(stack, pool, MemoryBudget(), on_arrivals=lambda _a: first.set())
    loader.start()
    assert first.wait(20)
    for process_id in pool.process_ids:
        os.kill(process_id, signal.SIGKILL)
    assert loader.wait(30)
    assert loader.validity.is_complete
    np.testing.assert_array_equal(loader.volume.stored, truth)
    loader.close()


def test_compressed_frames_with_a_bad_one_between(pool: WorkerPool, tmp_path: Path) -> None:
    data, _, pixels = encoded("1.2.840.10008.1.2.4.90")
    from pydicom.encaps import encapsulate

    layout = {"Rows": 64, "Columns": 80, "BitsStored": 12, "HighBit": 11}
    good = write(tmp_path / "good.dcm", encapsulate([data]), "1.2.840.10008.1.2.4.90", **layout)
    # The damage is inside a code block: the header agrees, the end is there, the codec fails or draws nonsense.
    broken = bytearray(data)
    broken[len(data) // 3 : len(data) // 3 + 40] = b"\xff\x93" * 20
    bad = write(tmp_path / "bad.dcm", encapsulate([bytes(broken)]), "1.2.840.10008.1.2.4.90", **layout)
    frames = frames_of_file(good) + frames_of_file(bad) + frames_of_file(good)
    loader = VolumeLoader(stack_of(frames), pool, MemoryBudget(), on_arrivals=ignore)
    assert loader.start().wait(60)
    for index in (0, 2):
        np.testing.assert_array_equal(loader.volume.frame_array(index), pixels)
    assert loader.validity.is_settled
    loader.close()


def test_a_stack_of_several_matrices_has_one_array_a_frame(pool: WorkerPool, tmp_path: Path) -> None:
    small, small_truth = raw_stack(tmp_path, 2)
    wide_folder = tmp_path / "wide"
    wide_folder.mkdir()
    wide, wide_truth = raw_stack(wide_folder, 2, replace(_FORMAT, columns=33, is_signed=False))
    loader = VolumeLoader(stack_of(small.frames + wide.frames), pool, MemoryBudget(), on_arrivals=ignore)
    assert loader.start().wait(20)
    assert loader.volume.stored is None
    for index, truth in enumerate([*small_truth, *wide_truth]):
        np.testing.assert_array_equal(loader.volume.frame_array(index), truth)
    loader.close()


def test_what_does_not_fit_is_refused_with_both_numbers(pool: WorkerPool, tmp_path: Path) -> None:
    stack, _ = raw_stack(tmp_path, 1)
    huge = replace(stack.frames[0], format=replace(_FORMAT, rows=60000, columns=60000))
    budget = MemoryBudget(3 << 30)
    with pytest.raises(TooLarge, match="7200 MB") as refused:
        VolumeLoader(stack_of((huge,)), pool, budget, on_arrivals=ignore)
    assert refused.value.facts == {"needed_mb": "7200", "free_mb": "3221"}
    assert budget.held_bytes == 0


def test_closing_early_stops_reports_and_gives_memory_back(pool: WorkerPool, tmp_path: Path) -> None:
    stack, _ = raw_stack(tmp_path, 200, replace(_FORMAT, rows=400, columns=400))
    reports: list[Arrivals] = []
    budget = MemoryBudget()
    loader = VolumeLoader(stack, pool, budget, on_arrivals=reports.append).start()
    loader.close()
    loader.close()
    assert budget.held_bytes == 0
    time.sleep(0.1)
    count = len(reports)
    other, truth = raw_stack(tmp_path, 3)
    second = VolumeLoader(other, pool, budget, on_arrivals=ignore)
    assert second.start().wait(20)
    np.testing.assert_array_equal(second.volume.stored, truth)
    assert len(reports) == count
    second.close()


def descriptors() -> int:
    return len(os.listdir("/proc/self/fd"))  # noqa: PTH208


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="counts descriptors in /proc")
def test_twenty_loads_leave_no_descriptor_here_or_in_a_worker(pool: WorkerPool, tmp_path: Path) -> None:
    stack, _ = raw_stack(tmp_path, 4)

    def load() -> None:
        loader = VolumeLoader(stack, pool, MemoryBudget(), on_arrivals=ignore)
        assert loader.start().wait(20)
        loader.close()

    load()
    assert pool.wait_ready()
    here = descriptors()
    for _ in range(20):
        load()
    assert pool.wait_ready()
    assert descriptors() <= here + 1
    for process_id in pool.process_ids:
        names = [os.readlink(entry) for entry in Path(f"/proc/{process_id}/fd").iterdir() if entry.is_symlink()]  # noqa: PTH115
        assert sum("memfd" in name for name in names) <= 1


class Archive:
    """A source whose instances exist as bytes only."""

    name = "archive"

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.asked = 0

    def catalogue(self, *, on_found: CatalogueCallback, progress: ProgressCallback, cancel: CancelToken) -> Catalogue:
        raise NotImplementedError

    def frame_bytes(self, frame: Frame) -> bytes | None:
        self.asked += 1
        return self.data

    def close(self) -> None:
        return


def test_instances_a_source_hands_out_are_shared_once(pool: WorkerPool, tmp_path: Path) -> None:
    values = np.arange(5 * 12).reshape(5, 3, 4)
    path = write(tmp_path / "a.dcm", values.astype("<u2").tobytes(), NumberOfFrames=5)
    frames, source = frames_of_file(path), Archive(path.read_bytes())
    path.unlink()
    loader = VolumeLoader(stack_of(frames), pool, MemoryBudget(), on_arrivals=ignore, source=source)
    assert loader.start().wait(20)
    np.testing.assert_array_equal(loader.volume.stored, values)
    assert source.asked == 1
    loader.close()


def test_a_member_of_an_archive_is_read_in_memory(pool: WorkerPool, tmp_path: Path) -> None:
    path = write(tmp_path / "a.dcm", np.arange(12, dtype="<u2").tobytes())
    frame = frames_of_file(path)[0]
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.write(path, "../x/a.dcm")
    zipped = tmp_path / "a.zip"
    zipped.write_bytes(stream.getvalue())
    there = replace(frame, location=PixelLocation(FileLocator(zipped, "../x/a.dcm")))
    loader = VolumeLoader(stack_of((there,)), pool, MemoryBudget(), on_arrivals=ignore)
    assert loader.start().wait(20)
    np.testing.assert_array_equal(loader.volume.frame_array(0), np.arange(12).reshape(3, 4))
    loader.close()


@pytest.mark.real
def test_a_compressed_ct_loads_whole(pool: WorkerPool) -> None:
    folder = real_path("ct/nlst-lss-toshiba-143")
    files = sorted(path for path in folder.rglob("*.dcm"))
    images = [path for path in files if dcmread(path, specific_tags=["Modality"]).Modality == "CT"][:40]
    assert images
    frames = tuple(frame for path in images for frame in frames_of_file(path))
    loader = VolumeLoader(stack_of(frames), pool, MemoryBudget(), on_arrivals=ignore)
    assert loader.start().wait(60)
    assert loader.validity.count(FrameState.LOADED) == len(frames)
    loader.close()


def coded_stack(folder: Path, count: int, *, side: int = 256, coding: str = "j2k") -> tuple[Stack, np.ndarray]:
    """A folder of single-frame files of one coding, as the scan finds them."""
    write_series(folder, count, coding, side)
    source = LocalFolder([folder])
    catalogue = source.catalogue(on_found=lambda _found: None, progress=no_progress, cancel=CancelToken())
    return catalogue.studies[0].series[0].stacks[0], np.stack([slice_pixels(index, side) for index in range(count)])


def test_a_slow_series_is_there_at_reduced_resolution_first(
    pool: WorkerPool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("loaders.pixels.decoding_cost._PREVIEW_PAYS_NS", 0.0)
    stack, truth = coded_stack(tmp_path / "series", 24)
    assert all(frame.location.items_offset > 0 for frame in stack.frames)
    seen: list[tuple[FrameState, float]] = []

    def look(arrivals: Arrivals) -> None:
        for index in arrivals.previewed:
            state, pixels = loader.validity[index], loader.volume.frame_array(index)
            if pixels is not None and state is FrameState.PREVIEW:
                seen.append((state, float(np.abs(pixels - truth[index].astype(float)).mean())))

    loader = VolumeLoader(stack, pool, MemoryBudget(), on_arrivals=look, first_frame=3, report_every_s=0)
    assert loader.start().wait(60)
    assert seen, "no preview came before the frames themselves"
    assert all(error < 40 for _, error in seen), "a preview is another picture"
    assert loader.validity.is_complete
    assert loader.volume.stored is not None
    np.testing.assert_array_equal(loader.volume.stored, truth)
    loader.close()


def test_a_frame_that_was_replaced_by_another_file_is_refused(pool: WorkerPool, tmp_path: Path) -> None:
    """Read by the offset of its items: another file in its place must not be taken for it."""
    stack, truth = coded_stack(tmp_path / "series", 4, side=64)
    paths = [frame.location.file.path for frame in stack.frames]
    paths[1].write_bytes(b"\0" * paths[1].stat().st_size)
    paths[2].write_bytes(paths[2].read_bytes()[:-900])
    loader = VolumeLoader(stack, pool, MemoryBudget(), on_arrivals=ignore)
    assert loader.start().wait(30)
    assert [loader.validity[index] is FrameState.LOADED for index in range(4)] == [True, False, False, True]
    np.testing.assert_array_equal(loader.volume.frame_array(3), truth[3])
    loader.close()


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="a pipe stands for a disk that does not answer")
def test_a_disk_that_does_not_answer_costs_its_frame_and_no_more(
    pool: WorkerPool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("loaders.pixels.volume_assembler._SHORTEST_LIMIT_S", 0.5)
    stack, truth = raw_stack(tmp_path, 12)
    (tmp_path / "5").unlink()
    os.mkfifo(tmp_path / "5")  # opening it for reading waits for a writer that never comes
    loader = VolumeLoader(stack, pool, MemoryBudget(), on_arrivals=ignore)
    assert loader.start().wait(30)
    assert loader.validity[5] is FrameState.FAILED
    assert loader.validity.reason(5).startswith("worker_lost")
    for index in range(12):
        if index != 5:
            np.testing.assert_array_equal(loader.volume.frame_array(index), truth[index])
    loader.close()


def test_prior_and_current_of_one_priority_load_together(tmp_path: Path) -> None:
    """Each frame costs its worker as much as the other's: neither waits for the other to end."""
    format_ = replace(_FORMAT, rows=1200, columns=1200)
    order: list[str] = []
    with WorkerPool(1) as pool:
        loaders = []
        for name in ("current", "prior"):
            folder = tmp_path / name
            folder.mkdir()
            stack, _ = raw_stack(folder, 16, format_)

            def note(arrivals: Arrivals, name: str = name) -> None:
                order.extend([name] * len(arrivals.loaded))

            loaders.append(VolumeLoader(stack, pool, MemoryBudget(), on_arrivals=note, report_every_s=0))
        for loader in loaders:
            loader.start()
        assert all(loader.wait(30) for loader in loaders)
        for loader in loaders:
            loader.close()
    assert order.count("current") == order.count("prior") == 16
    assert order.index("prior") <= 6
    assert 3 <= order[:16].count("prior") <= 13
