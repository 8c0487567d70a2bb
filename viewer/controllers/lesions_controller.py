"""Following lesions: made of measurements, judged, shown through time, and carried to the other examinations."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from functools import partial

from PySide6.QtCore import QCoreApplication, QObject, Qt
from PySide6.QtWidgets import QWidget

from compare.following.carry import CarriedLesion, carried_lesions, is_measured_at
from compare.following.lesion import Lesion, NonTargetState
from compare.pairing.roles import study_key_of
from compare.reporting.findings import Findings, MeasuredFrame, findings_of
from compare.session import commands
from compare.session.comparison_session import ComparisonSession
from compare.session.measurement import Measurement
from loaders.model.stack import StackKey
from viewer.controllers.measuring_controller import MeasuringController
from viewer.controllers.session_controller import SessionController
from viewer.panels.lesion_dialog import LesionDialog
from viewer.panels.lesions_panel import LesionsPanel
from viewer.panels.plain_text import shown_text
from viewer.viewport.localised_dates import date_text
from viewer.viewport.measurement_painter import CarriedRing
from viewer.viewport.viewport_widget import ViewportWidget

translate = QCoreApplication.translate


class LesionsController(QObject):
    """Owns the lesions panel and the rings of carried lesions. ``viewports`` are in the session's order."""

    def __init__(
        self,
        session: SessionController,
        measuring: MeasuringController,
        viewports: Callable[[], Sequence[ViewportWidget]],
        window: QWidget,
    ) -> None:
        super().__init__(window)
        self._session, self._measuring, self._viewports, self._window = session, measuring, viewports, window
        self.panel = LesionsPanel()
        self._kept: dict[object, tuple[tuple[object, ...], tuple[CarriedLesion, ...]]] = {}
        measuring.chosen_changed.connect(lambda _one: self._tell_chosen())
        session.session_changed.connect(self._session_changed)
        session.catalogue_changed.connect(self.tell)
        session.graph_changed.connect(self.tell)
        self.panel.make_requested.connect(self.make_lesion)
        self.panel.assign_requested.connect(self.assign)
        self.panel.edit_requested.connect(self.edit)
        self.panel.remove_requested.connect(
            lambda uid: session.apply(partial(commands.delete_lesion, tracking_uid=uid))
        )
        self.panel.judged.connect(self._judge)
        self.panel.go_to_requested.connect(self.go_to)

    def deeds(self) -> Mapping[str, Callable[[], None]]:
        """What this controller can do, by the words of the key table."""
        return {"make_lesion": self.make_lesion, "confirm_carried": self.confirm_carried}

    # ---- making and judging

    def make_lesion(self) -> None:
        """Ask what the chosen measurement measures, and follow it."""
        chosen = self._measuring.chosen
        if chosen is None:
            self._session.refused.emit("no_measurement_chosen")
            return
        number = len(self._session.session.lesions) + 1
        lesion = Lesion(f"2.25.{uuid.uuid4().int}", translate("Lesions", "Lesion {number}").format(number=number))
        self._ask(lesion, partial(self._add, chosen))

    def edit(self, tracking_uid: str) -> None:
        """Ask what is to be said of a lesion."""
        lesion = self._lesion(tracking_uid)
        if lesion is not None:
            self._ask(lesion, lambda said: self._session.apply(partial(commands.edit_lesion, lesion=said)))

    def assign(self, tracking_uid: str) -> None:
        """Say that the chosen measurement measures a lesion."""
        chosen = self._measuring.chosen
        if chosen is not None:
            assigned = partial(commands.assign_lesion, identifier=chosen.identifier, tracking_uid=tracking_uid)
            self._session.apply(assigned)

    def _add(self, chosen: Measurement, lesion: Lesion) -> None:
        def command(session: ComparisonSession) -> ComparisonSession:
            return commands.assign_lesion(commands.add_lesion(session, lesion), chosen.identifier, lesion.tracking_uid)

        self._session.apply(command)

    def _ask(self, lesion: Lesion, said: Callable[[Lesion], object]) -> None:
        dialog = LesionDialog(lesion, self._window)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.said.connect(said)
        dialog.open()

    def _judge(self, tracking_uid: str, study_key: str, state: NonTargetState) -> None:
        command = partial(commands.judge_lesion, tracking_uid=tracking_uid, study_key=study_key, state=state)
        self._session.apply(command)

    def _lesion(self, tracking_uid: str) -> Lesion | None:
        lesions = self._session.session.lesions
        return next((one for one in lesions if one.tracking_uid == tracking_uid), None)

    # ---- going there, carrying over

    def go_to(self, tracking_uid: str) -> None:
        """Bring every examination on screen to a lesion: to its measurement there, or to where it is carried."""
        places = [self._place(index, tracking_uid) for index in range(len(self._session.session.viewports))]
        stacks = self._session.stacks

        def command(session: ComparisonSession) -> ComparisonSession:
            for index, place in enumerate(places):
                if place is not None:
                    session = commands.scroll_to(session, index, place, stacks)
            return session

        self._session.apply(command)
        drawn = [one for one in self._session.session.measurements if one.lesion == tracking_uid]
        if drawn:
            self._measuring.choose(drawn[0].identifier)

    def _place(self, index: int, tracking_uid: str) -> int | None:
        viewport = self._session.session.viewports[index]
        stack = self._session.stacks.get(viewport.stack) if viewport.stack is not None else None
        if stack is None:
            return None
        for one in self._session.session.measurements:
            if one.lesion == tracking_uid and one.stack == stack.key:
                found = self._measuring.frame_of(one)
                return found[0] if found is not None else None
        carried = next((one for one in self.carried(index) if one.lesion.tracking_uid == tracking_uid), None)
        return carried.nearest_frame(stack) if carried is not None else None

    def confirm_carried(self) -> None:
        """Accept the chosen carried measurement, or lay down what is carried to the active viewport."""
        chosen = self._measuring.chosen
        if chosen is not None and chosen.is_carried:
            self._session.apply(partial(commands.accept_measurement, identifier=chosen.identifier))
            return
        index = self._session.session.active
        carried = self._nearest_carried(index)
        if carried is None:
            self._session.refused.emit("nothing_carried")
            return
        viewport = self._session.session.viewports[index]
        stack = self._session.stacks[viewport.stack] if viewport.stack is not None else None
        if stack is None:
            return
        at = carried.nearest_frame(stack)
        frame = stack.frames[at]
        one = Measurement(
            identifier=f"carried-{uuid.uuid4().hex[:12]}",
            kind=carried.source.kind,
            stack=stack.key,
            sop_instance_uid=frame.sop_instance_uid,
            frame_number=frame.frame_number,
            points_mm=carried.points_on(frame),
            lesion=carried.lesion.tracking_uid,
        )
        stacks = self._session.stacks

        def command(session: ComparisonSession) -> ComparisonSession:
            return commands.scroll_to(commands.add_carried(session, one), index, at, stacks)

        if self._session.apply(command):
            self._measuring.choose(one.identifier)

    def _nearest_carried(self, index: int) -> CarriedLesion | None:
        """Of the lesions carried to a viewport the one nearest to the slice that it shows."""
        viewport = self._session.session.viewports[index]
        stack = self._session.stacks.get(viewport.stack) if viewport.stack is not None else None
        carried = self.carried(index)
        if stack is None or not carried:
            return None
        shown = viewport.view.frame_index
        return min(carried, key=lambda one: abs(one.nearest_frame(stack) - shown))

    def carried(self, index: int) -> tuple[CarriedLesion, ...]:
        """The lesions carried to a viewport; mapped once and kept until something of it changes."""
        session, graph = self._session.session, self._session.graph
        viewport = session.viewports[index]
        if viewport.stack is None or not session.lesions:
            return ()
        rests_on = (session.measurements, session.lesions, graph, self._session.index)
        key = (viewport.stack, viewport.study_key)
        kept = self._kept.get(key)
        if kept is None or kept[0] != rests_on:
            found = carried_lesions(session, viewport, self._session.stacks, graph, self._study_key_of)
            self._kept[key] = kept = (rests_on, found)
        return kept[1]

    def _study_key_of(self, key: StackKey) -> str:
        study = self._session.index.study_of(key)
        return study_key_of(study) if study is not None else key.study_uid

    # ---- showing

    def show_rings(self) -> None:
        """Mark on the shown slices where lesions of other examinations should lie."""
        for index, widget in enumerate(self._viewports()):
            frame = widget.model.frame
            if index >= len(self._session.session.viewports) or frame is None:
                widget.show_rings(None)
                continue
            rings = []
            for one in self.carried(index):
                cut = one.ring_on(frame)
                if cut is not None:
                    rings.append(CarriedRing(cut[0], cut[1], _ring_words(one)))
            widget.show_rings(frame, tuple(rings))

    def findings(self) -> Findings:
        """Everything that is measured on open images, with the lesions through time."""
        session = self._session.session
        places = {}
        for one in session.measurements:
            found, study = self._measuring.frame_of(one), self._session.index.study_of(one.stack)
            if found is not None and study is not None:
                places[one.identifier] = MeasuredFrame(found[1], found[0] + 1, study_key_of(study), study.study_date)
        studies = self._session.index.catalogue.studies
        mine = {place.study_key for place in places.values()}
        judged = {key for lesion in session.lesions for key, _ in lesion.states}
        return findings_of(session, tuple(one for one in studies if study_key_of(one) in mine | judged), places, {})

    def tell(self) -> None:
        """Bring the panel and the rings up to date."""
        session = self._session.session
        notes = self._notes() if session.lesions else []
        findings = self.findings()
        self.panel.set_findings(findings, notes, self._judgeable(findings))
        self._tell_chosen()
        self.show_rings()

    def _judgeable(self, findings: Findings) -> list[tuple[str, date | None]]:
        """The examinations of the table and those on screen, newest first."""
        found = {point.study_key: point.study_date for point in findings.points}
        for viewport in self._session.session.viewports:
            study = self._session.index.study_of(viewport.stack) if viewport.stack is not None else None
            if study is not None:
                found[study_key_of(study)] = study.study_date
        return sorted(found.items(), key=lambda one: (one[1] or date.min, one[0]), reverse=True)

    def _tell_chosen(self) -> None:
        self.panel.set_chosen_measurement(has_one=self._measuring.chosen is not None)

    def _session_changed(self, before: ComparisonSession, after: ComparisonSession) -> None:
        is_other = before.measurements != after.measurements or before.lesions != after.lesions
        hung = [[viewport.stack for viewport in one.viewports] for one in (before, after)]
        if is_other or (after.lesions and hung[0] != hung[1]):
            self.tell()

    def _notes(self) -> list[str]:
        """Which lesions cannot be shown in which examination on screen, and why."""
        session, notes = self._session.session, []
        for index, viewport in enumerate(session.viewports):
            study = self._session.index.study_of(viewport.stack) if viewport.stack is not None else None
            if study is None:
                continue
            carried = {one.lesion.tracking_uid for one in self.carried(index)}
            left = [
                shown_text(lesion.label)
                for lesion in session.lesions
                if lesion.tracking_uid not in carried
                and not is_measured_at(session, lesion, viewport.study_key, self._study_key_of)
            ]
            if left:
                words = translate(
                    "Lesions",
                    "Not carried to the study of {date}: {lesions}. No registration leads there, or the place lies "
                    "outside its images.",
                )
                notes.append(words.format(date=date_text(study.study_date), lesions=", ".join(left)))
        return list(dict.fromkeys(notes))


def _ring_words(one: CarriedLesion) -> str:
    label = shown_text(one.lesion.label)
    if one.error_mm is None:
        return translate("Lesions", "{lesion}? error not known").format(lesion=label)
    return translate("Lesions", "{lesion}? ±{error} mm").format(lesion=label, error=f"{one.error_mm:.1f}")
