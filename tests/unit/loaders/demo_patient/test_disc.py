"""The written files, read back with pydicom and checked by dicom3tools where it is at hand."""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pydicom
import pytest

from loaders.demo_patient import DemoSize, TargetError, generate, layout
from loaders.errors import Cancelled
from loaders.progress import CancelToken, Progress

FOLDERS = ("CURRENT_CT", "PRIOR_CT", "CURRENT_DX", "PRIOR_DX")


def read(folder: Path) -> list[pydicom.Dataset]:
    return [pydicom.dcmread(path) for path in sorted(folder.iterdir())]


def digest(root: Path) -> dict[str, str]:
    files = (path for path in root.rglob("*") if path.is_file())
    return {str(path.relative_to(root)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def test_the_layout_is_what_lies_on_the_disc(disc: Path) -> None:
    listed = {name for series in layout(DemoSize.SMALL) for name in series.files} | {"truth.json"}
    assert set(digest(disc)) == listed
    for series in layout(DemoSize.SMALL):
        for number, name in enumerate(series.files, start=1):
            data_set = pydicom.dcmread(disc / name, stop_before_pixels=True)
            assert (data_set.SeriesInstanceUID, data_set.StudyInstanceUID) == (series.series_uid, series.study_uid)
            assert data_set.InstanceNumber == number
            assert (data_set.PatientID, data_set.Modality) == (series.patient_id, series.modality)


def test_every_file_says_that_the_patient_is_not_real(disc: Path) -> None:
    for folder in FOLDERS:
        for data_set in read(disc / folder):
            name = data_set.PatientName
            assert name.alphabetic == "DEMO^NOT A REAL PATIENT"
            assert name.ideographic == "示範^病人"
            assert data_set.QualityControlSubject == "YES"
            assert "NOT A REAL PERSON" in data_set.PatientComments
            assert data_set.SpecificCharacterSet == "ISO_IR 192"


def test_two_institutions_know_the_patient_under_their_own_numbers(disc: Path) -> None:
    first = {folder: read(disc / folder)[0] for folder in FOLDERS}
    for kind in ("CT", "DX"):
        now, then = first[f"CURRENT_{kind}"], first[f"PRIOR_{kind}"]
        assert now.PatientID != then.PatientID
        assert now.IssuerOfPatientID != then.IssuerOfPatientID
        assert now.InstitutionName != then.InstitutionName
        assert (now.PatientName, now.PatientBirthDate, now.PatientSex) == (
            then.PatientName,
            then.PatientBirthDate,
            then.PatientSex,
        )
        assert now.StudyDate > then.StudyDate
    assert len({data_set.StudyInstanceUID for data_set in first.values()}) == 4
    assert first["CURRENT_CT"].FrameOfReferenceUID != first["PRIOR_CT"].FrameOfReferenceUID


@pytest.mark.parametrize("folder", ["CURRENT_CT", "PRIOR_CT"])
def test_a_ct_is_an_even_stack_head_first(disc: Path, folder: str) -> None:
    slices = read(disc / folder)
    heights = [float(one.ImagePositionPatient[2]) for one in slices]
    steps = np.diff(heights)
    assert steps == pytest.approx(-float(slices[0].SpacingBetweenSlices), abs=1e-4)
    assert len({tuple(one.ImagePositionPatient[:2]) for one in slices}) == 1
    assert len({one.SOPInstanceUID for one in slices}) == len(slices)
    stack = np.stack([one.pixel_array * float(one.RescaleSlope) + float(one.RescaleIntercept) for one in slices])
    assert stack.min() >= -1100
    assert stack[:, :4].mean() == pytest.approx(-1000.0, abs=2.0)
    middle = stack[len(stack) // 2]
    assert ((middle > -950) & (middle < -750)).mean() > 0.1  # lungs
    assert (middle > 300).sum() > 5  # bone
    table = stack[:, -6:].mean()
    assert -995.0 < table < -700.0


def test_radiographs_carry_both_spacings_and_both_polarities(disc: Path) -> None:
    now, then = read(disc / "CURRENT_DX")[0], read(disc / "PRIOR_DX")[0]
    for one in (now, then):
        magnification = float(one.EstimatedRadiographicMagnificationFactor)
        assert float(one.PixelSpacing[0]) * magnification == pytest.approx(float(one.ImagerPixelSpacing[0]), rel=1e-4)
        assert list(one.PatientOrientation) == ["L", "F"]
        assert (one.ViewPosition, one.PresentationIntentType) == ("PA", "FOR PRESENTATION")
        assert one.pixel_array.max() <= 4095
    assert (now.PhotometricInterpretation, then.PhotometricInterpretation) == ("MONOCHROME2", "MONOCHROME1")
    bright, dark = now.pixel_array, then.pixel_array
    assert bright[:, :3].mean() < 1000 < bright[50:60, 44:52].mean()  # air beside the patient, the spine
    assert dark[:, :3].mean() > 3000 > dark[50:60, 42:50].mean()


@pytest.mark.skipif(shutil.which("dciodvfy") is None, reason="dicom3tools is not installed")
def test_dicom3tools_finds_no_fault(disc: Path) -> None:
    for folder in FOLDERS:
        for path in sorted((disc / folder).iterdir())[:2]:
            answer = subprocess.run(["dciodvfy", "-new", str(path)], capture_output=True, text=True, check=False)
            said = [
                line for line in (answer.stdout + answer.stderr).splitlines() if "Error" in line or "Warning" in line
            ]
            assert said == [], path


def test_the_same_bytes_every_time(disc: Path, tmp_path: Path) -> None:
    generate(tmp_path / "again", DemoSize.SMALL)
    assert digest(tmp_path / "again") == digest(disc)


def test_the_truths_field_and_points_agree(disc: Path) -> None:
    truth = json.loads((disc / "truth.json").read_text("utf-8"))
    field = truth["deformation"]
    grid = np.asarray(field["positions_lps_mm"])
    origin, step = np.asarray(field["origin_lps_mm"]), field["step_mm"]
    checked = 0
    for point in truth["points"]:
        at = (np.asarray(point["current_lps_mm"]) - origin)[::-1] / step
        low = np.floor(at).astype(int)
        if (low < 0).any() or (low + 1 >= grid.shape[:3]).any():
            continue
        part = at - low
        value = np.zeros(3)
        for corner in np.ndindex(2, 2, 2):
            weight = np.prod(np.where(corner, part, 1 - part))
            value += weight * grid[tuple(low + corner)]
        assert value == pytest.approx(point["prior_lps_mm"], abs=1.0)
        checked += 1
    assert checked > 200
    assert {point["kind"] for point in truth["points"]} == {"vessel fork", "vertebra", "inside body"}


def test_changes_are_one_of_each_kind(disc: Path) -> None:
    truth = json.loads((disc / "truth.json").read_text("utf-8"))
    changes = {entry["change"]: entry for entry in truth["lesions"]}
    assert set(changes) == {"grown", "new", "vanished", "unchanged"}
    assert changes["grown"]["current"]["diameter_mm"] > changes["grown"]["prior"]["diameter_mm"]
    assert changes["new"]["prior"]["diameter_mm"] is None
    assert changes["vanished"]["current"]["diameter_mm"] is None
    assert changes["unchanged"]["current"]["diameter_mm"] == changes["unchanged"]["prior"]["diameter_mm"]


def test_cancelling_takes_the_files_away(tmp_path: Path) -> None:
    cancel = CancelToken()
    seen: list[Progress] = []

    def stop_soon(progress: Progress) -> None:
        seen.append(progress)
        if progress.done >= 3:
            cancel.cancel()

    with pytest.raises(Cancelled):
        generate(tmp_path / "out", DemoSize.SMALL, stop_soon, cancel)
    assert seen[-1].done < 40
    assert [path for path in (tmp_path / "out").rglob("*") if path.is_file()] == []


def test_progress_only_rises_and_ends_at_the_total(disc: Path, tmp_path: Path) -> None:
    seen: list[Progress] = []
    generate(tmp_path / "out", DemoSize.SMALL, seen.append)
    counts = [progress.done for progress in seen]
    assert counts == sorted(counts)
    assert counts[-1] == seen[-1].total == sum(len(series.files) for series in layout(DemoSize.SMALL)) + 1


def test_a_folder_with_other_things_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "holiday.jpg").write_bytes(b"mine")
    with pytest.raises(TargetError, match=r"holiday\.jpg"):
        generate(tmp_path, DemoSize.SMALL)
    assert [path.name for path in tmp_path.iterdir()] == ["holiday.jpg"]


def test_a_foreign_file_inside_one_of_our_folders_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "PRIOR_CT").mkdir()
    (tmp_path / "PRIOR_CT" / "IM0001.bak").write_bytes(b"mine")
    with pytest.raises(TargetError, match=r"IM0001\.bak"):
        generate(tmp_path, DemoSize.SMALL)
    assert (tmp_path / "PRIOR_CT" / "IM0001.bak").read_bytes() == b"mine"


def test_a_file_in_the_way_is_an_error_with_its_name(tmp_path: Path) -> None:
    (tmp_path / "out").write_bytes(b"")
    with pytest.raises(TargetError, match="out"):
        generate(tmp_path / "out", DemoSize.SMALL)
