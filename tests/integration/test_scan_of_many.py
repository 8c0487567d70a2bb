"""Folders of very many series, and scans that meet everything at once."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from loaders.discovery.pooled_headers import pooled_header_reader
from loaders.model.study import Catalogue
from loaders.progress import CancelToken, Progress
from loaders.stores.local_folder import LocalFolder
from loaders.workers.worker_pool import WorkerPool
from tests.fuzz.campaign import Heartbeat, put
from tests.fuzz.media_recipes import archive, directory_of
from tests.fuzz.pixel_recipes import compressed
from tests.fuzz.recipe import plain_slice, swapped
from tests.support.dicom_files import uid
from viewer.headless import scan


@pytest.mark.parametrize("count", [1500, pytest.param(10_000, marks=pytest.mark.slow)])
def test_single_slice_series_by_the_thousand_hold_nobody_up(count: int, tmp_path: Path) -> None:
    base = plain_slice(Rows=8, Columns=8, PixelData=bytes(128))
    instance, series = uid("study/series/0").encode(), uid("study/series").encode()
    for number in range(count):
        tail = f"{number:06d}".encode()
        data = base.replace(instance, instance[:-6] + tail).replace(series, series[:-6] + tail)
        (tmp_path / f"{number:05d}").write_bytes(data)
    reports: list[Progress] = []
    found: list[Catalogue] = []
    with WorkerPool(2, warm_up=()) as pool, Heartbeat() as heart:
        source = LocalFolder([tmp_path], read_headers=pooled_header_reader(pool))
        catalogue = source.catalogue(on_found=found.append, progress=reports.append, cancel=CancelToken())
        source.close()
    assert sum(len(study.series) for study in catalogue.studies) == count
    assert not catalogue.problems
    assert reports[-1].done == count
    assert heart.longest_stall_s < 0.1


@pytest.mark.filterwarnings("ignore:Invalid value for VR")  # of pydicom, while it writes what is wrong
def test_every_file_of_a_bad_disc_is_counted_or_a_row(tmp_path: Path) -> None:
    """``instances`` plus rows is every file there is; nothing of what is wrong is shown as what it is not."""
    folder, out = tmp_path / "disc", tmp_path / "scan.json"
    files = {
        "GOOD1": plain_slice(SOPInstanceUID="2.25.1", InstanceNumber=1),
        "GOOD2": plain_slice(SOPInstanceUID="2.25.2", InstanceNumber=2, ImagePositionPatient=[0, 0, 2]),
        "SAME": plain_slice(SOPInstanceUID="2.25.2", InstanceNumber=2, ImagePositionPatient=[0, 0, 2]),
        "OTHER": plain_slice(SOPInstanceUID="2.25.2", InstanceNumber=2, ImagePositionPatient=[0, 0, 2], KVP=80),
        "EMPTY": b"",
        "LETTER.dcm": b"Dear colleague, the pictures follow by post.\n" * 9,
        "CUT": plain_slice(SOPInstanceUID="2.25.3")[:-500],
        "CUTJ2K": compressed("1.2.840.10008.1.2.4.90", SOPInstanceUID="2.25.4", SeriesInstanceUID="2.25.40")[:-900],
        "NOUID": plain_slice(SOPInstanceUID=None),
        "NOROWS": plain_slice(SOPInstanceUID="2.25.5", Rows=0),
        "WIDE": plain_slice(SOPInstanceUID="2.25.6", SeriesInstanceUID="2.25.60", Rows=65535, Columns=65535),
        "TINY": plain_slice(SOPInstanceUID="2.25.7", SeriesInstanceUID="2.25.70", Rows=1, Columns=1, PixelData=b"\1\0"),
        "LOST": plain_slice(SOPInstanceUID="2.25.8", SeriesInstanceUID="2.25.80", ImagePositionPatient=None),
        "STRANGER": plain_slice(
            SOPInstanceUID="2.25.9", SeriesInstanceUID="2.25.90", PatientID="OTHER", PatientName="SOMEBODY^ELSE",
            PatientBirthDate="19010203", PatientSex="M",
        ),
        "UIDPATH": swapped(plain_slice(SOPInstanceUID="2.25.10"), 0x20, 0x0E, b"UI", b"../../x\0"),
        "DICOMDIR": directory_of(["..", "EVIL"]),
        "PICS.ZIP": archive({"a.dcm": plain_slice()}),
    }  # fmt: skip
    put(folder, files)
    assert scan.run([str(folder), "--json", str(out)]) == 0
    document = json.loads(out.read_text())
    shown = sum(series["instances"] for study in document["studies"] for series in study["series"])
    rows: dict[str, set[str]] = {}
    strangers = [row for row in document["problems"] if "another patient" in row["message"]]
    for row in document["problems"]:
        if row in strangers:
            continue  # beside pictures that are shown, under their own name
        rows.setdefault(Path(row["path"]).name, set()).add(row["code"])
    for row in document["not_displayed"]:
        rows.setdefault(Path(row["path"]).name, set()).add(row["reason"])
    assert shown + len(set(files) & rows.keys()) == len(files)
    assert [row["code"] for row in strangers] == ["conflict"]
    for name, code in {
        "SAME": "duplicate", "OTHER": "conflict", "EMPTY": "empty_file", "LETTER.dcm": "not_dicom", "CUT": "truncated",
        "CUTJ2K": "truncated", "NOUID": "missing_uid", "NOROWS": "unusable_pixels", "WIDE": "truncated",
        "PICS.ZIP": "archive_not_opened",
    }.items():  # fmt: skip
        named = rows.get(name, set()) | (rows.get("GOOD2", set()) if name in {"SAME", "OTHER"} else set())
        assert code in named, (name, rows)
    assert "outside_source" in rows["DICOMDIR"]
    assert len({study["patient"]["id"] for study in document["studies"]}) == 2
