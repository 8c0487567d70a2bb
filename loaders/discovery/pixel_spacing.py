"""What the millimetres of an image rest on (PS3.3 10.7, 10.7.1.3, C.8.5.5.1)."""

from __future__ import annotations

import math

from loaders.discovery.element_values import Elements
from loaders.discovery.ultrasound_regions import region_spacing, ultrasound_regions
from loaders.model.units import PixelSpacing, SpacingBasis

_EQUAL_WITHIN = 1e-4


def pixel_spacing(top: Elements, groups: tuple[Elements, ...], *, is_in_patient: bool) -> PixelSpacing:
    """Return the spacing of a frame and its basis, ``PIXELS_ONLY`` where none can be trusted.

    ``groups`` are the functional groups of the frame, its own before the shared ones; ``is_in_patient`` says that the
    image plane stands in the patient (CT, MR, PET), where Pixel Spacing is geometry and needs no calibration.
    """
    measured = _first_pair([group.item("PixelMeasuresSequence") for group in groups] + [top], "PixelSpacing")
    if measured and is_in_patient:
        return PixelSpacing(*measured, SpacingBasis.GEOMETRY)
    regions = ultrasound_regions(top)
    if regions:
        # What the regions say holds within them; one Pixel Spacing for the whole picture would hold in the legend too.
        return region_spacing(regions) or _aspect_only(top)
    return _of_projection(top, groups, measured)


def _of_projection(top: Elements, groups: tuple[Elements, ...], measured: tuple[float, float] | None) -> PixelSpacing:
    properties = [group.item("FramePixelDataPropertiesSequence") for group in groups]
    imager = _first_pair([*properties, top], "ImagerPixelSpacing") or _first_pair([top], "ImagePlanePixelSpacing")
    if measured:
        return _calibrated(top, measured, imager)
    if imager:
        factor = _first_factor([*properties, top]) or _factor_by_geometry(top)
        if factor is not None:
            return PixelSpacing(imager[0] / factor, imager[1] / factor, SpacingBasis.MAGNIFICATION_CORRECTED)
        return PixelSpacing(*imager, SpacingBasis.AT_DETECTOR)
    scanned = _first_pair([top], "NominalScannedPixelSpacing")
    if scanned:
        return PixelSpacing(*scanned, SpacingBasis.SCANNED)
    return _aspect_only(top)


def _calibrated(
    top: Elements,
    measured: tuple[float, float],
    imager: tuple[float, float] | None,
) -> PixelSpacing:
    """Pixel Spacing of a projection: calibrated when it says so or differs from the detector's (PS3.3 10.7.1.3)."""
    if top.text("PixelSpacingCalibrationType"):
        return PixelSpacing(*measured, SpacingBasis.CALIBRATED)
    if imager:
        is_equal = all(abs(a - b) <= _EQUAL_WITHIN * b for a, b in zip(measured, imager, strict=True))
        return PixelSpacing(*measured, SpacingBasis.AT_DETECTOR if is_equal else SpacingBasis.CALIBRATED)
    scanned = _first_pair([top], "NominalScannedPixelSpacing")
    # Pixel Spacing alone on a projection names no calibration: at best the detector's, or the digitiser's.
    return PixelSpacing(*measured, SpacingBasis.SCANNED if scanned else SpacingBasis.AT_DETECTOR)


def _first_pair(places: list[Elements], keyword: str) -> tuple[float, float] | None:
    for place in places:
        pair = place.numbers(keyword, 2)
        if pair and all(1e-5 < value < 1e3 for value in pair):
            return pair[0], pair[1]
    return None


def _first_factor(places: list[Elements]) -> float | None:
    for place in places:
        factor = place.number("EstimatedRadiographicMagnificationFactor")
        if factor is not None and 1.0 <= factor < 20.0:
            return factor
    return None


def _factor_by_geometry(top: Elements) -> float | None:
    """Magnification at the isocentre, or the breast, from the distances of source, patient and detector.

    Only where the distance to the patient means the anatomy (PS3.3 C.8.7.5, C.8.11.7); on a radiograph it is the skin.
    """
    if top.text("Modality") not in {"XA", "RF", "MG"}:
        return None
    to_detector, to_patient = top.number("DistanceSourceToDetector"), top.number("DistanceSourceToPatient")
    if not to_detector or not to_patient:
        return None
    factor = to_detector / to_patient
    return factor if 1.0 <= factor < 20.0 else None


def _aspect_only(top: Elements) -> PixelSpacing:
    """Pixels without millimetres, in the proportion of Pixel Aspect Ratio (vertical : horizontal size)."""
    ratio = top.numbers("PixelAspectRatio", 2)
    if ratio and ratio[0] > 0 and ratio[1] > 0 and math.isfinite(ratio[0] / ratio[1]):
        return PixelSpacing(ratio[0] / ratio[1], 1.0, SpacingBasis.PIXELS_ONLY)
    return PixelSpacing(1.0, 1.0, SpacingBasis.PIXELS_ONLY)
