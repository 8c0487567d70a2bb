"""Shows what the identity guard of the session says, and takes the reader's answers to it."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QWidget

from compare.identity.session_identity import StudyPair
from compare.identity.verdict import Verdict
from compare.session.comparison_session import ComparisonSession
from compare.session.link_commands import confirm_identity
from loaders.model.study import Study
from viewer.controllers.hanging_controller import HangingController
from viewer.controllers.session_controller import Retry, SessionController
from viewer.panels.identity_bar import IdentityBar
from viewer.panels.identity_dialog import IdentityDialog
from viewer.viewport.localised_dates import date_text


class IdentityController(QObject):
    """Between the guard (pure, part of the session) and the bar and dialog that speak for it."""

    def __init__(
        self, session: SessionController, hanging: HangingController, bar: IdentityBar, window: QWidget
    ) -> None:
        super().__init__(window)
        self._session = session
        self._hanging = hanging
        self._bar = bar
        self._window = window
        #: Two studies that were opened together, are of two patients, and are therefore not shown together.
        self._kept_apart: StudyPair | None = None
        self.dialog: IdentityDialog | None = None
        session.identity_blocked.connect(self._ask_blocked)
        session.session_changed.connect(self._session_changed)
        session.catalogue_changed.connect(self._catalogue_changed)
        hanging.not_comparable.connect(self._keep_apart)
        bar.confirmed.connect(self._confirm)
        bar.details_requested.connect(self._show_fields)
        self.tell()

    def tell(self) -> None:
        """Show the worst there is to say about what hangs."""
        pair = self._session.identity.worst or self._kept_apart
        if pair is None:
            self._bar.set_state(None)
            return
        self._bar.set_state(pair.verdict, is_confirmed=pair.is_confirmed, override_reason=pair.override_reason)

    def _session_changed(self, before: ComparisonSession, after: ComparisonSession) -> None:
        if before.generation != after.generation:
            self._kept_apart = None
        self.tell()

    def _catalogue_changed(self) -> None:
        self._kept_apart = None
        self.tell()

    def _keep_apart(self, pair: StudyPair) -> None:
        self._kept_apart = pair
        self.tell()

    def _confirm(self) -> None:
        """One click confirms every unproven match on screen: it is one question, about one patient."""
        unproven = [pair for pair in self._session.identity.pairs if pair.verdict.verdict is Verdict.UNPROVEN]

        def command(session: ComparisonSession) -> ComparisonSession:
            for pair in unproven:
                session = confirm_identity(session, *pair.keys)
            return session

        if unproven:
            self._session.apply(command)

    def _show_fields(self) -> None:
        pair = self._session.identity.worst
        if pair is not None:
            self._open(pair, lambda reason: self._hanging.compare_against_conflict(pair, reason))
        elif self._kept_apart is not None:
            apart = self._kept_apart
            self._open(apart, lambda reason: self._hanging.compare_against_conflict(apart, reason))

    def _ask_blocked(self, pair: StudyPair, retry: Retry) -> None:
        self._open(pair, retry)

    def _open(self, pair: StudyPair, on_reason: Callable[[str], None]) -> None:
        if self.dialog is not None:
            self.dialog.reject()
        dialog = IdentityDialog(pair.verdict, _heading(pair.current), _heading(pair.prior), self._window)
        dialog.confirmed.connect(self._confirm)
        dialog.overridden.connect(on_reason)
        dialog.finished.connect(self._forget)
        self.dialog = dialog
        dialog.open()

    def _forget(self) -> None:
        if self.dialog is not None:
            self.dialog.deleteLater()
            self.dialog = None


def _heading(study: Study) -> str:
    return " · ".join(part for part in (date_text(study.study_date), study.description, study.institution) if part)
