"""What hangs: by itself while the reader has touched nothing, and whatever he asks for."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial

from PySide6.QtCore import QObject, Signal

from compare.errors import Refused
from compare.hanging.comparison_choice import ComparisonChoice, choose_comparison, neighbouring_study
from compare.hanging.hang import hang_pair, hang_studies, neighbouring_pair
from compare.hanging.hang_stack import HangingContext, hang_stack, with_at_least
from compare.identity.session_identity import StudyPair, pair_of
from compare.linking.known_frames import graph_of
from compare.pairing.roles import newest_first, study_key_of
from compare.pairing.series_pairs import pair_series
from compare.session.comparison_session import ComparisonSession, Layout
from compare.session.link_commands import override_identity
from loaders.model.series import Series
from loaders.model.stack import StackKey
from loaders.model.study import Study
from viewer.controllers.opening_controller import OpeningController
from viewer.controllers.session_controller import SessionController

Canvas = tuple[int, int]


class HangingController(QObject):
    """``canvas`` gives the whole area of the pictures in device pixels, ``canvases`` that of every viewport.

    ``least_layout`` is the grid the reader chose last: a hanging never has fewer cells. Signals:
    ``pairing_changed(dict[StackKey, int])``, the small numbers that paired series of the two studies hung share;
    ``not_comparable(StudyPair)``, two studies were opened and they are of two patients.
    """

    pairing_changed = Signal(object)
    not_comparable = Signal(object)

    def __init__(
        self,
        session: SessionController,
        opening: OpeningController,
        canvas: Callable[[], Canvas],
        canvases: Callable[[], Sequence[Canvas]],
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._session = session
        self._canvas = canvas
        self._canvases = canvases
        self._numbered: tuple[Study, ...] = ()
        self.least_layout = Layout()
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

    # ---- what the reader asks for

    def show_stack(self, index: int, key: StackKey) -> None:
        """Hang a stack in a viewport, beside whatever hangs there."""
        self._session.apply(lambda before: hang_stack(before, index, key, self._context()))

    def compare_stack(self, key: StackKey) -> None:
        """Compare the newest examination with its best prior, in the series the reader pointed at."""
        study, series = self._session.index.study_of(key), self._session.index.series_of(key)
        if study is None or series is None:
            return
        choice = choose_comparison(study, series, self._session.index.catalogue.studies)

        def command(before: ComparisonSession) -> ComparisonSession:
            after = self._hang_choice(choice, before)
            at = next((i for i, one in enumerate(after.viewports) if one.study_key == study_key_of(study)), None)
            if at is None or key in [viewport.stack for viewport in after.viewports]:
                return after
            return hang_stack(after, at, key, self._context())

        self._session.apply(command)

    def compare_study(self, study_key: str) -> None:
        """Compare an examination: the newest with its best prior, an older one with the newest."""
        study = self._session.index.study_by_key(study_key)
        if study is not None:
            choice = choose_comparison(study, None, self._session.index.catalogue.studies)
            self._session.apply(partial(self._hang_choice, choice))

    def show_choice(self, choice: ComparisonChoice, override_reason: str = "") -> None:
        """Hang a choice that was made elsewhere; against a conflict of identities only for a reason."""

        def command(before: ComparisonSession) -> ComparisonSession:
            if choice.prior is not None and override_reason:
                keys = study_key_of(choice.current), study_key_of(choice.prior)
                before = override_identity(before, *keys, override_reason)
            return self._hang_choice(choice, before)

        self._session.apply(command)

    def compare_against_conflict(self, pair: StudyPair, reason: str) -> None:
        """Compare two studies whose identities conflict, for a typed reason; one step of the history."""
        pairs = pair_series(pair.current, pair.prior).pairs
        choice = ComparisonChoice(pair.current, pair.prior, pairs[0] if pairs else None)
        self._session.apply(lambda before: self._hang_choice(choice, override_identity(before, *pair.keys, reason)))

    # ---- by itself

    def _hang_first(self) -> None:
        """The first picture stands before the scan has ended."""
        if self._session.is_untouched and all(viewport.stack is None for viewport in self._session.session.viewports):
            self._hang_anew(self._session.index.catalogue.studies[:1])

    def _hang_all(self) -> None:
        """The comparison, once a scan has ended: what the reader looks at already keeps its slice and window."""
        studies = self._session.index.catalogue.studies
        if not studies:
            return
        if self._session.is_untouched:
            newest, *others = newest_first(studies)
            choice = choose_comparison(newest, None, studies)
            self._hang_anew([choice.current] if choice.prior is None else [choice.current, choice.prior])
            if choice.prior is None and len(others) == 1:
                self.not_comparable.emit(pair_of(self._session.session, newest, others[0]))
        elif len(self._hung_studies()) == 1:
            study, series = self._hung_studies()[0]
            choice = choose_comparison(study, series, studies)
            if choice.pair is not None:
                self._session.apply(lambda before: _keeping_views(before, self._hang_choice(choice, before)))

    def _hang_anew(self, studies: Sequence[Study]) -> None:
        hanging = hang_studies(studies, self._canvas())
        if hanging.session.viewports and hanging.session.viewports[0].stack is not None:
            self._session.restart(with_at_least(hanging.session, self.least_layout))

    # ---- steps

    def _step_pair(self, step: int) -> None:
        hung = self._hung_studies()
        if len(hung) < 2:
            self._session.refused.emit("nothing_to_pair")
            return
        (current, series), (prior, _) = hung[:2]
        pair = neighbouring_pair(pair_series(current, prior), series.uid, step)
        if pair is None:
            self._session.refused.emit("no_pair")
            return
        self._session.apply(partial(self._hang_choice, ComparisonChoice(current, prior, pair)))

    def _step_prior(self, step: int) -> None:
        hung = self._hung_studies()
        studies = self._session.index.catalogue.studies
        other = neighbouring_study(hung[0][0], hung[1][0], studies, step) if len(hung) > 1 else None
        if other is None:
            self._session.refused.emit("no_other_prior")
            return
        current, series = hung[0]
        pairs = pair_series(current, other).pairs
        pair = next((one for one in pairs if one.current.uid == series.uid), pairs[0] if pairs else None)
        self._session.apply(partial(self._hang_choice, ComparisonChoice(current, other, pair)))

    # ---- inside

    def _hang_choice(self, choice: ComparisonChoice, before: ComparisonSession) -> ComparisonSession:
        """Return the session with a choice in place of what hangs; offsets, measurements and switches stay."""
        studies = [choice.current] if choice.prior is None else [choice.current, choice.prior]
        if choice.pair is not None and choice.prior is not None:
            both = (choice.current, choice.prior)
            after = hang_pair(before, choice.pair, both, self._canvas(), graph_of(both))
        else:
            made = hang_studies(studies, self._canvas()).session
            if not made.viewports or made.viewports[0].stack is None:
                raise Refused("nothing_to_show")
            after = replace(before, layout=made.layout, viewports=made.viewports, active=0)
        return with_at_least(after, self.least_layout)

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
        return HangingContext(
            index.stacks, index.study_of, index.series_of, self._session.graph_of, tuple(self._canvases())
        )

    def _number_pairs(self) -> None:
        studies = tuple(study for study, _ in self._hung_studies())[:2]
        if len(studies) == len(self._numbered) and all(a is b for a, b in zip(studies, self._numbered, strict=True)):
            return
        self._numbered = studies
        numbers: dict[StackKey, int] = {}
        if len(studies) == 2:
            for number, pair in enumerate(pair_series(*studies).pairs, start=1):
                for series in (pair.current, pair.prior):
                    numbers.update({stack.key: number for stack in series.stacks})
        self.pairing_changed.emit(numbers)


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
