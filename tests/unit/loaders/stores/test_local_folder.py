"""Folders, files, archives and discs as a source: what is found, what is said, what is never read."""

from __future__ import annotations

import errno
import os
import shutil
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest
import pyzipper
from pydicom import config
from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset

from loaders.discovery.header_scan import HeaderRecord
from loaders.discovery.pooled_headers import HeaderSource, read_headers_in_process
from loaders.errors import Cancelled, PasswordNeeded, SourceError
from loaders.model.stack import StackKind, StackWarningCode
from loaders.model.study import Catalogue
from loaders.progress import CancelToken, Progress, no_progress
from loaders.stores.local_folder import LocalFolder
from tests.support.dicom_files import SeriesRecipe, dataset_bytes, slice_dataset, uid, write_series

_RECIPE = SeriesRecipe()


def _scan(*paths: Path, password: str | None = None) -> Catalogue:
    source = LocalFolder(paths, password=password)
    try:
        return source.catalogue(on_found=lambda _catalogue: None, progress=no_progress, cancel=CancelToken())
    finally:
        source.close()


def _codes(catalogue: Catalogue) -> list[str]:
    return sorted(row.code for row in catalogue.problems)


def _shown(catalogue: Catalogue) -> int:
    return sum(series.instances for study in catalogue.studies for series in study.series)


def _zip_of(folder: Path, target: Path) -> Path:
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(folder.rglob("*")):
            archive.write(path, path.relative_to(folder).as_posix())
    return target


def test_a_folder_gives_its_volume(tmp_path: Path) -> None:
    write_series(tmp_path / "a" / "b", _RECIPE)
    catalogue = _scan(tmp_path)
    (study,) = catalogue.studies
    (series,) = study.series
    (stack,) = series.stacks
    assert (series.instances, stack.kind, stack.warnings) == (5, StackKind.VOLUME, ())
    assert stack.geometry is not None
    assert stack.geometry.spacing_mm_zyx == pytest.approx((2.5, 0.7, 0.8))
    assert (catalogue.problems, catalogue.not_displayed) == ((), ())


def test_names_do_not_matter_and_other_files_are_quiet_rows(tmp_path: Path) -> None:
    paths = write_series(tmp_path, _RECIPE)
    paths[0].rename(tmp_path / "noextension")
    paths[1].rename(tmp_path / "picture.jpg")
    paths[2].write_bytes(dataset_bytes(slice_dataset(_RECIPE, 2), preamble=False))
    (tmp_path / "notes.dcm").write_text("this is no image, whatever its name says\n" * 50)
    (tmp_path / "empty.dcm").touch()
    catalogue = _scan(tmp_path)
    assert _shown(catalogue) == 5
    assert _codes(catalogue) == ["empty_file", "not_dicom"]


def test_every_file_is_shown_or_a_row(tmp_path: Path) -> None:
    paths = write_series(tmp_path, SeriesRecipe(slices=8))
    paths[1].write_bytes(paths[1].read_bytes()[:-5])
    shutil.copy(paths[2], tmp_path / "copy of 3.dcm")
    changed = bytearray(paths[3].read_bytes())
    changed[-1] ^= 1
    (tmp_path / "other 4.dcm").write_bytes(changed)
    report = Dataset()
    report.SOPClassUID, report.SOPInstanceUID = "1.2.840.10008.5.1.4.1.1.88.22", uid("report")
    report.StudyInstanceUID, report.SeriesInstanceUID, report.Modality = uid("study"), uid("reports"), "SR"
    (tmp_path / "report").write_bytes(dataset_bytes(report))
    (tmp_path / "no uid.dcm").write_bytes(
        dataset_bytes(slice_dataset(SeriesRecipe(overrides={"SeriesInstanceUID": None}), 0))
    )
    catalogue = _scan(tmp_path)
    assert _codes(catalogue) == ["conflict", "duplicate", "missing_uid", "truncated"]
    assert [(row.sop_class, row.reason) for row in catalogue.not_displayed] == [
        ("Enhanced SR Storage", "structured_report")
    ]
    files = sum(path.is_file() for path in tmp_path.rglob("*"))
    assert _shown(catalogue) + len(catalogue.problems) + len(catalogue.not_displayed) == files
    (stack,) = catalogue.studies[0].series[0].stacks
    assert len(stack.frames) == 8
    assert [(w.code, w.slices) for w in stack.warnings] == [(StackWarningCode.INCOMPLETE, (2,))]


def test_the_sound_one_of_two_files_is_kept_whatever_its_name(tmp_path: Path) -> None:
    paths = write_series(tmp_path, _RECIPE)
    (tmp_path / "aaa.dcm").write_bytes(paths[0].read_bytes()[:-20])
    catalogue = _scan(tmp_path)
    assert _codes(catalogue) == ["conflict", "truncated"]
    assert {row.path.name for row in catalogue.problems} == {"aaa.dcm"}
    assert _shown(catalogue) == 5


def test_two_patients_under_one_study_are_two_studies(tmp_path: Path) -> None:
    write_series(tmp_path / "one", _RECIPE)
    other = SeriesRecipe(name="second", patient_name="OTHER^PERSON", patient_id="T0002")
    write_series(tmp_path / "two", other)
    catalogue = _scan(tmp_path)
    assert len(catalogue.studies) == 2
    assert len({study.key for study in catalogue.studies}) == 2
    assert {study.uid for study in catalogue.studies} == {uid("study")}
    assert {study.patient.name.alphabetic for study in catalogue.studies} == {"TEST^SYNTHETIC", "OTHER^PERSON"}
    assert [len(study.series) for study in catalogue.studies] == [1, 1]
    assert _codes(catalogue) == ["conflict"]


def test_a_field_left_out_is_no_other_patient(tmp_path: Path) -> None:
    write_series(tmp_path / "one", _RECIPE)
    write_series(tmp_path / "two", SeriesRecipe(name="second", overrides={"PatientBirthDate": "", "PatientName": ""}))
    catalogue = _scan(tmp_path)
    (study,) = catalogue.studies
    assert len(study.series) == 2
    assert study.patient.name.alphabetic == "TEST^SYNTHETIC"


def test_several_paths_and_a_file_named_twice_count_once(tmp_path: Path) -> None:
    first = write_series(tmp_path / "one", _RECIPE)
    write_series(tmp_path / "two", SeriesRecipe(name="second"))
    catalogue = _scan(tmp_path / "one", first[0], tmp_path / "two")
    assert _shown(catalogue) == 10
    assert catalogue.problems == ()


def test_an_empty_folder_says_so(tmp_path: Path) -> None:
    assert _codes(_scan(tmp_path)) == ["empty_folder"]


def test_a_path_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(SourceError):
        _scan(tmp_path / "gone")


def test_links_do_not_lead_out_of_the_folder(tmp_path: Path) -> None:
    write_series(tmp_path / "outside", _RECIPE)
    inside = tmp_path / "inside"
    kept = write_series(inside, SeriesRecipe(name="second"))
    (inside / "folder").symlink_to(tmp_path / "outside")
    (inside / "file.dcm").symlink_to(next((tmp_path / "outside").iterdir()))
    (inside / "own.dcm").symlink_to(kept[0])
    catalogue = _scan(inside)
    assert _shown(catalogue) == 5
    assert _codes(catalogue) == ["duplicate", "outside_source", "outside_source"]


def test_the_result_does_not_depend_on_the_order_of_headers(tmp_path: Path) -> None:
    paths = write_series(tmp_path / "one", _RECIPE)
    shutil.copy(paths[0], tmp_path / "copy.dcm")
    write_series(tmp_path / "two", SeriesRecipe(name="second", patient_id="T0002"))

    def backwards(files: Sequence[HeaderSource]) -> Iterator[HeaderRecord]:
        return read_headers_in_process(files[::-1])

    source = LocalFolder([tmp_path], read_headers=backwards)
    reverse = source.catalogue(on_found=lambda _catalogue: None, progress=no_progress, cancel=CancelToken())
    assert reverse == _scan(tmp_path)


def test_series_are_reported_while_the_scan_runs_and_cancel_stops_it(tmp_path: Path) -> None:
    write_series(tmp_path, SeriesRecipe(slices=30))
    seen: list[int] = []
    told: list[Progress] = []
    cancel = CancelToken()

    def found(catalogue: Catalogue) -> None:
        seen.append(_shown(catalogue))
        cancel.cancel()

    with pytest.raises(Cancelled):
        LocalFolder([tmp_path]).catalogue(on_found=found, progress=told.append, cancel=cancel)
    assert seen == [1]
    assert told[-1] == Progress("headers", 1, 30)


def test_a_stick_pulled_out_is_one_error_and_what_was_found_has_been_reported(tmp_path: Path) -> None:
    stick = tmp_path / "stick"
    write_series(stick, SeriesRecipe(slices=6))
    seen: list[Catalogue] = []

    def pulled(files: Sequence[HeaderSource]) -> Iterator[HeaderRecord]:
        for number, record in enumerate(read_headers_in_process(files)):
            if number == 2:
                shutil.rmtree(stick)
            yield record

    source = LocalFolder([stick], read_headers=pulled)
    with pytest.raises(SourceError, match="no longer there"):
        source.catalogue(on_found=seen.append, progress=no_progress, cancel=CancelToken())
    assert _shown(seen[-1]) == 3
    assert _codes(seen[-1]) == ["source_lost"]


def test_a_zip_gives_the_same_stacks_and_the_bytes_of_its_members(tmp_path: Path) -> None:
    paths = write_series(tmp_path / "plain", _RECIPE)
    archive = _zip_of(tmp_path / "plain", tmp_path / "study.zip")
    source = LocalFolder([archive])
    catalogue = source.catalogue(on_found=lambda _catalogue: None, progress=no_progress, cancel=CancelToken())
    (stack,) = catalogue.studies[0].series[0].stacks
    (plain,) = _scan(tmp_path / "plain").studies[0].series[0].stacks
    assert (stack.key, stack.geometry, stack.kind) == (plain.key, plain.geometry, plain.kind)
    assert all(frame.location.offset == -1 for frame in stack.frames)
    assert source.frame_bytes(stack.frames[2]) == paths[2].read_bytes()
    assert LocalFolder([tmp_path]).frame_bytes(plain.frames[0]) is None
    source.close()


@pytest.mark.parametrize("encryption", [pyzipper.WZ_AES, None])
def test_an_encrypted_zip_asks_for_its_password(tmp_path: Path, encryption: str | None) -> None:
    archive = tmp_path / "secret.zip"
    if encryption is None:
        archive.write_bytes(_zipcrypto())
    else:
        with pyzipper.AESZipFile(archive, "w", encryption=encryption) as writer:
            writer.setpassword(b"right")
            writer.writestr("a.dcm", dataset_bytes(slice_dataset(_RECIPE, 0)))
    with pytest.raises(PasswordNeeded):
        _scan(archive)
    with pytest.raises(PasswordNeeded):
        _scan(archive, password="wrong")  # noqa: S106 (made up)
    catalogue = _scan(archive, password="right")  # noqa: S106 (made up)
    assert _shown(catalogue) == (1 if encryption else 0)


def _zipcrypto() -> bytes:
    """A ZIP with one member "a" holding b"text", encrypted the traditional way (APPNOTE 6.1) with "right"."""
    keys = [0x12345678, 0x23456789, 0x34567890]
    table = []
    for n in range(256):
        value = n
        for _ in range(8):
            value = (value >> 1) ^ (0xEDB88320 if value & 1 else 0)
        table.append(value)

    def crc_step(crc: int, byte: int) -> int:
        return (crc >> 8) ^ table[(crc ^ byte) & 0xFF]

    def update(byte: int) -> None:
        keys[0] = crc_step(keys[0], byte)
        keys[1] = ((keys[1] + (keys[0] & 0xFF)) * 134775813 + 1) & 0xFFFFFFFF
        keys[2] = crc_step(keys[2], keys[1] >> 24)

    for byte in b"right":
        update(byte)
    plain, crc = b"text", zlib.crc32(b"text")
    packed = b""
    for byte in bytes(11) + bytes([crc >> 24]) + plain:
        mask = (keys[2] | 2) & 0xFFFF
        packed += bytes([byte ^ ((mask * (mask ^ 1)) >> 8 & 0xFF)])
        update(byte)
    local = struct.pack("<4sHHHHHLLLHH", b"PK\3\4", 20, 1, 0, 0, 0x21, crc, len(packed), 4, 1, 0) + b"a"
    central = struct.pack(
        "<4sHHHHHHLLLHHHHHLL", b"PK\1\2", 20, 20, 1, 0, 0, 0x21, crc, len(packed), 4, 1, 0, 0, 0, 0, 0, 0
    ) + b"a"  # fmt: skip
    end = struct.pack("<4sHHHHLLH", b"PK\5\6", 0, 0, 1, 1, len(central), len(local) + len(packed), 0)
    return local + packed + central + end


def test_member_names_that_lead_out_are_refused_and_nothing_is_written(tmp_path: Path) -> None:
    archive = tmp_path / "in" / "evil.zip"
    archive.parent.mkdir()
    data = dataset_bytes(slice_dataset(_RECIPE, 0))
    with zipfile.ZipFile(archive, "w") as writer:
        for name in ("../up.dcm", "/root.dcm", "a/../../b.dcm", "C:/x.dcm"):
            writer.writestr(name, data)
        writer.writestr("good.dcm", data)
    before = sorted(tmp_path.rglob("*"))
    catalogue = _scan(archive)
    assert _codes(catalogue) == ["unsafe_name"] * 4
    assert _shown(catalogue) == 1
    assert sorted(tmp_path.rglob("*")) == before


def test_a_bomb_is_refused(tmp_path: Path) -> None:
    archive = tmp_path / "bomb.zip"
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as writer, writer.open("big.dcm", "w") as member:
        member.write(dataset_bytes(slice_dataset(_RECIPE, 0)))
        for _ in range(300):
            member.write(bytes(1 << 20))
    catalogue = _scan(archive)
    assert _codes(catalogue) == ["too_large"]
    assert _shown(catalogue) == 0


def test_a_member_that_lies_about_its_size_gives_no_pixels(tmp_path: Path) -> None:
    """The directory says a shorter size than the packed stream holds: neither header nor frame is believed."""
    paths = write_series(tmp_path / "plain", SeriesRecipe(slices=1))
    archive = _zip_of(tmp_path / "plain", tmp_path / "lie.zip")
    size = paths[0].stat().st_size
    data = archive.read_bytes().replace(size.to_bytes(4, "little"), (size - 40).to_bytes(4, "little"))
    archive.write_bytes(data)
    catalogue = _scan(archive)
    assert _shown(catalogue) == 0
    assert _codes(catalogue) in (["truncated"], ["unreadable"])


def test_an_archive_within_a_folder_is_said_and_not_opened(tmp_path: Path) -> None:
    write_series(tmp_path / "plain", _RECIPE)
    _zip_of(tmp_path / "plain", tmp_path / "plain" / "inner.zip")
    catalogue = _scan(tmp_path / "plain")
    assert _shown(catalogue) == 5
    assert _codes(catalogue) == ["archive_not_opened"]


def test_something_that_only_begins_like_a_zip_is_an_error(tmp_path: Path) -> None:
    broken = tmp_path / "broken.zip"
    broken.write_bytes(b"PK\x03\x04" + os.urandom(500))
    with pytest.raises(SourceError):
        _scan(broken)


def _dicomdir(*references: Sequence[str]) -> bytes:
    ds = Dataset()
    ds.SOPClassUID, ds.SOPInstanceUID = "1.2.840.10008.1.3.10", uid("directory")
    ds.FileSetID = "DISC"
    records = []
    for reference in references:
        record = Dataset()
        record.OffsetOfTheNextDirectoryRecord = 0
        record.DirectoryRecordType = "IMAGE"
        names = DataElement("ReferencedFileID", "CS", list(reference), validation_mode=config.IGNORE)
        record.add(names)
        records.append(record)
    ds.DirectoryRecordSequence = records
    return dataset_bytes(ds)


def test_a_disc_is_scanned_whole_and_its_directory_only_compared(tmp_path: Path) -> None:
    paths = write_series(tmp_path / "disc" / "IMAGES", _RECIPE)
    outside = tmp_path / "secret.dcm"
    outside.write_bytes(dataset_bytes(slice_dataset(SeriesRecipe(name="secret"), 0)))
    directory = tmp_path / "disc" / "DICOMDIR"
    directory.write_bytes(_dicomdir(("images", paths[0].name.upper()), ("IMAGES", "GONE"), ("..", "secret.dcm")))
    by_folder, by_file = _scan(tmp_path / "disc"), _scan(directory)
    assert by_folder == by_file
    assert _shown(by_folder) == 5
    assert _codes(by_folder) == ["missing_file", "outside_source"]
    assert [row.reason for row in by_folder.not_displayed] == ["media_directory"]
    assert "secret" not in {series.description for series in by_folder.studies[0].series}


def test_a_directory_that_is_no_directory_does_not_stop_the_disc(tmp_path: Path) -> None:
    write_series(tmp_path, _RECIPE)
    (tmp_path / "DICOMDIR").write_bytes(b"nothing of the kind" * 20)
    catalogue = _scan(tmp_path / "DICOMDIR")
    assert _shown(catalogue) == 5
    assert _codes(catalogue) == ["not_dicom"]


def _failing(error: int) -> Callable[..., object]:
    def scandir(_path: object) -> object:
        raise OSError(error, os.strerror(error))

    return scandir


@pytest.mark.parametrize("error", [errno.EIO, errno.EACCES])
def test_a_folder_that_cannot_be_listed_is_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: int
) -> None:
    write_series(tmp_path, _RECIPE)
    monkeypatch.setattr("loaders.stores.file_listing.os.scandir", _failing(error))
    with pytest.raises(SourceError):
        _scan(tmp_path)
