"""The demo patient as the product and an outsider's eye see it: only files and ``truth.json``, nothing of its maker."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
import pytest
from numpy.typing import NDArray

from loaders.demo_patient import DemoSize, generate
from tests.support.schemas import check_document
from viewer.app.command_line import run


@pytest.fixture(scope="module")
def disc(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("demo") / "patient"
    generate(out, DemoSize.SMALL)
    return out


@pytest.fixture(scope="module")
def truth(disc: Path) -> dict[str, Any]:
    document: dict[str, Any] = json.loads((disc / "truth.json").read_text("utf-8"))
    return document


def _volume(folder: Path) -> tuple[NDArray[np.float64], Sequence[pydicom.Dataset]]:
    """Values in HU and headers, feet first."""
    headers = [pydicom.dcmread(path) for path in folder.iterdir()]
    headers.sort(key=lambda one: float(one.ImagePositionPatient[2]))
    return np.stack(
        [one.pixel_array * float(one.RescaleSlope) + float(one.RescaleIntercept) for one in headers]
    ), headers


def test_identity_is_unproven_and_the_right_series_pair(disc: Path, tmp_path: Path) -> None:
    """The normal case of a private laboratory's disc: other numbers, same name, birth date and sex."""
    for kind in ("CT", "DX"):
        target = tmp_path / f"{kind}.json"
        folders = ["--current", str(disc / f"CURRENT_{kind}"), "--prior", str(disc / f"PRIOR_{kind}")]
        assert run(["compare", *folders, "--json", str(target)]) == 0
        document = json.loads(target.read_text("utf-8"))
        check_document(document, "compare")
        assert document["identity"]["verdict"] == "unproven"
        (pair,) = document["pairs"]
        assert pair["score"] > 0.8


def test_the_pair_differs_in_thickness_kernel_noise_and_pixel(disc: Path) -> None:
    (now, now_headers), (then, then_headers) = (_volume(disc / f"{role}_CT") for role in ("CURRENT", "PRIOR"))
    one, other = now_headers[0], then_headers[0]
    for keyword in ("SliceThickness", "PixelSpacing", "ConvolutionKernel", "FrameOfReferenceUID", "InstitutionName"):
        assert one[keyword].value != other[keyword].value, keyword
    noise = [volume[:, 2:8, 20:-20].std() for volume in (now, then)]
    assert abs(noise[0] / noise[1] - 1.0) > 0.2
    days = (_day(one.StudyDate) - _day(other.StudyDate)) / np.timedelta64(1, "D")
    assert 350 < days < 380


def _day(text: str) -> np.datetime64:
    return np.datetime64(f"{text[:4]}-{text[4:6]}-{text[6:]}")


def test_the_body_moved_by_a_few_millimetres_and_degrees_and_breathed(truth: dict[str, Any]) -> None:
    """The best rigid fit of all known points; what is left of them, and not of the spine, is breath."""
    places = {role: np.array([point[f"{role}_lps_mm"] for point in truth["points"]]) for role in ("current", "prior")}
    rotation, shift = _rigid(places["current"], places["prior"])
    angle = np.degrees(np.arccos(np.clip((np.trace(rotation) - 1.0) / 2.0, -1.0, 1.0)))
    assert 1.0 < angle < 10.0
    left = np.linalg.norm(places["current"] @ rotation.T + shift - places["prior"], axis=1)
    assert left.max() > 5.0, "no other depth of breath"
    spine = np.array([point["kind"] == "vertebra" for point in truth["points"]])
    lengths = [np.linalg.norm(place[spine][0] - place[spine][-1]) for place in places.values()]
    assert lengths[0] == pytest.approx(lengths[1], abs=0.5), "the spine does not stretch"


def _rigid(source: NDArray[np.float64], target: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    centre, other = source.mean(axis=0), target.mean(axis=0)
    left, _, right = np.linalg.svd((source - centre).T @ (target - other))
    sign = np.sign(np.linalg.det(right.T @ left.T))
    rotation = right.T @ np.diag([1.0, 1.0, sign]) @ left.T
    return rotation, other - rotation @ centre


@pytest.mark.parametrize("role", ["current", "prior"])
def test_organs_have_their_ct_numbers(disc: Path, truth: dict[str, Any], role: str) -> None:
    """A histogram has peaks at air, lung and soft tissue, where a radiologist expects them."""
    volume, _ = _volume(disc / f"{role.upper()}_CT")
    counts, edges = np.histogram(volume, bins=np.arange(-1100, 1200, 10))
    middle = edges[:-1] + 5.0

    def peak(low: float, high: float) -> float:
        chosen = (middle >= low) & (middle <= high)
        return float(middle[chosen][np.argmax(counts[chosen])])

    assert peak(-1100, -950) == pytest.approx(-1000.0, abs=15.0)
    assert -900.0 < peak(-940, -600) < -800.0  # aerated lung
    assert -120.0 < peak(-150, -60) < -80.0  # fat
    assert 30.0 < peak(0, 100) < 80.0  # muscle and liver
    assert (volume > 300.0).mean() > 0.003  # cortical bone


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_the_large_size_is_whole_and_in_bounds(tmp_path: Path) -> None:
    generate(tmp_path / "large", DemoSize.LARGE)
    files = list((tmp_path / "large" / "CURRENT_CT").iterdir())
    assert len(files) == 1000
    header = pydicom.dcmread(files[0], stop_before_pixels=True)
    assert (header.Rows, header.Columns) == (512, 512)
    document = json.loads((tmp_path / "large" / "truth.json").read_text("utf-8"))
    assert {lesion["change"] for lesion in document["lesions"]} == {"grown", "new", "vanished", "unchanged"}
