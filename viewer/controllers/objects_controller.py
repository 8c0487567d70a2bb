"""Objects beside the images: listed for the studies shown, switched on and off, read and laid over in jobs."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject

from compare.linking.frame_graph import space_of
from compare.linking.registration_edges import registration_edges
from compare.pairing.roles import study_key_of
from compare.session.view_commands import flip, rotate, scroll_to
from loaders.errors import WorldError
from loaders.model.frame import Frame
from loaders.model.overlay import FrameOverlays
from loaders.model.study import Catalogue, NotDisplayed
from loaders.objects.key_objects import KeyImages, key_images, key_slices
from loaders.objects.object_reading import ObjectReader
from loaders.objects.overlay_source import OverlaySource
from loaders.objects.presentation_state import PresentationState
from loaders.objects.registration_reading import registrations_in
from loaders.objects.report_reading import Report, is_report, read_report
from loaders.progress import CancelToken, ProgressCallback
from loaders.workers.worker_pool import WorkerPool
from viewer.controllers.session_controller import SessionController
from viewer.controllers.state_greys import StateGreys
from viewer.jobs.job_runner import JobKind, JobRunner
from viewer.panels.objects_panel import ObjectKind, ObjectRow, ObjectsPanel
from viewer.panels.problem_words import problem_words
from viewer.viewport.viewport_model import ViewportModel
from viewer.viewport.viewport_widget import ViewportWidget

if TYPE_CHECKING:
    from loaders.stores.local_folder import LocalFolder

#: Stands for what the images carry themselves: overlay planes and shutters.
PLANES = "planes"
_KEPT = 64
_KINDS = {
    "presentation_state": ObjectKind.STATE,
    "key_object_selection": ObjectKind.KEY_IMAGES,
    "segmentation": ObjectKind.SEGMENTATION,
    "structured_report": ObjectKind.REPORT,
    "encapsulated_document": ObjectKind.REPORT,
}
_STRUCTURE_SET = "1.2.840.10008.5.1.4.1.1.481.3"
_Wanted = tuple[str, int, frozenset[str]]


class ObjectsController(QObject):
    """Owns the panel's rows and what is switched on; everything is read in jobs, and by workers."""

    def __init__(
        self,
        session: SessionController,
        pool: WorkerPool,
        jobs: JobRunner,
        viewports: Callable[[], Sequence[ViewportWidget]],
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._session, self._pool, self._jobs, self._viewports = session, pool, jobs, viewports
        self.panel = ObjectsPanel()
        self.greys = StateGreys()
        #: Called when a state changes how pictures are to be drawn.
        self.on_change: Callable[[], None] = lambda: None
        #: Who gives the bytes of archive members; ``None`` while nothing is open.
        self.folder: Callable[[], LocalFolder | None] = lambda: None
        self._catalogue = Catalogue()
        self._source: OverlaySource | None = None
        self._models: tuple[ViewportModel, ...] = ()
        self._on: frozenset[str] = frozenset({PLANES})
        self._notes: dict[str, str] = {}
        self._kept: OrderedDict[_Wanted, FrameOverlays] = OrderedDict()
        self._asked: set[_Wanted] = set()
        self.panel.switched.connect(self._switch)
        self.panel.opened.connect(self._open)

    # ---- what is there

    def set_catalogue(self, catalogue: Catalogue) -> None:
        """Take what a scan has found; what was read of other objects is forgotten."""
        if catalogue.not_displayed == self._catalogue.not_displayed and self._source is not None:
            return
        self._catalogue = catalogue
        self._source = OverlaySource(catalogue, self._pool, self._reader(), self.folder())
        self._kept.clear()
        self._asked.clear()
        self._tell()

    def link_registrations(self) -> None:
        """Read registration objects, if there are any, and let the frame graph know what they state."""
        catalogue, reader = self._catalogue, self._reader()
        if not any(row.reason == "registration" for row in catalogue.not_displayed):
            return
        spaces = [
            space_of(stack, study_key_of(study))
            for study in catalogue.studies
            for series in study.series
            for stack in series.stacks
        ]

        def read(_cancel: CancelToken, _progress: ProgressCallback) -> None:
            edges = registration_edges(registrations_in(catalogue, reader), spaces)
            for edge in edges:
                self._jobs.call_on_window_thread(partial(self._session.know, edge))

        self._jobs.start(JobKind.PICTURE, "registrations", read, on_result=lambda _none: None)

    def show_models(self, models: Sequence[ViewportModel]) -> None:
        """Lay what is switched on over what is shown now."""
        self._models = tuple(models)
        self._tell()
        self._lay_over()

    def dress(self, model: ViewportModel) -> ViewportModel:
        """Return the model with the greys of a state that is switched on and made for its frame."""
        return self.greys.dress(model)

    # ---- rows

    def _tell(self) -> None:
        shown = {model.study.uid for model in self._models if model.study is not None}
        rows = [
            ObjectRow(row.sop_instance_uid, kind, self._label(row), row.sop_instance_uid in self._on, self._note(row))
            for row in self._catalogue.not_displayed
            if row.study_uid in shown and (kind := _kind_of(row)) is not None
        ]
        frames = [frame for model in self._models if model.stack is not None for frame in model.stack.frames[:1]]
        if any(frame.badges.has_overlay or frame.badges.has_shutter for frame in frames):
            label = self.tr("Overlay planes and shutters")
            rows.append(ObjectRow(PLANES, ObjectKind.PLANES, label, PLANES in self._on, self._notes.get(PLANES, "")))
        self.panel.set_rows(rows)

    def _label(self, row: NotDisplayed) -> str:
        return row.label or row.sop_class

    def _note(self, row: NotDisplayed) -> str:
        return self._notes.get(row.sop_instance_uid, "")

    def _say(self, uid: str, note: str) -> None:
        if note and self._notes.get(uid) != note:
            self._notes[uid] = note
            self._tell()

    def _say_error(self, uid: str, error: BaseException) -> None:
        if not isinstance(error, WorldError):
            raise error
        self._say(uid, problem_words(error.code, error.message).reason)

    # ---- switching

    def _switch(self, uid: str, is_on: bool) -> None:  # noqa: FBT001 - a Qt slot
        self._on = self._on | {uid} if is_on else self._on - {uid}
        row = self._catalogue.find_object(uid)
        if row is not None and _kind_of(row) is ObjectKind.STATE:
            self._switch_state(uid, is_on=is_on)
        self._tell()
        self._lay_over()

    def _switch_state(self, uid: str, *, is_on: bool) -> None:
        """A state's greys come first to those that are on; its turn is the reader's to undo like any other."""
        if not is_on:
            state = self.greys.remove(uid)
            if state is not None:
                self._turn(state, is_back=True)
            self.on_change()
            return
        source = self._source
        if source is None:
            return

        def take(state: PresentationState) -> None:
            if uid in self._on:
                self.greys.add(uid, state)
                self._say(uid, "; ".join(state.not_applied))
                self._turn(state, is_back=False)
                self.on_change()

        self._jobs.start(
            JobKind.PICTURE,
            "presentation state",
            lambda _cancel, _progress: source.state(uid),
            on_result=take,
            on_error=partial(self._say_error, uid),
        )

    def _turn(self, state: PresentationState, *, is_back: bool) -> None:
        for model in self._models:
            if model.frame is None or not state.applies_to(model.frame):
                continue
            turns = -state.turns_clockwise % 4 if is_back else state.turns_clockwise
            steps = [partial(rotate, index=model.index, quarter_turns=turns)] if turns else []
            mirror = [partial(flip, index=model.index)] if state.is_flipped else []
            for command in (*mirror, *steps) if is_back else (*steps, *mirror):
                self._session.apply(command)

    # ---- laying over

    def _lay_over(self) -> None:
        for widget, model in zip(self._viewports(), self._models, strict=False):
            wanted = self._wanted(model)
            overlays = self._kept.get(wanted) if wanted is not None else None
            widget.show_overlays(model.frame if overlays is not None else None, overlays)
            if wanted is not None and overlays is None and model.frame is not None:
                self._ask(wanted, model.frame)

    def _wanted(self, model: ViewportModel) -> _Wanted | None:
        """What is to lie over a viewport: only what can, so that most pictures ask for nothing."""
        frame, study = model.frame, model.study
        if frame is None or study is None or self._source is None or model.volume is None:
            return None
        mine = {
            row.sop_instance_uid
            for row in self._catalogue.not_displayed
            if row.study_uid == study.uid and row.sop_instance_uid in self._on
        }
        if PLANES in self._on and (frame.badges.has_overlay or frame.badges.has_shutter):
            mine.add(PLANES)
        return (frame.sop_instance_uid, frame.frame_number, frozenset(mine)) if mine else None

    def _ask(self, wanted: _Wanted, frame: Frame) -> None:
        source = self._source
        if wanted in self._asked or source is None:
            return
        self._asked.add(wanted)
        kinds = {uid: self._kind_of_uid(uid) for uid in sorted(wanted[2])}

        def work(cancel: CancelToken, _progress: ProgressCallback) -> tuple[FrameOverlays, dict[str, str]]:
            return _gathered(source, kinds, frame, cancel)

        self._jobs.start(JobKind.PICTURE, "overlays", work, on_result=partial(self._take, wanted))

    def _kind_of_uid(self, uid: str) -> ObjectKind:
        row = self._catalogue.find_object(uid)
        return (_kind_of(row) if row is not None else None) or ObjectKind.PLANES

    def _take(self, wanted: _Wanted, found: tuple[FrameOverlays, dict[str, str]]) -> None:
        overlays, notes = found
        self._asked.discard(wanted)
        self._kept[wanted] = overlays
        while len(self._kept) > _KEPT:
            self._kept.popitem(last=False)
        for uid, note in notes.items():
            self._say(uid, note)
        self._lay_over()

    # ---- opening

    def _open(self, uid: str) -> None:
        row = self._catalogue.find_object(uid)
        if row is None:
            return
        reader = self._reader()
        if _kind_of(row) is ObjectKind.KEY_IMAGES:
            self._jobs.start(
                JobKind.PICTURE,
                "key images",
                lambda _cancel, _progress: key_images(reader.elements(row.file)),
                on_result=self._go_to,
                on_error=partial(self._say_error, uid),
            )
        elif is_report(row):
            self._jobs.start(
                JobKind.PICTURE,
                "report",
                lambda _cancel, _progress: read_report(row, reader),
                on_result=self._show_report,
                on_error=partial(self._say_error, uid),
            )

    def _show_report(self, report: Report) -> None:
        notes = "\n".join(f"[{note}]" for note in report.notes)
        self.panel.show_report(f"{report.text}\n{notes}".strip())

    def _go_to(self, selection: KeyImages) -> None:
        """Go to the next key image in the first viewport that shows a stack with one."""
        self.panel.show_report("\n".join(part for part in (selection.title, selection.description) if part))
        for model in self._models:
            numbers = key_slices(selection, model.stack) if model.stack is not None else ()
            if not numbers:
                continue
            here = model.viewport.view.frame_index + 1
            number = next((each for each in numbers if each > here), numbers[0])
            command = partial(scroll_to, index=model.index, frame_index=number - 1, stacks=self._session.stacks)
            self._session.apply(command)
            return
        self._say(selection.sop_instance_uid, self.tr("none of its images is in a series on screen"))

    def _reader(self) -> ObjectReader:
        folder = self.folder()
        return ObjectReader(self._pool, folder.file_bytes if folder is not None else None)


def _kind_of(row: NotDisplayed) -> ObjectKind | None:
    return ObjectKind.STRUCTURES if row.sop_class_uid == _STRUCTURE_SET else _KINDS.get(row.reason)


def _gathered(
    source: OverlaySource, kinds: dict[str, ObjectKind], frame: Frame, cancel: CancelToken
) -> tuple[FrameOverlays, dict[str, str]]:
    """Read and join what lies over a frame; what cannot be drawn, or read, is said by object."""
    overlays = FrameOverlays()
    notes: dict[str, str] = {}
    for uid, kind in kinds.items():
        cancel.raise_if_cancelled()
        try:
            found = _of_one(source, uid, kind, frame)
        except WorldError as error:
            notes[uid] = error.message
            continue
        overlays += replace(found, not_drawn=())
        if found.not_drawn:
            notes[uid] = "; ".join(found.not_drawn)
    return overlays, notes


def _of_one(source: OverlaySource, uid: str, kind: ObjectKind, frame: Frame) -> FrameOverlays:
    match kind:
        case ObjectKind.STATE:
            return source.state_overlays(uid, frame) if source.state(uid).applies_to(frame) else FrameOverlays()
        case ObjectKind.SEGMENTATION:
            return source.segments(uid, frame)
        case ObjectKind.STRUCTURES:
            return source.contours(uid, frame)
        case _:
            return source.planes(frame)
