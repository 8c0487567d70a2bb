"""From the session to what each viewport paints: values in, values out."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

from PySide6.QtCore import QCoreApplication

from compare.identity.verdict import Verdict
from compare.linking.frame_graph import LinkBasis
from compare.linking.link_status import LinkReason, LinkStatus
from compare.linking.reference_lines import reference_lines
from compare.linking.same_place import PlaceLink
from compare.pairing.roles import study_key_of
from compare.session.comparison_session import ComparisonSession, LinkedAction, Viewport
from loaders.errors import WorldError
from loaders.model.display import Window
from loaders.model.frame import Frame
from loaders.model.stack import Stack, StackKey
from loaders.model.volume import Volume
from loaders.values.display_pixels import whole_range
from viewer.controllers.session_controller import SessionController
from viewer.panels.identity_text import matched_tag
from viewer.panels.problem_words import problem_words
from viewer.rendering.presentation_grey import grey_choice
from viewer.viewport.viewport_model import IdentityMark, LinkBadge, LinkKind, ReferenceLine, ViewportModel

VolumeSource = Callable[[Stack], Volume | None]
RefusalSource = Callable[[StackKey], WorldError | None]

_KINDS = {
    LinkBasis.SAME_FRAME: LinkKind.SAME_FRAME,
    LinkBasis.SPATIAL_REGISTRATION: LinkKind.RIGID,
    LinkBasis.RIGID: LinkKind.RIGID,
    LinkBasis.DEFORMABLE: LinkKind.DEFORMED,
    LinkBasis.MANUAL_OFFSET: LinkKind.BY_HAND,
    LinkBasis.TABLE_POSITION: LinkKind.TABLE_POSITION,
    LinkBasis.RELATIVE: LinkKind.RELATIVE,
}
_SWITCHED_OFF = frozenset({LinkReason.LINKS_OFF, LinkReason.ACTION_OFF_HERE, LinkReason.ACTION_OFF_THERE})


def viewport_models(
    controller: SessionController, volumes: VolumeSource, refusals: RefusalSource, today: date
) -> tuple[ViewportModel, ...]:
    """Return the model of every viewport of the session. ``refusals`` says why a stack cannot be held in memory."""
    session = controller.session
    badges = _link_badges(controller, session)
    newest = _newest_hung(controller, session)
    is_alone = len({viewport.study_key for viewport in session.viewports if viewport.stack}) == 1
    lines = _reference_lines(controller, session)
    models = []
    for index, viewport in enumerate(session.viewports):
        stack = controller.stacks.get(viewport.stack) if viewport.stack else None
        mark, words = _identity_mark(controller, index, viewport)
        models.append(
            ViewportModel(
                index=index,
                viewport=viewport,
                volume=volumes(stack) if stack and controller.identity.blocks(index) is None else None,
                study=controller.index.study_of(viewport.stack) if viewport.stack else None,
                series=controller.index.series_of(viewport.stack) if viewport.stack else None,
                stack=stack,
                newest_date=newest,
                today=today,
                window=_window(controller, viewport),
                link=badges.get(index),
                is_scale_comparable=_is_comparable(controller, session, viewport),
                identity=mark,
                identity_words=words,
                blocked_reason=_blocked_reason(controller, index, refusals),
                measurements=session.measurements,
                is_key_image=_is_key_image(session, _frame(controller, viewport)),
                reference_lines=lines.get(index, ()),
                is_active=index == session.active and len(session.viewports) > 1,
                is_alone=is_alone,
            )
        )
    return tuple(models)


def _is_key_image(session: ComparisonSession, frame: Frame | None) -> bool:
    return frame is not None and any(
        one.is_on(frame.sop_instance_uid, frame.frame_number) for one in session.key_images
    )


def _reference_lines(controller: SessionController, session: ComparisonSession) -> dict[int, tuple[ReferenceLine, ...]]:
    """Where the active viewport's slice cuts the others, by viewport."""
    role = session.viewports[session.active].role
    found = reference_lines(session, session.active, controller.stacks, controller.graph)
    return {line.index: (ReferenceLine(line.start_mm, line.end_mm, role),) for line in found}


def _frame(controller: SessionController, viewport: Viewport) -> Frame | None:
    stack = controller.stacks.get(viewport.stack) if viewport.stack else None
    if stack is None or viewport.view.frame_index >= len(stack.frames):
        return None
    return stack.frames[viewport.view.frame_index]


def _window(controller: SessionController, viewport: Viewport) -> Window | None:
    frame = _frame(controller, viewport)
    if frame is None or frame.format.is_colour:
        return None
    choice = grey_choice(frame, viewport.presentation)
    if choice.window is not None:
        return choice.window
    return None if choice.voi_table is not None else whole_range(frame)


def _newest_hung(controller: SessionController, session: ComparisonSession) -> date | None:
    studies = [controller.index.study_of(viewport.stack) for viewport in session.viewports if viewport.stack]
    return max((study.study_date for study in studies if study and study.study_date), default=None)


def _is_comparable(controller: SessionController, session: ComparisonSession, viewport: Viewport) -> bool:
    frames = [_frame(controller, other) for other in session.viewports]
    if sum(frame is not None for frame in frames) < 2:
        return True
    own = _frame(controller, viewport)
    return own is None or all(frame.spacing.is_comparable for frame in frames if frame is not None)


def _identity_mark(controller: SessionController, index: int, viewport: Viewport) -> tuple[IdentityMark | None, str]:
    """The mark of the worst pair that a viewport's study is part of; a dark viewport says why it is dark instead."""
    study = controller.index.study_of(viewport.stack) if viewport.stack else None
    pair = controller.identity.worst_of(study_key_of(study)) if study is not None else None
    if pair is None or controller.identity.blocks(index) is not None:
        return None, ""
    match pair.verdict.verdict:
        case Verdict.CONFLICT:
            return (IdentityMark.CONFLICT_OVERRIDDEN, pair.override_reason) if pair.override_reason else (None, "")
        case Verdict.UNPROVEN if pair.is_confirmed:
            return IdentityMark.MATCHED_BY_DEMOGRAPHICS, matched_tag(pair.verdict)
        case Verdict.UNPROVEN:
            return IdentityMark.NOT_CONFIRMED, ""
        case Verdict.AGREE:
            return None, ""


def _blocked_reason(controller: SessionController, index: int, refusals: RefusalSource) -> str:
    """Why a viewport stays dark, in the reader's language; empty for one that may show what hangs there."""
    translate = QCoreApplication.translate
    if controller.identity.blocks(index) is not None:
        return translate("ViewportPresenter", "Patients do not match: not shown side by side.")
    key = controller.session.viewports[index].stack
    refusal = refusals(key) if key is not None else None
    if refusal is None:
        return ""
    words = problem_words(refusal.code, refusal.message)
    return translate("ViewportPresenter", "{reason}. {advice}").format(reason=words.reason, advice=words.advice)


def _link_badges(controller: SessionController, session: ComparisonSession) -> dict[int, LinkBadge]:
    """One badge for each viewport that could follow the first one; the first one follows the second."""
    hung = [index for index, viewport in enumerate(session.viewports) if viewport.stack is not None]
    if len(hung) < 2:
        return {}
    badges: dict[int, LinkBadge] = {}
    for status in controller.statuses(hung[0], LinkedAction.SCROLL):
        badges[status.index] = badge_of(status)
    return badges


def badge_of(status: LinkStatus) -> LinkBadge:
    """Return the badge of a link status: its basis, or why there is none."""
    if status.is_linked and status.basis is not None:
        return LinkBadge(_KINDS[status.basis], error_mm=status.error_mm, offset_mm=status.offset_mm)
    if status.reason in _SWITCHED_OFF:
        return LinkBadge(LinkKind.SWITCHED_OFF)
    return LinkBadge(LinkKind.NOTHING_TO_LINK)


def badge_of_place(place: PlaceLink) -> LinkBadge:
    """Return the badge of a transform under which one picture lies on another."""
    return LinkBadge(_KINDS[place.link.basis], error_mm=place.link.error_mm, offset_mm=place.offset_mm)
