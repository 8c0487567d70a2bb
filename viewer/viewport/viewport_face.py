"""What a viewport looks like: its picture and everything painted over it. Driven by values, it changes nothing."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, QSize, Qt, QTimer
from PySide6.QtGui import QImage, QPainter, QPaintEvent
from PySide6.QtWidgets import QWidget

from compare.linking.cursor import CursorMark
from compare.session.measure_commands import is_sound
from compare.session.measurement import POINTS, Measurement
from compare.viewing.canvas import CanvasTransform
from compare.viewing.orientation import orientation_letters
from loaders.model.frame import Frame
from loaders.model.overlay import FrameOverlays
from loaders.model.volume import Volume
from viewer.rendering.slice_renderer import SliceRenderer, SliceRequest
from viewer.tools.drawing import Draft
from viewer.viewport.absent_picture import paint_absence
from viewer.viewport.badges import ROLE_TONES
from viewer.viewport.corner_texts import CornerText, compact_lines, corner_texts, tooltip_lines
from viewer.viewport.kept_picture import KeptPicture, image_of
from viewer.viewport.marks_painter import Canvas, paint_cursor, paint_reference_lines
from viewer.viewport.measurement_painter import CarriedRing, paint_draft, paint_measurements, paint_rings
from viewer.viewport.object_painter import paint_overlays
from viewer.viewport.overlay_painter import (
    EdgeSpace,
    paint_border,
    paint_letters,
    paint_lines,
    paint_scale_bar,
    paint_skipping,
    paint_strip,
    strip_area,
)
from viewer.viewport.pane_font import FontMeasure, pane_font
from viewer.viewport.scale_bar import scale_bar
from viewer.viewport.text_layout import Pane, TextLayout, lay_out, lay_out_compact
from viewer.viewport.viewport_model import ViewportModel

#: How long the mark of skipped slices stays after the last of them.
_SKIPPING_MS = 500


class ViewportFace(QWidget):
    """Paints a :class:`ViewportModel`, or for a while a finished picture of another study in its place."""

    def __init__(self, index: int, renderer: SliceRenderer, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._index = index
        self._renderer = renderer
        self._model = ViewportModel(index=index)
        self._kept = KeptPicture()
        self._instead: tuple[ViewportModel, QImage | None] | None = None
        self._cursor_mark: CursorMark | None = None
        self._overlays: tuple[Frame, FrameOverlays] | None = None
        self._chosen_measurement = ""
        self._draft: Draft | None = None
        self._rings: tuple[Frame, tuple[CarriedRing, ...]] | None = None
        #: The words beside a measurement on a volume: who measures knows them.
        self.words_of: Callable[[Measurement, Volume | None], Sequence[str]] = lambda _one, _volume: ()
        self._layout_kept: tuple[object, TextLayout] | None = None
        self._measure: FontMeasure | None = None
        self._is_painted = True
        self._skipped = 0
        self._skip_timer = QTimer(self)
        self._skip_timer.setSingleShot(True)
        self._skip_timer.setInterval(_SKIPPING_MS)
        self._skip_timer.timeout.connect(self._end_skipping)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setMinimumSize(120, 120)

    @property
    def model(self) -> ViewportModel:
        """What the session says of this viewport."""
        return self._model

    @property
    def shown_model(self) -> ViewportModel:
        """What is painted now: while flicker is held, the other examination's."""
        return self._instead[0] if self._instead is not None else self._model

    @property
    def canvas_size(self) -> tuple[int, int]:
        """Width and height in device pixels."""
        ratio = self.devicePixelRatioF()
        return (round(self.width() * ratio), round(self.height() * ratio))

    @property
    def skipped(self) -> int:
        """How many slices of a fast scroll were passed over without being painted, until the mark goes out."""
        return self._skipped

    def show_model(self, model: ViewportModel) -> None:
        """Paint another state; nothing is repainted when nothing differs."""
        if model == self._model:
            return
        if _is_scrolled(self._model, model) and not self._is_painted and self.isVisible():
            self._skipped += 1
        if model.stack is not self._model.stack:
            self._skipped = 0
        self._is_painted = False
        self._model = model
        self.setToolTip("\n".join(tooltip_lines(model)) if self._pane().is_compact else "")
        self.update()

    def use_renderer(self, renderer: SliceRenderer) -> None:
        """Draw with another renderer from now on."""
        self._renderer = renderer
        self._kept.forget()
        self.update()

    def release(self, volume: Volume) -> None:
        """Forget a volume that is given up, picture and model; an unused viewport would hold it for ever."""
        if self._model.volume is volume:
            self._kept.forget()
            self._instead = None
            self._model = replace(self._model, volume=None)
            self.update()

    def repaint_picture(self) -> None:
        """Paint again after frames have arrived."""
        self.update()

    def show_instead(self, model: ViewportModel | None, pixels: NDArray[np.uint8] | None = None) -> None:
        """Show another model on this canvas, with a finished picture or with its own; ``None`` goes back.

        ``pixels`` are (height, width) or (height, width, 3) of :attr:`canvas_size`.
        """
        self._instead = None if model is None else (model, None if pixels is None else image_of(pixels))
        self.update()

    def show_cursor(self, mark: CursorMark | None) -> None:
        """Mark a point of the patient, or none."""
        if mark != self._cursor_mark:
            self._cursor_mark = mark
            self.update()

    def show_overlays(self, frame: Frame | None, overlays: FrameOverlays | None = None) -> None:
        """Lay overlays over the picture for as long as it is of ``frame``: never over another slice."""
        shown = (frame, overlays) if frame is not None and overlays is not None else None
        if shown != self._overlays:
            self._overlays = shown
            self.update()

    def choose_measurement(self, identifier: str) -> None:
        """Mark one measurement as the one that keys act on."""
        if identifier != self._chosen_measurement:
            self._chosen_measurement = identifier
            self.update()

    def show_rings(self, frame: Frame | None, rings: tuple[CarriedRing, ...] = ()) -> None:
        """Say where lesions of other examinations should lie, for as long as the picture is of ``frame``."""
        shown = (frame, rings) if frame is not None and rings else None
        if shown != self._rings:
            self._rings = shown
            self.update()

    def sizeHint(self) -> QSize:  # noqa: N802  Qt's name
        """A square that leaves room for the texts."""
        return QSize(600, 600)

    # ---- painting

    def paintEvent(self, _event: QPaintEvent) -> None:  # noqa: N802  Qt's name
        """Paint the picture at device resolution, then what is said about it."""
        model = self.shown_model
        pane = QRectF(0, 0, self.width(), self.height())
        measure = self._font_measure(pane)
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.TextAntialiasing)
        image = self._image(model)
        if image is None:
            paint_absence(painter, model, measure, pane)
        else:
            image.setDevicePixelRatio(self.devicePixelRatioF())
            painter.drawImage(0, 0, image)
            self._paint_marks(painter, model, measure)
        self._paint_words(painter, model, pane, measure)
        painter.end()
        self._is_painted = True

    def _image(self, model: ViewportModel) -> QImage | None:
        if self._instead is not None and self._instead[1] is not None:
            return self._instead[1]
        if model.volume is None or model.frame is None or model.blocked_reason:
            return None
        width, height = self.canvas_size
        request = SliceRequest(model.volume, model.viewport.view, model.viewport.presentation, width, height)
        return self._kept.image(self._renderer, request)

    def _paint_marks(self, painter: QPainter, model: ViewportModel, measure: FontMeasure) -> None:
        frame = model.frame
        if frame is None:
            return
        canvas = Canvas(CanvasTransform.of(model.viewport.view, frame, *self.canvas_size), self.devicePixelRatioF())
        if self._overlays is not None and self._overlays[0] is frame and self._instead is None:
            paint_overlays(painter, measure, canvas, self._overlays[1])
        if self._instead is None:
            paint_reference_lines(painter, canvas, model.reference_lines)
            if self._cursor_mark is not None:
                paint_cursor(painter, measure, canvas, self._cursor_mark, _half_thickness_mm(frame))
            if self._rings is not None and self._rings[0] is frame:
                paint_rings(painter, measure, canvas, self._rings[1])
        if model.flicker is None and model.measurements_here:
            words = partial(self._words, model.volume)
            paint_measurements(painter, measure, canvas, model.measurements_here, words, self._chosen_measurement)
        if self._draft is not None and self._instead is None:
            self._paint_draft(painter, measure, canvas, self._draft)

    def _words(self, volume: Volume | None, one: Measurement) -> Sequence[str]:
        return self.words_of(one, volume)

    def _paint_draft(self, painter: QPainter, measure: FontMeasure, canvas: Canvas, draft: Draft) -> None:
        """With its values where it is one already: the reader sees them grow."""
        stack, points = self._model.stack, draft.shown_mm
        least, most = POINTS[draft.kind]
        is_one = len(points) == least == most and is_sound(draft.kind, points)
        if stack is None or not is_one:
            paint_draft(painter, canvas, draft.kind, points)
            return
        one = Measurement("", draft.kind, stack.key, *draft.frame, points)
        paint_measurements(painter, measure, canvas, (one,), partial(self._words, self._model.volume), "")

    def _paint_words(self, painter: QPainter, model: ViewportModel, pane: QRectF, measure: FontMeasure) -> None:
        layout = self._layout(model, measure)
        paint_lines(painter, measure, layout.lines)
        owner = model.canvas_of
        frame, view = (owner.frame, owner.view) if owner else (model.frame, model.viewport.view)
        if frame is not None and model.stack is not None:
            space = EdgeSpace(self._pane().width, pane.height(), layout.lines)
            paint_letters(painter, measure, space, orientation_letters(view, frame))
            ratio = self.devicePixelRatioF()
            bar = scale_bar(frame, view.mm_per_pixel, pane.width() * ratio)
            if bar is not None and not layout.is_compact:
                paint_scale_bar(painter, measure, space, bar, ratio)
        paint_strip(painter, model, pane, self.devicePixelRatioF())
        if self._skipped and self._instead is None:
            paint_skipping(painter, measure, strip_area(pane))
            self._skip_timer.start()
        paint_border(painter, model, pane)

    def _layout(self, model: ViewportModel, measure: FontMeasure) -> TextLayout:
        pane = self._pane()
        texts = corner_texts(model)
        key = (pane.width, pane.height, measure, texts, model.role)
        if self._layout_kept is None or self._layout_kept[0] != key:
            if not pane.is_compact:
                layout = lay_out(texts, pane, measure)
            else:
                badges: list[CornerText] = [text for text in texts if text.badge_code]
                layout = lay_out_compact(compact_lines(model), badges, pane, measure, ROLE_TONES[model.role])
            self._layout_kept = (key, layout)
        return self._layout_kept[1]

    def _font_measure(self, pane: QRectF) -> FontMeasure:
        font = pane_font(self.font(), pane.width(), pane.height())
        if self._measure is None or self._measure.font != font:
            self._measure = FontMeasure(font)
        return self._measure

    def _pane(self) -> Pane:
        strip = strip_area(QRectF(0, 0, self.width(), self.height()))
        return Pane(max(strip.left() - 2.0, 1.0), float(self.height()))

    def _end_skipping(self) -> None:
        self._skipped = 0
        self.update()

    def badge_at(self, at: QPointF) -> str:
        """The code of the badge painted at a logical point, or empty."""
        lines = self._layout_kept[1].lines if self._layout_kept is not None else ()
        for line in lines:
            if line.badge_code and QRectF(line.x, line.y, line.width, line.height).contains(at):
                return line.badge_code
        return ""


def _half_thickness_mm(frame: Frame) -> float:
    """How far from a plane a point still lies in its slice."""
    return max(0.5, (frame.slice_thickness_mm or 0.0) / 2.0)


def _is_scrolled(before: ViewportModel, after: ViewportModel) -> bool:
    """Whether nothing but the slice differs: a study that is hung anew has not been scrolled through."""
    if after.stack is not before.stack or after.frame is before.frame:
        return False
    view = replace(before.viewport.view, frame_index=after.viewport.view.frame_index)
    return replace(before.viewport, view=view) == after.viewport
