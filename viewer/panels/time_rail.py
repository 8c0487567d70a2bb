"""The study browser at the left edge: a patient's examinations on a time axis, newest on top."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from PySide6.QtCore import QModelIndex, QPoint, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QImage, QPixmap, QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QMenu, QVBoxLayout, QWidget

from compare.pairing.roles import study_key_of
from loaders.model.stack import StackKey
from loaders.model.study import Catalogue, Study
from viewer.panels.plain_text import Retranslated
from viewer.panels.rail_delegate import THUMBNAIL_PX, rail_form
from viewer.panels.rail_filter_bar import RailFilterBar
from viewer.panels.rail_model import RailModel
from viewer.panels.rail_rows import (
    KnownRows,
    RailFilter,
    SamePerson,
    SeriesRow,
    StudyRow,
    StudyState,
    may_be_one_person,
    rail_rows,
    stack_key_of,
)
from viewer.panels.rail_view import RailGrip, RailView

COLLAPSED_WIDTH_PX = 56
NARROWEST_OPEN_PX = 112
WIDEST_PX = 220
#: Leaves 88 % of a 1920 x 1080 window to the pictures.
USUAL_WIDTH_PX = 128


@dataclass(frozen=True, slots=True)
class RailTarget:
    """What a menu or a double click concerns: a study, and one of its stacks or ``None``."""

    study_key: str
    stack: StackKey | None = None


class TimeRail(Retranslated):
    """Studies by date with their stacks. It is told values and tells what the reader wants; it decides nothing.

    Signals: ``stack_activated(StackKey)`` double click or Enter on a stack, ``study_activated(str)`` on a study (its
    key): both mean "compare the newest with its best prior"; ``show_requested(StackKey)`` show in the active viewport;
    ``menu_about_to_show(QMenu, RailTarget)`` to add actions; ``thumbnails_wanted(tuple[StackKey, ...])`` for rows in
    sight; ``width_chosen(int)`` and ``collapsed_changed(bool)`` to be remembered.
    """

    stack_activated = Signal(object)
    study_activated = Signal(str)
    show_requested = Signal(object)
    menu_about_to_show = Signal(object, object)
    thumbnails_wanted = Signal(object)
    width_chosen = Signal(int)
    collapsed_changed = Signal(bool)

    def __init__(self, parent: QWidget | None = None, *, same_person: SamePerson = may_be_one_person) -> None:
        super().__init__(parent)
        self.setObjectName("timeRail")
        self._same_person = same_person
        self._studies: tuple[Study, ...] = ()
        self._filter = RailFilter()
        self._known_rows: KnownRows = {}
        self._open_width = USUAL_WIDTH_PX
        self._is_collapsed = False
        self._asked: set[StackKey] = set()
        self._model = RailModel(self)
        self._view = RailView(self._model, self)
        self._head = RailFilterBar(self)
        self._grip = RailGrip(self)
        self._thumbnail_timer = QTimer(self)
        self._thumbnail_timer.setSingleShot(True)
        self._thumbnail_timer.setInterval(60)
        self._build()
        self.retranslate()
        self._apply_width()

    # What it is told.
    def set_catalogue(self, catalogue: Catalogue) -> None:
        """Show what was found so far. Scroll position, selection and the row under the mouse stay where they are."""
        self._studies = catalogue.studies
        if not self._studies:
            self._known_rows.clear()
        self._rebuild()

    def set_study_state(self, key: str, state: StudyState) -> None:
        """Tell whether a study (by ``study_key``) is on disk, in the store or on its way."""
        self._model.set_state(key, state)
        self._view.viewport().update()

    def set_pair_numbers(self, numbers: Mapping[StackKey, int]) -> None:
        """Give paired stacks of two studies the small number they share."""
        self._model.set_pair_numbers(numbers)
        self._view.viewport().update()

    def set_on_screen(self, keys: frozenset[StackKey]) -> None:
        """Mark the stacks that viewports show."""
        self._model.set_on_screen(keys)
        self._view.viewport().update()

    def reveal(self, key: StackKey) -> None:
        """Bring a stack's row into sight."""
        self._view.reveal(key)

    def set_thumbnail(self, key: StackKey, picture: QImage) -> None:
        """Show a stack's picture. Any size: it is fitted into 44 x 44 device-independent pixels."""
        ratio = self.devicePixelRatioF()
        side = round(THUMBNAIL_PX * ratio)
        kept = Qt.AspectRatioMode.KeepAspectRatio
        scaled = picture.scaled(QSize(side, side), kept, Qt.TransformationMode.SmoothTransformation)
        pixmap = QPixmap.fromImage(scaled)
        pixmap.setDevicePixelRatio(ratio)
        self._asked.discard(key)
        self._model.set_thumbnail(key, pixmap)
        self._view.viewport().update()

    def set_open_width(self, width_px: int) -> None:
        """Restore a remembered width."""
        self._open_width = min(max(width_px, NARROWEST_OPEN_PX), WIDEST_PX)
        self._apply_width()

    def set_collapsed(self, is_collapsed: bool) -> None:  # noqa: FBT001 - a Qt slot
        """Show pictures only, 56 px wide, or open again."""
        if is_collapsed != self._is_collapsed:
            self._is_collapsed = is_collapsed
            self._apply_width()
            self.collapsed_changed.emit(is_collapsed)

    @property
    def is_collapsed(self) -> bool:
        """Whether only pictures are shown."""
        return self._is_collapsed

    def retranslate(self) -> None:
        """Set every text anew; the rows ask for their words while painting."""
        self._view.setAccessibleName(self.tr("Studies and series"))
        self._view.viewport().update()

    # Inside.
    def _build(self) -> None:
        column = QVBoxLayout()
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self._head)
        column.addWidget(self._view, 1)
        outer = QHBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.setSpacing(0)
        outer.addLayout(column, 1)
        outer.addWidget(self._grip)
        self._head.filter_changed.connect(self._set_filter)
        self._head.fold_clicked.connect(lambda: self.set_collapsed(not self._is_collapsed))
        self._view.doubleClicked.connect(self._activate)
        self._view.entered_by_key.connect(self._activate)
        self._view.customContextMenuRequested.connect(self._open_menu)
        self._view.verticalScrollBar().valueChanged.connect(lambda _value: self._thumbnail_timer.start())
        self._thumbnail_timer.timeout.connect(self._ask_for_thumbnails)
        self._grip.dragged_to.connect(self._drag_width)
        self._grip.released.connect(lambda: self.width_chosen.emit(self._open_width))

    def _set_filter(self, wanted: RailFilter) -> None:
        self._filter = wanted
        self._rebuild()

    def _rebuild(self) -> None:
        found = rail_rows(self._studies, self._filter, self._same_person, self._known_rows)
        self._view.show_rows(found.rows)
        self._head.set_counts(found.shown_studies, found.all_studies)
        self._thumbnail_timer.start()

    def _target(self, index: QModelIndex) -> RailTarget | None:
        row = self._model.row(index)
        if isinstance(row, StudyRow | SeriesRow):
            return RailTarget(study_key_of(row.study), stack_key_of(row))
        return None

    def _activate(self, index: QModelIndex) -> None:
        target = self._target(index)
        if target is None:
            return
        if target.stack is None:
            self.study_activated.emit(target.study_key)
        else:
            self.stack_activated.emit(target.stack)

    def _open_menu(self, where: QPoint) -> None:
        target = self._target(self._view.indexAt(where))
        if target is None:
            return
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        stack = target.stack
        if stack is not None:
            menu.addAction(self.tr("Show in the active viewport"), lambda: self.show_requested.emit(stack))
            menu.addAction(self.tr("Compare with its best prior"), lambda: self.stack_activated.emit(stack))
        else:
            menu.addAction(self.tr("Compare with its best prior"), lambda: self.study_activated.emit(target.study_key))
        self.menu_about_to_show.emit(menu, target)
        menu.popup(self._view.viewport().mapToGlobal(where))

    def _ask_for_thumbnails(self) -> None:
        in_sight = self._view.stacks_in_sight()
        wanted = tuple(key for key in in_sight if key not in self._asked and self._model.thumbnail(key) is None)
        if wanted:
            self._asked.update(wanted)
            self.thumbnails_wanted.emit(wanted)

    def _drag_width(self, width_px: int) -> None:
        if width_px < (COLLAPSED_WIDTH_PX + NARROWEST_OPEN_PX) // 2:
            self.set_collapsed(True)
            return
        self._open_width = min(max(width_px, NARROWEST_OPEN_PX), WIDEST_PX)
        if self._is_collapsed:
            self.set_collapsed(False)
        else:
            self._apply_width()

    def _apply_width(self) -> None:
        width = COLLAPSED_WIDTH_PX if self._is_collapsed else self._open_width
        self.setFixedWidth(width)
        self._head.set_folded(self._is_collapsed)
        self._view.set_form(rail_form(width))
        self._thumbnail_timer.start()

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802 - Qt's name
        """More or fewer rows in sight."""
        super().resizeEvent(event)
        self._thumbnail_timer.start()
