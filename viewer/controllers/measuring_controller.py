"""Measuring: the tool in hand, the chosen measurement, the values of all of them, and their list."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

from PySide6.QtCore import QObject, Signal

from compare.session import commands
from compare.session.comparison_session import ComparisonSession, LinkedAction, Role
from compare.session.key_image import KeyImage
from compare.session.measurement import Measurement, MeasurementKind
from loaders.model.frame import Frame
from loaders.model.stack import Stack
from loaders.model.volume import Volume
from viewer.controllers.session_controller import SessionController
from viewer.controllers.value_desk import ValueDesk, Values
from viewer.panels.measurements_panel import MeasurementRow, MeasurementsPanel
from viewer.panels.plain_text import shown_text
from viewer.viewport.value_text import value_lines
from viewer.viewport.viewport_widget import ViewportWidget


@dataclass(frozen=True, slots=True)
class MeasuringParts:
    """What measuring works with: values, volumes by stack, and the widgets in the session's order."""

    values: ValueDesk
    volume_of: Callable[[Stack], Volume | None]
    viewports: Callable[[], Sequence[ViewportWidget]]


class MeasuringController(QObject):
    """Signals.

    ``tool_changed(str)``: the tool of the left button, empty where the profile's own holds; ``chosen_changed(str)``:
    the measurement that keys act on, or empty.
    """

    tool_changed = Signal(str)
    chosen_changed = Signal(str)

    def __init__(
        self,
        session: SessionController,
        parts: MeasuringParts,
        panel: MeasurementsPanel,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._session = session
        self._parts = parts
        self._panel = panel
        self._chosen = ""
        self._tool: str | None = None
        #: The kind drawn last: what the button in the bar takes.
        self.last_kind = MeasurementKind.LENGTH
        session.session_changed.connect(self._session_changed)
        session.catalogue_changed.connect(self._tell)
        parts.values.values_ready.connect(self.values_changed)
        panel.go_to_requested.connect(self.go_to)
        panel.remove_requested.connect(self._remove)

    def connect_viewport(self, widget: ViewportWidget) -> None:
        """Listen to a viewport, and give it the tool in hand."""
        widget.measurement_chosen.connect(lambda _index, identifier: self.choose(identifier))
        widget.left_tool = self._tool
        widget.words_of = self._words_of

    def deeds(self) -> Mapping[str, Callable[[], None]]:
        """What this controller can do, by the words of the key table."""
        tools = {kind.value: partial(self._toggle, kind) for kind in MeasurementKind}
        return {**tools, "delete": self._delete_chosen, "key_image": self._toggle_key_image}

    # ---- the tool

    @property
    def tool(self) -> str | None:
        """What the left button does, by the words of :mod:`viewer.tools`; ``None`` leaves it to the profile."""
        return self._tool

    @property
    def is_measuring(self) -> bool:
        """Whether the tool in hand draws measurements."""
        return self._tool is not None and self._tool in set(MeasurementKind)

    def take_tool(self, tool: str | None) -> None:
        """Take a tool in hand, or give the left button back to the profile."""
        if tool != self._tool:
            self._tool = tool
            if self.is_measuring:
                self.last_kind = MeasurementKind(str(tool))
            for widget in self._parts.viewports():
                widget.left_tool = tool
            self.tool_changed.emit(tool or "")

    def cancel_draft(self) -> bool:
        """Give up what is half drawn anywhere; whether there was anything."""
        drafting = [widget for widget in self._parts.viewports() if widget.is_drafting]
        for widget in drafting:
            widget.cancel_draft()
        return bool(drafting)

    def _toggle_key_image(self) -> None:
        index, stacks = self._session.session.active, self._session.stacks
        self._session.apply(partial(commands.toggle_key_image, index=index, stacks=stacks))

    def _toggle(self, kind: MeasurementKind) -> None:
        self.take_tool(None if self._tool == kind else kind.value)

    # ---- the chosen one

    @property
    def chosen(self) -> Measurement | None:
        """The measurement that keys act on."""
        return next((one for one in self._session.session.measurements if one.identifier == self._chosen), None)

    def choose(self, identifier: str) -> None:
        """Make a measurement the one that keys act on; empty for none."""
        if identifier != self._chosen:
            self._chosen = identifier
            for widget in self._parts.viewports():
                widget.choose_measurement(identifier)
            self.chosen_changed.emit(identifier)

    def go_to(self, identifier: str) -> None:
        """Show the slice a measurement was drawn on, in the viewport where its stack hangs."""
        session = self._session.session
        marked: list[Measurement | KeyImage] = [*session.measurements, *session.key_images]
        one = next((one for one in marked if one.identifier == identifier), None)
        found = self.frame_of(one) if one is not None else None
        if one is None or found is None:
            return
        self.choose(identifier)
        for index, viewport in enumerate(session.viewports):
            if viewport.stack == one.stack:
                stacks = self._session.stacks
                command = partial(commands.scroll_to, index=index, frame_index=found[0], stacks=stacks)
                self._session.apply(command, moved=index, actions=(LinkedAction.SCROLL,))
                return

    def _delete_chosen(self) -> None:
        if self.chosen is not None:
            self._remove(self._chosen)

    def _remove(self, identifier: str) -> None:
        if any(one.identifier == identifier for one in self._session.session.key_images):
            self._session.apply(partial(commands.remove_key_image, identifier=identifier))
        else:
            self._session.apply(partial(commands.delete_measurement, identifier=identifier))

    # ---- values

    def frame_of(self, measurement: Measurement | KeyImage) -> tuple[int, Frame] | None:
        """The frame of a measurement or key image with its index in the stack, ``None`` where it is not open."""
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

    def values_of(self, measurement: Measurement, volume: Volume | None = None) -> Values | None:
        """What a measurement says now; ``None`` while it is being computed, no values where its images are not open."""
        found, stack = self.frame_of(measurement), self._session.stacks.get(measurement.stack)
        if found is None or stack is None:
            return ()
        held = volume if volume is not None and volume.stack is stack else self._parts.volume_of(stack)
        return self._parts.values.values(measurement, *found, held)

    def values_changed(self, _key: object = None) -> None:
        """Say values anew: some were computed, or frames they rest on have arrived."""
        if self._session.session.measurements:
            for widget in self._parts.viewports():
                widget.update()
            self._tell()

    def _words_of(self, measurement: Measurement, volume: Volume | None) -> Sequence[str]:
        lines = value_lines(measurement.kind, self.values_of(measurement, volume), measurement.text)
        lesion = next((one for one in self._session.session.lesions if one.tracking_uid == measurement.lesion), None)
        if measurement.is_carried:
            # Its size is the other examination's: not a word of it here.
            lines = (self.tr("carried over: adjust it, or accept it with its key"),)
        return lines if lesion is None else (shown_text(lesion.label), *lines)

    def _session_changed(self, before: ComparisonSession, after: ComparisonSession) -> None:
        if self._listed(before) != self._listed(after):
            self._parts.values.keep(after.measurements)
            self._tell()

    @staticmethod
    def _listed(session: ComparisonSession) -> tuple[object, ...]:
        return session.measurements, session.lesions, session.key_images

    # ---- the list

    def _tell(self) -> None:
        session = self._session.session
        marked: list[Measurement | KeyImage] = [*session.measurements, *session.key_images]
        rows = (self._row(one) for one in marked)
        self._panel.set_rows([row for row in rows if row is not None])

    def _row(self, measurement: Measurement | KeyImage) -> MeasurementRow | None:
        found = self.frame_of(measurement)
        if found is None:
            return None
        if isinstance(measurement, KeyImage):
            return self._placed_row(measurement, found[0])
        lesions = self._session.session.lesions
        return replace(
            self._placed_row(measurement, found[0]),
            kind=measurement.kind,
            values=self.values_of(measurement),
            text=measurement.text,
            lesion=next((one.label for one in lesions if one.tracking_uid == measurement.lesion), ""),
            is_carried=measurement.is_carried,
        )

    def _placed_row(self, one: Measurement | KeyImage, frame_index: int) -> MeasurementRow:
        """A row that says where something is, and nothing yet of what it measures."""
        study, series = self._session.index.study_of(one.stack), self._session.index.series_of(one.stack)
        shown = next((viewport for viewport in self._session.session.viewports if viewport.stack == one.stack), None)
        return MeasurementRow(
            identifier=one.identifier,
            kind=None,
            values=(),
            text="",
            lesion="",
            role=shown.role if shown is not None else Role.UNKNOWN,
            study_date=study.study_date if study else None,
            series_text=series.description if series else "",
            slice_number=frame_index + 1,
        )
