"""The one holder of the session: applies commands, carries them to linked viewports, undoes them.

Widgets never change anything themselves: they hand in a command and repaint what differs between the two sessions
of :attr:`SessionController.session_changed`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import QObject, Signal

from compare.errors import Refused
from compare.identity.session_identity import SessionIdentity, session_identity
from compare.linking.frame_graph import COMPUTED, FrameEdge, FrameGraph, Space
from compare.linking.known_frames import graph_of
from compare.linking.link_status import LinkStatus
from compare.linking.propagate import link_statuses, propagate
from compare.linking.stack_places import Stacks
from compare.pairing.roles import study_key_of
from compare.session.comparison_session import ComparisonSession, LinkedAction
from compare.session.history import History
from compare.session.link_commands import override_identity
from compare.session.view_commands import refit, same_images_shown
from loaders.model.stack import Stack, StackKey
from loaders.model.study import Catalogue, Study
from viewer.controllers.catalogue_index import CatalogueIndex

Command = Callable[[ComparisonSession], ComparisonSession]


#: Does again, with a typed reason, what the identity guard has blocked.
Retry = Callable[[str], None]


class SessionController(QObject):
    """Owns the history of sessions and the frame graph; lives on the window's thread.

    Signals: ``session_changed(before, after)``, ``refused(str code)``, ``catalogue_changed()`` when other studies are
    known, and ``identity_blocked(StudyPair, Retry)`` when a command would have put studies of two patients side by
    side: nothing was changed.
    """

    session_changed = Signal(object, object)
    graph_changed = Signal()
    refused = Signal(str)
    identity_blocked = Signal(object, object)
    catalogue_changed = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._history = History(ComparisonSession())
        self._index = CatalogueIndex(Catalogue())
        self._known_graph: tuple[tuple[Study, ...], FrameGraph] = ((), FrameGraph())
        self._identity = SessionIdentity()
        self._identity_of: tuple[object, object] = (None, None)
        self._learnt = FrameGraph()

    @property
    def session(self) -> ComparisonSession:
        """The session as it is now."""
        return self._history.present

    @property
    def index(self) -> CatalogueIndex:
        """Look-ups over everything that was found."""
        return self._index

    @property
    def stacks(self) -> Stacks:
        """Every displayable stack by its key."""
        return self._index.stacks

    @property
    def graph(self) -> FrameGraph:
        """The transforms known between the frames of reference of the studies that hang."""
        return self.graph_of(self.session)

    def graph_of(self, session: ComparisonSession) -> FrameGraph:
        """The same for the studies of another session. Of those alone: a disc may hold ten thousand series."""
        keys = dict.fromkeys(viewport.stack for viewport in session.viewports if viewport.stack is not None)
        found = (self._index.study_of(key) for key in keys)
        hung = {study_key_of(study): study for study in found if study is not None}
        studies = tuple(hung[key] for key in sorted(hung))
        known, graph = self._known_graph
        if len(studies) != len(known) or any(a is not b for a, b in zip(studies, known, strict=True)):
            graph = graph_of(studies)
            for edge in self._learnt.edges:
                graph = graph.with_edge(edge)
            # One assignment: a job that prepares a hanging asks from its own thread.
            self._known_graph = (studies, graph)
        return graph

    @property
    def identity(self) -> SessionIdentity:
        """Whose studies hang side by side, and which viewports must stay dark for it."""
        if self._identity_of[0] is not self.session or self._identity_of[1] is not self._index:
            self._identity = session_identity(self.session, self._index.study_of)
            self._identity_of = (self.session, self._index)
        return self._identity

    @property
    def can_undo(self) -> bool:
        """Whether there is a step to take back."""
        return self._history.can_undo

    @property
    def can_redo(self) -> bool:
        """Whether there is a step to do again."""
        return self._history.can_redo

    @property
    def is_untouched(self) -> bool:
        """Whether the reader has changed nothing since the session began."""
        return not self._history.can_undo and not self._history.can_redo

    def set_catalogue(self, catalogue: Catalogue, *, is_final: bool = True) -> None:
        """Take what a scan has found so far. What hangs stays as it is: nothing jumps.

        While the scan runs the stacks on screen keep the frames they were hung with; at its end they may have grown,
        and every viewport goes on showing the very image it showed.
        """
        hung = {viewport.stack for viewport in self.session.viewports if viewport.stack is not None}
        before = {key: stack for key, stack in self.stacks.items() if key in hung}
        self._index = CatalogueIndex(catalogue, _kept(before, catalogue) if is_final else before)
        after = same_images_shown(self.session, before, self.stacks)
        self.catalogue_changed.emit()
        if after is not self.session:
            old, self._history = self.session, self._history.amend(after)
            self.session_changed.emit(old, after)

    def know(self, edge: FrameEdge) -> None:
        """Take a transform that the headers do not give (a registration); it outlives every later scan."""
        self._learnt = self._learnt.with_edge(edge)
        studies, graph = self._known_graph
        self._known_graph = (studies, graph.with_edge(edge))
        self.graph_changed.emit()

    def know_computed(self, a: Space, b: Space, edge: FrameEdge | None) -> None:
        """Put a computed alignment in the place of any before it between two spaces; ``None`` takes it back."""
        learnt = self._learnt.without(COMPUTED, a, b)
        self._learnt = learnt if edge is None else learnt.with_edge(edge)
        studies, graph = self._known_graph
        graph = graph.without(COMPUTED, a, b)
        self._known_graph = (studies, graph if edge is None else graph.with_edge(edge))
        self.graph_changed.emit()

    def follow_untouched(self, moved: int) -> None:
        """Bring the other viewports to the place that one shows, as long as the reader has changed nothing at all."""
        if self.is_untouched:
            before = self.session
            after, _ = propagate(before, before, moved, LinkedAction.SCROLL, self.stacks, self.graph)
            if after != before:
                self._history = self._history.amend(after)
                self.session_changed.emit(before, after)

    def apply(
        self, command: Command, *, moved: int | None = None, actions: Sequence[LinkedAction] = (), merge_key: str = ""
    ) -> bool:
        """Run a command, carry its ``actions`` from viewport ``moved`` to the linked ones, and record the step.

        A command that cannot be done leaves the session as it was; ``refused`` says why, and ``False`` is returned.
        So does one that would show two patients side by side; ``identity_blocked`` says which.
        """
        before = self.session
        try:
            after = command(before)
        except Refused as refusal:
            self.refused.emit(refusal.code)
            return False
        if _hung_keys(after) != _hung_keys(before) and self._is_blocked(before, after, command):
            return False
        if moved is not None and after is not before:
            for action in actions:
                after, _ = propagate(before, after, moved, action, self.stacks, self.graph)
        self._take(self._history.record(after, merge_key))
        return True

    def _is_blocked(self, before: ComparisonSession, after: ComparisonSession, command: Command) -> bool:
        """Whether a command brings two patients together who were not together before; asks for a reason if so."""
        known = {pair.keys for _, pair in session_identity(before, self._index.study_of).blocked}
        fresh = [pair for _, pair in session_identity(after, self._index.study_of).blocked if pair.keys not in known]
        if not fresh:
            return False
        pair = fresh[0]

        def retry(reason: str) -> None:
            self.apply(lambda session: command(override_identity(session, *pair.keys, reason)))

        self.identity_blocked.emit(pair, retry)
        return True

    def end_gesture(self) -> None:
        """Close a drag: the next step stands on its own."""
        self._history = self._history.close_gesture()

    def undo(self) -> None:
        """Take the last step back."""
        self._take(self._history.undo())

    def redo(self) -> None:
        """Do the last undone step again."""
        self._take(self._history.redo())

    def restart(self, session: ComparisonSession) -> None:
        """Begin with other studies: nothing leads back to those before."""
        self._take(self._history.restart(session))

    def refit(self, canvases: Sequence[tuple[int, int]]) -> None:
        """Fit what follows its viewport's size to new sizes in device pixels; no step of its own in the history."""
        before = self.session
        after = refit(before, self.stacks, tuple(canvases))
        if after != before:
            self._history = self._history.amend(after)
            self.session_changed.emit(before, after)

    def statuses(self, source: int, action: LinkedAction = LinkedAction.SCROLL) -> tuple[LinkStatus, ...]:
        """Say how an action of one viewport would reach the others now."""
        return link_statuses(self.session, source, action, self.stacks, self.graph)

    def _take(self, history: History) -> None:
        before, self._history = self.session, history
        if before != self.session:
            self.session_changed.emit(before, self.session)


def _hung_keys(session: ComparisonSession) -> list[StackKey | None]:
    return [viewport.stack for viewport in session.viewports]


def _kept(before: Stacks, catalogue: Catalogue) -> dict[StackKey, Stack]:
    """Stacks on screen that a new scan found just as they were: the very same objects, so that nothing loads again."""
    found = {key: catalogue.find_stack(key) for key in before}
    return {key: stack for key, stack in before.items() if found[key] == stack}
