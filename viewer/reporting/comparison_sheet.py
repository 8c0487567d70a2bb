"""One page for the record: both dates, the lesions beside each other at one scale, the table, the response."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication, QRectF
from PySide6.QtGui import QImage

from compare.following.lesion import Lesion
from compare.following.lesion_table import LesionRow
from compare.following.recist import Evaluation, Response
from viewer.panels.birth_text import birth_text
from viewer.reporting.change_words import change_text, doubling_text, mm_text
from viewer.reporting.page import HEIGHT_MM, MARGIN_MM, WIDTH_MM, Page
from viewer.reporting.sheet_content import SheetContent, SheetExamination, SheetPicture
from viewer.viewport.kept_picture import image_of
from viewer.viewport.localised_dates import date_text, interval_text

translate = QCoreApplication.translate

_WITHIN = WIDTH_MM - 2 * MARGIN_MM
_PICTURE_MM = 58.0
_SHOWN_MM = 60.0  # of the patient, in a picture's width
_DATE_MM = 27.0
_MOST_PICTURED, _MOST_ROWS, _MOST_DATES = 2, 12, 3
#: Reasons of the baseline that make a target no target (compare.following.recist.why_not_target).
_NOT_MEASURABLE = ("too_small:", "node_too_small:", "no_short_axis:")
_MARK = "#F2B65A"


def comparison_sheet(content: SheetContent, language: str) -> bytes:
    """Return the sheet as a PDF in the installed language. Needs a running ``QGuiApplication``."""
    page = Page(translate("ComparisonSheet", "Comparison of examinations"), language)
    y = _head(page, content)
    y = _pictures(page, content, y)
    y = _table(page, content, y)
    _response(page, content, y)
    _foot(page, content)
    return page.finish()


def _head(page: Page, content: SheetContent) -> float:
    y = MARGIN_MM
    page.text("Diptych", MARGIN_MM, y, width=_WITHIN, points=9, quiet=True, right=True)
    y += page.text(
        translate("ComparisonSheet", "Comparison of examinations"), MARGIN_MM, y, width=150, points=15, bold=True
    )
    patient = content.patient
    name = " ".join(filter(None, (patient.name.alphabetic_text, patient.name.ideographic_text)))
    identifier = patient.primary_identifier
    newest = content.examinations[0].study_date if content.examinations else None
    facts = (
        name or translate("ComparisonSheet", "name not provided"),
        identifier.value if identifier else translate("ComparisonSheet", "identifier not provided"),
        patient.sex,
        birth_text(patient.birth_date, newest),
    )
    y += 1.5 + page.text(" · ".join(filter(None, facts)), MARGIN_MM, y + 1.5, width=_WITHIN, points=11)
    if content.identity_tag:
        y += 1.0 + page.text(content.identity_tag, MARGIN_MM, y + 1.0, width=_WITHIN, points=9, bold=True)
    y += 2.0
    for examination in content.examinations[:_MOST_DATES]:
        y += page.text(_examination_text(examination, newest is not None, content), MARGIN_MM, y, width=_WITHIN)
    page.rule(MARGIN_MM, y + 1.5, WIDTH_MM - MARGIN_MM, y + 1.5)
    return y + 4.0


def _examination_text(examination: SheetExamination, has_newest: bool, content: SheetContent) -> str:  # noqa: FBT001
    newest = content.examinations[0].study_date if has_newest else None
    parts = (
        date_text(examination.study_date),
        interval_text(examination.study_date, newest) if examination is not content.examinations[0] else "",
        examination.description,
        examination.institution,
    )
    return " · ".join(filter(None, parts))


def _pictures(page: Page, content: SheetContent, y: float) -> float:
    """The two newest examinations side by side, current left: both cut-outs show the same width of the patient."""
    shown = content.examinations[:2]
    pictured = [row.lesion for row in content.findings.rows if _has_picture(row.lesion, shown, content)]
    for lesion in pictured[:_MOST_PICTURED]:
        page.text(lesion.label, MARGIN_MM, y, width=45, points=10, bold=True)
        for column, examination in enumerate(shown):
            x = MARGIN_MM + 48.0 + column * (_PICTURE_MM + 6.0)
            page.black(x, y, _PICTURE_MM, _PICTURE_MM)
            picture = content.pictures.get((lesion.tracking_uid, examination.study_key))
            caption = date_text(examination.study_date)
            if picture is not None:
                _cut_out(page, picture, x, y)
                caption += " · " + translate("ComparisonSheet", "slice {number}").format(number=picture.slice_number)
            else:
                caption += " · " + translate("ComparisonSheet", "not measured here")
            page.text(caption, x, y + _PICTURE_MM + 0.8, width=_PICTURE_MM, points=8, quiet=True)
        y += _PICTURE_MM + 7.0
    return y


def _has_picture(lesion: Lesion, shown: tuple[SheetExamination, ...], content: SheetContent) -> bool:
    return any((lesion.tracking_uid, one.study_key) in content.pictures for one in shown)


def _cut_out(page: Page, picture: SheetPicture, x: float, y: float) -> None:
    scale = _PICTURE_MM / _SHOWN_MM
    row_mm, column_mm = picture.spacing_mm
    rows, columns = picture.pixels.shape[:2]
    left = x + _PICTURE_MM / 2 - (picture.centre_mm[0] + column_mm / 2) * scale
    top = y + _PICTURE_MM / 2 - (picture.centre_mm[1] + row_mm / 2) * scale
    image: QImage = image_of(picture.pixels)
    target = QRectF(left, top, columns * column_mm * scale, rows * row_mm * scale)
    page.clip(x, y, _PICTURE_MM, _PICTURE_MM)
    page.picture(image, target.x(), target.y(), target.width(), target.height())
    for line in picture.lines_mm:
        page.polyline(
            [(left + (right + column_mm / 2) * scale, top + (down + row_mm / 2) * scale) for right, down in line],
            colour=_MARK,
        )
    page.unclip()
    if picture.is_mm:
        page.rule(x + 3, y + _PICTURE_MM - 3, x + 3 + 10 * scale, y + _PICTURE_MM - 3, colour="#FFFFFF", width=0.4)


def _table(page: Page, content: SheetContent, y: float) -> float:
    points = content.findings.points[-_MOST_DATES:]
    if not content.findings.rows or not points:
        return y + page.text(
            translate("ComparisonSheet", "No lesion is followed on these examinations."), MARGIN_MM, y, width=_WITHIN
        )
    widths = [42.0, *([_DATE_MM] * len(points)), 30.0, _WITHIN - 72.0 - _DATE_MM * len(points)]
    heads = [
        translate("ComparisonSheet", "Lesion"),
        *(date_text(point.study_date) for point in points),
        translate("ComparisonSheet", "Change"),
        translate("ComparisonSheet", "Doubling time"),
    ]
    y = _row(page, heads, widths, y, bold=True)
    page.rule(MARGIN_MM, y, WIDTH_MM - MARGIN_MM, y)
    rows = content.findings.rows
    for row in rows[:_MOST_ROWS]:
        y = _row(page, _cells(row, len(points)), widths, y + 0.6)
    if len(rows) > _MOST_ROWS:
        left_out = translate("ComparisonSheet", "{count} more lesions are not on this page.")
        y += page.text(left_out.format(count=len(rows) - _MOST_ROWS), MARGIN_MM, y, width=_WITHIN, quiet=True)
    return y + 3.0


def _row(page: Page, cells: list[str], widths: list[float], y: float, *, bold: bool = False) -> float:
    x, tallest = MARGIN_MM, 0.0
    for cell, width in zip(cells, widths, strict=True):
        tallest = max(tallest, page.text(cell, x, y, width=width - 1.5, points=8.5, bold=bold))
        x += width
    return y + tallest + 0.6


def _cells(row: LesionRow, count: int) -> list[str]:
    kind = translate("ComparisonSheet", "short axis") if row.lesion.is_lymph_node else ""
    sizes = ["–" if cell.counted_mm is None else mm_text(f"{cell.counted_mm:.1f}") for cell in row.cells[-count:]]
    changes = [cell.from_previous for cell in row.cells[-count:] if cell.from_previous is not None]
    last = changes[-1] if changes else None
    return [" · ".join(filter(None, (row.lesion.label, kind))), *sizes, change_text(last), doubling_text(last)]


def _response(page: Page, content: SheetContent, y: float) -> None:
    evaluations = content.findings.evaluations
    if len(evaluations) < 2 or evaluations[-1].overall is Response.NO_TARGETS:
        return
    y += page.text(_response_text(evaluations[-1]), MARGIN_MM, y, width=_WITHIN, points=9, bold=True)
    faults = [reason.partition(":")[2] for reason in evaluations[0].reasons if reason.startswith(_NOT_MEASURABLE)]
    if faults:
        words = translate("ComparisonSheet", "Below the size that RECIST 1.1 asks of a target: {lesions}")
        page.text(words.format(lesions=", ".join(faults)), MARGIN_MM, y + 0.8, width=_WITHIN, points=9)


def _response_text(last: Evaluation) -> str:
    words = translate("ComparisonSheet", "RECIST 1.1, {date}: {response}").format(
        date=date_text(last.point.study_date), response=last.overall.value
    )
    if last.sum_mm is None:
        return words
    total = translate("ComparisonSheet", "sum of diameters {size} mm").format(size=f"{last.sum_mm:.1f}")
    percents = [
        (translate("ComparisonSheet", "{percent} % from baseline"), last.from_baseline_percent),
        (translate("ComparisonSheet", "{percent} % from nadir"), last.from_nadir_percent),
    ]
    changes = [text.format(percent=f"{value:+.0f}") for text, value in percents if value is not None]
    return " · ".join((words, total, *changes))


def _foot(page: Page, content: SheetContent) -> None:
    y = HEIGHT_MM - MARGIN_MM - 12.0
    page.rule(MARGIN_MM, y, WIDTH_MM - MARGIN_MM, y)
    page.text(
        translate(
            "ComparisonSheet",
            "Not for primary diagnosis. Measured by the reader on the source slices; both pictures of a lesion show "
            "the same width of the patient. Volumes behind doubling times are estimated from two axes. The response is "
            "what the published criteria make of these measurements; it does not replace the reader's judgement.",
        ),
        MARGIN_MM,
        y + 1.0,
        width=_WITHIN - 30.0,
        points=7.5,
        quiet=True,
    )
    page.text(date_text(content.made_on), MARGIN_MM, y + 1.0, width=_WITHIN, points=7.5, quiet=True, right=True)
