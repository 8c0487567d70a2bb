"""Measuring: the length tool, the chosen measurement, and the list of all of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial

from PySide6.QtCore import QObject, Signal

from compare.measuring.length import length_of
from compare.session import commands
from compare.session.comparison_session import ComparisonSession, LinkedAction, Role
from compare.session.measurement import Measurement, MeasurementKind
from loaders.model.frame import Frame
from viewer.controllers.session_controller import SessionController
from viewer.panels.measurements_panel import MeasurementRow, MeasurementsPanel
from viewer.viewport.viewport_widget import LENGTH, ViewportWidget


class MeasuringController(QObject):
    """``viewports`` gives the widgets in the session's order.

    Signal: ``tool_changed(str)``, the tool of the left button, empty where the profile's own holds.
    """

    tool_changed = Signal(str)

    def __init__(
        self,
        session: SessionController,
        viewports: Callable[[], Sequence[ViewportWidget]],
        panel: MeasurementsPanel,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._session = session
        self._viewports = viewports
        self._panel = panel
        self._chosen = ""
        self._tool: str | None = None
        session.session_changed.connect(self._session_changed)
        panel.go_to_requested.connect(self._go_to)
        panel.remove_requested.connect(self._remove)

    def connect_viewport(self, widget: ViewportWidget) -> None:
        """Listen to a viewport, and give it the tool in hand."""
        widget.length_chosen.connect(lambda _index, identifier: self._choose(identifier))
        widget.left_tool = self._tool

    def deeds(self) -> Mapping[str, Callable[[], None]]:
        """What this controller can do, by the words of the key table."""
        return {
            "length": lambda: self.take_tool(None if self._tool == LENGTH else LENGTH),
            "delete": self._delete_chosen,
        }

    @property
    def tool(self) -> str | None:
        """What the left button does, by the words of :mod:`viewer.tools`; ``None`` leaves it to the profile."""
        return self._tool

    def take_tool(self, tool: str | None) -> None:
        """Take a tool in hand, or give the left button back to the profile."""
        if tool != self._tool:
            self._tool = tool
            for widget in self._viewports():
                widget.left_tool = tool
            self.tool_changed.emit(tool or "")

    def _choose(self, identifier: str) -> None:
        self._chosen = identifier
        for widget in self._viewports():
            widget.choose_length(identifier)

    def _delete_chosen(self) -> None:
        if any(one.identifier == self._chosen for one in self._session.session.measurements):
            self._remove(self._chosen)

    def _remove(self, identifier: str) -> None:
        self._session.apply(partial(commands.delete_measurement, identifier=identifier))

    def _session_changed(self, before: ComparisonSession, after: ComparisonSession) -> None:
        if before.measurements != after.measurements:
            self._panel.set_rows([row for one in after.measurements if (row := self._row(one)) is not None])

    def _row(self, measurement: Measurement) -> MeasurementRow | None:
        if measurement.kind is not MeasurementKind.LENGTH:
            return None
        found = self._frame(measurement)
        if found is None:
            return None
        frame_index, frame = found
        length = length_of(measurement, frame)
        study = self._session.index.study_of(measurement.stack)
        series = self._session.index.series_of(measurement.stack)
        hung = (one for one in self._session.session.viewports if one.stack == measurement.stack)
        shown = next(hung, None)
        return MeasurementRow(
            identifier=measurement.identifier,
            value=length.value,
            unit=length.unit,
            decimals=length.decimals,
            basis=length.basis,
            role=shown.role if shown is not None else Role.UNKNOWN,
            study_date=study.study_date if study else None,
            series_text=series.description if series else "",
            slice_number=frame_index + 1,
            extents=length.extents,
            note=length.note,
        )

    def _frame(self, measurement: Measurement) -> tuple[int, Frame] | None:
        stack = self._session.stacks.get(measurement.stack)
        frames = stack.frames if stack is not None else ()
        return next(
            (
                (index, frame)
                for index, frame in enumerate(frames)
                if measurement.is_on(frame.sop_instance_uid, frame.frame_number)
            ),
            None,
        )

    def _go_to(self, identifier: str) -> None:
        """Show the slice a measurement was drawn on, in the viewport where its stack hangs."""
        session = self._session.session
        measurement = next((one for one in session.measurements if one.identifier == identifier), None)
        found = self._frame(measurement) if measurement is not None else None
        if measurement is None or found is None:
            return
        self._choose(identifier)
        for index, viewport in enumerate(session.viewports):
            if viewport.stack == measurement.stack:
                stacks = self._session.stacks
                command = partial(commands.scroll_to, index=index, frame_index=found[0], stacks=stacks)
                self._session.apply(command, moved=index, actions=(LinkedAction.SCROLL,))
                return
