"""Rows of three planes, one row an examination, all held by one crosshair."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QTimer, Signal
from PySide6.QtGui import QHideEvent
from PySide6.QtWidgets import QGridLayout, QVBoxLayout, QWidget

from compare.reformat.mpr_state import PANES, MprState
from compare.reformat.plane import ReformatPlane, SlabMode
from compare.session.planes_view import FusionStyle, PlanesArrangement, PlanesView, RowWindow, VolumeCamera
from loaders.model.stack import StackKey
from loaders.model.volume import Volume
from viewer.jobs.job_runner import JobRunner
from viewer.planes.exact_pictures import ExactPictures
from viewer.planes.plane_face import face_of
from viewer.planes.plane_pane import PaneFace, PlanePane
from viewer.planes.plane_words import refused_text
from viewer.planes.planes_bar import PlanesBar
from viewer.planes.planes_layout import place_panes
from viewer.planes.planes_row import PlanesRow, carry_unregistered, drag_window, fitting_scale, take_values
from viewer.planes.turning_pane import TurningPane
from viewer.planes.volume_views import VolumeViews
from viewer.rendering.fusion import fused
from viewer.rendering.plane_picture import automatic_window, grey_of_values
from viewer.rendering.plane_sampler import PlaneSampler

#: So long after the last movement the exact picture is begun.
_STILL_MS = 120
#: A piece of an exact picture takes about so long: between two pieces the window stays alive.
_PIECE_MS = 12.0
#: The turning projection is made in what is left of the time.
_IDLE_MS = 4
_ZOOM_A_NOTCH = 1.15
_SLAB_A_NOTCH_MM = 1.0


class PlanesPanel(QWidget):
    """Shows the rows it is given and how their planes stand. ``state`` is in the first row's space.

    Signals: ``changed()``, the reader has moved or set something; ``settled()``, nothing has moved for a while.
    """

    changed = Signal()
    settled = Signal()

    def __init__(self, jobs: JobRunner, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.state: MprState | None = None
        self.rows: list[PlanesRow] = []
        self.panes: list[list[PlanePane]] = []
        self.turning: TurningPane | None = None
        self._sampler = PlaneSampler()
        self._exact = ExactPictures(self._sampler, _PIECE_MS)
        self.arrangement = PlanesArrangement.PLANES
        self.maximised: tuple[int, int] | None = None
        self.fusion_style = FusionStyle()
        self.camera = VolumeCamera()
        self.volumes = VolumeViews(jobs, self)
        self.volumes.turned.connect(self._set_camera)
        #: Panes whose picture is out of date; they take turns, so that no one waits for a drag to end.
        self._stale: list[tuple[int, int]] = []
        self._whole = QVBoxLayout(self)
        self._whole.setContentsMargins(0, 0, 0, 0)
        self._whole.setSpacing(0)
        self.bar = PlanesBar(self)
        self._whole.addWidget(self.bar)
        self._grid = QGridLayout()
        self._whole.addLayout(self._grid, 1)
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
        self.bar.arranged.connect(self.arrange)
        self.bar.slab_chosen.connect(self._set_slab)
        self.bar.styled.connect(self._set_style)
        self.bar.preset_chosen.connect(lambda code: self._set_camera(replace(self.camera, preset=code)))
        self.bar.restored.connect(lambda: self.maximise(None))

    def show_rows(self, rows: Sequence[PlanesRow], view: PlanesView | None = None) -> None:
        """Show these examinations, the first of which leads: as ``view`` says, else upright through its middle."""
        self.clear()
        self.rows = list(rows)
        for number, row in enumerate(self.rows):
            self.panes.append([self._make_pane(number, pane) for pane in range(len(PANES))])
            take_values(row)
        carry_unregistered(self.rows)
        # The scale fits the panes: they must have their places first.
        self._show_parts()
        self._whole.activate()
        leading = next((row for row in self.rows if row.whole is not None), None)
        if leading is not None and leading.whole is not None:
            grid = leading.whole.grid
            self.state = MprState(
                grid.centre_lps_mm,
                grid.centre_lps_mm,
                fitting_scale(grid, [pane.canvas_size for panes in self.panes for pane in panes]),
            )
        if view is not None:
            self.take(view)
        self._make_turning()
        self._show_parts()
        self.refresh()

    def take(self, view: PlanesView) -> None:
        """Stand as a view says (undo, a session's file); windows only where they are in the unit that is shown."""
        before = self.view_of(view.stacks)
        if before is None or before == view:
            return
        self.state, self.arrangement, self.fusion_style, self.camera = (
            view.mpr,
            view.arrangement,
            view.fusion,
            view.camera,
        )
        self.maximised = view.maximised if (view.maximised or (0, 0))[0] < len(self.panes) else None
        for row, stored in zip(self.rows, view.windows, strict=False):
            if stored is not None and stored.unit == row.window_unit:
                row.window = stored.window
        self._show_parts()
        self.refresh()

    def view_of(self, stacks: tuple[StackKey, ...]) -> PlanesView | None:
        """How everything stands, the rows being of these stacks; ``None`` where nothing can be cut."""
        if self.state is None:
            return None
        windows = tuple(
            None if row.window is None else RowWindow(row.window_unit, row.window) for row in self.rows[: len(stacks)]
        )
        return PlanesView(stacks, self.state, windows, self.arrangement, self.maximised, self.fusion_style, self.camera)

    @property
    def is_settled(self) -> bool:
        """Whether every pane shows its exact picture."""
        return not (
            self._exact or self._stale or self._soon.isActive() or self._still.isActive() or self._piece.isActive()
        )

    def arrived(self, volume: Volume) -> None:
        """Say that frames of a volume have come in."""
        for row in self.rows:
            if row.volume is volume:
                if row.whole is not None:
                    self._sampler.arrived(row.whole)
                take_values(row)
                self._make_turning()
                self.volumes.refresh()
                self.refresh()

    def refresh(self) -> None:
        """Draw everything soon: coarse at once, exact when nothing moves."""
        self._exact.clear()
        self._piece.stop()
        for data in self.rows:
            data.style = self.fusion_style
        every = self._seen()
        self._stale = [place for place in self._stale if place in every]
        self._stale += [place for place in every if place not in self._stale]
        self._soon.start()
        self._still.start()
        self._show_bar()
        uptake = self._uptake_row()
        state = self._of_row(uptake) if uptake is not None else None
        if self.turning is not None and uptake is not None and state is not None:
            self.turning.show_state(state.crosshair_lps_mm, self.rows[uptake].window)

    def _seen(self) -> list[tuple[int, int]]:
        every = [(row, pane) for row, panes in enumerate(self.panes) for pane in range(len(panes))]
        return [place for place in every if self.maximised in (None, place)]

    def clear(self) -> None:
        """Let go of all volumes and panes."""
        for timer in (self._soon, self._still, self._piece, self._idle):
            timer.stop()
        self._exact.clear()
        self._stale.clear()
        for panes in self.panes:
            for pane in panes:
                self._grid.removeWidget(pane)
                pane.setParent(None)
                pane.deleteLater()
        self._drop_turning()
        self.volumes.clear()
        self.panes, self.rows, self.state = [], [], None
        self._sampler.close()

    def hideEvent(self, event: QHideEvent) -> None:  # noqa: N802 - Qt's name
        """Nothing is drawn for nobody."""
        super().hideEvent(event)
        for timer in (self._soon, self._still, self._piece, self._idle):
            timer.stop()

    def arrange(self, arrangement: PlanesArrangement) -> None:
        """Choose what stands in a row."""
        self.arrangement, self.maximised = arrangement, None
        self._show_parts()
        self._tell()

    def maximise(self, place: tuple[int, int] | None) -> None:
        """Let one plane, by (row, pane), fill the panel, or bring all back; the same again brings all back too."""
        self.maximised = None if place == self.maximised else place
        self._show_parts()
        self._tell()

    def next_mode(self) -> None:
        """The next kind of slab."""
        if self.state is not None:
            modes = list(SlabMode)
            self._change(replace(self.state, mode=modes[(modes.index(self.state.mode) + 1) % len(modes)]))

    def _set_slab(self, thickness_mm: float, mode: SlabMode) -> None:
        if self.state is not None:
            self._change(replace(self.state, mode=mode).thickened(thickness_mm - self.state.slab_mm))

    def _set_style(self, style: FusionStyle) -> None:
        self.fusion_style = style
        self._tell()

    def _set_camera(self, camera: VolumeCamera) -> None:
        self.camera = camera
        self.volumes.look(camera)
        self._show_bar()
        self.changed.emit()

    def _tell(self) -> None:
        self.refresh()
        self.changed.emit()

    def _show_parts(self) -> None:
        """Show the panes that belong to the arrangement; volumes are made when they are first asked for."""
        has_volumes = self.arrangement is PlanesArrangement.WITH_VOLUME
        if has_volumes and not self.volumes.panes:
            self.volumes.show_rows([row for row in self.rows if row.uptake is None and row.whole is not None])
        elif not has_volumes:
            self.volumes.clear()
        place_panes(self._grid, self.panes, turning=self.turning, volumes=self.volumes.panes, maximised=self.maximised)
        self.volumes.look(self.camera)
        self.volumes.refresh()

    def _show_bar(self) -> None:
        if self.state is not None:
            has_fusion = any(data.uptake is not None for data in self.rows)
            self.bar.show_what_is(
                self.arrangement,
                (self.state.slab_mm, self.state.mode),
                self.fusion_style if has_fusion else None,
                self.camera.preset,
                is_single=self.maximised is not None,
            )

    # ---- building

    def _make_pane(self, row: int, pane: int) -> PlanePane:
        widget = PlanePane(pane, self)
        widget.moved.connect(partial(self._move, row, pane))
        widget.turned.connect(partial(self._turn, row, pane))
        widget.stepped.connect(partial(self._step, row, pane))
        widget.windowed.connect(partial(self._window, row))
        widget.thickened.connect(lambda notches: self._with(lambda state: state.thickened(notches * _SLAB_A_NOTCH_MM)))
        widget.zoomed.connect(lambda notches: self._with(lambda state: state.zoomed(_ZOOM_A_NOTCH**notches)))
        widget.resized.connect(self.refresh)
        widget.doubled.connect(partial(self.maximise, (row, pane)))
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
        self._show_parts()

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

    # ---- what the mouse asks for

    def _with(self, change: Callable[[MprState], MprState]) -> None:
        if self.state is not None:
            self._change(change(self.state))

    def _change(self, state: MprState) -> None:
        if state != self.state:
            self.state = state
            self._tell()

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
        if drag_window(self.rows, self.rows[row].uptake or self.rows[row], dx, dy):
            self._tell()

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
        self.panes[row][pane].show_picture(picture, face_of(data, (pane, plane), state, is_leading=row == 0))

    def _begin_exact(self) -> None:
        wanted = []
        for row, pane in self._seen():
            state, layers = self._of_row(row), self.rows[row].layers
            if layers and state is not None:
                wanted.append((row, pane, state.plane(pane, *self.panes[row][pane].canvas_size), layers))
        self._exact.begin(wanted)
        self._piece.start()
        self.settled.emit()

    def _draw_piece(self) -> None:
        if not self._exact:
            if self.turning is not None and self.turning.work(_PIECE_MS):
                self._idle.start()
            return
        done = self._exact.work()
        if done is not None:
            self._show(done.row, done.pane, done.plane, done.values)
        (self._piece if self._exact else self._idle).start()
