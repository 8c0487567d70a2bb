"""The elements of a PET header that SUV rests on, the private ones of two makers among them."""

from __future__ import annotations

from loaders.discovery.element_values import Elements
from loaders.discovery.element_walk import WantedElement, WantedTable
from loaders.model.pet_facts import PetFacts

PET_KEYWORDS = (
    "SUVType", "CorrectedImage", "DecayCorrection", "DecayCorrected", "AttenuationCorrected",
    "DecayCorrectionDateTime", "TimezoneOffsetFromUTC", "ActualFrameDuration", "NumberOfSlices", "PatientWeight",
    "PatientSize", "ReconstructionMethod",
)  # fmt: skip
ADMINISTRATION_KEYWORDS = (
    "RadionuclideTotalDose", "RadionuclideHalfLife", "RadiopharmaceuticalStartTime",
    "RadiopharmaceuticalStartDateTime",
)  # fmt: skip

_PET_CLASSES = frozenset({"1.2.840.10008.5.1.4.1.1.128", "1.2.840.10008.5.1.4.1.1.130"})
_ENHANCED_PET = "1.2.840.10008.5.1.4.1.1.130"
_PHILIPS, _GE = "Philips PET Private Group", "GEMS_PETD_01"
#: Private group, creator, and (element within the block, name, VR) of what is read from it.
_PRIVATE = (
    (0x7053, _PHILIPS, ((0x00, "PhilipsSuvFactor", "DS"), (0x09, "PhilipsActivityFactor", "DS"))),
    (0x0009, _GE, ((0x0D, "GeScanDateTime", "DT"),)),
)
#: Blocks that a creator may have reserved (PS3.5 7.8.1); no maker of PET scanners is known to go beyond these.
_BLOCKS = range(0x10, 0x20)
_UNITS_AS_RESCALE_TYPE = frozenset({"BQML", "GML", "CM2ML", "CNTS", "PROPCNTS", "PROPCPS"})


def private_pet_elements() -> WantedTable:
    """Return the private elements to keep while walking, with the creators that say what they are."""
    table: WantedTable = {}
    for group, _, elements in _PRIVATE:
        for block in _BLOCKS:
            table[group << 16 | block] = WantedElement(_creator_name(group, block), "LO")
            for element, name, vr in elements:
                table[group << 16 | block << 8 | element] = WantedElement(_private_name(name, block), vr)
    return table


def _creator_name(group: int, block: int) -> str:
    return f"PrivateCreator{group:04X}{block:02X}"


def _private_name(name: str, block: int) -> str:
    return f"{name}{block:02X}"


def pet_facts(top: Elements, groups: tuple[Elements, ...]) -> PetFacts | None:
    """Return the facts of one frame, ``None`` where the object is no PET image."""
    sop_class = top.text("SOPClassUID")
    if sop_class not in _PET_CLASSES:
        return None
    is_enhanced = sop_class == _ENHANCED_PET
    date, time = _acquisition(top, groups, is_enhanced=is_enhanced)
    rescale = _rescale(top, groups)
    administrations = top.items("RadiopharmaceuticalInformationSequence")
    administration = administrations[0] if administrations else Elements({})
    return PetFacts(
        units=_units(top, rescale),
        suv_type=top.text("SUVType").upper(),
        corrected_image=_corrections(top, is_enhanced=is_enhanced),
        decay_correction=top.text("DecayCorrection").upper(),
        is_enhanced=is_enhanced,
        decay_correction_datetime=top.text("DecayCorrectionDateTime"),
        series_date=top.text("SeriesDate"),
        series_time=top.text("SeriesTime"),
        acquisition_date=date,
        acquisition_time=time,
        timezone_offset=top.text("TimezoneOffsetFromUTC"),
        manufacturer=top.text("Manufacturer"),
        reconstruction=" ".join(filter(None, (top.text("ReconstructionMethod"), top.text("ConvolutionKernel")))),
        frame_reference_time_ms=top.number("FrameReferenceTime"),
        frame_duration_ms=top.number("ActualFrameDuration"),
        number_of_slices=top.integer("NumberOfSlices"),
        slope=rescale.number("RescaleSlope"),
        intercept=rescale.number("RescaleIntercept"),
        weight_kg=top.number("PatientWeight"),
        height_m=top.number("PatientSize"),
        sex=top.text("PatientSex").upper(),
        administrations=len(administrations),
        dose_bq=administration.number("RadionuclideTotalDose"),
        half_life_s=administration.number("RadionuclideHalfLife"),
        start_time=administration.text("RadiopharmaceuticalStartTime"),
        start_datetime=administration.text("RadiopharmaceuticalStartDateTime"),
        radionuclide=administration.item("RadionuclideCodeSequence").text("CodeMeaning"),
        philips_suv_factor=_private(top, "PhilipsSuvFactor").number("value"),
        philips_activity_factor=_private(top, "PhilipsActivityFactor").number("value"),
        ge_scan_datetime=_private(top, "GeScanDateTime").text("value"),
    )


def _acquisition(top: Elements, groups: tuple[Elements, ...], *, is_enhanced: bool) -> tuple[str, str]:
    """Date and time at which counting began; an enhanced object says it for each frame as one DT."""
    if not is_enhanced:
        return top.text("AcquisitionDate"), top.text("AcquisitionTime")
    stated = [group.item("FrameContentSequence").text("FrameAcquisitionDateTime") for group in groups]
    text = next((each for each in stated if each), "") or top.text("AcquisitionDateTime")
    return text[:8], text[8:]


def _rescale(top: Elements, groups: tuple[Elements, ...]) -> Elements:
    places = [group.item("PixelValueTransformationSequence") for group in groups] + [top]
    return next((place for place in places if "RescaleSlope" in place), top)


def _units(top: Elements, rescale: Elements) -> str:
    """Units; where an enhanced object has none, a rescale type that is one of their terms says the same."""
    units = top.text("Units").upper()
    if units:
        return units
    kind = rescale.text("RescaleType").upper()
    return kind if kind in _UNITS_AS_RESCALE_TYPE else ""


def _corrections(top: Elements, *, is_enhanced: bool) -> tuple[str, ...]:
    if not is_enhanced:
        return tuple(term.upper() for term in top.texts("CorrectedImage") if term)
    flags = (("ATTN", "AttenuationCorrected"), ("DECY", "DecayCorrected"))
    return tuple(term for term, keyword in flags if top.text(keyword).upper() == "YES")


def _private(top: Elements, name: str) -> Elements:
    """The private element of that name as ``value``, from whichever block its creator reserved."""
    for group, creator, elements in _PRIVATE:
        if name not in {each for _, each, _ in elements}:
            continue
        for block in _BLOCKS:
            if top.text(_creator_name(group, block)) == creator:
                return top.renamed(_private_name(name, block), "value")
    return Elements({})
