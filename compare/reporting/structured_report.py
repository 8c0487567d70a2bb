"""Measurements as a DICOM structured report (TID 1500), read back and compared before anyone may have it.

Each measurement is a group of TID 1501 with its tracking identifier and UID, so that other systems join the same lesion
over time. Coordinates are those of PS3.3 C.18.6.1.1: (0, 0) is the outer corner of the first pixel.
"""

from __future__ import annotations

import io
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from highdicom import sr
from pydicom import dcmread
from pydicom.dataset import Dataset
from pydicom.sr.codedict import codes
from pydicom.sr.coding import Code
from pydicom.uid import ComprehensiveSRStorage, generate_uid

from compare.measuring.values import MeasuredValue
from compare.reporting.evidence import completed, tracking_uid_of
from compare.reporting.findings import Finding, Findings
from compare.reporting.refusal import ReportRefused
from compare.reporting.shapes import graphics_of, is_multi_frame
from compare.session.measurement import MeasurementKind

_SERIES_NUMBER = 9001
_DEVICE_UID = "2.25.199436722843152713396247093241838716145"

_NAMES: dict[str, Code] = {
    "length": codes.SCT.Length,
    "long_axis": Code("103339001", "SCT", "Long axis"),
    "short_axis": Code("103340004", "SCT", "Short axis"),
    "angle": Code("1483009", "SCT", "Angle"),
    "area": codes.SCT.Area,
    "value": Code("112031", "DCM", "Attenuation Coefficient"),
}
_DERIVATIONS: dict[str, Code] = {
    "mean": codes.SCT.Mean,
    "standard_deviation": codes.SCT.StandardDeviation,
    "minimum": codes.SCT.Minimum,
    "maximum": codes.SCT.Maximum,
}
_UNITS: dict[str, Code] = {
    "mm": Code("mm", "UCUM", "millimeter"),
    "mm2": Code("mm2", "UCUM", "square millimeter"),
    "deg": Code("deg", "UCUM", "degree"),
    "px": Code("{pixels}", "UCUM", "pixels"),
    "HU": Code("[hnsf'U]", "UCUM", "Hounsfield unit"),
    "Bq/ml": Code("Bq/ml", "UCUM", "Becquerels per milliliter"),
    "SUVbw": Code("{SUVbw}g/ml", "UCUM", "Standardized Uptake Value body weight"),
    "SUVlbm": Code("{SUVlbm}g/ml", "UCUM", "Standardized Uptake Value lean body mass"),
    "SUVbsa": Code("{SUVbsa}cm2/ml", "UCUM", "Standardized Uptake Value body surface area"),
}
_NO_UNIT = Code("1", "UCUM", "no units")
_VALUE = Code("112030", "DCM", "Pixel value")
#: Along the axes of an ultrasound trace: a time, a velocity or a depth, told in tables but coded by no one concept.
_NO_CONCEPT = frozenset({"across", "down"})
_REPORTED = frozenset(MeasurementKind) - {MeasurementKind.ARROW, MeasurementKind.TEXT}


@dataclass(frozen=True, slots=True)
class _Said:
    """What must be found again: tracking UID, concept, derivation, unit, value."""

    tracking_uid: str
    name: str
    derivation: str
    unit: str
    value: float


def structured_report(findings: Findings, evidence: Sequence[Dataset]) -> bytes:
    """Return a Comprehensive SR as the bytes of a file.

    ``evidence`` are the headers of all instances that measurements lie on; the report belongs to the newest of their
    studies. Raises ``ReportRefused`` where nothing is measured, an instance is missing, or reading it back differs.
    """
    labels = {row.lesion.tracking_uid: row.lesion.label for row in findings.rows}
    reported = [one for one in findings.measurements if one.place is not None and _reportable(one)]
    if not reported:
        raise ReportRefused("nothing that a structured report can hold has been measured on open images")
    headers = {str(header.SOPInstanceUID): header for header in evidence}
    missing = [one for one in reported if one.measurement.sop_instance_uid not in headers]
    if missing:
        raise ReportRefused(f"the headers of {len(missing)} measured images cannot be read")
    used = [completed(headers[uid]) for uid in dict.fromkeys(one.measurement.sop_instance_uid for one in reported)]
    # The newest study comes first: the report is filed with it.
    used.sort(key=lambda header: str(header.get("StudyDate", "") or ""), reverse=True)
    said: list[_Said] = []
    groups = [_group(one, labels, said) for one in reported]
    content = sr.MeasurementReport(
        observation_context=sr.ObservationContext(observer_device_context=_observer()),
        procedure_reported=Code("363679005", "SCT", "Imaging procedure"),
        imaging_measurements=groups,
        title=codes.DCM.ImagingMeasurementReport,
        referenced_images=used,
    )
    report = sr.ComprehensiveSR(
        evidence=used,
        content=content[0],
        series_instance_uid=generate_uid(None),
        series_number=_SERIES_NUMBER,
        sop_instance_uid=generate_uid(None),
        instance_number=1,
        manufacturer="Diptych",
        is_complete=True,
        is_final=False,
        is_verified=False,
    )
    report.SeriesDescription = "Diptych measurements"
    stream = io.BytesIO()
    report.save_as(stream, enforce_file_format=True)
    _compare(stream.getvalue(), said)
    return stream.getvalue()


def _reportable(finding: Finding) -> bool:
    return finding.measurement.kind in _REPORTED and any(
        value.value is not None and value.name not in _NO_CONCEPT for value in finding.values
    )


def _observer() -> sr.ObserverContext:
    return sr.ObserverContext(
        observer_type=codes.DCM.Device,
        observer_identifying_attributes=sr.DeviceObserverIdentifyingAttributes(
            uid=_DEVICE_UID, name="Diptych", manufacturer_name="Diptych"
        ),
    )


def _group(finding: Finding, labels: dict[str, str], said: list[_Said]) -> sr.MeasurementsAndQualitativeEvaluations:
    one = finding.measurement
    tracking_uid = tracking_uid_of(one)
    measurements = []
    for value in finding.values:
        if value.value is None or value.name in _NO_CONCEPT:
            continue
        name, derivation = _concept(value)
        said.append(
            _Said(tracking_uid, name.value, derivation.value if derivation else "", _unit(value).value, value.value)
        )
        measurements.append(
            sr.Measurement(
                name=name,
                value=value.value,
                unit=_unit(value),
                derivation=derivation,
                referenced_coordinates=[_coordinates(finding, value)],
            )
        )
    return sr.MeasurementsAndQualitativeEvaluations(
        tracking_identifier=sr.TrackingIdentifier(uid=tracking_uid, identifier=_label(one.lesion, labels, one.text)),
        finding_type=Code("52988006", "SCT", "Lesion"),
        measurements=measurements,
    )


def _label(lesion: str, labels: dict[str, str], text: str) -> str:
    return (labels.get(lesion, "") or text.strip() or "measurement")[:64]


def _concept(value: MeasuredValue) -> tuple[Code, Code | None]:
    derivation = _DERIVATIONS.get(value.name)
    if derivation is not None or value.name == "value":
        return (_NAMES["value"] if value.unit == "HU" else _VALUE), derivation
    if value.name == "pixels":
        return Code("C0805", "99DIPTYCH", "Number of pixels"), None
    return _NAMES[value.name], None


def _unit(value: MeasuredValue) -> Code:
    return _UNITS.get(value.unit, _NO_UNIT)


def _coordinates(finding: Finding, value: MeasuredValue) -> sr.CoordinatesForMeasurement:
    one, place = finding.measurement, finding.place
    assert place is not None  # noqa: S101 - only such findings are reported
    graphic = next(each for each in graphics_of(one, place.frame) if each.name in {"", value.name})
    return sr.CoordinatesForMeasurement(
        graphic_type=graphic.graphic_type,
        graphic_data=graphic.points,
        source_image=sr.SourceImageForRegion(
            place.frame.sop_class_uid,
            one.sop_instance_uid,
            [one.frame_number] if is_multi_frame(place.frame.sop_class_uid) else None,
        ),
    )


def _compare(data: bytes, said: list[_Said]) -> None:
    """Read the file back with pydicom alone and hold every number against what was to be said."""
    found = sorted(_found(dcmread(io.BytesIO(data))), key=repr)
    expected = sorted(said, key=repr)
    is_same = len(found) == len(expected) and all(
        (a.tracking_uid, a.name, a.derivation, a.unit) == (b.tracking_uid, b.name, b.derivation, b.unit)
        and math.isclose(a.value, b.value, rel_tol=1e-9, abs_tol=1e-9)
        for a, b in zip(found, expected, strict=True)
    )
    if not is_same:
        raise ReportRefused("the structured report, read back, does not say what was measured; it was not written")


def _found(report: Dataset) -> list[_Said]:
    return [
        said
        for container in _items(report)
        if _code(container, "ConceptNameCodeSequence") == "125007"  # Measurement Group, TID 1501
        for said in _said_in(container)
    ]


def _said_in(group: Dataset) -> list[_Said]:
    children = list(group.get("ContentSequence", []))
    tracking = next(str(item.UID) for item in children if _code(item, "ConceptNameCodeSequence") == "112040")
    found = []
    for item in children:
        if item.ValueType != "NUM":
            continue
        measured = item.MeasuredValueSequence[0]
        derivation = next(
            (
                _code(child, "ConceptCodeSequence")
                for child in item.get("ContentSequence", [])
                if _code(child, "ConceptNameCodeSequence") == "121401"
            ),
            "",
        )
        value = float(measured.get("FloatingPointValue", measured.NumericValue))
        name, unit = _code(item, "ConceptNameCodeSequence"), _code(measured, "MeasurementUnitsCodeSequence")
        found.append(_Said(tracking, name, derivation, unit, value))
    return found


def _items(item: Dataset) -> list[Dataset]:
    """All content items below one, itself included."""
    return [item, *(below for child in item.get("ContentSequence", []) for below in _items(child))]


def _code(item: Dataset, keyword: str) -> str:
    sequence: Any = item.get(keyword)
    return str(sequence[0].get("CodeValue", "")) if sequence else ""


#: What a structured report is stored as.
SOP_CLASS_UID = str(ComprehensiveSRStorage)
