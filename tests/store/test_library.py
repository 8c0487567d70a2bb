"""The encrypted library: what is kept comes back, nothing else does; a killed process leaves no lie behind."""

from __future__ import annotations

import os
import random
import shutil
import subprocess
import sys
import textwrap
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from loaders.cache.library import LONGEST_KEEP_S, Library
from loaders.cache.library_errors import LibraryBusy, LibraryFull, LibraryUnreadable, NotKept
from loaders.cache.library_index import KeptStudy, LibraryIndex, StudyFacts
from loaders.cache.library_keys import forget_root_key
from loaders.cache.memory_budget import MemoryBudget
from loaders.cache.sealed_file import SEGMENT, SealContext, Tampered, seal, unseal
from loaders.discovery.header_scan import read_header
from loaders.pixels.volume_assembler import VolumeLoader
from loaders.progress import CancelToken, no_progress
from loaders.retrieval.keep_folder import keep_folder
from loaders.stores.library_source import LibrarySource
from loaders.workers.worker_pool import WorkerPool
from tests.store.conftest import ROOT, LastingKeeper
from tests.support.dicom_files import SeriesRecipe, dataset_bytes, slice_dataset, stored_values, write_series

FACTS = StudyFacts(patient_id="CANARY-ID", patient_name="CANARY^NAME", description="CANARY STUDY")
RECIPE = SeriesRecipe(slices=6, rows=200, columns=210, patient_name="CANARY^NAME", patient_id="CANARY-ID")
KEY = bytes(range(32))


def context(length: int, **changes: str) -> SealContext:
    facts = {"profile": "p", "study": "s", "sop_uid": "1.2", "role": "p10", **changes}
    return SealContext(**facts, length=length)


def opened(sealed: bytes, salt: bytes, length: int, **changes: str) -> bytes:
    room = bytearray(length)
    unseal(KEY, context(length, **changes), salt, memoryview(sealed), memoryview(room))
    return bytes(room)


# ---- one sealed file -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("length", [0, 1, SEGMENT - 1, SEGMENT, SEGMENT + 1, 3 * SEGMENT])
def test_a_sealed_file_opens_to_what_it_was(length: int) -> None:
    plain = random.Random(length).randbytes(length)  # noqa: S311 - the same bytes at every run
    salt, sealed = seal(KEY, context(length), memoryview(plain))
    assert opened(bytes(sealed), salt, length) == plain
    assert length < 32 or plain[:32] not in sealed


@given(st.data())
def test_any_change_is_refused(data: st.DataObject) -> None:
    plain = b"picture " * 20_000  # three segments
    salt, sealed = seal(KEY, context(len(plain)), memoryview(plain))
    bad = bytearray(sealed)
    match data.draw(st.sampled_from(["bit", "cut", "extend", "swap"])):
        case "bit":
            at = data.draw(st.integers(0, len(bad) * 8 - 1))
            bad[at // 8] ^= 1 << at % 8
        case "cut":
            del bad[data.draw(st.integers(0, len(bad) - 1)) :]
        case "extend":
            bad += b"\0" * data.draw(st.integers(1, SEGMENT))
        case "swap":
            first, second = slice(64, 64 + SEGMENT + 16), slice(64 + SEGMENT + 16, 64 + 2 * (SEGMENT + 16))
            bad[first], bad[second] = bad[second], bad[first]
    with pytest.raises(Tampered):
        opened(bytes(bad), salt, len(plain))


@pytest.mark.parametrize("changes", [{"profile": "q"}, {"study": "t"}, {"sop_uid": "1.3"}, {"role": "thumb"}])
def test_a_file_is_bound_to_its_place(changes: dict[str, str]) -> None:
    salt, sealed = seal(KEY, context(5), memoryview(b"12345"))
    with pytest.raises(Tampered):
        opened(bytes(sealed), salt, 5, **changes)


def test_an_older_file_in_the_place_of_a_newer_is_refused() -> None:
    _, old = seal(KEY, context(5), memoryview(b"older"))
    salt, _ = seal(KEY, context(5), memoryview(b"newer"))
    with pytest.raises(Tampered):
        opened(bytes(old), salt, 5)


def test_a_cut_at_a_segment_is_seen_though_every_segment_is_sound() -> None:
    plain = bytes(2 * SEGMENT)
    salt, sealed = seal(KEY, context(len(plain)), memoryview(plain))
    with pytest.raises(Tampered):
        opened(bytes(sealed[: 64 + SEGMENT + 16]), salt, SEGMENT)


# ---- the library ---------------------------------------------------------------------------------------------------


@pytest.fixture
def keeper() -> LastingKeeper:
    return LastingKeeper()


@pytest.fixture
def library(tmp_path: Path, keeper: LastingKeeper) -> Iterator[Library]:
    with Library(keeper, tmp_path / "library", keep_free=0) as kept:
        yield kept


def instances() -> list[tuple[str, str, bytes]]:
    datasets = [slice_dataset(RECIPE, index) for index in range(RECIPE.slices)]
    return [(str(ds.SOPInstanceUID), str(ds.SeriesInstanceUID), dataset_bytes(ds)) for ds in datasets]


def keep(library: Library, study_uid: str = "1.2.3", count: int | None = None, **given: float) -> KeptStudy:
    files = instances()
    manifest = [(sop, series) for sop, series, _ in files]
    writer = library.begin("shop", study_uid, FACTS, manifest, **given)
    try:
        for sop, series, data in files[:count]:
            writer.put(sop, series, read_header(data), memoryview(data))
        return writer.finish({sop for sop, _ in manifest})
    finally:
        writer.close()


def test_a_study_comes_back_pixel_for_pixel_without_a_scan(library: Library) -> None:
    study = keep(library)
    assert study.is_complete
    assert library.verify(study) == []
    source = LibrarySource(library, [study])
    with WorkerPool(1) as pool:
        catalogue = source.catalogue(on_found=lambda _found: None, progress=no_progress, cancel=CancelToken())
        (stack,) = catalogue.studies[0].series[0].stacks
        loader = VolumeLoader(stack, pool, MemoryBudget(), on_arrivals=lambda _arrivals: None, source=source)
        try:
            loader.start()
            assert loader.wait(30)
            stored = loader.volume.stored
            assert stored is not None
            for index in range(RECIPE.slices):
                np.testing.assert_array_equal(stored[index], stored_values(RECIPE, index))
            assert source.frame_bytes(stack.frames[2]) in {data for _, _, data in instances()}
        finally:
            loader.close()
            source.close()


def test_nothing_on_the_disk_names_or_shows_the_patient(library: Library, tmp_path: Path) -> None:
    keep(library)
    found = [path for path in (tmp_path / "library").rglob("*") if path.is_file()]
    assert len(found) >= RECIPE.slices + 1
    for path in found:
        content = path.read_bytes()
        assert not any(word in content for word in (b"CANARY", b"DICM", b"1.2.3", b"SQLite format"))
        assert "CANARY" not in path.name
        assert path.stat().st_mode & 0o077 == 0 or path.suffix in {".db-shm", ".db-wal", ".db"}


@pytest.mark.parametrize("change", ["bit", "cut", "gone", "swap"])
def test_a_file_that_was_touched_is_never_shown(library: Library, tmp_path: Path, change: str) -> None:
    study = keep(library)
    files = sorted((tmp_path / "library" / "files").iterdir())
    first, second = files[0].read_bytes(), files[1].read_bytes()
    match change:
        case "bit":
            files[0].write_bytes(first[:5000] + bytes([first[5000] ^ 1]) + first[5001:])
        case "cut":
            files[0].write_bytes(first[:-1])
        case "gone":
            files[0].unlink()
        case "swap":
            files[0].write_bytes(second)
            files[1].write_bytes(first)
    bad = library.verify(study)
    assert len(bad) == (2 if change == "swap" else 1)
    assert {code for _, code in bad} == {"library_unreadable" if change == "gone" else "library_tampered"}


def test_a_study_under_another_patients_row_does_not_open(library: Library) -> None:
    """Even with the index key: an attacker who swaps wrapped keys between studies gets nothing."""
    first, second = keep(library, "1.1"), keep(library, "1.2")
    key = library.index.wrapped_key(second.id)
    library.index._db.execute("UPDATE study SET wrapped_key = ? WHERE id = ?", (key, first.id))
    with pytest.raises(Tampered):
        library.study_key(first)


def test_a_missing_instance_makes_no_complete_study_and_is_all_that_is_fetched_again(library: Library) -> None:
    study = keep(library, count=4)
    assert (study.is_complete, study.committed, study.expected) == (False, 4, 6)
    writer = library.begin("shop", "1.2.3", FACTS, [])
    assert writer.missing() == {sop for sop, _, _ in instances()[4:]}
    writer.close()
    assert keep(library).is_complete


def test_a_second_manifest_that_differs_makes_no_complete_study(library: Library) -> None:
    files = instances()
    writer = library.begin("shop", "9", FACTS, [(sop, series) for sop, series, _ in files])
    for sop, series, data in files:
        writer.put(sop, series, read_header(data), memoryview(data))
    assert not writer.finish({files[0][0], "1.2.3.4"}).is_complete
    writer.close()


def test_studies_expire_and_are_destroyed(library: Library, tmp_path: Path) -> None:
    study = keep(library, keep_s=3600)
    assert library.studies(now=time.time() + 3601) == []
    assert [each.id for each in library.purge_expired(now=time.time() + 3601)] == [study.id]
    assert list((tmp_path / "library" / "files").iterdir()) == []
    with pytest.raises(NotKept):
        library.study_key(study)


def test_a_folder_is_kept_like_a_store(library: Library, tmp_path: Path) -> None:
    write_series(tmp_path / "disc", RECIPE)
    write_series(tmp_path / "disc" / "b", SeriesRecipe(name="b", study="b", slices=2, patient_id="OTHER"))
    kept = keep_folder(library, [tmp_path / "disc"], cancel=CancelToken())
    assert kept.failures == ()
    assert sorted((study.profile, study.committed, study.is_complete) for study in kept.studies) == [
        ("imported", 2, True),
        ("imported", 6, True),
    ]
    shutil.rmtree(tmp_path / "disc")
    assert [library.verify(study) for study in library.studies()] == [[], []]


def test_nothing_is_kept_longer_than_a_week(library: Library) -> None:
    assert keep(library, keep_s=1e9).expires_at <= time.time() + LONGEST_KEEP_S


def test_a_deleted_study_cannot_be_read_from_copies_of_its_files(library: Library, tmp_path: Path) -> None:
    study = keep(library)
    instance = library.index.instances(study.id)[0]
    shutil.copytree(tmp_path / "library" / "files", tmp_path / "copy")
    library.delete(study)
    shutil.copytree(tmp_path / "copy", tmp_path / "library" / "files", dirs_exist_ok=True)
    with pytest.raises(NotKept):
        library.read(study, instance)


def test_revoked_consent_purges_one_patient(library: Library) -> None:
    keep(library)
    assert library.purge(patient_id="SOMEBODY ELSE") == []
    assert len(library.purge(patient_id="CANARY-ID")) == 1
    assert library.studies() == []


def test_full_whole_studies_go_oldest_first_but_never_an_open_one(tmp_path: Path, keeper: LastingKeeper) -> None:
    size = sum(len(data) for _, _, data in instances())
    with Library(keeper, tmp_path / "small", quota=int(2.5 * size), keep_free=0) as library:
        first, second = keep(library, "1.1"), keep(library, "1.2")
        library.hold(first)
        third = keep(library, "1.3")
        assert {study.study_uid for study in library.studies()} == {"1.1", third.study_uid}
        assert second.study_uid not in {study.study_uid for study in library.studies()}
        library.hold(third)
        with pytest.raises(LibraryFull):
            keep(library, "1.4")


def test_a_full_disk_keeps_what_is_committed_and_goes_on_later(
    library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, left = os.write, [3]

    def write(descriptor: int, data: memoryview) -> int:
        left[0] -= 1
        if left[0] < 0:
            raise OSError(28, "No space left on device")
        return real(descriptor, data)

    monkeypatch.setattr("loaders.cache.shelf.os.write", write)
    with pytest.raises(LibraryFull):
        keep(library)
    monkeypatch.undo()
    study = library.study("shop", "1.2.3")
    assert (study.committed, study.is_complete) == (3, False)
    assert library.verify(study) == []
    assert keep(library).is_complete


def test_there_is_one_writer_and_readers_beside_it(library: Library, keeper: LastingKeeper, tmp_path: Path) -> None:
    keep(library)
    with pytest.raises(LibraryBusy):
        Library(keeper, tmp_path / "library")
    with Library(keeper, tmp_path / "library", for_writing=False) as reader:
        assert len(reader.studies()) == 1
        with pytest.raises(LibraryBusy):
            keep(reader)


def test_without_a_real_key_ring_all_lies_in_memory(tmp_path: Path) -> None:
    from loaders.auth.secret_keeper import MemoryKeeper

    with Library(MemoryKeeper(), tmp_path / "none") as library:
        assert not library.is_lasting
        assert keep(library).is_complete
    assert not (tmp_path / "none").exists()


def test_without_its_root_key_everything_is_gone(tmp_path: Path, keeper: LastingKeeper) -> None:
    with Library(keeper, tmp_path / "library", keep_free=0) as library:
        keep(library)
    forget_root_key(keeper)
    with pytest.raises(LibraryUnreadable):
        Library(keeper, tmp_path / "library", for_writing=False)
    with Library(keeper, tmp_path / "library", keep_free=0) as library:
        assert library.studies() == []


_WRITER = """
    import sys
    sys.path.insert(0, sys.argv[1])
    from pathlib import Path
    from loaders.cache.library import Library
    from tests.store.conftest import LastingKeeper
    from tests.store.test_library import keep
    keeper = LastingKeeper()
    keeper.put("library-root-key", sys.argv[3])
    library = Library(keeper, Path(sys.argv[2]), keep_free=0)
    print("ready", flush=True)
    number = 0
    while True:
        number += 1
        keep(library, f"1.9.{number}")
"""


def kill_at_random(tmp_path: Path, times: int) -> None:
    """Kill a process that writes all the time; afterwards everything that is said to be there is there and sound."""
    import base64

    keeper = LastingKeeper()
    keeper.put("library-root-key", base64.b64encode(KEY).decode())
    place = tmp_path / "killed"
    chance = random.Random(7)  # noqa: S311 - the same moments at every run
    for _ in range(times):
        command = [
            sys.executable,
            "-c",
            textwrap.dedent(_WRITER),
            str(ROOT),
            str(place),
            base64.b64encode(KEY).decode(),
        ]
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
            assert process.stdout is not None
            assert process.stdout.readline() == b"ready\n", process.stderr.read() if process.stderr else ""
            time.sleep(chance.uniform(0.0, 0.4))
            process.kill()
        started = time.monotonic()
        with Library(keeper, place, keep_free=0) as library:
            assert time.monotonic() - started < 5
            assert not list((place / "files").glob("*.part"))
            for study in library.studies():
                assert library.verify(study) == []
                if study.state == "complete":
                    assert study.committed == study.expected == RECIPE.slices


def test_a_killed_writer_leaves_nothing_corrupt_or_falsely_complete(tmp_path: Path) -> None:
    kill_at_random(tmp_path, 4)


@pytest.mark.slow
def test_a_writer_killed_a_hundred_times(tmp_path: Path) -> None:
    kill_at_random(tmp_path, 100)


def test_a_hundred_thousand_studies_are_listed_at_once(tmp_path: Path) -> None:
    index = LibraryIndex(tmp_path / "index.db", KEY)
    try:
        texts = ("N", "", "2020-01-01", "d", "CT", "")
        rows = [
            (f"{n:032x}", "shop", f"1.{n}", b"k", "complete", f"P{n % 5000}", *texts, 0.0, 0.0, 9e9, 0)
            for n in range(100_000)
        ]
        index._db.execute("BEGIN")
        index._db.executemany(f"INSERT INTO study VALUES ({','.join('?' * 16)})", rows)  # noqa: S608
        index._db.execute("COMMIT")
        started = time.monotonic()
        assert len(index.studies(limit=100)) == 100
        first_page = time.monotonic() - started
        started = time.monotonic()
        assert len(index.studies("WHERE s.patient_id = ?", ("P77",), limit=100)) == 20
        filtered = time.monotonic() - started
        assert first_page < 2  # the goal, measured by the bench, is 0.3 s; here only its order counts
        assert filtered < 2
    finally:
        index.close()
