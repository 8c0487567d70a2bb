"""What the support package writes is DICOM by another's judgement: ``dciodvfy`` of dicom3tools finds no error in it.

The enhanced objects leave out many modules that no reader here asks for. Of those only that is allowed: an attribute
that is there must be of the right type, number and place.
"""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from pydicom.dataset import Dataset
from pydicom.uid import EncapsulatedPDFStorage

from tests.support import coded_series, dicom_objects, pet_objects
from tests.support.dicom_files import SeriesRecipe, dataset_bytes, enhanced_mr, slice_dataset

pytestmark = pytest.mark.skipif(shutil.which("dciodvfy") is None, reason="dciodvfy (dicom3tools) is not installed")

#: What the SUV tests give or leave out themselves.
_TIMES = {"FrameReferenceTime": "0", "ActualFrameDuration": "180000", "DecayFactor": "1"}


def _image() -> Dataset:
    return slice_dataset(SeriesRecipe(), 0)


WHOLE: dict[str, Callable[[], Dataset]] = {
    "CT slice": _image,
    "unsigned CT slice": lambda: slice_dataset(SeriesRecipe(signed=False, bits_stored=12), 0),
    "tilted CT slice": lambda: slice_dataset(SeriesRecipe(tilt_degrees=12.0), 1),
    "PET slice": lambda: pet_objects.pet_slice(pet_objects.PetRecipe(overrides=_TIMES), 0),
    "grey presentation state": lambda: dicom_objects.presentation_state_of(_image()),
    "text report": lambda: dicom_objects.text_report(dicom_objects.content("TEXT", "Finding", TextValue="none")),
    "key objects": lambda: dicom_objects.key_object([_image()]),
    "rigid registration": lambda: dicom_objects.rigid_registration("prior", "current", np.eye(4)),
    "deformable registration": lambda: dicom_objects.deformable_registration(
        "prior", "current", np.zeros((2, 3, 4, 3), np.float32), 2.0
    ),
    "CDA": lambda: dicom_objects.encapsulated(dicom_objects.CDA, "text/XML"),
    "PDF": lambda: dicom_objects.encapsulated(b"%PDF-1.4\n%%EOF", "application/pdf", EncapsulatedPDFStorage),
}


def errors_in(path: Path) -> set[str]:
    """The checker's errors; it exits with 1 where there is one."""
    done = subprocess.run(
        ["dciodvfy", str(path)], capture_output=True, text=True, errors="replace", check=False, timeout=30
    )
    found = {line for line in (done.stdout + done.stderr).splitlines() if line.startswith("Error")}
    assert bool(found) == bool(done.returncode)
    return found


@pytest.mark.parametrize("kind", WHOLE)
def test_an_object_has_no_error(kind: str, tmp_path: Path) -> None:
    path = tmp_path / "object.dcm"
    path.write_bytes(dataset_bytes(WHOLE[kind]()))
    assert errors_in(path) == set()


@pytest.mark.parametrize("coding", coded_series.SYNTAXES)
def test_a_slice_in_every_coding_has_no_error(coding: str, tmp_path: Path) -> None:
    folder = coded_series.write_series(tmp_path / "series", 1, coding, 64)
    (path,) = folder.iterdir()
    found = errors_in(path)
    if any("Undefined value length" in error for error in found):
        pytest.skip(f"this dciodvfy does not know the transfer syntax of {coding}")
    # That lossy coding is not said in the header is the point: the product reads it from the syntax.
    assert {error for error in found if "Lossy" not in error} == set()


def test_enhanced_objects_only_leave_out(tmp_path: Path) -> None:
    mr = tmp_path / "mr.dcm"
    mr.write_bytes(dataset_bytes(enhanced_mr(SeriesRecipe(), [(0, {"b_value": 0.0}), (1, {"b_value": 800.0})])))
    pet_objects.write_enhanced_pet(tmp_path / "pet", pet_objects.PetRecipe())
    for path in (mr, tmp_path / "pet" / "enhanced.dcm"):
        assert {error for error in errors_in(path) if not error.startswith("Error - Missing attribute")} == set()


def test_the_checker_finds_what_is_wrong(tmp_path: Path) -> None:
    broken = _image()
    broken.PixelSpacing = [0.7]
    path = tmp_path / "broken.dcm"
    path.write_bytes(dataset_bytes(broken))
    assert any("PixelSpacing" in error for error in errors_in(path))
