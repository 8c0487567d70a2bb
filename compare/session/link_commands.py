"""Commands on links and on whose pictures these are."""

from __future__ import annotations

from dataclasses import replace

from compare.errors import Refused
from compare.linking.offsets import measured_offset_mm
from compare.linking.stack_places import Stacks
from compare.session.change import stack_in, viewport_of, with_viewport
from compare.session.comparison_session import ComparisonSession, LinkedAction, ManualOffset
from loaders.model.stack import StackKey

#: A reason shorter than this is a key pressed, not a reason.
SHORTEST_REASON = 3


def toggle_links(session: ComparisonSession) -> ComparisonSession:
    """Link all, or nothing."""
    return replace(session, is_linked=not session.is_linked)


def toggle_action(session: ComparisonSession, index: int, action: LinkedAction) -> ComparisonSession:
    """Link or free one action of one viewport."""
    viewport = viewport_of(session, index)
    return with_viewport(session, index, replace(viewport, actions=viewport.actions ^ {action}))


def set_action(session: ComparisonSession, action: LinkedAction, *, is_linked: bool) -> ComparisonSession:
    """Link or free one action in every viewport."""
    viewports = tuple(
        replace(viewport, actions=viewport.actions | {action} if is_linked else viewport.actions - {action})
        for viewport in session.viewports
    )
    return session if viewports == session.viewports else replace(session, viewports=viewports)


def match_slices(session: ComparisonSession, first: int, second: int, stacks: Stacks) -> ComparisonSession:
    """Record that the slices two viewports show now are of one place: the reader's own offset.

    Refused where that has no meaning: no geometry, planes not parallel, one stack with itself.
    """
    a, b = stack_in(session, first, stacks), stack_in(session, second, stacks)
    if a.key == b.key:
        raise Refused("same_stack")
    offset_mm = measured_offset_mm(
        a, session.viewports[first].view.frame_index, b, session.viewports[second].view.frame_index
    )
    if offset_mm is None:
        raise Refused("planes_not_parallel")
    others = tuple(old for old in session.offsets if {old.first, old.second} != {a.key, b.key})
    return replace(session, offsets=(*others, ManualOffset(a.key, b.key, offset_mm)))


def remove_offset(session: ComparisonSession, first: StackKey, second: StackKey) -> ComparisonSession:
    """Forget the offset between two stacks."""
    kept = tuple(old for old in session.offsets if {old.first, old.second} != {first, second})
    return session if kept == session.offsets else replace(session, offsets=kept)


def confirm_identity(session: ComparisonSession, first_study: str, second_study: str) -> ComparisonSession:
    """Record that the reader confirmed an unproven match of two studies."""
    pair = _pair(first_study, second_study)
    return replace(session, identity_confirmed=session.identity_confirmed | {pair})


def override_identity(
    session: ComparisonSession, first_study: str, second_study: str, reason: str
) -> ComparisonSession:
    """Open a comparison whose identities conflict, for a typed reason that stays with the session."""
    typed = " ".join(reason.split())
    if len(typed) < SHORTEST_REASON:
        raise Refused("reason_missing")
    pair = _pair(first_study, second_study)
    others = tuple(old for old in session.identity_overrides if old[:2] != pair)
    return replace(session, identity_overrides=(*others, (*pair, typed)))


def is_confirmed(session: ComparisonSession, first_study: str, second_study: str) -> bool:
    """Whether the reader confirmed an unproven match."""
    return _pair(first_study, second_study) in session.identity_confirmed


def override_reason(session: ComparisonSession, first_study: str, second_study: str) -> str:
    """Why a conflict was overridden, or empty."""
    pair = _pair(first_study, second_study)
    return next((reason for *studies, reason in session.identity_overrides if tuple(studies) == pair), "")


def _pair(first_study: str, second_study: str) -> tuple[str, str]:
    if not first_study or not second_study or first_study == second_study:
        raise Refused("no_two_studies")
    return (min(first_study, second_study), max(first_study, second_study))
