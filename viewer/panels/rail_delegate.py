"""How the time rail's rows are painted. One painter for all rows: ten thousand series need no widget each."""

from __future__ import annotations

import math
from enum import StrEnum

from PySide6.QtCore import QModelIndex, QObject, QPersistentModelIndex, QPointF, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFont, QPainter, QPen
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem

from compare.pairing.roles import study_key_of
from viewer.main_window.theme import COLOURS, SMALL_TEXT_PX, TEXT_PX
from viewer.panels.plain_text import shown_text
from viewer.panels.rail_model import RailModel
from viewer.panels.rail_rows import PatientRow, Presence, Row, SeriesRow, StudyRow, StudyState
from viewer.panels.rail_text import masked_text, patient_text, series_text, warning_word, when_text
from viewer.viewport.localised_dates import date_text

THUMBNAIL_PX = 44
_AXIS_X = 9
_TEXT_X = 19
_CHIP_RADIUS = 4.0
_LINE_PX = 17


class RailForm(StrEnum):
    """What there is room for: pictures only, pictures with words below, pictures with words beside."""

    COMPACT = "compact"
    NARROW = "narrow"
    WIDE = "wide"


def rail_form(width_px: int) -> RailForm:
    """Return the form for a width in device-independent pixels."""
    if width_px < 104:
        return RailForm.COMPACT
    return RailForm.NARROW if width_px < 176 else RailForm.WIDE


_SERIES_HEIGHT = {RailForm.COMPACT: 64, RailForm.NARROW: 70, RailForm.WIDE: 56}
_STUDY_HEIGHT = {RailForm.COMPACT: 22, RailForm.NARROW: 56, RailForm.WIDE: 56}
_PATIENT_HEIGHT = {RailForm.COMPACT: 22, RailForm.NARROW: 42, RailForm.WIDE: 42}


class RailDelegate(QStyledItemDelegate):
    """Paints patient, study and series rows in the rail's present form."""

    def __init__(self, model: RailModel, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._model = model
        self.form = RailForm.NARROW

    def sizeHint(  # noqa: N802 - Qt's name
        self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> QSize:
        """Height by the kind of row; a study also carries the gap above it."""
        del option
        row = self._model.row_at(index.row())
        if isinstance(row, SeriesRow):
            return QSize(40, _SERIES_HEIGHT[self.form])
        if isinstance(row, StudyRow):
            return QSize(40, _STUDY_HEIGHT[self.form] + row.gap_px)
        return QSize(40, _PATIENT_HEIGHT[self.form])

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        """Paint one row."""
        row = self._model.row_at(index.row())
        area = option.rect
        state = option.state
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        self._paint_ground(painter, area, state, row)
        if isinstance(row, SeriesRow):
            self._paint_series(painter, area, row)
        elif isinstance(row, StudyRow):
            self._paint_study(painter, area, row)
        else:
            self._paint_patient(painter, area, row)
        painter.restore()

    def _paint_ground(self, painter: QPainter, area: QRect, state: QStyle.StateFlag, row: Row) -> None:
        if isinstance(row, PatientRow):
            painter.fillRect(area, QColor(COLOURS.raised))
            return
        if state & QStyle.StateFlag.State_Selected:
            painter.fillRect(area, QColor(COLOURS.control))
        elif state & QStyle.StateFlag.State_MouseOver:
            painter.fillRect(area, QColor(COLOURS.raised))
        if state & QStyle.StateFlag.State_HasFocus:
            painter.setPen(QPen(QColor(COLOURS.quiet), 1))
            painter.drawRect(QRectF(area).adjusted(0.5, 0.5, -0.5, -0.5))
        if self.form is not RailForm.COMPACT:
            painter.setPen(QPen(QColor(COLOURS.line), 1))
            painter.drawLine(QPointF(_AXIS_X + 0.5, area.top()), QPointF(_AXIS_X + 0.5, area.bottom() + 1))

    def _paint_patient(self, painter: QPainter, area: QRect, row: PatientRow) -> None:
        inside = area.adjusted(6, 3, -4, -3)
        name = patient_text(row.patient)
        if self.form is RailForm.COMPACT:
            short = shown_text(row.patient.name.ideographic_text) or name
            _draw(painter, inside, short, COLOURS.text, size_px=SMALL_TEXT_PX)
            return
        upper, lower = _lines(inside)
        alphabetic = shown_text(row.patient.name.alphabetic_text)
        ideographic = shown_text(row.patient.name.ideographic_text) if alphabetic else ""
        _draw(painter, upper, alphabetic or name, COLOURS.text, bold=True)
        below = "  ".join(part for part in (ideographic, masked_text(row.patient)) if part)
        _draw(painter, lower, below, COLOURS.quiet, size_px=SMALL_TEXT_PX)

    def _paint_study(self, painter: QPainter, area: QRect, row: StudyRow) -> None:
        below_gap = area.adjusted(0, row.gap_px, 0, 0)
        study = row.study
        chip_centre = QPointF(_AXIS_X + 0.5, below_gap.top() + 12)
        _draw_chip(painter, chip_centre, self._model.state(study_key_of(study)))
        inside = below_gap.adjusted(_TEXT_X, 3, -4, -2)
        if self.form is RailForm.COMPACT:
            year = str(study.study_date.year) if study.study_date else "?"
            _draw(painter, inside, year, COLOURS.text, size_px=SMALL_TEXT_PX)
            return
        line = QRect(inside.left(), inside.top(), inside.width(), _LINE_PX)
        _draw(painter, line, date_text(study.study_date), COLOURS.text, bold=True)
        line.translate(0, _LINE_PX)
        _draw(painter, line, when_text(row), COLOURS.text, size_px=SMALL_TEXT_PX)
        line.translate(0, _LINE_PX)
        about = " · ".join(part for part in (study.description, study.institution) if part)
        _draw(painter, line, shown_text(about), COLOURS.quiet, size_px=SMALL_TEXT_PX)

    def _paint_series(self, painter: QPainter, area: QRect, row: SeriesRow) -> None:
        if self.form is RailForm.COMPACT:
            left = area.left() + max(0, (area.width() - THUMBNAIL_PX) // 2)
            self._paint_thumbnail(painter, QRect(left, area.top() + 2, THUMBNAIL_PX, THUMBNAIL_PX), row)
            line = QRect(area.left() + 2, area.top() + THUMBNAIL_PX + 2, area.width() - 4, 16)
            colour = COLOURS.warning if warning_word(row) else COLOURS.quiet
            text = f"!{row.count_text}" if warning_word(row) else row.count_text
            centred = Qt.AlignmentFlag.AlignHCenter
            _draw(painter, line, text, colour, size_px=11 if len(text) < 8 else 9, align=centred)
            return
        thumbnail = QRect(area.left() + _TEXT_X, area.top() + 5, THUMBNAIL_PX, THUMBNAIL_PX)
        self._paint_thumbnail(painter, thumbnail, row)
        left = thumbnail.right() + 5
        line = QRect(left, area.top() + 3, area.right() - left - 1, _LINE_PX)
        modality = shown_text(row.series.modality)
        if self.form is RailForm.NARROW:
            texts = [(modality, COLOURS.text), (row.count_text, COLOURS.quiet)]
            below = QRect(area.left() + _TEXT_X, thumbnail.bottom() + 2, area.width() - _TEXT_X - 2, _LINE_PX)
            # The warning stands first: where the line is too short it is the description that yields.
            word = warning_word(row)
            _draw(painter, below, word, COLOURS.warning, size_px=SMALL_TEXT_PX)
            taken = painter.fontMetrics().horizontalAdvance(f"{word} ") if word else 0
            below.setLeft(below.left() + taken)
            _draw(painter, below, series_text(row), COLOURS.text, size_px=SMALL_TEXT_PX)
        else:
            about = " · ".join(part for part in (warning_word(row), _other_institution(row)) if part)
            colour = COLOURS.warning if warning_word(row) else COLOURS.quiet
            texts = [
                (f"{modality}  {row.count_text}", COLOURS.text),
                (series_text(row), COLOURS.text),
                (about, colour),
            ]
        for text, colour in texts:
            # "812/1000" cut to "812/1…" would be a wrong number: a long count is set smaller instead.
            is_long_count = self.form is RailForm.NARROW and text == row.count_text and len(text) > 6
            _draw(painter, line, text, colour, size_px=10 if is_long_count else SMALL_TEXT_PX)
            line.translate(0, 16)

    def _paint_thumbnail(self, painter: QPainter, area: QRect, row: SeriesRow) -> None:
        key = row.stack.key
        painter.fillRect(area, QColor(COLOURS.image))
        picture = self._model.thumbnail(key)
        if picture is not None:
            size = picture.deviceIndependentSize()
            corner = QPointF(area.center()) + QPointF(0.5 - size.width() / 2, 0.5 - size.height() / 2)
            painter.drawPixmap(QRectF(corner, size).topLeft(), picture)
        else:
            centred = Qt.AlignmentFlag.AlignHCenter
            _draw(painter, area, shown_text(row.series.modality), COLOURS.quiet, size_px=11, align=centred)
        on_screen = self._model.is_on_screen(key)
        painter.setPen(QPen(QColor(COLOURS.text if on_screen else COLOURS.line), 2 if on_screen else 1))
        painter.drawRect(QRectF(area).adjusted(0.5, 0.5, -0.5, -0.5))
        number = self._model.pair_number(key)
        if number is not None:
            width = 15 if number < 10 else 21
            corner_area = QRect(area.right() - width, area.top() + 1, width, 15)
            painter.fillRect(corner_area, QColor(COLOURS.control))
            centred = Qt.AlignmentFlag.AlignHCenter
            _draw(painter, corner_area, str(number), COLOURS.text, size_px=11, align=centred, bold=True)


def _other_institution(row: SeriesRow) -> str:
    own = row.series.equipment.institution
    return shown_text(own) if own and own != row.study.institution else ""


def _lines(area: QRect) -> tuple[QRect, QRect]:
    half = area.height() // 2
    return (
        QRect(area.left(), area.top(), area.width(), half),
        QRect(area.left(), area.top() + half, area.width(), area.height() - half),
    )


def _draw(
    painter: QPainter,
    area: QRect,
    text: str,
    colour: str,
    *,
    size_px: int = TEXT_PX,
    bold: bool = False,
    align: Qt.AlignmentFlag = Qt.AlignmentFlag.AlignLeft,
) -> None:
    """Draw one line of plain text, with an ellipsis where it does not fit."""
    if not text or area.width() <= 0:
        return
    font = QFont(painter.font())
    font.setPixelSize(size_px)
    font.setWeight(QFont.Weight.DemiBold if bold else QFont.Weight.Normal)
    painter.setFont(font)
    painter.setPen(QColor(colour))
    line = painter.fontMetrics().elidedText(text, Qt.TextElideMode.ElideRight, area.width())
    flags = align | Qt.AlignmentFlag.AlignVCenter | Qt.TextFlag.TextSingleLine
    painter.drawText(area, int(flags), line)


def _draw_chip(painter: QPainter, centre: QPointF, state: StudyState) -> None:
    """Filled: on disk; ring: in the store; arc: loading."""
    box = QRectF(centre.x() - _CHIP_RADIUS, centre.y() - _CHIP_RADIUS, 2 * _CHIP_RADIUS, 2 * _CHIP_RADIUS)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor(COLOURS.chrome))
    painter.drawEllipse(box.adjusted(-2, -2, 2, 2))
    if state.presence is Presence.ON_DISK:
        painter.setBrush(QColor(COLOURS.text))
        painter.drawEllipse(box)
        return
    painter.setBrush(Qt.BrushStyle.NoBrush)
    if state.presence is Presence.IN_STORE:
        painter.setPen(QPen(QColor(COLOURS.text), 1.5))
        painter.drawEllipse(box)
        return
    painter.setPen(QPen(QColor(COLOURS.line), 1.5))
    painter.drawEllipse(box)
    fraction = 0.25 if state.fraction is None else min(max(state.fraction, 0.0), 1.0)
    painter.setPen(QPen(QColor(COLOURS.text), 2))
    # Qt counts arcs in sixteenths of a degree, anticlockwise from three o'clock: start at twelve, go clockwise.
    painter.drawArc(box, 90 * 16, -math.floor(fraction * 360 * 16))
