"""What stands in place of a picture that is not there: a hatch with words, an error tile; never black."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication, QPointF, QRectF, Qt
from PySide6.QtGui import QBrush, QPainter

from loaders.model.frame_validity import FrameState
from viewer.viewport import palette
from viewer.viewport.overlay_painter import paint_text
from viewer.viewport.pane_font import FontMeasure
from viewer.viewport.text_layout import MARGIN_PX, wrap
from viewer.viewport.viewport_model import ViewportModel

translate = QCoreApplication.translate


def absence_text(  # noqa: PLR0911  one return for each reason
    model: ViewportModel, *, renderer_failed: bool = False
) -> tuple[str, str]:
    """Return what is said where the picture would be: a heading, and a reason that may be empty."""
    if model.stack is None:
        if model.viewport.stack is not None:
            return translate("Viewport", "This series is not open"), translate("Viewport", "Open its folder or disc.")
        return translate("Viewport", "Drag a series here"), ""
    if model.blocked_reason:
        return translate("Viewport", "This series cannot be shown"), model.blocked_reason
    number = model.viewport.view.frame_index + 1
    if model.frame is None:
        return translate("Viewport", "Slice {number} does not exist").format(number=number), ""
    if renderer_failed:
        return translate("Viewport", "Slice {number} could not be drawn").format(number=number), ""
    state = model.frame_state
    if state is FrameState.FAILED:
        heading = translate("Viewport", "Slice {number} could not be read").format(number=number)
        return heading, model.volume.validity.reason(number - 1) if model.volume else ""
    if state is FrameState.MISSING:
        heading = translate("Viewport", "Slice {number} is missing").format(number=number)
        return heading, translate("Viewport", "No file holds it.")
    return translate("Viewport", "Slice {number} is not loaded yet").format(number=number), ""


def paint_absence(
    painter: QPainter,
    model: ViewportModel,
    measure: FontMeasure,
    pane: QRectF,
    *,
    renderer_failed: bool = False,
) -> None:
    """Fill the pane with the pattern that stands for 'no picture' and say why in its middle."""
    if model.stack is None:
        painter.fillRect(pane, palette.CHROME)
    else:
        painter.fillRect(pane, palette.CHROME)
        painter.fillRect(pane, QBrush(palette.LINE, Qt.BrushStyle.BDiagPattern))
    heading, reason = absence_text(model, renderer_failed=renderer_failed)
    is_error = (
        renderer_failed
        or bool(model.blocked_reason)
        or (model.stack is not None and model.frame_state in (FrameState.FAILED, FrameState.MISSING))
    )
    colour = palette.DANGER if is_error else palette.TEXT
    room = max(pane.width() * 0.7, 60.0)
    lines = [(line, colour) for line in wrap((heading,), room, measure)]
    lines += [(line, palette.TEXT) for line in wrap((reason,), room, measure)] if reason else []
    if is_error:
        _paint_tile(painter, pane, room, len(lines) * measure.line_height)
    top = pane.center().y() - len(lines) * measure.line_height / 2
    for row, (text, line_colour) in enumerate(lines):
        x = pane.center().x() - measure.width(text) / 2
        paint_text(painter, measure, x, top + row * measure.line_height, text, line_colour)


def _paint_tile(painter: QPainter, pane: QRectF, width: float, height: float) -> None:
    tile = QRectF(0, 0, width + 2 * MARGIN_PX, height + 2 * MARGIN_PX)
    tile.moveCenter(QPointF(pane.center()))
    painter.fillRect(tile, palette.CHROME)
    painter.setPen(palette.DANGER)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawRect(tile)
