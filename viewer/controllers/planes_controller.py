"""Opens the three planes over the pictures, of the examinations that hang, and keeps them to what hangs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject

from compare.hanging.window_presets import presets_for
from compare.linking.frame_graph import LinkBasis, space_of
from compare.pet.fusion_pairs import ANATOMY_MODALITIES, UPTAKE_MODALITIES
from compare.reformat.stack_grid import CannotReformat, grid_of
from compare.session.comparison_session import ComparisonSession
from compare.session.planes_commands import close_planes, set_planes
from compare.session.planes_view import PlanesArrangement, PlanesView
from loaders.model.stack import Stack, StackKey
from loaders.values.suv import suv_of_stacks
from viewer.controllers.presenting_controller import PresentingController
from viewer.controllers.session_controller import SessionController
from viewer.controllers.volume_store import VolumeStore
from viewer.jobs.job_runner import JobRunner
from viewer.main_window.picture_area import PictureArea
from viewer.planes.planes_row import PlanesRow
from viewer.viewport.badges import role_text
from viewer.viewport.corner_texts import identifier_text, name_text
from viewer.viewport.localised_dates import date_text
from viewer.viewport.viewport_model import ViewportModel

if TYPE_CHECKING:
    from viewer.planes.planes_panel import PlanesPanel

#: Current and prior; a third row would leave no room for a picture.
_MOST_ROWS = 2


#: What may lay one examination over another: one space, or a registration that was accepted. Never an offset by hand.
_FUSING = frozenset({LinkBasis.SAME_FRAME, LinkBasis.SPATIAL_REGISTRATION, LinkBasis.RIGID})


class PlanesController(QObject):
    """Makes the panel when it is first asked for; ``area`` holds it over the grid."""

    def __init__(
        self,
        session: SessionController,
        presenting: PresentingController,
        volumes: VolumeStore,
        area: PictureArea,
        *,
        jobs: JobRunner,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._session, self._presenting, self._volumes, self._area = session, presenting, volumes, area
        self._jobs = jobs
        self.panel: PlanesPanel | None = None
        self._shown: tuple[StackKey, ...] = ()
        presenting.presented.connect(self._follow)
        session.session_changed.connect(self._session_changed)
        volumes.frames_arrived.connect(self._arrived)

    def deeds(self) -> Mapping[str, Callable[[], None]]:
        """What this controller can do, by the words of the key table."""
        return {
            "planes": self.toggle,
            "planes_slab": lambda: self._with_panel(_next_mode),
            "planes_volume": lambda: self._with_panel(_toggle_volume),
        }

    @property
    def is_open(self) -> bool:
        """Whether the planes stand over the pictures."""
        return self.panel is not None and not self.panel.isHidden()

    def toggle(self) -> None:
        """Open the planes, or go back to the slices: a step of the session."""
        if self.is_open:
            self.close_panel()
        elif self._models():
            self._open()
            self._record()

    def close_panel(self) -> None:
        """Go back to the slices and let go of the volumes; where the planes stood stays in the session."""
        self._hide()
        self._session.apply(close_planes)

    def close(self) -> None:
        """Let go of the volumes at the end."""
        self._hide()

    def _with_panel(self, deed: Callable[[PlanesPanel], None]) -> None:
        if self.is_open and self.panel is not None:
            deed(self.panel)

    def _open(self) -> None:
        if self.panel is None:
            # VTK, which the panel is made with, takes a tenth of a second to import: not before it is asked for.
            from viewer.planes.planes_panel import PlanesPanel  # noqa: PLC0415

            self.panel = PlanesPanel(self._jobs)
            self.panel.changed.connect(self._record)
            self.panel.settled.connect(self._session.end_gesture)
            self._area.cover(self.panel)
        self.panel.show()
        self.panel.raise_()
        self._area.place_floating()
        self._fill()

    def _hide(self) -> None:
        if self.panel is not None:
            self.panel.hide()
            self.panel.clear()
        self._shown = ()

    def _record(self) -> None:
        """Put into the session how the planes stand now; what moves on without a rest is one step."""
        view = self.panel.view_of(self._shown) if self.panel is not None else None
        if view is not None:
            self._session.apply(lambda session: set_planes(session, view), merge_key="planes")

    def _wanted(self) -> PlanesView | None:
        view = self._session.session.planes
        return view if view is not None and view.is_open else None

    def _session_changed(self, before: ComparisonSession, after: ComparisonSession) -> None:
        """Undo, redo or a session's file: the planes stand as it says."""
        if before.planes is not after.planes:
            self._follow()

    def _models(self) -> list[ViewportModel]:
        """What hangs, is in memory or on its way, and may be shown; the active one's examination among them."""
        found: dict[StackKey, ViewportModel] = {}
        for model in self._presenting.models:
            if model.stack is not None and model.volume is not None and not model.blocked_reason:
                found.setdefault(model.stack.key, model)
        models = list(found.values())
        # A scout or a single slice takes no room beside what can be cut; alone it is refused in words.
        models = [model for model in models if model.stack is not None and _is_volume(model.stack)] or models
        active = next((model for model in models if model.is_active), None)
        if active is not None and active not in models[:_MOST_ROWS]:
            models = [active, *(model for model in models if model is not active)]
        return models[:_MOST_ROWS]

    def _fill(self) -> None:
        models = self._models()
        self._shown = tuple(model.stack.key for model in models if model.stack is not None)
        rows = [self._row(model, models[0]) for model in models]
        view = self._session.session.planes
        if self.panel is not None:
            # Where other series stood, a place says nothing: the planes begin anew.
            is_of_these = view is not None and view.stacks == self._shown
            self.panel.show_rows([*rows, *_fusions(models, rows)], view if is_of_these else None)

    def _row(self, model: ViewportModel, leading: ViewportModel) -> PlanesRow:
        assert model.volume is not None  # noqa: S101 - the list has none without
        row = PlanesRow(model.volume, _titles(model), model.window)
        if _modality(model) in UPTAKE_MODALITIES:
            self._prepare_uptake(row, model)
        if model is not leading and model.stack is not None and leading.stack is not None:
            link = self._session.graph.between(
                space_of(leading.stack, leading.viewport.study_key), space_of(model.stack, model.viewport.study_key)
            )
            if link is not None:
                row.transform, row.basis = link.transform, link.basis
        return row

    def _prepare_uptake(self, row: PlanesRow, model: ViewportModel) -> None:
        """Values in SUV where that is available, else in the series' own unit; dark on white."""
        row.is_uptake, row.unit = True, model.volume.unit.value if model.volume is not None else ""
        series = model.series
        suv = suv_of_stacks(series.stacks) if series is not None else None
        if suv is None or suv.factor is None or suv.kind is None:
            return
        row.factor, row.unit = suv.factor, suv.kind.value
        presets = presets_for("PT", suv.kind.unit)
        if model.window is not None and model.viewport.presentation.window is not None:
            # The reader's own window, in the unit it is now said in.
            window = model.viewport.presentation.window
            row.window = replace(window, center=window.center * suv.factor, width=window.width * suv.factor)
        else:
            row.window = presets[0].window if presets else None

    def _follow(self) -> None:
        """The planes are there while the session has them open and something hangs that may be shown."""
        view = self._wanted()
        keys = tuple(model.stack.key for model in self._models() if model.stack is not None)
        if view is None or not keys:
            if self.is_open:
                self._hide()
        elif not self.is_open:
            self._open()
        elif keys != self._shown:
            self._fill()
        elif self.panel is not None and view.stacks == keys:
            self.panel.take(view)

    def _arrived(self, key: StackKey) -> None:
        if not self.is_open or self.panel is None or key not in self._shown:
            return
        stack = self._session.stacks.get(key)
        volume = self._volumes.volume(stack) if stack is not None else None
        if volume is not None:
            self.panel.arrived(volume)


def _titles(model: ViewportModel) -> tuple[str, ...]:
    """Whose, when and what: said in every pane, as in every viewport."""
    if model.study is None:
        return ()
    role = "" if model.is_alone else f"{role_text(model.role)} "
    lines = [
        f"{role}{date_text(model.study.study_date)}",
        name_text(model.study.patient),
        identifier_text(model.study.patient),
    ]
    if model.series is not None:
        lines.append(" ".join(part for part in (model.series.modality, model.series.description) if part))
    return tuple(lines)


def _next_mode(panel: PlanesPanel) -> None:
    panel.next_mode()


def _toggle_volume(panel: PlanesPanel) -> None:
    is_there = panel.arrangement is PlanesArrangement.WITH_VOLUME
    panel.arrange(PlanesArrangement.PLANES if is_there else PlanesArrangement.WITH_VOLUME)


def _is_volume(stack: Stack) -> bool:
    try:
        grid_of(stack)
    except CannotReformat:
        return False
    return True


def _modality(model: ViewportModel) -> str:
    return model.series.modality if model.series is not None else ""


def _fusions(models: list[ViewportModel], rows: list[PlanesRow]) -> list[PlanesRow]:
    """A row of the uptake over the anatomy, where one of each hangs in one space, or in two a registration joins."""
    places = {(_modality(model) in UPTAKE_MODALITIES): index for index, model in enumerate(models)}
    if len(models) != 2 or set(places) != {False, True} or rows[1].basis not in _FUSING:
        return []
    anatomy, uptake = rows[places[False]], rows[places[True]]
    if _modality(models[places[False]]) not in ANATOMY_MODALITIES:
        return []
    titles = (*anatomy.titles[:-1], f"{uptake.titles[-1]} + {anatomy.titles[-1]}") if anatomy.titles else ()
    basis, to_second = rows[1].basis, rows[1].transform
    carried_by = None
    if basis is not LinkBasis.SAME_FRAME and to_second is not None:
        carried_by = to_second.inverse() if uptake is rows[1] else to_second
    return [replace(anatomy, titles=titles, unit=uptake.unit, uptake=uptake, basis=basis, uptake_carried_by=carried_by)]
