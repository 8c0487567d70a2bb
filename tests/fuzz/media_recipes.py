"""Hostile media: archives and directories that reach outside, unpack without end, or are damaged."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from collections.abc import Mapping

from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import UID, ExplicitVRLittleEndian

from tests.fuzz.recipe import Outcome, plain_slice, recipe


def archive(members: Mapping[str, bytes]) -> bytes:
    """Return a ZIP archive of these members, whatever their names."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as zipped:
        for name, data in members.items():
            zipped.writestr(zipfile.ZipInfo(name), data, zipfile.ZIP_DEFLATED)
    return buffer.getvalue()


@recipe(Outcome.SHOWN, "unsafe_name", opened="a.zip")
def archive_with_names_that_climb() -> Mapping[str, bytes]:
    return {"a.zip": archive({"../evil.dcm": plain_slice(), "/etc/evil.dcm": plain_slice(), "fine.dcm": plain_slice()})}


@recipe(Outcome.ROW, "unsafe_name", opened="a.zip")
def archive_with_a_drive_and_a_stream() -> Mapping[str, bytes]:
    return {"a.zip": archive({"C:\\evil.dcm": plain_slice(), "x.dcm:hidden": plain_slice()})}


@recipe(Outcome.ROW, "too_large", opened="a.zip")
def archive_with_a_bomb_of_ten_gigabytes() -> Mapping[str, bytes]:
    """Ten gigabytes declared, ten megabytes packed: refused by what it says of itself, nothing is unpacked."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    packed = packer.compress(bytes(64 << 20)) + packer.flush()
    size = 10 << 30
    extra = struct.pack("<HHQQ", 1, 16, size, len(packed))
    name = b"bomb.dcm"
    head = struct.pack("<4sHHHHHIIIHH", b"PK\3\4", 45, 0, 8, 0, 33, 0, 0xFFFFFFFF, 0xFFFFFFFF, len(name), len(extra))
    local = head + name + extra + packed
    entry = struct.pack(
        "<4sHHHHHHIIIHHHHHII", b"PK\1\2", 45, 45, 0, 8, 0, 33, 0, 0xFFFFFFFF, 0xFFFFFFFF, len(name), len(extra),
        0, 0, 0, 0, 0,
    )  # fmt: skip
    directory = entry + name + extra
    end = struct.pack("<4sHHHHIIH", b"PK\5\6", 0, 0, 1, 1, len(directory), len(local), 0)
    return {"a.zip": local + directory + end}


@recipe(Outcome.REFUSED, opened="a.zip")
def archive_member_larger_than_it_says() -> Mapping[str, bytes]:
    data = bytearray(archive({"a.dcm": plain_slice()}))
    at = data.index(b"PK\1\2")
    struct.pack_into("<I", data, at + 24, 600)
    struct.pack_into("<I", data, 22, 600)
    return {"a.zip": bytes(data)}


@recipe(Outcome.REFUSED, opened="a.zip")
def archive_with_a_damaged_member() -> Mapping[str, bytes]:
    data = bytearray(archive({"a.dcm": plain_slice()}))
    data[60:160] = bytes(100)
    return {"a.zip": bytes(data)}


@recipe(Outcome.ROW, opened="a.zip")
def archive_cut_in_the_middle() -> Mapping[str, bytes]:
    data = archive({"a.dcm": plain_slice()})
    return {"a.zip": data[: len(data) // 2]}


@recipe(Outcome.SHOWN, "ambiguous_name", opened="a.zip")
def archive_with_two_members_of_one_name() -> Mapping[str, bytes]:
    data = archive({"a.dcm": plain_slice(), "b.dcm": plain_slice(SOPInstanceUID="2.25.99")})
    return {"a.zip": data.replace(b"b.dcm", b"a.dcm")}


@recipe(Outcome.ROW, "archive_not_opened")
def archive_within_a_folder() -> Mapping[str, bytes]:
    return {"inner.zip": archive({"a.dcm": plain_slice()})}


@recipe(Outcome.ROW, opened="a.zip")
def archive_within_an_archive() -> Mapping[str, bytes]:
    return {"a.zip": archive({"inner.zip": archive({"a.dcm": plain_slice()})})}


def directory_of(*references: list[str]) -> bytes:
    """Return a DICOMDIR that names these files."""
    records = []
    for reference in references:
        record = Dataset()
        record.OffsetOfTheNextDirectoryRecord = record.OffsetOfReferencedLowerLevelDirectoryEntity = 0
        record.RecordInUseFlag, record.DirectoryRecordType = 0xFFFF, "IMAGE"
        record.ReferencedFileID = reference
        records.append(record)
    ds = Dataset()
    ds.file_meta = FileMetaDataset()
    ds.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    ds.file_meta.MediaStorageSOPClassUID = UID("1.2.840.10008.1.3.10")
    ds.file_meta.MediaStorageSOPInstanceUID = UID("2.25.5")
    ds.FileSetID = "HOSTILE"
    ds.DirectoryRecordSequence = records
    buffer = io.BytesIO()
    ds.save_as(buffer, enforce_file_format=True)
    return buffer.getvalue()


@recipe(Outcome.SHOWN, "outside_source", opened="disc/DICOMDIR")
def directory_that_points_outside() -> Mapping[str, bytes]:
    outside = directory_of(["..", "SECRET"], ["C:", "SECRET"])
    return {"SECRET": plain_slice(PatientID="SECRET"), "disc/DICOMDIR": outside, "disc/A": plain_slice()}


@recipe(Outcome.SHOWN, "missing_file", opened="disc/DICOMDIR")
def directory_that_names_what_is_not_there() -> Mapping[str, bytes]:
    return {"disc/DICOMDIR": directory_of(["NOT", "THERE"]), "disc/A": plain_slice()}


@recipe(Outcome.SHOWN)
def directory_that_is_noise() -> Mapping[str, bytes]:
    return {"DICOMDIR": b"\0" * 128 + b"DICM" + bytes(range(256)), "A": plain_slice()}
