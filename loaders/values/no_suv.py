"""Why there is no SUV: which elements are missing or doubtful, in a word and in a sentence."""

from __future__ import annotations

from enum import StrEnum


class SuvDoubt(StrEnum):
    """Kinds of reasons; stable words, for translation."""

    NOT_PET = "not_pet"
    MISSING = "missing"
    UNREADABLE = "unreadable"
    IMPLAUSIBLE = "implausible"
    DIFFERS = "differs_between_slices"
    CONTRADICTS = "contradicts"
    NOT_CORRECTED = "not_corrected"
    UNIT = "unit"
    OTHER_TYPE = "other_type"
    INCOMPLETE = "incomplete"
    UNPROVEN = "unproven"


#: Names of the elements as a reader of the header knows them.
ELEMENTS = {
    "units": "Units (0054,1001)",
    "suv_type": "SUV Type (0054,1006)",
    "corrected_image": "Corrected Image (0028,0051)",
    "decay_correction": "Decay Correction (0054,1102)",
    "decay_correction_datetime": "Decay Correction DateTime (0018,9701)",
    "series_date": "Series Date (0008,0021)",
    "series_time": "Series Time (0008,0031)",
    "acquisition_date": "Acquisition Date (0008,0022)",
    "acquisition_time": "Acquisition Time (0008,0032)",
    "timezone_offset": "Timezone Offset From UTC (0008,0201)",
    "frame_reference_time_ms": "Frame Reference Time (0054,1300)",
    "frame_duration_ms": "Actual Frame Duration (0018,1242)",
    "number_of_slices": "Number of Slices (0054,0081)",
    "slope": "Rescale Slope (0028,1053)",
    "intercept": "Rescale Intercept (0028,1052)",
    "weight_kg": "Patient's Weight (0010,1030)",
    "height_m": "Patient's Size (0010,1020)",
    "sex": "Patient's Sex (0010,0040)",
    "administrations": "Radiopharmaceutical Information Sequence (0054,0016)",
    "dose_bq": "Radionuclide Total Dose (0018,1074)",
    "half_life_s": "Radionuclide Half Life (0018,1075)",
    "start_time": "Radiopharmaceutical Start Time (0018,1072)",
    "start_datetime": "Radiopharmaceutical Start DateTime (0018,1078)",
    "radionuclide": "Radionuclide Code Sequence (0054,0300)",
    "philips_suv_factor": "SUV Scale Factor (7053,xx00)",
    "philips_activity_factor": "Activity Concentration Scale Factor (7053,xx09)",
    "ge_scan_datetime": "PET scan_datetime (0009,xx0D)",
}


class NoSuv(Exception):
    """Ends the calculation. ``elements`` are names of :class:`loaders.model.pet_facts.PetFacts`."""

    def __init__(self, doubt: SuvDoubt, elements: tuple[str, ...], sentence: str) -> None:
        super().__init__(sentence)
        self.doubt, self.elements, self.sentence = doubt, elements, sentence


def missing(*elements: str) -> NoSuv:
    """Return the exception for elements that are absent, empty or no number."""
    names = " and ".join(ELEMENTS[element] for element in elements)
    return NoSuv(SuvDoubt.MISSING, elements, f"{names} {'is' if len(elements) == 1 else 'are'} missing or unreadable.")


def doubtful(element: str, value: object, why: str) -> NoSuv:
    """Return the exception for a value that cannot be what it is said to be."""
    return NoSuv(SuvDoubt.IMPLAUSIBLE, (element,), f"{ELEMENTS[element]} is doubtful: {value} {why}.")


def contradiction(elements: tuple[str, ...], sentence: str) -> NoSuv:
    """Return the exception for elements that cannot all be true."""
    return NoSuv(SuvDoubt.CONTRADICTS, elements, sentence)
