"""What the reader drew, as grayscale softcopy presentation states: one for each study and size of image."""

from __future__ import annotations

import io
from collections import defaultdict
from collections.abc import Mapping, Sequence

from highdicom import pr
from pydicom import dcmread
from pydicom.dataset import Dataset
from pydicom.uid import generate_uid

from compare.reporting.evidence import completed, tracking_uid_of
from compare.reporting.findings import Finding, Findings
from compare.reporting.refusal import ReportRefused
from compare.reporting.shapes import Graphic, graphics_of, is_multi_frame
from compare.session.measurement import MeasurementKind
from loaders.model.frame import Frame

_SERIES_NUMBER = 9002
_LAYER = pr.GraphicLayer(layer_name="DIPTYCH", order=1, description="Measurements of the reader")


def presentation_states(findings: Findings, evidence: Sequence[Dataset]) -> tuple[bytes, ...]:
    """Return the files of the presentation states, newest study first.

    ``evidence`` are the headers of all instances that something was drawn on. A state speaks of grey images of one
    study and one size only (PS3.3 A.33.1), so there may be several. Raises ``ReportRefused`` where nothing was drawn
    on open grey images, or where a state read back does not hold what was drawn.
    """
    headers = {str(header.SOPInstanceUID): completed(header) for header in evidence}
    groups: dict[tuple[str, int, int], list[Finding]] = defaultdict(list)
    for finding in findings.measurements:
        place, header = finding.place, headers.get(finding.measurement.sop_instance_uid)
        if place is None or header is None or place.frame.format.is_colour:
            continue
        key = (str(header.StudyInstanceUID), place.frame.format.rows, place.frame.format.columns)
        groups[key].append(finding)
    if not groups:
        raise ReportRefused("nothing was drawn on open grey images")
    ordered = sorted(groups.values(), key=lambda group: str(_header(group[0], headers).StudyDate or ""), reverse=True)
    return tuple(_state(group, headers) for group in ordered)


def _state(group: Sequence[Finding], headers: Mapping[str, Dataset]) -> bytes:
    used = list({id(header): header for header in (_header(one, headers) for one in group)}.values())
    annotations = [_annotation(finding, _header(finding, headers)) for finding in group]
    state = pr.GrayscaleSoftcopyPresentationState(
        referenced_images=used,
        series_instance_uid=generate_uid(None),
        series_number=_SERIES_NUMBER,
        sop_instance_uid=generate_uid(None),
        instance_number=1,
        manufacturer="Diptych",
        manufacturer_model_name="Diptych",
        software_versions="1",
        device_serial_number="none",
        content_label="DIPTYCH",
        content_description="Measurements of the reader",
        graphic_annotations=annotations,
        graphic_layers=[_LAYER],
    )
    sides = {str(header.get("Laterality", "") or "") for header in used}
    state.Laterality = sides.pop() if len(sides) == 1 else ""
    stream = io.BytesIO()
    state.save_as(stream, enforce_file_format=True)
    _compare(stream.getvalue(), group)
    return stream.getvalue()


def _annotation(finding: Finding, header: Dataset) -> pr.GraphicAnnotation:
    one, frame = finding.measurement, _frame(finding)
    graphics = graphics_of(one, frame)
    if any((graphic.points < 0.0).any() for graphic in graphics):
        raise ReportRefused(f"a measurement ({one.kind.value}) reaches beyond its image, which a state cannot hold")
    label = (one.text.strip() or _words(finding))[:1024]
    return pr.GraphicAnnotation(
        referenced_images=[header],
        referenced_frame_number=one.frame_number if is_multi_frame(frame.sop_class_uid) else None,
        graphic_layer=_LAYER,
        graphic_objects=[
            pr.GraphicObject(
                graphic_type=graphic.graphic_type,
                graphic_data=graphic.points[0] if graphic.graphic_type == "POINT" else graphic.points,
                units="PIXEL",
                tracking_id=label[:64] or one.kind.value,
                tracking_uid=tracking_uid_of(one),
            )
            for graphic in graphics
            if one.kind is not MeasurementKind.TEXT
        ]
        or None,
        text_objects=[_text(label, graphics[0])] if label else None,
    )


def _text(label: str, graphic: Graphic) -> pr.TextObject:
    column, row = graphic.points[0]
    return pr.TextObject(text_value=label, units="PIXEL", anchor_point=(float(column), float(row)))


def _words(finding: Finding) -> str:
    """The values as a reader of another viewer shall see them: ``12.3 mm x 8.1 mm``."""
    shown = [value for value in finding.values if value.rounded is not None][:2]
    separator = " x " if finding.measurement.kind is MeasurementKind.BIDIRECTIONAL else ", "
    named = finding.measurement.kind not in {MeasurementKind.BIDIRECTIONAL, MeasurementKind.LENGTH}
    return separator.join(
        f"{value.name + ' ' if named else ''}{value.rounded:.{value.decimals}f} {value.unit}".strip() for value in shown
    )


def _compare(data: bytes, group: Sequence[Finding]) -> None:
    """Read the state back with pydicom alone: every point lies where it was drawn, to a hundredth of a pixel."""
    found: dict[str, list[float]] = defaultdict(list)
    for annotation in dcmread(io.BytesIO(data)).GraphicAnnotationSequence:
        for graphic in annotation.get("GraphicObjectSequence", []):
            found[str(graphic.TrackingUID)] += [float(value) for value in graphic.GraphicData]
    expected: dict[str, list[float]] = defaultdict(list)
    for finding in group:
        if finding.measurement.kind is not MeasurementKind.TEXT:
            for graphic in graphics_of(finding.measurement, _frame(finding)):
                expected[tracking_uid_of(finding.measurement)] += graphic.points.ravel().tolist()
    is_same = found.keys() == expected.keys() and all(
        len(found[key]) == len(expected[key])
        and all(abs(a - b) < 0.01 for a, b in zip(found[key], expected[key], strict=True))
        for key in expected
    )
    if not is_same:
        raise ReportRefused("the presentation state, read back, does not hold what was drawn; it was not written")


def _header(finding: Finding, headers: Mapping[str, Dataset]) -> Dataset:
    return headers[finding.measurement.sop_instance_uid]


def _frame(finding: Finding) -> Frame:
    assert finding.place is not None  # noqa: S101 - only such findings are written
    return finding.place.frame
