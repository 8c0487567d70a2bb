"""Rows of three planes, one row an examination, all held by one crosshair."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QTimer
from PySide6.QtGui import QHideEvent
from PySide6.QtWidgets import QGridLayout, QWidget

from compare.reformat.mpr_state import PANES, MprState, crosshair_lines, edge_letters
from compare.reformat.plane import ReformatPlane, SlabMode
from compare.reformat.sampled_volume import sampled
from compare.reformat.stack_grid import CannotReformat, StackGrid, grid_of
from loaders.model.volume import Volume
from viewer.planes.plane_pane import PaneFace, PlanePane
from viewer.planes.plane_words import link_text, loading_text, note_text, refused_text, slab_text
from viewer.planes.planes_row import PlanesRow, ShiftedPlace
from viewer.planes.turning_pane import TurningPane
from viewer.rendering.fusion import colour_bar, fused
from viewer.rendering.plane_picture import automatic_window, grey_of_values
from viewer.rendering.plane_sampler import PlaneSampler

#: So long after the last movement the exact picture is begun.
_STILL_MS = 120
#: A piece of an exact picture takes about so long: between two pieces the window stays alive.
_PIECE_MS = 12.0
#: The turning projection is made in what is left of the time.
_IDLE_MS = 4
_FIRST_ROWS = 32
_ZOOM_A_NOTCH = 1.15
_SLAB_A_NOTCH_MM = 1.0
_WINDOW_A_PIXEL = 1.0 / 300.0
#: Width and height of the bar of colours; an odd height has a middle.
_BAR_PX = (12, 97)


@dataclass(slots=True)
class _Refining:
    """An exact picture on its way, row by row."""

    row: int
    pane: int
    plane: ReformatPlane
    values: tuple[NDArray[np.float32], ...]
    next_row: int = 0


class PlanesPanel(QWidget):
    """Shows the rows it is given and owns the state of their planes. ``state`` is in the first row's space."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.state: MprState | None = None
        self.rows: list[PlanesRow] = []
        self.panes: list[list[PlanePane]] = []
        self.turning: TurningPane | None = None
        self._sampler = PlaneSampler()
        self._queue: list[_Refining] = []
        #: Panes whose picture is out of date; they take turns, so that no one waits for a drag to end.
        self._stale: list[tuple[int, int]] = []
        self._rows_a_piece = _FIRST_ROWS
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setSpacing(2)
        self.setAutoFillBackground(True)
        self._soon, self._still, self._piece, self._idle = (QTimer(self) for _ in range(4))
        for timer, milliseconds, work in (
            (self._soon, 0, self._draw_coarse),
            (self._still, _STILL_MS, self._begin_exact),
            (self._piece, 0, self._draw_piece),
            (self._idle, _IDLE_MS, self._draw_piece),
        ):
            timer.setSingleShot(True)
            timer.setInterval(milliseconds)
            timer.timeout.connect(work)

    def show_rows(self, rows: Sequence[PlanesRow]) -> None:
        """Show these examinations, the first of which leads; the planes begin upright through its middle."""
        self.clear()
        self.rows = list(rows)
        for number, row in enumerate(self.rows):
            self.panes.append([self._make_pane(number, pane) for pane in range(len(PANES))])
            self._take_values(row)
        self._carry_unregistered()
        leading = next((row for row in self.rows if row.whole is not None), None)
        if leading is not None and leading.whole is not None:
            grid = leading.whole.grid
            self.state = MprState(grid.centre_lps_mm, grid.centre_lps_mm, self._fitting_scale(grid))
        self._make_turning()
        self.refresh()

    @property
    def is_settled(self) -> bool:
        """Whether every pane shows its exact picture."""
        return not (
            self._queue or self._stale or self._soon.isActive() or self._still.isActive() or self._piece.isActive()
        )

    def arrived(self, volume: Volume) -> None:
        """Say that frames of a volume have come in."""
        for row in self.rows:
            if row.volume is volume:
                if row.whole is not None:
                    self._sampler.arrived(row.whole)
                self._take_values(row)
                self._make_turning()
                self.refresh()

    def refresh(self) -> None:
        """Draw everything soon: coarse at once, exact when nothing moves."""
        self._queue.clear()
        self._piece.stop()
        every = [(row, pane) for row, panes in enumerate(self.panes) for pane in range(len(panes))]
        self._stale += [place for place in every if place not in self._stale]
        self._soon.start()
        self._still.start()
        uptake = self._uptake_row()
        state = self._of_row(uptake) if uptake is not None else None
        if self.turning is not None and uptake is not None and state is not None:
            self.turning.show_state(state.crosshair_lps_mm, self.rows[uptake].window)

    def clear(self) -> None:
        """Let go of all volumes and panes."""
        for timer in (self._soon, self._still, self._piece, self._idle):
            timer.stop()
        self._queue.clear()
        self._stale.clear()
        for panes in self.panes:
            for pane in panes:
                self._grid.removeWidget(pane)
                pane.setParent(None)
                pane.deleteLater()
        self._drop_turning()
        self.panes, self.rows, self.state = [], [], None
        self._sampler.close()

    def hideEvent(self, event: QHideEvent) -> None:  # noqa: N802 - Qt's name
        """Nothing is drawn for nobody."""
        super().hideEvent(event)
        for timer in (self._soon, self._still, self._piece, self._idle):
            timer.stop()

    def set_mode(self, mode: SlabMode) -> None:
        """Choose what a slab shows."""
        if self.state is not None:
            self._change(replace(self.state, mode=mode))

    # ---- building

    def _make_pane(self, row: int, pane: int) -> PlanePane:
        widget = PlanePane(pane, self)
        self._grid.addWidget(widget, row, pane)
        widget.moved.connect(partial(self._move, row, pane))
        widget.turned.connect(partial(self._turn, row, pane))
        widget.stepped.connect(partial(self._step, row, pane))
        widget.windowed.connect(partial(self._window, row))
        widget.thickened.connect(lambda notches: self._with(lambda state: state.thickened(notches * _SLAB_A_NOTCH_MM)))
        widget.zoomed.connect(lambda notches: self._with(lambda state: state.zoomed(_ZOOM_A_NOTCH**notches)))
        widget.resized.connect(self.refresh)
        widget.show()
        return widget

    def _uptake_row(self) -> int | None:
        return next((index for index, row in enumerate(self.rows) if row.is_uptake), None)

    def _make_turning(self) -> None:
        """The turning projection stands beside the planes of an uptake, once all of it is in memory."""
        index = self._uptake_row()
        row = self.rows[index] if index is not None else None
        if index is None or row is None or row.whole is None or row.whole.absent is not None:
            return
        if not row.whole.grid.is_even or self.turning is not None:
            return
        self.turning = TurningPane(row.whole, row.volume.frame(0), row.titles, row.unit, self)
        self.turning.pointed.connect(partial(self._point_at, index))
        self._grid.addWidget(self.turning, 0, len(PANES), len(self.rows), 1)
        self.turning.show()

    def _drop_turning(self) -> None:
        if self.turning is not None:
            self.turning.close_projections()
            self._grid.removeWidget(self.turning)
            self.turning.setParent(None)
            self.turning.deleteLater()
            self.turning = None

    def _point_at(self, row: int, x: float, y: float, z: float) -> None:
        state = self._of_row(row)
        if state is not None:
            self._take_back(row, state.at((x, y, z)))

    def _take_values(self, row: PlanesRow) -> None:
        try:
            grid_of(row.volume.stack)
            whole = sampled(row.volume)
            row.whole = replace(whole, slope=whole.slope * row.factor, intercept=whole.intercept * row.factor)
        except CannotReformat:
            row.whole = None

    def _carry_unregistered(self) -> None:
        first = next((row.whole for row in self.rows if row.whole is not None), None)
        for row in self.rows:
            if first is not None and row.whole is not None and row.transform is None:
                offset = np.asarray(row.whole.grid.centre_lps_mm) - np.asarray(first.grid.centre_lps_mm)
                row.transform = ShiftedPlace(offset)

    def _fitting_scale(self, grid: StackGrid) -> float:
        """Millimetres of a pixel at which the whole volume fits into a pane."""
        corners = grid.corners_lps_mm()
        extent = float((corners.max(axis=0) - corners.min(axis=0)).max())
        sizes = [min(pane.canvas_size) for panes in self.panes for pane in panes]
        return max(extent / max(min(sizes, default=256), 64), 0.02)

    # ---- what the mouse asks for

    def _with(self, change: Callable[[MprState], MprState]) -> None:
        if self.state is not None:
            self._change(change(self.state))

    def _change(self, state: MprState) -> None:
        if state != self.state:
            self.state = state
            self.refresh()

    def _of_row(self, row: int) -> MprState | None:
        transform = self.rows[row].transform
        if self.state is None or transform is None:
            return self.state
        return self.state.mapped(transform)

    def _take_back(self, row: int, state: MprState) -> None:
        """A change made in one row holds in all: it goes back into the first row's space."""
        transform = self.rows[row].transform
        self._change(state if transform is None else state.mapped(transform.inverse()))

    def _move(self, row: int, pane: int, x: float, y: float) -> None:
        state = self._of_row(row)
        if state is not None:
            point = state.plane(pane, *self.panes[row][pane].canvas_size).lps_of(x, y)
            self._take_back(row, state.at((float(point[0]), float(point[1]), float(point[2]))))

    def _turn(self, row: int, pane: int, degrees: float) -> None:
        state = self._of_row(row)
        if state is not None:
            self._take_back(row, state.turned(pane, degrees))

    def _step(self, row: int, pane: int, notches: int) -> None:
        state, whole = self._of_row(row), self.rows[row].whole
        if state is not None and whole is not None:
            # Rolling towards oneself goes on in the direction of view, as it does through slices.
            self._take_back(row, state.stepped(pane, -notches * whole.grid.finest_mm))

    def _window(self, row: int, dx: float, dy: float) -> None:
        data = self.rows[row].uptake or self.rows[row]
        if data.window is None:
            return
        before = data.window
        width = max(before.width * (1.0 + dx * _WINDOW_A_PIXEL), 1.0)
        after = replace(before, center=before.center + dy * _WINDOW_A_PIXEL * before.width, width=width)
        for other in self.rows:
            # A window holds in one unit only; examinations that had the same one keep it together.
            if other is data or (other.volume.unit is data.volume.unit and other.window == before):
                other.window = after
        self.refresh()

    # ---- drawing

    def _draw_coarse(self) -> None:
        """Draw one pane, and the next one after whatever else waits to be dealt with."""
        if not self._stale:
            return
        row, pane = self._stale.pop(0)
        self._draw(row, pane)
        if self._stale:
            self._soon.start()

    def _draw(self, row: int, pane: int) -> None:
        data, widget = self.rows[row], self.panes[row][pane]
        state = self._of_row(row)
        if not data.layers or state is None:
            widget.show_picture(None, PaneFace((0.0, 0.0), {}, ("",) * 4, data.titles, (), (refused_text(),)))
            return
        plane = state.plane(pane, *widget.canvas_size)
        values = tuple(self._sampler.sample(layer, plane, is_coarse=True) for layer in data.layers)
        self._show(row, pane, plane, values)

    def _show(self, row: int, pane: int, plane: ReformatPlane, values: tuple[NDArray[np.float32], ...]) -> None:
        data, state = self.rows[row], self._of_row(row)
        assert state is not None  # noqa: S101 - drawn only with a state
        frame = data.volume.frame(len(data.volume.stack.frames) // 2)
        if data.window is None and not (frame.display.windows or frame.display.voi_tables):
            data.window = automatic_window(values[0])
        picture = grey_of_values(values[0], frame, data.window, is_inverted=data.is_uptake)
        if data.look is not None and len(values) > 1:
            picture = fused(picture, values[1], data.look)
        self.panes[row][pane].show_picture(picture, self._face(row, pane, plane, state))

    def _face(self, row: int, pane: int, plane: ReformatPlane, state: MprState) -> PaneFace:
        data = self.rows[row]
        column, line, _ = plane.raster_of(np.asarray(state.crosshair_lps_mm))
        assert data.whole is not None  # noqa: S101 - a face with lines is one of a volume
        warnings = [note_text(note, amount) for note, amount in data.whole.grid.notes]
        if row > 0:
            warnings += [link_text(data.basis)] if data.basis is None else []
        absent = data.whole.absent
        if absent is not None:
            warnings.append(loading_text(round(100.0 * float(1.0 - absent.mean()))))
        bottom = [text for text in (slab_text(state), data.unit) if text]
        if row > 0 and data.basis is not None:
            bottom.append(link_text(data.basis))
        return PaneFace(
            (column, line), crosshair_lines(state, pane, plane), edge_letters(plane), data.titles, tuple(bottom),
            tuple(warnings), colour_bar(data.look, height=_BAR_PX[1], width=_BAR_PX[0]) if data.look else None,
            data.is_uptake,
        )  # fmt: skip

    def _begin_exact(self) -> None:
        self._queue.clear()
        for row, panes in enumerate(self.panes):
            state = self._of_row(row)
            layers = self.rows[row].layers
            if not layers or state is None:
                continue
            for pane, widget in enumerate(panes):
                width, height = widget.canvas_size
                plane = state.plane(pane, width, height)
                values = tuple(np.empty((height, width), dtype=np.float32) for _ in layers)
                self._queue.append(_Refining(row, pane, plane, values))
        self._piece.start()

    def _draw_piece(self) -> None:
        """Sample some rows of the first picture in the queue; show it when it is whole."""
        if not self._queue:
            if self.turning is not None and self.turning.work(_PIECE_MS):
                self._idle.start()
            return
        work = self._queue[0]
        layers = self.rows[work.row].layers
        last = min(work.next_row + self._rows_a_piece, work.plane.height)
        origin = work.plane.lps_of(0.0, float(work.next_row))
        band = replace(
            work.plane,
            origin_lps_mm=(float(origin[0]), float(origin[1]), float(origin[2])),
            height=last - work.next_row,
        )
        started = time.perf_counter()
        for values, layer in zip(work.values, layers, strict=True):
            values[work.next_row : last] = self._sampler.sample(layer, band, step_mm=layer.grid.finest_mm)
        taken_ms = max((time.perf_counter() - started) * 1e3, 0.1)
        self._rows_a_piece = int(np.clip(self._rows_a_piece * _PIECE_MS / taken_ms, 4, 4096))
        work.next_row = last
        if last == work.plane.height:
            self._queue.pop(0)
            self._show(work.row, work.pane, work.plane, work.values)
        (self._piece if self._queue else self._idle).start()
