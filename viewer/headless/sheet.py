"""The comparison sheet of a saved session: pictures of its lesions, drawn without a window."""

from __future__ import annotations

import os
import sys
from datetime import UTC, datetime

from compare.identity.verdict import Verdict, compare_identity
from compare.pairing.roles import newest_first, study_key_of
from compare.session.comparison_session import ComparisonSession
from compare.session.measurement import InPlanePoint, Measurement, MeasurementKind
from loaders.errors import DecodeError, WorldError
from loaders.model.display import Window
from loaders.model.study import Study
from viewer.headless.measured_session import MeasuredSession, locate
from viewer.headless.opened_path import OpenedPath
from viewer.headless.render import displayed_pixels
from viewer.reporting.sheet_content import SheetContent, SheetExamination, SheetPicture


class SheetRefused(WorldError):
    """The studies of a session cannot stand on one sheet."""

    code = "report_refused"


def sheet_pdf(measured: MeasuredSession, images: OpenedPath, language: str) -> bytes:
    """Return the PDF in a language. Raises ``SheetRefused`` where nothing is measured or identities conflict."""
    if sys.platform.startswith("linux") and not os.environ.get("DISPLAY"):
        os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    from PySide6.QtWidgets import QApplication  # noqa: PLC0415 - no window is needed, but fonts are

    from viewer.reporting.comparison_sheet import comparison_sheet  # noqa: PLC0415
    from viewer.translation.languages import Languages  # noqa: PLC0415

    application = QApplication.instance() or QApplication(["diptych"])
    assert isinstance(application, QApplication)  # noqa: S101 - the line above made it
    languages = Languages(application)
    languages.use(language)
    return comparison_sheet(content_of(measured, images), languages.language)


def content_of(measured: MeasuredSession, images: OpenedPath) -> SheetContent:
    """Return what the sheet of a session shows. Raises as :func:`sheet_pdf`."""
    keys = {point.study_key for point in measured.findings.points}
    studies = [study for study in newest_first(measured.studies) if study_key_of(study) in keys]
    if not studies:
        raise SheetRefused("nothing of this session is measured on the images at hand")
    return SheetContent(
        patient=studies[0].patient,
        examinations=tuple(
            SheetExamination(study_key_of(study), study.study_date, study.description, study.institution)
            for study in studies
        ),
        findings=measured.findings,
        pictures=_pictures(measured, images),
        made_on=datetime.now(UTC).astimezone().date(),
        identity_tag=_identity_tag(measured, studies),
    )


def _identity_tag(measured: MeasuredSession, studies: list[Study]) -> str:
    from viewer.reporting.identity_words import matched_words, overridden_words  # noqa: PLC0415 - Qt

    overrides = {frozenset(one[:2]): one[2] for one in measured.session.identity_overrides}
    tag = ""
    for other in studies[1:]:
        verdict = compare_identity(studies[0], other).verdict
        reason = overrides.get(frozenset((study_key_of(studies[0]), study_key_of(other))))
        if verdict is Verdict.CONFLICT and not reason:
            raise SheetRefused("the studies name different patients, and no reason was given for comparing them")
        if verdict is Verdict.CONFLICT and reason:
            return overridden_words(reason)
        if verdict is Verdict.UNPROVEN:
            tag = matched_words()
    return tag


def _pictures(measured: MeasuredSession, images: OpenedPath) -> dict[tuple[str, str], SheetPicture]:
    sizes = {
        (row.lesion.tracking_uid, point.study_key): cell.size.measurement
        for row in measured.findings.rows
        for point, cell in zip(measured.findings.points, row.cells, strict=True)
        if cell.size.measurement
    }
    drawn = {one.identifier: one for one in measured.session.measurements}
    pictures = {}
    for key, identifier in sizes.items():
        picture = _picture(drawn[identifier], measured, images)
        if picture is not None:
            pictures[key] = picture
    return pictures


def _picture(measurement: Measurement, measured: MeasuredSession, images: OpenedPath) -> SheetPicture | None:
    found = locate(measurement, measured.studies)
    if found is None:
        return None
    choice = found[1]
    try:
        pixels = displayed_pixels(images.frame(choice), _window_of(measurement, measured.session))
    except DecodeError:
        return None
    spacing, points = choice.frame.spacing, measurement.points_mm
    centre = (sum(x for x, _ in points) / len(points), sum(y for _, y in points) / len(points))
    return SheetPicture(
        pixels=pixels,
        spacing_mm=(spacing.row_mm, spacing.column_mm),
        centre_mm=centre,
        lines_mm=lines_of(measurement),
        slice_number=choice.index + 1,
        is_mm=spacing.is_mm,
    )


def _window_of(measurement: Measurement, session: ComparisonSession) -> Window | None:
    """The window the reader had on that series, where it hangs in the session; else the file's own."""
    for viewport in session.viewports:
        if viewport.stack is not None and viewport.stack.series_uid == measurement.stack.series_uid:
            return viewport.presentation.window
    return None


def lines_of(measurement: Measurement) -> tuple[tuple[InPlanePoint, ...], ...]:
    """Return the axes of a length or of a bidirectional measurement as lines in in-plane mm."""
    points = measurement.points_mm
    return (points[:2], points[2:]) if measurement.kind is MeasurementKind.BIDIRECTIONAL else (points,)
