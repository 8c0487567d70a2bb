"""``register``, ``map-points`` and ``changes`` on the demo patient, whose motion is known, and on what they refuse."""

from __future__ import annotations

import csv
import gzip
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import SimpleITK

from tests.support.dicom_files import SeriesRecipe, write_series
from tests.support.schemas import check_document
from viewer.app.command_line import run
from viewer.headless.map_points import PointsUnreadable, read_points
from viewer.headless.nifti import nifti_bytes


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("demo")
    assert run(["demo", "--out", str(folder), "--size", "small", "--json", str(folder / "demo.json")]) == 0
    return folder


def paths(demo: Path) -> list[str]:
    return ["--current", str(demo / "CURRENT_CT"), "--prior", str(demo / "PRIOR_CT")]


def truth(demo: Path) -> list[dict[str, Any]]:
    points: list[dict[str, Any]] = json.loads((demo / "truth.json").read_text(encoding="utf-8"))["points"]
    return points


def test_points_of_the_prior_come_to_lie_on_those_of_the_current(demo: Path, tmp_path: Path) -> None:
    rows = truth(demo)
    lines = ["x,y,z", *(",".join(map(str, row["prior_lps_mm"])) for row in rows)]
    (tmp_path / "in.csv").write_text("\n".join(lines), encoding="utf-8")
    target, document = tmp_path / "out.csv", tmp_path / "r.json"
    arguments = ["--points", str(tmp_path / "in.csv"), "--out", str(target), "--json", str(document)]
    assert run(["map-points", *paths(demo), "--override-identity", "two registers", *arguments]) == 0
    with target.open(encoding="utf-8") as stream:
        found = list(csv.DictReader(stream))
    mapped = np.array([[float(row[axis]) for axis in "xyz"] for row in found])
    errors = np.linalg.norm(mapped - np.array([row["current_lps_mm"] for row in rows]), axis=1)
    stated = np.array([float(row["error_mm"]) for row in found])
    # Voxels of 5 x 5 x 7.5 mm: a third of a voxel in the middle of the cases.
    assert float(np.median(errors)) < 2.0
    assert float(np.mean(np.abs(stated - errors) < 3.0)) > 0.8
    result = json.loads(document.read_text(encoding="utf-8"))
    check_document(result, "register")
    assert result["kind"] == "deformable"
    assert result["jacobian"]["share_at_or_below_zero"] < 0.001


def test_changes_lists_the_changed_lesions_and_masks_them(demo: Path, tmp_path: Path) -> None:
    document, mask = tmp_path / "c.json", tmp_path / "m.nii.gz"
    arguments = ["--override-identity", "two registers", "--json", str(document), "--mask", str(mask)]
    assert run(["changes", *paths(demo), *arguments]) == 0
    result = json.loads(document.read_text(encoding="utf-8"))
    check_document(result, "changes")
    lesions = json.loads((demo / "truth.json").read_text(encoding="utf-8"))["lesions"]
    changed = {row["name"]: row for row in lesions if row["change"] != "unchanged"}
    image = SimpleITK.ReadImage(str(mask))
    labels = SimpleITK.GetArrayFromImage(image)
    assert sorted(np.unique(labels[labels > 0])) == [row["label"] for row in result["candidates"]]
    listed = set()
    for candidate in result["candidates"]:
        gaps = {
            name: float(np.linalg.norm(np.subtract(candidate["centre_lps_mm"], row["current"]["centre_lps_mm"])))
            for name, row in changed.items()
        }
        nearest = min(gaps, key=gaps.__getitem__)
        # Voxels of 5 x 5 x 7.5 mm: half a voxel's diagonal. What is listed elsewhere is false.
        assert gaps[nearest] < 5.5
        listed.add(nearest)
        z, y, x = np.argwhere(labels == candidate["label"]).mean(axis=0)
        place = image.TransformContinuousIndexToPhysicalPoint((float(x), float(y), float(z)))
        assert np.linalg.norm(np.subtract(place, candidate["centre_lps_mm"])) < 3.0
    # The vanished nodule of 7 mm fills a quarter of such a voxel and may be missed; the larger two may not.
    assert listed >= {"right upper lobe", "left lower lobe"}


def test_changes_writes_nothing_where_nothing_aligns(demo: Path, tmp_path: Path) -> None:
    write_series(tmp_path / "in", SeriesRecipe())
    document, mask = tmp_path / "c.json", tmp_path / "m.nii.gz"
    pair = ["--current", str(tmp_path / "in"), "--prior", str(demo / "PRIOR_CT")]
    assert run(["changes", *pair, "--json", str(document), "--mask", str(mask)]) == 1
    assert not mask.exists()


def test_what_is_no_volume_is_refused_in_one_line(
    demo: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_series(tmp_path / "in", SeriesRecipe())
    transform = tmp_path / "t.h5"
    status = run(
        [
            "register",
            "--current",
            str(tmp_path / "in"),
            "--prior",
            str(demo / "PRIOR_CT"),
            "--transform",
            str(transform),
        ]
    )
    assert status == 1
    last = capsys.readouterr().err.strip().splitlines()[-1]
    assert last.startswith("error: no_reliable_alignment: ")
    assert not transform.exists()


def test_a_transform_of_another_kind_is_wrong_usage(demo: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["register", *paths(demo), "--transform", "t.mat"]) == 2
    assert ".h5" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a,b\n1,2", "columns x,y,z"),
        ("x,y,z\n1,2,three", "line 2"),
        ("x,y,z\n1,2,nan", "finite"),
        ("", "columns x,y,z"),
    ],
)
def test_a_table_that_is_none_names_its_line(tmp_path: Path, text: str, words: str) -> None:
    (tmp_path / "p.csv").write_text(text, encoding="utf-8")
    with pytest.raises(PointsUnreadable, match=words):
        read_points(tmp_path / "p.csv")


def test_columns_are_found_by_name(tmp_path: Path) -> None:
    (tmp_path / "p.csv").write_bytes(b"\xef\xbb\xbfname, Z ,y,x\nfork,3,2,1\n")
    np.testing.assert_array_equal(read_points(tmp_path / "p.csv"), [[1.0, 2.0, 3.0]])


def test_the_mask_lies_where_simpleitk_puts_it(tmp_path: Path) -> None:
    labels = np.zeros((4, 5, 6), dtype=np.int32)
    labels[1, 2, 3] = 7
    angle = np.radians(25.0)
    affine = np.eye(4)
    affine[:3, :3] = np.array(
        [[0.0, -np.sin(angle), np.cos(angle)], [0.0, np.cos(angle), np.sin(angle)], [1.0, 0.0, 0.0]]
    ) * np.array([3.0, 2.0, 1.5])
    affine[:3, 3] = (-20.0, 30.0, 400.0)
    path = tmp_path / "m.nii.gz"
    path.write_bytes(nifti_bytes(labels, affine))
    image = SimpleITK.ReadImage(str(path))
    assert SimpleITK.GetArrayFromImage(image)[1, 2, 3] == 7
    expected = affine @ np.array([1.0, 2.0, 3.0, 1.0])
    np.testing.assert_allclose(image.TransformIndexToPhysicalPoint((3, 2, 1)), expected[:3], atol=1e-4)
    assert len(gzip.decompress(path.read_bytes())) == 352 + labels.size * 2
