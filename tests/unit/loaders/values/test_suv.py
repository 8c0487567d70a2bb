"""SUV of reference objects with known uptake, and no SUV, with the reason, where anything is missing or in doubt."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
import pytest

from loaders.model.stack import Stack
from loaders.progress import CancelToken, no_progress
from loaders.stores.local_folder import LocalFolder
from loaders.values import suv as suv_module
from loaders.values.body_size import SuvKind
from loaders.values.suv import Correction, Suv, half_life_of, suv_of_stacks
from tests.support.dicom_files import _item
from tests.support.pet_objects import UPTAKES_SUV, PetRecipe, write_enhanced_pet, write_pet
from tests.support.shared_data import real_path

BASE = PetRecipe()
DAY = timedelta(days=1)
PHILIPS = "Philips PET Private Group"
GE = "GEMS_PETD_01"
LATE_SERIES = datetime(2024, 1, 2, 14, 30, 0)  # noqa: DTZ001
NEW_YEARS_NIGHT = datetime(2024, 1, 1, 0, 20, 0)  # noqa: DTZ001


def stacks_of(folder: Path) -> list[Stack]:
    source = LocalFolder([folder])
    try:
        catalogue = source.catalogue(on_found=lambda _found: None, progress=no_progress, cancel=CancelToken())
    finally:
        source.close()
    return [stack for study in catalogue.studies for series in study.series for stack in series.stacks]


def suv_of(folder: Path, recipe: PetRecipe, kind: SuvKind | None = None) -> Suv:
    return suv_of_stacks(stacks_of(write_pet(folder, recipe)), kind)


def measured(folder: Path, suv: Suv) -> list[tuple[float, ...]]:
    """SUV of the three bands in every slice, from the stored values and the factors, read by pydicom."""
    datasets = [pydicom.dcmread(path) for path in folder.glob("*.dcm")]
    datasets.sort(key=lambda ds: float(ds.ImagePositionPatient[2]) if "ImagePositionPatient" in ds else 0.0)
    pictures = [picture for ds in datasets for picture in np.atleast_3d(ds.pixel_array.T).T]
    bands = (1, 5, 9)
    assert len(pictures) == len(suv.factors)
    return [
        tuple(float(picture[3, column]) * factor for column in bands)
        for picture, factor in zip(pictures, suv.factors, strict=True)
    ]


def philips(element: int, value: float) -> tuple[tuple[int, str, int, str, Any], ...]:
    return ((0x7053, PHILIPS, element, "DS", f"{value:.10g}"),)


def with_private_scan_time(when: datetime) -> PetRecipe:
    private = ((0x0009, GE, 0x0D, "DT", when.strftime("%Y%m%d%H%M%S.00")),)
    return replace(BASE, series=LATE_SERIES, private=private, overrides={"Manufacturer": "GE MEDICAL SYSTEMS"})


def reference_time_ms(recipe: PetRecipe) -> dict[int, dict[str, Any]]:
    """Frame Reference Time of each slice: its start and the time of average activity, from the scan's start."""
    rate = np.log(2.0) / recipe.half_life_s
    times = np.linspace(0.0, recipe.frame_duration_s, 20001)
    activity = np.exp(-rate * times)
    average = -np.log(np.trapezoid(activity, times) / recipe.frame_duration_s) / rate
    return {
        index: {
            "FrameReferenceTime": f"{1000.0 * (start + average):.6f}",
            "ActualFrameDuration": int(1000 * recipe.frame_duration_s),
        }
        for index, start in enumerate(recipe.bed_starts_s)
    }


CNTS = {"Units": "CNTS"}
LEFT_AT_SCAN = 0.5 ** (3600.0 / 6586.2)
VARIANTS = {
    "plain": BASE,
    "slope of each slice": replace(BASE, slopes=(1.0, 1.7, 0.8, 2.3)),
    "corrected to the administration": replace(BASE, at_administration=True),
    "administration without times": replace(
        BASE, at_administration=True, overrides={"SeriesTime": None, "AcquisitionTime": None}
    ),
    "start time only": replace(BASE, administration={"RadiopharmaceuticalStartDateTime": None}),
    "start date and time only": replace(BASE, administration={"RadiopharmaceuticalStartTime": None}),
    "over midnight": replace(BASE, scan=NEW_YEARS_NIGHT, injected=NEW_YEARS_NIGHT - timedelta(minutes=65)),
    "over midnight without a date": replace(
        BASE,
        scan=NEW_YEARS_NIGHT,
        injected=NEW_YEARS_NIGHT - timedelta(minutes=65),
        administration={"RadiopharmaceuticalStartDateTime": None},
    ),
    "scan runs over midnight": replace(
        BASE,
        scan=datetime(2024, 2, 28, 23, 58, 0),  # noqa: DTZ001
        injected=datetime(2024, 2, 28, 22, 50, 0),  # noqa: DTZ001
    ),
    "zirconium after six days": replace(
        BASE,
        half_life_s=282276.0,
        dose_bq=37e6,
        injected=datetime(2024, 2, 27, 9, 30, 0),  # noqa: DTZ001
        scan=datetime(2024, 3, 4, 11, 0, 0),  # noqa: DTZ001
    ),
    "gallium": replace(BASE, half_life_s=4062.6),
    "GML": replace(BASE, is_suv=True, overrides={"Units": "GML"}),
    "GML without anything else": replace(
        BASE,
        is_suv=True,
        overrides={"Units": "GML", "PatientWeight": None, "SeriesTime": None, "CorrectedImage": None},
        administration={"RadionuclideTotalDose": None},
    ),
    "Philips SUV factor": replace(
        BASE, scale=3.7, overrides=CNTS, private=philips(0x00, 3.7 * 75e3 / (350e6 * LEFT_AT_SCAN))
    ),
    "Philips activity factor": replace(BASE, scale=3.7, overrides=CNTS, private=philips(0x09, 3.7)),
    "Philips SUV factor of 0": replace(
        BASE, scale=3.7, overrides=CNTS, private=philips(0x00, 0.0) + philips(0x09, 3.7)
    ),
    "Philips in another block": replace(
        BASE, scale=3.7, overrides=CNTS, private=((0x7053, "OTHER", 0x00, "DS", "9"), *philips(0x09, 3.7))
    ),
    "GE private scan time": with_private_scan_time(BASE.scan),
    "late series, worked back": replace(BASE, series=LATE_SERIES, of_slice=reference_time_ms(BASE)),
    "late series, first acquisition": replace(BASE, series=LATE_SERIES),
    "series a hair after its image": replace(BASE, series=BASE.scan + timedelta(microseconds=15)),
    "zones of file and administration": replace(
        BASE,
        overrides={"TimezoneOffsetFromUTC": "+0800"},
        administration={
            "RadiopharmaceuticalStartTime": None,
            "RadiopharmaceuticalStartDateTime": "20240102010000.00+0000",
        },
    ),
    "zone of the administration only, times alike": replace(
        BASE, administration={"RadiopharmaceuticalStartDateTime": "20240102090000+0800"}
    ),
    "minutes only": replace(BASE, administration={"RadiopharmaceuticalStartTime": "0900"}),
    "old date form": replace(BASE, overrides={"SeriesDate": "2024.01.02", "SeriesTime": "10:00:00"}),
}


@pytest.mark.parametrize("name", VARIANTS)
def test_reference_objects_have_their_uptake_within_a_thousandth(tmp_path: Path, name: str) -> None:
    suv = suv_of(tmp_path, VARIANTS[name])
    assert suv.is_available, suv.reason
    assert suv.kind is SuvKind.BODY_WEIGHT
    for bands in measured(tmp_path, suv):
        np.testing.assert_allclose(bands, UPTAKES_SUV, rtol=1e-3)


#: 75 kg and 1.75 m worked out by hand: a man's lean body mass in kg, a woman's, and the surface in m2.
@pytest.mark.parametrize(
    ("kind", "sex", "per_weight"),
    [
        (SuvKind.LEAN_BODY_JAMES, "M", 58.98980 / 75.0),
        (SuvKind.LEAN_BODY_JAMES, "F", 53.06633 / 75.0),
        (SuvKind.LEAN_BODY_JANMAHASATIAN, "M", 58.08369 / 75.0),
        (SuvKind.LEAN_BODY_JANMAHASATIAN, "F", 47.11797 / 75.0),
        (SuvKind.BODY_SURFACE, "M", 1.903137 * 1e4 / 75e3),
    ],
)
def test_other_normalisations(tmp_path: Path, kind: SuvKind, sex: str, per_weight: float) -> None:
    suv = suv_of(tmp_path, replace(BASE, overrides={"PatientSex": sex}), kind)
    assert suv.kind is kind
    for bands in measured(tmp_path, suv):
        np.testing.assert_allclose(bands, np.asarray(UPTAKES_SUV) * per_weight, rtol=1e-3)


@pytest.mark.parametrize(
    ("units", "suv_type", "kind"),
    [
        ("GML", "LBM", SuvKind.LEAN_BODY_UNNAMED),
        ("GML", "LBMJANMA", SuvKind.LEAN_BODY_JANMAHASATIAN),
        ("GML", "IBW", SuvKind.IDEAL_BODY),
        ("CM2ML", "BSA", SuvKind.BODY_SURFACE),
        ("CM2ML", None, SuvKind.BODY_SURFACE),
    ],
)
def test_series_that_hold_suv_keep_their_own_type(
    tmp_path: Path, units: str, suv_type: str | None, kind: SuvKind
) -> None:
    recipe = replace(BASE, is_suv=True, overrides={"Units": units, "SUVType": suv_type})
    suv = suv_of(tmp_path, recipe)
    assert (suv.kind, suv.factor) == (kind, 1.0)


@pytest.mark.parametrize(
    ("form", "top"),
    [
        (BASE, {}),
        (BASE, {"SeriesTime": "180000"}),  # the decay correction's own time counts
        (replace(BASE, is_suv=True), {"Units": "GML"}),
    ],
)
def test_enhanced_objects(tmp_path: Path, form: PetRecipe, top: dict[str, Any]) -> None:
    folder = write_enhanced_pet(tmp_path, form, **top)
    suv = suv_of_stacks(stacks_of(folder))
    assert suv.is_available, suv.reason
    for bands in measured(folder, suv):
        np.testing.assert_allclose(bands, UPTAKES_SUV, rtol=1e-3)


def overrides(**elements: Any) -> PetRecipe:
    return replace(BASE, overrides=elements)


def administered(**elements: Any) -> PetRecipe:
    return replace(BASE, administration=elements)


NO_DATE = {"RadiopharmaceuticalStartDateTime": None}
#: Recipe, and the tag that the sentence must name.
REFUSED: dict[str, tuple[PetRecipe, str]] = {
    "no weight": (overrides(PatientWeight=None), "(0010,1030)"),
    "weight 0": (overrides(PatientWeight="0"), "(0010,1030)"),
    "weight in grams": (overrides(PatientWeight="75000"), "(0010,1030)"),
    "weight empty": (overrides(PatientWeight=""), "(0010,1030)"),
    "no dose": (administered(RadionuclideTotalDose=None), "(0018,1074)"),
    "dose in MBq": (administered(RadionuclideTotalDose="350"), "(0018,1074)"),
    "dose in kBq": (administered(RadionuclideTotalDose="350000"), "(0018,1074)"),
    "dose negative": (administered(RadionuclideTotalDose="-350000000"), "(0018,1074)"),
    "dose a thousandfold": (administered(RadionuclideTotalDose="350000000000"), "(0018,1074)"),
    "no half life": (administered(RadionuclideHalfLife=None), "(0018,1075)"),
    "half life in minutes": (administered(RadionuclideHalfLife="109.77"), "(0018,1075)"),
    "half life 0": (administered(RadionuclideHalfLife="0"), "(0018,1075)"),
    "half life of another nuclide": (administered(RadionuclideHalfLife="4062.6"), "(0018,1075)"),
    "no administration": (overrides(RadiopharmaceuticalInformationSequence=None), "(0018,1074)"),
    "two administrations": (
        overrides(RadiopharmaceuticalInformationSequence=[_item(RadionuclideTotalDose=1e8)] * 2),
        "(0054,0016)",
    ),
    "no start at all": (administered(RadiopharmaceuticalStartTime=None, **NO_DATE), "(0018,1072)"),
    "start unreadable": (administered(RadiopharmaceuticalStartTime="9 o'clock", **NO_DATE), "(0018,1072)"),
    "start DateTime unreadable": (administered(RadiopharmaceuticalStartDateTime="20241332"), "(0018,1078)"),
    "start and DateTime disagree": (administered(RadiopharmaceuticalStartTime="080000"), "(0018,1078)"),
    "an hour of summer time between them": (
        administered(RadiopharmaceuticalStartTime="100000", RadiopharmaceuticalStartDateTime="20240102090000"),
        "(0018,1078)",
    ),
    "negative decay time": (
        administered(RadiopharmaceuticalStartTime=None, RadiopharmaceuticalStartDateTime="20240102103000"),
        "(0018,1078)",
    ),
    "negative decay time without a date": (
        administered(RadiopharmaceuticalStartTime="110000", **NO_DATE),
        "(0018,1072)",
    ),
    "injected the day before": (administered(RadiopharmaceuticalStartDateTime="20240101090000"), "(0018,1078)"),
    "zirconium without a date": (
        replace(BASE, half_life_s=282276.0, dose_bq=37e6, administration=NO_DATE),
        "(0018,1078)",
    ),
    "zone of the administration alone": (
        administered(RadiopharmaceuticalStartTime=None, RadiopharmaceuticalStartDateTime="20240102010000+0000"),
        "(0008,0201)",
    ),
    "zone that is none": (
        replace(
            BASE,
            overrides={"TimezoneOffsetFromUTC": "+9900"},
            administration={"RadiopharmaceuticalStartDateTime": "20240102010000+0000"},
        ),
        "(0008,0201)",
    ),
    "no series time": (overrides(SeriesTime=None), "(0008,0031)"),
    "no series date": (overrides(SeriesDate=None), "(0008,0021)"),
    "no acquisition time": (overrides(AcquisitionTime=None), "(0008,0032)"),
    "no acquisition date": (overrides(AcquisitionDate=None), "(0008,0022)"),
    "series a day before its images": (overrides(SeriesDate="20240101"), "(0008,0021)"),
    "late series of GE without its own time": (
        replace(BASE, series=LATE_SERIES, overrides={"Manufacturer": "GE MEDICAL SYSTEMS"}),
        "(0009,xx0D)",
    ),
    "GE scan time of another day": (with_private_scan_time(BASE.scan + DAY), "(0009,xx0D)"),
    "late series, no frame duration": (
        replace(
            BASE,
            series=LATE_SERIES,
            of_slice={
                index: {"FrameReferenceTime": times["FrameReferenceTime"]}
                for index, times in reference_time_ms(BASE).items()
            },
        ),
        "(0018,1242)",
    ),
    "late series, beds that disagree": (
        replace(BASE, series=LATE_SERIES, overrides={"FrameReferenceTime": "90000", "ActualFrameDuration": "180000"}),
        "(0054,1300)",
    ),
    "late series, first bed not here": (
        replace(BASE, series=LATE_SERIES, overrides={"NumberOfSlices": 8}),
        "(0054,0081)",
    ),
    "no units": (overrides(Units=None), "(0054,1001)"),
    "proportional counts": (overrides(Units="PROPCNTS"), "(0054,1001)"),
    "mixed units": (replace(BASE, of_slice={2: {"Units": "GML"}}), "(0054,1001)"),
    "counts without Philips's factors": (overrides(Units="CNTS"), "(7053,xx00)"),
    "surface by weight": (overrides(Units="CM2ML", SUVType="BW"), "(0054,1006)"),
    "weight by surface": (overrides(Units="GML", SUVType="BSA"), "(0054,1006)"),
    "unknown type": (overrides(Units="GML", SUVType="XYZ"), "(0054,1006)"),
    "no attenuation correction": (overrides(CorrectedImage=["NORM", "DECY"]), "(0028,0051)"),
    "no decay correction": (overrides(CorrectedImage=["NORM", "ATTN"]), "(0028,0051)"),
    "no list of corrections": (overrides(CorrectedImage=None), "(0028,0051)"),
    "decay corrected and not": (overrides(DecayCorrection="NONE"), "(0054,1102)"),
    "decay correction unknown": (overrides(DecayCorrection="MAYBE"), "(0054,1102)"),
    "no decay correction term": (overrides(DecayCorrection=None), "(0054,1102)"),
    "weight differs": (replace(BASE, of_slice={1: {"PatientWeight": "80"}}), "(0010,1030)"),
    "weight missing in one": (replace(BASE, of_slice={1: {"PatientWeight": None}}), "(0010,1030)"),
    "no slope": (overrides(RescaleSlope=None), "(0028,1053)"),
    "slope 0": (replace(BASE, of_slice={3: {"RescaleSlope": "0"}}), "(0028,1053)"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_no_suv_and_the_tag_by_name(tmp_path: Path, name: str) -> None:
    recipe, tag = REFUSED[name]
    suv = suv_of(tmp_path, recipe)
    assert not suv.is_available
    assert suv.factor is None
    assert not suv.factors
    assert tag in suv.reason


@pytest.mark.parametrize(
    ("elements", "tag"),
    [
        ({"PatientSize": None}, "(0010,1020)"),
        ({"PatientSize": "175"}, "(0010,1020)"),
        ({"PatientSex": None}, "(0010,0040)"),
        ({"PatientSex": "O"}, "(0010,0040)"),
        ({"PatientSize": "0.6"}, "body mass index"),
        ({"PatientWeight": "160", "PatientSize": "1.60"}, "James"),
    ],
)
def test_lean_body_mass_needs_more(tmp_path: Path, elements: dict[str, Any], tag: str) -> None:
    recipe = overrides(**elements)
    suv = suv_of(tmp_path, recipe, SuvKind.LEAN_BODY_JAMES)
    assert not suv.is_available
    assert tag in suv.reason
    assert suv_of_stacks(stacks_of(tmp_path)).is_available  # by body weight it needs neither


def test_a_doubtful_height_is_named_where_it_is_not_needed(tmp_path: Path) -> None:
    suv = suv_of(tmp_path, overrides(PatientSize="175"))
    assert suv.is_available
    assert "(0010,1020)" in str(suv.inputs["doubts"])


def with_time_frames(folder: Path, recipe: PetRecipe, *, short: bool = False) -> list[Stack]:
    """Three time frames of the same slices, each ten minutes later, as a dynamic series has them."""
    for number in range(3):
        later = 600.0 * number
        frame = {
            index: {
                "SOPInstanceUID": f"1.2.7.{number}.{index}",
                "TemporalPositionIdentifier": number + 1,
                "FrameReferenceTime": f"{1000.0 * later:g}",
            }
            for index in range(4)
        }
        moved = replace(recipe, bed_starts_s=(later,) * 4, of_slice=frame)
        missing = frozenset({3}) if short and number == 2 else frozenset()
        write_pet(folder / str(number), moved, leave_out=missing)
    return stacks_of(folder)


def test_time_frames_share_one_factor(tmp_path: Path) -> None:
    stacks = with_time_frames(tmp_path, BASE)
    assert [len(stack.frames) for stack in stacks] == [4, 4, 4]
    suv = suv_of_stacks(stacks)
    assert suv.is_available, suv.reason
    assert len(suv.factors) == 12
    assert len(set(suv.factors)) == 1


def test_a_time_frame_that_lacks_a_slice_shows_no_suv(tmp_path: Path) -> None:
    suv = suv_of_stacks(with_time_frames(tmp_path, BASE, short=True))
    assert not suv.is_available
    assert "different numbers of slices" in suv.reason


def test_a_missing_bed_shows_no_suv(tmp_path: Path) -> None:
    recipe = replace(BASE, bed_starts_s=(0.0,) * 4 + (180.0,) * 4 + (360.0,) * 4)
    write_pet(tmp_path, recipe, leave_out=frozenset(range(4, 8)))
    suv = suv_of_stacks(stacks_of(tmp_path))
    assert not suv.is_available
    assert "bed" in suv.reason


def test_enhanced_object_that_is_not_decay_corrected(tmp_path: Path) -> None:
    suv = suv_of_stacks(stacks_of(write_enhanced_pet(tmp_path, BASE, DecayCorrected="NO")))
    assert not suv.is_available
    assert "DECY" in suv.reason


def test_the_reader_corrects_a_dose_with_a_reason(tmp_path: Path) -> None:
    write_pet(tmp_path, administered(RadionuclideTotalDose="350"))
    stacks = stacks_of(tmp_path)
    suv = suv_of_stacks(stacks, corrections=[Correction("dose_bq", 350e6, "the field is in MBq")])
    for bands in measured(tmp_path, replace(suv, factors=suv.factors)):
        # The pictures were made with 350 MBq.
        np.testing.assert_allclose(bands, UPTAKES_SUV, rtol=1e-3)
    assert "the field is in MBq" in str(suv.inputs["corrected_by_reader"])
    with pytest.raises(ValueError, match="reason"):
        suv_of_stacks(stacks, corrections=[Correction("dose_bq", 350e6, " ")])


def test_nothing_is_given_when_the_second_calculation_disagrees(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_pet(tmp_path, BASE)
    stacks = stacks_of(tmp_path)
    monkeypatch.setattr(suv_module, "proven_factors", lambda *_: (1.0, 1.0, 1.0, 1.0))
    suv = suv_of_stacks(stacks)
    assert not suv.is_available
    assert "independent" in suv.reason


@pytest.mark.parametrize(
    ("words", "half_life_s"),
    [("^18^Fluorine", 6586.2), ("18F", 6586.2), ("F-18", 6586.2), ("F^18^[^18^Fluorine]", 6586.2),
     ("^68^Gallium", 4062.6), ("Zr-89", 282276.0), ("FDG -- fluorodeoxyglucose", None), ("", None),
     ("^118^Fluorine", None)],
)  # fmt: skip
def test_radionuclides_by_name(words: str, half_life_s: float | None) -> None:
    assert half_life_of(words) == half_life_s


@pytest.mark.real
def test_a_real_pet_ct_has_the_factor_of_its_header() -> None:
    folder = real_path("pet-nm/acrin-nsclc-fdg-pet-042")
    stacks = [stack for stack in stacks_of(folder) if stack.frames[0].pet is not None]
    suv = suv_of_stacks(stacks)
    assert suv.factor == pytest.approx(91000 / (588802304 * 2 ** (-9527 / 6588)), rel=1e-9)
    assert len(suv.factors) == 47
    path = stacks[0].frames[10].location.file.path
    slope = float(pydicom.dcmread(path, stop_before_pixels=True).RescaleSlope)
    assert suv.factors[10] == pytest.approx(slope * 4.2111e-4, rel=1e-5)


@pytest.mark.real
def test_a_real_series_in_proportional_counts_has_none() -> None:
    suv = suv_of_stacks([stack for stack in stacks_of(real_path("pet-nm/pet-slices-ge-acrin")) if stack.frames[0].pet])
    assert isinstance(suv, Suv)  # several patients' single slices: whatever they are, they are no one series
    assert not suv.is_available
