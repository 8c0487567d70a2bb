"""Opens the three planes over the pictures, of the examinations that hang, and keeps them to what hangs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject

from compare.hanging.window_presets import presets_for
from compare.linking.frame_graph import LinkBasis, space_of
from compare.pet.fusion_pairs import ANATOMY_MODALITIES, UPTAKE_MODALITIES
from loaders.model.stack import StackKey
from loaders.values.suv import suv_of_stacks
from viewer.controllers.presenting_controller import PresentingController
from viewer.controllers.session_controller import SessionController
from viewer.controllers.volume_store import VolumeStore
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


class PlanesController(QObject):
    """Makes the panel when it is first asked for; ``area`` holds it over the grid."""

    def __init__(
        self,
        session: SessionController,
        presenting: PresentingController,
        volumes: VolumeStore,
        area: PictureArea,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._session, self._presenting, self._volumes, self._area = session, presenting, volumes, area
        self.panel: PlanesPanel | None = None
        self._shown: tuple[StackKey, ...] = ()
        presenting.presented.connect(self._follow)
        volumes.frames_arrived.connect(self._arrived)

    def deeds(self) -> Mapping[str, Callable[[], None]]:
        """What this controller can do, by the words of the key table."""
        return {"planes": self.toggle}

    @property
    def is_open(self) -> bool:
        """Whether the planes stand over the pictures."""
        return self.panel is not None and not self.panel.isHidden()

    def toggle(self) -> None:
        """Open the planes, or go back to the slices."""
        if self.is_open:
            self.close_panel()
            return
        if not self._models():
            return
        if self.panel is None:
            # VTK, which the panel is made with, takes a tenth of a second to import: not before it is asked for.
            from viewer.planes.planes_panel import PlanesPanel  # noqa: PLC0415

            self.panel = PlanesPanel()
            self._area.cover(self.panel)
        self.panel.show()
        self.panel.raise_()
        self._area.place_floating()
        self._fill()

    def close_panel(self) -> None:
        """Go back to the slices and let go of the volumes."""
        if self.panel is not None:
            self.panel.hide()
            self.panel.clear()
        self._shown = ()

    def _models(self) -> list[ViewportModel]:
        """What hangs, is in memory or on its way, and may be shown; the active one's examination among them."""
        found: dict[StackKey, ViewportModel] = {}
        for model in self._presenting.models:
            if model.stack is not None and model.volume is not None and not model.blocked_reason:
                found.setdefault(model.stack.key, model)
        models = list(found.values())
        active = next((model for model in models if model.is_active), None)
        if active is not None and active not in models[:_MOST_ROWS]:
            models = [active, *(model for model in models if model is not active)]
        return models[:_MOST_ROWS]

    def _fill(self) -> None:
        models = self._models()
        self._shown = tuple(model.stack.key for model in models if model.stack is not None)
        rows = [self._row(model, models[0]) for model in models]
        if self.panel is not None:
            self.panel.show_rows([*rows, *_fusions(models, rows)])

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
        """Other series hang, or nothing does: the planes follow, or go."""
        if not self.is_open:
            return
        keys = tuple(model.stack.key for model in self._models() if model.stack is not None)
        if not keys:
            self.close_panel()
        elif keys != self._shown:
            self._fill()

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


def _modality(model: ViewportModel) -> str:
    return model.series.modality if model.series is not None else ""


def _fusions(models: list[ViewportModel], rows: list[PlanesRow]) -> list[PlanesRow]:
    """A row of the uptake over the anatomy, where one of each hangs in one frame of reference."""
    places = {(_modality(model) in UPTAKE_MODALITIES): index for index, model in enumerate(models)}
    if len(models) != 2 or set(places) != {False, True} or rows[1].basis is not LinkBasis.SAME_FRAME:
        return []
    anatomy, uptake = rows[places[False]], rows[places[True]]
    if _modality(models[places[False]]) not in ANATOMY_MODALITIES:
        return []
    titles = (*anatomy.titles[:-1], f"{uptake.titles[-1]} + {anatomy.titles[-1]}") if anatomy.titles else ()
    return [replace(anatomy, titles=titles, unit=uptake.unit, uptake=uptake, basis=LinkBasis.SAME_FRAME)]
