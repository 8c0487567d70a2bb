"""Links by hand: the popup of a badge, per-action switches of each viewport, slices declared to match."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial

from PySide6.QtCore import QCoreApplication, QObject, QPoint

from compare.linking.link_status import LinkStatus
from compare.linking.offsets import measured_offset_mm
from compare.session import commands
from compare.session.comparison_session import LinkedAction
from viewer.controllers.session_controller import SessionController
from viewer.viewport.badges import Badge, Tone, safety_badges
from viewer.viewport.link_popup import ACTIONS, LinkPopup, LinkRow
from viewer.viewport.stack_warnings import warning_text
from viewer.viewport.viewport_widget import ViewportWidget

translate = QCoreApplication.translate

#: Badges that are about links; the others' reason stands in the popup alone.
_LINK_CODES = frozenset({"link", "scale"})


class LinkController(QObject):
    """``viewports`` gives the widgets in the session's order."""

    def __init__(
        self,
        session: SessionController,
        viewports: Callable[[], Sequence[ViewportWidget]],
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._session = session
        self._viewports = viewports
        self.popup: LinkPopup | None = None

    def connect_viewport(self, widget: ViewportWidget) -> None:
        """Listen to a viewport."""
        widget.badge_clicked.connect(self.open_popup)

    def deeds(self) -> Mapping[str, Callable[[], None]]:
        """What this controller can do, by the words of the key table."""
        return {"match_slices": self.match}

    def match(self) -> None:
        """Record that the slice of the active viewport and its partner's are of one place."""
        active = self._session.session.active
        self._match(active, self._partner(active))

    def open_popup(self, index: int, code: str, at: QPoint) -> None:
        """Say what a badge of a viewport means, and for links offer the switches."""
        model = self._viewports()[index].shown_model
        badge = next((one for one in safety_badges(model) if one.code == code), None)
        if code == "stack" and model.stack is not None:
            words = "\n".join(warning_text(warning) for warning in model.stack.warnings)
            badge = Badge(code, translate("Links", "Irregularities of this series"), Tone.WARNING, words)
        elif badge is None:
            badge = Badge(code, translate("Links", "Links of this viewport"), Tone.NORMAL)
        popup = LinkPopup(badge.text, badge.why, self._viewports()[index])
        if code in _LINK_CODES:
            partner = self._partner(index)
            popup.set_rows(
                [self._row(index, partner, action) for action in ACTIONS],
                can_match=self._can_match(index, partner),
                can_unmatch=self._is_matched(index, partner),
            )
            popup.action_toggled.connect(partial(self._toggle, index))
            popup.all_toggled.connect(self._toggle_all)
            popup.match_requested.connect(partial(self._match, index, partner))
            popup.unmatch_requested.connect(partial(self._unmatch, index, partner))
        popup.destroyed.connect(self._forget)
        self.popup = popup
        popup.open_at(at)

    def _forget(self) -> None:
        self.popup = None

    def _partner(self, index: int) -> int | None:
        """The viewport whose link the badge tells of: the first that hangs something, or the second for the first."""
        viewports = self._session.session.viewports
        hung = [number for number, viewport in enumerate(viewports) if viewport.stack is not None]
        return next((number for number in hung if number != index), None)

    def _row(self, index: int, partner: int | None, action: LinkedAction) -> LinkRow:
        is_on = action in self._session.session.viewports[index].actions
        status: LinkStatus | None = None
        if partner is not None:
            found = self._session.statuses(partner, action)
            status = next((one for one in found if one.index == index), None)
        return LinkRow(action, is_on, status)

    def _toggle(self, index: int, action: LinkedAction, is_on: bool) -> None:  # noqa: FBT001 - a Qt slot
        if is_on != (action in self._session.session.viewports[index].actions):
            self._session.apply(partial(commands.toggle_action, index=index, action=action))

    def _toggle_all(self, action: LinkedAction, is_on: bool) -> None:  # noqa: FBT001 - a Qt slot
        self._session.apply(partial(commands.set_action, action=action, is_linked=is_on))

    def _can_match(self, index: int, partner: int | None) -> bool:
        if partner is None:
            return False
        session = self._session.session
        one, other = session.viewports[index], session.viewports[partner]
        a = self._session.stacks.get(one.stack) if one.stack else None
        b = self._session.stacks.get(other.stack) if other.stack else None
        if a is None or b is None or a.key == b.key:
            return False
        return measured_offset_mm(a, one.view.frame_index, b, other.view.frame_index) is not None

    def _is_matched(self, index: int, partner: int | None) -> bool:
        session = self._session.session
        if partner is None:
            return False
        pair = {session.viewports[index].stack, session.viewports[partner].stack}
        return any({offset.first, offset.second} == pair for offset in session.offsets)

    def _match(self, index: int, partner: int | None) -> None:
        if partner is not None:
            first, second = sorted((index, partner))
            self._session.apply(partial(commands.match_slices, first=first, second=second, stacks=self._session.stacks))

    def _unmatch(self, index: int, partner: int | None) -> None:
        if partner is None:
            return

        viewports = self._session.session.viewports
        first, second = viewports[index].stack, viewports[partner].stack
        if first is not None and second is not None:
            self._session.apply(partial(commands.remove_offset, first=first, second=second))
