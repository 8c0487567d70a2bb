"""What is said about a link, linked or not: a basis, an error, and a reason. Codes only; words are the viewer's."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from compare.linking.frame_graph import LinkBasis
from compare.session.comparison_session import LinkedAction


class LinkReason(StrEnum):
    """Why a view is not linked, or in which way less than fully."""

    LINKS_OFF = "links_off"
    ACTION_OFF_HERE = "action_off_here"
    ACTION_OFF_THERE = "action_off_there"
    EMPTY_VIEWPORT = "empty_viewport"
    NO_GEOMETRY = "no_geometry"
    NO_TRANSFORM = "no_transform"
    PLANES_NOT_PARALLEL = "planes_not_parallel"
    SINGLE_SLICE = "single_slice"
    OUTSIDE_COVERAGE = "outside_coverage"
    SCALE_NOT_COMPARABLE = "scale_not_comparable"
    IN_PLANE_MM_ONLY = "in_plane_mm_only"
    UNIT_DIFFERS = "unit_differs"
    UNIT_UNKNOWN = "unit_unknown"


@dataclass(frozen=True, slots=True)
class LinkStatus:
    """How one action of the moved viewport reached viewport ``index``.

    ``is_linked`` ``False`` always comes with a ``reason``; ``True`` may carry one as a caveat. ``distance_mm`` is the
    shown slice minus the wanted plane along the target's normal; ``offset_mm`` is the manual offset that was used, from
    the moved view's position to the target's; ``error_mm`` is ``None`` where nobody has estimated it.
    """

    index: int
    action: LinkedAction
    is_linked: bool
    basis: LinkBasis | None = None
    error_mm: float | None = None
    reason: LinkReason | None = None
    distance_mm: float | None = None
    offset_mm: float | None = None
    angle_degrees: float | None = None


def unlinked(index: int, action: LinkedAction, reason: LinkReason, *, angle_degrees: float | None = None) -> LinkStatus:
    """A status that says why not."""
    return LinkStatus(index, action, is_linked=False, reason=reason, angle_degrees=angle_degrees)
