"""What the header of one PET frame says that SUV rests on, as written there: nothing converted or filled in."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class PetFacts:
    """Elements of PS3.3 C.8.9.1, C.8.9.2, C.8.9.4 and C.8.22.4 in their own words and units.

    Dates and times are the texts of the file (DA, TM, DT). A number is ``None``, a text empty, where the element is
    absent, empty or unreadable: all three are *not known*.
    """

    units: str = ""  # (0054,1001)
    suv_type: str = ""  # (0054,1006)
    corrected_image: tuple[str, ...] = ()  # (0028,0051); of an enhanced object ATTN and DECY by its YES and NO flags
    decay_correction: str = ""  # (0054,1102)
    is_enhanced: bool = False
    decay_correction_datetime: str = ""  # (0018,9701), enhanced objects only
    series_date: str = ""
    series_time: str = ""
    acquisition_date: str = ""
    acquisition_time: str = ""
    timezone_offset: str = ""  # (0008,0201)
    manufacturer: str = ""
    reconstruction: str = ""  # (0054,1103) and (0018,1210)
    frame_reference_time_ms: float | None = None  # (0054,1300)
    frame_duration_ms: float | None = None  # (0018,1242)
    number_of_slices: int | None = None  # (0054,0081)
    slope: float | None = None
    intercept: float | None = None
    weight_kg: float | None = None  # (0010,1030)
    height_m: float | None = None  # (0010,1020)
    sex: str = ""
    administrations: int = 0  # items of (0054,0016)
    dose_bq: float | None = None  # (0018,1074)
    half_life_s: float | None = None  # (0018,1075)
    start_time: str = ""  # (0018,1072)
    start_datetime: str = ""  # (0018,1078)
    radionuclide: str = ""  # meaning of (0054,0300)
    philips_suv_factor: float | None = None  # (7053,xx00)
    philips_activity_factor: float | None = None  # (7053,xx09)
    ge_scan_datetime: str = ""  # (0009,xx0D)
