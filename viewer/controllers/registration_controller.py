"""Alignment by itself: what hangs side by side is registered in the background, and linked by what was found.

One pair of examinations at a time, in a process of its own. The rigid alignment links as soon as it is to be believed,
the deformable one takes its place. Nothing that the reader set moves: the other views follow when he next scrolls.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer, Signal

from compare.errors import Refused
from compare.identity.session_identity import pair_of
from compare.identity.verdict import Verdict
from compare.linking.frame_graph import FrameEdge, Space, space_of
from compare.linking.stack_places import are_alike, places_of
from compare.registration.registration_image import NotRegistrable, registration_image
from compare.session.comparison_session import Role, Viewport
from loaders.errors import WorldError
from loaders.model.frame_validity import FrameState
from loaders.model.stack import Stack, StackKey
from loaders.model.volume import Volume
from loaders.progress import CancelToken, Progress, ProgressCallback
from viewer.controllers.session_controller import SessionController
from viewer.controllers.volume_store import VolumeStore
from viewer.jobs.job_runner import Job, JobKind, JobRunner
from viewer.viewport.viewport_model import LinkBadge, LinkKind

if TYPE_CHECKING:
    from compare.registration.register import Aligned, Registration

#: Name of the job, for the strip below the pictures.
ALIGN_JOB = "align"
#: The views must have been at rest for so long: stepping through series starts nothing.
_REST_MS = 300
_MODALITIES = frozenset({"CT", "MR"})

SliceErrors = Mapping[StackKey, tuple[float | None, ...]]
PairOfSpaces = tuple[Space, Space]


class AlignmentStage(StrEnum):
    """Where the alignment of two examinations stands."""

    RUNNING = "running"
    ACCEPTED = "accepted"
    REFUSED = "refused"  # no reliable alignment; ``reason`` says why
    REJECTED = "rejected"  # by the reader
    STOPPED = "stopped"  # cancelled by the reader, or it failed; ``reason`` says which


@dataclass(frozen=True, slots=True, eq=False)
class AlignPair:
    """What is registered: two stacks, the current's first, and the spaces that they lie in."""

    current: Stack
    prior: Stack
    spaces: PairOfSpaces
    modality: str


@dataclass(frozen=True, slots=True, eq=False)
class Alignment:
    """One pair's alignment as it stands. ``rigid`` is there before ``outcome`` is."""

    pair: AlignPair
    stage: AlignmentStage
    percent: int = 0
    rigid: Aligned | None = None
    outcome: Registration | None = None
    reason: str = ""
    errors: SliceErrors | None = None

    @property
    def best(self) -> Aligned | None:
        """The finest alignment there is, whether in use or not."""
        return self.outcome.best if self.outcome is not None else self.rigid


class RegistrationController(QObject):
    """Lives on the window's thread. Signal: ``changed()`` when any alignment stands otherwise than before."""

    changed = Signal()

    def __init__(
        self, session: SessionController, volumes: VolumeStore, jobs: JobRunner, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._session, self._volumes, self._jobs = session, volumes, jobs
        self._known: dict[PairOfSpaces, Alignment] = {}
        self._job: Job[tuple[Registration, SliceErrors]] | None = None
        self._running: PairOfSpaces | None = None
        #: Whether pairs are aligned without being asked for.
        self.is_automatic = False
        self._rest = QTimer(self)
        self._rest.setSingleShot(True)
        self._rest.setInterval(_REST_MS)
        self._rest.timeout.connect(self._consider)
        volumes.frames_arrived.connect(lambda _key: self.consider_soon())
        session.session_changed.connect(lambda _before, _after: self.consider_soon())
        session.catalogue_changed.connect(self.consider_soon)
        jobs.job_progressed.connect(self._note_progress)
        jobs.job_ended.connect(self._note_end)

    def deeds(self) -> Mapping[str, Callable[[], None]]:
        """What this controller can do, by the words of the key table."""
        return {"align_again": self.align_again, "reject_alignment": self.reject_or_restore}

    # ---- what is known

    def alignment_of(self, index: int) -> Alignment | None:
        """The alignment that a viewport's link to the first one rests on, or waits for."""
        viewports = self._session.session.viewports
        hung = [number for number, viewport in enumerate(viewports) if viewport.stack is not None]
        other = next((number for number in hung if number != index), None)
        if other is None or not 0 <= index < len(viewports):
            return None
        spaces = [self._space(viewports[number]) for number in (index, other)]
        if spaces[0] is None or spaces[1] is None:
            return None
        return self._known.get((spaces[0], spaces[1])) or self._known.get((spaces[1], spaces[0]))

    def alignment_between(self, current: int, prior: int) -> Alignment | None:
        """The alignment that leads from the examination of one viewport to that of another, if it may be used."""
        viewports = self._session.session.viewports
        spaces = self._space(viewports[current]), self._space(viewports[prior])
        if spaces[0] is None or spaces[1] is None:
            return None
        found = self._known.get((spaces[0], spaces[1]))
        is_usable = found is not None and found.stage in {AlignmentStage.RUNNING, AlignmentStage.ACCEPTED}
        return found if is_usable else None

    def note(self, index: int, badge: LinkBadge | None) -> LinkBadge | None:
        """What the badge says while the alignment is on its way, or was refused; a link set by hand stays what it is.

        Linked by slice numbers the views go on being so: a refusal takes nothing away, but it is what the reader has
        to know.
        """
        alignment = self.alignment_of(index)
        if badge is None or alignment is None or badge.kind not in _WEAK:
            return badge
        if alignment.stage is AlignmentStage.RUNNING:
            kind = LinkKind.NOT_YET if badge.kind is LinkKind.NOTHING_TO_LINK else badge.kind
            return replace(badge, kind=kind, percent_done=alignment.percent)
        if alignment.stage is AlignmentStage.REFUSED and badge.kind is not LinkKind.TABLE_POSITION:
            return LinkBadge(LinkKind.NOT_RELIABLE, reason=alignment.reason, is_followed=badge.is_linked)
        return replace(badge, reason=alignment.reason)

    def slice_errors(self, index: int) -> tuple[float | None, ...]:
        """The stated error of every frame that hangs in a viewport; empty where no alignment is in use."""
        alignment = self.alignment_of(index)
        key = self._session.session.viewports[index].stack
        if alignment is None or alignment.stage is not AlignmentStage.ACCEPTED or alignment.errors is None:
            return ()
        return () if key is None else alignment.errors.get(key, ())

    # ---- deeds

    def align_again(self) -> None:
        """Align the pair on screen anew, whatever was found before; asked for by hand it needs no automatism."""
        pair = self._pair()
        if pair is None:
            self._session.refused.emit("nothing_to_align")
            return
        self._cancel()
        self._known.pop(pair.spaces, None)
        self._session.know_computed(*pair.spaces, None)
        self._start(pair)

    def reject_or_restore(self) -> None:
        """Take the alignment on screen out of use, or back into it: linking falls back to what there was before."""
        alignment = self._on_screen()
        if alignment is None or alignment.best is None or alignment.stage is AlignmentStage.RUNNING:
            self._session.refused.emit("nothing_to_reject")
            return
        spaces = alignment.pair.spaces
        if alignment.stage is AlignmentStage.ACCEPTED:
            self._know(spaces, replace(alignment, stage=AlignmentStage.REJECTED, reason="rejected"))
            self._session.know_computed(*spaces, None)
        else:
            self._know(spaces, replace(alignment, stage=AlignmentStage.ACCEPTED, reason=""))
            self._session.know_computed(*spaces, _edge(*spaces, alignment.best))

    def consider_soon(self) -> None:
        """Look, once all is at rest, whether something is to be aligned."""
        self._rest.start()

    def close(self) -> None:
        """Stop."""
        self._rest.stop()
        self._cancel()

    # ---- what is to be aligned

    def _consider(self) -> None:
        pair = self._pair()
        if pair is None or (self._running is not None and self._running != pair.spaces):
            self._cancel()
        if pair is None or not self.is_automatic or self._job is not None:
            return
        known = self._known.get(pair.spaces)
        if known is not None and not _has_outgrown(known.pair, pair):
            return
        self._start(pair)

    def _pair(self) -> AlignPair | None:
        """The first two viewports whose examinations are of one patient and wait for an alignment, or have one."""
        hung = [viewport for viewport in self._session.session.viewports if viewport.stack is not None]
        currents = [viewport for viewport in hung if viewport.role is not Role.PRIOR]
        found = (self._pair_of(one, other) for one in currents for other in hung if one.study_key != other.study_key)
        return next((pair for pair in found if pair is not None), None)

    def _pair_of(self, one: Viewport, other: Viewport) -> AlignPair | None:
        current, prior = self._whole(one), self._whole(other)
        modality = self._modality(one, other)
        if current is None or prior is None or not modality:
            return None
        if not _are_alike(current, prior) or not self._is_one_patient(current, prior):
            return None
        spaces = space_of(current, one.study_key), space_of(prior, other.study_key)
        # What the headers, or a registration object, say already needs no computing.
        is_open = spaces in self._known or self._session.graph.between(*spaces) is None
        if spaces[0] == spaces[1] or (spaces[1], spaces[0]) in self._known or not is_open:
            return None
        return AlignPair(current, prior, spaces, modality)

    def _whole(self, viewport: Viewport) -> Stack | None:
        """The stack of a viewport once everything of it that will come is in memory."""
        stack = self._session.stacks.get(viewport.stack) if viewport.stack is not None else None
        volume = self._volumes.volume(stack) if stack is not None else None
        return stack if volume is not None and _is_whole(volume) else None

    def _modality(self, *viewports: Viewport) -> str:
        """The one modality of both, of those that are aligned; else empty."""
        index = self._session.index
        series = [index.series_of(viewport.stack) for viewport in viewports if viewport.stack is not None]
        found = {one.modality for one in series if one is not None}
        modality = found.pop() if len(found) == 1 else ""
        return modality if modality in _MODALITIES else ""

    def _is_one_patient(self, current: Stack, prior: Stack) -> bool:
        studies = [self._session.index.study_of(stack.key) for stack in (current, prior)]
        if studies[0] is None or studies[1] is None:
            return False
        identity = pair_of(self._session.session, studies[0], studies[1])
        return identity.verdict.verdict is not Verdict.CONFLICT and identity.is_answered

    def _on_screen(self) -> Alignment | None:
        viewports = range(len(self._session.session.viewports))
        return next((found for index in viewports if (found := self.alignment_of(index)) is not None), None)

    def _space(self, viewport: Viewport) -> Space | None:
        stack = self._session.stacks.get(viewport.stack) if viewport.stack is not None else None
        return None if stack is None else space_of(stack, viewport.study_key)

    # ---- the job

    def _start(self, pair: AlignPair) -> None:
        current, prior = self._volumes.volume(pair.current), self._volumes.volume(pair.prior)
        if current is None or prior is None:
            return
        call, took_rigid = self._jobs.call_on_window_thread, self._take_rigid

        def work(cancel: CancelToken, progress: ProgressCallback) -> tuple[Registration, SliceErrors]:
            def tell_rigid(aligned: Aligned) -> None:
                errors = _errors(aligned, pair)
                call(lambda: took_rigid(pair, aligned, errors, cancel))

            return _registered(pair, (current, prior), cancel, progress, tell_rigid)

        self._running = pair.spaces
        self._know(pair.spaces, Alignment(pair, AlignmentStage.RUNNING))
        self._job = self._jobs.start(
            JobKind.ALIGN, ALIGN_JOB, work, on_result=partial(self._take, pair), on_error=partial(self._fail, pair)
        )

    def _cancel(self) -> None:
        """Give up what runs; whoever comes back to the pair starts it anew."""
        job, spaces = self._job, self._running
        self._job = self._running = None
        if job is not None:
            job.cancel()
        if spaces is not None:
            gone = self._known.pop(spaces, None)
            if gone is not None and gone.rigid is not None:
                self._session.know_computed(*spaces, None)
            self.changed.emit()

    def _note_progress(self, job: Job[object]) -> None:
        if job is self._job and self._running is not None and job.progress is not None:
            alignment = self._known[self._running]
            if alignment.percent != job.progress.done:
                self._know(self._running, replace(alignment, percent=job.progress.done))

    def _note_end(self, job: Job[object]) -> None:
        """Told before the outcome; of a cancelled job there will be none: the reader stopped it in the strip."""
        if job is self._job and job.cancel_token.is_cancelled and self._running is not None:
            spaces, alignment = self._running, self._known[self._running]
            self._job = self._running = None
            self._know(spaces, replace(alignment, stage=AlignmentStage.STOPPED, reason="cancelled"))

    def _take_rigid(self, pair: AlignPair, aligned: Aligned, errors: SliceErrors, cancel: CancelToken) -> None:
        if self._running == pair.spaces and not cancel.is_cancelled:
            self._know(pair.spaces, replace(self._known[pair.spaces], rigid=aligned, errors=errors))
            self._use(pair, aligned)

    def _take(self, pair: AlignPair, found: tuple[Registration, SliceErrors]) -> None:
        outcome, errors = found
        self._job = self._running = None
        best = outcome.best
        if best is None:
            reason = outcome.refusal.value if outcome.refusal is not None else "error_too_large"
            self._refuse(pair, reason)
            return
        reason = "" if outcome.deformable_refusal is None else outcome.deformable_refusal.value
        stage = AlignmentStage.ACCEPTED
        self._know(pair.spaces, Alignment(pair, stage, 100, outcome.rigid, outcome, reason, errors))
        self._use(pair, best)

    def _use(self, pair: AlignPair, aligned: Aligned) -> None:
        self._session.know_computed(*pair.spaces, _edge(*pair.spaces, aligned))
        viewports = self._session.session.viewports
        moved = next((i for i, one in enumerate(viewports) if one.stack == pair.current.key), None)
        if moved is not None:
            self._session.follow_untouched(moved)

    def _fail(self, pair: AlignPair, error: BaseException) -> None:
        self._job = self._running = None
        if isinstance(error, Refused):
            self._refuse(pair, error.code)
            return
        self._know(pair.spaces, Alignment(pair, AlignmentStage.STOPPED, reason="stopped"))
        self._session.know_computed(*pair.spaces, None)
        if not isinstance(error, WorldError):
            raise error

    def _refuse(self, pair: AlignPair, reason: str) -> None:
        self._know(pair.spaces, Alignment(pair, AlignmentStage.REFUSED, 100, reason=reason))
        self._session.know_computed(*pair.spaces, None)

    def _know(self, spaces: PairOfSpaces, alignment: Alignment) -> None:
        self._known[spaces] = alignment
        self.changed.emit()


#: Badges that an alignment would better: what it says of itself is said there.
_WEAK = frozenset({LinkKind.RELATIVE, LinkKind.TABLE_POSITION, LinkKind.NOTHING_TO_LINK})


def _are_alike(one: Stack, other: Stack) -> bool:
    """Whether both are stacks of one kind of plane: a sagittal localiser is not what an axial stack is aligned by."""
    here, there = places_of(one), places_of(other)
    return here is not None and there is not None and are_alike(here.normal_lps, there.normal_lps)


def _is_whole(volume: Volume) -> bool:
    """Whether everything that will come is there; a slice that failed is said by its own badge."""
    states = volume.validity
    return states.is_settled and states.count(FrameState.LOADED) > 0


def _has_outgrown(known: AlignPair, found: AlignPair) -> bool:
    """Whether one of the very stacks that were aligned has since become another (more slices were found)."""
    sides = ((known.current, found.current), (known.prior, found.prior))
    return any(old.key == new.key and old is not new for old, new in sides)


def _registered(
    pair: AlignPair,
    volumes: tuple[Volume, Volume],
    cancel: CancelToken,
    progress: ProgressCallback,
    on_rigid: Callable[[Aligned], None],
) -> tuple[Registration, SliceErrors]:
    """On the job's thread: bring both volumes onto grids, let the other process register, state errors by slice."""
    images = []
    for volume in volumes:
        progress(Progress("prepare", 0, 100))
        cancel.raise_if_cancelled()
        try:
            images.append(registration_image(volume, pair.modality))
        except MemoryError as error:
            raise NotRegistrable("no_memory") from error
    from viewer.jobs.registration_process import register_apart  # noqa: PLC0415

    outcome = register_apart(*images, cancel=cancel, progress=progress, on_rigid=on_rigid)
    return outcome, {} if outcome.best is None else _errors(outcome.best, pair)


def _edge(current: Space, prior: Space, aligned: Aligned) -> FrameEdge:
    # Here and below: what computes takes a third of a second to import; by now a job's thread has done it.
    from compare.registration.registration_edge import edge_of  # noqa: PLC0415

    return edge_of(current, prior, aligned)


def _errors(aligned: Aligned, pair: AlignPair) -> SliceErrors:
    from compare.registration.slice_errors import slice_errors_mm  # noqa: PLC0415

    back = aligned.current_to_prior.inverse()
    return {
        pair.current.key: tuple(slice_errors_mm(aligned.error, pair.current)),
        pair.prior.key: tuple(slice_errors_mm(aligned.error, pair.prior, back)),
    }
