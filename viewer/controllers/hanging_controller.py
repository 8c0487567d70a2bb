"""What hangs: by itself while the reader has touched nothing, and whatever he asks for.

Pairing two studies of a hundred series takes a third of a second, so whatever needs it is worked out in a job.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

from PySide6.QtCore import QObject, Signal

from compare.errors import Refused
from compare.hanging.comparison_choice import ComparisonChoice, choose_comparison, neighbouring_study
from compare.hanging.hang import hang_pair, hang_studies, neighbouring_pair
from compare.hanging.hang_stack import HangingContext, hang_stack, with_at_least
from compare.hanging.hang_stage import hang_stage
from compare.hanging.protocol import Stage
from compare.identity.session_identity import StudyPair, pair_of
from compare.linking.known_frames import graph_of
from compare.pairing.pairing_rule import NOTHING_KNOWN, PairingKnowledge
from compare.pairing.roles import newest_first, study_key_of
from compare.pairing.series_pairs import Pairing, pair_series
from compare.session.comparison_session import ComparisonSession, Layout
from compare.session.link_commands import override_identity
from loaders.model.series import Series
from loaders.model.stack import StackKey
from loaders.model.study import Study
from viewer.controllers.opening_controller import OpeningController
from viewer.controllers.session_controller import Command, SessionController
from viewer.jobs.job_runner import JobKind, JobRunner

Canvas = tuple[int, int]
#: From studies of one patient, newest first, to a stage made for them. Pure: it is called on a job's thread.
StageChooser = Callable[[Sequence[Study]], Stage | None]
#: Jobs of this name run unseen: they are over before one could read of them.
_JOB = "quiet hanging"


@dataclass(frozen=True, slots=True)
class CanvasSizes:
    """Asked when something is hung: the whole area of the pictures, and every viewport, in device pixels."""

    whole: Callable[[], Canvas]
    viewports: Callable[[], Sequence[Canvas]]


class HangingController(QObject):
    """``least_layout`` is the grid the reader chose last: a hanging never has fewer cells.

    Signals: ``pairing_changed(dict[StackKey, int])``, the small numbers that paired series of the two studies hung
    share; ``pairing_made(tuple[Study, ...], Pairing)``, how those two pair; ``not_comparable(StudyPair)``, two studies
    were opened and they are of two patients.
    """

    pairing_changed = Signal(object)
    pairing_made = Signal(object, object)
    not_comparable = Signal(object)

    def __init__(
        self,
        session: SessionController,
        opening: OpeningController,
        jobs: JobRunner,
        canvas: CanvasSizes,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._session = session
        self._jobs = jobs
        self._canvas = canvas
        self._numbered: tuple[Study, ...] = ()
        self.least_layout = Layout()
        #: Used by every pairing; :meth:`know` changes it.
        self.knowledge: PairingKnowledge = NOTHING_KNOWN
        #: Gives the function that finds a stage made for just such studies, where one pair side by side would not do.
        self.stage_chooser: Callable[[], StageChooser] = lambda: _no_stage
        session.session_changed.connect(lambda _before, _after: self._number_pairs())
        opening.catalogue_changed.connect(lambda _catalogue: self._hang_first())
        opening.scan_ended.connect(lambda _is_whole: self._hang_all())

    def deeds(self) -> Mapping[str, Callable[[], None]]:
        """What this controller can do, by the words of the key table."""
        return {
            "next_pair": partial(self._step_pair, 1),
            "previous_pair": partial(self._step_pair, -1),
            "older_prior": partial(self._step_prior, 1),
            "newer_prior": partial(self._step_prior, -1),
        }

    def know(self, knowledge: PairingKnowledge) -> None:
        """Pair by what is known now. What hangs stays: nothing is moved under the reader."""
        if knowledge != self.knowledge:
            self.knowledge = knowledge
            self._numbered = ()
            self._number_pairs()

    # ---- what the reader asks for

    def show_stack(self, index: int, key: StackKey) -> None:
        """Hang a stack in a viewport, beside whatever hangs there."""
        context = self._context()
        self._session.apply(lambda before: hang_stack(before, index, key, context))

    def compare_stack(self, key: StackKey) -> None:
        """Compare the newest examination with its best prior, in the series the reader pointed at."""
        study, series = self._session.index.study_of(key), self._session.index.series_of(key)
        if study is None or series is None:
            return
        studies, hang, context = self._session.index.catalogue.studies, self._hanger(), self._context()
        known = self.knowledge

        def command(before: ComparisonSession) -> ComparisonSession:
            after = hang(choose_comparison(study, series, studies, known), before)
            at = next((i for i, one in enumerate(after.viewports) if one.study_key == study_key_of(study)), None)
            if at is None or key in [viewport.stack for viewport in after.viewports]:
                return after
            return hang_stack(after, at, key, context)

        self._apply_later(command)

    def compare_study(self, study_key: str) -> None:
        """Compare an examination: the newest with its best prior, an older one with the newest."""
        study = self._session.index.study_by_key(study_key)
        if study is not None:
            studies, hang, known = self._session.index.catalogue.studies, self._hanger(), self.knowledge
            self._apply_later(lambda before: hang(choose_comparison(study, None, studies, known), before))

    def show_choice(self, choice: ComparisonChoice, override_reason: str = "") -> None:
        """Hang a choice that was made elsewhere; against a conflict of identities only for a reason."""
        hang = self._hanger()

        def command(before: ComparisonSession) -> ComparisonSession:
            if choice.prior is not None and override_reason:
                keys = study_key_of(choice.current), study_key_of(choice.prior)
                before = override_identity(before, *keys, override_reason)
            return hang(choice, before)

        self._session.apply(command)

    def compare_against_conflict(self, pair: StudyPair, reason: str) -> None:
        """Compare two studies whose identities conflict, for a typed reason; one step of the history."""
        hang, known = self._hanger(), self.knowledge

        def command(before: ComparisonSession) -> ComparisonSession:
            pairs = pair_series(pair.current, pair.prior, known).pairs
            choice = ComparisonChoice(pair.current, pair.prior, pairs[0] if pairs else None)
            return hang(choice, override_identity(before, *pair.keys, reason))

        self._apply_later(command)

    # ---- by itself

    def _hang_first(self) -> None:
        """The first picture stands before the scan has ended."""
        if self._session.is_untouched and all(viewport.stack is None for viewport in self._session.session.viewports):
            self._restart(hang_studies(self._session.index.catalogue.studies[:1], self._canvas.whole()).session)

    def _hang_all(self) -> None:
        """The comparison, once a scan has ended: what the reader looks at already keeps its slice and window."""
        studies = self._session.index.catalogue.studies
        if not studies:
            return
        hung = self._hung_studies()
        if self._session.is_untouched:
            canvas, stage_for, known = self._canvas.whole(), self.stage_chooser(), self.knowledge
            self._jobs.start(
                JobKind.READ,
                _JOB,
                lambda _cancel, _progress: _newest_hung(studies, canvas, stage_for, known),
                on_result=self._take_newest,
            )
        elif len(hung) == 1:
            study, series = hung[0]
            hang, known = self._hanger(), self.knowledge

            def command(before: ComparisonSession) -> ComparisonSession:
                choice = choose_comparison(study, series, studies, known)
                return before if choice.pair is None else _keeping_views(before, hang(choice, before))

            self._apply_later(command)

    def _take_newest(self, hung: tuple[ComparisonSession, StudyPair | None]) -> None:
        if not self._session.is_untouched:
            return  # the reader was quicker: nothing is moved under him
        session, apart = hung
        self._restart(session)
        if apart is not None:
            self.not_comparable.emit(apart)

    def _restart(self, session: ComparisonSession) -> None:
        if any(viewport.stack is not None for viewport in session.viewports):
            self._session.restart(with_at_least(session, self.least_layout))

    # ---- steps

    def _step_pair(self, step: int) -> None:
        hung = self._hung_studies()
        if len(hung) < 2:
            self._session.refused.emit("nothing_to_pair")
            return
        (current, series), (prior, _) = hung[:2]
        hang, known = self._hanger(), self.knowledge

        def command(before: ComparisonSession) -> ComparisonSession:
            pair = neighbouring_pair(pair_series(current, prior, known), series.uid, step)
            if pair is None:
                raise Refused("no_pair")
            return hang(ComparisonChoice(current, prior, pair), before)

        self._apply_later(command)

    def _step_prior(self, step: int) -> None:
        hung = self._hung_studies()
        studies = self._session.index.catalogue.studies
        other = neighbouring_study(hung[0][0], hung[1][0], studies, step) if len(hung) > 1 else None
        if other is None:
            self._session.refused.emit("no_other_prior")
            return
        current, series = hung[0]
        hang, known = self._hanger(), self.knowledge

        def command(before: ComparisonSession) -> ComparisonSession:
            pairs = pair_series(current, other, known).pairs
            pair = next((one for one in pairs if one.current.uid == series.uid), pairs[0] if pairs else None)
            return hang(ComparisonChoice(current, other, pair), before)

        self._apply_later(command)

    # ---- inside

    def _apply_later(self, command: Command) -> None:
        """Work a command out in a job; done anew where the session has changed meanwhile, which is rare."""
        before = self._session.session

        def take(after: ComparisonSession) -> None:
            self._session.apply(lambda now: after if now is before else command(now))

        def refuse(error: BaseException) -> None:
            if not isinstance(error, Refused):
                raise error
            self._session.refused.emit(error.code)

        self._jobs.start(
            JobKind.READ, _JOB, lambda _cancel, _progress: command(before), on_result=take, on_error=refuse
        )

    def _hanger(self) -> Callable[[ComparisonChoice, ComparisonSession], ComparisonSession]:
        """Return what hangs a choice in place of what hangs; offsets, measurements and switches stay."""
        return partial(_hung_choice, canvas=self._canvas.whole(), least=self.least_layout)

    def _hung_studies(self) -> list[tuple[Study, Series]]:
        """Distinct studies on screen, newest first, each with the first of its series that hangs."""
        found: dict[str, tuple[Study, Series]] = {}
        for viewport in self._session.session.viewports:
            study = self._session.index.study_of(viewport.stack) if viewport.stack else None
            series = self._session.index.series_of(viewport.stack) if viewport.stack else None
            if study is not None and series is not None:
                found.setdefault(study_key_of(study), (study, series))
        order = newest_first(study for study, _ in found.values())
        return [found[study_key_of(study)] for study in order]

    def _context(self) -> HangingContext:
        index = self._session.index
        canvases = tuple(self._canvas.viewports())
        return HangingContext(index.stacks, index.study_of, index.series_of, self._session.graph_of, canvases)

    def _number_pairs(self) -> None:
        studies = tuple(study for study, _ in self._hung_studies())[:2]
        if len(studies) == len(self._numbered) and all(a is b for a, b in zip(studies, self._numbered, strict=True)):
            return
        self._numbered = studies
        if len(studies) < 2:
            self.pairing_changed.emit({})
            return

        def take(pairing: Pairing) -> None:
            if self._numbered is studies:
                self.pairing_changed.emit(_numbers(pairing))
                self.pairing_made.emit(studies, pairing)

        known = self.knowledge
        self._jobs.start(
            JobKind.READ, _JOB, lambda _cancel, _progress: pair_series(studies[0], studies[1], known), on_result=take
        )


def _no_stage(_studies: Sequence[Study]) -> Stage | None:
    return None


def _newest_hung(
    studies: Sequence[Study], canvas: Canvas, stage_for: StageChooser, known: PairingKnowledge
) -> tuple[ComparisonSession, StudyPair | None]:
    """Return the newest study beside its best prior; and the pair that is kept apart, if two of two patients is all."""
    newest, *others = newest_first(studies)
    choice = choose_comparison(newest, None, studies, known)
    shown = [choice.current] if choice.prior is None else [choice.current, choice.prior]
    stage = stage_for(shown)
    session = ComparisonSession()
    if stage is not None:
        session = hang_stage(stage, shown, canvas, graph_of(shown), session)
    if all(viewport.stack is None for viewport in session.viewports):
        session = hang_studies(shown, canvas, known).session
    is_kept_apart = choice.prior is None and len(others) == 1
    return session, pair_of(session, newest, others[0]) if is_kept_apart else None


def _hung_choice(
    choice: ComparisonChoice, before: ComparisonSession, *, canvas: Canvas, least: Layout
) -> ComparisonSession:
    if choice.pair is not None and choice.prior is not None:
        both = (choice.current, choice.prior)
        after = hang_pair(before, choice.pair, both, canvas, graph_of(both))
    else:
        studies = [choice.current] if choice.prior is None else [choice.current, choice.prior]
        made = hang_studies(studies, canvas).session
        if not made.viewports or made.viewports[0].stack is None:
            raise Refused("nothing_to_show")
        after = replace(before, layout=made.layout, viewports=made.viewports, active=0)
    return with_at_least(after, least)


def _numbers(pairing: Pairing) -> dict[StackKey, int]:
    return {
        stack.key: number
        for number, pair in enumerate(pairing.pairs, start=1)
        for series in (pair.current, pair.prior)
        for stack in series.stacks
    }


def _keeping_views(before: ComparisonSession, after: ComparisonSession) -> ComparisonSession:
    """Return ``after`` where what was on screen before keeps its slice and its window."""
    known = {viewport.stack: viewport for viewport in before.viewports if viewport.stack is not None}
    viewports = tuple(
        replace(
            viewport,
            view=replace(viewport.view, frame_index=known[viewport.stack].view.frame_index),
            presentation=known[viewport.stack].presentation,
        )
        if viewport.stack in known
        else viewport
        for viewport in after.viewports
    )
    return replace(after, viewports=viewports)
